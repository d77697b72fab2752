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
	my ($columns, $path, @filter) = @_;
	my @rows;
	if ($path) {
		my (undef, $out) = run_program('/usr/bin/nfdump', '-q', '-r', $path, '-o', 'csv', @filter);
		push @rows, map { join ',', (split /,/)[@$columns] } split /\n/, $out;
	}
	return [sort @rows];
}

SKIP: {
	skip 'no stock nfcapd', 10 unless -x '/usr/bin/nfcapd' && -x '/usr/bin/nfdump';
	for my $case (['soft-none', 9, [0 .. 40]], ['soft-none', 10, [0 .. 40]], ['soft-none', 5, [0 .. 8, 10 .. 12], 'ipv4'],
		['rich-none', 9, [0 .. 40]], ['rich-none', 10, [0 .. 8, 10 .. 22]]) {
		my ($name, $version, $columns, @filter) = @$case;
		my $dir = workdir("$name-$version");
		my $collector = collector(program => '/usr/bin/nfcapd', args => ['-w', $dir]);
		my ($status, $out) = run_program($nfgeo, 'replay', '-p', $collector->{port}, '-v',
			$version, '-r', "$vectors/$name.nfcapd", @filter);
		is($status, 0, "$name v$version: status");
		select undef, undef, undef, 0.5;
		$collector->stop;
		is_deeply(rows($columns, files_in($dir)), rows($columns, "$vectors/$name.nfcapd", @filter),
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
# Speeds: a flow goes out when it ended. Three flows over 0.8 s.
{
	open my $lines, '|-', "$ENV{TEST_BIN}/writeflows " . workdir() . '/paced x' or die;
	print $lines "flow 10.0.0.1 192.0.2.9 $_ 80 6 2 1 60 1709632801000 $_ 0 - 0 1\n" for 100, 500, 900;
	close $lines or die 'writeflows';
}
for my $case (['recorded', 0.8, 60], ['2x', 0.4, 60], ['0.5x', 1.6, 60], ['max', 0, 0.4], ['1000x', 0, 0.4]) {
	my ($speed, $least, $most) = @$case;
	($status, $out) = run_program(@to, '--speed', $speed, '-r', workdir() . '/paced');
	my ($seconds) = $out =~ /^3 flows sent in \d+ datagrams, .* in ([\d.]+) s$/m;
	cmp_ok($seconds // -1, '>=', $least, "--speed $speed: not sooner");
	cmp_ok($seconds // 99, '<', $most, '... nor later') if $ENV{NFGEO_SANITIZED} ne 'yes';
}
($status, $out) = run_program(@to, '--rate', 2, '-v', 5, '-r', $soft, 'ipv4');
like($out, qr/^31 flows sent in 2 datagrams, .* in (0\.[5-9]|[1-9])/, '--rate 2: the second datagram waits');
is($status, 0, '... and nothing was left out');
SKIP: {
	skip 'no script', 1 unless tool('script');
	my $command = join ' ', @to, '--speed', 'recorded', '-r', workdir() . '/paced';
	like(`script -qec '$command' /dev/null </dev/null`, qr/\r\d+ flows in \d+ datagrams sent.*\r\e\[K3 flows sent/s,
		'a progress line on a terminal, which goes away');
}
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
