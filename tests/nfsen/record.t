#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# The plugin records every country of a slot, in and out, and answers the page from that; what was
# not recorded is unknown and never zero.
use strict;
use warnings;
use FakeNfsend;
use File::Temp qw(tempdir);
use Test::More;

plan skip_all => 'no RRDs for perl: apt-get install librrds-perl' unless eval { require RRDs };
my $base = tempdir(CLEANUP => 1);
$ENV{NFCONF} = 'none';
%NfConf::PluginConf = (NfGeo => {home => 'CZ', profiles => {}});
FakeNfsend::start(base => $base, prefix => $ENV{NFGEO_BIN}, plugins => "$ENV{srcdir}/nfsen-plugin/backend",
	sources => [qw(upstream1 peer2)]);

# SRC DST SPORT DPORT PROTO FLAGS PACKETS BYTES FIRST_MS MS AS SRC_CTRY DST_CTRY SYSID
sub flow {
	my ($from, $to, $flags, $packets, $bytes, $first) = @_;
	return "flow 195.113.0.1 198.51.100.7 1024 443 6 $flags $packets $bytes $first 10 2852 $from $to 1";
}

my @slots = map { sprintf('20261101%02d%02d', 10 + int($_ / 12), $_ % 12 * 5) } 0 .. 15;
my $start = NfSen::ISO2UNIX($slots[0]);

# slot n: n+1 flows CZ -> US, 2 SYN-only US -> CZ, 1 private -> unknown
for my $n (0 .. $#slots) {
	my $ms = ($start + 300 * $n) * 1000;
	next if $n == 5; # no file: nobody knows
	FakeNfsend::write_slot('upstream1', $slots[$n], 'exporter 1 192.0.2.1',
		map { flow(203, 840, 0x1b, 10, 1000, $ms) } 0 .. $n);
	FakeNfsend::write_slot('peer2', $slots[$n], 'exporter 1 192.0.2.2',
		(map { flow(840, 203, 2, 1, 60, $ms) } 1 .. 2), flow(1001, 0, 0x10, 3, 300, $ms));
}

is(FakeNfsend::query('top'), 'no slot was recorded yet', 'before the first slot');
is(FakeNfsend::query('status')->{slot_state}, 'none', 'status before the first slot');
is(FakeNfsend::run_slot($_), 'ok', "slot $_") for @slots;
my $log = FakeNfsend::log_text();
like($log, qr/^err: NfGeo: slot $slots[5]: not recorded.*no source has a file/m, 'the missing slot is in the log');
is(scalar(() = $log =~ /^err:/mg), 1, 'nothing else went wrong') or diag($log);

my $status = FakeNfsend::query('status');
is_deeply([@$status{qw(protocol slot slot_state since recorded failed home)}],
	[1, $slots[15], 'ok', $slots[0], 15, 1, 203], 'status');
is(scalar @{$status->{problem}}, 1, 'with the problem');
like($status->{problem}[0], qr/^\d+\|$slots[5]\|not recorded/, 'and its slot');

my $top = FakeNfsend::query('top');
is_deeply([@$top{qw(tstart tend slots missing resolution rows total)}],
	[$slots[15], $slots[15], 1, 0, 300, 2, '19|165|16420|2'], 'top of the last slot');
is_deeply($top->{row}, [
	'203|CZ|Czechia|2|2|120|2|16|160|16000|0|94.74',
	'840|US|United States|16|160|16000|0|2|2|120|2|94.74'], 'rows')
  or diag(explain($top));
is_deeply($top->{class}, ['0|..|unknown|1|3|300|0|0|0|0|0|5.26', '1001|..|private|0|0|0|0|1|3|300|0|5.26'],
	'unknown and classes beside them');

$top = FakeNfsend::query('top', tstart => $slots[0], tend => $slots[15], measure => 'bytes', direction => 'out', limit => 1);
is_deeply([@$top{qw(slots missing rows)}, scalar @{$top->{row}}], [16, 1, 2, 1], 'a range, with the missing slot');
my $flows = 136 - 6; # 1 + .. + 16 without slot 5
is($top->{row}[0], "203|CZ|Czechia|30|30|1800|30|$flows|" . $flows * 10 . '|' . $flows * 1000 . '|0|'
	  . sprintf('%.2f', 100 * $flows * 1000 / ($flows * 1000 + 1800 + 4500)), 'sums over the range');
