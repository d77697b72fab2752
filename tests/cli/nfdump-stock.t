#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Random queries (filter, aggregation, statistics, order, format), the same for stock nfdump 1.7.1
# and ours, over the files of ../shared/vectors/nfdump: the same lines. Where stock leaves the order
# open, lines are sorted; where it is known to be wrong, the query is not asked:
#   srcip4/n over IPv6 flows (merged by their low 32 bits), orders bps ibps obps of records (no
#   effect), %ter (fraction), csv of an IPv6 BGP next hop, pipe of IPv6 statistics (words swapped),
#   the ICMP type in -A dstport,proto; AS terms in filters (wants a geo database).
# NFDUMP_STOCK_QUERIES=n asks for more than the default; SEED=n for others.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $dir = "$ENV{NFGEO_SHARED}/vectors/nfdump/data";
plan skip_all => 'no ../shared' unless -d $dir;
plan skip_all => 'no stock nfdump: apt-get install nfdump' unless -x '/usr/bin/nfdump';

my $tmp = tempdir(CLEANUP => 1);
my $count = $ENV{NFDUMP_STOCK_QUERIES} // ($ENV{NFGEO_SANITIZED} eq 'yes' ? 160 : 320);
my $seed = $ENV{SEED} // 20240305;
@ENV{qw(TZ LC_ALL)} = qw(UTC C);
delete $ENV{NFCONF};
$ENV{NFGEODB} = 'none'; # whatever is installed where the programs look by default
srand($seed);

sub one { return $_[rand @_] }

sub some {
	my ($most, @from) = @_;
	my %taken;

	$taken{one(@from)} = 1 for 0 .. rand $most;
	return sort keys %taken;
}

my @terms = (
	'proto tcp', 'proto udp', 'proto icmp', 'not proto tcp', 'port 80', 'src port > 1024',
	'dst port in [ 22 25 80 443 ]', 'src net 10.2.0.0/16', 'dst net 192.168.0.0/16', 'ip 10.2.1.1',
	'bytes > 1000', 'packets < 5', 'flags S', 'tos 0',
	'in if 1', 'out if 254', 'duration > 1000', 'bps > 1000', 'bpp < 700',
);
my @files = qw(v5.nf v9.nf ipfix.nf bidir.nf nat.nf comp/v9-lzo.nf comp/v9-bz2.nf comp/v9-lz4.nf);
my @keys = qw(srcip dstip srcport proto srcas dstas inif outif srctos dsttos srcvlan srcmask dstmask
	next insrcmac odid);
my @stats = qw(srcip dstip ip srcport dstport port proto srcas dstas as inif outif if srctos dsttos
	srcmask dstmask vlan srcvlan nhip router insrcmac dir mpls1 ivrf);
my @orders = qw(flows packets bytes pps bpp ipkg opkg ibyte obyte);
my @stat_orders = (@orders, qw(bps ipps opps ibps obps ibpp obpp));
my @lines = qw(line long extended biline bilong nsel);

sub filter {
	my $text = join one(' and ', ' or '), some(2, @terms);
	return one("'$text'", "'$text and ipv4'", "'ipv4'", "'ipv6'", '');
}

sub query {
	my $flags = join ' ', some(2, '', '-N', '-6', '-q');
	my $kind = int rand 5;
	my $line = one(@lines);

	return ("-o $line $flags", 0) if $kind == 0;
	return ("-s " . one(@stats) . one('', ':p') . '/' . one(@stat_orders) . " -n 0 " .
		($flags =~ s/-6//r) . ' ' . one('', '', '-l +100', '-L -100k', '-l 10 -L 2M') .
		' -o ' . one('line', 'csv'), 1) if $kind == 1;
	return ("-A " . join(',', some(3, @keys)) . ' -O ' . one(@orders) . " $flags", 1) if $kind == 2;
	return (one('-a', '-b', '-B') . " -O " . one(@orders) . " -o $line $flags", 1) if $kind == 3;
	return ('-O ' . one(@orders, 'tstart', 'tend', 'duration') . one('', ':a', ':d') .
		" -o $line $flags", 1);
}

sub run {
	my ($program, $args) = @_;
	my $out = `$program $args 2>$tmp/stderr`;
	my $status = $? >> 8;

	$out =~ s/^Sys: .*\n//m;
	# on standard error in ours
	$out =~ s/^(?:No matching flows|\w+ limit: .*)\n//mg if $args =~ /-o csv/;
	$out =~ s/Bytes read: \d+/Bytes read: N/;
	return ($status, $out);
}

sub compare {
	my ($args, $sort) = @_;
	my ($status, $want) = run('/usr/bin/nfdump', $args);
	my ($ours, $got) = run("$ENV{NFGEO_BIN}/nfdump", $args);
	my @want = split /^/, $want;
	my @got = split /^/, $got;
	@want = sort @want if $sort;
	@got = sort @got if $sort;
	is_deeply([$ours, @got], [$status, @want], $args) or diag("SEED=$seed");
}

# Limits are named above the table, with -q too.
compare("-r $dir/v5.nf -s srcip/bytes -n 0 $_ -l 1k -L -900M", 1)
	for '', '-q', '-N', '-o csv', '-q -o csv';

for my $number (1 .. $count) {
	my ($query, $sort) = query();
	my $csv_mpls = $query =~ /mpls|odid/ && $query =~ /csv/;

	compare("-r $dir/" . one(@files) . " $query " . filter(), $sort) unless $csv_mpls;
}
done_testing();
