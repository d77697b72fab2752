#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Four hours of traffic, slot by slot as NfSen does it: nfprofile writes the alert's flows, the plugin
# runs, the alert is evaluated. In the traffic are a horizontal and a vertical scan, a scan too slow
# to be one, and a crowd at a busy server: the alerts are the two scans, each once.
use strict;
use warnings;
use FakeNfsend;
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

plan skip_all => 'no RRDs for perl: apt-get install librrds-perl' unless eval { require RRDs };
my $base = tempdir(CLEANUP => 1);
$ENV{NFCONF} = 'none';
delete $ENV{NFGEODB};
my ($nfprofile, $nfdump) = map {"$ENV{NFGEO_BIN}/$_"} qw(nfprofile nfdump);
%NfConf::PluginConf = (NfGeo => {home => 'CZ', geodb => '', alerts => {allow => ['192.0.2.200', '2001:db8:7::/48'],
	mail => 'noc@example.net'}});
FakeNfsend::start(base => $base, prefix => $ENV{NFGEO_BIN}, plugins => "$ENV{srcdir}/nfsen-plugin/backend",
	sources => [qw(upstream1 peer2)]);
my $filter = 'proto tcp and flags S and not flags AFRPU';
make_path("$base/stat/~synscan", "$base/data/~synscan/synscan");
FakeNfsend::write_text("$base/stat/~synscan/synscan-filter.txt", "$filter\n");
FakeNfsend::write_text("$base/stat/~synscan/alert.dat",
	"name = synscan\nstatus = enabled\nchannellist = upstream1|peer2\ncondition = NfGeo\n");

# --- traffic ----------------------------------------------------------------------------------------

my $first = NfSen::ISO2UNIX('202611040800');
my ($SYN, $FULL) = (2, 0x1b);

sub slot_name { return NfSen::UNIX2ISO($first + 300 * $_[0]) }

