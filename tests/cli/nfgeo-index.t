#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# nfgeo index and nfgeo recluster: fresh geo blocks, and records by country, for files in place; not
# a byte of a record changes, and what is damaged is left alone.
use strict;
use warnings;
use Test::More;
use NfGeoTest;

need_programs(qw(nfdump nfgeo writeflows));
my $dir = workdir('index');
my ($nfdump, $nfgeo) = map { path_of($_) } qw(nfdump nfgeo);
my $stock = -x '/usr/bin/nfdump' ? '/usr/bin/nfdump' : undef;

# 12,000 flows in arrival order, of 6 source countries in turns.
my @codes = (203, 840, 276, 156, 40, 250);
sub make {
	my ($path, $count, $country, @layout) = @_;
	open my $out, '|-', path_of('writeflows'), $path, 'here', @layout or die;
	for my $n (1 .. $count) {
		my $src = $country // $codes[$n * $n % 7 % 6];
		printf {$out} "flow 192.0.2.%d 198.51.100.%d %d 80 6 2 %d %d %d 5 64500 %s 1\n", $n % 250, $n % 9,
		  1024 + $n, $n % 7 + 1, 40 * ($n % 50 + 1), 1_700_000_000_000 + $n,
		  $src eq '-' ? '- -' : "$src $codes[$n % 6]";
	}
	close $out or die;
}
sub rows {
	my ($path, @sort) = @_;
	my ($status, $out) = run_program($nfdump, '-C', 'none', '-r', $path, '-q', '-o', 'fmt:%ts %sap %dap %pr %pkt %byt %scc %dcc %sas');
	return "status $status" if $status;
	return @sort ? join '', sort split /^/, $out : $out;
}
sub index_of { return (run_program($nfdump, '-v', $_[0]))[1] =~ /^Country index: (\w+)/m ? $1 : 'nothing'; }
# What stock leaves of our file: the records, no geo blocks.
sub bare {
	my ($from, $to) = @_;
	write_file($to, read_file($from));
	my $bytes = read_file($from);
	return if !$stock;
	run_program($stock, '-r', $from, '-w', $to, '-z');
}

make("$dir/full", 12000);
is((run_program($nfgeo, 'index', "$dir/full"))[1], "0 files indexed (0 bytes before, 0 now), 1 unchanged, 0 left alone\n",
	'a fresh index: nothing to do');

