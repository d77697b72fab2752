#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Names of interfaces, VRFs and applications come from the file that a flow is in, even when they
# stand behind it; a damaged table of names is told, as it may be a flow whose type was damaged.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $nfdump = "$ENV{NFGEO_BIN}/nfdump";
my $tmp = tempdir(CLEANUP => 1);
@ENV{qw(TZ LC_ALL)} = qw(UTC C);
delete @ENV{qw(NFCONF NFGEODB)};

sub element { my ($id, $payload) = @_; return pack('vv', $id, 4 + length $payload) . $payload; }

sub flow {
	my @elements = (
		element(1, pack('Q<5v2C4', 1e12, 1e12 + 5, 1e12 + 9, 3, 400, 80, 1234, 6, 0, 0, 0)),
		element(2, pack('V2', 0x0a000001, 0x0a000002)),
		element(4, pack('V2C8', 3, 70000, (0) x 8)), element(36, pack('V2', 9, 8)),
		element(27, pack('C4', 13, 0, 0, 5)));
	my $body = join('', @elements);
	return pack('vvvCCvCC', 11, 12 + length $body, scalar(@elements), 0, 0, 0, 0, 9) . $body;
}

sub names {
	my ($type, %names) = @_;
	my $elements = join('', map { pack('Va12', $_, $names{$_}) } sort keys %names);
	return pack('vvvvV', $type, 12 + length $elements, scalar(keys %names), 16, 12) . $elements;
}

sub write_file {
	my ($file, @records) = @_;
	my $payload = join('', @records);
	my $data = pack('VVvv', scalar(@records), length $payload, 3, 0) . $payload;
	my $appendix = pack('vv', 0x8001, 7) . "id\0" . pack('vvQ<17', 0x8002, 4 + 136, (0) x 17);
	my $trailer = pack('VVvv', 2, length $appendix, 3, 0) . $appendix;
	my $head = pack('vvVQ<CCvVq<VV', 0xa50c, 2, 0x01070100, 1e9, 0, 0, 1, 0, 40 + length $data, 0, 1);
	open(my $out, '>:raw', $file) or die $!;
	print $out $head, $data, $trailer;
	close $out;
}

my $nbar = pack('vvvvvvv', 12, 14 + 24, 1, 24, 4, 8, 8) . pack('C4a8a8x4', 13, 0, 0, 5, 'dns', 'names');
mkdir "$tmp/in";
write_file("$tmp/in/nfcapd.1", flow(), names(13, 3 => 'uplink', 70000 => "eth\e0"),
	names(14, 8 => 'red', 9 => 'blue'), $nbar);
write_file("$tmp/in/nfcapd.2", names(13, 3 => 'other'), flow());
write_file("$tmp/in/nfcapd.3", flow());
write_file("$tmp/in/nfcapd.4", pack('vvvvV', 13, 12, 65535, 16, 12), flow());

my $format = "'fmt:%inam %onam %ivrfnam %evrfnam %nbnam'";
my @want = ("uplink eth.0 red blue dns", "other 70000 8 9 <no info>", "    <no info>", "    <no info>");
for my $threads (1, 3) {
	is(`$nfdump -W $threads -q -R $tmp/in -o $format 2>$tmp/err`, join('', map { "$_\n" } @want),
		"$threads threads");
	is($? >> 8, 3, 'status');
	like(`cat $tmp/err`, qr{^nfdump: \S+/nfcapd\.4: block 0: 1 record of unknown type \(13\) left out$},
		'the damaged table is told');
}
is(`$nfdump -q -r $tmp/in/nfcapd.1 -o csv:%inam,%in 2>/dev/null`, "inIfName,input\nuplink,3\n", 'csv:');
done_testing();
