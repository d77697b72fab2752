#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Slots: files without traffic, names, layouts, commands, restart within a slot, expiry, limits.
use strict;
use warnings;
use Test::More;
use File::Path qw(make_path);
use POSIX qw(strftime);
use Time::HiRes qw(sleep time);
use Collector qw(flows_of slurp spew wait_for);

my $nfdump = -x '/usr/bin/nfdump' ? '/usr/bin/nfdump' : undef;
my $gen = "$ENV{builddir}/tests/bench/flowgen";

# -t 2 without any traffic: a file per slot, one second late at most, totals with the slot's times.
{
	my $idle = Collector->new(args => ['-t', 2, '-I', 'idle'])->start;
	ok wait_for(sub { $idle->files >= 3 }), 'files without traffic';
	my @before = $idle->files;
	is $idle->stop, 0, 'stops';
	my @files = $idle->files;
	is scalar @files, @before + 1, 'the running slot is closed too';
	my ($aligned, $gaps, $last) = (1, 0, undef);
	for (@files) {
		my ($name) = m{/nfcapd\.(\d{14})$} or $aligned = 0;
		my $second = substr $name // '', 12;
		$aligned = 0 if $second % 2;
		$gaps++ if defined $last && ($second - $last) % 60 != 2;
		$last = $second;
	}
	ok $aligned, 'names are the aligned starts, with seconds';
	is $gaps, 0, 'no slot is left out';
	like $idle->log_text,
		qr/^Ident: 'idle' Flows: 0, Packets: 0, Bytes: 0, Sequence Errors: 0, Bad Packets: 0$/m,
		'the log line';
	is_deeply [glob "$idle->{data}/nfcapd.current*"], [], 'no work file is left';
	if ($nfdump) {
		my ($start) = $files[0] =~ /nfcapd\.(\d+)/;
		my $info = `$nfdump -I -r $files[0] 2>&1`;
		my ($first) = $info =~ /^First: (\d+)/m;
		my ($end) = $info =~ /^Last: (\d+)/m;
		is strftime('%Y%m%d%H%M%S', gmtime($first // 0)), $start, 'first seen is the slot start';
		is +($end // 0) - ($first // 0), 2, 'last seen is its end';
		like $info, qr/^Ident: idle$/m, 'ident';
	}
	my $stat = slurp("$idle->{data}/.nfstat");
	like $stat, qr/^$_=\d+$/m, ".nfstat has $_"
		for qw(first last size maxsize numfiles lifetime watermark status);
	like $stat, qr/^numfiles=@{[scalar @files]}$/m, 'and counts the files';
}

# Slots with traffic: everything arrives once, -x runs once per file, in its directory.
{
	my $run = Collector->new(args => ['-t', 2, '-I', 'rtrA', '-S', 8]);
	push @{$run->{args}}, '-x', "touch $run->{dir}/%i-%t-%u";
	$run->start;
	my $sent = $run->generate(9, $ENV{NFGEO_SANITIZED} eq 'yes' ? 50000 : 250000);
	is $run->stop, 0, 'stops';
	my @files = sort glob "$run->{data}/*/*/nfcapd.*";
	cmp_ok scalar @files, '>=', 3, 'several slots';
	is $run->logged('Flows'), $sent, 'no flow lost at the borders';
	is $run->logged('Sequence Errors'), 0, 'no sequence error';
	is scalar(flows_of(@files)), $sent, 'all are in the files';
	for my $file (@files) {
		my ($day, $hour, $time) = $file =~ m{/([\d-]+)/(\d\d)/nfcapd\.(\d{14})$};
		is $time && "$day/$hour", strftime('%F/%H', gmtime POSIX::mktime(reverse(
			substr($time, 0, 4) - 1900, substr($time, 4, 2) - 1, $time =~ /(..)(..)(..)(..)$/))),
			'in its sub-directory';
		my ($done) = wait_for(sub { glob "$run->{dir}/rtrA-$time-*" });
		ok $done, '-x was run for it';
	}
	is scalar(my @done = glob "$run->{dir}/rtrA-*"), @files, 'and for nothing else';
}

# Restart within a slot: the second run's flows join those of the first, which come first.
{
	my $joined = Collector->new(args => ['-t', 3600]);
	for my $count (30, 60) {
		sleep 1 while time % 3600 > 3590;
		$joined->start;
		my $file = "$joined->{dir}/v5";
		system $gen, '-q', '-v', 5, '-n', $count, '-s', $count, '-o', $file and die;
		$joined->send_file('127.0.0.1', $file);
		is $joined->stop, 0, "$count flows";
	}
	my @files = $joined->files;
	is scalar @files, 1, 'one file';
	my @flows = flows_of(@files);
	is scalar @flows, 90, 'with 90 flows';
	is_deeply [glob "$joined->{data}/nfcapd.current*"], [], 'nothing else is left';
	if ($nfdump) {
		like `$nfdump -I -r $files[0]`, qr/^Flows: 90$/m, 'totals are added';
		is scalar(grep { /^\d{4}-/ } `$nfdump -q -r $files[0] -o csv 2>&1`), 90, 'stock agrees';
	}
	like slurp("$joined->{data}/.nfstat"), qr/^numfiles=1$/m, 'one file in the books';

	# A file of that name that cannot be read is kept, and the new one gets the name.
	spew($files[0], 'no flow file at all');
	$joined->start;
	$joined->send_file('127.0.0.1', "$joined->{dir}/v5");
	is $joined->stop, 0, 'a damaged file in the way';
	is scalar(flows_of($joined->files)), 60, 'new flows are stored';
	my ($kept) = glob "$joined->{data}/nfcapd.current.*.damaged.*";
	is slurp($kept // ''), 'no flow file at all', 'the damaged file is kept aside';
}

# A file size limit stands for a full disk: data is kept in memory, and written when there is room.
SKIP: {
	my ($prlimit) = grep { -x } map { "$_/prlimit" } qw(/usr/bin /bin);
	skip 'no prlimit', 8 unless $prlimit;
	my $full = Collector->new(args => ['-t', 3600, '-z=none']);
	$full->{before} = [$prlimit, '--fsize=500000:unlimited'];
	$full->start;
	is $full->generate(5, 20000), 20000, 'more than fits is sent';
	ok $full->wait_log(qr/cannot write .*File too large.*kept in memory/), 'the error is told';
	is system($prlimit, "--pid=$full->{pid}", '--fsize=unlimited:unlimited'), 0, 'room again';
	is $full->stop, 0, 'stops';
	is scalar(flows_of($full->files)), 20000, 'nothing was lost';

	# No room to the end: that is no clean stop, and the log says what it cost.
	my $lost = Collector->new(args => ['-t', 3600, '-z=none']);
	$lost->{before} = [$prlimit, '--fsize=500000:500000'];
	$lost->start;
	is $lost->generate(5, 20000), 20000, 'more than ever fits is sent';
	is $lost->stop, 1, 'records that cannot be written end in status 1';
	like $lost->log_text, qr/\d+ records could not be written and are lost/, 'and are counted';
}

# The directory goes away for a while: what was collected before comes back with it.
{
	my $gone = Collector->new(args => ['-t', 2])->start;
	is $gone->generate(5, 200), 200, 'flows before the trouble';
	rename $gone->{data}, "$gone->{data}.away" or die;
	ok $gone->wait_log(qr/cannot (create|rename|sync)/), 'a missing directory is told';
	rename "$gone->{data}.away", $gone->{data} or die;
	is $gone->generate(5, 300), 300, 'goes on';
	is $gone->stop, 0, 'stops cleanly';
	my @left = grep { !/\.sum$/ } glob "$gone->{data}/nfcapd.current.*";
	is scalar(flows_of($gone->files, @left)), 500, 'all flows are there';
}

# A collector died, and the next one has its process id, as in a container: nothing is overwritten.
{
	my $died = Collector->new(args => ['-t', 3600])->start;
	is $died->generate(5, 30000), 30000, 'more than a block';
	ok wait_for(sub { -s (glob "$died->{data}/nfcapd.current.*[0-9]")[0] > 40 }), 'one is written';
	$died->signal('KILL');
	waitpid delete $died->{pid}, 0;
	my ($work) = glob "$died->{data}/nfcapd.current.*[0-9]";
	my $stored = flows_of($work);
	cmp_ok $stored, '>', 0, 'flows are in the file it left';
	$died->{before} = ['/bin/sh', '-c',
		"mv $work $died->{data}/nfcapd.current.\$\$; exec \"\$0\" \"\$@\""];
	$died->start;
	is $died->stop, 0, 'the next one starts and stops';
	my ($left) = glob "$died->{data}/nfcapd.current.*.left.1";
	is scalar(flows_of($left // '/dev/null')), $stored, 'they are kept';
	like $died->log_text, qr/was left behind: it is kept as/, 'and that is told';
}

# -e: by the limits of .nfstat, sub-directories included, other files left alone.
{
	my $old = Collector->new(args => ['-t', 2, '-e'])->start;
	$old->stop;
	my $limit = 4 * 4096;
	spew("$old->{data}/.nfstat", "first=0\nlast=0\nsize=0\nmaxsize=$limit\nnumfiles=0\n"
		. "lifetime=0\nwatermark=50\nstatus=0\n");
	make_path("$old->{data}/2020/01/01");
	spew("$old->{data}/2020/01/01/nfcapd.2020010100$_", 'x' x 4000) for 10 .. 39;
	spew("$old->{data}/notes", 'mine');
	$old->start;
	ok wait_for(sub { !-e "$old->{data}/2020" }), 'old files and their directories are gone';
	$old->stop;
	is slurp("$old->{data}/notes"), 'mine', 'other files stay';
	like slurp("$old->{data}/.nfstat"), qr/^maxsize=$limit$/m, 'limits stay';
	ok scalar(my @left = $old->files), 'the newest file stays';
}
done_testing;
