#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# nfdump --geo-compare and -o compare: stored countries beside those of a database of today.
use strict;
use warnings;
use JSON::PP;
use Test::More;
use NfGeoTest;

need_programs(qw(nfdump writeflows));
my $dir = workdir('compare');
my $nfdump = path_of('nfdump');
my $conf = write_file("$dir/conf", "[geo]\nmin_coverage = 0\nmax_age_days = 0\n");
my $db = write_file("$dir/now.csv", "192.0.2.0,192.0.2.255,CZ\n198.51.100.0,198.51.100.255,US\n" .
	"203.0.113.0,203.0.113.255,CN\n");

# What is stored, with how many flows of it: [source, destination, codes], in blocks and files.
my @kinds = (
	['192.0.2.1', '198.51.100.1', 203, 840, 900],	# as today
	['203.0.113.1', '198.51.100.1', 203, 840, 700], # the source moved
	['203.0.113.2', '198.51.100.1', 0, 276, 50],	# both
	['192.0.2.1', '203.0.113.3', 203, 1001, 30],	# a class before
	['192.0.2.1', '203.0.113.4', '-', '-', 20],	# nothing stored
);
for my $file (0, 1) {
	open my $out, '|-', path_of('writeflows'), "$dir/nfcapd.20260101000$file", 'here' or die;
	for my $n (1 .. 900) {
		for my $kind (@kinds) {
			my ($src, $dst, $from, $to, $count) = @$kind;
			print {$out} "flow $src $dst $n 80 6 2 3 100 " . (1_700_000_000_000 + $n) . " 5 0 $from $to 1\n" if $n <= $count;
		}
	}
	close $out or die;
}
my @all = ($nfdump, '-C', $conf, '-R', $dir . '/nfcapd.202601010000:nfcapd.202601010001', '-G', $db);
my @rows = (
	'src  CZ            CN                    1400  41.7           4200             140000  China',
	'dst  DE            US                     100   3.0            300              10000  United States',
	'src  ..            CN                     100   3.0            300              10000  China',
	'dst  private       CN                      60   1.8            180               6000  China',
);
sub ordered { return sort { $a cmp $b } map { s/ +$//r =~ s/United States.*/United States/r } @_; }

for my $threads (1, 2) {
	my ($status, $out, $err) = run_program(@all, '--geo-compare', '-W', $threads);
	is("$status|$err", '0|', "-W $threads: status 0");
	like($out, qr/^Stored countries against those of today, by ranges \d{4}-\d\d-\d\d [0-9a-f]{12}:$/m, 'the database');
	like($out, qr/^1560 of 3360 flows \(46\.4 %\), 156000 of 336000 bytes \(46\.4 %\) moved; 40 flows have no countries stored$/m, 'sums') or diag($out);
	is_deeply([ordered($out =~ /^((?:src|dst) .*)$/mg)], [ordered(@rows)], 'rows');
	like(($out =~ /^((?:src|dst) .*)$/mg)[0], qr/^src  CZ +CN /, 'most flows first');
	like($out, qr/^Summary: total flows: 3400,/m, 'the summary follows');
	unlike($out, qr/Date first seen/, 'no flows are listed');
}
my ($status, $out, $err) = run_program(@all, '--geo-compare', '-q', '-n', 1);
is($out =~ s/ +China//r, "src  CZ            CN                    1400  41.7           4200             140000\n", '-q -n 1');
($status, $out) = run_program(@all, '--geo-compare', '-q', 'dst ctry != now ctry');
is(scalar(() = $out =~ /^(?:src|dst) /mg), 3, 'of a filter');

my $json = decode_json((run_program(@all, '--geo-compare', '-o', 'json'))[1]);
is_deeply($json->{moved}, {flows => 1560, packets => 4680, bytes => 156000}, 'json: moved');
is_deeply([$json->{compared}{flows}, $json->{untagged}{flows}], [3360, 40], 'json: the rest');
is_deeply($json->{rows}[0], {side => 'src', stored => 203, now => 156, flows => 1400, packets => 4200, bytes => 140000}, 'json: a row');
is(@{$json->{rows}}, 4, 'json: rows');
($status, $out) = run_program(@all, '--geo-compare', '-o', 'csv');
like($out, qr/\Aside,stored,now,storedA2,nowA2,flows,packets,bytes\nsrc,203,156,CZ,CN,1400,4200,140000\n/, 'csv');
is(scalar(() = $out =~ /\n/g), 5, 'csv: rows alone');

# Side by side, with and without the sums.
my @lines = ('2023-11-14 22:13:20.001     00:00:00.005 TCP        203.0.113.2:1     .. CN ->     198.51.100.1:80    DE US        3      100     1');
($status, $out) = run_program(@all, '-q', '-o', 'compare', '-c', 1, 'src ctry 0');
is($out, "$lines[0]\n", '-o compare') or diag($out);
($status, $out) = run_program(@all, '-o', 'compare', '-c', 1, 'src ctry 0');
like($out, qr/\ADate first seen .*SC SN .*DC DN /, 'its header');
($status, $out) = run_program(@all, '--geo-compare', '-o', 'compare', 'src ctry 0');
is(scalar(() = $out =~ / \.\. CN -> /g), 100, '--geo-compare -o compare: the flows');
like($out, qr/^100 of 100 flows .*\n\nSide /m, 'and the sums');
is((run_program(@all, '-q', '-o', 'fmt:%scnow%dcnow', '-c', 1, 'src ctry 0'))[1], "CNUS\n", 'tokens');
is((run_program(@all, '-q', '-o', 'csv:%sc,%scnow', '-c', 1, 'src ctry 0'))[1] =~ s/.*\n(?=.)//r, "..,CN\n", 'csv columns');

for my $no (['--geo-compare', '-s', 'srcip'], ['--geo-compare', '-a'], ['--geo-compare', '-w', "$dir/x"],
	['--geo-compare', '-o', 'pipe'], ['-a', '-o', 'compare'], ['--geo-compare', '-O', 'bytes']) {
	($status, $out, $err) = run_program(@all, @$no);
	is("$status|$out", '1|', "@$no: refused");
	like($err, qr/^nfdump: /, 'with a reason');
}
for my $no (['--geo-compare'], ['-o', 'compare']) {
	($status, $out, $err) = run_program($nfdump, '-C', $conf, '-r', "$dir/nfcapd.202601010000", '-G', 'none', @$no);
	is($status, 1, "@$no without a database: status 1");
	like($err, qr/today's countries are asked for .*no database/, 'and why');
}
done_testing();
