#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Keys of -s and -A against sums made here from the same flows: countries, pairs, continents, groups,
# classes, networks, any field by its name; and every answer the same, byte for byte, with 1, 2 and 8
# threads. SEED=n for other lists of keys.
use strict;
use warnings;
use JSON::PP;
use NfGeoTest;
use Test::More;

my ($data, $nfdump, $tmp) = nfdump_data();
srand($ENV{SEED} // 20241127);

sub file { my ($name, $text) = @_; return write_file("$tmp/$name", $text) }

# Stored countries, in files of several blocks for several threads.
my $db = file('db.csv', join('', map { "$_\n" } '195.113.0.0,195.113.255.255,CZ',
	'193.17.47.0,193.17.47.255,SK', '1.1.1.0,1.1.1.255,AU', '8.8.8.0,8.8.8.255,US',
	'2001:718::,2001:718:ffff:ffff:ffff:ffff:ffff:ffff,CZ', '10.2.0.0,10.2.1.255,CN'));
my $conf = file('conf', "[geo]\nmin_coverage = 0\n");
for my $from (qw(v5 v9 ipfix bidir nat)) {
	for my $copy (1, 2) {
		mkdir "$tmp/in";
		system("cp $data/$from.nf $tmp/in/nfcapd.$from$copy") == 0 or die;
	}
}
system("$ENV{NFGEO_BIN}/nfgeo tag -q -C $conf -G $db -w $tmp/flows $tmp/in") == 0 or die 'nfgeo tag';
my $run = "$nfdump -C $conf -G none -R $tmp/flows";

sub answer {
	my ($args) = @_;
	my @answers = map { `$run -W $_ $args 2>&1` =~ s/^Sys: .*\n//mr . "status $?" } 1, 2, 8;

	return is("$answers[1]$answers[2]", $answers[0] x 2, "the same with 1, 2, 8 threads: $args")
		&& $answers[0];
}

my @tokens = qw(sccan dccan sclass dclass sa da sp dp pr in out sas das stos dmk fl ipkt opkt ibyt obyt);
my @flows;
for (split /\n/, `$run -q -o 'csv:${\join(',', map { "%$_" } @tokens)}'`) {
	next if /^srcCtry/;
	my %flow;
	@flow{@tokens} = split /,/;
	push @flows, \%flow;
}
cmp_ok(@flows, '>', 4000, 'flows to count');

my %continent = (CZ => 'EU', SK => 'EU', AU => 'OC', US => 'NA', CN => 'AS');
my %member = (CZ => 1, SK => 1);
sub group { return $member{$_[0]} ? 'in' : 'out' }
sub class { return $_[0] ne '' ? $_[0] : $_[1] eq '..' ? 'unknown' : 'public' }
sub net16 { return $_[0] =~ /^(\d+\.\d+)\./ ? "$1.0.0" : '::' }

# name => [token of -A or NULL for %keyN, value of each side]
my %keys = (
	srcctry => ['%sccan', sub { $_->{sccan} }],
	dstctry => ['%dccan', sub { $_->{dccan} }],
	ctry => [undef, sub { $_->{sccan} }, sub { $_->{dccan} }],
	ctrypair => [undef, sub { "$_->{sccan}->$_->{dccan}" }],
	srccont => ['', sub { $continent{$_->{sccan}} // '..' }],
	dstcont => ['', sub { $continent{$_->{dccan}} // '..' }],
	'srcgroup:EU' => ['', sub { group($_->{sccan}) }],
	'dstgroup:EU' => ['', sub { group($_->{dccan}) }],
	srcclass => ['', sub { class($_->{sclass}, $_->{sccan}) }],
	dstclass => ['', sub { class($_->{dclass}, $_->{dccan}) }],
	srcip => ['%sa', sub { $_->{sa} }],
	ip => [undef, sub { $_->{sa} }, sub { $_->{da} }],
	'srcip4/16' => ['%sa', sub { net16($_->{sa}) }],
	srcport => ['%sp', sub { $_->{sp} }],
	port => [undef, sub { $_->{sp} }, sub { $_->{dp} =~ /(\d+)\.(\d+)/ ? 256 * $1 + $2 : $_->{dp} }],
	dstas => ['%das', sub { $_->{das} }],
	src_tos => ['', sub { $_->{stos} }],
	in_packets => ['', sub { $_->{ipkt} }],
);

sub add {
	my ($sum, $key, $flow) = @_;
	$sum->{$key}{$_} += $flow->{$_} for qw(fl ipkt opkt ibyt obyt);
}

sub lines {
	my ($sum, $line) = @_;
	return join("\n", sort map { join(' ', $_, $line->($sum->{$_})) } keys %$sum);
}
sub totals { return ($_[0]{fl}, $_[0]{ipkt} + $_[0]{opkt}, $_[0]{ibyt} + $_[0]{obyt}) }
sub each_way { return @{$_[0]}{qw(fl ipkt opkt ibyt obyt)} }

for my $name (sort keys %keys) {
	my ($token, @sides) = @{$keys{$name}};
	for my $proto ('', ':p') {
		my %sum;
		for (@flows) {
			for my $side (@sides) { add(\%sum, ($proto ? "$_->{pr} " : '') . $side->(), $_) }
		}
		my $got = answer("-s $name$proto/bytes -n 0 -N -o ndjson");
		my @rows = map { decode_json($_) } grep { /^\{/ } split /\n/, $got;
		is(join("\n", sort map {
			($proto ? "$_->{proto} " : '') . "$_->{value} $_->{flows} $_->{packets} $_->{bytes}"
		} @rows), lines(\%sum, \&totals), "-s $name$proto");
	}
}

# The packets of a flow are summed: %key1 shows those of each, %ipkt their sum.
my @merging = grep { defined $keys{$_}[0] } sort keys %keys;
for (1 .. ($ENV{NFGEO_SANITIZED} eq 'yes' ? 10 : 30)) {
	my @list = @merging;
	my (%sum, @columns);
	push @columns, splice(@list, rand @list, 1) for 0 .. rand 4;
	for my $flow (@flows) {
		local $_ = $flow;
		add(\%sum, join(' ', map {
			my $value = $keys{$_}[1];
			local $_ = $flow;
			$value->()
		} @columns), $flow);
	}
	my $number = 0;
	my %taken;
	my @tokens = map {
		my $token = $keys{$_}[0];
		$number++;
		$token && !$taken{$token}++ ? $token : "%key$number"
	} @columns;
	my $got = answer('-A ' . join(',', @columns) . ' -O bytes -q -o csv:' .
		join(',', @tokens, qw(%fl %ipkt %opkt %ibyt %obyt)));
	my (undef, @rows) = split /\n/, $got =~ s/status \d+$//r; # the first is the header
	is(join("\n", sort map { tr/,/ /r } @rows),
		lines(\%sum, \&each_way), "-A @columns");
}

# Merged flows, too: which flow of a group comes first does not depend on threads.
answer("$_ -o raw") for '-a', '-b', '-B', '-b -O bytes', '-s record/bytes -n 0', '-O bytes';

# Formats with fixed columns get one more.
like(answer('-A srccont,dstport -O bytes -n 1 -o csv -q'), qr/,[A-Z.]{2}\nstatus 0/, 'csv: a column more');
like(answer('-A srccont,srcgroup:EU -O bytes -n 1 -o csv'), qr/,tr,srccont,srcgroup:EU\n/, 'csv: its name');
like(answer('-A dstclass -O bytes -n 1 -o ndjson'), qr/"dstclass":"\w+"/, 'json: a member more');
like(answer('-A srcclass -O bytes -n 1'), qr/Duration +Src Class +Packets/, 'a column in text');
like(answer('-A srcip -o fmt:%key2'), qr/no key for %key2: -A has 1/, 'no such key');
like(answer('-A ctry -o null'), qr/Unknown aggregation field 'ctry'/, 'both sides are no key');
done_testing();
