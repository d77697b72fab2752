#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Flows of a country-clustered file in the order in which they came: nfdump -c, --arrival-order, nfgeo
# replay. The source port of each flow is its number.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::INET;
use NfGeoTest;
use Test::More;

need_programs('nfdump', 'nfgeo');
my ($nfdump, $nfgeo) = (path_of('nfdump'), path_of('nfgeo'));
my $flows = 20000;
my $dir = workdir();
my @country = ('CZ', 'US', 'DE', 'CN', 'FR', 'GB', 'NL', 'SK', 'AT', 'PL', 'UA', 'BR', '-');
my %number = (CZ => 203, US => 840, DE => 276, CN => 156, FR => 250, GB => 826, NL => 528, SK => 703,
	AT => 40, PL => 616, UA => 804, BR => 76);

sub write_flows {
	my ($path) = @_;
	open(my $pipe, '|-', "$ENV{TEST_BIN}/writeflows", $path, 'order') or die "writeflows: $!";
	for my $i (1 .. $flows) {
		my ($src, $dst) = @country[$i * 7 % 13, $i * $i % 12];
		my ($from, $to) = $src eq '-' ? ('-', '-') : ($number{$src}, $number{$dst});
		print $pipe join(' ', 'flow', '192.0.2.1', '198.51.100.1', $i, $i % 100, 6, 2, 1, 40,
			1700000000000 + $i, 0, 0, $from, $to, 1), "\n";
	}
	close($pipe) or die 'writeflows';
}

# Source ports in the order in which they are printed.
sub ports {
	my (@arguments) = @_;
	my ($status, $out, $err) = run_program($nfdump, '-q', '-o', 'fmt:%sp', @arguments);
	ok($status == 0 || ($status == 3 && $err =~ m{have no countries stored}), "nfdump @arguments: status") or diag $err;
	return [map { $_ + 0 } split /\n/, $out];
}

my $file = "$dir/nfcapd.202311142210";
write_flows($file);
my @all = (1 .. $flows);
my $plain = ports('-r', $file);
isnt("@$plain", "@all", 'the file is not in order of arrival');
is_deeply([sort { $a <=> $b } @$plain], \@all, 'and has all flows');
is_deeply(ports('-r', $file, '-c', $_), [1 .. $_], "-c $_: the first ones") for 1, 500, 19999;
is_deeply(ports('-r', $file, '-c', $flows + 1), \@all, '-c with more than there are');
is_deeply(ports('-r', $file, '--arrival-order'), \@all, '--arrival-order');
is_deeply(ports('-r', $file, '--arrival-order', '-W', 4, 'dst port 7'),
	[grep { $_ % 100 == 7 } @all], '--arrival-order with a filter');
is_deeply(ports('-r', $file, '-O', 'tstart'), \@all, '-O tstart');
is_deeply(ports('-r', $file, '-c', 50, 'src ctry CZ'), [(grep { $_ * 7 % 13 == 0 } @all)[0 .. 49]],
	'-c with a country');

my ($status) = run_program($nfdump, '-r', $file, '--arrival-order', '-w', "$dir/arrival");
is($status, 0, '-w --arrival-order: status');
is_deeply(ports('-r', "$dir/arrival"), \@all, 'a file in order of arrival again');
my (undef, $summary) = run_program($nfdump, '-r', "$dir/arrival", '-c', 5, '-o', 'null');
like($summary, qr/flows processed: 5, passed: 5,/, 'which is left after five flows');
(undef, $summary) = run_program($nfdump, '-r', $file, '-c', 5, '-o', 'null');
like($summary, qr/flows processed: $flows, passed: 5,/, 'the clustered one is not');

# What nfgeo replay sends as NetFlow v5: source port at byte 32 of each record of 48.
my $socket = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1', LocalPort => 0) or die;

sub replayed {
	my (@arguments) = @_;
	my @got;
	my ($status, undef, $err) = run_program($nfgeo, 'replay', '-q', '-p', $socket->sockport, '-v', 5,
		'-r', $file, @arguments);
	is($status, 0, "nfgeo replay @arguments: status") or diag $err;
	$socket->blocking(0);
	while (defined $socket->recv(my $datagram, 2000)) {
		push @got, unpack 'n', substr $datagram, 24 + 48 * $_ + 32, 2 for 0 .. unpack('x2n', $datagram) - 1;
	}
	return \@got;
}

is_deeply(replayed('-c', 400), [1 .. 400], 'the first flows, in their order');
is_deeply(replayed('dst port 7'), [grep { $_ % 100 == 7 } @all], 'the selected flows, in their order');
done_testing;
