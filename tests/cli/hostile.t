#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Hostile datagrams: one run of nfcapd gets every vector of ../shared/vectors/hostile/packets, each
# from its own sender (its own source and file), with a good v5 flow before it and a good v5 and v9
# flow behind it. nfcapd lives on and ends well, every good flow is stored, no vector brings more
# flows than it holds, and the log stays short.
use strict;
use warnings;
use NfGeoTest;
use Socket 'inet_aton';
use Test::More;

my $packets = need_shared('vectors/hostile/packets');
need_tools('nfdump', 'zcat');
need_programs('nfcapd', 'send');

# Vector => flows that it holds beyond the good ones, read off the datagrams' own counts and lengths
# (README.md there says what stock stored). Absent: none. sFlow and v1 are not collected yet.
my %holds = (
	'v5-seq-wrap' => 5,
	'v9-template-redefined' => 22,
	'v9-redefine-storm' => 6000,
	'v9-domain-flood' => 4000,
	'v9-seq-wrap-restart' => 5,
	'v9-padding-long' => 30,
	'ipfix-varlen-overrun' => 2,
	'ipfix-withdraw' => 4,
	'ipfix-withdraw-one' => 1,
	'ipfix-withdraw-all' => 1,
	'ipfix-stml-zero-entry' => 3, # their list is bad, the records themselves are whole: all zeros
	'ipfix-basiclist-lies' => 6,
	'ipfix-pen-unknown' => 1,
	'ipfix-element-ids-all' => 328,
	'mixed-versions-one-port' => 184,
	'mutated-v9-2' => 1200,
	'mutated-ipfix-4' => 2400,
	'v5-record-cut' => 1,
	'v5-count30-one-record' => 1,
	'v5-count65535' => 1,
);

# Flows of the good datagrams are known by their source port.
sub good_v5 {
	my ($port) = @_;

	return pack('n n N N N N C C n', 5, 1, 100000, 1700000000, 0, $port, 0, 0, 0) .
	  pack('a4 a4 N n n N N N N n n C C C C n n C C n', inet_aton('203.0.113.7'),
		inet_aton('198.51.100.9'), 0, 1, 2, 3, 300, 90000, 95000, $port, 443, 0, 0x1b, 6, 0,
		0, 0, 24, 24, 0);
}

sub good_v9 {
	my ($port) = @_;
	my @fields = (8, 4, 12, 4, 7, 2, 11, 2, 4, 1, 1, 4, 2, 4, 21, 4, 22, 4); # type, length
	my $template = pack('n n n*', 999, @fields / 2, @fields);
	my $data = pack('a4 a4 n n C N N N N', inet_aton('203.0.113.8'), inet_aton('198.51.100.9'),
		$port, 443, 6, 500, 5, 95000, 90000);

	$data .= "\0" x (-length($data) % 4);
	return pack('n n N N N N', 9, 2, 100000, 1700000000, $port, 0) .
	  pack('n n', 0, 4 + length $template) . $template .
	  pack('n n', 999, 4 + length $data) . $data;
}

sub dgrams {
	my ($name, @datagrams) = @_;
	return write_file(workdir() . "/$name.dgrams",
		join('', map { pack('n', length) . $_ } @datagrams));
}

my @vectors;
for my $path (sort glob("$packets/*.pcap.gz")) {
	my ($name) = $path =~ m{([^/]+)\.pcap\.gz$};
	push @vectors, {name => $name, path => $path} unless $name =~ /^(?:sflow|v1-|mutated-sflow)/;
}
my $n = 0;
for my $vector (@vectors) {
	$n++;
	@$vector{qw(address dir port)} = ("127.0.2.$n", workdir("v$n"), 20000 + $n);
}

my $collector = collector(
	program => path_of('nfcapd'),
	args => ['--no-geo', '-t', '3600', '-B', '8000000',
		map { ('-n', "v$_->{port},$_->{address},$_->{dir}") } @vectors]);
my $rate = $ENV{NFGEO_SANITIZED} eq 'yes' ? 2000 : 5000;
for my $vector (@vectors) {
	my $port = $vector->{port};
	send_files($collector->{port}, '--rate', $rate, '--bind', $vector->{address},
		dgrams("before$port", good_v5($port)), $vector->{path},
		dgrams("after$port", good_v5($port + 10000), good_v9($port + 20000)))
	  or diag("$vector->{name}: could not be sent");
	last unless ok($collector->alive, "alive after $vector->{name}");
}
is($collector->stop, 0, 'ends well on TERM') or diag(substr($collector->text, -3000));

for my $vector (@vectors) {
	my $port = $vector->{port};
	my ($status, $out) =
	  run_program(tool('nfdump'), '-q', '-R', $vector->{dir}, '-o', 'fmt:%sa %sp %pkt %byt');
	my @good = grep {
		my ($p, $packets, $bytes) = @$_;
		$out =~ /^\s*203\.0\.113\.[78]\s+$p\s+$packets\s+$bytes\s*$/m
	} [$port, 3, 300], [$port + 10000, 3, 300], [$port + 20000, 5, 500];
	my $stored = grep { !/^\s*203\.0\.113\.[78]\s+[234]00\d\d\s/ } split(/\n/, $out);
	my $held = $holds{$vector->{name}} // 0;

	$stored = 0 if $out =~ /^No matching flows/;
	is(scalar(@good), 3, "$vector->{name}: the good flows before and after are stored");
	cmp_ok($stored, '<=', $held, "$vector->{name}: no flow invented");
}
cmp_ok(scalar(split(/\n/, $collector->text)), '<', 60 * @vectors, 'the log stays short');
done_testing();
