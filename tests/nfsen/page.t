#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# The NfSen page as php sends it: what it asks the backend, what it shows, that every link and filter
# is one that NfSen and nfdump take, and that hostile parameters and answers come out as text.
# (tests/nfsen/browser.t opens it in a browser.)
use strict;
use warnings;
use Test::More;
use NfGeoTest;
use NfGeoPage;

need_tools('php');
plan skip_all => "php has no sockets extension" if run_program(tool('php'), '-n', '-d', 'extension=sockets',
	'-r', 'exit(function_exists("socket_create") ? 0 : 1);');

my $nfsend = start_nfsend();
start_page($nfsend);

# The first tag that closes another than the innermost open one, or what was never closed.
sub badly_nested {
	my ($text) = @_;
	my @open;

	$text =~ s{<(script|style)\b.*?</\1>|<!.*?>}{}gs;
	while ($text =~ m{<(/?)(\w+)([^>]*)>}g) {
		my ($end, $tag) = ($1, lc $2);
		next if $tag =~ /^(?:img|input|meta|link|br|hr)$/ || $3 =~ m{/$};
		push(@open, $tag), next unless $end;
		my $last = pop(@open) // 'nothing';
		return "</$tag> in <$last> before " . substr($text, pos($text), 60) if $last ne $tag;
	}
	return "@open";
}

