# SPDX-License-Identifier: BSD-3-Clause
# Profiles by country from a short configuration: made, and kept as it says, through nfsend's own
# functions. A profile that somebody else made is never touched.
package NfGeo::Profiles;
use strict;
use warnings;
use NfGeo::Countries;
use NfGeo::Log;
use NfGeo::State;
use NfGeo::Store;

my $SYN = 'proto tcp and flags S and not flags AFRPU';
my $ICMP = '(proto icmp or proto icmp6)';
my @COLOURS = map {"#$_"} qw(0000ff ff7f00 00aa00 cc0000 8833cc a0522d e377c2 17a2b8 b5a300 336699
  ff99aa 66cc66 884400 6666ff 990066 009988 ccaa44 5577aa aa5555 77aa33);
my $WEEK_S = 7 * 86400;
my $HOUR_SLOTS = 12;

# --- what is wanted ---------------------------------------------------------------------------------

# The paper's four, and what a site adds: kind => code that gives (name, channels) pairs.
my %KIND = (
	icmp => sub {
		my ($site, $codes) = @_;
		return (icmp => [
			(map { [$site->{name}->($_), '+', "$ICMP and src ctry $_"] } @$codes),
			['other', '+', "$ICMP and not src ctry in [ @$codes ]"],
		]);
	},
	https => sub {
		my ($site, $codes) = @_;
		my $sides = sub {
			return "proto tcp and ((dst port 443 and $_[0]) or (src port 443 and $_[1]))";
		};
		return (https => [
			(map { [$site->{name}->($_), '+', $sides->("dst ctry $_", "src ctry $_")] } @$codes),
			['other', '+', $sides->("not dst ctry in [ @$codes ]", "not src ctry in [ @$codes ]")],
		]);
	},
	syn => sub {
		my ($site, $codes) = @_;
		my ($home, $code) = ($site->{home}->(), @$codes);
		return (syn => [
			['all', '+', "$SYN and dst ctry $home and not src ctry $home"],
			[$site->{name}->($code), '-', "$SYN and dst ctry $home and src ctry $code"],
		]);
	},
	dns => sub {
		my ($site, $codes) = @_;
		my ($home, $code) = ($site->{home}->(), @$codes);
		my $name = $site->{name}->($code);
		my $dns = 'proto udp and port 53';
		return (dns => [
			["in_$name", '+', "$dns and src ctry $code and dst ctry $home"],
			['in_other', '+', "$dns and not src ctry in [ $code $home ] and dst ctry $home"],
			["out_$name", '-', "$dns and src ctry $home and dst ctry $code"],
			['out_other', '-', "$dns and src ctry $home and not dst ctry in [ $code $home ]"],
		]);
	},
	country => sub {
		my ($site, $codes) = @_;
		return map {
			$site->{name}->($_) => [['in', '+', "dst ctry $_"], ['out', '-', "src ctry $_"]]
		} @$codes;
	},
	top => sub {
		my ($site, $codes) = @_;
		return unless @$codes;
		return (top => [
			(map { [$site->{name}->($_), '+', "ctry $_"] } @$codes),
			['other', '+', "not ctry in [ @$codes ]"],
		]);
	},
);

sub _numbers {
	my ($table, $kind, @texts) = @_;
	return map {
		NfGeo::Countries::number($table, $_) // die "profiles $kind: there is no country '$_'\n"
	} @texts;
}

