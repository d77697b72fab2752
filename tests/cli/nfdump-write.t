#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Stock nfdump reads what ours writes with -w to the same flows, for every codec it knows; ours reads
# zstd too; an input may be the output.
use strict;
use warnings;
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use Test::More;

my $dir = "$ENV{NFGEO_SHARED}/vectors/nfdump/data";
my $ours = "$ENV{NFGEO_BIN}/nfdump";
my $stock = '/usr/bin/nfdump';
plan skip_all => 'no ../shared' unless -d $dir;
plan skip_all => 'no stock nfdump: apt-get install nfdump' unless -x $stock;

my $tmp = tempdir(CLEANUP => 1);
@ENV{qw(TZ LC_ALL)} = qw(UTC C);
delete $ENV{NFCONF};
$ENV{NFGEODB} = 'none'; # whatever is installed where the programs look by default

sub run {
	my ($command) = @_;
	my $out = `$command 2>$tmp/stderr`;
	return ($? >> 8) . "\n$out" . (-s "$tmp/stderr" ? `cat $tmp/stderr` : '');
}

for my $file (qw(v5 v9 ipfix bidir nat empty)) {
	for my $filter ('', "'proto tcp and bytes > 100'") {
		my $want = run("$stock -q -o csv -r $dir/$file.nf $filter");

		for my $codec (qw(-z=none -z -j -y -z=lz4:9 -z=bz2 -z=lzo), '') {
			run("$ours -r $dir/$file.nf -w $tmp/new $codec $filter");
			is(run("$stock -q -o csv -r $tmp/new"), $want,
				"stock reads $file $codec $filter");
		}
	}
	$file eq 'empty' or # stock prints the end of time as first seen
	is(run("$ours -r $dir/$file.nf -w $tmp/new") . run("$ours -I -r $tmp/new"),
		"0\n" . run("$stock -w $tmp/stock -r $dir/$file.nf; $stock -I -r $tmp/stock"),
		"totals of a copy: $file");
	run("$ours -r $dir/$file.nf -w $tmp/new -z=zstd:3");
	is(run("$ours -q -o csv -r $tmp/new"), run("$ours -q -o csv -r $dir/$file.nf"),
		"ours reads zstd: $file");
}

for my $merge ('-a -O bytes', '-A srcip,dstport -O bytes', '-B -O bytes', '-O tstart') {
	run("$ours -r $dir/bidir.nf $merge -w $tmp/new");
	is(run("$stock -q -o csv -r $tmp/new"), run("$ours -q -o csv -r $dir/bidir.nf $merge"),
		"what is written is what is printed: $merge");
}

copy("$dir/v5.nf", "$tmp/same");
is(run("$ours -r $tmp/same -w $tmp/same 'proto udp'"), "0\n", 'the input is the output');
is(run("$stock -q -o csv -r $tmp/same"), run("$stock -q -o csv -r $dir/v5.nf 'proto udp'"),
	'and holds the selected flows');

copy("$dir/v5.nf", "$tmp/again");
is(run("$ours -J lz4 -r $tmp/again"), "0\n", '-J lz4');
is(run("$stock -q -o csv -r $tmp/again"), run("$stock -q -o csv -r $dir/v5.nf"), 'same flows');
is(run("$ours -i other -r $tmp/again"), "0\n", '-i other');
like(run("$ours -I -r $tmp/again"), qr/^Ident: other\nFlows: 1500$/m, 'ident changed, totals kept');
like(run("$ours -r $dir/v5.nf -w $tmp/nope/file"), qr/^1\nnfdump: cannot create/,
	'a directory that does not exist');
done_testing();
