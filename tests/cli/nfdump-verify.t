#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# nfdump -v: whole files are ok, with and without geo blocks; a byte changed anywhere in records or
# geo blocks is damage (but padding); files that others changed have an
# outdated index and are ok.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $dir = "$ENV{NFGEO_SHARED}/vectors/nfdump/data";
plan skip_all => 'no ../shared' unless -d $dir;
my $tmp = tempdir(CLEANUP => 1);
my ($nfdump, $tool) = ("$ENV{NFGEO_BIN}/nfdump", "$ENV{TEST_BIN}/nffile");

sub verify {
	my ($file) = @_;
	my $out = `$nfdump -v $file 2>$tmp/stderr`;
	my $status = $? >> 8;
	return ($status, $out, `cat $tmp/stderr`);
}

sub slurp {
	my ($file) = @_;
	open my $in, '<:raw', $file or die "$file: $!";
	local $/;
	return <$in>;
}

sub spew {
	my ($file, $bytes) = @_;
	open my $out, '>:raw', $file or die "$file: $!";
	print $out $bytes;
	close $out or die;
}

for my $codec (qw(none lz4 zstd)) {
	is system("$tool copy $dir/v9.nf $tmp/$codec $codec tail >$tmp/out 2>&1"), 0, "$codec: file made";
	my ($status, $out, $err) = verify("$tmp/$codec");
	is $status, 0, "$codec: status" or diag $err;
	like $out, qr/Flows: 900\nCountry index: complete\nStatus: ok\n/, "$codec: complete";
}
{
	my ($status, $out) = verify("$dir/v9.nf");
	is $status, 0, 'stock: status';
	like $out, qr/Geo blocks: 0\n.*Country index: none\nStatus: ok\n/s, 'stock: no index';
}

# The header: appendix at 24 (u64), its blocks at 12; the geo blocks begin behind the last block of
# records, which the tool's report names.
my $good = slurp("$tmp/none");
my $end = unpack 'x24 Q<', $good;
my $at = 40;
while ($at < $end) {
	my ($records, $bytes, $type) = unpack "x$at V V v", $good;
	last if $type == 4;
	$at += 12 + $bytes;
}
ok $at < $end, 'the file has geo blocks';
my ($missed, $flips) = (0, 0);
my $step = $ENV{NFGEO_SANITIZED} eq 'yes' ? 149 : 37;
for (my $byte = $at + 12; $byte < $end; $byte += $step) {
	my $bad = $good;
	next if substr($bad, $byte, 1) eq "\0" && substr($bad, $byte, 64) !~ /[^\0]/; # padding
	substr($bad, $byte, 1) ^= "\x10";
	spew("$tmp/bad", $bad);
	my ($status) = verify("$tmp/bad");
	$flips++;
	$missed++ if $status != 3;
}
cmp_ok $flips, '>', 5, "$flips bytes of the geo blocks changed";
is $missed, 0, '... each is damage';
{
	my $bad = $good;
	substr($bad, 40 + 12 + 200, 1) ^= "\x01";
	spew("$tmp/bad", $bad);
	my ($status, $out) = verify("$tmp/bad");
	is $status, 3, 'a byte of a record: status';
	like $out, qr/Status: damaged/, '... and said';
}

# One byte of a flow's type, in a file without checksums: the flow is gone, and that is said.
{
	my $stock = slurp("$dir/v5.nf");
	my @place;
	for (my $place = 52; $place < 52 + unpack('x44 V', $stock); ) {
		my ($type, $size) = unpack "x$place v v", $stock;
		push @place, $place if $type == 11;
		$place += $size;
	}
	is scalar(@place), 1500, 'flows of one block of a stock file';
	my (%query, %verify);
	for my $type (0 .. 17, 256, 267, 0x110b, 0x800b) {
		next if $type == 11;
		my $bad = $stock;
		substr($bad, $place[$type % 1500], 2) = pack 'v', $type;
		spew("$tmp/bad", $bad);
		my $out = `$nfdump -r $tmp/bad -o null 2>$tmp/stderr`;
		$query{($? >> 8) . ($out =~ / passed: 1499,/ ? ' 1499' : " $out")}++;
		my ($status) = verify("$tmp/bad");
		$verify{$status}++;
	}
	is_deeply \%query, {'3 1499' => 21}, 'a changed type: queries end with 3';
	is_deeply \%verify, {3 => 21}, '... and -v says damaged';
	substr($stock, $place[700] , 2) = pack 'v', 267;
	spew("$tmp/bad", $stock);
	`$nfdump -r $tmp/bad -s srcip -o null 2>$tmp/stderr`;
	like slurp("$tmp/stderr"), qr{/bad: block 0: 1 record of unknown type \(267\) left out\n},
		'... with file, block and type';
	`$ENV{NFGEO_BIN}/nfgeo anon -K 0123456789abcdef0123456789abcdef -r $tmp/bad -w $tmp/anon 2>$tmp/stderr`;
	is_deeply [$? >> 8, -e "$tmp/anon" ? 1 : 0], [1, 0], 'nfgeo anon leaves the file alone';
}

# The stat record is 148 bytes, flows first, in the appendix, whose place is at 24.
for my $case ([1500, 0, 'right'], [1501, 3, 'one too many'], [1499, 3, 'one too few']) {
	my ($flows, $want, $name) = @$case;
	my $file = slurp("$dir/v5.nf");
	my $record = index $file, pack('v v', 0x8002, 148), unpack('x24 Q<', $file);
	substr($file, $record + 4, 8) = pack 'Q<', $flows;
	spew("$tmp/bad", $file);
	my ($status, $out, $err) = verify("$tmp/bad");
	is $status, $want, "stat record: $name";
	like $err, $want ? qr/stat record announces $flows flows, the blocks hold 1500/ : qr/^$/, '...';
}
# Collectors count records, queries their counters, and neither those without element 1.
for my $file (glob "$dir/*.nf") {
	for my $how ('', '-a', '-b', '-A srcip') {
		system("$nfdump -r $file $how -w $tmp/sum >$tmp/out 2>&1");
		is((verify("$tmp/sum"))[0], 0, "nfdump $how -w: " . ($file =~ s{.*/}{}r));
	}
}

# Stock recompresses: the records are the same, the index speaks of the blocks as they were.
SKIP: {
	skip 'no stock nfdump: apt-get install nfdump', 2 unless -x '/usr/bin/nfdump';
	spew("$tmp/changed", slurp("$tmp/lz4"));
	system("/usr/bin/nfdump -J 2 -r $tmp/changed >$tmp/out 2>&1");
	my ($status, $out, $err) = verify("$tmp/changed");
	is $status, 0, 'recompressed by stock: status' or diag $err;
	like $out, qr/Flows: 900\nCountry index: .*\nStatus: ok/, '... ok';
}
done_testing();
