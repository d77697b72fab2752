#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# -w over files of several collectors: each file has a sysid 1 of its own; in the merged file each
# exporter has one number, flows and samplers follow, and an exporter met again is written once.
use strict;
use warnings;
use File::Copy qw(copy);
use NfGeoTest;
use Test::More;

my ($data, $nfdump, $tmp) = nfdump_data();

my %version = (a => 'v9', b => 'ipfix', c => 'v5', d => 'v9'); # d is a again
mkdir "$tmp/in";
copy("$data/$version{$_}.nf", "$tmp/in/nfcapd.$_") for sort keys %version;

for my $threads (1, 3) {
	is(system("$nfdump -W $threads -R $tmp/in -w $tmp/out"), 0, "-w, $threads threads");
	my @flows = `$nfdump -r $tmp/out -q -o 'fmt:%exp %nfv'`;
	my %count;
	$count{join(' ', split(' ', $_))}++ for @flows;
	is_deeply(\%count, {'1 Nv9' => 1800, '2 Nv10' => 900, '3 Nv5' => 1500},
		'flows point to their exporters');
	for my $program ($nfdump, grep { -x } '/usr/bin/nfdump') {
		my $list = `$program -E $tmp/out`;
		is(join(' ', map { /SysID: (\d+),.*version: (\d+)/ ? "$1:$2" : () } split(/\n/, $list)),
			'1:9 2:10 3:5', "exporters, each once: $program");
	}
}
is(system("$nfdump -r $tmp/out -w $tmp/copy"), 0, 'copy of the merged file');
is(`$nfdump -r $tmp/copy -q -o 'fmt:%exp %sa %byt'`, `$nfdump -r $tmp/out -q -o 'fmt:%exp %sa %byt'`,
	'numbers stay as they are where nothing collides');
done_testing();
