#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Every country right: for each flow that nfcapd collects - real captures and flows with random
# addresses - the stored pair is what another reading of the same database says: libmaxminddb for
# an MMDB (tests/lib/mmdb_answer.c), a plain search of the range files for Debian's tor-geoipdb.
use strict;
use warnings;
use ExporterGroups;
use JSON::PP ();
use NfGeoTest;
use Socket qw(AF_INET AF_INET6 inet_pton inet_ntop);
use Test::More;

my $iso_file = '/usr/share/iso-codes/json/iso_3166-1.json';
plan skip_all => 'iso-codes is not installed' unless -f $iso_file;
need_programs('nfcapd', 'nfdump', 'send', 'mmdb_answer');

my %number = map { $_->{alpha_2} => 0 + $_->{numeric} }
  @{JSON::PP->new->decode(read_file($iso_file))->{'3166-1'}};
$number{XK} = 983;

# --- flows with random addresses, as IPFIX ------------------------------------------------------

srand(3166);
my ($random_flows, $per_message) = (3000, 20);

# Half of the IPv6 space that is given out starts with these; the rest of the bits are random.
my @ip6_blocks = map { pack('n', hex) } qw(2001 2001 2003 2400 2401 2600 2604 2606 2620 2800 2804 2a00
  2a01 2a02 2a03 2a06 2a0c 2a10 2c0f fe80 fc00);

sub random_address {
	my ($bytes) = @_;
	my $random = join('', map { chr(int(rand(256))) } 1 .. $bytes);

	return $random if $bytes == 4;
	substr($random, 0, 2) = $ip6_blocks[rand(@ip6_blocks)];
	substr($random, 2, 2) = pack('n', int(rand(65536)));
	return $random;
}

sub ipfix_set {
	my ($id, $body) = @_;
	return pack('n n', $id, 4 + length $body) . $body;
}

