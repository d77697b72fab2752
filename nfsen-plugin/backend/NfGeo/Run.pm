# SPDX-License-Identifier: BSD-3-Clause
# Run one of our programs: output and messages caught, a time limit, nothing of nfsend's inherited.
package NfGeo::Run;
use strict;
use warnings;
use Fcntl qw(F_DUPFD);
use IO::Select;
use POSIX ();

my $OUTPUT_MAX = 64 << 20;
my $MESSAGES_MAX = 4096;

sub _child {
	my ($out, $err, @command) = @_;

	POSIX::setpgid(0, 0);
	$SIG{$_} = 'DEFAULT' for qw(ALRM CHLD HUP INT PIPE TERM USR1 USR2);
	# by number: nfsend has tied STDIN and STDOUT to the socket, or closed some of the three; so the
	# pipes go above them first
	my ($out_number, $err_number) = map { fcntl($_, F_DUPFD, 3) } $out, $err;
	my $null = POSIX::open('/dev/null', POSIX::O_RDONLY());
	POSIX::dup2($null, 0);
	POSIX::dup2($out_number, 1);
	POSIX::dup2($err_number, 2);
	POSIX::close($_) for grep { $_ > 2 } $out_number, $err_number, $null;
	{
		no warnings 'exec';
		exec {$command[0]} @command;
	}
	my $text = "cannot run $command[0]: $!\n";
	POSIX::write(2, $text, length($text));
	POSIX::_exit(127);
	return;
}

# Read both ends until they close or time is up. @return true when they closed
sub _collect {
	my ($handles, $texts, $until) = @_;
	my $select = IO::Select->new(@$handles);

	while ($select->count) {
		my $left = $until - time();
		return 0 if $left <= 0 || length(${$texts->{$handles->[0]}}) > $OUTPUT_MAX;
		for my $handle ($select->can_read($left)) {
			my $got = sysread($handle, my $bytes, 65536);
			next if !defined $got && $!{EINTR};
			$select->remove($handle), next unless $got;
			my $text = $texts->{$handle};
			$$text .= $bytes if $handle eq $handles->[0] || length($$text) < $MESSAGES_MAX;
		}
	}
	return 1;
}

# (status, output, messages). Status -1: not started or not ended in time; the messages say which.
sub command {
	my ($timeout, @command) = @_;
	local $SIG{CHLD} = 'DEFAULT'; # nfsend reaps all children itself otherwise
	local $SIG{__DIE__} = 'DEFAULT';
	my ($output, $messages) = ('', '');

	pipe(my $out, my $out_write) or return (-1, '', "cannot run $command[0]: $!");
	pipe(my $err, my $err_write) or return (-1, '', "cannot run $command[0]: $!");
	my $pid = fork();
	return (-1, '', "cannot run $command[0]: $!") unless defined $pid;
	_child($out_write, $err_write, @command) unless $pid;
	close($out_write);
	close($err_write);
	my $done = _collect([$out, $err], {$out => \$output, $err => \$messages}, time() + $timeout);
	if (!$done) {
		kill('KILL', -$pid) || kill('KILL', $pid);
		$messages .= "$command[0] did not end within $timeout s, or wrote too much: stopped";
	}
	waitpid($pid, 0);
	my $status = $?;
	chomp($messages);
	$messages =~ s/\n+/; /g;
	return (-1, $output, $messages) unless $done;
	return (100 + ($status & 127), $output, $messages) if $status & 127;
	return ($status >> 8, $output, $messages);
}

# A command as a person would type it.
sub shell_text {
	return join ' ', map { m{^[A-Za-z0-9_./:=,+@%-]+$} ? $_ : "'" . s/'/'\\''/gr . "'" } @_;
}

1;
