#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# The NfSen page in a browser: the right countries have the right colours on the screen, no script
# fails, nothing is asked of another server, the hover and the links work.
use strict;
use warnings;
use Test::More;
use NfGeoTest;
use NfGeoPage;

need_tools('php', 'chromium', 'chromedriver');
my $base = start_page(start_nfsend());
my $browser = browser();

sub colour_of { $browser->value("getComputedStyle(document.getElementById('c$_[0]')).fill") }

sub quiet {
	my ($name) = @_;

	is(join("\n", grep { !/favicon\.ico/ } $browser->complaints), '', "$name: the browser has nothing to complain of");
	is($browser->value("performance.getEntriesByType('resource').filter(function (r) { return r.name.indexOf('$base/') !== 0; }).length"),
		0, "$name: nothing comes from elsewhere");
}

# Does the browser tell us of errors at all?
$browser->open_page('data:text/html,<script>nosuchfunction()</script>');
like(join(' ', $browser->complaints), qr/nosuchfunction is not defined/, 'a script error would be seen');

$browser->open_page("$base/normal/nfsen.php");
quiet('world');
my %expected = (203 => '#082f5c', 840 => '#144a82', 156 => '#144a82', 276 => '#2766a3', 804 => '#8cbbdd', 336 => '#b3d3ea',
	983 => '#d3e5f3', 76 => '#dfe3e6', 643 => '#dfe3e6');
is(colour_of($_), sprintf('rgb(%d, %d, %d)', map { hex } $expected{$_} =~ /(\w\w)(\w\w)(\w\w)/), "colour of country $_")
  for sort keys %expected;
is($browser->value("[].filter.call(document.querySelectorAll('#nfgeo_map [id^=c]'), function (e) { return getComputedStyle(e).fill !== 'rgb(223, 227, 230)'; }).length"),
	7, 'all others are grey');
# The middle of China on the screen is China's shape and nothing that covers it.
is($browser->value('(function () { var b = document.getElementById("c156").getBoundingClientRect();'
	  . ' return document.elementFromPoint(b.left + b.width * 0.55, b.top + b.height * 0.55).id; })()'), 'c156',
	'China is where it should be');
cmp_ok($browser->value("document.getElementById('c643').getBoundingClientRect().width"), '>', 300, 'the map is large');

$browser->hover('#c804');
my $tip = $browser->value("document.querySelector('.nfgeo .tip').innerText");
like($tip, qr/^Ukraine\n11 flows to and from it: 0\.72\W% of all\n5 in, 6 out\n0 SYN-only flows$/, 'the hover shows the numbers');
is($browser->value("document.querySelector('tr.mark').id"), 'r804', 'and marks the row of the table');
$browser->hover('#r840 .name');
is($browser->value("document.querySelector('#nfgeo_map .mark').id"), 'c840', 'a row marks its country on the map');
is($browser->value("getComputedStyle(document.querySelector('.nfgeo .tip')).display"), 'none', 'and the box has gone');
quiet('hover');

$browser->value("document.querySelector('#nfgeo_map a[href*=\"geo_country=156\"]').dispatchEvent(new MouseEvent('click', {bubbles: true}))");
is($browser->value("document.querySelector('.nfgeo h2').innerText"), 'China CN 156', 'a click on the map opens the country');
is($browser->value("[].filter.call(document.querySelectorAll('img.graph'), function (i) { return i.complete && i.naturalWidth > 0; }).length"),
	4, 'its graphs are pictures');
quiet('country');

for my $page ('failed/nfsen.php?geo_view=world', 'hostile/nfsen.php?geo_view=world', 'full/nfsen.php?geo_by=syn&geo_rows=all', 'gone/nfsen.php?geo_view=world',
	'normal/nfsen.php?geo_view=alert&geo_alert=202611211950-h-1', 'hostile/nfsen.php?geo_view=alerts') {
	$browser->open_page("$base/$page");
	quiet($page);
	is($browser->value('document.querySelectorAll("script").length'), $page =~ m{^gone|view=alert} ? 0 : 1, "$page: no script of others");
}
$browser->open_page("$base/failed/nfsen.php?geo_view=world");
like(colour_of(840), qr/url\("?#nfgeo_hatch"?\)/, 'what is unknown is hatched');
$browser->quit;
done_testing();
