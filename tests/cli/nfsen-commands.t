#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# The command lines that NfSen 1.3.11 and nfsen-ng were seen to run, replayed with our nfdump and with
# the stock one on the same files: the same status and, where it is not written here why not, the
# same text. (nfprofile's are in nfprofile.t.)
use strict;
use warnings;
use File::Copy qw(copy);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use JSON::PP ();
use NfGeoTest qw(collector need_programs path_of read_file run_program write_file);
use Test::More;

my $vectors = "$ENV{NFGEO_SHARED}/vectors/nfsen";
my $data = "$ENV{NFGEO_SHARED}/vectors/nfdump/data";
my $stock = '/usr/bin/nfdump';
plan skip_all => 'no ../shared' unless -d $vectors && -d $data;
plan skip_all => 'no stock nfdump: apt-get install nfdump' unless -x $stock;
need_programs(qw(nfdump nfcapd));
my $ours = path_of('nfdump');
my $top = tempdir(CLEANUP => 1);
$ENV{NFGEODB} = 'none';
my $conf = 'none'; # of ours: stock reads NFCONF too
# countries are stored, and unknown: the stock program then prints the same
my $empty = write_file("$top/empty.csv", "192.0.0.0,192.0.0.0,CZ\n");
my $small = write_file("$top/small.conf", "[geo]\nmin_coverage = 0\n");

# Every file that a captured command names, in all the places where it is looked for.
my %origin = (uplink1 => 'bidir', peer2 => 'v5'); # IPv4: with -A srcip4/24 stock makes odd groups of IPv6

sub put_file {
	my ($channel, $sub, $origin) = @_;
	my $path = "$top/$channel/$sub";
	return if -e $path;
	make_path($path =~ s{/[^/]*$}{}r);
	copy("$data/$origin.nf", $path) or die "$data/$origin.nf: $!";
	run_program($ours, '-i', $channel =~ s{.*/}{}r, '-r', $path) if $channel =~ /^live/;
	my ($status, undef, $err) = run_program(path_of('nfgeo'), 'tag', '-q', '-C', $small, '-G', $empty, $path);
	die $err if $status;
	return;
}

# (command line, program) with captured paths replaced
sub here {
	my ($command, $program) = @_;
	$program = "NFCONF=$conf $program" if $program eq $ours;
	$command =~ s{^\S*nfdump }{$program };
	$command =~ s{/srv/nfsen/profiles-data}{$top}g;
	return $command;
}