sub flow {
	my ($n, $src, $dst, $dport, $flags, $as, $from, $to, $sysid) = @_;
	my $ms = ($first + 300 * $n) * 1000 + 1000 * ($dport % 290);
	my $packets = $flags == $SYN ? 1 : 12;
	return "flow $src $dst " . (1024 + $dport % 50000) . " $dport 6 $flags $packets " . 60 * $packets
	  . " $ms 20 $as $from $to " . ($sysid // 1);
}

# What is always there: connections that come about, and every client's now and then that does not.
sub usual {
	my ($n) = @_;
	return (
		(map { flow($n, "195.113.$_.1", '198.51.100.' . ($_ % 50), 443, $FULL, 2852, 203, 840) } 0 .. 199),
		(map { flow($n, "198.51.100.$_", '195.113.0.80', 443, $FULL, 64496, 840, 203) } 0 .. 99),
		(map { flow($n, "198.51.100.$_", '195.113.0.80', 443, $SYN, 64496, 840, 203) } 0 .. 19),
		(map { flow($n, "203.0.113.$_", '195.113.0.80', 443, $SYN, 64500, 156, 203) } 100 .. 109),
		(map { flow($n, "195.113.$n.1", "198.51.100.$_", 25, $SYN, 2852, 203, 840) } 0 .. 29), # a mail server
		# the scan that is too slow
		(map { flow($n, '203.0.113.77', "195.113.$n.$_", 22, $SYN, 64500, 156, 203) } 1 .. 20),
	);
}

sub horizontal {
	my ($n, $src, $count) = @_;
	return map { flow($n, $src, '195.113.' . int($_ / 200) . '.' . ($_ % 200), 22, $SYN, 64501, 156, 203) } 1 .. $count;
}

# One slot as NfSen takes it. @return what the alert's condition was
sub cycle {
	my ($n, $peer, @lines) = @_;
	my $slot = slot_name($n);
	FakeNfsend::write_slot('upstream1', $slot, 'exporter 1 192.0.2.251', @lines);
	FakeNfsend::write_slot('peer2', $slot, @$peer);
	my $command = "$nfprofile -I -t " . ($first + 300 * $n) . " -p $base/data -P $base/stat -S 1 -M "
	  . "$base/data/live/upstream1:peer2 -r nfcapd.$slot";
	FakeNfsend::write_text("$base/stdin", ".#~synscan#8#synscan#upstream1|peer2\n");
	is(`$command <$base/stdin 2>&1`, '', "slot $n: nfprofile");
	FakeNfsend::run_slot($slot);
	my $file = "$base/data/~synscan/synscan/nfcapd.$slot";
	my $condition = FakeNfsend::run_alert('synscan', $file, $slot);
	unlink($file);
	return $condition;
}

sub alerts {
	return map { [split /\|/, $_, -1] } @{FakeNfsend::query('alerts', limit => 500)->{alert} // []};
}

# The three days before, so that every country has its baseline: 10 SYN-only flows a slot of China,
# 20 of the USA, 30 of the Czech Republic.
{
	my ($config) = NfGeo::Config::load();
	my %usual = (156 => 30, 840 => 20, 203 => 30, 643 => 5);
	for my $day (1 .. 3) {
		for my $i (reverse -12 .. 60) {
			my $n = $i;
			my $sums = {total => {flows => 400, packets => 4000, bytes => 1e6, syn => 85},
				country => {map { $_ => {out_flows => 100, out_syn => $usual{$_} + $n % 3} } keys %usual}};
			push @{$main::before{$first + 300 * $n - 86400 * $day}}, $sums;
		}
	}
	NfGeo::Store::record($config, $_, $main::before{$_}[0]) for sort { $a <=> $b } keys %main::before;
}

sub client { return '203.0.' . int($_[0] / 250) . '.' . $_[0] % 250 }

my %plant = (
	10 => [horizontal(10, '203.0.113.9', 400)],
	11 => [horizontal(11, '203.0.113.9', 300)],
	20 => [map { flow(20, '198.51.100.66', '195.113.9.9', $_, $SYN, 64502, 643, 203) } 1 .. 300],
	# many clients, one server: China's SYN-only flows are a hundred times the usual
	30 => [map { flow(30, client($_), '195.113.0.80', 443, $SYN, 64500, 156, 203) } 1 .. 3000],
);
# and a crowd at the two ports of three servers
$plant{35} = [map { flow(35, client($_), '195.113.0.' . (80 + $_ % 3),
	(80, 443)[$_ % 2], $SYN, 64500, 156, 203) } 1 .. 3000];
my %condition;
for my $n (0 .. 47) {
	my $condition = cycle($n, ['exporter 1 192.0.2.252'], usual($n), @{$plant{$n} // []});
	$condition{$n} = $condition if $condition;
}

# --- the alerts are those planted ---------------------------------------------------------------------

is_deeply(\%condition, {10 => 1, 20 => 1}, 'the condition is true in the slots of the two scans');
my @alerts = alerts();
is(scalar @alerts, 2, 'two alerts') or diag(explain(\@alerts));
my ($vertical, $horizontal) = @alerts;
is_deeply([@$horizontal[2 .. 11]], [slot_name(10), 'synscan', 'horizontal', 'held', '203.0.113.9',
		'156 CN', 64501, 400, 400, 1], 'the horizontal scan');
is_deeply([@$vertical[2 .. 11]], [slot_name(20), 'synscan', 'vertical', 'raised', '198.51.100.66',
		'643 RU', 64502, 300, 1, 300], 'the vertical scan');
is($horizontal->[12] - $horizontal->[1], 3600, 're-arm time');

my $alert = FakeNfsend::query('alert', alertid => $horizontal->[0]);
is_deeply([@$alert{qw(seen last_slot threshold window)}], [2, slot_name(11), 100, 300], 'seen in two slots');
is($alert->{reason}, '203.0.113.9 (CN, AS 64501) sent 400 SYN-only flows to 400 destinations'
	  . ' within 300 s; the limit is 100', 'the reason');
is_deeply($alert->{source}, ['203.0.113.9|156 CN|64501|400|400|1'], 'evidence: source');
is(scalar @{$alert->{target}}, 10, 'evidence: targets');
is_deeply($alert->{port}, ['22|400|400'], 'evidence: ports');
is_deeply($alert->{exporter}, ['1|192.0.2.251|1|480|yes'], 'evidence: exporters') or diag(explain($alert->{exporter}));
my $shown = `$alert->{command} -q -o line | wc -l`;
is($shown + 0, 400, 'the command shows the flows');
is(`$nfdump -Z '$alert->{filter}' 2>&1`, '', 'the filter is one');
unlike($alert->{filter}, qr/[='"`;\\]/, 'that NfSen takes');
my $other = FakeNfsend::query('alert', alertid => $vertical->[0]);
is(`$other->{command} -q -o line | wc -l` + 0, 300, 'the other command too');
is_deeply($other->{target}, ['195.113.9.9|300|300'], 'the target of the vertical scan');
my $log = FakeNfsend::log_text();
like($log, qr/^warning: NfGeo: alert synscan: vertical: 198\.51\.100\.66 .*nfdump -M /m, 'the action logs');
like(FakeNfsend::read_text("$base/var/mail"),
	qr/^To: noc\@example\.net\nSubject: NfGeo: 1 SYN scans, alert synscan/m, 'and mails');
is(scalar(() = $log =~ /^err:/mg), 0, 'no error') or diag($log);
is_deeply(FakeNfsend::query('alerts')->{armed}, ['synscan'], 'the page is told which alert it is');

# --- the same source again, the allow-list, sampling, spread over many sources --------------------------

is(cycle(48, [], usual(48), horizontal(48, '203.0.113.9', 200)), 1, 'after the re-arm time it is a new alert');
is(scalar(alerts()), 3, 'of its own');
is(cycle(49, [], usual(49), horizontal(49, '192.0.2.200', 500)), 0, 'an address of the allow-list');
my @six = map { flow(50, '2001:db8:7::1', sprintf('2001:db8:1::%x', $_), 22, $SYN, 64503, 276, 203),
	flow(50, '2001:db8:9::1', sprintf('2001:db8:1::%x', $_), 22, $SYN, 64503, 276, 203) } 1 .. 150;
is(cycle(50, [], usual(50), @six), 1, 'IPv6: the one that is not allowed');
is((alerts())[0][6], '2001:db8:9::1', 'is raised');

# a sampling exporter beyond the limit, one within it
my @coarse = map { flow(51, '203.0.113.200', "195.113.8.$_", 22, $SYN, 64504, 156, 203, 7) } 1 .. 200;
is(cycle(51, ['exporter 7 192.0.2.77', 'sampler 7 100', @coarse], usual(51)), 0, 'sampled 1 in 100: no alert');
like(FakeNfsend::log_text(), qr/slot \d+: exporters sample too coarsely: 200 SYN-only flows did not count/, 'but said');
is(cycle(52, ['exporter 7 192.0.2.77', 'sampler 7 5', @coarse], usual(52)), 1, 'sampled 1 in 5: an alert');
$alert = FakeNfsend::query('alert', alertid => (alerts())[0][0]);
like($alert->{reason}, qr/sampling exporters: 192\.0\.2\.77 1 in 5$/, 'that names the exporter');
ok((grep {$_ eq '7|192.0.2.77|5|200|yes'} @{$alert->{exporter}}) == 1, 'in its evidence too');

# 300 Russian addresses, 4 destinations each: no source is over a limit, the country is
my @spread = map { my $i = $_; map { flow(53, "198.18." . int($i / 200) . '.' . ($i % 200), '195.113.' . ($i % 250) . ".$_",
	1000 + $i % 40, $SYN, 64505, 643, 203) } 1 .. 4 } 1 .. 300;
is(cycle(53, [], usual(53), @spread), 1, 'a scan spread over a country');
$alert = FakeNfsend::query('alert', alertid => (alerts())[0][0]);
is_deeply([@$alert{qw(rule address country flows days)}], ['rate', '', '643 RU', 1200, 3], 'is an alert of the country');
cmp_ok($alert->{median}, '<', 10, 'with its median');
like($alert->{reason}, qr/^RU: \d+ SYN-only flows per 300 s from 300 sources/, 'and reason');
is(`$alert->{command} -q -o line | wc -l` + 0, 1200, 'and flows');

# --- what is wrong ------------------------------------------------------------------------------------

my $slot = slot_name(54);
is(FakeNfsend::run_alert('synscan', "$base/nothing", $slot), 0, 'no flow file: no alert');
like(FakeNfsend::log_text(),
	qr/^err: NfGeo: slot $slot: alert synscan: not evaluated: status \d+ of: .*nothing/m, 'and said');
is(FakeNfsend::query('alert', alertid => '../slot'), "alert '../slot': there is none", 'no way out of the directory');
is(FakeNfsend::query('alert', alertid => '202611040000-h-x'), "alert '202611040000-h-x': there is none", 'an unknown alert');

# a slot that nfsend handles twice raises nothing new, and its alert stays true
my $before = scalar(alerts());
FakeNfsend::write_flows("$base/again", 'none', horizontal(48, '203.0.113.9', 200));
is(FakeNfsend::run_alert('synscan', "$base/again", slot_name(48)), 1, 'a slot again');
is(scalar(alerts()), $before, 'adds no alert');

# longer windows read the live files: the slow scan reaches 120 destinations in six slots
$NfConf::PluginConf{NfGeo}{alerts} = {window => 1800};
FakeNfsend::write_flows("$base/none", 'none');
cmp_ok(FakeNfsend::run_alert('synscan', "$base/none", slot_name(8)), '>=', 1, 'a window of six slots');
my ($slow) = grep { $_->[6] eq '203.0.113.77' } alerts();
is_deeply([@$slow[2, 4, 9, 10]], [slot_name(8), 'horizontal', 120, 120], 'finds the slow scan');
$alert = FakeNfsend::query('alert', alertid => $slow->[0]);
is(`$alert->{command} -q -o line | wc -l` + 0, 120, 'and its command reads the window');
$NfConf::PluginConf{NfGeo}{alerts} = {};

# a flood of sources: the largest are kept, and it is said
my @flood = map {
	my $src = "198.18.$_.1";
	map { flow(60, $src, "195.113.7.$_", 22, $SYN, 1, 840, 203) } 1 .. 100 + $_ % 2
} 0 .. 149;
FakeNfsend::write_flows("$base/flood", 'none', @flood);
is(FakeNfsend::run_alert('synscan', "$base/flood", slot_name(60)), 100, 'a flood of scanners: at most 100 alerts a slot');
like(FakeNfsend::log_text(), qr/alert synscan: more than 100 alerts: those with most flows are kept/, 'and said');

# nothing can be kept: the alert is raised all the same
FakeNfsend::write_text("$base/file", '');
$NfConf::PluginConf{NfGeo}{statedir} = "$base/file/x";
is(FakeNfsend::run_alert('synscan', "$base/again", slot_name(61)), 1, 'no state directory: an alert all the same');
like(FakeNfsend::log_text(),
	qr/cannot be kept: cannot make the directory.*\n.*warning: .*horizontal: 203\.0\.113\.9/, 'in the log');
delete $NfConf::PluginConf{NfGeo}{statedir};

# a broken RRD costs the rates by country, not the scans
rename("$base/var/nfgeo/rrd/total.rrd", "$base/total.rrd");
FakeNfsend::write_text("$base/var/nfgeo/rrd/total.rrd", 'no RRD');
FakeNfsend::write_flows("$base/many", 'none', horizontal(61, '203.0.113.222', 700));
is(FakeNfsend::run_alert('synscan', "$base/many", slot_name(61)), 1, 'a broken RRD: the scan is found');
like(FakeNfsend::log_text(), qr/rates by country not evaluated: .*total\.rrd/, 'and the rest said');
rename("$base/total.rrd", "$base/var/nfgeo/rrd/total.rrd");

# a class of addresses far above its usual: its filter has the word
my @private = map {
	my $i = $_;
	map { flow(62, "10.1.$i.1", "195.113.$i.$_", 5000 + $i, $SYN, 0, 1001, 203) } 1 .. 5
} 0 .. 199;
FakeNfsend::write_slot($_, slot_name(62), @private) for qw(upstream1 peer2);
FakeNfsend::write_flows("$base/private", 'none', @private);
is(FakeNfsend::run_alert('synscan', "$base/private", slot_name(62)), 1, 'private addresses: an alert');
$alert = FakeNfsend::query('alert', alertid => (alerts())[0][0]);
like($alert->{reason}, qr/^private: 990 SYN-only flows/, 'that says so');
is(`$alert->{command} -q -o line | wc -l` + 0, 2000, 'its command shows them');
done_testing();
