#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# nfprofile as NfSen runs it: the captured command lines, replayed with the stock program and with
# ours on the same input, give the same channel files and RRD values; countries; what goes wrong.
use strict;
use warnings;
use File::Copy qw(copy);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use Test::More;

my $shared = $ENV{NFGEO_SHARED};
my $vectors = "$shared/vectors/nfsen";
my $data = "$shared/vectors/nfdump/data";
my ($ours, $nfdump) = map {"$ENV{NFGEO_BIN}/$_"} qw(nfprofile nfdump);
my ($stock, $stock_nfdump) = map {"/usr/bin/$_"} qw(nfprofile nfdump);
plan skip_all => 'no ../shared' unless -d $data && -d $vectors;
plan skip_all => 'no stock nfdump: apt-get install nfdump' unless -x $stock && -x $stock_nfdump;
my $rrdtool = (grep { -x } map {"$_/rrdtool"} split /:/, $ENV{PATH})[0];
my $has_rrd = $rrdtool && `$ENV{NFGEO_BIN}/nfprofile -h` && rrd_built();

@ENV{qw(TZ LC_ALL)} = qw(UTC C);
delete @ENV{qw(NFCONF NFGEODB)};
my $tmp = tempdir(CLEANUP => 1);
my $slot = 1795292100;
my $file = 'nfcapd.202611212015';

sub rrd_built { return `ldd $ENV{NFGEO_BIN}/nfprofile $ENV{NFGEO_BIN}/.libs/nfprofile 2>/dev/null` =~ /librrd/ }

sub spew {
	my ($path, $text) = @_;
	open(my $out, '>', $path) or die "$path: $!";
	print {$out} $text;
	close($out);
	return $path;
}

sub slurp {
	my ($path) = @_;
	open(my $in, '<', $path) or return;
	local $/;
	return <$in> // '';
}

