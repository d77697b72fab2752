#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
#
# Every shared capture of real v5, v7, v9 and IPFIX exporters: the number of flows is the one that
# nfdump 1.7.1 has, and all records are those that stock nfcapd writes on loopback, but for what
# tests/wire/captures.list allows. Its columns: datagrams, flows, kinds of differences, files. The
# kinds must be exactly those found: a defect of stock that is gone is news, too.
#
#   times counters icmp tos flags-1 (fields of element 1)   masks (of element 4)   sampled (flag 2)
#   samplers (records 15)   names (records 12 to 14)   sequence (failures in record 8)
use strict;
use warnings;
use File::Temp qw(tempdir);
use IO::Socket::INET;

my $captures = "$ENV{NFGEO_SHARED}/captures/exporters";
my ($decode, $send, $records) = map { "$ENV{TEST_BIN}/$_" } qw(decode send records);
my (@groups, $n);

if (!-d $captures) {
	print "1..1\nok 1 # SKIP no ../shared\n";
	exit;
}
open(my $list, '<', "$ENV{srcdir}/tests/wire/captures.list") or die "captures.list: $!";
while (<$list>) {
	next if /^#/;
	chomp;
	my ($datagrams, $flows, $kinds, $files) = split /\t/;
	push @groups, {datagrams => $datagrams, flows => $flows, address => '127.1.0.' . (1 + @groups),
		kinds => $kinds eq '-' ? '' : $kinds, files => [map { "$captures/$_" } split ' ', $files],
		name => $files =~ /^(\S+) / ? "$1 .." : $files};
}
my $dir = tempdir(CLEANUP => 1);
my ($stock) = grep { -x } map { "$_/nfcapd" } qw(/usr/bin /usr/local/bin);
print '1..', (defined $stock ? 2 : 1) * @groups, "\n";

sub result
{
	my ($good, $name, @notes) = @_;
	print $good ? 'ok ' : 'not ok ', ++$n, " - $name\n", map { "# $_\n" } $good ? () : @notes;
}

# Records by exporter address: flows, other records by type; record 8 by its exporters.
sub parse
{
	my ($path) = @_;
	my (%by, %address, $flow);

	open(my $in, '<', $path) or die "$path: $!";
	while (defined(local $_ = <$in>)) {
		if (/^record type=7 size=32 (\w+)/) {
			my @b = unpack('C*', pack('H*', $1));
			$address{$b[22] | $b[23] << 8} = join '.', reverse @b[12 .. 15];
		}
		elsif (/^record type=8 size=\d+ \w{8}(\w+)/) {
			for (unpack('(A48)*', $1)) {
				my ($id, $failed, $datagrams, $flows) = unpack('VVQ<Q<', pack('H*', $_));
				push @{$by{$address{$id}}{stats}}, [$failed, "$datagrams $flows"];
			}
		}
		elsif (/^record type=(1[2345]) size=\d+ (\w+)/) {
			# A name record does not say whose it is; they come in the order of the groups.
			my $of = $1 == 15 ? $address{unpack 'v', pack('H4', $2)} : 'names';
			push @{$by{$of}{$1}}, $2;
		}
		elsif (/^flow size=\d+ flags=(\d+) (.*) sysid=(\d+)/) {
			$flow = {flags => $1 + 0, header => $2, elements => []};
			push @{$by{$address{$3}}{flows}}, $flow;
		}
		elsif (/^  element (\d+) length (\d+) (\w*)/) {
			push @{$flow->{elements}}, [$1, $2, pack('H*', $3)];
		}
		elsif (/^Ident/) { last }
	}
	return \%by;
}

# Which fields of element 1 differ.
my @generic = (times => 0, 16, received => 16, 8, counters => 24, 16, src_port => 40, 2, dst_port => 42, 2,
	proto => 44, 1, tcpflags => 45, 1, fwdstatus => 46, 1, tos => 47, 1);