# The countries of "top": those that carried most bytes in the last week, asked anew once a week. A
# channel is never taken away (nfsend cannot do that in a cycle), so at most twice as many are kept.
sub _top_codes {
	my ($config, $state) = @_;
	my $count = $config->{profiles}{top};
	my @codes = split / /, $state->{top} // '';
	my $now = NfGeo::Store::last_end($config) // return @codes;

	return @codes if @codes && $now - ($state->{top_time} // 0) < $WEEK_S;
	my $range = NfGeo::Store::range($config, $now - $WEEK_S, $now);
	return @codes if $range->{slots} - $range->{missing} < $HOUR_SLOTS;
	my $sums = $range->{country};
	my %bytes = map { $_ => $sums->{$_}{in_bytes} + $sums->{$_}{out_bytes} }
	  grep { !NfGeo::Countries::is_class($_) } keys %$sums;
	my @top = sort { $bytes{$b} <=> $bytes{$a} || $a <=> $b } keys %bytes;
	splice(@top, $count) if @top > $count;
	my %have = map { $_ => 1 } @codes;
	push @codes, grep { !$have{$_} } @top;
	splice(@codes, 2 * $count) if @codes > 2 * $count;
	@$state{qw(top top_time)} = ("@codes", $now);
	return @codes;
}

# {name => {kind, channels}}, and what is wrong as lines.
sub wanted {
	my ($config, $table, $state) = @_;
	my $profiles = $config->{profiles};
	my (%wanted, @faults);
	my %site = (
		name => sub { return lc NfGeo::Countries::row($table, $_[0])->{alpha2} },
		home => sub {
			return NfGeo::Countries::number($table, $config->{home}) // die "home is not set\n";
		},
	);
	my %asked = (
		(map { $_ => $profiles->{$_} } grep { $profiles->{$_} } qw(icmp https)),
		(map { $_ => [$profiles->{$_}] } grep { $profiles->{$_} } qw(syn dns)),
		($profiles->{countries} ? (country => $profiles->{countries}) : ()),
	);

	for my $kind (sort(keys %asked), $profiles->{top} ? 'top' : ()) {
		my %made = eval {
			my @codes = $kind eq 'top' ? _top_codes($config, $state)
			  : _numbers($table, $kind, @{$asked{$kind}});
			$KIND{$kind}->(\%site, \@codes);
		};
		push @faults, $@ =~ s/^(?!profiles )/profiles $kind: /r if $@;
		$wanted{$config->{profile_prefix} . $_} = {kind => $kind, channels => $made{$_}} for keys %made;
	}
	for my $name (sort keys %{$profiles->{groups} // {}}) {
		my @codes = eval {
			die "groups: name '$name': use up to 15 letters, digits and _\n"
			  if $name !~ /^[A-Za-z]\w{0,14}$/a;
			die "groups $name: use [ countries ]\n" if ref $profiles->{groups}{$name} ne 'ARRAY';
			_numbers($table, "groups $name", @{$profiles->{groups}{$name}});
		};
		push @faults, $@ =~ s/^(?!profiles )/profiles /r if $@;
		$wanted{$config->{profile_prefix} . $name} = {kind => 'group', channels => [
			['in', '+', "dst ctry in [ @codes ]"], ['out', '-', "src ctry in [ @codes ]"]]} if @codes;
	}
	return (\%wanted, @faults);
}

# --- nfsend's functions -----------------------------------------------------------------------------

# They print their answer to a handle; the last line is OK or ERR.
sub _call {
	my ($function, $options) = @_;
	my $answer = '';

	open(my $handle, '>', \$answer) or die "no memory file: $!\n";
	{
		no strict 'refs';
		&{"NfProfile::$function"}($handle, $options);
	}
	close($handle);
	my ($last) = (grep {/\S/} split /\n/, $answer)[-1];
	return if ($last // '') =~ /^OK/;
	die "$function: " . ($last // 'no answer') . "\n";
}

sub _add_channel {
	my ($name, $channel, $order) = @_;
	my ($channel_name, $sign, $filter) = @$channel;
	_call('AddProfileChannel', {profile => $name, profilegroup => '.', channel => $channel_name,
		filter => [$filter], sign => $sign, order => $order,
		colour => $COLOURS[($order - 1) % @COLOURS]});
	return;
}

sub _make {
	my ($config, $name, $want) = @_;
	my %options = (profile => $name, profilegroup => '.',
		description => ['Made and kept by the plugin NfGeo: see its configuration in nfsen.conf']);
	$options{shadow} = 1 if $config->{profile_shadow};
	_call('AddProfile', \%options);
	my $order = 0;
	_add_channel($name, $_, ++$order) for @{$want->{channels}};
	_call('CommitProfile', {profile => $name, profilegroup => '.'});
	return;
}

sub _filter_of {
	my ($name, $channel) = @_;
	my $path = "$NfConf::PROFILESTATDIR/" . NfProfile::ProfilePath($name, '.') . "/$channel-filter.txt";
	open(my $file, '<', $path) or return '';
	my $text = join ' ', grep { !/^\s*#/ } <$file>;
	$text =~ s/\s+/ /g;
	$text =~ s/^ | $//g;
	return $text;
}

# Channels that the configuration adds, and filters that it changed.
sub _adjust {
	my ($name, $want, $info) = @_;
	my $order = 0;

	for my $channel (@{$want->{channels}}) {
		$order++;
		my $there = $info->{channel}{$channel->[0]};
		_add_channel($name, $channel, $order) unless $there;
		next if !$there || _filter_of($name, $channel->[0]) eq $channel->[2];
		_call('ModifyProfileChannel', {profile => $name, profilegroup => '.', channel => $channel->[0],
			filter => [$channel->[2]]});
		NfGeo::Log::info("profile $name, channel $channel->[0]: the filter is now: $channel->[2]");
	}
	return;
}

# --- keeping them -----------------------------------------------------------------------------------

# (state, text) of one profile
sub _keep_one {
	my ($config, $name, $want, $is_ours) = @_;
	my $exists = NfProfile::ProfileExists($name, '.');

	return ('foreign', 'a profile of this name was there before: left alone') if $exists && !$is_ours;
	my $text = eval {
		if ($exists) {
			my %info = NfProfile::ReadProfile($name, '.');
			_adjust($name, $want, \%info) if ($info{status} // '') eq 'OK';
			_call('CommitProfile', {profile => $name, profilegroup => '.'})
			  if ($info{status} // '') eq 'new';
		} else {
			_make($config, $name, $want);
			NfGeo::Log::info("profile $name ($want->{kind}) is made");
		}
		'';
	};
	return defined $text ? ('ok', '') : ('failed', $@ =~ s{[|\s]+}{ }gr =~ s{ $}{}r);
}

sub keep {
	my ($config) = @_;
	my $path = "$config->{statedir}/profiles";
	my $state = NfGeo::State::read_hash($path, 'profiles');
	my %before = map { my ($name, @rest) = split /\|/, $_, 4; $name => \@rest }
	  @{$state->{profile} // []};
	return unless %before || grep { defined $_ } values %{$config->{profiles}};
	my ($wanted, @faults) = wanted($config, NfGeo::Countries::table($config), $state);
	my @rows;

	for my $name (sort keys %$wanted) {
		my $old = $before{$name};
		my $is_ours = $old && $old->[1] =~ /^(?:ok|failed)$/;
		my ($now, $text) = _keep_one($config, $name, $wanted->{$name}, $is_ours);
		NfGeo::Log::error("profile $name: $text")
		  if $now ne 'ok' && (!$old || $old->[1] ne $now || $old->[2] ne $text);
		push @rows, join('|', $name, $wanted->{$name}{kind}, $now, $text);
	}
	for my $fault (@faults) {
		chomp($fault);
		NfGeo::Log::error($fault) unless grep { $_ eq $fault } @{$state->{fault} // []};
	}
	chomp(@faults);
	NfGeo::State::write_hash($path, 'profiles', {%$state, profile => \@rows, fault => \@faults});
	return;
}

# For the page: group|name|kind|state|text
sub rows {
	my ($config) = @_;
	my $state = NfGeo::State::read_hash("$config->{statedir}/profiles", 'profiles');
	my %now = map { (split /\|/)[0] => $_ } @{$state->{profile} // []};
	my ($wanted) = wanted($config, NfGeo::Countries::table($config), {%$state});
	return map { '.|' . ($now{$_} // "$_|$wanted->{$_}{kind}|waiting|will be made with the next slot") }
	  sort keys %$wanted;
}

1;
