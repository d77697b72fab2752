# SPDX-License-Identifier: BSD-3-Clause
# One slot of the live profile: run `nfgeo totals` over its files, give the sums by country.
package NfGeo::Slot;
use strict;
use warnings;
use NfGeo::Log;
use NfGeo::Run;

our @FIELDS = qw(in_flows in_packets in_bytes in_syn out_flows out_packets out_bytes out_syn);

# Path of the slot below a channel's directory.
sub file_name {
	my ($slot) = @_;
	my $subdir = NfSen::SubdirHierarchy(NfSen::ISO2UNIX($slot)) // '';
	$subdir =~ s{^/+|/+$}{}g;
	return ($subdir eq '' ? '' : "$subdir/") . "nfcapd.$slot";
}

sub sources {
	my %live = NfProfile::ReadProfile('live', '.');
	die "profile live cannot be read: " . ($Log::ERROR // 'no reason given') . "\n"
	  if ($live{status} // 'empty') eq 'empty';
	return sort keys %{$live{channel} // {}};
}

sub live_dir {
	my $path = NfProfile::ProfilePath('live', '.');
	return "$NfConf::PROFILEDATADIR/$path";
}

# The sources that have a file; one without was down, and the log says so.
sub _present {
	my ($config, $slot) = @_;
	my ($dir, $file) = (live_dir(), file_name($slot));
	my @sources = sources();
	my @present = grep { -f "$dir/$_/$file" } @sources;
	my @missing = grep { !-f "$dir/$_/$file" } @sources;

	die "no source has a file $file\n" unless @present;
	NfGeo::Log::problem($config, $slot, "no file $file of source @missing: its flows are not counted")
	  if @missing;
	return @present;
}

# The lines of `nfgeo totals`; the last must be there.
sub parse {
	my ($output) = @_;
	my %sums = (country => {}, databases => []);

	for my $line (split /\n/, $output) {
		my ($word, @field) = split /\t/, $line, -1;
		if ($word eq 'country' && @field == 10) {
			my ($code, undef, @count) = @field;
			@{$sums{country}{$code}}{@FIELDS} = @count;
		} elsif ($word eq 'total' && @field == 4) {
			@{$sums{total}}{qw(flows packets bytes syn)} = @field;
		} elsif ($word eq 'database' && @field == 3) {
			push @{$sums{databases}}, \@field;
		} elsif ($word eq 'end') {
			$sums{end} = 1;
		}
	}
	return $sums{end} && $sums{total} ? \%sums : undef;
}

# {country => {code => {in_flows..}}, total => {flows..}, databases => [[build, hash, type]..]}.
# Dies when any of the flows are not in the sums.
sub sums {
	my ($config, $slot) = @_;
	my @present = _present($config, $slot);
	my @command = ($config->{nfgeo}, 'totals', '-M', join(':', live_dir() . "/$present[0]",
		@present[1 .. $#present]), '-r', file_name($slot));
	push @command, '-G', $config->{geodb} if $config->{geodb} ne '';
	my ($status, $output, $messages) = NfGeo::Run::command($config->{timeout}, @command);
	my $sums = $status == 0 ? parse($output) : undef;

	return $sums if $sums;
	$messages = 'its output is not complete' if $status == 0;
	die 'status ' . $status . ' of: ' . NfGeo::Run::shell_text(@command) . ": $messages\n";
}

1;
