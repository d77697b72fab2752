# SPDX-License-Identifier: BSD-3-Clause
# An RRD per country, made when the country is first seen, and total.rrd, which decides what is
# known: a slot counts when total.rrd has it; a country without a value in such a slot had no flow.
#
# Values are per second over the slot and booked at its end, so that graphs are not shifted.
package NfGeo::Store;
use strict;
use warnings;
use RRDs;
use NfGeo::Slot;
use NfGeo::State;

our $SLOT_S = 300;
my $HEARTBEAT_S = 600;
# seconds of a row, rows: 10 days, 35 days, 120 days, 800 days; 440 KB a file
my @ARCHIVES = ([300, 2880], [1800, 1680], [7200, 1440], [86400, 800]);

my @TOTAL_FIELDS = qw(flows packets bytes syn);

sub dir { return "$_[0]{statedir}/rrd" }

sub path {
	my ($config, $name) = @_;
	return dir($config) . "/$name.rrd";
}

# All codes that have an RRD, by number.
sub codes {
	my ($config) = @_;
	opendir(my $dir, dir($config)) or return;
	return sort { $a <=> $b } map { /^(\d+)\.rrd$/ ? $1 : () } readdir($dir);
}

sub _check {
	my ($path) = @_;
	my $error = RRDs::error();
	die "$path: $error\n" if defined $error;
	return;
}

sub _create {
	my ($path, $start, @fields) = @_;
	my $new = "$path.$$.new";

	RRDs::create($new, '--start', $start, '--step', $SLOT_S,
		(map {"DS:$_:GAUGE:$HEARTBEAT_S:0:U"} @fields),
		(map { 'RRA:AVERAGE:0.5:' . $_->[0] / $SLOT_S . ":$_->[1]" } @ARCHIVES));
	my $error = RRDs::error();
	# RRDs::create() reports success on a full disk
	$error //= 'RRDtool wrote no file: is the disk full, or a file size limit reached?' unless -s $new;
	$error //= "$!" unless defined $error || rename($new, $path);
	return unless defined $error;
	unlink($new);
	die "cannot make $path: $error\n";
}

# Book counts of the slot that ends at `end`. Slots that were left out since become unknown.
sub _book {
	my ($path, $end, $counts, @fields) = @_;

	_create($path, $end - $SLOT_S, @fields) unless -e $path;
	my $last = RRDs::last($path);
	_check($path);
	return if $last >= $end; # this slot was handled before
	my @rows;
	push @rows, join(':', $end - $SLOT_S, map {'U'} @fields) if $last < $end - $SLOT_S;
	push @rows, join(':', $end, map { sprintf('%.12g', ($counts->{$_} // 0) / $SLOT_S) } @fields);
	RRDs::update($path, '--template', join(':', @fields), @rows);
	_check($path);
	return;
}

# Dies at the first file that cannot be written; total.rrd is not touched then.
sub record {
	my ($config, $start, $sums) = @_;
	my $end = $start + $SLOT_S;
	my %codes = map { $_ => 1 } codes($config), keys %{$sums->{country}};

	NfGeo::State::make_dir(dir($config));
	_book(path($config, $_), $end, $sums->{country}{$_}, @NfGeo::Slot::FIELDS)
	  for sort { $a <=> $b } keys %codes;
	return _book(path($config, 'total'), $end, $sums->{total}, @TOTAL_FIELDS);
}

# End of the newest slot that was booked; undef when there is none.
sub last_end {
	my ($config) = @_;
	my $path = path($config, 'total');
	return unless -e $path;
	my $last = RRDs::last($path);
	return RRDs::error() ? undef : $last;
}

# Rows no finer than needed: a year in days.
sub _resolution {
	my ($seconds) = @_;
	return 300 if $seconds <= 2 * 86400;
	return 1800 if $seconds <= 14 * 86400;
	return 7200 if $seconds <= 60 * 86400;
	return 86400;
}

# {step, names, time => row} of an RRD over [from, to].
sub fetch {
	my ($path, $from, $to, $resolution) = @_;
	my ($first, $step, $names, $data) = RRDs::fetch($path, 'AVERAGE', '-r', $resolution, '-s', $from,
		'-e', $to);
	_check($path);
	my %row;
	for my $i (0 .. $#$data) {
		my $time = $first + $i * $step;
		$row{$time} = $data->[$i] if $time > $from && $time - $step < $to;
	}
	return {step => $step, names => $names, row => \%row};
}

# Sums of a range of slots: {total => {..}, country => {code => {..}}, slots, missing, resolution};
# total is undef when nothing is known.
sub range {
	my ($config, $from, $to) = @_;
	my $total_path = path($config, 'total');
	my $since = NfGeo::State::read_hash("$config->{statedir}/slot", 'slot')->{since};
	my %result = (slots => int(($to - $from) / $SLOT_S), country => {});

	$result{missing} = $result{slots};
	# a year of which an hour was recorded is read as an hour
	my $recorded = $since ? NfSen::ISO2UNIX($since) : 0;
	$from = $recorded if $from < $recorded && $recorded < $to;
	$result{resolution} = _resolution($to - $from);
	return \%result unless -e $total_path;
	my $total = fetch($total_path, $from, $to, $result{resolution});
	my $step = $result{resolution} = $total->{step};
	my @known = grep { defined $total->{row}{$_}[0] } keys %{$total->{row}};
	return \%result unless @known;
	my $known = @known * $step / $SLOT_S;
	$result{missing} = $known < $result{slots} ? $result{slots} - $known : 0;
	$result{total} = _sum($total, @known);
	for my $code (codes($config)) {
		my $sum = _sum(fetch(path($config, $code), $from, $to, $step), @known);
		$result{country}{$code} = $sum if $sum->{in_flows} || $sum->{out_flows};
	}
	return \%result;
}

sub _sum {
	my ($rows, @times) = @_;
	my @sum = map {0} @{$rows->{names}};

	for my $row (@{$rows->{row}}{@times}) {
		next unless $row;
		$sum[$_] += ($row->[$_] // 0) * $rows->{step} for 0 .. $#sum;
	}
	return {map { $rows->{names}[$_] => sprintf('%.0f', $sum[$_]) } 0 .. $#sum};
}

1;
