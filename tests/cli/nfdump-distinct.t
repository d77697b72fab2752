#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Distinct hosts, AS numbers and ports behind a statistic's values, against counts made here from csv;
# and any field of the field table as a statistic.
use strict;
use warnings;
use JSON::PP;
use NfGeoTest;
use Test::More;

my ($data, $nfdump, $tmp) = nfdump_data();

my $geo = small_database($tmp, '195.113.0.0,195.113.255.255,CZ', '193.17.47.0,193.17.47.255,SK', '8.8.8.0,8.8.8.255,US');
my $files = "-r $data/v9.nf";
my $run = "$nfdump $geo $files -q";

my @flows = map { [split(/,/)] } split(/\n/, `$run -o csv+ctry`);
cmp_ok(@flows, '>', 500, 'flows to count');

sub naive {
	my (@sides) = @_; # [country column, address columns, AS columns]
	my %seen;
	for my $flow (@flows) {
		for my $side (@sides) {
			my ($country, $address, $as) = @$side;
			my $key = join('->', map { $flow->[$_] } @$country);
			$seen{$key}{flows}++;
			$seen{$key}{hosts}{$flow->[$_]} = 1 for @$address;
			$flow->[$_] and $seen{$key}{as}{$flow->[$_]} = 1 for @$as;
			$flow->[7] =~ /ICMP/ or $seen{$key}{ports}{$flow->[6]} = 1;
		}
	}
	return join("\n", map {
		my $entry = $seen{$_};
		join(' ', $_, map { scalar(keys(%{$entry->{$_} // {}})) } qw(hosts as ports))
	} sort keys %seen);
}

my %sides = (
	srcctry => [[[48], [3], [17]]],
	dstctry => [[[49], [4], [18]]],
	ctry => [[[48], [3], [17]], [[49], [4], [18]]],
	ctrypair => [[[48, 49], [3, 4], [17, 18]]],
);
for my $statistic (sort keys %sides) {
	for my $threads (1, 3) {
		my @rows = map { decode_json($_) }
			split(/\n/, `$run -W $threads -n 0 -s $statistic/hosts -o ndjson`);
		is(join("\n", sort map { "$_->{value} $_->{hosts} $_->{as} $_->{ports}" } @rows),
			naive(@{$sides{$statistic}}), "$statistic, $threads threads");
		ok(!(grep { $rows[$_]{hosts} > $rows[$_ - 1]{hosts} } 1 .. $#rows), 'in their order');
	}
}
like(`$run -n 1 -s srcctry/ports`, qr/^\S+ \S+ +\S+ any +\.\. .* +\d+ +\d+ +\d+\n\n$/, 'text columns');
like(`$run -n 1 -s srcctry/as -o csv`, qr/bpp,hosts,as,ports\n.*,\d+,\d+,\d+\n/, 'csv columns');
unlike(`$run -n 1 -s srcctry/flows -o csv`, qr/hosts/, 'only when asked for');
is(system("$run -s record/hosts >/dev/null 2>&1") >> 8, 1, 'not for records');
is(system("$run -a -O hosts >/dev/null 2>&1") >> 8, 1, 'not for -O');

# Any field, by its name in JSON.
sub same {
	my ($field, $column) = @_;
	my %count;
	$count{$_->[$column]}++ for @flows;
	my %got = map { my @row = split(/,/); @row > 5 ? ($row[4], $row[5]) : () }
		grep { /^2/ } split(/\n/, `$run -n 0 -s $field -o csv`);
	is_deeply(\%got, \%count, "-s $field");
}
same('in_packets', 11);
same('in_bytes', 12);
same('export_sysid', 46);
same('fwd_status', 9);
is(system("$run -s label >/dev/null 2>&1") >> 8, 1, 'text is no key');
is(system("$run -s no_field >/dev/null 2>&1") >> 8, 1, 'unknown field');
is(`$run -A ctrypair -O bytes -o csv+ctry`, `$run -A srcctry,dstctry -O bytes -o csv+ctry`,
	'-A ctrypair is both countries');
done_testing();