SKIP: {
	skip 'no stock nfdump', 22 unless $stock;
	mkdir "$dir/old";
	make("$dir/arrival", 12000, undef, 'arrival');
	bare("$dir/arrival", "$dir/old/nfcapd.202601010000");
	write_file("$dir/old/nfcapd.202601010005", read_file("$dir/full"));
	write_file("$dir/old/nfcapd.current.1", 'not looked at');
	my $file = "$dir/old/nfcapd.202601010000";
	my ($before, $totals) = (rows($file), (run_program($nfdump, '-I', '-r', $file))[1]);
	chmod 0640, $file;
	utime 1_600_000_000, 1_600_000_000, $file;
	my $created = substr(read_file($file), 8, 8);

	is(index_of($file), 'none', 'stock writes no index');
	my ($status, $out, $err) = run_program($nfgeo, 'index', '-n', "$dir/old");
	is("$status|$out|$err", "0|$file: no index\n1 files would be indexed, 1 are as they should be, 0 cannot be\n|", '-n');
	is(index_of($file), 'none', '-n does nothing');
	($status, $out, $err) = run_program($nfgeo, 'index', "$dir/old");
	like("$status|$out|$err", qr/^0\|1 files indexed \(\d+ bytes before, \d+ now\), 1 unchanged, 0 left alone\n\|$/, 'indexed');
	is(index_of($file), 'complete', 'the index is complete');
	ok(rows($file) eq $before, 'all rows, in their order');
	is((run_program($nfdump, '-I', '-r', $file))[1], $totals, 'totals stay');
	is(substr(read_file($file), 8, 8), $created, 'date stays');
	my @info = stat $file;
	is(sprintf('%o %d', $info[2] & 07777, $info[9]), '640 1600000000', 'mode and time of modification stay');
	is_deeply([grep { !/nfcapd.current.1$|nfcapd.2/ } glob "$dir/old/*"], [], 'nothing is left beside it');
	my $indexed = read_file($file);
	($status, $out) = run_program($nfgeo, 'index', '-q', "$dir/old");
	ok("$status|$out" eq '0|' && read_file($file) eq $indexed, 'a second time: nothing, and -q says nothing');
	run_program($nfgeo, 'index', '-f', $file);
	ok(read_file($file) eq $indexed, '-f makes the same again');

	# Outdated: our nfdump changes it well, stock does not know what it changes.
	write_file("$dir/outdated", $indexed);
	run_program($stock, '-J', '2', '-r', "$dir/outdated");
	like((run_program($nfgeo, 'index', '-n', "$dir/outdated"))[1], qr/outdated: its index is outdated\n/, 'stock -J leaves an outdated index');
	run_program($nfgeo, 'index', "$dir/outdated");
	is(index_of("$dir/outdated"), 'complete', 'and replaced');
	ok(rows("$dir/outdated") eq $before, 'all rows');

	# By country.
	($status, $out) = run_program($nfgeo, 'recluster', '-n', "$dir/old/nfcapd.202601010000");
	like("$status|$out", qr{^0\|\Q$file\E: \d+ bytes, would be \d+ \(-?[\d.]+ % saved\); a question about a country reads [\d.]+ % of it, would read [\d.]+ %\n1 files would be clustered, 0 stay, 0 left alone\n}, 'recluster -n');
	my ($old_share, $new_share) = $out =~ /reads ([\d.]+) %.*read ([\d.]+) %/;
	cmp_ok($new_share, '<', 0.6 * $old_share, "which would read $new_share % where it reads $old_share %");
	ok(read_file($file) eq $indexed, 'and changes nothing');
	($status, $out) = run_program($nfgeo, 'recluster', $file);
	like("$status|$out", qr/^0\|1 files clustered, 0 unchanged, 0 left alone\n\d+ bytes before, /, 'recluster');
	ok(rows($file, 1) eq join('', sort split /^/, $before), 'all rows');
	ok(rows($file) ne $before, 'in another order');
	is(index_of($file), 'complete', 'with a complete index');
	is((run_program($nfdump, '-I', '-r', $file))[1], $totals, 'totals stay');
	is((stat $file)[9], 1600000000, 'time of modification stays');
	my ($sorted) = run_program($stock, '-v', $file);
	is($sorted, 0, 'stock verifies it');
	is((run_program($nfgeo, 'recluster', '-n', $file))[1] =~ s/^.*: stays/stays/r, "stays: clustered already\n0 files would be clustered, 1 stay, 0 left alone\n", 'a second time: nothing to do');
	my $clustered = read_file($file);
	run_program($nfgeo, 'index', '-f', $file);
	ok(read_file($file) eq $clustered, 'index -f of a clustered file keeps it, block by block');
	like((run_program($nfgeo, 'recluster', '-n', $file))[1], qr/stays: clustered already/, 'leaves it clustered');
}

# What cannot gain stays.
make("$dir/few", 100);
make("$dir/bare", 3000, '-', 'arrival');
for my $case (['few', 'too few flows'], ['bare', 'no countries stored']) {
	my ($name, $why) = @$case;
	my $bytes = read_file("$dir/$name");
	like((run_program($nfgeo, 'recluster', '-n', "$dir/$name"))[1], qr/stays: $why/, "$name: $why");
	run_program($nfgeo, 'recluster', "$dir/$name");
	is(read_file("$dir/$name"), $bytes, "$name: unchanged");
}

# Damage, files that are open, what is no flow file: left alone, status 3 beside others, 1 alone.
my $good = read_file("$dir/full");
(my $damaged = $good) =~ s/^(.{200})..../$1XXXX/s;
write_file("$dir/damaged", $damaged);
write_file("$dir/open", substr($good, 0, 16) . pack('CCvVx8VV', unpack('CC', substr($good, 16, 2)), 0, 1, 0, 0) . substr($good, 40));
write_file("$dir/text", "no flows here, and some more text to be longer than a header\n");
for my $verb ('index', 'recluster') {
	for my $name (qw(damaged open text absent)) {
		my $bytes = read_file("$dir/$name") // '';
		my ($status, $out, $err) = run_program($nfgeo, $verb, '-f', "$dir/$name");
		is("$status " . ((read_file("$dir/$name") // '') eq $bytes ? 'same' : 'changed'), '1 same', "$verb $name: left alone");
		like($err, qr/^nfgeo $verb: .*$name/, "$verb $name: and named");
	}
	is((run_program($nfgeo, $verb))[0], 2, "$verb without files: status 2");
	is((run_program($nfgeo, $verb, '--nonsense', "$dir/few"))[0], 2, "$verb with a wrong option: status 2");
	is((run_program($nfgeo, $verb, '-h'))[0], 0, "$verb -h");
}
is((run_program($nfgeo, $_, '-f', "$dir/damaged", "$dir/full"))[0], 3, "$_: one of two: status 3") for qw(index recluster);
is_deeply([glob "$dir/nfcapd.current*"], [], 'no work files are left');
done_testing();