# A page that must be in order whatever it shows.
sub page {
	my ($situation, $query, $session) = @_;
	my ($status, $text) = get_page($situation, $query, $session);
	my $name = "$situation?" . ($query // '');

	is($status, 200, "$name: sent");
	hides($text, qr{(?:Warning|Notice|Deprecated|error)</b>:}, "$name: php does not complain");
	is($text =~ tr/\x00-\x08\x0b-\x1f\x7f-\xff//, 0, "$name: plain ASCII, fits ISO-8859-1");
	is(() = $text =~ /<script/g, ($text =~ /id='nfgeo_map'/ ? 1 : 0), "$name: no script but the map's");
	hides($text, qr{(?:src|href|action)=["'](?!nfsen\.php|rrdgraph\.php)}, "$name: nothing from elsewhere");
	hides($text, qr{<[^>]*\son\w+=}, "$name: no event handlers");
	is(badly_nested($text), '', "$name: tags are nested well");
	return $text;
}

# As like() and unlike(), without printing a whole page.
sub shows { ok($_[0] =~ $_[1], $_[2]) }
sub hides { ok($_[0] !~ $_[1], $_[2]) or diag("found: $&") }

sub asked {
	my @lines = split(/\n/, read_file("$nfsend/requests") // '');
	unlink("$nfsend/requests");
	return grep { !/ quit$/ } @lines;
}

sub class_of { return $_[0] =~ /class='(\w+)' id='c$_[1]'/ ? $1 : undef }

# The table: numbers of its rows, in their order.
sub rows { return $_[0] =~ /<tr id='r(\d+)'/g }

# --- the world ------------------------------------------------------------------------------------

my $world = page('normal');
is_deeply([asked()], ['normal NfGeo::status',
		'normal NfGeo::top direction=both limit=0 measure=flows tend=202611211955 tstart=202611211955',
		'normal NfGeo::alerts limit=5'], 'the last slot is asked for');
shows($world, qr/<!-- refresh 300 -->/, 'it loads itself again');
is(scalar(() = $world =~ / id='c\d+'/g), 250, 'all countries are on the map');
is(scalar(() = $world =~ /class='nil' id='c\d+'/g), 243, 'those without flows are grey');
is_deeply([map { class_of($world, $_) } 203, 840, 156, 276, 804, 336, 983], [qw(s7 s6 s6 s5 s2 s1 s0)],
	'the others by the steps of a logarithmic scale');
shows($world, qr{<i class='s0'></i>&#8805;&nbsp;1</span> <span><i class='s1'></i>3</span> <span><i class='s2'></i>10<},
	'and the legend says which');
shows($world, qr{<title>Czechia&#10;1,130 flows to and from it: 74\.2&nbsp;% of all&#10;520 in, 610 out&#10;20 SYN-only flows</title>},
	'a title has the numbers');
is_deeply([rows($world)], [203, 156, 840, 276, 804, 336, 983, 0, 1001], 'the table, and below it what has no country');
shows($world, qr{<b>IPFire-Location</b>, built 2026-11-19}, 'the database is named');
shows($world, qr{<b title='20 flows, in \+ out'>1\.31&nbsp;%</b>Unknown}, 'the share of unknown');
shows($world, qr{>11\.2&nbsp;%</b>Private}, 'the share of private addresses');

my %sorted = (
	'geo_sort=in_bytes' => [203, 840, 276, 156, 804, 336, 983],
	'geo_sort=out_syn'  => [156, 203, 840, 276, 336, 804, 983],
	'geo_sort=name&geo_order=up' => [156, 203, 276, 336, 983, 804, 840],
	'geo_sort=in_flows&geo_order=up' => [983, 336, 804, 156, 276, 840, 203],
	'geo_by=syn&geo_dir=out' => [156, 203, 840, 276, 336, 804, 983],
);
is_deeply([(rows(page('normal', $_)))[0 .. 6]], $sorted{$_}, "$_ sorts") for sort keys %sorted;
is(class_of(page('normal', 'geo_by=syn&geo_dir=out'), 804), 'nil', 'no SYN-only flows from Ukraine: grey');
asked();
page('normal', 'geo_span=12&geo_slot=202611211900&geo_by=bytes&geo_dir=in');
is((asked())[1], 'normal NfGeo::top direction=in limit=0 measure=bytes tend=202611211900 tstart=202611211805',
	'an hour that ends with a slot');
shows(page('normal', 'geo_slot=2026-11-21%2019:03'), qr/2026-11-21 19:00 - 19:05/, 'a time as people write it');
shows(page('normal', 'geo_span=12'), qr/2 of 12 slots were not recorded/, 'slots that are missing are said');

# A request without parameters means as before: NfSen's reload knows only the tab.
page('normal', 'geo_by=packets&geo_view=world', 'reload');
asked();
page('normal', 'tab=5&sub_tab=0', 'reload');
like((asked())[1], qr/measure=packets/, 'the reload keeps what was chosen');
shows(page('normal', 'geo_slot=202611211900'), qr/<!-- refresh 0 -->/, 'a fixed time is not loaded again');

# --- links ----------------------------------------------------------------------------------------

my %seen;
for my $text ($world, page('normal', 'geo_view=country&geo_country=203'), page('normal', 'geo_view=alerts')) {
	for my $link ($text =~ /href='nfsen\.php\?([^']+)'/g) {
		$link =~ s/&amp;/&/g;
		next if $seen{$link}++ || $link =~ /geo_country=(?!203|0|1001)/;
		my ($status, $there) = get_page('normal', $link, 'links');
		ok($status == 200 && $there !~ /class='warning'|<b>(?:Warning|Notice)/ && $there =~ /class='nfgeo'/, "link $link");
	}
}
cmp_ok(scalar keys %seen, '>', 40, 'there are links');

# --- filters for NfSen's Details page -------------------------------------------------------------

my %filter;
for my $query ('', 'geo_by=syn', 'geo_view=country&geo_country=203', 'geo_view=country&geo_country=0',
	'geo_view=country&geo_country=1001', 'geo_view=alert&geo_alert=202611211950-h-1') {
	my $text = page('normal', $query);
	$filter{$1} = $query while $text =~ /name='filter' value='([^']+)'/g;
}
ok($filter{'src ctry 203'} || $filter{'dst ctry 203'}, 'filters by country');
ok(exists $filter{'proto tcp and flags S and not flags AFRPU and src ctry 156'}, 'and for SYN-only flows');
for my $filter (sort keys %filter) {
	unlike($filter, qr/[='"`;\\&]/, "NfSen lets through: $filter");
	my ($status, $out, $err) = run_program(path_of('nfdump'), '-Z', $filter);
	is("$status$out$err", 0, "nfdump takes: $filter");
}
my ($form) = $world =~ m{(<form class='details'.*?</div>)}s;
is_deeply({$form =~ /name='(\w+)' value='([^']+)'/g}, {tab => 2, profileswitch => './live', wsize => 1,
		tleft => 1795290900, tright => 1795290900, tend => 1795290900 + 43200, cursor_mode => 0, stattype => 1,
		topN => 1, listN => 1, statorder => 0, process => 'process'}, 'the slot is marked there, and run');
($form) = page('normal', 'geo_span=288&geo_by=bytes') =~ m{(<form class='details'.*?</div>)}s;
hides($form, qr/name='process'/, 'a day is marked, not run at once');
shows($form, qr/name='wsize' value='2'.*name='tleft' value='1795204800'.*name='statorder' value='2'/, 'its graph shows two days');

# --- one country, alerts, profiles ----------------------------------------------------------------

my $china = page('normal', 'geo_view=country&geo_country=156');
shows($china, qr{<h2>China <span class='letters'>CN 156</span></h2>}, 'a country');
is(scalar(() = $china =~ /src='rrdgraph\.php\?cmd=NfGeo%3A%3Agraph&amp;country=156&amp;measure=flows&amp;direction=both&amp;period=(?:day|week|month|year)&amp;tend=202611211955/g),
	4, 'its four graphs');
shows($china, qr/Alerts about China.*198\.51\.100\.7/s, 'its alerts');
hides($china, qr/Ukraine/, 'and no others');
shows(page('normal', 'geo_view=country&geo_country=20'), qr{<h2>Andorra.*<td class='number' title='0'>0</td>}s,
	'a country without flows is zero');
shows(page('normal', 'geo_view=country&geo_country=999'), qr/There is no country with this number/, 'no such country');
shows(page('normal', 'geo_view=country&geo_country=1001'), qr{<h2>private}, 'a class of addresses');
shows(page('normal', 'geo_view=country&geo_country=384'), qr{<h2>C&#244;te d&#39;Ivoire}, 'accents as entities');

shows(page('normal', 'geo_view=alerts'), qr{Scan of many hosts.*198\.51\.100\.7.*AS64500.*Rate of a country.*Rules in force}s,
	'the alerts');
my $alert = page('normal', 'geo_view=alert&geo_alert=202611211950-h-1');
shows($alert, qr{to 612 hosts in 300 s.*nfdump -M .*flags S &amp; &lt;x&gt;.*Top sources.*Top targets.*Top target ports.*Exporters}s,
	'an alert with its evidence');
shows($alert, qr{Exporter 203\.0\.113\.2 samples 1 in 1000: its flows did not count}, 'a sampled exporter is named');
shows(page('normal', 'geo_view=alert&geo_alert=nothing'), qr/could not be read: nfsend: alert &#039;nothing&#039;: there is none/,
	'an alert that is not there');
shows(page('normal', 'geo_view=profiles'), qr{geo_icmp.*value='\./geo_icmp'>open.*foreign: a profile of this name}s, 'the profiles');

# --- when there is little to show -----------------------------------------------------------------

shows(page('empty'), qr/Nothing is recorded yet/, 'before the first slot');
shows(page('empty', 'geo_view=alerts'), qr/No alert was raised.*nothing is watched/s, 'no alerts, none armed');
shows(page('empty', 'geo_view=profiles'), qr/None is configured/, 'no profiles');
my $failed = page('failed');
shows($failed, qr/2026-11-21 19:55, could not be counted: its values are unknown, not zero/, 'a failed slot is said');
is(scalar(() = $failed =~ /class='gap' id='c\d+'/g), 250, 'its map is hatched');
hides($failed, qr/Top countries/, 'and has no table of zeros');
shows($failed, qr/no space left on device/, 'the problems are listed');
shows(page('broken'), qr/could not be read: nfsend: the RRDs cannot be read: Permission denied/, 'a reason is passed on');
shows(page('unloaded'), qr/does not answer: nfsend: Plugin &#039;NfGeo&#039; unknown.*nfsen\.conf/s, 'the plugin is not loaded');
shows(page('gone'), qr/does not answer: nfsend connect\(\) error: No such file/, 'nfsend is down');
shows(page('zone'), qr/The time zone of PHP is UTC, that of nfsend NST.*date\.timezone/, 'two time zones are noticed');
hides($world, qr/time zone/, 'and one is not');
my $full = page('full', 'geo_rows=all&geo_by=bytes');
is(scalar(my @all = rows($full)), 252, 'all countries and classes in the table');
cmp_ok(length $full, '<', 600_000, 'and still no huge page');
cmp_ok(scalar(() = $full =~ /<i class='s\d'><\/i>(?:&#8805;|\d)/g), '<=', 8, 'at most eight steps of colour');

# --- hostile answers and requests -----------------------------------------------------------------

my $hostile = page('hostile');
hides($hostile, qr/<script>alert|<b onmouse|<u>|<i>"|onmouseover=(?!alert\(1\)&gt;)/, 'answers come out as text');
shows($hostile, qr/&lt;script&gt;alert\(1\)&lt;\/script&gt;&#039;&quot;&#65533;&#233;/, 'bytes that are no UTF-8 too');
is(class_of($hostile, 840), 'gap', 'numbers that are none are unknown, not zero');
page('hostile', 'geo_view=alerts');

my @names = qw(geo_view geo_by geo_dir geo_slot geo_span geo_from geo_sort geo_order geo_rows geo_country
  geo_alert geo_graph);
my @values = ("'><script>alert(1)</script>", '%00', '..%2f..%2fetc%2fpasswd', '-1', '99999999999999999999', 'a%0ab=c',
	'%ff%fe', '000000000000', '202613450000', '209901010000', '203%0d%0a', '1e3', 'x' x 9000);
for my $name (@names) {
	for my $value (@values, undef) {
		my ($code, $text) = get_page('normal', defined $value ? "$name=$value" : "$name\[]=1&$name\[x]=2", 'hostile');
		ok($code == 200 && $text !~ /<script>alert/ && $text !~ /<\/b>: / && $text =~ m{</html>}, "$name with " . substr($value // 'a list', 0, 30));
	}
}
for my $request (asked()) {
	ok($request !~ /[^\x20-\x7e]/ && $request =~ /^(?:normal|hostile|full|empty|failed|broken|zone|unloaded) NfGeo::(?:status|alerts|profiles|countries|alert alertid=[A-Za-z0-9-]+|top)(?: \w{3,}=[\w-]+)*$/,
		"asked: $request") or last;
}
done_testing();
