# SPDX-License-Identifier: BSD-3-Clause
# NfGeo - NfSen's backend plugin: flows by country, profiles by country, SYN-scan alerts.
#
# nfsend calls the functions below, each request in a process of its own; so nothing is kept in
# variables. Nothing here may end or block nfsend: whatever goes wrong is a line in the log.
package NfGeo;
use strict;
use warnings;
use NfGeo::Alerts;
use NfGeo::Commands;
use NfGeo::Config;
use NfGeo::Log;
use NfGeo::Profiles;
use NfGeo::Recorder;

our $VERSION = 130; # of NfSen's plugin interface: run() gets one hash
our %cmd_lookup = NfGeo::Commands::lookup();

# Run code; an error is logged, and undef comes back.
sub _guarded {
	my ($what, $code) = @_;
	local $SIG{__DIE__} = 'DEFAULT';
	my $result = eval { $code->() };
	return $result unless $@;
	my $error = $@;
	eval { NfGeo::Log::error("$what: $error") };
	return;
}

# Faults of the configuration are logged and their keys keep the defaults: half a plugin is better
# than none. Called once, when nfsend starts.
sub Init {
	_guarded('start', sub {
		my ($config, @faults) = NfGeo::Config::load();
		NfGeo::Log::error($_) for @faults;
		NfGeo::Log::error("$config->{nfgeo} is not there: set nfgeo in PluginConf, or \$PREFIX")
		  unless -x $config->{nfgeo};
		NfGeo::Log::info("state in $config->{statedir}");
	});
	return 1;
}

# A slot of a profile. The live profile is recorded; others have nothing to do.
sub run {
	my ($arguments) = @_;
	my ($profile, $group, $slot) = @$arguments{qw(profile profilegroup timeslot)};

	return unless $profile eq 'live' && $group eq '.';
	_guarded("slot $slot", sub {
		my ($config) = NfGeo::Config::load();
		NfGeo::Recorder::slot($config, $slot);
		_guarded('profiles', sub { NfGeo::Profiles::keep($config) });
		_guarded('old alerts', sub { NfGeo::Alerts::prune($config, $slot) });
	});
	return;
}

# The number of new scans in an alert's flows.
sub alert_condition {
	my ($arguments) = @_;
	my $count = _guarded("alert $arguments->{alert}", sub {
		my ($config) = NfGeo::Config::load();
		return NfGeo::Alerts::condition($config, @$arguments{qw(alert alertfile timeslot)});
	});
	return $count // 0;
}

sub alert_action {
	my ($arguments) = @_;
	_guarded("alert $arguments->{alert}", sub {
		my ($config) = NfGeo::Config::load();
		NfGeo::Alerts::action($config, @$arguments{qw(alert timeslot)});
	});
	return;
}

sub Cleanup { return 1 }

1;
