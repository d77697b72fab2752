#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# nfgeo tag as the -x hook of a stock collector: its files get countries as they are finished.
use strict;
use warnings;
use File::Temp qw(tempdir);
use IO::Socket::INET;
use Test::More;

my $nfcapd = '/usr/bin/nfcapd';
plan skip_all => 'no stock nfcapd 1.7.1' unless -x $nfcapd && `$nfcapd -V` =~ /1\.7\.1/;
my $dir = tempdir(CLEANUP => 1);

sub spit { my ($path, $bytes) = @_; open my $f, '>:raw', $path or die "$path: $!"; print $f $bytes; close $f; }
sub slurp { my ($path) = @_; open my $f, '<:raw', $path or return ''; local $/; my $bytes = <$f>; return $bytes // ''; }

# Wait for something, at most ten seconds.
sub wait_for { my ($what) = @_; for (1 .. 100) { return 1 if $what->(); select undef, undef, undef, 0.1; } return 0; }

spit("$dir/db", "8.0.0.0,8.255.255.255,US\n9.0.0.0,9.255.255.255,CZ\n");
spit("$dir/conf", "[geo]\nmin_coverage = 0\ngeodb.path = \"$dir/db\"\n");
mkdir "$dir/data";
my $free = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1') or die;
my $port = $free->sockport;
close $free;
my $pid = fork() // die;
if (!$pid) {
	open STDOUT, '>', "$dir/log";
	open STDERR, '>&', \*STDOUT;
	exec $nfcapd, '-b', '127.0.0.1', '-p', $port, '-w', "$dir/data", '-I', 'hook', '-P', "$dir/pid", '-y',
		'-x', "$ENV{NFGEO_BIN}/nfgeo tag -q -C $dir/conf %d/%f";
	exit 127;
}
ok(wait_for(sub { -s "$dir/pid" }), 'stock nfcapd is up') or diag(slurp("$dir/log"));

# One NetFlow v5 flow, 8.8.8.8 to 9.9.9.9.
my $socket = IO::Socket::INET->new(Proto => 'udp', PeerAddr => '127.0.0.1', PeerPort => $port) or die;
my $now = time;
$socket->send(pack('nnNNNNCCn', 5, 1, 10_000, $now, 0, 1, 0, 0, 0)
	. pack('NNNnnNNNNnnCCCCnnCCn', 0x08080808, 0x09090909, 0, 1, 2, 10, 1000, 5000, 6000, 1234, 443, 0, 0x12, 6, 0, 0, 0, 24, 24, 0));
select undef, undef, undef, 0.5;
kill 'TERM', $pid;
waitpid $pid, 0;
ok(wait_for(sub { return scalar(() = glob "$dir/data/nfcapd.2*") }), 'a file is finished');
my ($file) = glob "$dir/data/nfcapd.2*";
# A copy that has nothing to add tells that the hook was there before; the file itself is not touched.
my $copy = "$ENV{NFGEO_BIN}/nfgeo tag -C $dir/conf -z none -w $dir/plain $file 2>&1";
ok(wait_for(sub { return `$copy` =~ /^1 files tagged \(0 records\)/ }), 'the hook has tagged it')
	or diag(`$copy`, slurp("$dir/log"));
my ($plain) = glob "$dir/plain/nfcapd.2*";
like(slurp($plain), qr/NGC1\x48\x03\xcb\x00/, 'with US and CZ');
unlike(slurp("$dir/log"), qr/nfgeo/, 'and without a word in the log');

done_testing;
