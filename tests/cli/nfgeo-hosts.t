#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# How many hosts in each country: sketches in files against what nfdump counts exactly, the same from
# sketches and from records, kept by every program that writes files, and verified.
use strict;
use warnings;
use Test::More;
use Collector ();
use NfGeoTest;

need_programs(qw(nfdump nfgeo nfprofile writeflows));
my $dir = workdir('hosts');
my ($nfdump, $nfgeo) = map { path_of($_) } qw(nfdump nfgeo);
$ENV{NFCONF} = 'none';
my $conf = write_file("$dir/conf", "[geo]\nsketches = true\n");

# Country n has about 30 * n * n hosts, seen some times each, in both families.
my @codes = (203, 840, 276, 156, 40, 250, 616, 36);
my $seed = 5;
sub pick { $seed = ($seed * 1103515245 + 12345) % 2147483648; return int($seed / 65536) % $_[0] }
sub host {
	my ($n, $six) = @_;
	my $host = pick(30 * $n * $n + 1);
	return !$six ? sprintf('10.%d.%d.%d', $n, $host >> 8, $host & 255) : sprintf('2001:db8:%x::%x', $n, $host);
}
sub make {
	my ($path, $count) = @_;
	open my $out, '|-', path_of('writeflows'), $path, 'here' or die;
	for my $n (1 .. $count) {
		my ($s, $d, $six) = (pick(8), pick(8), pick(5) == 0);
		my ($src, $dst) = (host($s, $six), host($d, $six));
		printf {$out} "flow %s %s %d 80 6 2 1 60 %d 5 64500 %d %d 1\n", $src, $dst, 1024 + $n % 60000,
			1_700_000_000_000 + $n, @codes[$s, $d];
	}
	close $out or die;
}
mkdir "$dir/in";
make("$dir/in/nfcapd.202311142210", 12000);
make("$dir/in/nfcapd.202311142215", 6000);
my @in = ('-R', "$dir/in");

