#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Profiles by country from the configuration: made through nfsend's functions with filters that our
# programs and NfSen both take, kept as the configuration says, and never those of somebody else.
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
my %config = (home => 'CZ', profiles => {
	icmp => [qw(UA US CZ)], https => [qw(US 203)], syn => 'CN', dns => 'USA', countries => ['DE', 'cok'],
	groups => {near => [qw(SK PL AT DE)]}, top => 2,
});
$NfConf::PluginConf{NfGeo} = {%config};
FakeNfsend::start(base => $base, prefix => $ENV{NFGEO_BIN}, plugins => "$ENV{srcdir}/nfsen-plugin/backend",
	sources => [qw(s1 s2)]);
my $time = NfSen::ISO2UNIX('202611050800');
my $n = 0;

# One slot: traffic of DE more than US more than PL.
sub slot {
	my $slot = NfSen::UNIX2ISO($time + 300 * $n++);
	my $ms = ($time + 300 * $n) * 1000;
	my $flow = sub { return "flow 195.113.0.1 198.51.100.7 1024 $_[3] $_[2] 27 10 $_[1] $ms 10 1 203 $_[0] 1" };
	FakeNfsend::write_slot($_, $slot, $flow->(276, 9000, 6, 443), $flow->(840, 5000, 1, 0), $flow->(616, 3000, 17, 53), @_)
	  for qw(s1 s2);
	is(FakeNfsend::run_slot($slot), 'ok', "slot $slot");
	return $slot;
}