sub compare_element
{
	my ($theirs, $ours, $kinds) = @_;
	my ($id, $a, $b) = ($theirs->[0], $theirs->[2], $ours->[2]);
	my @places = $id == 1 ? @generic : $id == 4 ? (interfaces => 0, 8, masks => 8, 2, misc => 10, 6)
		: $id == 5 ? (flows => 0, 8, counters => 8, 16) : ();

	return if $a eq $b;
	if ($theirs->[1] != $ours->[1] || !@places) {
		$kinds->{"element $id"} = 1;
		return;
	}
	while (my ($name, $at, $len) = splice(@places, 0, 3)) {
		next if substr($a, $at, $len) eq substr($b, $at, $len);
		my $proto = $id == 1 ? ord substr($b, 44, 1) : 0;
		$name = 'icmp' if $name =~ /port/ && ($proto == 1 || $proto == 58);
		$kinds->{$name} = 1;
	}
}

sub compare_flow
{
	my ($theirs, $ours, $kinds) = @_;
	my @ids = map { join ',', map { $_->[0] } @{$_->{elements}} } $theirs, $ours;

	$kinds->{sampled} = 1 if ($theirs->{flags} ^ $ours->{flags}) & 2;
	$kinds->{flags} = 1 if ($theirs->{flags} ^ $ours->{flags}) & ~2;
	$kinds->{header} = 1 if $theirs->{header} ne $ours->{header};
	if ($ids[0] ne $ids[1]) {
		$kinds->{'elements'} = 1;
		return;
	}
	compare_element($theirs->{elements}[$_], $ours->{elements}[$_], $kinds)
		for 0 .. $#{$ours->{elements}};
}

sub differences
{
	my ($theirs, $ours) = @_;
	my %kinds;
	my @flows = map { $_->{flows} // [] } $theirs, $ours;

	$kinds{'flow count'} = 1 if @{$flows[0]} != @{$flows[1]};
	for (0 .. $#{$flows[1]}) {
		compare_flow($flows[0][$_], $flows[1][$_], \%kinds) if $flows[0][$_];
	}
	my @samplers = map { join ' ', @{$_->{15} // []} } $theirs, $ours;
	$kinds{samplers} = 1 if $samplers[0] ne $samplers[1];
	for my $stat (0, 1) {
		my @stats = map { join ',', map { $_->[$stat] } @{$_->{stats} // []} } $theirs, $ours;
		$kinds{('sequence', 'statistics')[$stat]} = 1 if $stats[0] ne $stats[1];
	}
	return join ',', sort keys %kinds;
}

for my $group (@groups) {
	my $flows = `$decode -c @{$group->{files}} 2>/dev/null`;
	chomp $flows;
	result($flows eq $group->{flows}, "$group->{name}: $group->{flows} flows", "got $flows");
}
exit if !defined $stock;

sub run_stock
{
	my $probe = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1') or die "socket: $!";
	my $port = $probe->sockport;
	close($probe);
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		open(STDOUT, '>', '/dev/null');
		open(STDERR, '>', "$dir/log");
		exec $stock, '-p', $port, '-w', $dir, '-t', 86400, '-B', 4000000;
	}
	for (1 .. 100) {
		open(my $udp, '<', '/proc/net/udp');
		my @bound = (<$udp>);
		open($udp, '<', '/proc/net/udp6') and push @bound, <$udp>;
		last if grep { /:\Q@{[sprintf '%04X', $port]}\E / } @bound;
		select(undef, undef, undef, 0.05);
	}
	for my $group (@groups) {
		my $sent = `$send --rate 4000 --bind $group->{address} 127.0.0.1 $port @{$group->{files}}`;
		warn "$group->{name}: $sent" if $sent !~ /^$group->{datagrams} datagrams sent, 0 refused/;
	}
	select(undef, undef, undef, 0.3);
	kill 'TERM', $pid;
	waitpid($pid, 0);
	system("$records $dir/nfcapd.* > $dir/stock") == 0 or die "no file of stock nfcapd";
}

run_stock();
my $all = join ' ', map { "-a $_->{address} @{$_->{files}}" } @groups;
system("$decode $all > $dir/ours 2>/dev/null") == 0 or die 'decode failed';
my ($theirs, $ours) = (parse("$dir/stock"), parse("$dir/ours"));
for my $group (@groups) {
	my $kinds = differences(map { $_->{$group->{address}} // {} } $theirs, $ours);
	result($kinds eq $group->{kinds}, "$group->{name}: as stock"
		. ($group->{kinds} ? " but for $group->{kinds}" : ''), "differences: $kinds");
}