# country -> [in, out], and of all.
sub estimated {
	my ($status, $out, $err) = run_program($nfgeo, 'totals', '--hosts', @_);
	my %hosts = map { $_->[0] => [$_->[1], $_->[2]] }
		map { /^country\t(\d+)\t.*\t(\d+)\t(\d+)$/ ? [$1, $2, $3] : /^total\t.*\t(\d+)\t(\d+)$/ ? ['all', $1, $2] : () }
		split /\n/, $out;
	my ($read) = $out =~ /^end\t(.*)$/m;
	return (\%hosts, $read, "$status$err");
}
# As nfdump lists them.
sub counted {
	my %seen;
	my ($status, $out) = run_program($nfdump, '-q', '-6', '-o', 'fmt:%da %dcc %sa %scc', @_);
	for (split /\n/, $out) {
		my ($da, $dcc, $sa, $scc) = split;
		$seen{$_}[0]{$da} = 1 for $dcc, 'all';
		$seen{$_}[1]{$sa} = 1 for $scc, 'all';
	}
	return {map { $_ => [map { scalar keys %{$_ // {}} } @{$seen{$_}}[0, 1]] } keys %seen};
}
# 4 standard errors, and 2 hosts for small numbers.
sub near {
	my ($got, $want) = @_;
	return join ', ', grep { $_ } map {
		my $key = $_;
		map { my ($g, $w) = ($got->{$key}[$_] // -1, $want->{$key}[$_]);
			abs($g - $w) > 0.092 * $w + 2 ? "$key: $g for $w" : '' } 0, 1
	} sort keys %$want;
}
sub has_sketches { return (run_program($nfgeo, 'index', '-n', '-s', $_[0]))[1] =~ /^0 files would/m }

my ($first, $read, $rest) = estimated(@in);
is("$read $rest", "2\t0 0", 'without sketches the files are read');
my $exact = counted(@in);
cmp_ok($exact->{36}[0], '>', 1200, 'a country of many hosts');
is(near($first, $exact), '', 'hosts of each country, and of all');
ok(!has_sketches("$dir/in"), 'files have no sketches unless somebody wants them');

is((run_program($nfgeo, 'index', '-q', '-s', "$dir/in"))[0], 0, 'nfgeo index --sketches');
ok(has_sketches("$dir/in"), 'and there they are');
my ($again, $summed, $status) = estimated(@in);
is("$summed $status", "2\t2 0", 'then no file is read');
is_deeply($again, $first, 'and the estimates are the same');
is_deeply((estimated('--no-index', @in))[0], $first, 'also with --no-index');
my ($some) = estimated(@in, 'dst port 80 and src ctry in [ CZ AU ]');
is(near($some, counted(@in, 'src ctry in [ CZ AU ]')), '', 'with a filter');
is((run_program($nfgeo, 'verify', "$dir/in"))[0], 0, 'nfgeo verify: all is well');
my ($plain, $table) = run_program($nfdump, @in, '-q', '-N', '-s', 'dstctry/hosts', '-o', 'csv', '-n', '0');
my %listed = map { /^\d/ ? (split /,/)[4, 14] : () } split /\n/, $table;
is_deeply(\%listed, {map { $_ => $exact->{$_}[0] } grep { $_ ne 'all' } keys %$exact},
	'exact numbers are those of nfdump -s dstctry/hosts') or diag($table);

# Every program that rewrites a file keeps them; those that make one have a key.
my $one = "$dir/in/nfcapd.202311142210";
my ($want) = estimated('-r', $one);
for my $case (['nfdump -J', sub { run_program($nfdump, '-J', 'zstd', '-r', $_[0]) }],
	['nfdump -i', sub { run_program($nfdump, '-i', 'other', '-r', $_[0]) }],
	['nfgeo recluster', sub { run_program($nfgeo, 'recluster', '-q', '-f', $_[0]) }],
	['nfgeo index', sub { run_program($nfgeo, 'index', '-q', '-f', $_[0]) }]) {
	my ($name, $rewrite) = @$case;
	write_file("$dir/copy", read_file($one));
	is(($rewrite->("$dir/copy"))[0], 0, $name);
	ok(has_sketches("$dir/copy"), "$name keeps the sketches");
	is_deeply((estimated('-r', "$dir/copy"))[0], $want, "$name: of the same hosts");
}
is((run_program($nfdump, '-C', $conf, '-r', $one, '-w', "$dir/written"))[0], 0, 'nfdump -w');
ok(has_sketches("$dir/written"), 'with geo.sketches it writes them');
is((run_program($nfdump, '-C', 'none', '-r', $one, '-w', "$dir/written"))[0], 0, 'nfdump -w without it');
ok(!has_sketches("$dir/written"), 'does not');
like((run_program($nfdump, '-C', write_file("$dir/bad", "[geo]\nsketches = 5\n"), '-r', $one, '-w', "$dir/x"))[2],
	qr/sketches/, 'the key takes true and false');

# Flows that others added are counted.
SKIP: {
	my $stock = -x '/usr/bin/nfdump' ? '/usr/bin/nfdump' : undef;
	skip 'no stock nfdump', 4 unless $stock;
	delete local $ENV{NFCONF};
	is((run_program($stock, '-q', '-o', 'line', '-r', $one))[1], (run_program($nfdump, '-q', '-o', 'line', '-r', $one))[1],
		'stock reads a file with sketches');
	run_program($stock, '-r', $one, '-w', "$dir/stock", 'port 80');
	ok(!has_sketches("$dir/stock"), 'and writes none');
	my ($got, $done, $said) = estimated('-r', "$dir/stock");
	is("$done $said", "1\t0 0", 'such a file is read');
	is_deeply($got, $want, 'for the same answer');
}

# The collector.
my $run = Collector->new(bare => 1);
my $db = write_file("$dir/db.csv", join '', map { join(',', $_ << 24, ($_ << 24) + 0xffffff, $_ % 2 ? 'CZ' : 'US') . "\n" } 1 .. 223);
my $own = write_file("$dir/own", "[geo]\nmin_coverage = 0\nmax_age_days = 0\n");
$run->{args} = ['-w', $run->{data}, '-G', $db, '-C', $own, '-t', 3600, '-B', 8000000, '--sketches'];
$run->start;
is($run->generate(9, 5000), 5000, 'nfcapd --sketches: flows');
is($run->stop, 0, 'stopped');
my ($file) = $run->files;
my ($hosts, $none, $good) = estimated('-r', $file);
is("$none $good", "1\t1 0", 'its file is not read');
is(near($hosts, counted('-r', $file)), '', 'its hosts');
is((run_program($nfgeo, 'verify', $file))[0], 0, 'verified');
done_testing();
