#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# -D and -P: the parent's status tells whether the start worked; pid files; INT and TERM.
use strict;
use warnings;
use Test::More;
use File::Temp qw(tempdir);
use Collector qw(run_nfcapd slurp spew wait_for);

my $dir = tempdir(CLEANUP => 1);
mkdir "$dir/d";
my @args = ('-p', 0, '-w', "$dir/d", '--no-geo', '-P', "$dir/pid", '-D');

sub running { my $pid = slurp("$dir/pid") + 0; return $pid && kill(0, $pid) ? $pid : undef }

my ($status, $text) = run_nfcapd(@args);
is $status, 0, 'the parent ends with 0' or diag $text;
like slurp("$dir/pid"), qr/^\d+\n$/, 'and the pid file is there already';
my $pid = running();
ok $pid, 'the daemon runs';
isnt getpgrp($pid // 0), getpgrp(0), 'in a session of its own';
is readlink("/proc/$pid/fd/0"), '/dev/null', 'without our standard input';
ok -e "$dir/d/nfcapd.current.$pid", 'its work file has its pid';

($status, $text) = run_nfcapd(@args);
is $status, 1, 'a second one does not start';
like $text, qr/names process $pid, which is running/, 'and says why';
is running(), $pid, 'the first one goes on';

kill TERM => $pid;
ok wait_for(sub { !-e "$dir/pid" }), 'TERM removes the pid file';
ok wait_for(sub { !kill 0, $pid }), 'and ends it';
is scalar(my @files = glob "$dir/d/nfcapd.2*"), 1, 'the slot is stored';
is_deeply [glob "$dir/d/nfcapd.current*"], [], 'nothing is left over';

spew("$dir/pid", "999999999\n");
($status, $text) = run_nfcapd(@args);
is $status, 0, 'a stale pid file is replaced' or diag $text;
$pid = running();
ok $pid, 'runs';
kill HUP => $pid;
kill INT => $pid;
ok wait_for(sub { !kill 0, $pid }), 'INT ends it';
ok !-e "$dir/pid", 'pid file removed';

# Errors after the fork reach the caller.
($status, $text) = run_nfcapd('-p', 0, '-w', "$dir/d", '--no-geo', '-P', "$dir/none/pid", '-D');
is $status, 1, 'a failed start of the daemon is not status 0';
like $text, qr{\Q$dir\E/none/pid}, 'and says why';

SKIP: {
	skip 'not root', 3 if $>;
	my @user = getpwnam('nobody') or skip 'no user nobody', 3;
	chmod 0755, $dir;
	mkdir "$dir/n";
	chown $user[2], $user[3], "$dir/n";
	my ($got, $out) = run_nfcapd('-p', 0, '-w', "$dir/n", '--no-geo', '-P', "$dir/n/pid", '-D',
		'-u', 'nobody');
	is $got, 0, '-u' or diag $out;
	my $user_pid = slurp("$dir/n/pid") + 0;
	is +(stat "/proc/$user_pid")[4], $user[2], 'runs as that user';
	kill TERM => $user_pid;
	ok wait_for(sub { !kill 0, $user_pid }), 'ends';
}
done_testing;
