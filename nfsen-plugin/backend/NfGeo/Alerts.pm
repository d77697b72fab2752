# SPDX-License-Identifier: BSD-3-Clause
# Alerts: which are new, what is kept of each, who is told. An alert is a file alerts/<id>; `armed`
# has, by rule and source or country, until when it is not raised again. Times are those of the slots,
# so that replayed traffic behaves as live traffic did.
package NfGeo::Alerts;
use strict;
use warnings;
use File::Glob qw(:bsd_glob);
use NfGeo::Log;
use NfGeo::Rules;
use NfGeo::Run;
use NfGeo::Scans;
use NfGeo::Slot;
use NfGeo::State;

my @ROW = qw(id time slot alert rule state address country as flows targets ports rearm);
my %LETTER = (horizontal => 'h', vertical => 'v', rate => 'r');
my $SLOT_S = 300;
my $MOST = 100; # alerts of one slot: a flood of made-up sources must not fill the disk

sub _dir { return "$_[0]{statedir}/alerts" }

sub _path {
	my ($config, $id) = @_;
	return _dir($config) . "/$id";
}

# --- what is kept -----------------------------------------------------------------------------------

sub ids {
	my ($config) = @_;
	opendir(my $dir, _dir($config)) or return;
	return sort { $b cmp $a } grep {/^\d{12}-[hvr]-[A-Za-z0-9-]+$/} readdir($dir);
}

sub get {
	my ($config, $id) = @_;
	return unless $id =~ /^\d{12}-[hvr]-[A-Za-z0-9-]{1,120}$/ && -e _path($config, $id);
	my $alert = NfGeo::State::read_hash(_path($config, $id), 'alert');
	return $alert->{id} ? $alert : undef;
}

# Newest first, from a slot on.
sub list {
	my ($config, $limit, $from) = @_;
	my @alerts;

	for my $id (ids($config)) {
		last if @alerts == $limit || substr($id, 0, 12) lt $from;
		my $alert = get($config, $id);
		push @alerts, $alert if $alert;
	}
	return @alerts;
}

