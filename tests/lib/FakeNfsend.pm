# SPDX-License-Identifier: BSD-3-Clause
# nfsend as a plugin sees it, for tests: the modules NfConf, NfSen, NfProfile, Nfcomm, Notification
# with what a plugin may use, and each call of the plugin in a process of its own, as nfsend does.
# Commands go through a socket, request and answer in nfsend's protocol.
package FakeNfsend;
use strict;
use warnings;
use File::Path qw(make_path);
use POSIX ();
use Socket;
use Time::Local ();

our @LOG; # of the process that called; children hand theirs over

# --- modules of NfSen -------------------------------------------------------------------------------

package NfConf;
our ($PREFIX, $PROFILEDATADIR, $PROFILESTATDIR, $BACKEND_PLUGINDIR, $VARDIR, $SUBDIRLAYOUT, $CYCLETIME);
our (%sources, %PluginConf);

package Log;
our $ERROR;

package NfSen;

sub UNIX2ISO { return POSIX::strftime('%Y%m%d%H%M', localtime($_[0])) }

sub ISO2UNIX {
	my ($year, $month, $day, $hour, $minute) = $_[0] =~ /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)/;
	my $time = Time::Local::timelocal(0, $minute, $hour, $day, $month - 1, $year);
	return $time - $time % 300;
}

sub ValidISO { return eval { NfSen::ISO2UNIX($_[0]); 1 } && $_[0] =~ /^\d{12}$/ ? 1 : 0 }

sub SubdirHierarchy { return POSIX::strftime('%Y/%m/%d', localtime($_[0])) }

package NfProfile;
our %PROFILES; # "group/name" => {status, channel => {..}}
our $FAIL;     # next call of a function that changes: an error

sub ProfilePath { return $_[1] eq '.' ? $_[0] : "$_[1]/$_[0]" }

sub ProfileExists { return -f "$NfConf::PROFILESTATDIR/" . ProfilePath(@_) . '/profile.dat' ? 1 : 0 }

# profile.dat as far as a plugin can see it: status, channels
sub ReadProfile {
	my ($name, $group) = @_;
	my $path = "$NfConf::PROFILESTATDIR/" . ProfilePath($name, $group) . '/profile.dat';
	my %info = (name => $name, group => $group, channel => {});
	open(my $file, '<', $path) or do {
		$Log::ERROR = "$path: $!";
		return (status => 'empty');
	};
	while (<$file>) {
		chomp;
		if (/^channel = ([^:]+):([^:]*):([^:]*):([^:]*):(.*)/) {
			$info{channel}{$1} = {sign => $2, colour => $3, order => $4, sourcelist => $5};
		} elsif (/^(\w+) = (.*)/) {
			$info{$1} = $2;
		}
	}
	return %info;
}

