#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Collection end to end: v5, v9 and IPFIX over IPv4 and IPv6, countries of every record, reload of
# the database under traffic, codecs; stock nfdump reads the same flows from our files.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(sleep);
use Collector qw(flows_of slurp spew run_nfcapd wait_for);

my $stock = -x '/usr/bin/nfdump' ? '/usr/bin/nfdump' : undef;
my $gen = "$ENV{builddir}/tests/bench/flowgen";

# A database whose answer can be computed: the second byte of the first half of IPv4 decides.
my @letters = qw(CZ US DE AT FR JP BR ZA);
my %number = (CZ => 203, US => 840, DE => 276, AT => 40, FR => 250, JP => 392, BR => 76, ZA => 710);
sub database {
	my ($path, $shift) = @_;
	my $text = '';
	for my $high (1 .. 223) {
		next if $high == 10 || $high == 127;
		my $cc = $letters[($high + $shift) % @letters];
		$text .= "$high.0.0.0,$high.255.255.255,$cc\n";
	}
	# In one step, as every updater should.
	spew("$path.new", $text);
	rename "$path.new", $path or die;
}
sub country_of {
	my ($address, $shift) = @_;
	my ($high) = $address =~ /^(\d+)\./ or return;
	return $number{$letters[($high + $shift) % @letters]};
}

for my $codec (qw(none lzo bz2 lz4 zstd)) {
	my $collector = Collector->new(args => ["-z=$codec"])->start;
	is $collector->generate(9, 3000), 3000, "$codec: sent";
	is $collector->stop, 0, 'clean stop';
	my @files = $collector->files;
	is $collector->logged('Flows'), 3000, 'all flows logged';
	is scalar(flows_of(@files)), 3000, 'and stored';
	if ($stock && $codec ne 'zstd') {
		my @lines = map { `$stock -q -r $_ -o csv 2>&1` } @files;
		is scalar(grep { /^\d{4}-/ } @lines), 3000, 'stock reads them';
	}
}

my $collector = Collector->new(bare => 1);
my $db = "$collector->{dir}/db.csv";
my $conf = "$collector->{dir}/nfdump-geo.conf";
database($db, 0);
spew($conf, "[geo]\ngeodb.path = \"$db\"\nmin_coverage = 0\nmax_change = 100\n");
push @{$collector->{args}}, '-w', $collector->{data}, '-C', $conf, '-I', 'three', '-6', '-4';
$collector->start;
for my $version (5, 9, 10) {
	for my $host ('127.0.0.1', '::1') {
		my $file = "$collector->{dir}/$version.dgrams";
		system $gen, '-q', '-v', $version, '-n', 700, '-o', $file and die;
		$collector->send_file($host, $file);
		sleep 0.2;
	}
}
is $collector->stop, 0, 'clean stop';
my @flows = flows_of($collector->files);
is scalar @flows, 6 * 700, 'three versions over both families';
my %routers = map { ($_->{ip4_router} // $_->{ip6_router}) => 1 } @flows;
is_deeply [sort keys %routers], ['127.0.0.1', '::1'], 'senders are in the records';
my ($wrong, $checked) = (0, 0);
for my $flow (@flows) {
	for my $side (qw(src dst)) {
		my $address = $flow->{"${side}4_addr"} or next;
		$checked++;
		$wrong++ if $flow->{"${side}_ctry"} != country_of($address, 0);
	}
}
cmp_ok $checked, '>', 5000, 'countries were checked';
is $wrong, 0, 'and all are right';

# Reload under traffic: by HUP and by a changed file. No datagram is lost; every record has one of
# the two answers, and the switch happens once.
for my $how ('HUP', 'changed file') {
	my $reload = Collector->new(bare => 1);
	$db = "$reload->{dir}/db.csv";
	$conf = "$reload->{dir}/nfdump-geo.conf";
	database($db, 0);
	spew($conf, "[geo]\ngeodb.path = \"$db\"\nmin_coverage = 0\nmax_change = 100\n");
	push @{$reload->{args}}, '-w', $reload->{data}, '-C', $conf, '--arrival-order';
	$reload->start;
	my $pid = fork // die;
	if (!$pid) {
		exec $gen, '-q', '-v', 5, '-n', 30000, '-r', 7500, '127.0.0.1', $reload->{port};
	}
	sleep 0.5;
	if ($how eq 'HUP') {
		spew("$reload->{dir}/db2.csv", '');
		database("$reload->{dir}/db2.csv", 1);
		spew($conf, "[geo]\ngeodb.path = \"$reload->{dir}/db2.csv\"\nmin_coverage = 0\n");
		$reload->signal('HUP');
	} else {
		database($db, 1);
	}
	ok $reload->wait_log(qr/country database .*now /i), 'the new database is in force';
	waitpid $pid, 0;
	is $reload->generate(5, 300), 300, 'more flows';
	is $reload->stop, 0, "$how: clean stop";
	@flows = flows_of($reload->files);
	is scalar @flows, 30300, 'no flow lost';
	my (%answers, $switches);
	my $last = '';
	for my $flow (@flows) {
		my @is = grep { country_of($flow->{src4_addr}, $_) == $flow->{src_ctry} } 0, 1;
		my $is = @is == 1 ? $is[0] : 'neither';
		$answers{$is}++;
		$switches++ if $is ne $last;
		$last = $is;
	}
	is_deeply [sort keys %answers], [0, 1], 'old and new answers, no others';
	is $switches, 2, 'the switch is at one place' or diag $reload->log_text;
	like $reload->log_text, qr/\Q$reload->{dir}\E/, 'logged';
}

# A database that cannot be read never replaces one that works.
my $bad = Collector->new(bare => 1);
$db = "$bad->{dir}/db.csv";
database($db, 0);
spew("$bad->{dir}/c.conf", "[geo]\ngeodb.path = \"$db\"\nmin_coverage = 0\n");
push @{$bad->{args}}, '-w', $bad->{data}, '-C', "$bad->{dir}/c.conf";
$bad->start;
spew("$db.new", "1.0.0.0,nonsense,CZ\n");
rename "$db.new", $db;
$bad->signal('HUP');
ok $bad->wait_log(qr/Reload of configuration/), 'reload was tried';
sleep 0.5;
is $bad->generate(5, 300), 300, 'traffic goes on';
is $bad->stop, 0, 'clean stop';
@flows = flows_of($bad->files);
is scalar(grep { $_->{src_ctry} == country_of($_->{src4_addr}, 0) } @flows), 300,
	'the old database answers';
done_testing;