sub row {
	my ($alert) = @_;
	return join('|', map { $alert->{$_} // '' } @ROW);
}

# NfSen's alerts that have this plugin as their condition and are enabled.
sub armed {
	my @armed;
	for my $path (bsd_glob("$NfConf::PROFILESTATDIR/~*/alert.dat", GLOB_QUOTE)) {
		open(my $file, '<', $path) or next;
		my $text = do { local $/; <$file> };
		my ($name) = $path =~ m{/~([^/]+)/alert\.dat$};
		push @armed, $name
		  if $text =~ /^status\s*=\s*enabled/m && $text =~ /^condition\s*=.*\bNfGeo\b/m;
	}
	return @armed;
}

# Once a slot: files older than keep_days go.
sub prune {
	my ($config, $slot) = @_;
	my $oldest = NfSen::UNIX2ISO(NfSen::ISO2UNIX($slot) - $config->{alerts}{keep_days} * 86400);
	unlink(_path($config, $_)) for grep { substr($_, 0, 12) lt $oldest } ids($config);
	return;
}

# --- raising ----------------------------------------------------------------------------------------

sub _complete {
	my ($config, $alert, $name, $slot, $found) = @_;
	my $start = NfSen::ISO2UNIX($slot);
	my $subject = $alert->{subject} =~ s/[^A-Za-z0-9]/-/gr;

	my $short = $name =~ s/[^A-Za-z0-9]/-/gr;
	$alert->{id} = substr("$slot-$LETTER{$alert->{rule}}-$short-$subject", 0, 130);
	$alert->{filter} = "$NfGeo::Scans::SYN_ONLY and $alert->{filter}";
	$alert->{command} = NfGeo::Run::shell_text($config->{nfdump},
		NfGeo::Scans::live_input($config, $slot, NfGeo::Slot::sources()), $alert->{filter});
	$alert->{reason} .= " within $config->{alerts}{window} s; the limit is $alert->{threshold}"
	  . NfGeo::Rules::sampling_text($found);
	$alert->{exporter} = $found->{exporter};
	@$alert{qw(alert slot last_slot time window seen state)} =
	  ($name, $slot, $slot, $start + $SLOT_S, $config->{alerts}{window}, 1, 'raised');
	$alert->{rearm} = $start + $SLOT_S + $config->{alerts}{rearm};
	return $alert;
}

# Seen again before its time: the first alert counts it.
sub _hold {
	my ($config, $id, $alert, $slot) = @_;
	my $first = get($config, $id) or return;

	return if $first->{last_slot} ge $slot;
	$first->{seen}++;
	$first->{last_slot} = $slot;
	$first->{state} = 'held';
	for my $count (qw(flows targets ports)) {
		$first->{$count} = $alert->{$count} if $alert->{$count} > $first->{$count};
	}
	return NfGeo::State::write_hash(_path($config, $id), 'alert', $first);
}

# @return true when it is new
sub _raise {
	my ($config, $armed, $alert, $name, $slot, $found) = @_;
	my $key = "$alert->{rule} $name $alert->{subject}";
	my ($until, $id) = split / /, $armed->{$key} // '0 ';

	if ($until > NfSen::ISO2UNIX($slot)) {
		# the slot itself again: nfsend was started anew
		return 1 if substr($id, 0, 12) eq $slot;
		_hold($config, $id, $alert, $slot);
		return 0;
	}
	_complete($config, $alert, $name, $slot, $found);
	NfGeo::State::write_hash(_path($config, $alert->{id}), 'alert', $alert);
	$armed->{$key} = "$alert->{rearm} $alert->{id}";
	return 1;
}

# NfSen asks whether the alert's flows of a slot are worth an alarm: the number of new ones.
sub condition {
	my ($config, $name, $file, $slot) = @_;
	my $found = eval { NfGeo::Scans::find($config, $name, $file, $slot) };
	if (!$found) {
		NfGeo::Log::problem($config, $slot, "alert $name: not evaluated: $@");
		return 0;
	}
	NfGeo::Log::warning("alert $name, slot $slot: exporters sample too coarsely: "
		  . "$found->{unused} SYN-only flows did not count") if $found->{unused};
	my @alerts = NfGeo::Rules::apply($config, $name, $slot, $found);
	return 0 unless @alerts;
	if (@alerts > $MOST) {
		@alerts = (sort { $b->{flows} <=> $a->{flows} } @alerts)[0 .. $MOST - 1];
		NfGeo::Log::problem($config, $slot,
			"alert $name: more than $MOST alerts: those with most flows are kept");
	}
	my $new = eval { _raise_all($config, $name, $slot, $found, @alerts) };
	return $new if defined $new;
	# without its memory an alert is still an alert
	NfGeo::Log::problem($config, $slot, "alert $name: cannot be kept: $@");
	NfGeo::Log::warning("alert $name: $_->{rule}: $_->{reason}") for @alerts;
	return scalar @alerts;
}

sub _raise_all {
	my ($config, $name, $slot, $found, @alerts) = @_;
	my $start = NfSen::ISO2UNIX($slot);
	my $new = 0;

	NfGeo::State::locked($config, 'armed', sub {
		my $path = "$config->{statedir}/armed";
		my $armed = NfGeo::State::read_hash($path, 'armed');
		delete @$armed{grep { (split / /, $armed->{$_})[0] <= $start } keys %$armed};
		$new += _raise($config, $armed, $_, $name, $slot, $found) for @alerts;
		NfGeo::State::write_hash($path, 'armed', $armed);
	});
	return $new;
}

# --- telling ----------------------------------------------------------------------------------------

sub _mail {
	my ($config, $name, $slot, @alerts) = @_;
	my @lines;

	for my $alert (@alerts) {
		push @lines, "$alert->{rule}: $alert->{reason}\n", "\n", "$alert->{command}\n", "\n";
		for my $kind (qw(source target port exporter)) {
			push @lines, map {"$kind $_\n"} @{$alert->{$kind} // []};
		}
		push @lines, "\n";
	}
	my $subject = 'NfGeo: ' . scalar(@alerts) . " SYN scans, alert $name, slot $slot";
	return Notification::notify($subject, \@lines, $config->{alerts}{mail});
}

# Every new alert of the slot is a line in the log, and all of them a mail when one is wanted.
sub action {
	my ($config, $name, $slot) = @_;
	my @alerts = grep { $_->{slot} eq $slot && $_->{alert} eq $name } list($config, 500, $slot);

	NfGeo::Log::warning("alert $_->{alert}: $_->{rule}: $_->{reason}: $_->{command}")
	  for @alerts;
	_mail($config, $name, $slot, @alerts) if @alerts && $config->{alerts}{mail} ne '';
	return;
}

1;
