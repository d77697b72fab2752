#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Elements that few exporters send: tunnels, payload, port blocks, firewall and NAT events, access lists,
# TTL, ethertype, MPLS, latencies. A flow of each, known by its source port: which filters find it, how it
# prints, and, where stock knows the element, that stock has the same.
use strict;
use warnings;
no warnings 'portable'; # numbers of 64 bits
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP;
use NfGeoTest;
use Socket qw(inet_pton AF_INET AF_INET6);
use Test::More;

@ENV{qw(TZ LC_ALL NFGEODB)} = qw(UTC C none);
delete $ENV{NFCONF};
my ($nfdump, $stock) = (path_of('nfdump'), '/usr/bin/nfdump');
my $dir = workdir();

sub ip6 { return join '', map { scalar reverse } unpack 'a8 a8', inet_pton(AF_INET6, shift) }
sub rip4 { return join '', map { scalar reverse inet_pton(AF_INET, $_) } @_ }
sub rip6 { return join '', map { ip6($_) } @_ }
my $ms = 1709632801999;
my $get = "GET /index.html HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
my $ok = "HTTP/1.1 200 OK\r\n\r\n\0\0";
# source port => protocol, elements
my %flow = (
	1000 => [6, 29 => $get],
	1001 => [6, 29 => join('', map { chr } 0 .. 47)],
	1002 => [6, 29 => $get, 30 => $ok],
	1003 => [6, 30 => "\xff\xfe\0abc\"\\\n\t"],
	1004 => [47, 31 => rip4('172.16.0.1', '172.16.0.2') . pack('V', 6)],
	1005 => [47, 32 => rip6('2001:db8::5', '2001:db8::6') . pack('V V', 17, 0)],
	1006 => [6, 20 => rip4('203.0.113.1', '198.51.100.7'), 22 => pack('v v', 4000, 8080),
		25 => pack('Q< V C C v', $ms, 7, 4, 0, 0), 26 => pack('v4', 1000, 2047, 1, 1048), 'event'],
	1007 => [6, 19 => pack('Q< V v C C', $ms, 77, 1001, 3, 0), 23 => pack('N6', 1 .. 6),
		24 => pack('a66 v', 'alice', 0), 'event'],
	1010 => [6, 14 => pack('V10', 3001 << 4 | 5 << 1, 17 << 4 | 1, (0) x 8)],
	1011 => [6, 15 => pack('Q<4', map { 0x020000000000 + $_ } 1 .. 4)],
	1012 => [6, 17 => pack('Q<3', 1500, 2500, 3_000_000)],
	1013 => [6, 28 => "my label\0"],
	1014 => [6, 33 => pack('Q< V x4', 0x1122334455, 0x77)],
	1015 => [6, 36 => pack('V V', 200, 100)],
	1018 => [6, 9 => ip6('2001:db8::9'), 11 => ip6('2001:db8::11'), 13 => ip6('2001:db8::13')],
	1020 => [6, 21 => rip6('2001:db8::21', '2001:db8::22'), 25 => pack('Q< V C C v', $ms, 7, 6, 0, 0), 'event'],
	1025 => [6, 5 => pack('Q<3', 3, 20, 2000)],
);
# of nfdump 1.7.5 and later; 1.7.1 complains about them
my %newer = (
	1008 => [6, 38 => pack('v4 V V Q< v C x5', 10, 20, 30, 40, 5, 6, 99, 0x0800, 4)],
	1009 => [6, 42 => pack('C4', 0, 0x40, 60, 64)],
	1016 => [6, 42 => pack('C4', 0, 0x40, 64, 64)],
);

sub make {
	my ($name, %flows) = @_;
	open my $out, '|-', "$ENV{TEST_BIN}/writeflows $dir/$name rich" or die;
	print $out "exporter 1 127.0.0.1\n";
	for my $port (sort keys %flows) {
		my ($proto, @rest) = @{$flows{$port}};
		my @words;
		while (@rest) {
			my $id = shift @rest;
			push @words, $id eq 'event' ? $id : "$id=" . unpack('H*', shift @rest);
		}
		print $out "flow 10.0.0.1 192.0.2.9 $port 80 $proto 27 10 1000 1709632801341 1000 64512 - 0 1 @words\n";
	}
	close $out or die 'writeflows';
}
make('old.nf', %flow);
make('new.nf', %newer);

