# SPDX-License-Identifier: BSD-3-Clause
# Which flows an alert looks at, and what `nfgeo scans` finds in them.
package NfGeo::Scans;
use strict;
use warnings;
use NfGeo::Log;
use NfGeo::Run;
use NfGeo::Slot;

# nfsend waits 30 s for an alert.
my $TIMEOUT_S = 25;
my $SLOT_S = 300;

our $SYN_ONLY = 'proto tcp and flags S and not flags AFRPU';

sub _slurp {
	my ($path) = @_;
	open(my $file, '<', $path) or return '';
	local $/;
	return <$file> // '';
}

# The sources and the filter of NfSen's alert, for windows of more than one slot: its own flow file
# has but one.
sub _definition {
	my ($alert) = @_;
	my $dir = "$NfConf::PROFILESTATDIR/~$alert";
	my ($list) = _slurp("$dir/alert.dat") =~ /^channellist\s*=\s*(\S+)/m;
	my @sources = split /\|/, $list // '';
	my $filter = join "\n", grep { !/^\s*#/ } split /\n/, _slurp("$dir/$alert-filter.txt");
	@sources = NfGeo::Slot::sources() unless @sources;
	$filter = 'any' unless $filter =~ /\S/;
	return ($filter, @sources);
}

# The first of the window's slots.
sub window_start {
	my ($config, $slot) = @_;
	return NfSen::ISO2UNIX($slot) + $SLOT_S - $config->{alerts}{window};
}

# -M and -r or -R of the live files of the window. Slots without a file are passed over by -R.
sub live_input {
	my ($config, $slot, @sources) = @_;
	my $dir = NfGeo::Slot::live_dir();
	my @input = ('-M', join(':', "$dir/$sources[0]", @sources[1 .. $#sources]));
	my $last = NfGeo::Slot::file_name($slot);
	my $first = window_start($config, $slot);
	while ($first < NfSen::ISO2UNIX($slot)) {
		my $file = NfGeo::Slot::file_name(NfSen::UNIX2ISO($first));
		return (@input, '-R', "$file:$last") if -f "$dir/$sources[0]/$file";
		$first += $SLOT_S;
	}
	return (@input, '-r', $last);
}

# Sources of the allow-list do not count, for their country neither.
sub _allow_filter {
	my ($config) = @_;
	my @entries = map { "src net $_->[0]/$_->[1]" } @{$config->{alerts}{allow}};
	return @entries ? 'not (' . join(' or ', @entries) . ')' : 'any';
}

sub _input {
	my ($config, $alert, $file, $slot) = @_;
	my $allow = _allow_filter($config);
	return ('-r', $file, $allow) if $config->{alerts}{window} <= $SLOT_S;
	my ($filter, @sources) = _definition($alert);
	return (live_input($config, $slot, @sources), "($filter\n) and $allow");
}

my @SOURCE = qw(address country alpha2 as flows targets ports widest widest_ports);
my @COUNTRY = qw(country alpha2 flows sources targets ports busiest busiest_port busiest_flows
  concentrated);

# {source => [..], country => [..], exporter => [..], used, unused, dropped}; a source or a country
# has from, target, port: lists of its largest.
sub parse {
	my ($output) = @_;
	my %found = (source => [], country => [], exporter => []);
	my $group;

	for my $line (split /\n/, $output) {
		my ($word, @field) = split /\t/, $line, -1;
		if ($word eq 'source' || $word eq 'country') {
			$group = {};
			@$group{$word eq 'source' ? @SOURCE : @COUNTRY} = @field;
			push @{$found{$word}}, $group;
		} elsif ($word eq 'exporter') {
			push @{$found{exporter}}, join('|', map { $_ eq '-' ? '' : $_ } @field);
		} elsif ($word eq 'end') {
			@found{qw(used unused dropped)} = @field;
		} elsif ($group && $word =~ /^(?:from|target|port)$/) {
			push @{$group->{$word}}, \@field;
		}
	}
	return defined $found{dropped} ? \%found : undef;
}

# Dies when there is no result. One that is incomplete (a damaged file, countries not known) is
# used and logged: what was found is there.
sub find {
	my ($config, $alert, $file, $slot) = @_;
	my $limits = $config->{alerts};
	my @command = ($config->{nfgeo}, 'scans', '-t', $limits->{targets}, '-p', $limits->{ports}, '-f',
		$limits->{rate}{min_flows}, '-s', $limits->{max_sampling});
	push @command, '-G', $config->{geodb} if $config->{geodb} ne '';
	push @command, _input($config, $alert, $file, $slot);
	my $timeout = $config->{timeout} < $TIMEOUT_S ? $config->{timeout} : $TIMEOUT_S;
	my ($status, $output, $messages) = NfGeo::Run::command($timeout, @command);
	my $found = $status == 0 || $status == 3 ? parse($output) : undef;

	$messages = 'its output is not complete' if $messages eq '';
	my $text = "status $status of: " . NfGeo::Run::shell_text(@command) . ": $messages";
	die "$text\n" unless $found;
	NfGeo::Log::problem($config, $slot, "alert $alert: $text") if $status;
	return $found;
}

1;
