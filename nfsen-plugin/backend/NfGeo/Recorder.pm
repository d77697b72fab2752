# SPDX-License-Identifier: BSD-3-Clause
# What happens in a slot: its sums go into the RRDs, and what became of it into the state.
package NfGeo::Recorder;
use strict;
use warnings;
use NfGeo::Log;
use NfGeo::Slot;
use NfGeo::State;
use NfGeo::Store;

sub _note_databases {
	my ($state, @databases) = @_;
	my ($first) = sort { $b->[0] <=> $a->[0] } @databases; # the newest
	my ($build, $sha256, $type) = @{$first // ['', '', '']};

	@$state{qw(database database_build database_sha256 databases)} =
	  ($type =~ s/[|=]/ /gr, $build, $sha256, scalar @databases);
	return;
}

sub _note {
	my ($config, $slot, $sums) = @_;
	my $path = "$config->{statedir}/slot";
	my $state = NfGeo::State::read_hash($path, 'slot');

	$state->{slot} = $slot;
	$state->{slot_state} = $sums ? 'ok' : 'failed';
	$state->{$sums ? 'recorded' : 'failed'}++;
	$state->{since} ||= $slot if $sums;
	_note_databases($state, @{$sums->{databases}}) if $sums;
	return NfGeo::State::write_hash($path, 'slot', $state);
}

# A slot that fails is not booked at all: it stays unknown, which is not zero.
sub slot {
	my ($config, $slot) = @_;
	my $start = NfSen::ISO2UNIX($slot);
	my $last = NfGeo::Store::last_end($config);

	if (defined $last && $last >= $start + $NfGeo::Store::SLOT_S) {
		NfGeo::Log::warning("slot $slot: not recorded: the RRDs are ahead of it, at "
			  . NfSen::UNIX2ISO($last - $NfGeo::Store::SLOT_S))
		  if $last > $start + $NfGeo::Store::SLOT_S;
		return;
	}
	my $sums = eval {
		my $found = NfGeo::Slot::sums($config, $slot);
		NfGeo::Store::record($config, $start, $found);
		$found;
	};
	NfGeo::Log::problem($config, $slot, "not recorded, its values are unknown: $@") unless $sums;
	eval { _note($config, $slot, $sums); 1 } or NfGeo::Log::error("slot $slot: $@");
	return;
}

1;
