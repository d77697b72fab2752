#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Stored and today's countries: `now` in filters looks up what the database says at query time.
use strict;
use warnings;
use Test::More;
use NfGeoTest;

need_programs(qw(nfdump writeflows));
my $dir = workdir('now');
my $nfdump = path_of('nfdump');

# Three sources stored as CZ, one as unknown, one flow without countries, 1000 ordinary ones.
my @flows = map { join ' ', 'flow', @$_ } (
	['192.0.2.1', '198.51.100.1', 1, 80, 6, 2, 1, 100, 1_700_000_000_000, 5, 0, 203, 840, 1],
	['192.0.2.2', '198.51.100.1', 2, 80, 6, 2, 2, 200, 1_700_000_000_100, 5, 0, 203, 840, 1],
	['203.0.113.1', '198.51.100.1', 3, 80, 6, 2, 3, 300, 1_700_000_000_200, 5, 0, 203, 276, 1],
	['203.0.113.2', '198.51.100.1', 4, 80, 6, 2, 4, 400, 1_700_000_000_300, 5, 0, 0, 840, 1],
	['203.0.113.3', '198.51.100.1', 5, 80, 6, 2, 5, 500, 1_700_000_000_400, 5, 0, '-', '-', 1],
	['2001:db8::1', '2001:db8:1::1', 6, 80, 6, 2, 6, 600, 1_700_000_000_500, 5, 0, 40, 250, 1],
	map { ["192.0.2.$_", '198.51.100.7', 1000 + $_, 443, 6, 27, 9, 900, 1_700_000_001_000, 5, 0, 203, 840, 1] }
	  map { 3 + $_ % 200 } 1 .. 1000);
sub write_flows {
	my ($name, @lines) = @_;
	open my $out, '|-', path_of('writeflows'), "$dir/$name", 'here' or die;
	print {$out} "$_\n" for @lines;
	close $out or die;
}
write_flows('flows', @flows);

# Today 203.0.113/24 is Chinese and the IPv6 source Japanese.
my $db = write_file("$dir/db", "192.0.2.0,192.0.2.255,CZ\n198.51.100.0,198.51.100.255,US\n" .
	"203.0.113.0,203.0.113.255,CN\n2001:db8::,2001:db8:0:ffff:ffff:ffff:ffff:ffff,JP\n" .
	"2001:db8:1::,2001:db8:1:ffff:ffff:ffff:ffff:ffff,FR\n");
my $conf = write_file("$dir/conf", "[geo]\nmin_coverage = 0\nmax_age_days = 0\n");
my @query = ($nfdump, '-C', $conf, '-r', "$dir/flows", '-q', '-o', 'fmt:%sp');

sub ports {
	my ($filter, @more) = @_;
	my ($status, $out, $err) = run_program(@query, '-G', $db, @more, $filter);
	return $status == 0 ? join ' ', grep { $_ < 100 } $out =~ /(\d+)/g : "status $status: $err";
}

my @cases = (
	['src ctry != now src ctry', '3 4 6'],
	['ctry != now ctry', '3 4 6'],
	['dst ctry != now dst ctry', '3'],
	['src and dst ctry != now ctry', '3'],
	['src ctry = now ctry and dst port 80', '1 2 5'],
	['not ctry = now ctry', '3'],
	['now src ctry CN', '3 4 5'],
	['src ctry CZ and now src ctry CN', '3'],
	['src ctry 0 and now src ctry @AS', '4'],
	['now src ctry = now dst ctry', ''],
	['now src ctry != dst ctry and dst port 80', '1 2 3 4 5 6'],
	['now src ctry JP or now dst ctry JP', '6'],
	['count < 7 and src ctry != now ctry', '3 4 6'],
);
for my $case (@cases) {
	my ($filter, $want) = @$case;
	is(ports($filter), $want, $filter);
	is(ports($filter, '-W', 1), $want, "$filter, one thread");
}

# By statistics, by merging, into a file: the filter is the same.
my ($status, $out) = run_program($nfdump, '-C', $conf, '-r', "$dir/flows", '-G', $db, '-q', '-o', 'csv',
	'-s', 'srcctry', 'src ctry != now src ctry');
like($out, qr/,any,AT,1,.*,any,CZ,1,/s, '-s srcctry of what moved') or diag($out);
($status) = run_program($nfdump, '-C', $conf, '-r', "$dir/flows", '-G', $db, '-w', "$dir/moved", 'ctry != now ctry');
is($status, 0, '-w of what moved');
is((run_program($nfdump, '-C', $conf, '-r', "$dir/moved", '-G', 'none', '-q', '-o', 'fmt:%sp %scc %dcc'))[1],
	"     3 203 276\n     4   0 840\n     6  40 250\n", 'and it keeps what was stored');

# Without a database there is no answer, and no empty one.
for my $no (['-G', 'none'], ['-G', "$dir/absent"]) {
	($status, $out, my $err) = run_program(@query, @$no, 'src ctry != now src ctry');
	is("$status|$out", '1|', "@$no: refused");
	like($err, qr/^nfdump: today's countries are asked for \(now\), and there is no database.*\nnfdump: ./,
		"@$no: and says why");
}
($status, $out, my $err) = run_program($nfdump, '-C', $conf, '-r', "$dir/flows", '-G', $db, '-a', '-P', 'now src ctry CN');
is($status, 254, '-P refuses');
like($err, qr/-P: today's countries/, 'with a reason');
($status) = run_program($nfdump, '-Z', 'src ctry != now src ctry');
is($status, 0, '-Z');
($status, $out) = run_program($nfdump, '-X', 'src ctry != now src ctry and now dst ctry CN');
is($out, "filter: src ctry != now src ctry and dst now ctry CN\nstart: 0\n" .
	"   0: other code (src ctry) src, now src  true: 1  false: no match\n" .
	"   1: country now (dst ctry) one of 1  true: match  false: no match\n", '-X');

# The index rules blocks out by what is stored; today's country may be any.
my @blocks = map { my $code = $_; map { "flow 192.0.2.$_ 198.51.100.1 $code 80 6 2 1 100 " .
	(1_700_000_000_000 + $_) . " 5 0 $code 840 1" } map { $_ % 250 } 1 .. 4000 } (203, 40, 276, 250);
write_flows('blocks', @blocks);
for my $case (['src ctry 40 and now src ctry CZ', 4000], ['now src ctry CZ', 16000], ['now src ctry AT', 0],
	['src ctry != now src ctry', 12000], ['src ctry CN and now src ctry CZ', 0]) {
	my ($filter, $want) = @$case;
	($status, $out) = run_program($nfdump, '-C', $conf, '-r', "$dir/blocks", '-G', $db, '-o', 'null', $filter);
	like($out, qr/passed: $want,|flows passed: $want\b/, "$filter: $want") or diag($out);
}
done_testing();
