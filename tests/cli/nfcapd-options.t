#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# What nfcapd says to options it cannot take: status and text; nothing is started.
use strict;
use warnings;
use Test::More;
use File::Temp qw(tempdir);
use Collector qw(run_nfcapd spew);

my $dir = tempdir(CLEANUP => 1);
mkdir "$dir/d";
mkdir "$dir/e";
spew("$dir/file", "x");
spew("$dir/bad.conf", "[nfcapd]\nexporter.a = [\"nonsense\", \"$dir/d\"]\n");
my @w = ('-w', "$dir/d", '--no-geo', '-p', 0);

for my $row (
	# status, text, arguments
	[0, qr/^nfcapd: Version: 1\.7\.8 \(nfdump-geo \d+\.\d+\.\d+\)$/m, '-V'],
	[0, qr/^usage: nfcapd/, '-h'],
	[1, qr/^usage: nfcapd/m, '-q'],
	[1, qr/^usage: nfcapd/m, '--nonsense'],
	[1, qr/^usage: nfcapd/m, @w, 'a', 'b'],
	[1, qr/no source: give -w directory, -n ident,IP,directory or -M directory/, '--no-geo'],
	[1, qr{no valid directory '\Q$dir\E/none'}, '-w', "$dir/none", '--no-geo', '-p', 0],
	[1, qr{'\Q$dir\E/file' is not a directory}, '-w', "$dir/file", '--no-geo', '-p', 0],
	[1, qr/-w takes every sender/, @w, '-n', "a,127.0.0.1,$dir/e"],
	[1, qr/-w takes every sender/, @w, '-M', "$dir/e"],
	[1, qr/-n a,127.0.0.1: wants IDENT,IP,DIRECTORY/, '-n', 'a,127.0.0.1'],
	[1, qr/'localhost' is not an IPv4 or IPv6 address/, '-n', "a,localhost,$dir/d"],
	[1, qr/ident 'a b'.*without blanks/, '-n', "a b,127.0.0.1,$dir/d"],
	[1, qr/ident/, @w, '-I', 'x' x 129],
	[1, qr/this address has a source already/, '--no-geo', '-p', 0, '-n', "a,127.0.0.1,$dir/d",
		'-n', "b,127.0.0.1,$dir/e"],
	[1, qr/belongs to another source already/, '--no-geo', '-p', 0, '-n', "a,127.0.0.1,$dir/d",
		'-n', "b,127.0.0.2,$dir/d"],
	[1, qr/-p 99999: wants a number from 0 to 65535/, @w, '-p', 99999],
	[1, qr/-p : wants a number/, @w, '-p', ''],
	[1, qr/-R 65536: wants a number/, @w, '-R', '127.0.0.1/65536'],
	[1, qr/-t 1: wants a number from 2/, @w, '-t', 1],
	[1, qr/-t x: wants/, @w, '-t', 'x'],
	[1, qr/\Anfcapd: -t 1: wants/, '-t', 1, @w], # with more options behind it
	[0, qr/\Anfcapd: Version/, '-V', @w],
	[1, qr/-S 9: wants a number from 0 to 8/, @w, '-S', 9],
	[1, qr/-s 0: a sampling rate/, @w, '-s', 0],
	[1, qr/-s 10000001: wants/, @w, '-s', 10000001],
	[1, qr/-B 104857601: wants/, @w, '-B', 104857601],
	[1, qr/only one of -z, -j, -y/, @w, '-z', '-j'],
	[1, qr/only one of -z, -j, -y/, @w, '-y', '-z=lzo'],
	[1, qr/zip/, @w, '-z=zip'],
	[1, qr/-J and -b/, @w, '-J', '224.0.0.9', '-b', '127.0.0.1'],
	[1, qr/-e and -Z/, @w, '-e', '-Z'],
	[1, qr/-i 9: wants a number from 10/, @w, '-i', 9],
	[1, qr/-v9|-v 9: wants/, @w, '-v9'],
	[1, qr/cannot resolve 'no such host'/, @w, '-b', 'no such host'],
	[1, qr/at most 8 repeaters/, @w, ('-R', '127.0.0.1/9') x 9],
	[1, qr/-f x.pcap: .*not built in/, @w, '-f', 'x.pcap'],
	[1, qr/-E: /, @w, '-E'],
	[1, qr/the command is empty/, @w, '-x', ' '],
	[1, qr{pid file '\Q$dir\E/none/pid'}, @w, '-P', "$dir/none/pid"],
	[1, qr/none\.conf/, '-w', "$dir/d", '-p', 0, '-C', "$dir/none.conf"],
	[1, qr/'nonsense' is not an IPv4 or IPv6 address/, '--no-geo', '-p', 0, '-C', "$dir/bad.conf"],
	# No database: what was looked for, and both ways out.
	[1, qr{no country database: .*\Q$dir\E/none\.mmdb.*--no-geo}, '-w', "$dir/d", '-p', 0, '-G',
		"$dir/none.mmdb"],
	[1, qr{no country database}, '-w', "$dir/d", '-p', 0, "--geodb=$dir/none.mmdb"],
	[1, qr/\S/, '-w', "$dir/d", '-p', 0, '-G', "$dir/file"],
) {
	my ($status, $text, @args) = @$row;
	my ($got, $out) = run_nfcapd(@args);
	is $got, $status, "status $status: @args";
	like $out, $text, "says so";
}
{
	local $ENV{NFGEODB} = "$dir/elsewhere.mmdb";
	my ($got, $out) = run_nfcapd('-w', "$dir/d", '-p', 0);
	is $got, 1, 'NFGEODB names a missing file';
	like $out, qr{\Q$dir\E/elsewhere\.mmdb.*NFGEODB}, 'both are named';
}
SKIP: {
	skip 'not root', 4 if $>;
	for my $args (['-u', 'nosuchuser'], ['-g', 'nosuchgroup']) {
		my ($got, $out) = run_nfcapd(@w, @$args);
		is $got, 1, "@$args";
		like $out, qr/does not exist/, 'says so';
	}
}
is_deeply [glob "$dir/d/*"], [], 'no file was left';
done_testing;