$top = FakeNfsend::query('top', tstart => $slots[5]);
is_deeply([@$top{qw(slots missing)}, exists $top->{total}, exists $top->{row}], [1, 1, '', ''],
	'the missing slot alone: unknown, not zero');
$top = FakeNfsend::query('top', tstart => '202610010000');
is_deeply([@$top{qw(missing)}, exists $top->{total}], [1, ''], 'before the first slot: unknown');

# again, as after a restart of nfsend: nothing changes
my $before = FakeNfsend::query('top', tstart => $slots[0], tend => $slots[15]);
FakeNfsend::run_slot($_) for @slots[3, 15];
is_deeply(FakeNfsend::query('top', tstart => $slots[0], tend => $slots[15]), $before, 'a slot again changes nothing');

# every source's file is damaged or missing
my $next = NfSen::UNIX2ISO($start + 16 * 300);
FakeNfsend::write_slot('upstream1', $next, map { flow(203, 840, 0x1b, 1, 100, ($start + 4800) * 1000) } 1 .. 3);
FakeNfsend::run_slot($next);
like(FakeNfsend::log_text(), qr/slot $next: no file .* of source peer2/, 'a source without a file is named');
is(FakeNfsend::query('top')->{total}, '3|3|300|0', 'the others count');
$next = NfSen::UNIX2ISO($start + 17 * 300);
my $path = FakeNfsend::write_slot('upstream1', $next, map { flow(203, 840, 0x1b, 1, 100, ($start + 5100) * 1000) } 1 .. 3);
FakeNfsend::write_slot('peer2', $next);
truncate($path, 100);
FakeNfsend::run_slot($next);
like(FakeNfsend::log_text(), qr/slot $next: not recorded, its values are unknown: status \d+ of: \S*nfgeo totals/,
	'a damaged file: unknown, with the command');
is(FakeNfsend::query('top', tstart => $next)->{missing}, 1, 'and it is missing');

# --- requests that are wrong, pictures --------------------------------------------------------------

for my $case ([{measure => 'x'}, "measure 'x': one of flows packets bytes syn"], [{limit => -1}, qr/^limit '-1'/],
	[{tstart => 'yesterday'}, qr/^tstart 'yesterday': 12 digits/], [{direction => '<b>'}, qr/^direction/],
	[{tstart => $slots[3], tend => $slots[2]}, qr/before/], [{tstart => $slots[3], tend => '202912312355'}, qr/400 days/]) {
	my $answer = FakeNfsend::query('top', %{$case->[0]});
	ref $case->[1] ? like($answer, $case->[1], 'refused') : is($answer, $case->[1], 'refused');
}
like(FakeNfsend::request('NfGeo::nosuch'), qr/^ERR /m, 'an unknown command');
my $countries = FakeNfsend::query('countries')->{country};
cmp_ok(scalar @$countries, '>', 250, 'all countries');
ok((grep { $_ eq q(384|CI|CIV|Cote d'Ivoire|AF) } @$countries), 'ASCII names');
ok((grep { $_ eq '1001|..|...|private|' } @$countries), 'classes');
is(scalar(grep {/[^\x20-\x7e]/} @$countries), 0, 'nothing but ASCII');

sub is_png {
	my ($name, $command, @lines) = @_;
	my $png = FakeNfsend::request("\@NfGeo::$command", @lines);
	my ($width, $height) = $png =~ /^\x89PNG\r\n\x1a\n....IHDR(....)(....)/s;
	cmp_ok(unpack('N', $width // "\0" x 4), '>=', 576, "a picture: $name") or diag($png);
	return $png;
}
my $end = "tend=$slots[15]";
my $all = is_png('all flows', 'graph', $end);
my $country = is_png('a country', 'graph', 'country=CZ', 'measure=bytes', $end);
my $in = is_png('one side', 'graph', 'country=203', 'measure=bytes', 'direction=in', $end);
is_png('a class', 'graph', 'country=1001', 'measure=packets', 'period=week', $end);
my $stack = is_png('top countries', 'graphtop', 'measure=flows', 'period=month', 'count=5', 'arg=x', $end);
my %different = map { $_ => 1 } $all, $country, $in, $stack;
is(scalar keys %different, 4, 'pictures are not all the same');
for my $case (['country=XX'], ['country=FJ'], ['measure=x'], ['width=99999'], ['period=hour'], ["tend=\x01"]) {
	is_png("words for @$case", 'graph', @$case);
}
done_testing();
