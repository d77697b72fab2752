#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# A country's baseline: median and MAD over the same hour of the days before, by hand and by the
# plugin; unknown slots are left out, slots without the country count as zero.
use strict;
use warnings;
use FakeNfsend;
use File::Temp qw(tempdir);
use Test::More;

plan skip_all => 'no RRDs for perl: apt-get install librrds-perl' unless eval { require RRDs };
my $base = tempdir(CLEANUP => 1);
$NfConf::PluginConf{NfGeo} = {};
FakeNfsend::start(base => $base, prefix => $ENV{NFGEO_BIN},
	plugins => "$ENV{srcdir}/nfsen-plugin/backend", sources => ['s1']);
my ($config) = NfGeo::Config::load();
my $now = NfSen::ISO2UNIX('202611101200');

is(NfGeo::Baseline::median(3, 1, 2), 2, 'median of three');
is(NfGeo::Baseline::median(4, 1, 2, 3), 2.5, 'median of four');
is(NfGeo::Baseline::median(), undef, 'of none');
is(NfGeo::Baseline::of_country($config, 156, $now), undef, 'nothing recorded: no baseline');

# Days before, all slots from two hours before to two hours after; what counts is the hour around.
# 840 is seen from day 4 on; day 2 is unknown for half of the hour, day 3 altogether.
my %count = (156 => {}, 840 => {});
for my $day (reverse 1 .. 5) {
	for my $i (-24 .. 24) {
		my $start = $now - 86400 * $day + 300 * $i;
		next if $day == 3 || ($day == 2 && $i >= 0);
		my $near = $i > -6 && $i <= 6;
		my $syn = $near ? 100 * $day + ($i * 7 % 12) : 99999;
		$count{156}{$start} = $syn if $near;
		$count{840}{$start} = $day == 4 ? 5 : 0 if $near;
		NfGeo::Store::record($config, $start, {total => {flows => 1e6, syn => $syn},
			country => {156 => {out_syn => $syn, in_syn => 7}, $day == 4 ? (840 => {out_syn => 5}) : ()}});
	}
}

# by hand
sub by_hand {
	my @counts = sort { $a <=> $b } @_;
	my $middle = sub { return @_ % 2 ? $_[$#_ / 2] : ($_[@_ / 2 - 1] + $_[@_ / 2]) / 2 };
	my $median = $middle->(@counts);
	return ($median, $middle->(sort { $a <=> $b } map { abs($_ - $median) } @counts));
}

for my $code (156, 840) {
	my @counts = values %{$count{$code}};
	my ($median, $mad) = by_hand(@counts);
	my $usual = NfGeo::Baseline::of_country($config, $code, $now);
	is($usual->{days}, 4, "$code: days that are known");
	cmp_ok(abs($usual->{median} - $median), '<', 0.01, "$code: median $median") or diag($usual->{median});
	cmp_ok(abs($usual->{mad} - $mad), '<', 0.01, "$code: MAD $mad") or diag($usual->{mad});
}
my $usual = NfGeo::Baseline::of_country($config, 156, $now);
is(sprintf('%.1f', $usual->{limit}), sprintf('%.1f', $usual->{median} + 6 * 1.4826 * $usual->{mad}),
	'limit: median and six sigma');
is(NfGeo::Baseline::of_country($config, 840, $now)->{limit}, 500, 'not below min_flows');
is(NfGeo::Baseline::of_country($config, 276, $now)->{median}, 0, 'a country never seen: zero');
$config->{alerts}{rate}{min_days} = 5;
is(NfGeo::Baseline::of_country($config, 156, $now), undef, 'too few days: no baseline');
$config->{alerts}{rate}{min_days} = 1;
is(NfGeo::Baseline::of_country($config, 156, $now + 6 * 3600), undef, 'another hour: no baseline');
$config->{alerts}{rate}{days} = 1;
is(NfGeo::Baseline::of_country($config, 156, $now)->{days}, 1, 'fewer days asked for');
done_testing();