# (status, standard output and error) of a command with a text on standard input
sub run {
	my ($command, $stdin) = @_;
	spew("$tmp/stdin", $stdin // '');
	my $out = `cd / && $command <$tmp/stdin 2>&1`;
	return ($? & 127 ? 100 + ($? & 127) : $? >> 8, $out);
}

# Sources a and b (idents) in layout 1, v9 and v5; the idents of the captures too.
my %origin = (uplink1 => 'v9', peer2 => 'v5', bi => 'bidir');
sub live {
	my ($slots) = @_;
	for my $source (keys %origin) {
		for my $name (@$slots) {
			my ($y, $m, $d) = $name =~ /^nfcapd\.(\d{4})(\d\d)(\d\d)/;
			make_path("$tmp/live/$source/$y/$m/$d");
			my $path = "$tmp/live/$source/$y/$m/$d/$name";
			copy("$data/$origin{$source}.nf", $path);
			`$nfdump -C none -i $source -r $path`;
		}
	}
}

my @names = qw(flows packets traffic);
my @sources = map { my $name = $_; map {"$name$_"} '', qw(_tcp _udp _icmp _other) } @names;

# A world of profiles: [line, filter] each, with directories and (unless told) RRDs
sub world {
	my ($name, $time, @channel) = @_;
	my $top = "$tmp/$name";

	remove_tree($top);
	make_path("$top/data", "$top/stat");
	for my $channel (@channel) {
		my ($line, $filter) = @$channel;
		my ($group, $profile, $type, $c) = split /#/, $line;
		my $path = ($group eq '.' ? '' : "$group/") . $profile;
		make_path("$top/data/$path/$c", "$top/stat/$path");
		spew("$top/stat/$path/$c-filter.txt", $filter);
		next if $type & 8 || !$has_rrd;
		my $start = $time - 300;
		`$rrdtool create $top/stat/$path/$c.rrd --start $start @{[map {"DS:$_:ABSOLUTE:600:U:U"} @sources]} RRA:AVERAGE:0.5:1:100 RRA:MAX:0.5:1:100`;
	}
	return $top;
}

# csv without the exporters' numbers: stock gives the exporters new ones and leaves the flows alone.
sub numberless { return join "\n", sort { $a cmp $b } map { s|^((?:[^,]*,){46})\d+,|$1|r } split /\n/, join "", @_ }

# Everything that can be seen from outside of what a run left.
sub result {
	my ($top) = @_;
	my $text = '';
	for my $path (sort { $a cmp $b } split /\n/, `cd $top && find . -type f`) {
		next if $path =~ m{filter\.txt$};
		$text .= "$path\n";
		if ($path =~ /nfcapd/) {
			# an empty file: stock says the end of time, ours the slot
			my $info = `$stock_nfdump -I -r $top/$path 2>/dev/null`;
			$info =~ s/^(First|Last|msec_\w+):.*\n//mg if $info =~ /^Flows: 0$/m;
			my $exporters = `$stock_nfdump -E $top/$path 2>/dev/null`;
			$text .= $info . numberless(`$stock_nfdump -q -o csv -r $top/$path 2>/dev/null`) .
				join "\n", sort grep {/SysID/} split /\n/, $exporters;
		} elsif ($path =~ /\.rrd$/) {
			$text .= `$rrdtool lastupdate $top/$path` .
				`$rrdtool fetch $top/$path AVERAGE --start $slot-1h --end $slot`;
		} elsif ($path =~ /\.nfstat$/) {
			$text .= join '', grep {/^(last|numfiles)=/} map {"$_\n"} split /\n/,
				slurp("$top/$path");
		}
	}
	return $text;
}

# --- captured command lines -----------------------------------------------------------------------

my (@run, %file);
for (split /\n/, slurp("$vectors/nfprofile.txt")) {
	push @run, {command => $1, line => []} if /^\$ nfprofile (.*)/;
	push @{$run[-1]{line}}, $1 if /^<stdin  (.*)/;
}
$file{$_} = 1 for map { $_->{command} =~ /-r (\S+)/ } @run;
live([sort keys %file]);
cmp_ok(scalar @run, '>=', 6, 'captured command lines');

# stock knows no countries
my %filter = (https => 'proto tcp and port 443', icmp => "proto icmp # all\n", ctry => 'any',
	syn => 'proto tcp and flags S and not flags AFRPU', udp => "# udp\nproto udp\n",
	dns => 'port 53', synscan => 'flags S', icmp_all => 'proto icmp or proto icmp6');
for my $run (@run) {
	my ($time) = $run->{command} =~ /-t (\d+)/;
	my @channel = map { [$_, $filter{(split /#/)[3]} =~ s/\n?$/\n/r] } @{$run->{line}};
	my %got;
	for my $program ($stock, $ours) {
		my $top = world($program eq $ours ? 'ours' : 'stock', $time, @channel);
		my $command = $run->{command};
		$command =~ s{/srv/nfsen/profiles-data/live}{$tmp/live}g;
		$command =~ s{/srv/nfsen/profiles-}{$top/}g;
		# the stock program, now and then, writes LZO blocks that nobody can read (error -6)
		$command =~ s/ -z\b// if $program eq $stock;
		my ($status, $out) = run("$program $command", join '', map {"$_\n"} @{$run->{line}});
		is($status, 0, "status of @{[(split /\//, $program)[-2]]}: nfprofile $run->{command}");
		is($out, '', 'and silent: it logs to syslog') if $program eq $ours && $command =~ /-L/;
		$got{$program} = result($top);
	}
	is($got{$ours}, $got{$stock}, 'the same files, flows and RRD values');
	like($got{$ours}, qr/^Flows: [1-9]/m, 'and some flows') if $got{$ours} =~ /nfcapd/;
}

# --- all kinds of channels, all compressions -------------------------------------------------------

my @channel = (
	['.#p#2#tcp#uplink1|peer2|bi', "proto tcp # comment\n"], ['.#p#2#all#*', "any\n"],
	['.#p#2#one#|peer2|', "proto udp\n"], ['.#p#1#none#uplink1', "proto 200\n"],
	['grp#shadow#6#udp#uplink1|peer2', "proto udp\n"], ['.#~al#8#al#bi', "bytes > 100\n"],
	['.#p#2#nobody#stranger', "any\n"],
);
my $stdin = join '', map {"$_->[0]\n"} @channel;
my $args = sub {
	my ($top) = @_;
	return "-I -t $slot -p $top/data -P $top/stat -S 1 -M $tmp/live/uplink1:peer2:bi -r $file";
};
my $want;
{
	my $top = world('stock', $slot, @channel);
	is((run("$stock " . $args->($top), $stdin))[0], 0, 'stock, all kinds');
	$want = result($top);
}
for my $codec ('', qw(-z -y -j -z=lz4 -z=lz4:5 -z=bz2 -z=lzo)) {
	my $top = world('ours', $slot, @channel);
	my ($status, $out) = run("$ours $codec " . $args->($top), $stdin);
	is("$status\n$out", "0\n", "ours, all kinds, $codec");
	is(result($top), $want, 'as stock');
}
my $top = "$tmp/ours";
ok(-f "$top/data/~al/al/$file" && !-e "$top/data/~al/al/2026", 'alerts: no sub-directories');
ok(!-e "$top/stat/~al/al.rrd", 'alerts: no RRD');
is(join(' ', glob("$top/data/grp/shadow/udp/*")), '', 'shadow: no file');
is(join(' ', glob("$top/data/*/*/nfprofile.*")), '', 'no work file is left');
like(slurp("$top/data/p/none/.nfstat"), qr/^first=$slot\nlast=$slot\nsize=\d+\n.*numfiles=1\n/s,
	'.nfstat');
is(join(' ', map { my $id = $_; scalar(() = `$nfdump -C none -q -o json -r $top/data/p/all/2026/11/21/$file` =~
	/"export_sysid" : $id,/g) } 1 .. 3), '900 1733 0', 'flows keep to their exporters: two, both number 1 in their files');
run("$ours " . $args->($top) =~ s/-t \d+/-t @{[$slot + 300]}/r, $stdin);
like(slurp("$top/data/p/none/.nfstat"), qr/numfiles=1\n/, 'a file of the same name counts once');
is(result(world('ours', $slot, @channel)) =~ /nfcapd/ ? 1 : 0, 0, 'a new world is empty');

# --- countries --------------------------------------------------------------------------------------

my $db = spew("$tmp/db.csv", "195.113.0.0,195.113.255.255,CZ\n193.17.47.0,193.17.47.255,SK\n");
my $conf = spew("$tmp/conf", "[geo]\nmin_coverage = 0\nctrygroup.near = [\"CZ\", \"SK\"]\n");
my @ctry = (
	['.#g#2#cz#uplink1|peer2', "src ctry CZ\n"], ['.#g#6#sk#*', "dst ctry SK\n"],
	['.#g#2#near#*', "ctry \@near and proto tcp\n"], ['.#g#2#not#*', "not ctry in [ 203 703 ]\n"],
	['.#g#6#dns#bi|peer2', "proto udp and ((dst port 53 and dst ctry CZ) or src ctry SK)\n"],
	['.#g#2#plain#*', "proto tcp\n"],
);
my $lines = join '', map {"$_->[0]\n"} @ctry;
$top = world('geo', $slot, @ctry);
is((run("$ours -C $conf -G $db " . $args->($top), $lines))[1], '', 'countries looked up');
for my $channel (@ctry) {
	my ($path, $type, $name, $sources) = (split /#/, $channel->[0])[1 .. 4];
	my $idents = $sources eq '*' ? 'any' : join ' or ', map {"ident $_"} split /\|/, $sources;
	my $query = "-M $tmp/live/uplink1:peer2:bi -r $file -C $conf -G $db '($idents) and ($channel->[1])'";
	my ($flows) = `$nfdump -o null $query` =~ /passed: (\d+)/;
	cmp_ok($flows, '>', 0, "$name: nfdump finds some");
	if ($has_rrd) {
		my ($booked) = `$rrdtool lastupdate $top/stat/$path/$name.rrd` =~ /^$slot: (\d+)/m;
		is($booked, $flows, "$name: its RRD has them");
	}
	next if $type & 4;
	is(numberless(`$nfdump -C none --no-geo -q -o csv+ctry -r $top/data/$path/$name/2026/11/21/$file`),
		numberless(`$nfdump -q -o csv+ctry $query`), "$name: its file keeps the countries");
}

# Nobody knows the countries: said, no value in the RRD, status 0 (NfSen's history builder repeats
# a slot for ever until the status is 0); channels that do not ask are not touched by it.
$top = world('geo', $slot, @ctry);
my ($status, $out) = run("$ours -C $conf --no-geo " . $args->($top), $lines);
is($status, 0, 'countries unknown: status 0');
my @said = $out =~ /^(nfprofile: channel \w+ of profile g: its filter asks for countries.*)$/mg;
is(scalar @said, 5, 'and it is said of every channel that asks') or diag($out);
if ($has_rrd) {
	like(`$rrdtool lastupdate $top/stat/g/cz.rrd`, qr/^\d+: U/m, 'no value, not a zero');
	like(`$rrdtool lastupdate $top/stat/g/plain.rrd`, qr/^$slot: [1-9]/m, 'others have theirs');
}
($status, $out) = run("$ours -C $conf -G $tmp/nothing " . $args->($top), $lines);
is($status, 0, 'a database that is not there: status 0');
like($out, qr/\Q$tmp\E\/nothing/, 'and its name');

# --- what goes wrong ------------------------------------------------------------------------------

my @bad = (
	['.#q#2#bad#*', "this is not a filter\n"], ['.#q#2#open#*', '(proto udp # no newline'],
	['.#q#2#comment#*', 'proto udp # no newline'], ['.#q#2#good#*', "proto tcp\n"],
	['.#q#2#moved#*', "ctry != now ctry\n"],
);
$top = world('bad', $slot, @bad);
$lines = join '', map {"$_->[0]\n"} @bad;
($status, $out) = run("$ours " . $args->($top), "$lines.#nope#2#x#a\n.#q#2#nofilter#a\nnonsense\n");
is($status, 0, 'bad channels: status 0');
like($out, qr/channel bad of profile q skipped: .*line 1: syntax error at/i, 'bad filter');
like($out, qr/channel moved of profile q skipped: profiles keep what was stored/, "today's countries");
like($out, qr/channel open of profile q skipped/, 'filter that does not end');
like($out, qr/channel x of profile nope skipped: there is no directory/, 'no directory');
like($out, qr/channel nofilter of profile q skipped/, 'no filter');
like($out, qr/'nonsense'/, 'nonsense');
ok(-s "$top/data/q/good/2026/11/21/$file", 'the good one is written');
like(`$nfdump -I -r $top/data/q/comment/2026/11/21/$file`, qr/^Flows: [1-9]/m,
	'a comment at the end without a newline');

$top = world('bad', $slot, $bad[3]);
($status, $out) = run("$ours -I -t @{[$slot + 60]} -p $top/data -P $top/stat " .
	"-M $tmp/live/uplink1:peer2 -r nfcapd.202611212017", $bad[3][0]);
is($status, 0, 'no source has the file: status 0');
like($out, qr/nfcapd\.202611212017/, 'and said');
like(`$nfdump -I -r $top/data/q/good/nfcapd.202611212017`, qr/^Flows: 0$/m, 'an empty slot');
like(`$nfdump -I -r $top/data/q/good/nfcapd.202611212017`, qr/^Ident: none$/m, 'ident none');

my $base = "-p $top/data -P $top/stat -M $tmp/live/uplink1 -r $file";
for my $case (["-I -p /nope -P $top/stat -r $file", 255, qr/'\/nope'/], ["-I -P $top/stat", 255, qr/directory required/],
	["-I $base -S 9", 255, qr/No such subdir level/], ["-I $base -t x", 255, qr/-t x/],
	["-I $base -L nowhere", 255, qr/nowhere/], ["-I $base -z=nope", 255, qr/nope/],
	["-I $base -C $tmp/none", 255, qr/none/], ["-I $base", 254, qr/no channel/], ["-Q", 0, qr/usage/],
	["-V", 0, qr/^nfprofile: Version: \d\.\d+/]) {
	($status, $out) = run("$ours $case->[0]", '');
	is($status, $case->[1], "status of $case->[0]");
	like($out, $case->[2], 'and its text');
}
($status, $out) = run("$ours -Z -I $base", "$bad[3][0]\n");
is("$status $out", "0 Check filter for channel good in profile q in group .: ok.\n", '-Z');
spew("$top/stat/q/good-filter.txt", 'src ctry XQ');
is((run("$ours -Z -I $base", "$bad[3][0]\n"))[0], 254, '-Z, bad filter');

SKIP: {
	skip 'no rrdtool, or built without librrd', 9 unless $has_rrd;
	$top = world('rrd', $slot, ['.#r#6#new#*', 'any'], ['.#r#2#broken#*', 'any']);
	unlink("$top/stat/r/new.rrd");
	spew("$top/stat/r/broken.rrd", 'not an RRD');
	($status, $out) = run("$ours " . $args->($top), ".#r#6#new#*\n.#r#2#broken#*\n");
	is($status, 0, 'RRD trouble: status 0');
	like($out, qr/new\.rrd' was missing/, 'a missing RRD is made');
	like($out, qr/channel broken of profile r: cannot update .*broken\.rrd/, 'a broken one is named');
	ok(-s "$top/data/r/broken/2026/11/21/$file", 'its file is written all the same');
	my $layout = slurp("$vectors/rrd-layout.txt") =~ s/\n\nalert RRD.*//sr;
	my %info = map { /^(\S+) = (.*)/ ? ($1, $2) : () } split /\n/, `$rrdtool info $top/stat/r/new.rrd`;
	my %layout = map { /^(\S+) = (.*)/ ? ($1, $2) : () } split /\n/, $layout;
	cmp_ok(scalar keys %layout, '>', 80, 'NfSen\'s layout');
	is_deeply({map { $_ => $info{$_} } keys %layout}, \%layout, 'is the new RRD\'s');
	is(join(' ', sort { $info{"ds[$a].index"} <=> $info{"ds[$b].index"} } @sources), "@sources",
		'in NfSen\'s order');
	my ($booked) = `$rrdtool lastupdate $top/stat/r/new.rrd` =~ /^$slot: (\d+)/m;
	cmp_ok($booked, '>', 2000, 'and has the slot');
	($status, $out) = run("$ours " . $args->($top), ".#r#6#new#*\n");
	like($out, qr/cannot update .*new\.rrd.*minimum one second/, 'a slot is booked once');
}

# Lines longer than stock's 512 bytes: no source is cut off.
my $many = join '|', map({"stranger_number_$_"} 1 .. 300), 'uplink1', 'peer2';
$top = world('long', $slot, ['.#l#10#c#*', "any\n"]);
is((run("$ours " . $args->($top), ".#l#10#c#$many\n"))[1], '', 'a line of 300 sources');
like(`$nfdump -I -r $top/data/l/c/$file`, qr/^Flows: 2400$/m, 'the last two are in it, and no other');

# 500 real channels: buffers grow on demand.
SKIP: {
	skip 'memory limits mean nothing to sanitizers', 2 if $ENV{NFGEO_SANITIZED} eq 'yes';
	my @many = map { [".#m#10#c$_#*", "any\n"] } 1 .. 500;
	$top = world('many', $slot, @many);
	($status, $out) = run("ulimit -v 262144; $ours " . $args->($top), join '', map {"$_->[0]\n"} @many);
	is("$status\n$out", "0\n", '500 channels with all flows, in 256 MiB');
	my %sum = map { $_ => 1 } map { `$nfdump -I -r $_` =~ /^(Flows: \d+)/m } glob("$top/data/m/c*/$file");
	is(join(' ', keys %sum), 'Flows: 2633', 'all of them whole');
}
done_testing();
