#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# The shared hostile files: each is refused by name, or read as far as it can be trusted, within
# 2 s; damage is never silent, and no flow is invented (good-small has 60).
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(time);

my $dir = "$ENV{NFGEO_SHARED}/vectors/hostile/files";
my $tool = "$ENV{TEST_BIN}/nffile";
plan skip_all => 'no ../shared' unless -d $dir;

# file, flows (undef: refused), exit status, part of the report
my @case = (
	['appendix-ident-no-nul', 60, 0, ''], ['appendix-off-0', 60, 3, 'appendix is damaged'],
	['appendix-off-neg', 60, 3, 'appendix is damaged'], ['appendix-stat-short', 60, 0, ''],
	['bad-magic', undef, 1, 'big-endian'], ['block-records-max', 60, 3, '65 of 4294967295'],
	['block-size-0', 0, 3, 'block 0'], ['block-size-2g', 0, 3, 'block 0'],
	['block-size-plus1', 0, 3, 'block 0'], ['block-type-0', 0, 3, 'type 0'],
	['block-type-2', 0, 3, 'before nfdump 1.7'], ['block-type-5', 0, 3, 'type 5'],
	['blocksize-max', 60, 0, ''], ['bz2-bomb', 0, 3, 'do not decompress'],
	['bz2-flip20', 0, 3, 'do not decompress'], ['bz2-size-max', 0, 3, 'block 0'],
	['compression-1-on-raw', 0, 3, 'as lzo'], ['compression-3-on-raw', 0, 3, 'as lz4'],
	['compression-9-on-raw', undef, 1, 'compression 9'], ['concatenated', 60, 0, ''],
	['cut-10', undef, 1, '10 bytes'], ['cut-before-appendix', 60, 3, 'appendix is damaged'],
	['cut-block-header', 0, 3, 'cut inside its header'], ['element-len-1', 3, 3, 'unreadable=57'],
	['element-type-0', 60, 0, ''], ['element-type-500', 60, 0, ''],
	['good-small', 60, 0, ''], ['lz4-cut', 0, 3, 'block 0'],
	['lz4-random', 0, 3, 'do not decompress'], ['lz4-size-small', 0, 3, 'block 0'],
	['lzo-flip20', 0, 3, 'block 0'], ['lzo-size-max', 0, 3, 'block 0'],
	['numblocks-0', 60, 3, 'announces 0 blocks, 1 were found'],
	['record-elements-0', 59, 3, 'unreadable=1'], ['record-elements-200', 59, 3, 'unreadable=1'],
	['record-size-0', 3, 3, '8 of 65'], ['record-size-3', 3, 3, '8 of 65'],
	['record-size-max', 3, 3, '8 of 65'], ['record-type-1', 59, 0, ''],
	['record-type-10', 59, 0, ''], ['record-type-13', 59, 0, ''],
	['side-record-7-size', 0, 0, ''], ['side-record-8-size', 0, 0, ''],
	['tail-zeros', 39, 3, '45 of 65'], ['v1-garbage-block', undef, 1, 'nfdump -r OLD -w NEW'],
	['version-3', undef, 1, 'layout version 3'], ['zeros-64k', undef, 1, '0x0000'],
);

my %known = map { $_->[0] => 1 } @case;
for (@case) {
	my ($name, $flows, $status, $says) = @$_;
	my $begin = time;
	my $out = `timeout 20 $tool show $dir/$name.nf 2>&1`;
	my @bad;
	push @bad, 'status ' . ($? >> 8) if $? >> 8 != $status;
	push @bad, 'slow' if time - $begin > 2 && ($ENV{NFGEO_SANITIZED} // 'no') ne 'yes';
	push @bad, 'flows' if defined $flows && $out !~ / flows=$flows /;
	push @bad, 'report' if index($out, $says) < 0;
	is_deeply(\@bad, [], $name) or diag $out;
}
# Files that were added later: no crash, no hang, no invented flow.
for my $file (glob "$dir/*.nf") {
	my ($name) = $file =~ m{([^/]*)\.nf$};
	next if $known{$name};
	my $out = `timeout 20 $tool show $file 2>&1`;
	my $status = $? >> 8;
	ok(($status == 0 || $status == 1 || $status == 3), "$name: status $status") or diag $out;
}
done_testing;