sub states { return map { my @f = split /\|/, $_, -1; ($f[1] => $f[3]) } @{FakeNfsend::query('profiles')->{profile} // []} }
sub filter { return FakeNfsend::read_text("$base/stat/$_[0]/$_[1]-filter.txt") }

sub channels {
	my %info = NfProfile::ReadProfile($_[0], '.');
	return join ' ', map {"$_$info{channel}{$_}{sign}"} sort keys %{$info{channel}};
}

# somebody else has a profile of this name
NfProfile::write_profile(name => 'geo_dns', group => '.', status => 'OK', channel => {
	mine => {sign => '+', colour => '#123456', order => 1, sourcelist => 's1'}});

is_deeply({states()}, {map { $_ => 'waiting' } qw(geo_icmp geo_https geo_syn geo_dns geo_de geo_ck geo_near)},
	'what will be made');
slot();
is_deeply({states()}, {geo_dns => 'foreign', map { $_ => 'ok' } qw(geo_icmp geo_https geo_syn geo_de geo_ck geo_near)},
	'what was made') or diag(FakeNfsend::log_text());
is(channels('geo_dns'), 'mine+', 'a profile of somebody else is left alone');
like(FakeNfsend::log_text(), qr/^err: NfGeo: profile geo_dns: a profile of this name was there before/m, 'and said');
my %want = (geo_icmp => 'cz+ other+ ua+ us+', geo_https => 'cz+ other+ us+', geo_syn => 'all+ cn-',
	geo_de => 'in+ out-', geo_ck => 'in+ out-', geo_near => 'in+ out-');
for my $name (sort keys %want) {
	my %info = NfProfile::ReadProfile($name, '.');
	is(channels($name), $want{$name}, "$name: its channels");
	is($info{status}, 'OK', "$name: committed");
}
is(filter('geo_icmp', 'other'), "(proto icmp or proto icmp6) and not src ctry in [ 804 840 203 ]\n", 'a filter');
is(filter('geo_syn', 'cn'), "proto tcp and flags S and not flags AFRPU and dst ctry 203 and src ctry 156\n", 'another');
is(filter('geo_near', 'in'), "dst ctry in [ 703 616 40 276 ]\n", 'of a group');

# top: after an hour of slots
slot() for 1 .. 10;
ok(!NfProfile::ProfileExists('geo_top', '.'), 'top: not before an hour is known');
slot() for 1 .. 2;
is(channels('geo_top'), 'cz+ de+ other+', 'top: the largest two');
is(filter('geo_top', 'other'), "not ctry in [ 203 276 ]\n", 'and the others');

# every filter is one of ours, and one that NfSen's checks take
my @filters = glob("$base/stat/geo_*/*-filter.txt");
cmp_ok(scalar @filters, '>=', 16, 'filters');
for my $path (@filters) {
	my $text = FakeNfsend::read_text($path);
	is(system("$ENV{NFGEO_BIN}/nfdump", '-Z', $text), 0, "valid: $text");
	unlike($text, qr/[='"`;\\]|[^\x20-\x7e\n]/, 'with characters that NfSen takes');
}

# channels of a stacked profile are disjoint and complete: all flows once
my @lines;
for my $name (qw(geo_icmp geo_https geo_top)) {
	my %info = NfProfile::ReadProfile($name, '.');
	for my $channel (keys %{$info{channel}}) {
		make_path("$base/data/$name/$channel");
		push @lines, ".#$name#2#$channel#s1|s2\n";
	}
}
FakeNfsend::write_text("$base/stdin", join '', @lines);
my $last = NfSen::UNIX2ISO($time + 300 * ($n - 1));
my $command = "$ENV{NFGEO_BIN}/nfprofile -I -t @{[$time + 300 * ($n - 1)]} -p $base/data -P $base/stat"
  . " -S 1 -M $base/data/live/s1:s2 -r nfcapd.$last";
my $said = `$command <$base/stdin 2>&1`;
unlike($said, qr/skipped/, 'nfprofile takes all channels');
sub flows {
	my ($name) = @_;
	my %flows;
	for my $path (glob("$base/data/$name/*/2026/11/05/nfcapd.$last")) {
		my ($channel) = $path =~ m{/([^/]+)/2026/};
		($flows{$channel}) = `$ENV{NFGEO_BIN}/nfdump -I -r $path` =~ /^Flows: (\d+)/m;
	}
	return \%flows;
}
is_deeply(flows('geo_icmp'), {ua => 0, us => 0, cz => 2, other => 0}, 'ICMP by country');
is_deeply(flows('geo_https'), {us => 0, cz => 0, other => 2}, 'HTTPS by country');
is(flows('geo_top')->{cz}, 6, 'top');

# the configuration changes
$NfConf::PluginConf{NfGeo} = {%config, profiles => {%{$config{profiles}}, icmp => [qw(UA US CZ SK)]}};
slot();
is(channels('geo_icmp'), 'cz+ other+ sk+ ua+ us+', 'a country more: a channel more');
is(filter('geo_icmp', 'other'), "(proto icmp or proto icmp6) and not src ctry in [ 804 840 203 703 ]\n",
	'others without it');
my $before = length(FakeNfsend::log_text());
slot();
is(substr(FakeNfsend::log_text(), $before), '', 'then all is quiet');

# what cannot be
$NfConf::PluginConf{NfGeo} = {%config, home => '', profile_shadow => 1, profile_prefix => 'x_',
	profiles => {icmp => ['Utopia'], syn => 'CN', https => ['XQ'], countries => ['FR'],
		groups => {'a b' => ['FR'], ok => ['FR', 'QQ']}}};
slot();
my $log = FakeNfsend::log_text();
like($log, qr/^err: NfGeo: profiles $_$/m, "said: $_")
  for ("icmp: there is no country 'Utopia'", 'syn: home is not set', "https: there is no country 'XQ'",
	"groups: name 'a b': use up to 15 letters, digits and _", "groups ok: there is no country 'QQ'");
is_deeply({states()}, {x_fr => 'ok'}, 'what is right is made');
is((NfProfile::ReadProfile('x_fr', '.'))[0] ? {NfProfile::ReadProfile('x_fr', '.')}->{shadow} : '', 1, 'as a shadow');
$before = length(FakeNfsend::log_text());
slot();
is(substr(FakeNfsend::log_text(), $before), '', 'a fault is said once, not in every slot');
$NfProfile::FAIL = 'Profile is locked!';
$NfConf::PluginConf{NfGeo} = {profiles => {countries => ['FR', 'IT']}, profile_prefix => 'y_'};
slot();
like(FakeNfsend::log_text(), qr/^err: NfGeo: profile y_fr: AddProfile: ERR Profile is locked!$/m, 'nfsend refuses: said');
is_deeply({states()}, {y_fr => 'failed', y_it => 'failed'}, 'and shown');
$NfProfile::FAIL = undef;
slot();
is_deeply({states()}, {y_fr => 'ok', y_it => 'ok'}, 'tried again with the next slot');
done_testing();
