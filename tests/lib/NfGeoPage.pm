# SPDX-License-Identifier: BSD-3-Clause
# The page of the NfSen plugin under test: php's own server on a free port of 127.0.0.1 with
# tests/nfsen/router.php, an nfsend behind it, and Chromium by way of WebDriver.
package NfGeoPage;
use strict;
use warnings;
use Exporter 'import';
use HTTP::Tiny;
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP ();
use NfGeoTest;
use POSIX ();
use Time::HiRes ();

our @EXPORT = qw(start_page get_page get_file start_nfsend relay_nfsend browser);

my %running;
my $port;
my %cookie;

sub free_tcp_port {
	my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0)
	  or die "no TCP port: $!";
	return $socket->sockport;
}

sub start {
	my ($log, @command) = @_;
	my $pid = fork() // die "fork: $!";

	if (!$pid) {
		open(STDIN, '<', '/dev/null');
		open(STDOUT, '>>', $log);
		open(STDERR, '>&', \*STDOUT);
		setpgrp(0, 0);
		exec(@command) or POSIX::_exit(127);
	}
	$running{$pid} = 1;
	return $pid;
}

sub wait_for {
	my ($what, $test) = @_;

	for (1 .. 200) {
		return if $test->();
		Time::HiRes::sleep(0.05);
	}
	die "$what did not start";
}

# Ended from outside (a time limit): the servers must not stay.
$SIG{$_} = sub { exit(1) } for qw(TERM INT PIPE);

END {
	my $status = $?;
	kill('-KILL', $_), kill('KILL', $_) for keys %running;
	$? = $status;
}

# An nfsend that answers from tables, one socket a situation.
sub start_nfsend {
	my $folder = workdir('nfsend');

	start("$folder/log", 'perl', "$ENV{srcdir}/tests/nfsen/canned-nfsend", $folder,
		"$ENV{srcdir}/nfdump-geo/geo/countries.def");
	wait_for('canned-nfsend', sub { -S "$folder/unloaded.comm" });
	return $folder;
}

# The backend plugin itself behind a socket: FakeNfsend (started by the caller) answers.
sub relay_nfsend {
	my $folder = workdir('nfsend');
	my $socket = IO::Socket::UNIX->new(Local => "$folder/real.comm", Listen => 20) or die "$folder: $!";
	my $pid = fork() // die "fork: $!";

	if (!$pid) {
		$SIG{CHLD} = 'DEFAULT';
		relay($socket->accept || next) while getppid() > 1;
		POSIX::_exit(0);
	}
	$running{$pid} = 1;
	return $folder;
}

# One connection: each command of it to FakeNfsend. Binary answers end it, as with nfsend.
sub relay {
	my ($client) = @_;
	my $pid = fork() // die "fork: $!";

	if ($pid) {
		waitpid($pid, POSIX::WNOHANG());
		return;
	}
	$client->autoflush(1);
	print {$client} '220 ' . time() . " nfsend v0.1 ready\n";
	while (defined(my $command = <$client>)) {
		my @lines;
		while (defined(my $line = <$client>)) {
			last if $line =~ /^\.\r?\n/;
			push @lines, $line =~ s/\r?\n//r;
		}
		$command =~ s/\r?\n//;
		last if $command eq 'quit';
		print {$client} FakeNfsend::request($command, grep { !/^\.silent/ } @lines);
		last if $command =~ /^@/;
	}
	POSIX::_exit(0);
}

# php with the page, for the sockets of a folder.
sub start_page {
	my ($sockets) = @_;
	my $log = workdir() . '/php.log';

	$port = free_tcp_port();
	$ENV{NFSEN_SOCKETS} = $sockets;
	$ENV{NFSEN_PLUGIN}  = "$ENV{srcdir}/nfsen-plugin/frontend";
	start($log, tool('php'), '-n', map({ ('-d', $_) } php_settings()), '-S', "127.0.0.1:$port",
		"$ENV{srcdir}/tests/nfsen/router.php");
	wait_for('php', sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) });
	return "http://127.0.0.1:$port";
}

# Without php.ini only the extensions that NfSen itself needs: the page must do with these.
sub php_settings {
	return ('extension=sockets', 'session.save_path=' . workdir('sessions'), 'short_open_tag=0');
}

# The bytes of another file, with the session of a situation.
sub get_file {
	my ($situation, $path) = @_;
	my $answer = HTTP::Tiny->new(timeout => 20)
	  ->get("http://127.0.0.1:$port/$situation/$path", {headers => {Cookie => $cookie{$situation}}});

	return $answer->{content};
}

# ($status, $text) of a page. One session a situation, unless told otherwise.
sub get_page {
	my ($situation, $query, $session) = @_;
	my $url = "http://127.0.0.1:$port/$situation/nfsen.php" . (defined $query && $query ne '' ? "?$query" : '');

	$session //= $situation;
	my $answer = HTTP::Tiny->new(timeout => 20)
	  ->get($url, {headers => $cookie{$session} ? {Cookie => $cookie{$session}} : {}});
	my $set = $answer->{headers}{'set-cookie'};
	$cookie{$session} = $1 if $set && (ref $set ? $set->[0] : $set) =~ /^([^;]+)/;
	return ($answer->{status}, $answer->{content});
}

# --- a browser ------------------------------------------------------------------------------------

sub browser {
	my $self = bless {port => free_tcp_port(), http => HTTP::Tiny->new(timeout => 60)}, __PACKAGE__;
	my @flags = qw(--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
	  --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage
	  --no-proxy-server);

	push @flags, '--window-size=1250,1600', '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1';
	start(workdir() . '/chromedriver.log', tool('chromedriver'), "--port=$self->{port}");
	wait_for('chromedriver', sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}) });
	my $session = $self->command('POST', '', {capabilities => {alwaysMatch => {
		'goog:loggingPrefs' => {browser => 'ALL'},
		'goog:chromeOptions' => {binary => tool('chromium'),
			args => [@flags, '--user-data-dir=' . workdir('chromium')]},
	}}});
	$self->{session} = "/$session->{sessionId}";
	return $self;
}

sub command {
	my ($self, $method, $path, $body) = @_;
	my $answer = $self->{http}->request($method, "http://127.0.0.1:$self->{port}/session" . ($self->{session} // '') . $path,
		{headers => {'Content-Type' => 'application/json'}, ($body ? (content => JSON::PP::encode_json($body)) : ())});
	my $value = eval { JSON::PP::decode_json($answer->{content})->{value} };

	die "chromedriver: $path: $answer->{content}" unless $answer->{success};
	return $value;
}

sub open_page { $_[0]->command('POST', '/url', {url => $_[1]}) }

# The value of a JavaScript expression.
sub value { $_[0]->command('POST', '/execute/sync', {script => "return $_[1]", args => []}) }

# Put the mouse on the middle of an element.
sub hover {
	my ($self, $selector) = @_;
	my ($x, $y) = @{$self->value("(function () { var e = document.querySelector('$selector'); e.scrollIntoView({block: 'center'});"
		  . ' var b = e.getBoundingClientRect(); return [Math.round(b.left + b.width / 2), Math.round(b.top + b.height / 2)]; })()')};

	$self->command('POST', '/actions', {actions => [{type => 'pointer', id => 'mouse',
		actions => [{type => 'pointerMove', duration => 0, x => $x, y => $y}]}]});
}

# What the browser had to complain of since the last time: script errors, files that are missing.
sub complaints { return map { "$_->{level} $_->{message}" } @{$_[0]->command('POST', '/se/log', {type => 'browser'})} }

sub quit { $_[0]->command('DELETE', '') }

1;
