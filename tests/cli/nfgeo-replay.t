#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# nfgeo replay to stock nfcapd: stock nfdump prints the same flows of what arrived as of the source.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use NfGeoTest;
use Test::More;

my $vectors = need_shared('vectors/nffile/stock');
need_programs('nfgeo');
my $nfgeo = path_of('nfgeo');
my $soft = "$vectors/soft-none.nfcapd";

# Columns of csv up to the MPLS labels: what follows is of the collector, not of the flow.
sub rows {
	my ($columns, @paths) = @_;
	my @rows;
	for my $path (@paths) {
		my (undef, $out) = run_program('/usr/bin/nfdump', '-q', '-r', $path, '-o', 'csv');
		push @rows, map { join ',', (split /,/)[@$columns] } split /\n/, $out;
	}
	return [sort @rows];
}

SKIP: {
	skip 'no stock nfcapd', 6 unless -x '/usr/bin/nfcapd' && -x '/usr/bin/nfdump';
	for my $case (['soft-none', 9, [0 .. 40]], ['soft-none', 10, [0 .. 40]],
		['rich-none', 9, [0 .. 40]], ['rich-none', 10, [0 .. 8, 10 .. 22]]) {
		my ($name, $version, $columns) = @$case;
		my $dir = workdir("$name-$version");
		my $collector = collector(program => '/usr/bin/nfcapd', args => ['-w', $dir]);
		my ($status, $out) = run_program($nfgeo, 'replay', '-p', $collector->{port}, '-v',
			$version, '-r', "$vectors/$name.nfcapd");
		is($status, 0, "$name v$version: status");
		select undef, undef, undef, 0.5;
		$collector->stop;
		is_deeply(rows($columns, files_in($dir)), rows($columns, "$vectors/$name.nfcapd"),
			"$name v$version: the same flows");
	}
}

# Nobody has to listen for these: a socket of our own keeps the port open.
my $socket = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1', LocalPort => 0) or die;
my @to = ($nfgeo, 'replay', '-p', $socket->sockport);
my ($status, $out, $err) = run_program(@to, '-v', 5, '-r', $soft);
is($status, 3, 'v5 with IPv6 flows: status 3');
like($out, qr/^31 flows sent in 2 datagrams.*16 IPv6 flows not sent/s, 'and how many');
($status, $out) = run_program(@to, '-c', 5, '-r', $soft, 'proto tcp');
is($status, 0, 'filter and -c');
like($out, qr/^5 flows sent in \d+ datagrams/, 'five flows');
($status, $out, $err) = run_program(@to, '-r', $soft, 'src prt 5');
is($status, 1, 'bad filter');
($status, $out, $err) = run_program(@to, '-v', 7, '-r', $soft);
is($status, 2, 'bad version');
my $pid = fork() // die;
if (!$pid) {
	open STDOUT, '>', workdir() . '/partial';
	exec @to, '--speed', '0.01x', '-r', $soft;
}
select undef, undef, undef, 0.7;
kill 'INT', $pid;
waitpid $pid, 0;
is($? >> 8, 3, 'interrupted: status 3');
like(read_file(workdir() . '/partial'), qr/^Interrupted: \d+ flows sent/, 'with a summary');
done_testing;
