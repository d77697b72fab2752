#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Queries that geo blocks answer, wholly or in part, print to the last byte what reading every record
# prints (--no-index): whole command lines, chosen at random, over clustered files and plain ones.
use strict;
use warnings;
use File::Temp qw(tempdir);
use NfGeoTest qw(need_programs path_of run_program);
use Test::More;

need_programs(qw(nfgeo nfdump));
my ($nfgeo, $nfdump) = map { path_of($_) } qw(nfgeo nfdump);
my $dir = tempdir(CLEANUP => 1);
$ENV{NFCONF} = 'none';
my $rounds = $ENV{NFGEO_ROUNDS} // ($ENV{NFGEO_SANITIZED} eq 'yes' ? 12 : 60);

my $seed = 29;
sub pick { $seed = ($seed * 1103515245 + 12345) % 2147483648; return int($seed / 65536) % $_[0] }
sub one_of { return $_[pick(scalar @_)] }

# Half of the flows have the home country on one side; few have the rarest. One slot of 300 s a file.
my @country = ((203) x 8, (840) x 4, 276, 276, 156, 642, 616, 36, 0, 1001, 1006);
sub flow {
	my ($slot) = @_;
	my ($s, $d) = pick(2) ? (0, pick(scalar @country)) : (pick(scalar @country), 0);
	my $six = pick(6) == 0;
	my ($src, $dst) = map { $six ? "2001:db8:$_\::" . pick(40) : "10.$_.0." . pick(40) } $s, $d;
	my ($proto, $flags) = @{one_of([6, 2], [6, 0x1b], [6, 0x12], [17, 0], [1, 0])};
	my @ports = (1024 + pick(1000), one_of(22, 53, 80, 443));
	return join(' ', 'flow', $src, $dst, @ports, $proto, $flags, 1 + pick(9), 60 + pick(9000),
		1795292100000 + 300000 * $slot + pick(290000), pick(1000), 64500 + $s,
		@country[$s, $d], 1 + pick(2));
}
sub write_slot {
	my ($slot, $count) = @_;
	my $name = sprintf('%s/in/nfcapd.2026112100%02d', $dir, 5 * $slot);
	open(my $pipe, '|-', "$ENV{TEST_BIN}/writeflows", $name, 's') or die "writeflows: $!";
	print {$pipe} "exporter 1 192.0.2.1\n", map { flow($slot) . "\n" } 1 .. $count;
	close($pipe) or die "writeflows: $name";
}
mkdir("$dir/in");
write_slot(@$_) for [0, 6000], [1, 9000], [2, 400];
my ($status) = run_program($nfgeo, 'recluster', '-f', "$dir/in/nfcapd.202611210000", "$dir/in/nfcapd.202611210005");
is($status, 0, 'two of three files are clustered');

my @filters = ('any', 'src ctry CZ', 'dst ctry in [ US DE ]', 'ctry RO', 'not ctry CZ', 'ctry @EU',
	'src ctry CZ and proto tcp', 'src ctry US and dst port 443 and proto tcp', 'proto udp and dst port 53',
	'src ctry = dst ctry', 'ctry private', 'ipv6 and src ctry CZ', 'src ctry DE and bytes > 4000',
	'src ctry AU or proto icmp', 'not (src ctry CZ or dst ctry CZ)', 'first seen > 2026-11-21T20:20:00');
my @sinks = (['-s', 'srcctry'], ['-s', 'ctry/bytes'], ['-s', 'dstctry:p'], ['-s', 'ctrypair', '-s', 'srccont'],
	['-s', 'srcip/flows'], ['-A', 'srcctry,dstctry', '-O', 'bytes'], ['-A', 'proto,dstport', '-O', 'flows'],
	['-o', 'null'], ['-o', 'csv', '-O', 'tstart'], ['-c', 50, '-o', 'long'], ['-a', '-O', 'bytes', '-n', 7, '-o', 'json'],
	['-s', 'srcclass', '-o', 'csv', '-n', 0]);

# Everything that is printed but how long it took and what was read for it.
sub printed {
	my ($code, $text, $errors) = run_program($nfdump, '-R', "$dir/in", @_);
	$text =~ s/^Sys: .*\n//mg;
	$text =~ s/, Blocks skipped.*//mg;
	return "exit $code\n$text$errors";
}
for my $round (1 .. $rounds) {
	my @command = (@{one_of(@sinks)}, pick(3) ? () : ('-t', '2026/11/21.20:1' . (5 + pick(5)) . ':30-2026/11/21.20:23:00'),
		'-W', 1 + pick(2), one_of(@filters));
	my ($answered, $read) = (printed(@command), printed('--no-index', @command));
	is($answered, $read, "@command");
}

# A test that compares nothing would pass: sums and index must have been asked.
my (undef, undef, $sums) = run_program($nfdump, '-R', "$dir/in", '--explain', '-s', 'srcctry');
like($sums, qr/answered from sums of files +3/, '-s srcctry is answered from sums');
my (undef, undef, $some) = run_program($nfdump, '-R', "$dir/in", '--explain', '-o', 'null', 'src ctry AU and bytes > 1');
like($some, qr{not read: other countries +\d}, 'blocks of other countries are passed over');
done_testing();
