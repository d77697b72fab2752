#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Page and plugin together: flow files of known flows, the backend plugin as nfsend calls it, the page
# by php, and a browser where there is one. What was put into the files is what stands on the page.
use strict;
use warnings;
use Test::More;
use FakeNfsend;
use NfGeoTest;
use NfGeoPage;

need_tools('php');
plan skip_all => 'no RRDs for perl: apt-get install librrds-perl' unless eval { require RRDs };
my $base = workdir('whole');
$ENV{NFCONF} = 'none';
%NfConf::PluginConf = (NfGeo => {home => 'CZ', profiles => {}, alerts => {targets => 50}});
FakeNfsend::start(base => $base, prefix => $ENV{NFGEO_BIN}, plugins => "$ENV{srcdir}/nfsen-plugin/backend",
	sources => ['uplink1']);

# SRC DST SPORT DPORT PROTO FLAGS PACKETS BYTES FIRST_MS MS AS SRC_CTRY DST_CTRY SYSID
sub flows {
	my ($count, $from, $to, $ms, $flags, $packets, $bytes) = @_;

	return map { "flow 195.113.0.1 198.51.100.7 1024 443 6 $flags $packets $bytes $ms 10 2852 $from $to 1" } 1 .. $count;
}

my @slots = map { sprintf('2026112119%02d', 5 * $_) } 0 .. 11;
for my $slot (@slots) {
	my $ms = NfSen::ISO2UNIX($slot) * 1000;
	next if $slot eq $slots[3]; # nobody knows what was then
	FakeNfsend::write_slot('uplink1', $slot, 'exporter 1 192.0.2.1', flows(120, 203, 840, $ms, 27, 10, 5000),
		flows(40, 276, 203, $ms, 27, 3, 900), flows(6, 156, 203, $ms, 2, 1, 60), flows(1, 983, 203, $ms, 27, 2, 200),
		flows(20, 1001, 0, $ms, 27, 1, 100));
}
FakeNfsend::run_slot($_) for @slots;

my $scan = FakeNfsend::write_flows("$base/data/~synscan/synscan/nfcapd.$slots[11]", 'none', 'exporter 1 192.0.2.1',
	map { "flow 203.0.113.9 195.113.1.$_ 40000 22 6 2 1 60 " . NfSen::ISO2UNIX($slots[11]) * 1000 . ' 1 64500 156 203 1' } 1 .. 90);
is(FakeNfsend::run_alert('synscan', $scan, $slots[11]), 1, 'a scan is found');

my $url = start_page(relay_nfsend());

sub page {
	my ($query) = @_;
	my ($status, $text) = get_page('real', $query);

	ok($status == 200 && $text !~ m{(?:Warning|Notice|Deprecated|error)</b>:|class='notice bad'}, "sent: $query")
	  or diag($text =~ m{(class='notice bad'.*|.*</b>:.*)});
	return $text;
}

sub cells { return [map { s/&nbsp;/ /gr } $_[0] =~ m{<tr id='r$_[1]'.*?</tr>}s ? $& =~ m{<td class='number[^>]*>([^<]*)<}g : ()] }

my $world = page('geo_view=world');
like($world, qr/2026-11-21 19:55 - 20:00/, 'the last slot');
is_deeply([$world =~ /<tr id='r(\d+)'/g], [203, 840, 276, 156, 983, 0, 1001], 'its countries');
is_deeply(cells($world, 203), ['47', '128', '36.6 kB', '6', '120', '1.20 k', '600 kB', '0'], 'Czechia in and out');
is_deeply(cells($world, 156), ['0', '0', '0 B', '0', '6', '6', '360 B', '6'], 'China');
is_deeply(cells($world, 1001), ['0', '0', '0 B', '0', '20', '20', '2.00 kB', '0'], 'private');
my %class = map { $_ => $world =~ /class='(\w+)' id='c$_'/ } 203, 840, 276, 156, 983, 804;
ok($class{203} =~ /^s7$/ && $class{804} eq 'nil' && $class{983} eq 's0' && $class{276} gt $class{156}, 'the map')
  or diag(explain(\%class));
like($world, qr{title='187 flows'>187</b>Flows}, 'each flow is once in the total');
like($world, qr{<b title='20 flows, in \+ out'>10\.7&nbsp;%</b>Private}, 'the private share');
like($world, qr/Latest alerts.*203\.0\.113\.9.*China/s, 'the scan below the map');

my $hour = page('geo_view=world&geo_span=12&geo_by=syn&geo_dir=out');
like($hour, qr/1 of 12 slots were not recorded/, 'the hour lacks a slot');
is((cells($hour, 156))->[7], '66', 'SYN-only flows of the hour');
my ($status, $text) = get_page('real', 'geo_view=world&geo_slot=' . $slots[3]);
ok($text =~ /Nothing is known about this time/ && $text =~ /class='gap' id='c203'/, 'the slot that is missing: unknown, hatched');

my $country = page('geo_view=country&geo_country=156&geo_slot=last');
my @graphs = map { s/&amp;/&/gr } $country =~ /src='(rrdgraph[^']+)'/g;
is(scalar @graphs, 4, 'four graphs of a country');
like(substr(get_file('real', $_), 0, 24), qr/^\x89PNG.*IHDR\0\0\x02/s, 'a picture') for @graphs;
my ($top) = map { s/&amp;/&/gr } $world =~ /src='(rrdgraph[^']+)'/;
like(substr(get_file('real', $top), 0, 8), qr/^\x89PNG/, 'the graph of the largest');

my ($id) = page('geo_view=alerts') =~ /geo_alert=([^'&]+)'/;
my $alert = page("geo_view=alert&geo_alert=$id");
like($alert, qr/Scan of many hosts.*203\.0\.113\.9.*China.*AS64500.*Top targets.*195\.113\.1\.\d+.*Top target ports.*>22</s, 'its evidence');
my ($command) = $alert =~ m{<pre class='command'>(.*?)</pre>}s;
like($command // '', qr/nfdump .*203\.0\.113\.9/, 'the command that shows the flows');
my ($filter) = $alert =~ /name='filter' value='([^']+)'/;
is((run_program(path_of('nfdump'), '-Z', $filter // ''))[0], 0, "and its filter for the Details page: " . ($filter // 'none'));
like(page('geo_view=profiles'), qr/None is configured/, 'no profiles');

SKIP: {
	skip('chromium is not installed', 4) unless tool('chromium') && tool('chromedriver');
	my $browser = browser();

	$browser->open_page("$url/real/nfsen.php?geo_view=world");
	my %colour = map { $_ => $browser->value("getComputedStyle(document.getElementById('c$_')).fill") } 203, 983, 804;
	is_deeply(\%colour, {203 => 'rgb(8, 47, 92)', 983 => 'rgb(211, 229, 243)', 804 => 'rgb(223, 227, 230)'}, 'colours on the screen');
	is($browser->value("document.querySelector('img.graph').naturalWidth") > 720 ? 'wide' : 'none', 'wide', 'the graph is shown');
	is(join("\n", grep { !/favicon/ } $browser->complaints), '', 'nothing to complain of');
	$browser->open_page("$url/real/nfsen.php?geo_view=alert&geo_alert=$id");
	is(join("\n", grep { !/favicon/ } $browser->complaints), '', 'nor of the alert');
	$browser->quit;
}
is(join("\n", grep { /^err/ && !/$slots[3]/ } split(/\n/, FakeNfsend::log_text())), '', 'nothing went wrong in the plugin');
done_testing();
