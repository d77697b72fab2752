#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Random filters select as many of the example flows as the Debian package's nfdump 1.7.1 does.
# NFGEO_SEED and NFGEO_ROUNDS change which and how many. Where the two differ on purpose
# (tests/filter/checked.tsv) the generator does not go, nor to lists of overlapping prefixes,
# which 1.7.1 gets wrong.
use strict;
use warnings;
use File::Temp qw(tempdir);

my $data = "$ENV{NFGEO_SHARED}/vectors/nfdump/data";
my $stock = '/usr/bin/nfdump';
my $version = -x $stock ? `$stock -V 2>&1` : '';

sub skip { print "1..1\nok 1 # SKIP $_[0]\n"; exit 0 }
skip('no ../shared') unless -d $data;
skip('no nfdump 1.7.1') unless $version =~ /1\.7\.1\b/;

srand($ENV{NFGEO_SEED} // 7);
my $rounds = $ENV{NFGEO_ROUNDS} // 60;
my @files = map { "$data/$_.nf" } qw(v5 v9 ipfix nat bidir);
my $folder = tempdir(CLEANUP => 1);
symlink $files[$_], "$folder/nfcapd.$_" for 0 .. $#files;

sub any { $_[rand @_] }
sub side { any('', '', 'src ', 'dst ', 'src or dst ', 'src and dst ') }
sub cmp_ { any('', '= ', '== ', '> ', '< ', '>= ', '<= ', 'gt ', 'lt ', 'ge ', 'le ', 'eq ') }
sub letters { my %l = map { any(qw(F S R P A U)) => 1 } 1 .. 3; join '', sort keys %l }
sub list { join ' ', map { any(@_) } 1 .. 1 + rand 4 }

my @ip = qw(10.2.0.11 8.8.8.8 10.255.0.1 192.168.0.10 10.2.1.1 fe80::1 2001:718::1);
my @net = qw(10.0.0.0/8 192.168.0.0/16 195.113.0.0/16 2001:718::/32 fe80::/10 8.8.0.0/15 10.2/16);
my @primitive = (
	sub { any('any', 'ipv4', 'inet6', 'sysid 1') },
	sub { 'proto ' . any(qw(tcp udp icmp 6 17 gre esp)) },
	sub { side() . 'ip ' . any(@ip) },
	sub { side() . 'net ' . any(@net, '10.2.1.0 255.255.255.0') },
	sub { side() . 'ip in [ ' . list(@ip, '195.113.0.0/16', '2001:db8::/32') . ' ]' },
	sub { side() . 'port ' . cmp_() . any(0, 22, 53, 80, 443, 1024, 8080, 40000, 65535) },
	sub { side() . 'port in [ ' . list(22, 25, 53, 80, 443, 993, 8080) . ' ]' },
	sub { 'flags ' . letters() },
	sub { 'flags ' . cmp_() . int rand 64 },
	sub { any('', 'in ', 'out ') . 'packets ' . cmp_() . any(0, 1, 5, 10, 100, '1k') },
	sub { any('', 'in ', 'out ') . 'bytes ' . cmp_() . any(0, 64, 1000, '1k', '1m', 40) },
	sub { 'bpp ' . cmp_() . any(0, 40, 64, 100, 500, 1500) },
	sub { 'pps ' . cmp_() . any(0, 1, 10, 100) },
	sub { 'bps ' . cmp_() . any(0, 100, '1k', '100k', '1m') },
	sub { 'duration ' . cmp_() . any(1, 100, 1000, '60k') },
	sub { any('', 'src ', 'dst ') . 'tos ' . cmp_() . any(0, 46, 184) },
	sub { any('', 'in ', 'out ') . 'if ' . any(0, 1, 2, 254) },
	sub { side() . 'mask ' . any(0, 8, 16, 24) },
	sub { side() . 'vlan ' . any(0, 10, 20, 4094) },
	sub { any('icmp-type 8', 'icmp-type 3', 'icmp-code 1', 'icmp-code 0') },
	sub { 'mpls label1 ' . cmp_() . any(0, 16, 100, 3001) },
	sub { any('mpls exp1 ' . cmp_() . '5', 'mpls eos 17') },
	sub { any('ingress vrf ' . cmp_() . any(0, 1, 100), 'egress vrf ' . cmp_() . '200') },
	sub { any('engine-id ' . cmp_() . any(0, 3, 42), 'nfversion ' . cmp_() . any(5, 9, 10)) },
	sub { 'ident ' . any(qw(rtr-v5 rtr-v9 rtr-nat other)) },
	sub { any('flowdir ingress', 'flowdir 1', 'fwdstat 64', 'observation domain id 77') },
	sub { any('nat event ' . cmp_() . any(1, 2, 4), 'nport ' . cmp_() . any(80, 443)) },
	sub { any('', 'src ', 'dst ', 'in src ', 'out dst ') . 'mac 00:11:22:33:44:01' },
);

sub expression
{
	my ($depth) = @_;
	my $kind = rand;

	return any(@primitive)->() if $depth == 0 || rand() < 0.2;
	return expression($depth - 1) . ' and ' . expression($depth - 1) if $kind < 0.35;
	return expression($depth - 1) . ' or ' . expression($depth - 1) if $kind < 0.65;
	return 'not ( ' . expression($depth - 1) . ' )' if $kind < 0.8;
	return 'not ' . any(@primitive)->() if $kind < 0.9;
	return '( ' . expression($depth - 1) . ' )';
}

my @filter = map { expression(3) } 1 .. $rounds;
open my $out, '>', "$folder/filters" or die;
print $out "$_\n" for @filter;
close $out;
my @ours = `"$ENV{TEST_BIN}/filter_count" @files <"$folder/filters"`;
unlink "$folder/filters";

print "1..$rounds\n";
for my $i (0 .. $#filter) {
	open my $in, '-|', $stock, '-R', $folder, '-q', '-o', 'fmt:%pr', $filter[$i] or die;
	my $count = grep { /\S/ && !/No matching/ } <$in>;
	my $ok = close($in) && "$count\n" eq ($ours[$i] // '');

	print $ok ? 'ok ' : 'not ok ', $i + 1, " - $filter[$i]\n";
	print "# 1.7.1: $count, ours: ", $ours[$i] // "nothing\n" unless $ok;
}
