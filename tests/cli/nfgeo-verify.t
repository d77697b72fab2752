#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# nfgeo verify: damage in archives is named and counted, the rest is read; stored countries are compared
# with a database, and must agree with the one that tagged them.
use strict;
use warnings;
use Test::More;
use NfGeoTest;

need_programs(qw(nfdump nfgeo writeflows));
my $dir = workdir('verify');
my $nfgeo = path_of('nfgeo');
my $conf = write_file("$dir/conf", "[geo]\nmin_coverage = 0\nmax_age_days = 0\n");
my %db = map { $_ => write_file("$dir/$_.csv", "198.51.100.0,198.51.100.255,US\n203.0.113.0,203.0.113.127,$_\n" .
	"203.0.113.128,203.0.113.255,FR\n") } qw(AT CN);

mkdir "$dir/in";
sub make {
	my ($path, $count, @layout) = @_;
	open my $out, '|-', path_of('writeflows'), $path, 'here', @layout or die;
	printf {$out} "flow 203.0.113.%d 198.51.100.1 %d 80 6 2 1 100 %d 5 64500 - - 1\n", $_ % 250, $_ % 60000,
	  1_700_000_000_000 + $_ for 1 .. $count;
	close $out or die;
}
sub verify { return run_program($nfgeo, 'verify', '-C', $conf, @_); }

make("$dir/in/nfcapd.20260101000$_", 1000 * $_) for 0 .. 3;
make("$dir/in/nfcapd.202601010004", 20000, 'arrival');
run_program($nfgeo, 'tag', '-q', '-C', $conf, '-G', $db{AT}, "$dir/in/nfcapd.20260101000$_") for 1, 2, 3;
my ($status, $out, $err) = verify("$dir/in");
is("$status|$out|$err", "0|5 files, 26000 flows: 5 ok, 0 damaged, 0 never closed, 0 unreadable; 1 without a complete index\n|",
	'all is well') or diag(`ls -la $dir/in`);
($status, $out) = verify('-v', "$dir/in");
like($out, qr{^\Q$dir\E/in/nfcapd.202601010001: ok: 1 blocks, 1000 flows, index: complete$}m, '-v: a line a file');
is(scalar(() = $out =~ /\n/g), 6, '-v: for each');
is(join('|', verify('-q', "$dir/in")), '0||', '-q');

# Against databases.
($status, $out, $err) = verify('-G', $db{AT}, "$dir/in");
is("$status|$err", '0|', 'the database that tagged them');
like($out, qr/^0 of 6000 flows \(0\.0 %\), 0 of 600000 bytes \(0\.0 %\) moved; 20000 flows have no countries stored$/m, 'nothing moved');
($status, $out, $err) = verify('-G', $db{CN}, "$dir/in");
is("$status|$err", '0|', 'another one is no damage');
like($out, qr/^3072 of 6000 flows \(51\.2 %\), 307200 of 600000 bytes \(51\.2 %\) moved/m, 'half of it moved') or diag($out);
like($out, qr/^src  AT            CN                    3072  51\.2           3072             307200  China$/m, 'from where to where');
is((verify('-G', "$dir/none", "$dir/in"))[0], 1, 'no database: status 1');

