#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Stock nfcapd restarted in a slot appends to a file of ours: all flows are there, for stock and
# for us, and the geo blocks no longer claim to describe the whole file.
use strict;
use warnings;
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX qw(strftime);
use Test::More;

my $in = "$ENV{NFGEO_SHARED}/vectors/nffile/stock/rich-none.nfcapd";
my $tool = "$ENV{TEST_BIN}/nffile";
plan skip_all => 'no ../shared' unless -f $in;
plan skip_all => 'no stock nfcapd: apt-get install nfdump' unless -x '/usr/bin/nfcapd';

my $dir = tempdir(CLEANUP => 1);
my $slot = 3600;

sub slot_name {
	my $time = shift;
	return strftime('nfcapd.%Y%m%d%H%M', gmtime($time - $time % $slot));
}

sub free_port {
	my $socket = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1') or die;
	return $socket->sockport;
}

# One v5 record 192.0.2.1 > 192.0.2.2.
sub v5 {
	my $head = pack 'nnNNNNCCn', 5, 1, 60000, time, 0, 0, 0, 0, 0;
	my $record = pack 'NNNnnNNNNnnCCCCnnCCn', 0xc0000201, 0xc0000202, 0, 1, 2, 3, 180, 1000, 2000,
		1234, 80, 0, 0x1b, 6, 0, 0, 0, 0, 0, 0;
	return $head . $record;
}

for my $how ('plain', 'tail') {
	my $name = slot_name(time);
	my $file = "$dir/$name";
	my $port = free_port();
	unlink glob "$dir/*";
	system("$tool copy $in $file lz4 $how") == 0 or die;
	my $pid = fork // die;
	if (!$pid) {
		open STDERR, '>', "$dir/pcap.log";
		exec '/usr/bin/nfcapd', '-b', '127.0.0.1', '-p', $port, '-w', $dir, '-t', $slot, '-y';
	}
	my $to = IO::Socket::INET->new(Proto => 'udp', PeerAddr => '127.0.0.1', PeerPort => $port);
	sleep 2;
	$to->send(v5());
	sleep 1;
	kill 'TERM', $pid;
	waitpid $pid, 0;
	SKIP: {
		skip 'the slot ended while the test ran', 4 if slot_name(time) ne $name;
		my $stock = `/usr/bin/nfdump -q -r $file -o csv 2>&1 | wc -l`;
		# With -q there is no header line.
		is($stock + 0, 26, "$how: stock reads 25 + 1 flows");
		my $ours = `$tool show $file`;
		is($? >> 8, 0, "$how: no damage for us");
		like($ours, qr/ flows=26 .*totals=yes\/26/, "$how: we read 25 + 1 flows");
		like($ours, $how eq 'tail' ? qr/geo sealed=0 complete=0 entries=1/ : qr/geo none/,
			"$how: geo blocks describe the old part only");
	}
}
done_testing;