sub write_profile {
	my (%info) = @_;
	my $dir = "$NfConf::PROFILESTATDIR/" . ProfilePath($info{name}, $info{group});
	File::Path::make_path($dir);
	open(my $file, '>', "$dir/profile.dat") or die "$dir/profile.dat: $!";
	print {$file} "status = $info{status}\nshadow = " . ($info{shadow} // 0) . "\n";
	for my $channel (sort keys %{$info{channel}}) {
		my $is = $info{channel}{$channel};
		print {$file} "channel = $channel:$is->{sign}:$is->{colour}:$is->{order}:$is->{sourcelist}\n";
	}
	close($file);
	return;
}

sub _answer {
	my ($handle, $text) = @_;
	print {$handle} ".debug\n.\n$text\n";
	return;
}

sub AddProfile {
	my ($handle, $opts) = @_;
	return _answer($handle, "ERR $FAIL") if $FAIL;
	return _answer($handle, 'ERR illegal name') if $opts->{profile} !~ /^[A-Za-z0-9_+-]+$/;
	return _answer($handle, "ERR profile '$opts->{profile}' already exists")
	  if ProfileExists($opts->{profile}, $opts->{profilegroup});
	write_profile(name => $opts->{profile}, group => $opts->{profilegroup}, status => 'new',
		shadow => $opts->{shadow}, channel => {});
	return _answer($handle, 'OK profile added');
}

sub _write_filter {
	my ($opts) = @_;
	my $dir = "$NfConf::PROFILESTATDIR/" . ProfilePath($opts->{profile}, $opts->{profilegroup});
	return FakeNfsend::write_text("$dir/$opts->{channel}-filter.txt", join '', map {"$_\n"} @{$opts->{filter}});
}

sub AddProfileChannel {
	my ($handle, $opts) = @_;
	my %info = ReadProfile(@$opts{qw(profile profilegroup)});
	return _answer($handle, 'ERR illegal name') if $opts->{channel} !~ /^[A-Za-z][A-Za-z0-9_]{0,18}$/;
	return _answer($handle, "ERR channel '$opts->{channel}' already exists.") if $info{channel}{$opts->{channel}};
	$info{channel}{$opts->{channel}} = {sign => $opts->{sign}, colour => $opts->{colour},
		order => $opts->{order}, sourcelist => join('|', sort keys %NfConf::sources)};
	write_profile(%info);
	_write_filter($opts);
	return _answer($handle, 'OK channel added');
}

sub ModifyProfileChannel {
	my ($handle, $opts) = @_;
	my %info = ReadProfile(@$opts{qw(profile profilegroup)});
	return _answer($handle, 'ERR no such channel') unless $info{channel}{$opts->{channel}};
	_write_filter($opts);
	return _answer($handle, 'OK channel modified');
}

sub CommitProfile {
	my ($handle, $opts) = @_;
	my %info = ReadProfile(@$opts{qw(profile profilegroup)});
	return _answer($handle, 'ERR not a new profile. Nothing to confirm.') if $info{status} ne 'new';
	return _answer($handle, 'ERR No channels in profile') unless %{$info{channel}};
	write_profile(%info, status => 'OK');
	return _answer($handle, 'OK profile committed');
}

package Nfcomm;

sub socket_send_ok {
	my ($handle, $answer) = @_;
	for my $key (keys %$answer) {
		my $value = $answer->{$key};
		print {$handle} ref $value ? map {"_$key=$_\n"} @$value : "$key=$value\n";
	}
	print {$handle} ".\nOK Command completed\n";
	return;
}

sub socket_send_error {
	my ($handle, $text) = @_;
	print {$handle} ".\nERR $text\n";
	return;
}

package Notification;

sub notify {
	my ($subject, $lines, $to) = @_;
	open(my $file, '>>', "$NfConf::VARDIR/mail") or die;
	print {$file} "To: $to\nSubject: $subject\n", @$lines;
	return;
}

package FakeNfsend;

# Loaded modules of NfSen, as far as `require` knows.
$INC{"$_.pm"} = __FILE__ for qw(NfConf NfSen NfProfile Nfcomm Notification Log);

# --- the daemon -------------------------------------------------------------------------------------

# Set NfConf up below a directory and load the plugin. The log is a file: syslog() is replaced.
sub start {
	my (%options) = @_;
	my $base = $options{base};

	$NfConf::PREFIX = $options{prefix};
	$NfConf::PROFILEDATADIR = "$base/data";
	$NfConf::PROFILESTATDIR = "$base/stat";
	$NfConf::VARDIR = "$base/var";
	$NfConf::SUBDIRLAYOUT = 1;
	$NfConf::CYCLETIME = 300;
	$NfConf::BACKEND_PLUGINDIR = $options{plugins};
	%NfConf::sources = map { $_ => {} } @{$options{sources}};
	make_path("$base/data", "$base/stat", "$base/var");
	NfProfile::write_profile(name => 'live', group => '.', status => 'OK', channel =>
		  {map { $_ => {sign => '+', colour => '#000000', order => 1, sourcelist => $_} } @{$options{sources}}});
	require Sys::Syslog;
	no warnings qw(redefine once);
	*Sys::Syslog::syslog = sub {
		my ($level, $format, @arguments) = @_;
		open(my $file, '>>', "$base/log") or return;
		print {$file} "$level: " . sprintf($format, @arguments) . "\n";
		return 1;
	};
	unshift @INC, $options{plugins};
	require NfGeo;
	NfGeo->Init() or die 'the plugin is suspended';
	return;
}

sub log_text {
	return read_text($NfConf::VARDIR =~ s{var$}{log}r);
}

# A call in a child, whose working directory, handles and signals are as nfsend's. @return what the
# code returned, as text; dies when the child was killed or took longer than the limit.
sub call {
	my ($code, $limit) = @_;
	pipe(my $read, my $write) or die;
	my $pid = fork() // die "fork: $!";

	if (!$pid) {
		chdir('/');
		close($read);
		open(STDIN, '<', '/dev/null');
		open(STDOUT, '>', '/dev/null'); # the socket there: nothing may be printed to it
		$SIG{CHLD} = 'DEFAULT';
		$SIG{__DIE__} = sub { syswrite($write, "died in a handler: $_[0]"); POSIX::_exit(9) };
		my $result = $code->();
		syswrite($write, $result // 'undef');
		POSIX::_exit(0);
	}
	close($write);
	local $SIG{ALRM} = sub { kill('KILL', $pid) };
	alarm($limit // 60);
	my $result = do { local $/; <$read> };
	waitpid($pid, 0);
	alarm(0);
	die "the child ended with $?: " . ($result // '') if $?;
	return $result;
}

# A source's flow file of a slot, from lines as tests/lib/writeflows takes them.
sub write_slot {
	my ($source, $slot, @lines) = @_;
	my $dir = "$NfConf::PROFILEDATADIR/live/$source/" . NfSen::SubdirHierarchy(NfSen::ISO2UNIX($slot));
	return write_flows("$dir/nfcapd.$slot", $source, @lines);
}

sub write_flows {
	my ($path, $ident, @lines) = @_;
	make_path($path =~ s{/[^/]*$}{}r);
	open(my $pipe, '|-', "$ENV{TEST_BIN}/writeflows", $path, $ident) or die "writeflows: $!";
	print {$pipe} map {"$_\n"} @lines;
	close($pipe) or die "writeflows failed: $path";
	return $path;
}

sub write_text {
	my ($path, $text) = @_;
	open(my $file, '>', $path) or die "$path: $!";
	print {$file} $text;
	close($file) or die "$path: $!";
	return $path;
}

sub read_text {
	my ($path) = @_;
	open(my $file, '<', $path) or return '';
	local $/;
	return <$file> // '';
}

# As nfsend runs the plugins of a slot.
sub run_slot {
	my ($slot) = @_;
	return call(sub {
		NfGeo::run({profile => 'live', profilegroup => '.', timeslot => $slot});
		return 'ok';
	});
}

# As nfsend runs an alert: condition, and action when it is true. @return the condition
sub run_alert {
	my ($alert, $file, $slot) = @_;
	my $condition = call(sub {
		return NfGeo::alert_condition({alert => $alert, alertfile => $file, timeslot => $slot});
	});
	die "alert_condition gave '$condition'" unless $condition =~ /^\d+$/;
	call(sub { NfGeo::alert_action({alert => $alert, timeslot => $slot}); return 'ok' }) if $condition > 0;
	return $condition;
}

# The request as nfsend reads it: greedy keys, so that '=' in a value becomes part of the key.
sub decode {
	my (@lines) = @_;
	my %options;

	for my $line (@lines) {
		my ($key, $value) = $line =~ /\s*([^\s]+)\s*=\s*(.*)\s*/;
		return unless defined $value && $key =~ /^[._\w]\w[\w-]+/;
		if ($key =~ /^_(.+)/) {
			push @{$options{$1}}, $value;
		} else {
			$options{$key} = $value;
		}
	}
	return \%options;
}

# A command over a socket; the raw answer. Binary commands begin with @.
sub request {
	my ($command, @lines) = @_;
	socketpair(my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die;
	my $pid = fork() // die "fork: $!";

	if (!$pid) {
		chdir('/');
		close($ours);
		open(STDIN, '<&', $theirs);
		open(STDOUT, '>&', $theirs);
		$SIG{CHLD} = sub { 1 while waitpid(-1, POSIX::WNOHANG()) > 0 }; # as in commands of nfsend
		my $binary = $command =~ s/^@//;
		my ($name) = $command =~ /^NfGeo::(\w+)$/;
		my $code = $NfGeo::cmd_lookup{$name // ''};
		my $options = decode(@lines);
		select((select(STDOUT), $| = 1)[0]);
		print ".Command is '$command' binary mode: 0\n" unless $binary;
		if (!$options) {
			print ".\nERR key format error\n";
		} elsif (!$code) {
			print ".\nERR Plugin 'NfGeo' command unknown: '" . ($name // '') . "'\n";
		} else {
			$code->(*STDOUT, $options);
		}
		POSIX::_exit(0);
	}
	close($theirs);
	local $SIG{ALRM} = sub { kill('KILL', $pid) };
	alarm(60);
	my $answer = do { local $/; <$ours> } // '';
	waitpid($pid, 0);
	alarm(0);
	die "the command ended with $?" if $?;
	return $answer;
}

# A command and its answer as the page gets it: a hash, or the text behind ERR.
sub query {
	my ($command, %options) = @_;
	my $answer = request("NfGeo::$command", map {"$_=$options{$_}"} keys %options);
	my %answer;

	for my $line (split /\n/, $answer) {
		die 'a line is too long' if length($line) > 4095;
		return "$1" if $line =~ /^ERR (.*)/;
		return \%answer if $line =~ /^OK/;
		next if $line =~ /^\./;
		my ($key, $value) = split /=/, $line, 2;
		if ($key =~ s/^_//) {
			push @{$answer{$key}}, $value;
		} else {
			$answer{$key} = $value;
		}
	}
	die "no status line: $answer";
}

1;