sub random_datagrams {
	my @fields = ([8, 4], [12, 4], [7, 2], [11, 2], [4, 1], [1, 8], [2, 8], [152, 8], [153, 8]);
	my @fields6 = ([27, 16], [28, 16], @fields[2 .. $#fields]);
	my @datagrams;
	my $sequence = 0;

	my $templates = ipfix_set(2, join('', map { pack('n n', $_->[0], scalar(@{$_->[1]})) .
		join('', map { pack('n n', @$_) } @{$_->[1]}) } [400, \@fields], [401, \@fields6]));
	while ($sequence < $random_flows) {
		my $body = $sequence ? '' : $templates;

		for my $family ([400, 4], [401, 16]) {
			my ($id, $bytes) = @$family;
			$body .= ipfix_set($id, join('', map {
				random_address($bytes) . random_address($bytes) .
				  pack('n n C Q> Q> Q> Q>', 1024 + int(rand(60000)), 443, 6, 1000, 10,
					1700000000000, 1700000001000)
			} 1 .. $per_message / 2));
		}
		push @datagrams, pack('n n N N N', 10, 16 + length $body, 1700000002, $sequence, 1) . $body;
		$sequence += $per_message;
	}
	return write_file(workdir() . '/random.dgrams',
		join('', map { pack('n', length) . $_ } @datagrams));
}

# --- other readings of the databases ------------------------------------------------------------

# tor's files: LOW,HIGH,CC with IPv4 as a number; kept as packed addresses of 16 bytes, sorted.
sub packed {
	my ($text) = @_;
	my $ip4 = inet_pton(AF_INET, $text);
	return defined $ip4 ? "\0" x 12 . $ip4 : inet_pton(AF_INET6, $text);
}

sub read_ranges {
	my ($path, $ip6) = @_;
	my @ranges;

	for (split(/\n/, read_file($path))) {
		next unless /^([0-9a-f:]+),([0-9a-f:]+),(..)/;
		push @ranges, $ip6 ? [inet_pton(AF_INET6, $1), inet_pton(AF_INET6, $2), $3]
		  : ["\0" x 12 . pack('N', $1), "\0" x 12 . pack('N', $2), $3];
	}
	return [sort { $a->[0] cmp $b->[0] } @ranges];
}

sub range_answers {
	my ($ip4_file, $ip6_file, @addresses) = @_;
	my %ranges = (4 => read_ranges($ip4_file, 0), 6 => read_ranges($ip6_file, 1));
	my %answer;

	for my $text (@addresses) {
		my $key = packed($text);
		my $list = $ranges{$text =~ /:/ ? 6 : 4};
		my ($low, $high) = (0, scalar(@$list));
		while ($low < $high) {
			my $middle = int(($low + $high) / 2);
			if ($list->[$middle][0] le $key) { $low = $middle + 1 } else { $high = $middle }
		}
		my $range = $low ? $list->[$low - 1] : undef;
		$answer{$text} = $range->[2] if $range && $key le $range->[1];
	}
	return \%answer;
}

sub mmdb_answers {
	my ($database, @addresses) = @_;
	my $list = write_file(workdir() . '/addresses', join('', map { "$_\n" } @addresses));
	my %answer = map { split(/ /) }
	  split(/\n/, `'$ENV{TEST_BIN}/mmdb_answer' '$database' <'$list'`);

	is($?, 0, 'libmaxminddb answers');
	return \%answer;
}

# --- collect with a database, compare -----------------------------------------------------------

sub collect {
	my ($name, $database) = @_;
	my $captures = "$ENV{NFGEO_SHARED}/captures/exporters";
	my @groups = -d $captures ? ExporterGroups::all() : ();
	my $collector = collector(program => path_of('nfcapd'),
		args => ['-t', '3600', '-B', '8000000', '-w', workdir($name), '-G', $database]);
	my $i = 0;

	send_files($collector->{port}, '--rate', '2000', random_datagrams());
	for my $group (@groups) {
		$i++;
		send_files($collector->{port}, '--bind', "127.0.3.$i",
			map { "$captures/$_" } @{$group->{files}});
	}
	is($collector->stop, 0, "$name: nfcapd ends well") or diag($collector->text);
	return flows_of(path_of('nfdump'), workdir($name)) // [];
}

sub compare {
	my ($name, $flows, $answers) = @_;
	my (@wrong, $known);

	for my $flow (@$flows) {
		for my $side ('src', 'dst') {
			my $address = $flow->{"${side}4_addr"} // $flow->{"${side}6_addr"} // next;
			my $want = $number{$answers->{$address} // ''} // 0;
			my $have = $flow->{"${side}_ctry"} // 'absent';
			$known++ if $want;
			push @wrong, "$address: database $want, stored $have" if $have ne $want;
		}
	}
	cmp_ok(scalar(@$flows), '>=', $random_flows, "$name: " . @$flows . ' flows collected');
	cmp_ok($known // 0, '>', $random_flows, "$name: most addresses have a country");
	is(scalar(@wrong), 0, "$name: every stored country is the database's")
	  or diag(join("\n", @wrong[0 .. (@wrong > 10 ? 9 : $#wrong)]));
}

sub addresses {
	my ($flows) = @_;
	my %seen = map { ($_ => 1) } grep { defined } map { @$_{qw(src4_addr dst4_addr src6_addr dst6_addr)} }
	  @$flows;
	return sort keys %seen;
}

SKIP: {
	my $database = $ENV{NFGEO_NPM_MMDB};
	skip 'no NFGEO_NPM_MMDB (./setup check fetches that database)', 1 unless $database;
	my $flows = collect('mmdb', $database);
	compare('mmdb', $flows, mmdb_answers($database, addresses($flows)));
}
SKIP: {
	my @files = @ENV{qw(NFGEO_TOR_GEOIP NFGEO_TOR_GEOIP6)};
	skip 'no NFGEO_TOR_GEOIP (./setup check fetches these files)', 1 unless $files[0];
	my $flows = collect('tor', $files[0] =~ s{/[^/]+$}{}r); # the folder of both
	compare('tor', $flows, range_answers(@files, addresses($flows)));
}
done_testing();