# Flows that do not have what their database says.
my $file = "$dir/in/nfcapd.202601010001";
my $bytes = read_file($file);
sub crc32c {
	my $crc = 0xffffffff;
	for my $byte (unpack 'C*', $_[0]) {
		$crc ^= $byte;
		$crc = $crc >> 1 ^ ($crc & 1 ? 0x82f63b78 : 0) for 1 .. 8;
	}
	return ~$crc & 0xffffffff;
}
{
	run_program($nfgeo, 'tag', '-q', '-z', 'none', '-r', '-C', $conf, '-G', $db{AT}, $file);
	my $plain = read_file($file);
	my $payload = substr($plain, 52, unpack('V', substr($plain, 44, 4)));
	my $old = pack('V', crc32c($payload));
	# Two flows change countries, so that all sums stay; from the middle, so that all times do.
	my ($to_at, $to_fr) = map { 'NGC1' . pack('v', $_) } 40, 250;
	my $fr = index($payload, $to_fr, index($payload, $to_fr) + 1);
	my $at = index($payload, $to_at, $fr);
	ok($at > 0 && $fr > 0, 'there are two such flows');
	substr($payload, $at + 4, 2) = pack('v', 250);
	substr($payload, $fr + 4, 2) = pack('v', 40);
	substr($plain, 52, length $payload) = $payload;
	write_file($file, $plain);
	($status, $out, $err) = verify($file);
	is($status, 3, 'a changed country: status 3');
	like($err, qr/^nfgeo verify: \Q$file\E: block 0\b/m, 'the checksum finds it') or diag($err);
	# With its checksums made anew, by a program that tags wrong, only the database knows.
	# The geo block behind is two records; their contents, put together, are a part's header and sections.
	my $geo = 52 + length($payload) + 12;
	my (undef, $first) = unpack('vv', substr($plain, $geo, 4));
	my (undef, $second) = unpack('vv', substr($plain, $geo + $first, 4));
	my $stream = substr($plain, $geo + 4, $first - 4) . substr($plain, $geo + $first + 4, $second - 4);
	my ($type, $version, $len) = unpack('vvV', substr($stream, 16, 8));
	my $place = index($stream, $old, 28);
	ok($type == 3 && $place > 0 && $place < 28 + $len, 'the index has the checksum of the block');
	substr($stream, $place, 4) = pack('V', crc32c($payload));
	substr($stream, 24, 4) = pack('V', crc32c(substr($stream, 28, $len)));
	substr($plain, $geo + 4, $first - 4) = substr($stream, 0, $first - 4);
	substr($plain, $geo + $first + 4, $second - 4) = substr($stream, $first - 4);
	write_file($file, $plain);
	($status, $out, $err) = verify($file);
	is("$status$err", '0', 'a wrong tag is none for who has no database');
	($status, $out, $err) = verify('-G', $db{AT}, $file);
	is($status, 3, 'the database that tagged it: status 3');
	like($err, qr/: the stored countries of 2 flows are not those of the database that tagged them$/m, 'and why');
	is((verify('-G', $db{CN}, $file))[0], 0, 'another database cannot know');
}
write_file($file, $bytes);

# Bytes here and there: the block is named, the others are counted.
my $big = "$dir/in/nfcapd.202601010004";
my $good = read_file($big);
my ($size) = unpack 'V', substr($good, 44, 4);
my $damaged = $good;
substr($damaged, 40 + 12 + $size + 12 + 500, 4) = "\xff\x00\xff\x00"; # in the second block
write_file($big, $damaged);
($status, $out, $err) = verify("$dir/in");
is($status, 3, 'damage: status 3');
like($err, qr/^nfgeo verify: \Q$big\E: block 1\b/m, 'the block is named') or diag($err);
like($out, qr/^5 files, \d+ flows: 4 ok, 1 damaged, /, 'and the file counted');
my ($flows) = $out =~ /, (\d+) flows/;
ok($flows > 6000 && $flows < 26000, "the rest is read: $flows flows");

write_file($big, substr($good, 0, length($good) - 200));
($status, $out) = verify($big);
is($status, 3, 'cut short: status 3');
write_file($big, substr($good, 0, 16) . pack('CCvVx8VV', unpack('CC', substr($good, 16, 2)), 0, 1, 0, 0) .
	substr($good, 40, 12 + $size));
($status, $out) = verify($big);
is($status, 3, 'never closed: status 3');
like($out, qr/0 ok, 0 damaged, 1 never closed/, 'which is counted apart') or diag($out);
write_file($big, "not a flow file at all, but long enough to be one of some kind");
($status, $out, $err) = verify($big);
is($status, 1, 'no flow file: status 1');
($status, $out, $err) = verify("$dir/in");
is($status, 3, 'beside others: status 3');
like($out, qr/4 ok, 0 damaged, 0 never closed, 1 unreadable/, 'and counted');
is((verify("$dir/absent"))[0], 1, 'nothing there: status 1');
is((verify())[0], 2, 'no file: status 2');
is((verify('-n', 'x', "$dir/in"))[0], 2, '-n x: status 2');
is((verify('-h'))[0], 0, '-h');
done_testing();
