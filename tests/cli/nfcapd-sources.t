#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Several sources: -n by address, -M dynamic, from the configuration; repeaters; strangers.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(sleep);
use Collector qw(flows_of slurp spew wait_for);

my $gen = "$ENV{builddir}/tests/bench/flowgen";

# Datagrams with flows 10, 20 and 30 from three senders.
sub send_three {
	my ($collector) = @_;
	my %host = (10 => ['127.0.0.1', '127.0.0.1'], 20 => '::1', 30 => ['127.0.0.1', '127.0.0.3']);
	for my $count (10, 20, 30) {
		my $file = "$collector->{dir}/$count";
		system $gen, '-q', '-v', 5, '-n', $count, '-o', $file and die;
		$collector->send_file($host{$count}, $file);
		sleep 0.1;
	}
}

{
	my $collector = Collector->new(bare => 1);
	my ($a, $b) = map { "$collector->{dir}/$_" } qw(a b);
	mkdir $_ for $a, $b;
	push @{$collector->{args}}, '--no-geo', '-n', "rtr-a,127.0.0.1,$a", '-n', "rtr-b,::1,$b";
	$collector->start;
	send_three($collector);
	is $collector->stop, 0, '-n: stops';
	is scalar(flows_of($collector->files($a))), 10, 'first source';
	is scalar(flows_of($collector->files($b))), 20, 'second source, IPv6';
	my %sysids = map { $_->{export_sysid} => 1 } flows_of($collector->files($b));
	is_deeply [keys %sysids], [2], 'exporters are counted over all sources';
	my $log = $collector->log_text;
	like $log, qr/^Ident: 'rtr-a' Flows: 10, .*\nIdent: 'rtr-b' Flows: 20, .*\nTotal ignored packets: 1$/m,
		'idents in order, then strangers';
	like $log, qr/^Unknown flow source: '127\.0\.0\.3'$/m, 'who they are';
	like $log, qr/^Skip UDP packet\. Ignored packets so far 1 packets$/m, 'and how many';
	like $log, qr/^Add flow source: ident: rtr-a, IP: 127\.0\.0\.1, flowdir: \Q$a\E$/m, 'sources logged';
}
{
	my $collector = Collector->new(bare => 1);
	my $conf = "$collector->{dir}/c.conf";
	mkdir "$collector->{dir}/x";
	spew($conf, "[nfcapd]\nexporter.rtr-x = [\"127.0.0.3\", \"$collector->{dir}/x\"]\n");
	push @{$collector->{args}}, '--no-geo', '-C', $conf;
	$collector->start;
	send_three($collector);
	is $collector->stop, 0, 'configuration: stops';
	is $collector->logged('Flows', 'rtr-x'), 30, 'source of the configuration file';
}
{
	my $collector = Collector->new(bare => 1);
	push @{$collector->{args}}, '--no-geo', '-M', $collector->{data};
	$collector->start;
	send_three($collector);
	is $collector->stop, 0, '-M: stops';
	is_deeply [map { s{.*/}{}r } sort glob "$collector->{data}/*"], ['--1', '127-0-0-1', '127-0-0-3'],
		'a directory for each sender';
	is scalar(flows_of($collector->files("$collector->{data}/127-0-0-3"))), 30, 'with its flows';
	is $collector->logged('Flows'), 60, 'nothing ignored';
}
{
	my $second = Collector->new(args => ['-I', 'second'])->start;
	my $first = Collector->new(args => ['-R', "127.0.0.1/$second->{port}"])->start;
	is $first->generate(9, 500), 500, '-R';
	sleep 0.3;
	is $_->stop, 0, 'stops' for $first, $second;
	is scalar(flows_of($_->files)), 500, 'both have all flows' for $first, $second;
}
# Sampling by option, zero-length and senseless datagrams.
{
	my $collector = Collector->new(args => ['-s', '-10'])->start;
	$collector->send_bytes('127.0.0.1', '', "\0", "\0\5", "\xff" x 100, pack('n', 9) x 3, 'x' x 60000);
	my $file = "$collector->{dir}/f";
	system $gen, '-q', '-v', 5, '-n', 1, '-o', $file and die;
	$collector->send_file('127.0.0.1', $file);
	is $collector->stop, 0, 'stops';
	my @flows = flows_of($collector->files);
	is scalar @flows, 1, 'one good flow among rubbish';
	is $flows[0]{sampled} & 1, 1, 'sampled' if defined $flows[0]{sampled};
	cmp_ok $flows[0]{in_packets} % 10, '==', 0, 'and scaled by -s';
	is $collector->logged('Bad Packets'), 4, 'bad datagrams are counted';
}
done_testing;
