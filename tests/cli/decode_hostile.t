#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
#
# Hostile packets between good ones: the process lives, in time, without a sanitizer's report; the
# good flows are there, and of the hostile ones those that the packets truly hold
# (tests/wire/hostile.list); the log stays short, and what was refused is counted.
use strict;
use warnings;
use File::Temp qw(tempdir);

my $packets = "$ENV{NFGEO_SHARED}/vectors/hostile/packets";
my $dir = tempdir(CLEANUP => 1);
my @cases;

if (!-d $packets) {
	print "1..1\nok 1 # SKIP no ../shared\n";
	exit;
}
open(my $list, '<', "$ENV{srcdir}/tests/wire/hostile.list") or die "hostile.list: $!";
while (<$list>) {
	push @cases, [$1, $2] if /^([\w-]+)\t(\d+)$/;
}
print '1..', scalar(@cases), "\n";

sub write_dgrams
{
	my ($path, @dgrams) = @_;
	open(my $out, '>:raw', $path) or die "$path: $!";
	print $out map { pack('n', length) . $_ } @dgrams;
	close($out);
}

# One v5 flow; a v9 template and flow in the source id that the hostile packets use.
sub v5
{
	my ($source, $sequence) = @_;
	return pack('nnNNNNnn', 5, 1, 100000, 1700000000, 0, $sequence, 0, 0)
		. pack('C4C4x8NNNNnnxCCxx8', @$source, 10, 0, 0, 2, 1, 100, 90000, 95000, 1, 2, 0, 6);
}
my $v9 = pack('nnNNNN', 9, 2, 100000, 1700000000, 9, 1)
	. pack('nnnnnnnn', 0, 16, 777, 2, 8, 4, 12, 4) . pack('nnC4C4', 777, 12, 10, 0, 0, 3, 10, 0, 0, 4);
write_dgrams("$dir/before.dgrams", v5([10, 9, 9, 1], 0));
write_dgrams("$dir/after.dgrams", v5([10, 9, 9, 2], 1), $v9);

my $n = 0;
for (@cases) {
	my ($name, $flows) = @$_;
	my $command = "timeout 60 $ENV{TEST_BIN}/decode -nl $dir/before.dgrams $packets/$name.pcap.gz "
		. "$dir/after.dgrams";
	my $all = `$command 2>&1`;
	my $failed = $? ? "exit status $?" : '';
	my $found = () = $all =~ /^flow /mg;
	my $lines = () = $all =~ /^(?!flow|record|\w+: \d+$|problem: |Ident|First|Last|msec|Sequence)/mg;
	my $good = $flows + 3;

	$failed ||= "$found flows instead of $good" if $found != $good;
	for my $source ('10.9.9.1', '10.9.9.2', '10.0.0.3') {
		$failed ||= "the good flow from $source is missing" if $all !~ /src4_addr=\Q$source\E /;
	}
	$failed ||= 'a broken record' if $all =~ /BROKEN/;
	$failed ||= "$lines log lines" if $lines > 220;
	print $failed ? 'not ok ' : 'ok ', ++$n, " - $name: $flows flows\n";
	print "# $failed\n" if $failed;
}
