#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Countries in nfdump: looked up for flows that have none stored, never over a stored value, in
# output, filter, statistics, aggregation and written files; and status 3 where nobody knows them.
use strict;
use warnings;
use NfGeoTest;
use Test::More;

my ($data, $nfdump, $tmp) = nfdump_data();

sub file { my ($name, $text) = @_; return write_file("$tmp/$name", $text) }

# 195.113/16 is Czech, 193.17.47/24 Slovak; in the second database everything moved.
my $db = file('one.csv', "195.113.0.0,195.113.255.255,CZ\n193.17.47.0,193.17.47.255,SK\n" .
	"1.1.1.0,1.1.1.255,AU\n2001:718::,2001:718:ffff:ffff:ffff:ffff:ffff:ffff,CZ\n");
my $other = file('two.csv', "195.113.0.0,195.113.255.255,DE\n193.17.47.0,193.17.47.255,DE\n");
my $conf = file('conf', "[geo]\nmin_coverage = 0\n");

sub run {
	my ($args) = @_;
	my $out = `$nfdump -C $conf $args 2>$tmp/stderr`;
	return ($? >> 8, $out);
}

sub is_run {
	my ($args, $status, $want, $name) = @_;
	my ($got, $out) = run($args);
	is("$got\n$out", "$status\n$want", $name) or diag(`cat $tmp/stderr`);
}

my $flow = "-r $data/v9.nf -q -c 1"; # 195.113.222.3 -> 192.0.2.33
is_run("$flow -G $db -o 'fmt:%sc%scc%sccan %scca3 %sccn|%sclass|%dcc %dccan %dclass'", 0,
	"CZ203CZ CZE Czechia             |             |  0 .. documentation\n",
	'tokens: the longest known one, numbers, letters, names, classes');
is_run("$flow -G $db -o 'fmt:%gsap %gdap'", 0,
	"   195.113.222.3(CZ):57260       192.0.2.33(..):53   \n", '%gsap');
is_run("$flow -G $db -o 'fmt:%sca'", 1, '', 'an unknown token');

my ($status, $out) = run("-r $data/v9.nf -q -G $db -o csv+ctry");
my ($plain_status, $plain) = run("-r $data/v9.nf -q -o csv");
(my $cut = $out) =~ s/,[A-Z.]{2},[A-Z.]{2}$//mg;
ok($status == 0 && $cut eq $plain && $out ne $plain, 'csv+ctry is csv and two columns');

# Written files keep what was filled in, and it wins from then on.
is_run("-r $data/v9.nf -G $db -w $tmp/tagged", 0, '', '-G -w');
my ($count) = (run("-r $data/v9.nf -G $db -o null 'src ctry CZ'"))[1] =~ /passed: (\d+)/;
cmp_ok($count, '>', 50, 'filter by a country looked up');
for my $more ('', '--no-geo', "-G $other", "-G $tmp/none") {
	like((run("-r $tmp/tagged $more -o null 'src ctry CZ'"))[1], qr/passed: $count,/,
		"stored countries need no database $more");
	is((run("-r $tmp/tagged $more -q -o null 'src ctry CZ'"))[0], 0, "and status 0 $more");
}
is((run("-r $tmp/tagged -G $other -q -o line 'ctry DE'"))[1], "No matching flows\n",
	'a stored value is never replaced, a stored 0 neither');
for my $query ('-s ctry -s srcctry/bytes -s ctrypair -s dstcont -s srcclass -n 0',
	'-A srcctry,dstctry -O bytes', '-A srcip -o cline -O bytes', '-a -o cline -O bytes', '-o cline',
	'-o ndjson', '-b -O bytes -o glong') {
	is_run("-r $tmp/tagged -q $query", run("-r $data/v9.nf -q -G $db $query"),
		"looked up and stored give one answer: $query");
}
is_run("-r $tmp/tagged -q -s srcctry/flows -o pipe -n 1 'src ctry CZ'", 0,
	(run("-r $data/v9.nf -q -G $db -s srcctry/flows -o pipe -n 1 'src ctry CZ'"))[1],
	'pipe prints numbers');
like((run("-r $tmp/tagged -q -s srcctry/flows -o pipe -n 1 'src ctry CZ'"))[1],
	qr/^0\|\d+\|\d+\|0\|203\|$count\|/, 'of the country');

# Aggregates are written with their countries.
is_run("-r $tmp/tagged -A srcctry,dstctry -O bytes -w $tmp/pairs", 0, '', '-A -w');
is_run("-r $tmp/pairs -q -o 'fmt:%sc %dc %byt %fl'", 0,
	(run("-r $tmp/tagged -q -A srcctry,dstctry -O bytes -o 'fmt:%sc %dc %byt %fl'"))[1],
	'pairs of countries read back');

# Nobody knows: never an empty answer with success.
for my $args ("'src ctry CZ'", '-o cline', '-s ctry', '-A srcctry', "'not ctry CZ'", '-o csv+ctry') {
	my ($got) = run("-r $data/v9.nf -q --no-geo $args");
	is($got, 3, "no database: status 3 for $args");
	like(`cat $tmp/stderr`, qr/^nfdump: 900 flows have no countries stored/, 'and their number');
}
is((run("-r $data/v9.nf -q -G $tmp/none -s ctry"))[0], 1, 'a database that is not there: status 1');
is((run("-r $data/v9.nf -q --no-geo -o line"))[0], 0, 'no countries asked for: status 0');
is((run("-r $data/v9.nf -q --no-geo -o json"))[0], 0, 'json goes without');
is((run("-r $data/empty.nf -q --no-geo -s ctry"))[0], 0, 'no flows, no need');
is((run("-r $data/v9.nf -q --no-geo -s srcgroup:NATO"))[0], 1, 'an unknown group');
done_testing();
