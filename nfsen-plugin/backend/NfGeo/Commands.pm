# SPDX-License-Identifier: BSD-3-Clause
# The commands of the page (PROTOCOL.md). They only read.
package NfGeo::Commands;
use strict;
use warnings;
use NfGeo::Alerts;
use NfGeo::Config;
use NfGeo::Countries;
use NfGeo::Graph;
use NfGeo::Log;
use NfGeo::Profiles;
use NfGeo::Rules;
use NfGeo::Slot;
use NfGeo::State;
use NfGeo::Store;

our $PROTOCOL = 1;

my @MEASURES = qw(flows packets bytes syn);
my @DIRECTIONS = qw(in out both);
my $RANGE_MAX_S = 400 * 86400;

# --- values of a request --------------------------------------------------------------------------

sub _word {
	my ($options, $key, $default, @words) = @_;
	my $value = $options->{$key} // $default;
	return $value if !ref $value && grep { $_ eq $value } @words;
	die "$key '$value': one of @words\n";
}

sub _number {
	my ($options, $key, $default, $least, $most) = @_;
	my $value = $options->{$key} // $default;
	return $value + 0 if $value =~ /^\d{1,9}$/ && $value >= $least && $value <= $most;
	die "$key '$value': a number from $least to $most\n";
}

# Start of a slot in Unix time; undef when it is not given.
sub _slot {
	my ($options, $key) = @_;
	my $value = $options->{$key};
	return if !defined $value || $value eq '';
	die "$key '$value': 12 digits YYYYMMDDhhmm\n"
	  unless $value =~ /^\d{12}$/ && NfSen::ValidISO($value);
	return NfSen::ISO2UNIX($value);
}

sub _last_start {
	my ($config) = @_;
	my $end = NfGeo::Store::last_end($config);
	return defined $end ? $end - $NfGeo::Store::SLOT_S : undef;
}

# --- answers ----------------------------------------------------------------------------------------

sub status {
	my ($config) = @_;
	my $state = NfGeo::State::read_hash("$config->{statedir}/slot", 'slot');
	my %answer = (
		protocol => $PROTOCOL,
		version => $NfGeo::VERSION,
		slot => $state->{slot} // '',
		slot_state => $state->{slot_state} // 'none',
		since => $state->{since} // '',
		recorded => $state->{recorded} // 0,
		failed => $state->{failed} // 0,
		database => $state->{database} // '',
		database_build => $state->{database_build} // '',
		database_sha256 => $state->{database_sha256} // '',
		databases => $state->{databases} // 0,
		statedir => $config->{statedir},
		home => '',
	);

	my $table = eval { NfGeo::Countries::table($config) };
	my @problems = NfGeo::Log::problems($config);
	unshift @problems, join('|', time(), '', $@ =~ s/[|\s]+/ /gr) unless $table;
	$answer{home} = NfGeo::Countries::number($table, $config->{home}) // '' if $table;
	$answer{problem} = \@problems if @problems;
	return \%answer;
}

sub countries {
	my ($config) = @_;
	my $table = NfGeo::Countries::table($config);
	my @rows = map { join('|', @{$table->{code}{$_}}{qw(number alpha2 alpha3 name continent)}) }
	  @{$table->{list}};
	return {country => \@rows};
}

# What a country is ordered by.
sub _value {
	my ($sum, $measure, $direction) = @_;
	return $sum->{"${direction}_$measure"} unless $direction eq 'both';
	return $sum->{"in_$measure"} + $sum->{"out_$measure"};
}

sub _rank {
	my ($countries, $measure, $direction) = @_;
	my %value = map { $_ => _value($countries->{$_}, $measure, $direction) } keys %$countries;
	return sort { $value{$b} <=> $value{$a} || $a <=> $b } keys %value;
}

sub top {
	my ($config, $options) = @_;
	my $measure = _word($options, 'measure', 'flows', @MEASURES);
	my $direction = _word($options, 'direction', 'both', @DIRECTIONS);
	my $limit = _number($options, 'limit', 20, 0, 1000);
	my $from = _slot($options, 'tstart') // _last_start($config)
	  // die "no slot was recorded yet\n";
	my $to = _slot($options, 'tend') // $from;

	die "tend is before tstart\n" if $to < $from;
	die "tstart to tend: at most 400 days\n" if $to - $from > $RANGE_MAX_S;
	my $table = NfGeo::Countries::table($config);
	my $range = NfGeo::Store::range($config, $from, $to + $NfGeo::Store::SLOT_S);
	my %answer = (tstart => NfSen::UNIX2ISO($from), tend => NfSen::UNIX2ISO($to), measure => $measure,
		direction => $direction, map { $_ => $range->{$_} } qw(slots missing resolution));
	my $total = $range->{total} or return \%answer;
	my $row = sub {
		my ($code) = @_;
		my ($country, $sum) = (NfGeo::Countries::row($table, $code), $range->{country}{$code});
		my $value = 100 * _value($sum, $measure, $direction);
		my $share = $total->{$measure} ? $value / $total->{$measure} : 0;
		return join('|', @$country{qw(number alpha2 name)}, @$sum{@NfGeo::Slot::FIELDS},
			sprintf('%.2f', $share));
	};
	my @codes = _rank($range->{country}, $measure, $direction);
	my @countries = grep { !NfGeo::Countries::is_class($_) } @codes;
	my @classes = grep { NfGeo::Countries::is_class($_) } @codes;
	$answer{total} = join('|', @$total{@MEASURES});
	$answer{rows} = @countries;
	splice(@countries, $limit) if $limit && @countries > $limit;
	$answer{row} = [map { $row->($_) } @countries] if @countries;
	$answer{class} = [map { $row->($_) } @classes] if @classes;
	return \%answer;
}

