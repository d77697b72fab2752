#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Ctrl-C: the query ends with what it has, says so, and exits with 130; a second one kills.
# The output pipe is full meanwhile, so nothing depends on time.
use strict;
use warnings;
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use Test::More;

my $data = "$ENV{NFGEO_SHARED}/vectors/nfdump/data/v5.nf";
my $nfdump = "$ENV{NFGEO_BIN}/nfdump";
plan skip_all => 'no ../shared' unless -e $data;

my $tmp = tempdir(CLEANUP => 1);
@ENV{qw(TZ LC_ALL)} = qw(UTC C);
delete @ENV{qw(NFCONF NFGEODB)};
mkdir "$tmp/in";
copy($data, sprintf('%s/in/nfcapd.%03d', $tmp, $_)) for 1 .. 60;

# Start it, interrupt it while it waits for its reader, and read the rest.
sub interrupted {
	my ($signals, @options) = @_;
	my $pid = open(my $out, '-|') // die $!;
	if (!$pid) {
		open(STDERR, '>', "$tmp/stderr");
		exec($nfdump, '-R', "$tmp/in", @options);
	}
	sysread($out, my $text, 100);
	select(undef, undef, undef, 0.3);
	for (1 .. $signals) {
		kill('INT', $pid);
		select(undef, undef, undef, 0.2);
	}
	local $/;
	$text .= <$out> // '';
	close($out);
	open(my $err, '<', "$tmp/stderr");
	return ($?, $text, <$err>);
}

my ($status, $text, $error) = interrupted(1, qw(-o long -W 2));
is($status >> 8, 130, 'exit status 130');
like($error, qr/^nfdump: interrupted: \d+ of 60 files read to the end, what is printed is not all$/m,
	'said on standard error');
like($text, qr/^Interrupted: partial result, \d+ of 60 files read to the end\nSummary: total flows: /m,
	'said in the summary');
my ($passed) = $text =~ /passed: (\d+)/;
is(() = $text =~ /^2024-.* -> /mg, $passed, 'the summary counts the lines that were printed');
cmp_ok($passed, '<', 60 * 1500, 'not all of them');

($status, $text) = interrupted(1, qw(-o ndjson));
is($status >> 8, 130, 'ndjson: exit status 130');
is((grep { !/^\{.*\}$/ } split(/\n/, $text)), 0, 'ndjson: whole lines only');
($status, $text) = interrupted(1, qw(-o json));
like($text, qr/^\[\n.*\n\}\]\n\z/s, 'json: the bracket is closed');
($status) = interrupted(2, qw(-o long));
is($status & 127, 2, 'the second one kills');

is(system("$nfdump -R $tmp/in -o null >$tmp/out 2>&1"), 0, 'without a signal');
unlike(do { local $/; open(my $in, '<', "$tmp/out"); <$in> }, qr/[Ii]nterrupted/, 'nothing said');
done_testing();
