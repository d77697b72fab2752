# SPDX-License-Identifier: BSD-3-Clause
# The plugin's part of nfsen.conf: $PluginConf{NfGeo}, checked, with defaults. README.md of
# nfsen-plugin explains the keys.
package NfGeo::Config;
use strict;
use warnings;
use Socket ();

# key => [default, check]; a check returns what is wrong, or nothing.
my %KEYS = (
	home => ['', \&_country],
	statedir => [undef, \&_path],
	nfgeo => [undef, \&_path],
	nfdump => [undef, \&_path],
	geodb => ['', \&_path],
	timeout => [120, _number(1, 280)],
	profiles => [{}, _hash()],
	profile_prefix => ['geo_', _matches(qr/^[A-Za-z][A-Za-z0-9_]{0,15}$/, 'letters, digits and _')],
	profile_shadow => [0, _number(0, 1)],
	alerts => [{}, _hash()],
);

my %ALERT_KEYS = (
	window => [300, _number(300, 3600)],
	targets => [100, _number(2, 1_000_000)],
	ports => [100, _number(2, 65535)],
	max_sampling => [10, _number(1, 1_000_000)],
	rearm => [3600, _number(0, 604_800)],
	allow => [[], _list()],
	keep_days => [90, _number(1, 3650)],
	mail => ['', _matches(qr/^$|^[^\s,;]+@[^\s,;]+$/, 'one mail address')],
	rate => [{}, _hash()],
);

my %RATE_KEYS = (
	enabled => [1, _number(0, 1)],
	factor => [6, _number(1, 1000)],
	min_flows => [500, _number(1, 1_000_000_000)],
	days => [7, _number(1, 9)],
	min_days => [3, _number(1, 9)],
);

my %PROFILE_KEYS = (
	icmp => [undef, _list()],
	https => [undef, _list()],
	syn => [undef, \&_country],
	dns => [undef, \&_country],
	countries => [undef, _list()],
	groups => [undef, _hash()],
	top => [undef, _number(1, 20)],
);

sub _number {
	my ($least, $most) = @_;
	return sub {
		my ($value) = @_;
		return if defined $value && $value =~ /^\d{1,10}$/ && $value >= $least && $value <= $most;
		return "use a whole number from $least to $most";
	};
}

sub _matches {
	my ($pattern, $text) = @_;
	return sub { return defined $_[0] && !ref $_[0] && $_[0] =~ $pattern ? () : "use $text" };
}

sub _hash {
	return sub { return ref $_[0] eq 'HASH' ? () : 'use { key => value, ... }' };
}

sub _list {
	return sub { return ref $_[0] eq 'ARRAY' ? () : 'use [ ... ]' };
}

sub _path {
	return defined $_[0] && $_[0] =~ m{^(?:/[^\x00-\x1f]*)?$} ? () : 'use a path that begins with /';
}

sub _country {
	my ($value) = @_;
	return defined $value && $value =~ /^(?:|[A-Za-z]{2,3}|\d{1,3})$/ ? ()
	  : 'use two or three letters, or the ISO number, of a country';
}

# Values over defaults; every fault is a line in @$faults, and its key keeps the default.
sub _take {
	my ($table, $given, $where, $faults) = @_;
	my %config = map { $_ => $table->{$_}[0] } keys %$table;

	for my $key (sort keys %{$given // {}}) {
		if (!$table->{$key}) {
			push @$faults, "nfsen.conf, PluginConf NfGeo: there is no key '$where$key'; the keys are: "
			  . join(' ', sort keys %$table);
			next;
		}
		my ($wrong) = $table->{$key}[1]->($given->{$key});
		if (defined $wrong) {
			my $value = ref $given->{$key} || $given->{$key} // 'undef';
			push @$faults, "nfsen.conf, PluginConf NfGeo: $where$key => $value: $wrong";
			next;
		}
		$config{$key} = $given->{$key};
	}
	return \%config;
}

# "192.0.2.0/24" -> [address, bits, text]
sub _prefix {
	my ($text, $faults) = @_;
	my ($address, $bits) = ($text // '') =~ m{^([0-9A-Fa-f.:]+)(?:/(\d{1,3}))?$};
	my $family = ($address // '') =~ /:/ ? Socket::AF_INET6() : Socket::AF_INET();
	my $most = $family == Socket::AF_INET() ? 32 : 128;

	return [$address, $bits // $most, $text]
	  if defined $address && Socket::inet_pton($family, $address) && ($bits // 0) <= $most;
	push @$faults, "nfsen.conf, PluginConf NfGeo: alerts allow '" . ($text // 'undef')
	  . "': use an address or address/bits";
	return;
}

# The configuration, never undef, and what is wrong with it.
sub load {
	no warnings 'once';
	my $given = $NfConf::PluginConf{NfGeo};
	my @faults;

	if (defined $given && ref $given ne 'HASH') {
		push @faults, 'nfsen.conf, PluginConf NfGeo: use { key => value, ... }';
		$given = {};
	}
	my $config = _take(\%KEYS, $given, '', \@faults);
	my $prefix = $NfConf::PREFIX // '/usr/local/bin';
	$prefix =~ s{/+$}{};
	$config->{statedir} //= ($NfConf::VARDIR // '/var/tmp') . '/nfgeo';
	$config->{nfgeo} //= "$prefix/nfgeo";
	$config->{nfdump} //= "$prefix/nfdump";
	$config->{home} = uc($config->{home});
	$config->{profiles} = _take(\%PROFILE_KEYS, $config->{profiles}, 'profiles ', \@faults);
	$config->{alerts} = _take(\%ALERT_KEYS, $config->{alerts}, 'alerts ', \@faults);
	$config->{alerts}{rate} = _take(\%RATE_KEYS, $config->{alerts}{rate}, 'alerts rate ', \@faults);
	$config->{alerts}{allow} =
	  [map { _prefix($_, \@faults) // () } @{$config->{alerts}{allow}}];
	return ($config, @faults);
}

1;