# Commands of a capture: "$ nfdump .." up to its output
sub commands {
	my ($name) = @_;
	my @commands = read_file("$vectors/$name") =~ /^(?:\$|cmd:) (\S*nfdump .*?)\n(?=>|\n|#|rows|\z)/msg;
	s/ <br>.*//s for @commands;
	return @commands;
}

# Output and messages together, as NfSen reads them
sub shell {
	my ($command) = @_;
	my $path = write_file("$top/command", "cd /\n$command\n");
	my $out = `sh $path 2>&1 </dev/null`;
	return ($? & 127 ? 100 + ($? & 127) : $? >> 8, $out);
}

# What no two runs share, or what stock says beyond its answer
sub plain {
	my ($text) = @_;
	$text =~ s/Blocks skipped: \d+, Bytes read: \d+/Blocks/g;
	return join '', grep { !/^(?:Sys: |Skip unknown block)/ } split /^/, $text;
}

# The last column
sub counts { return join ' ', map {/^\d.*? (\d+)$/ ? $1 : ()} split /\n/, $_[0] }

for my $name (qw(nfdump-process-form.txt nfdump-alert-top1.txt nfdump-summary.txt nfsen-ng-commands.txt)) {
	for my $command (commands($name)) {
		my ($dirs) = $command =~ m{-M '?/srv/nfsen/profiles-data/(\S+?)'? };
		for my $file ($command =~ m{((?:\d{4}/\d\d/\d\d/)?nfcapd\.\d{12})}g) {
			put_file("live/$_", $file, $origin{$_}) for keys %origin;
		}
		put_file($1, $2, 'v5') if $command =~ m{profiles-data/(\S+?)/(nfcapd\.\d{12})'?(?: |$)};
	}
}

# --- the page's processing form ----------------------------------------------------------------------

my %differ = (
	# Debian's nfdump is built for firewalls (NSEL) and prints -s record/.. in that layout
	'-s record/bytes' => 'NSEL layout',
	# more groups have the same number of flows than there is room for: any of them is right
	'-s record/flows' => 'ties',
	# stock leaves the value out where there is no geo database
	'-s srcgeo' => 'countries',
);
my @form = commands('nfdump-process-form.txt');
cmp_ok(scalar @form, '>=', 10, 'commands of the processing form');
for my $command (@form) {
	my ($reason) = map { $differ{$_} } grep { index($command, $_) >= 0 } keys %differ;
	my ($status, $out) = shell(here($command, $ours));
	my ($stock_status, $stock_out) = shell(here($command, $stock));
	my $short = $command =~ s/.*-r \S+ //sr =~ s/\s+/ /gr;
	is($status, $stock_status, "$short: status");
	if ($stock_out =~ /^(Unknown output mode '\w+')/) {
		like($out, qr/\Q$1\E/, "$short: 1.7.1 does not know it either");
		next;
	}
	is(plain($out), plain($stock_out), "$short: as stock") unless $reason;
	is(counts($out), counts($stock_out), "$short: the same numbers of flows") if ($reason // '') eq 'ties';
	like($out, qr/^Summary: total flows: [1-9]/m, "$short: $reason") if $reason;
	like($out, qr/\x01/, "$short: marks before addresses") if $out =~ /IP Addr/;
}

# --- alerts on the top 1 --------------------------------------------------------------------------------

my ($alert) = commands('nfdump-alert-top1.txt');
like($alert, qr/-o pipe -q -n 1/, 'the command of an alert');
my ($status, $out) = shell(here($alert, $ours));
my ($stock_status, $stock_out) = shell(here($alert, $stock));
is("$status $out", "$stock_status $stock_out", 'alert: as stock');
$conf = write_file("$top/nfsen.conf", "[nfdump]\npipe.seconds = true\n");
for my $statistic (qw(ip srcip dstip port srcport dstport as srcas dstas if inif outif proto)) {
	my $command = here($alert, $ours) =~ s/-s dstip\/flows -s srcip\/bytes/-s $statistic\/flows -s $statistic\/bytes/r;
	($status, $out) = shell($command);
	(undef, my $csv) = shell($command =~ s/-o pipe/-o csv -N/r =~ s/-s \S+bytes//r);
	my ($flows, $packets, $bytes) = (split /,/, (grep {/^\d/} split /\n/, $csv)[0])[5, 7, 9];
	my @blocks = split /\n\n/, $out;
	is(scalar @blocks, 2, "$statistic: a line for each -s, an empty line behind each");
	my @field = split /\|/, $blocks[0], -1;
	# NfSen 1.3.11 reads: family|first|msec|last|msec|proto|value (4 words of an address)|flows|packets|bytes|pps|bps|bpp
	my $at = $field[0] ? 10 : 7;
	is(scalar @field, $at + 6, "$statistic: as many fields as NfSen reads");
	is_deeply([@field[$at .. $at + 2]], [$flows, $packets, $bytes], "$statistic: flows, packets, bytes where it reads them");
	cmp_ok($field[1], '<', 2**32, "$statistic: seconds");
	cmp_ok($field[2], '<', 1000, "$statistic: milliseconds");
}
my $live = '/srv/nfsen/profiles-data/live/uplink1';
my $day = '2026/11/21/nfcapd.20261121';
($status, $out) = shell(here("nfdump -r $live/${day}1800 -o pipe -q -c 1 'proto tcp and inet'", $ours));
is(scalar(my @field = split /\|/, $out), 22 + 2, 'flows too: two fields more');
$conf = 'none';

# --- summaries, version ---------------------------------------------------------------------------------

for my $command (commands('nfdump-summary.txt')) {
	($status, $out) = shell(here($command, $ours));
	($stock_status, $stock_out) = shell(here($command, $stock));
	if ($command =~ /-V/) {
		like($out, qr/^nfdump: Version: \d\.\d+/, 'the version is a plain number');
		next;
	}
	is("$status " . plain($out), "$stock_status " . plain($stock_out), "summary as stock: $command");
	for my $count (qw(Flows Packets Bytes)) {
		like($out, qr/^$count$_: \d+$/m, "summary: $count$_") for '', qw(_tcp _udp _icmp _other);
	}
}
($status, $out) = shell("NFCONF=none $ours -I -G none -r $top/nothing");
is($status, (shell("$stock -I -G none -r $top/nothing"))[0], 'a missing file');
($status, $out) = shell(here("nfdump -I -G none -M $live:peer2 -R ${day}1800:${day}1900", $ours));
like($out, qr/^Flows: [1-9]/m, 'over a range');

# --- filter checks ----------------------------------------------------------------------------------------

my $text = read_file("$vectors/nfdump-filter-check.txt");
my %status;
for my $check ($text =~ /exit status (\d+\n\$ nfdump -Z .*?)\n(?:>|\n|\z)/sg) {
	my ($want, $filter) = $check =~ /^(\d+)\n\$ nfdump -Z (.*)/s;
	# ours knows countries
	my $ctry = $filter =~ /ctry/;
	$want = 0 if $ctry;
	($status, $out) = shell("NFCONF=none $ours -Z $filter");
	is($status, $want, "-Z $filter: status");
	is($out, '', "-Z $filter: silent") if !$want;
	like($out, qr/^Line 1: syntax error at '/, "-Z $filter: the line that the page shows") if $filter =~ /this is/;
	$status{$want}++;
}
cmp_ok($status{0} // 0, '>=', 8, 'good filters');
cmp_ok($status{254} // 0, '>=', 2, 'bad filters');

# --- nfsen-ng ---------------------------------------------------------------------------------------------

my @ng = commands('nfsen-ng-commands.txt');
cmp_ok(scalar @ng, '>=', 9, 'commands of nfsen-ng');
for my $command (@ng) {
	($status, $out, my $err) = run_program('sh', '-c', here($command, $ours));
	($stock_status, $stock_out) = run_program('sh', '-c', here($command, $stock));
	my $short = $command =~ s/.*-[rR] '\S+' ?//r;
	# 1.7.1: "Not yet implemented output format"
	my $ahead = $command =~ /-o 'json' -s/;
	# stock reads the directories of -M with -R by name, ours in the order given: -c takes others
	my $first = $command =~ /-c '3' .*-a |-B/;
	is($status, $stock_status, "nfsen-ng: $short: status");
	if ($ahead || $command =~ /json/ && $out =~ /^\s*[\[{]/) {
		my $rows = eval { JSON::PP->new->decode($out) };
		is(ref $rows, 'ARRAY', "nfsen-ng: $short: JSON") or diag($@);
		is(scalar @$rows, scalar(() = $stock_out =~ /"type"/g), "nfsen-ng: $short: rows") unless $ahead || $first;
	} elsif ($first) {
		is(scalar(() = $out =~ /^2024/mg), scalar(() = $stock_out =~ /^2024/mg), "nfsen-ng: $short: as many rows");
		is((split /\n/, $out)[0], (split /\n/, $stock_out)[0], "nfsen-ng: $short: the same columns");
	} else {
		is(plain($out), plain($stock_out), "nfsen-ng: $short: as stock");
	}
}

# --- nfcapd -----------------------------------------------------------------------------------------------

# As NfSen starts it, but for user, group, port and place; it answers with a pid file and ends on TERM.
my $user = getpwuid($>);
my ($group) = getgrgid((split / /, $))[0]);
my @starts = read_file("$vectors/nfcapd-start.txt") =~ /^\$ nfcapd (.*)$/mg;
cmp_ok(scalar @starts, '>=', 3, 'starts of nfcapd');
for my $start (@starts) {
	my $port = NfGeoTest::free_port();
	my ($pidfile, $dir) = ("$top/pid.$port", "$top/collect.$port");
	my $command = $start;
	make_path("$dir/$_") for qw(peer1 peer2 uplink1);
	$command =~ s/-p \d+/-p $port -b 127.0.0.1/;
	$command =~ s/-u \S+ -g \S+/-u $user -g $group/;
	$command =~ s{-P \S+}{-P $pidfile};
	$command =~ s{/srv/nfsen/profiles-data/live}{$dir}g;
	($status, $out) = shell('NFCONF=none ' . path_of('nfcapd') . ' ' . $command);
	is($status, 0, "nfcapd $start: status") or diag($out);
	my $pid;
	for (1 .. 50) {
		($pid) = (read_file($pidfile) // '') =~ /^(\d+)\n$/ and last;
		select(undef, undef, undef, 0.1);
	}
	ok($pid && kill(0, $pid), "nfcapd $start: pid file within 5 s");
	kill('TERM', $pid) if $pid;
	for (1 .. 100) {
		last unless -e $pidfile;
		select(undef, undef, undef, 0.1);
	}
	ok(!-e $pidfile, "nfcapd $start: gone within 10 s of TERM");
	my @files = glob("$dir/*/nfcapd.2* $dir/*/*/*/*/nfcapd.2*");
	ok(scalar @files, "nfcapd $start: the slot's file is there");
}
done_testing();
