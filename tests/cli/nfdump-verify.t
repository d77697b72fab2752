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
for (my $byte = $at + 12; $byte < $end; $byte += 37) {
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
