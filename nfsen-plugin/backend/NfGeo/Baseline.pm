# SPDX-License-Identifier: BSD-3-Clause
# What is usual for a country at this time of the day: median and MAD (median of the distances from
# the median) of its SYN-only flows per slot, as source, over the same hour of the days before.
package NfGeo::Baseline;
use strict;
use warnings;
use NfGeo::Store;

my $HALF_HOUR_S = 1800;
my $DAY_S = 86400;
my $SIGMA_PER_MAD = 1.4826; # of a normal distribution

sub median {
	my @sorted = sort { $a <=> $b } @_;
	return unless @sorted;
	my $middle = int(@sorted / 2);
	return @sorted % 2 ? $sorted[$middle] : ($sorted[$middle - 1] + $sorted[$middle]) / 2;
}

# Counts of the slots in one day's hour. Slots that total.rrd does not know are left out; in those
# it knows, no value of the country is 0.
sub _day {
	my ($config, $code, $middle) = @_;
	my ($from, $to) = ($middle - $HALF_HOUR_S, $middle + $HALF_HOUR_S);
	my @range = ($from, $to, $NfGeo::Store::SLOT_S);
	my $total = NfGeo::Store::fetch(NfGeo::Store::path($config, 'total'), @range);
	return unless $total->{step} == $NfGeo::Store::SLOT_S;
	my @known = grep { defined $total->{row}{$_}[0] } sort keys %{$total->{row}};
	my $path = NfGeo::Store::path($config, $code);
	return map {0} @known unless -e $path;
	my $rows = NfGeo::Store::fetch($path, @range);
	my ($field) = grep { $rows->{names}[$_] eq 'out_syn' } 0 .. $#{$rows->{names}};
	return map { ($rows->{row}{$_}[$field] // 0) * $NfGeo::Store::SLOT_S } @known;
}

# {median, mad, days, limit}: above the limit is unusual. Nothing when there are too few days.
sub of_country {
	my ($config, $code, $start) = @_;
	my $rate = $config->{alerts}{rate};
	my ($days, @counts) = (0);

	return unless -e NfGeo::Store::path($config, 'total');
	for my $back (1 .. $rate->{days}) {
		my @day = _day($config, $code, $start + $NfGeo::Store::SLOT_S - $back * $DAY_S);
		$days++ if @day;
		push @counts, @day;
	}
	return if $days < $rate->{min_days};
	my $median = median(@counts);
	my $mad = median(map { abs($_ - $median) } @counts);
	# Counts scatter by their square root at least, also where many days were exactly equal.
	my $sigma = (sort { $b <=> $a } $SIGMA_PER_MAD * $mad, sqrt($median), 1)[0];
	my $limit = $median + $rate->{factor} * $sigma;
	$limit = $rate->{min_flows} if $limit < $rate->{min_flows};
	return {median => $median, mad => $mad, days => $days, limit => $limit};
}

1;