sub ports {
	my ($program, $file, $filter) = @_;
	my ($status, $out, $err) = run_program($program, '-r', "$dir/$file", '-q', '-o', 'fmt:%sp', $filter);

	return "status $status: $err" if $status;
	# what a tunnel carries prints a line with port 0
	return join ' ', grep { $_ && /^\d+$/ } split ' ', $out;
}

# filter => source ports; S: stock 1.7.1 knows it and selects the same
my @filters = (
	['tunip 172.16.0.1', '1004', 'S'], ['src tunip 172.16.0.1', '1004', 'S'],
	['dst tunip 172.16.0.1', '', 'S'], ['tunip 2001:db8::6', '1005', 'S'],
	['src tun ip 2001:db8::5', '1005'], ['tun ip 172.16.0.2', '1004'],
	['tun proto 6', '1004', 'S'], ['tun proto udp', '1005', 'S'],
	["payload content 'GET'", '1000 1002', 'S'], ["payload content '200 OK'", '1002'],
	["payload regex 'GET|POST'", '1000 1002'], ["payload regex 'host: www' i", '1000 1002'],
	["payload regex 'host: www'", ''], ["payload content 'abc'", '1003'],
	['pblock start 1000', '1006', 'S'], ['pblock start > 1000', '', 'S'], ['pblock end 2047', '1006', 'S'],
	['pblock step 1', '1006', 'S'], ['nat pblock size 1048', '1006'], ['src port in pblock', '1006'],
	['dst port in pblock', ''], ['port in nat pblock', '1006'], ['not port in pblock and event', undef],
	['asa event deny', '1007', 'S'], ['asa event 3', '1007', 'S'], ['asa event denied ingress', '1007', 'S'],
	['asa denied egress', ''], ['asa xevent 1001', '1007', 'S'], ['asa user alice', '1007'],
	['asa user alic', ''],
	['ingress acl 1', '1007', 'S'], ['ingress ace 0x2', '1007', 'S'], ['ingress xace 3', '1007', 'S'],
	['egress acl 4', '1007'], ['ingress acl > 1', ''], ['ingress acl < 2 and asa event 3', '1007'],
	['nat event 4', '1006', 'S'], ['nat event 6', '1020', 'S'], ['nip 203.0.113.1', '1006', 'S'],
	['src nip 203.0.113.1', '1006', 'S'], ['dst xip 198.51.100.7', '1006', 'S'],
	['nip 2001:db8::21', '1020', 'S'], ['src xnet 203.0.113.0/24', '1006', 'S'],
	['nport 4000', '1006', 'S'], ['dst nat port 8080', '1006'],
	['mpls label1 3001', '1010', 'S'], ['mpls label2 17', '1010', 'S'], ['mpls exp1 5', '1010', 'S'],
	['mpls eos 17', '1010', 'S'], ['mpls any 17', '1010'], ['mpls any 18', ''],
	['in src mac 02:00:00:00:00:01', '1011', 'S'], ['out dst mac 02:00:00:00:00:02', '1011', 'S'],
	['in dst mac 02:00:00:00:00:03', '1011', 'S'], ['src mac 02:00:00:00:00:04', '1011', 'S'],
	['dst mac 02:00:00:00:00:04', '', 'S'],
	['client latency 1500', '1012', 'S'], ['server latency > 2499', '1012', 'S'],
	['app latency 3000000', '1012', 'S'],
	['observation point id 0x1122334455', '1014', 'S'], ['observation domain id 0x77', '1014', 'S'],
	['ingress vrf 100', '1015', 'S'], ['egress vrf 200', '1015', 'S'],
	['next ip 2001:db8::11', '1018', 'S'], ['bgpnext ip 2001:db8::9', '1018', 'S'],
	['router ip 2001:db8::13', '1018', 'S'], ['flows 3', '1025', 'S'], ['out bytes 2000', '1025', 'S'],
);
for (@filters) {
	my ($filter, $want, $peer) = @$_;
	next unless defined $want;
	is(ports($nfdump, 'old.nf', $filter), $want, $filter);
  SKIP: {
		skip 'no stock nfdump: apt-get install nfdump', 1 unless !$peer || -x $stock;
		is(ports($stock, 'old.nf', $filter), $want, "stock: $filter") if $peer;
	}
}
for (['ethertype 0x800', '1008'], ['ethertype 2049', ''], ['min ttl 60', '1009'], ['max ttl 64', '1009 1016'],
	['ttl 60', '1009'], ['min ttl > 60', '1016'], ['ttl equal', '1016'], ['max ttl < 64', '']) {
	is(ports($nfdump, 'new.nf', $_->[0]), $_->[1], $_->[0]);
}

