#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# The world map of the NfSen page: every country that a database can answer is on it, under its own
# number and name, and where it belongs; nothing in it is fetched from elsewhere.
use strict;
use warnings;
use Test::More;
use NfGeoTest;

my $svg = read_file("$ENV{srcdir}/nfsen-plugin/frontend/NfGeo/world.svg");
my $def = read_file("$ENV{srcdir}/nfdump-geo/geo/countries.def");
utf8::decode($def);

my (%country, %shape, %dot, %title);
$country{$2 + 0} = [$1, $3] while $def =~ /^COUNTRY\((\w\w), \w{3}, (\d+), +"\w\w", "(.*)"\)/mg;
$shape{$1} = $3, $title{$1} = [$2, $4]
  while $svg =~ m{^<path id="c(\d+)" data-cc="(\w\w)" d="([^"]+)"><title>(.*)</title></path>$}mg;
$dot{$1} = [$3, $4], $title{$1} = [$2, $5]
  while $svg =~
  m{^<circle id="c(\d+)" data-cc="(\w\w)" cx="(\d+)" cy="(\d+)" r="28"><title>(.*)</title></circle>$}mg;

cmp_ok(scalar keys %country, '>', 240, 'countries.def was understood');
is_deeply([sort keys %title], [sort keys %country], 'every country is on the map, and nothing else');
is(scalar(grep { $dot{$_} && $shape{$_} } keys %country), 0, 'none of them twice');
$_->[1] =~ s/&#(\d+);/chr($1)/ge for values %title;
is_deeply(\%title, \%country, 'with its letters and its name');
is($svg =~ tr/\x00-\x7f//c, 0, 'plain ASCII: it fits into a page of any character set');
cmp_ok(length $svg, '<', 200_000, 'less than 200 KB');
(my $inside = $svg) =~ s{xmlns="http://www\.w3\.org/2000/svg"}{};
unlike($inside, qr/https?:|href|url\(|<script|\son\w+=/, 'no link, no script, nothing from elsewhere');

my ($width, $height) = $svg =~ /viewBox="0 0 (\d+) (\d+)"/;
my $outside = grep { $_->[0] < 0 || $_->[0] > $width || $_->[1] < 0 || $_->[1] > $height } values %dot;
is($outside, 0, 'all dots are inside of the picture');

# --- where the countries are --------------------------------------------------------------------

# Natural Earth projection, to the place of a town on the map.
sub place {
	my ($east, $north) = map { $_ * atan2(1, 1) / 45 } @_;
	my $x = sub { 0.8707 - 0.131979 * $_[0]**2 - 0.013791 * $_[0]**4 + 0.003971 * $_[0]**10 - 0.001529 * $_[0]**12 };
	my $y = sub {
		$_[0] * (1.007226 + 0.015085 * $_[0]**2 - 0.044475 * $_[0]**6 + 0.028874 * $_[0]**8 - 0.005916 * $_[0]**10);
	};
	my $scale = $width / (2 * $x->(0) * 4 * atan2(1, 1));

	return ($width / 2 + $east * $x->($north) * $scale,
		($y->(84 * atan2(1, 1) / 45) - $y->($north)) * $scale);
}

# Whether a point is inside of path data "Mx,yldx,dy...z...": rays that cross an odd number of edges.
sub covers {
	my ($data, $px, $py) = @_;
	my $in = 0;

	for my $ring ($data =~ /M([^z]+)z/g) {
		my @n = $ring =~ /-?\d+/g;
		my @points = ([splice(@n, 0, 2)]);
		push @points, [$points[-1][0] + shift(@n), $points[-1][1] + shift(@n)] while @n;
		for my $i (0 .. $#points) {
			my ($p, $q) = @points[$i - 1, $i];
			next if ($p->[1] > $py) == ($q->[1] > $py);
			$in = !$in if $px < $p->[0] + ($py - $p->[1]) * ($q->[0] - $p->[0]) / ($q->[1] - $p->[1]);
		}
	}
	return $in;
}

my @towns = (
	[203, 14.42, 50.09, 'Prague'], [840, -98.5, 39.8, 'Lebanon, Kansas'], [840, -150, 64, 'Alaska'],
	[804, 30.52, 50.45, 'Kyiv'], [804, 34.1, 45.2, 'Simferopol'], [643, 37.6, 55.75, 'Moscow'],
	[643, -175, 66.5, 'Russia beyond the 180th meridian'], [156, 116.4, 39.9, 'Beijing'],
	[254, -53, 4, 'French Guiana'], [250, 2.35, 48.85, 'Paris'], [554, 175.5, -39, 'New Zealand'],
	[392, 138.5, 36, 'Japan'], [706, 46, 9, 'Somaliland'], [744, 17.5, 78.5, 'Svalbard'],
	[578, 10.7, 60.5, 'Norway'], [76, -47.9, -15.8, 'Brasilia'], [710, 28, -26.2, 'Johannesburg'],
	[36, 134, -24, 'Alice Springs'], [360, 102, -1, 'Sumatra'], [826, -1.5, 53, 'England'],
);
for my $town (@towns) {
	my ($number, $east, $north, $name) = @$town;
	my @at = grep { covers($shape{$_}, place($east, $north)) } keys %shape;
	is("@at", $number, "$name is in $country{$number}[0] and in no other country");
}
for my $dot ([983, 21, 42.6], [336, 12.45, 41.9], [702, 103.8, 1.35], [292, -5.35, 36.14], [166, 96.8, -12.2],
	[470, 14.4, 35.9], [638, 55.5, -21.1]) {
	my ($number, $east, $north) = @$dot;
	my ($x, $y) = place($east, $north);
	my $away = $dot{$number} ? sqrt(($dot{$number}[0] - $x)**2 + ($dot{$number}[1] - $y)**2) : -1;
	ok($away >= 0 && $away < 30, "the dot of $country{$number}[1] is where it should be ($away)");
}
done_testing();
