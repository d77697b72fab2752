# SPDX-License-Identifier: BSD-3-Clause
# What the scripts in tests/cli have in common: a folder that goes away, programs run with their
# output caught, collectors on a free port of 127.0.0.1, datagrams sent to them, flows read back.
package NfGeoTest;
use strict;
use warnings;
use Exporter 'import';
use File::Temp ();
use IO::Socket::INET;
use JSON::PP ();
use POSIX ':sys_wait_h';
use Test::More;
use Time::HiRes ();

our @EXPORT = qw(nfdump_data small_database need_shared need_tools need_programs workdir path_of run_program collector
  send_files flows_of captured_flows write_file read_file files_in tool);

my $work;
my %running;

# Skip the whole script, by name, when something of this machine is missing.
sub need_shared {
	my ($sub) = @_;
	my $path = "$ENV{NFGEO_SHARED}/$sub";

	plan skip_all => "no ../shared/$sub" unless -e $path;
	return $path;
}

# For tests of nfdump on the shared vectors, in an environment that is the same everywhere: the folder of
# the flow files, our nfdump, a folder to write to.
sub nfdump_data {
	my $data = need_shared('vectors/nfdump/data');

	@ENV{qw(TZ LC_ALL)} = qw(UTC C);
	delete @ENV{qw(NFCONF NFGEODB NO_COLOR)};
	return ($data, "$ENV{NFGEO_BIN}/nfdump", workdir());
}

# Options that make a program use a database of these lines (FIRST,LAST,CC) and nothing else.
sub small_database {
	my ($dir, @lines) = @_;
	my $db = write_file("$dir/db.csv", join('', map { "$_\n" } @lines));
	my $conf = write_file("$dir/conf", "[geo]\nmin_coverage = 0\n");

	return "-C $conf -G $db";
}

sub tool {
	my ($name) = @_;

	for my $dir (split(/:/, $ENV{PATH}), '/usr/sbin', '/usr/local/sbin') {
		return "$dir/$name" if -x "$dir/$name";
	}
	return;
}

sub need_tools {
	for my $name (@_) {
		plan skip_all => "$name is not installed" unless tool($name);
	}
}

# A program of ours: built in this tree.
sub path_of {
	my ($name) = @_;

	return -x "$ENV{NFGEO_BIN}/$name" ? "$ENV{NFGEO_BIN}/$name" : "$ENV{TEST_BIN}/$name";
}

sub need_programs {
	for my $name (@_) {
		die "$name is not built: make check-build" unless -x path_of($name);
	}
}

sub workdir {
	my ($sub) = @_;

	$work //= File::Temp->newdir('nfgeo-test-XXXXXX', TMPDIR => 1);
	return "$work" unless defined $sub;
	mkdir "$work/$sub";
	return "$work/$sub";
}

sub read_file {
	my ($path) = @_;
	open(my $file, '<:raw', $path) or return;
	local $/;
	my $text = <$file>;
	return $text // '';
}

sub write_file {
	my ($path, $text) = @_;
	open(my $file, '>:raw', $path) or die "$path: $!";
	print {$file} $text;
	close($file) or die "$path: $!";
	return $path;
}

sub files_in {
	my ($dir) = @_;

	return sort grep { -f } glob("$dir/nfcapd.2*");
}

# Run a program; ($status, $stdout, $stderr). Status 100 + n stands for signal n.
sub run_program {
	my (@command) = @_;
	my ($out, $err) = (workdir() . "/out.$$", workdir() . "/err.$$");
	my $pid = fork() // die "fork: $!";

	if (!$pid) {
		open(STDIN, '<', '/dev/null');
		open(STDOUT, '>', $out);
		open(STDERR, '>', $err);
		exec(@command) or POSIX::_exit(127);
	}
	waitpid($pid, 0);
	return ($? & 127 ? 100 + ($? & 127) : $? >> 8, read_file($out), read_file($err));
}

sub free_port {
	my $socket = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1', LocalPort => 0)
	  or die "no UDP port: $!";
	return $socket->sockport;
}

# Start a collector: collector(program => PATH, args => [...]). The object's stop() gives its status.
sub collector {
	my (%options) = @_;
	my $self = bless {%options, port => free_port()}, 'NfGeoTest::Collector';

	$self->{log} = workdir() . "/collector.$self->{port}.log";
	$self->{pid} = fork() // die "fork: $!";
	if (!$self->{pid}) {
		open(STDIN, '<', '/dev/null');
		open(STDOUT, '>', $self->{log});
		open(STDERR, '>&', \*STDOUT);
		exec($options{program}, '-b', '127.0.0.1', '-p', $self->{port}, @{$options{args}})
		  or POSIX::_exit(127);
	}
	$running{$self->{pid}} = 1;
	my $hex = sprintf(':%04X ', $self->{port});
	for (1 .. 200) {
		Time::HiRes::sleep(0.05);
		last if !$self->alive;
		return $self if (read_file('/proc/net/udp') // $hex) =~ /$hex/;
	}
	diag($self->text);
	die "$options{program} did not start";
}

END {
	my $status = $?;
	kill('KILL', keys %running);
	$? = $status;
}

# Send the datagrams of files (tests/lib/send.c). Options first, as send takes them.
sub send_files {
	my ($port, @arguments) = @_;
	my @options;

	while (@arguments && $arguments[0] =~ /^--/) {
		push @options, shift @arguments;
		push @options, shift @arguments unless $options[-1] eq '--split';
	}
	my ($status, $out, $err) =
	  run_program("$ENV{TEST_BIN}/send", @options, '127.0.0.1', $port, @arguments);
	diag("send: $err") if $status;
	return $status == 0;
}

# All flows of files or a folder as `nfdump -o json` of the given program prints them; the receive
# time goes, since no two runs share it.
sub flows_of {
	my ($nfdump, $path) = @_;
	my @input = -d $path ? ('-R', $path) : ('-r', $path);
	my ($status, $out, $err) = run_program($nfdump, @input, '-q', '-o', 'json');

	diag("$nfdump @input: status $status: $err") if $status;
	return if $status;
	$out = '' if $out =~ /^No matching flows/;
	$out =~ s/\}\s*,?\s*\{/},{/g;
	$out = "[$out]" unless $out =~ /^\s*\[/;
	my $flows = eval { JSON::PP->new->allow_nonref->relaxed->decode($out) };
	diag("$nfdump: $@") unless $flows;
	return unless $flows;
	delete $_->{received} for @$flows;
	return $flows;
}

package NfGeoTest::Collector;

sub alive {
	my ($self) = @_;

	return 0 unless $self->{pid};
	return 1 if waitpid($self->{pid}, POSIX::WNOHANG()) == 0;
	$self->{status} = $? & 127 ? 100 + ($? & 127) : $? >> 8;
	delete $running{delete $self->{pid}};
	return 0;
}

sub signal {
	my ($self, $signal) = @_;

	return $self->{pid} && kill($signal, $self->{pid});
}

# TERM, then its exit status; -1 when it does not end within 20 s.
sub stop {
	my ($self, $signal) = @_;

	Time::HiRes::sleep(0.3);
	$self->signal($signal // 'TERM');
	for (1 .. 400) {
		return $self->{status} if !$self->alive;
		Time::HiRes::sleep(0.05);
	}
	$self->signal('KILL');
	return -1;
}

sub text { return NfGeoTest::read_file($_[0]{log}) // '' }

1;