# Formats: stock prints the same, but for what is said here.
sub printed {
	my ($program, $format, $filter) = @_;
	my (undef, $out) = run_program($program, '-r', "$dir/old.nf", '-q', '-o', $format, $filter // 'any');

	return $out;
}
SKIP: {
	skip 'no stock nfdump: apt-get install nfdump', 7 unless -x $stock;
	for my $format (qw(line long extended biline bilong nsel nel),
		'fmt:%sp %ipl', 'fmt:%iacl|%eacl|%evt|%xevt|%uname|%nsap|%ndap|%pbstart|%pbend|%pbstep|%pbsize',
		'fmt:%cl|%sl|%al|%mpls1|%mpls|%ismc|%odmc|%idmc|%osmc|%nh|%nhb|%ra|%odid|%opid|%ivrf|%evrf|%lbl',
		'fmt:%nfv %cnt %exp %fl %tos') {
		is(printed($nfdump, $format), printed($stock, $format), "-o $format");
	}
	# the stored flags for any protocol: spec; of other protocols stock prints none
	is(printed($nfdump, 'raw', 'proto 6'), printed($stock, 'raw', 'proto 6'), '-o raw');
}
is(printed($nfdump, 'fmt:%sp %opl', 'src port 1003'),
	"  1003 FF FE 00 61 62 63 22 5C  0A 09                    |  ...abc\"\\.. \n\n", '%opl');
is(printed($nfdump, 'line', 'src port 1004'),
	"2024-03-05 10:00:01.341     00:00:01.000 TCP         172.16.0.1:0     ->       172.16.0.2:0"
	. "            0        0     0\n"
	. "2024-03-05 10:00:01.341     00:00:01.000 GRE           10.0.0.1:1004  ->        192.0.2.9:80"
	. "          10     1000     1\n", 'what a tunnel carries has a line of its own');
is(printed($nfdump, 'csv', 'src port 1004') =~ tr/\n//, 1, '... and none in csv: one row a flow');
{
	my $json = decode_json(printed($nfdump, 'json'));
	is(scalar @$json, scalar keys %flow, 'json is valid');
	my %by_port = map { $_->{src_port} => $_ } @$json;
	is($by_port{1007}{ingress_acl}, '0x1/0x2/0x3', 'json: access lists as the exporter numbers them');
	is($by_port{1004}{src4_tun_ip}, '172.16.0.1', 'json: tunnel');
	is($by_port{1006}{pblock_end}, 2047, 'json: port block');
}
for (['iacl', '0x1'], ['eacl', '0x4'], ['ixace', '0x3']) {
	my (undef, $out) = run_program($nfdump, '-r', "$dir/old.nf", '-q', '-s', $_->[0], '-o', 'csv', 'asa event 3');
	like($out, qr/,any,$_->[1],/, "-s $_->[0]");
}
# A firewall's events and those of NAT have the same numbers, and each its own names.
sub events {
	my ($program, $statistic, $output, $filter) = @_;
	my (undef, $out) = run_program($program, '-r', "$dir/old.nf", '-q', '-s', $statistic, '-n', 0, '-o', $output, $filter);

	return join "\n", sort split /\n/, $out;
}
for my $statistic ('event', 'nevent') {
	like(events($nfdump, $statistic, 'line', 'asa event 3'), qr/any +DENIED +1\(/, "-s $statistic: firewall");
	like(events($nfdump, $statistic, 'pipe', 'nat event 4'), qr/\|0\|4\|1\|10\|/, "-s $statistic: NAT, as a number");
  SKIP: {
		skip 'no stock nfdump: apt-get install nfdump', 2 unless -x $stock;
		is(events($nfdump, $statistic, $_, 'any'), events($stock, $statistic, $_, 'any'), "-s $statistic -o $_: as stock")
			for 'line', 'pipe';
	}
}
done_testing();
