#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# What can be wrong around the plugin: its configuration, the programs, the directory, the disk, time.
# Each gives a clear line in the log, every call returns, and no value is made up.
use strict;
use warnings;
use FakeNfsend;
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use Test::More;

plan skip_all => 'no RRDs for perl: apt-get install librrds-perl' unless eval { require RRDs };
my $base = tempdir(CLEANUP => 1);
$ENV{NFCONF} = 'none';
delete $ENV{NFGEODB};
$NfConf::PluginConf{NfGeo} = {
	home => 'Czechia', timeout => 0, colour => 'red', statedir => 'here', profiles => ['icmp'],
	alerts => {targets => 'many', allow => ['192.0.2.0/33', 'example.net', '10.0.0.0/8'], rate => {days => 30}},
};
FakeNfsend::start(base => $base, prefix => $ENV{NFGEO_BIN}, plugins => "$ENV{srcdir}/nfsen-plugin/backend",
	sources => ['s1']);

# --- configuration ------------------------------------------------------------------------------------

my $log = FakeNfsend::log_text();
for my $line ("home => Czechia: use two or three letters", "timeout => 0: use a whole number from 1 to 280",
	"there is no key 'colour'; the keys are: alerts geodb", "statedir => here: use a path that begins with /",
	"profiles => ARRAY: use { key => value", "alerts targets => many: use a whole number",
	"alerts allow '192.0.2.0/33': use an address", "alerts allow 'example.net'", "alerts rate days => 30: use") {
	like($log, qr/^err: NfGeo: nfsen\.conf, PluginConf NfGeo: \Q$line\E/m, "configuration: $line");
}
unlike($log, qr/10\.0\.0\.0/, 'what is right is taken');
{
	local $NfConf::PluginConf{NfGeo} = 'x';
	like((NfGeo::Config::load())[1], qr/use \{ key => value, \.\.\. \}$/, 'no hash at all');
	local $NfConf::PluginConf{NfGeo};
	is(scalar(my ($config, @faults) = NfGeo::Config::load()), 1, 'no configuration is fine');
}

# --- slots --------------------------------------------------------------------------------------------

my $time = NfSen::ISO2UNIX('202611050800');
my $n = 0;

# The next slot, with one flow CZ -> US.
sub next_slot {
	my $slot = NfSen::UNIX2ISO($time + 300 * $n++);
	FakeNfsend::write_slot('s1', $slot, 'flow 195.113.0.1 198.51.100.7 1024 443 6 27 10 1000 '
		  . ($time + 300 * $n) * 1000 . ' 10 2852 203 840 1');
	return $slot;
}

# Run a slot that must fail. @return what was added to the log
sub fails {
	my ($what, $pattern) = @_;
	my $slot = next_slot();
	my $before = length(FakeNfsend::log_text());
	is(FakeNfsend::run_slot($slot), 'ok', "$what: the call returns");
	my $added = substr(FakeNfsend::log_text(), $before);
	like($added, $pattern, "$what: said") or diag($added);
	return $slot;
}

sub set { $NfConf::PluginConf{NfGeo} = {@_} }

# The slot is not known, those before and after are.
sub unknown {
	my ($what, $slot) = @_;
	my $after = next_slot();
	FakeNfsend::run_slot($after);
	is(FakeNfsend::query('top', tstart => $slot)->{missing}, 1, "$what: the slot is unknown");
	is(FakeNfsend::query('top', tstart => $after)->{total}, '1|10|1000|0', "$what: the next one is recorded");
}

set();
FakeNfsend::run_slot(next_slot());
is(FakeNfsend::query('top')->{total}, '1|10|1000|0', 'a slot is recorded');

set(nfgeo => "$base/nowhere/nfgeo");
my $unknown = 'not recorded, its values are unknown';
my $slot = fails('no nfgeo', qr{^err: NfGeo: slot \d+: $unknown: status 127 of: \Q$base\E/nowhere/nfgeo totals}m);
like(FakeNfsend::log_text(), qr{cannot run \Q$base\E/nowhere/nfgeo: No such file}, 'no nfgeo: the reason');
my $answer = FakeNfsend::query('top');
like($answer, qr/nowhere/, 'the page is told');
like(FakeNfsend::query('status')->{problem}[0], qr/nowhere/, 'in the status too');
is(NfGeo->Init(), 1, 'Init goes on without it');
like(FakeNfsend::log_text(), qr{nowhere/nfgeo is not there: set nfgeo in PluginConf}, 'and says so');
set();
unknown('no nfgeo', $slot);

sub script {
	my ($name, $text) = @_;
	FakeNfsend::write_text("$base/$name", "#!/bin/sh\n$text\n");
	chmod(0755, "$base/$name");
	return "$base/$name";
}
set(nfgeo => script('slow', 'sleep 100 & sleep 100'), timeout => 1);
my $started = time();
$slot = fails('nfgeo hangs', qr/slow did not end within 1 s.*stopped/);
cmp_ok(time() - $started, '<', 20, 'nfgeo hangs: nfsend does not');
set();
unknown('nfgeo hangs', $slot);

set(nfgeo => script('cut', "printf 'total\\t1\\t1\\t1\\t0\\n'"));
$slot = fails('cut output', qr/its output is not complete/);
set(nfgeo => script('killed', 'kill -9 $$'));
fails('nfgeo is killed', qr/status 109 of/);
set(nfgeo => script('endless', 'yes'), timeout => 20);
fails('endless output', qr/wrote too much: stopped/);
set();
unknown('cut output', $slot);