# --- pictures ---------------------------------------------------------------------------------------

# What a picture that only has words needs, whatever was asked for.
sub _plain_picture {
	return {period => 'day', end => time(), width => 576, height => 200};
}

sub _picture_options {
	my ($options) = @_;
	my $end = _slot($options, 'tend');
	return {
		measure => _word($options, 'measure', 'flows', @MEASURES),
		direction => _word($options, 'direction', 'both', @DIRECTIONS),
		period => _word($options, 'period', 'day', qw(day week month year)),
		end => defined $end ? $end + $NfGeo::Store::SLOT_S : time(),
		width => _number($options, 'width', 576, 100, 1600),
		height => _number($options, 'height', 200, 50, 800),
	};
}

sub graph {
	my ($config, $options) = @_;
	my $picture = _picture_options($options);
	my $table = NfGeo::Countries::table($config);
	my $asked = $options->{country} // 'total';
	$picture->{country} = $asked eq 'total' ? 'total' : NfGeo::Countries::number($table, $asked)
	  // die "country '$asked': there is none\n";
	return NfGeo::Graph::country($config, $table, $picture);
}

sub graphtop {
	my ($config, $options) = @_;
	my $picture = _picture_options($options);
	my $count = _number($options, 'count', 10, 1, 20);
	my $table = NfGeo::Countries::table($config);
	my $start = $picture->{end} - $NfGeo::Graph::PERIOD{$picture->{period}};
	my $range = NfGeo::Store::range($config, $start, $picture->{end});
	my @codes = grep { !NfGeo::Countries::is_class($_) }
	  _rank($range->{country}, @$picture{qw(measure direction)});
	splice(@codes, $count) if @codes > $count;
	return NfGeo::Graph::top($config, $table, $picture, @codes);
}

# --- alerts, profiles -------------------------------------------------------------------------------

sub alerts {
	my ($config, $options) = @_;
	my $limit = _number($options, 'limit', 50, 1, 500);
	my $from = _slot($options, 'tstart');
	my @alerts = NfGeo::Alerts::list($config, $limit, $from ? NfSen::UNIX2ISO($from) : '');
	my %answer = (rule => [NfGeo::Rules::text($config)]);
	my @allow = map { $_->[2] } @{$config->{alerts}{allow}};
	my @armed = NfGeo::Alerts::armed();

	$answer{alert} = [map { NfGeo::Alerts::row($_) } @alerts] if @alerts;
	$answer{allow} = \@allow if @allow;
	$answer{armed} = \@armed if @armed;
	return \%answer;
}

sub alert {
	my ($config, $options) = @_;
	my $id = $options->{alertid} // '';
	my $alert = NfGeo::Alerts::get($config, $id) or die "alert '$id': there is none\n";
	return $alert;
}

sub profiles {
	my ($config) = @_;
	my @rows = NfGeo::Profiles::rows($config);
	return @rows ? {profile => \@rows} : {};
}

# --- how nfsend calls them --------------------------------------------------------------------------

my %ANSWERS = (status => \&status, countries => \&countries, top => \&top, alerts => \&alerts,
	alert => \&alert, profiles => \&profiles);
my %PICTURES = (graph => \&graph, graphtop => \&graphtop);

sub _one_line {
	my ($error) = @_;
	$error =~ s/\s+/ /g;
	$error =~ s/(?: at \S+ line \d+\.)? ?$//;
	return $error;
}

sub _answer {
	my ($code, $handle, $options) = @_;
	local $SIG{__DIE__} = 'DEFAULT';
	my $answer = eval {
		my ($config) = NfGeo::Config::load();
		$code->($config, $options // {});
	};
	return Nfcomm::socket_send_ok($handle, $answer) if $answer;
	return Nfcomm::socket_send_error($handle, _one_line($@));
}

sub _picture {
	my ($code, $handle, $options) = @_;
	local $SIG{__DIE__} = 'DEFAULT';
	my $png = eval {
		my ($config) = NfGeo::Config::load();
		$code->($config, $options // {});
	};
	if (!defined $png) {
		my $error = _one_line($@);
		NfGeo::Log::error("graph: $error");
		$png = eval { NfGeo::Graph::words($error, _plain_picture()) } // '';
	}
	binmode($handle);
	print {$handle} $png;
	return;
}

sub lookup {
	my %lookup;
	for my $name (keys %ANSWERS) {
		$lookup{$name} = sub { return _answer($ANSWERS{$name}, @_) };
	}
	for my $name (keys %PICTURES) {
		$lookup{$name} = sub { return _picture($PICTURES{$name}, @_) };
	}
	return %lookup;
}

1;
