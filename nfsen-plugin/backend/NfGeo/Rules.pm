# SPDX-License-Identifier: BSD-3-Clause
# What is a SYN scan: the rules, applied to what NfGeo::Scans found. They give alerts to be: hashes
# with rule, source or country, reason and evidence; NfGeo::Alerts decides which of them are new.
package NfGeo::Rules;
use strict;
use warnings;
use NfGeo::Baseline;
use NfGeo::Countries;
use NfGeo::Log;

my $SLOT_S = 300;

# The rules in force, in words.
sub text {
	my ($config) = @_;
	my $limits = $config->{alerts};
	my $rate = $limits->{rate};
	my @rules = (
		'horizontal: one source sends SYN-only flows to '
		  . "$limits->{targets} or more destinations within $limits->{window} s",
		'vertical: one source sends SYN-only flows to '
		  . "$limits->{ports} or more ports of one destination within $limits->{window} s",
	);
	push @rules, 'rate: the SYN-only flows of a country, those to its ten busiest services left out,'
	  . " exceed its median of the same hour of $rate->{days} days by $rate->{factor} sigma (1.4826 MAD), and"
	  . " $rate->{min_flows}"
	  if $rate->{enabled};
	push @rules, "exporters that sample more coarsely than 1 in $limits->{max_sampling} do not count",
	  "the same source or country is raised again after $limits->{rearm} s";
	return @rules;
}

sub _country_text {
	my ($number, $alpha2) = @_;
	return $alpha2 =~ /^[A-Z]/ ? "$number $alpha2" : "$number";
}

# Rows of the largest sources, targets and ports.
sub _evidence {
	my ($group) = @_;
	my $from = sub {
		my ($address, $number, $alpha2, @counts) = @_;
		return join('|', $address, _country_text($number, $alpha2), @counts);
	};
	return (
		source => [map { $from->(@$_) } @{$group->{from} // []}],
		target => [map { join('|', @$_) } @{$group->{target} // []}],
		port => [map { join('|', @$_) } @{$group->{port} // []}],
	);
}

# Sources over the limits.
sub _scans {
	my ($config, $found) = @_;
	my $limits = $config->{alerts};
	my @alerts;

	for my $source (@{$found->{source}}) {
		my $address = $source->{address};
		my %base = (address => $address, subject => $address,
			country => _country_text(@$source{qw(country alpha2)}), _evidence($source),
			map { $_ => $source->{$_} } qw(as flows targets ports));
		my $who = "$address ($source->{alpha2}, AS $source->{as})";
		$base{source} = [join('|', $address, @base{qw(country as flows targets ports)})];
		push @alerts, {%base, rule => 'horizontal', threshold => $limits->{targets},
			filter => "src ip $address",
			reason => "$who sent $source->{flows} SYN-only flows to $source->{targets} destinations"}
		  if $source->{targets} >= $limits->{targets};
		push @alerts, {%base, rule => 'vertical', threshold => $limits->{ports},
			filter => "src ip $address and dst ip $source->{widest}",
			reason => "$who sent SYN-only flows to $source->{widest_ports} ports of $source->{widest}"}
		  if $source->{widest_ports} >= $limits->{ports};
	}
	return @alerts;
}

# Words for a filter and for a person. A class of addresses has a word in filters, no number.
sub _country_words {
	my ($config, $country) = @_;
	my $code = $country->{country};
	return ($code, $country->{alpha2}) if $country->{alpha2} =~ /^[A-Z]/;
	return ($code, 'unknown countries') unless $code;
	my $word = NfGeo::Countries::row(NfGeo::Countries::table($config), $code)->{name};
	return ($word, $word);
}

# Countries far above their own baseline. Flows to the ten busiest services (destination and port) of
# the country's sources are left out: many clients of a few servers are a crowd, or an attack on
# those, but not a scan; and of a scan's flows that takes hardly any.
sub _rates {
	my ($config, $found, $start) = @_;
	my $window = $config->{alerts}{window} / $SLOT_S;
	my @alerts;

	return unless $config->{alerts}{rate}{enabled};
	for my $country (@{$found->{country}}) {
		my $code = $country->{country};
		my $flows = ($country->{flows} - $country->{concentrated}) / $window;
		next if $flows < $config->{alerts}{rate}{min_flows};
		my $usual = NfGeo::Baseline::of_country($config, $code, $start) or next;
		next unless $flows > $usual->{limit};
		my ($word, $who) = _country_words($config, $country);
		my $reason = sprintf('%s: %.0f SYN-only flows per %d s from %d sources, without those to its'
			  . ' ten busiest services (first: %s port %d); usual are %.0f at this hour', $who, $flows,
			$SLOT_S, @$country{qw(sources busiest busiest_port)}, $usual->{median});
		push @alerts, {rule => 'rate', subject => "country-$code", address => '', as => '',
			country => _country_text(@$country{qw(country alpha2)}), _evidence($country),
			threshold => sprintf('%.0f', $usual->{limit}), filter => "src ctry $word",
			(map { $_ => $country->{$_} } qw(flows targets ports)),
			(map { $_ => sprintf('%.1f', $usual->{$_}) } qw(median mad)),
			days => $usual->{days}, reason => $reason};
	}
	return @alerts;
}

# Which exporters sample, for the reason of an alert.
sub sampling_text {
	my ($found) = @_;
	my @unused = grep {/\|no$/} @{$found->{exporter}};
	my @sampled = grep { (split /\|/)[2] != 1 } @{$found->{exporter}};
	return '' unless @sampled;
	my $text = join ', ', map {
		my ($sysid, $address, $rate) = split /\|/;
		($address eq '' ? "number $sysid" : $address) . ($rate ? " 1 in $rate" : ' at an unknown rate')
	} @sampled;
	$text = "; sampling exporters: $text";
	$text .= "; $found->{unused} flows of those above the limit did not count" if @unused;
	return $text;
}

# All alerts to be. Rates need the RRDs: without them there are the scans.
sub apply {
	my ($config, $name, $slot, $found) = @_;
	my @alerts = _scans($config, $found);

	eval { push @alerts, _rates($config, $found, NfSen::ISO2UNIX($slot)); 1 }
	  or NfGeo::Log::problem($config, $slot, "alert $name: rates by country not evaluated: $@");
	return @alerts;
}

1;
