#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Files clustered by country: the same flows as in order of arrival; open blocks outlive a collector
# that is killed, are read with its work file, and join their slot when the next one starts.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;
use Time::HiRes qw(sleep time);
use Collector qw(slurp spew wait_for);

my $tmp = tempdir(CLEANUP => 1);
my $slow = $ENV{NFGEO_SANITIZED} eq 'yes';
my $nfdump = "$ENV{NFGEO_BIN}/nfdump";

# A country for each /8: made up, but many.
my @letters = qw(US CN DE CZ GB FR NL JP BR IN RU KR AU CA SE IT ES PL MX TR);
spew("$tmp/db.csv", join '', map {
	my $net = $_ << 24;
	join(',', $net, $net + 0xffffff, $letters[$_ * 7 % @letters]) . "\n"
} 1 .. 223);
spew("$tmp/conf", "[geo]\nmin_coverage = 0\nmax_age_days = 0\n");

sub collector {
	my @more = @_;
	my $run = Collector->new(bare => 1);
	$run->{args} = ['-w', $run->{data}, '-G', "$tmp/db.csv", '-C', "$tmp/conf", '-B', 8000000, @more];
	return $run->start;
}

# Rows of files, sorted; times change from run to run.
sub rows {
	my @files = @_;
	my @rows;
	push @rows, `$nfdump -r $_ -q -N -o 'fmt:%sap %dap %pr %pkt %byt %sc %dc' 2>$tmp/err` for @files;
	return [sort @rows];
}

sub doubled { my ($rows) = @_; my %count; $count{$_}++ for @$rows; return scalar grep { $_ > 1 } values %count }

sub work_file { return (grep { /\.\d+$/ } glob "$_[0]{data}/nfcapd.current.*")[0] }

my $flows = $slow ? 15000 : 60000;
my $arrived = collector('-t', 3600, '--arrival-order');
is $arrived->generate(9, $flows), $flows, 'flows for a file in order of arrival';
is $arrived->stop, 0, 'stopped';
my $want = rows($arrived->files);
is scalar @$want, $flows, 'its rows';

{
	my $run = collector('-t', 3600, '--cell-memory', 2);
	is $run->generate(9, $flows), $flows, 'the same for a clustered one';
	is $run->stop, 0, 'stopped';
	my $rows = rows($run->files);
	is_deeply $rows, $want, 'the same flows';
	like `$nfdump -v @{[$run->files]}`, qr/^Status: ok$/m, 'verified';
	is_deeply [glob "$run->{data}/nfcapd.current*"], [], 'nothing is left over';
	if (-x '/usr/bin/nfdump') {
		my @stock = `/usr/bin/nfdump -r @{[$run->files]} -q -o csv`;
		is scalar @stock, $flows, 'stock reads all of it';
	}
}

# Killed when everything was copied: nothing is missing, then nothing is left over.
{
	my $run = collector('-t', 3600);
	is $run->generate(9, $flows), $flows, 'flows for one that is killed';
	ok wait_for(sub { @{rows(work_file($run))} == $flows }), 'all are read while they are collected';
	$run->signal('KILL');
	waitpid delete $run->{pid}, 0;
	my $rows = rows(work_file($run));
	is_deeply $rows, $want, 'the same after it was killed';
	$run->start;
	ok $run->wait_log(qr/what a collector that died had left is in 'nfcapd\.\d+' now/), 'the next one says so';
	is $run->stop, 0, 'and stops';
	is_deeply rows($run->files), $want, 'all flows are in the slot';
	is_deeply [glob "$run->{data}/nfcapd.current*"], [], 'nothing is left over';
}

# Killed at any time: what could be read before is there, once.
for my $round (1 .. ($ENV{NFGEO_KILLS} // ($slow ? 2 : 6))) {
	my $run = collector('-t', 3600, '--cell-memory', 1);
	my $sender = fork // die;
	if (!$sender) {
		$run->generate(9, 3 * $flows);
		exec '/bin/true';
	}
	sleep 0.3 + rand 1.5;
	my $before = @{rows(work_file($run))};
	sleep rand 0.2;
	$run->signal('KILL');
	waitpid delete $run->{pid}, 0;
	kill 'TERM', $sender;
	waitpid $sender, 0;
	my $rows = rows(work_file($run));
	cmp_ok scalar @$rows, '>=', $before, "round $round: $before flows were readable, and are";
	$run->start;
	ok !@$rows || $run->wait_log(qr/collector that died had left/), 'the next one takes them';
	is $run->stop, 0, 'and stops';
	is_deeply rows($run->files), $rows, 'the same in the slot'
		or diag $run->log_text, join "\n", glob "$run->{data}/*";
	is doubled($rows), 0, 'none twice';
}

done_testing;
