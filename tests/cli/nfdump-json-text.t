#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# JSON is valid whatever bytes are in a file's ident and in user names: control characters, quotes,
# and what is not UTF-8. With -q, too, and when nothing matched.
use strict;
use warnings;
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;

my $nfdump = "$ENV{NFGEO_BIN}/nfdump";
my $tmp = tempdir(CLEANUP => 1);
@ENV{qw(TZ LC_ALL)} = qw(UTC C);
delete @ENV{qw(NFCONF NFGEODB)};

# An uncompressed file of one block: flows with a user name (element 24) and a flow label (28).
sub element { my ($id, $payload) = @_; return pack('vv', $id, 4 + length $payload) . $payload; }

sub flow {
	my ($user, $label) = @_;
	my @elements = (
		element(1, pack('Q<5v2C4', 1e12, 1e12 + 5, 1e12 + 9, 3, 400, 80, 1234, 6, 0, 0, 0)),
		element(2, pack('V2', 0x0a000001, 0x0a000002)),
		element(24, pack('a68', $user)), element(28, $label));
	my $body = join('', @elements);
	return pack('vvvCCvCC', 11, 12 + length $body, scalar(@elements), 0, 0, 0, 0, 9) . $body;
}

sub block {
	my ($count, $payload) = @_;
	return pack('VVvv', $count, length $payload, 3, 0) . $payload;
}

my @texts = ("plain", "a\"b\\c", "\x01\x1f\x7f\e[31m", "\xff\xfe\xc3", "\xc3\xa9", "\xed\xa0\x80",
	"\xf4\x90\x80\x80", "new\nline\ttab", "");
my $data = block(scalar(@texts), join('', map { flow($_, "$_\0") } @texts));
my $ident = "id\"\xff\x02";
my $trailer = block(2, pack('vv', 0x8001, 4 + length("$ident\0")) . "$ident\0" .
	pack('vvQ<17', 0x8002, 4 + 136, (0) x 17));
my $head = pack('vvVQ<CCvVq<VV', 0xa50c, 2, 0x01070100, 1e9, 0, 0, 1, 0, 40 + length $data, 0, 1);
open(my $out, '>:raw', "$tmp/file") or die $!;
print $out $head, $data, $trailer;
close $out;

for my $quiet ('', '-q') {
	my $json = `$nfdump $quiet -r $tmp/file -o json 2>$tmp/stderr`;
	my $rows = eval { JSON::PP->new->utf8->decode($json) };
	is(ref $rows, 'ARRAY', "json $quiet") or diag($@, `cat $tmp/stderr`, $json);
	is(scalar(@{$rows // []}), scalar(@texts), 'every flow');
	is($rows->[0]{user_name}, 'plain', 'user name');
	is($rows->[1]{user_name}, 'a"b\\c', 'quotes and backslashes');
	is($rows->[4]{label}, "\x{e9}", 'UTF-8 stays');
	is($rows->[7]{label}, "new\nline\ttab", 'control characters come back');
	my @lines = split(/\n/, `$nfdump $quiet -r $tmp/file -o ndjson 2>/dev/null`);
	is(scalar(grep { eval { JSON::PP->new->utf8->decode($_) } } @lines), scalar(@texts), 'ndjson');
}
is(ref eval { decode_json(scalar `$nfdump -q -r $tmp/file -o json 'packets > 5' 2>/dev/null`) }, 'ARRAY',
	'nothing matched: an empty array');
unlike(`$nfdump -r $tmp/file -q -o 'fmt:%uname %lbl' 2>/dev/null`, qr/[\x00-\x09\x0b-\x1f\x7f]/,
	'text: nothing that a terminal obeys');
done_testing();