# no database for records without countries
{
	local $ENV{NFGEODB} = "$base/no.mmdb";
	my $bare = NfSen::UNIX2ISO($time + 300 * $n++);
	FakeNfsend::write_slot('s1', $bare, "flow 195.113.0.1 198.51.100.7 1024 443 6 27 10 1000 ${time}000 10 2852 - - 1");
	FakeNfsend::run_slot($bare);
	like(FakeNfsend::log_text(), qr/slot $bare: $unknown: status 3 of.*no\.mmdb/,
		'no countries: unknown, with the database that was looked for');
	unknown('no countries', $bare);
}

# --- the directory, the disk --------------------------------------------------------------------------

FakeNfsend::write_text("$base/file", 'x');
set(statedir => "$base/file/state");
fails('state directory below a file', qr{^err: NfGeo: slot \d+: .*\Q$base\E/file/state}m);
like(FakeNfsend::query('top'), qr/no slot was recorded/, 'the page is told');
set();

SKIP: {
	skip 'root may write everywhere', 2 if $> == 0 && !-x '/usr/bin/setpriv' && !-x '/usr/sbin/runuser';
	my $dir = "$base/readonly";
	make_path("$dir/rrd");
	set(statedir => $dir);
	my $slot = next_slot();
	chmod(0555, "$dir/rrd", $dir);
	my $before = length(FakeNfsend::log_text());
	chmod(0777, $base);
	chmod(0666, "$base/log");
	FakeNfsend::call(sub {
		POSIX::setgid(65534), POSIX::setuid(65534) if $> == 0;
		NfGeo::run({profile => 'live', profilegroup => '.', timeslot => $slot});
		return 'ok';
	});
	my $added = substr(FakeNfsend::log_text(), $before);
	like($added, qr{slot $slot: $unknown: cannot make \Q$dir\E/rrd/203\.rrd},
		'unwritable directory: said, with the file');
	unlike($added, qr/died/, 'and survived');
	set();
}

# A file size limit does what a full disk does: a write fails.
{
	my $dir = "$base/full";
	set(statedir => $dir);
	my $slot = next_slot();
	my $before = length(FakeNfsend::log_text());
	my $done = FakeNfsend::call(sub {
		$SIG{XFSZ} = 'IGNORE';
		# 100 KB: the log fits, an RRD does not
		setrlimit_fsize(100 << 10);
		NfGeo::run({profile => 'live', profilegroup => '.', timeslot => $slot});
		return 'ok';
	});
	is($done, 'ok', 'full disk: the call returns');
	my $why = 'RRDtool wrote no file: is the disk full';
	like(substr(FakeNfsend::log_text(), $before),
		qr{slot $slot: $unknown: cannot make \Q$dir\E/rrd/203\.rrd: $why}, 'full disk: said');
	is(join(' ', glob("$dir/rrd/*")), '', 'nothing half-made is left');
	like(FakeNfsend::query('top'), qr/no slot was recorded/, 'and nothing is known');
	FakeNfsend::run_slot(next_slot());
	is(FakeNfsend::query('top')->{total}, '1|10|1000|0', 'with room again it goes on');
	set();
}

# prlimit(2) by its number is no core perl; the tool of util-linux sets the limit of this process.
sub setrlimit_fsize {
	my ($bytes) = @_;
	system('prlimit', '--pid', $$, "--fsize=$bytes") == 0 or die 'prlimit';
	return;
}

# A broken RRD is named; the slot is unknown, whatever was booked elsewhere before it.
my $dir = "$base/var/nfgeo/rrd";
rename("$dir/840.rrd", "$dir/840.keep");
FakeNfsend::write_text("$dir/840.rrd", 'no RRD');
$slot = fails('broken RRD', qr{not recorded.*840\.rrd});
unlink("$dir/840.rrd");
rename("$dir/840.keep", "$dir/840.rrd");
unknown('broken RRD', $slot);

# --- state ----------------------------------------------------------------------------------------------

# A state of a version to come, or garbage: as if there was none, and no crash.
for my $text ("nfgeo slot 99\nslot=x\n", "\0\1\2", '', "nfgeo alert 1\n") {
	FakeNfsend::write_text("$base/var/nfgeo/slot", $text);
	is(FakeNfsend::query('status')->{slot}, '', 'a state that is not understood is none');
}
FakeNfsend::run_slot(next_slot());
is(FakeNfsend::query('status')->{recorded}, 1, 'and is written anew with the next slot');
is(join(' ', glob("$base/var/nfgeo/*.new $base/var/nfgeo/rrd/*.new")), '', 'no work file is left');

# time runs backwards, as with a simulation that is started again
my $before = length(FakeNfsend::log_text());
FakeNfsend::run_slot(NfSen::UNIX2ISO($time - 86400));
like(substr(FakeNfsend::log_text(), $before), qr/warning: .*not recorded: the RRDs are ahead of it/,
	'a slot of the past: said');

# many readers while a slot is written
sub reader {
	my $pid = fork();
	return $pid if $pid;
	my $good = grep { ref FakeNfsend::query('status') } 1 .. 5;
	POSIX::_exit($good == 5 ? 0 : 1);
}
my @pids = map { reader() } 1 .. 4;
FakeNfsend::run_slot(next_slot());
my $failed = 0;
for my $pid (@pids) { waitpid($pid, 0); $failed++ if $? }
is($failed, 0, 'concurrent readers');
done_testing();
