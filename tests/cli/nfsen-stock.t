#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Stock programs beside ours under one NfSen: nfexpire over the directories that our nfprofile and
# nfcapd fill, with our .nfstat; files of stock sfcapd in our nfdump and nfprofile.
use strict;
use warnings;
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use NfGeoTest qw(collector need_programs path_of read_file run_program send_files write_file);
use POSIX qw(strftime);
use Test::More;

my ($nfexpire, $sfcapd, $stock_nfdump) = map {"/usr/bin/$_"} qw(nfexpire sfcapd nfdump);
plan skip_all => 'no stock nfexpire: apt-get install nfdump' unless -x $nfexpire;
need_programs(qw(nfdump nfprofile nfcapd));
my ($nfdump, $nfprofile) = map { path_of($_) } qw(nfdump nfprofile);
$ENV{NFGEODB} = 'none';
my $top = tempdir(CLEANUP => 1);

sub slot_name { return strftime('%Y%m%d%H%M', gmtime($_[0])) }
sub subdir { return strftime('%Y/%m/%d', gmtime($_[0])) }

# A live file of a source: flows CZ -> US.
sub live_file {
	my ($source, $time, $count) = @_;
	my $dir = "$top/data/live/$source/" . subdir($time);
	make_path($dir);
	open(my $pipe, '|-', "$ENV{TEST_BIN}/writeflows", "$dir/nfcapd." . slot_name($time), $source) or die $!;
	print {$pipe} "exporter 1 192.0.2.1\n";
	for my $port (1025 .. 1024 + $count) {
		print {$pipe} "flow 195.113.0.1 198.51.100.7 $port 443 6 27 10 1000 ${time}000 10 2852 203 840 1\n";
	}
	close($pipe) or die 'writeflows';
	return;
}

# One slot through nfprofile: two channels of a profile.
my $lines = ".#geo#2#cz#s1|s2\n.#geo#2#all#*\n";
make_path("$top/data/geo/$_", "$top/stat/geo") for qw(cz all);
write_file("$top/stat/geo/cz-filter.txt", "src ctry CZ\n");
write_file("$top/stat/geo/all-filter.txt", "any\n");
write_file("$top/lines", $lines);

sub profile {
	my ($time) = @_;
	live_file($_, $time, 200) for qw(s1 s2);
	my $command = "$nfprofile -I -t $time -p $top/data -P $top/stat -S 1 -M $top/data/live/s1:s2 -r nfcapd."
	  . slot_name($time);
	my $out = `$command <$top/lines 2>&1`;
	return $out =~ s/.*was missing and is new.*\n//mgr;
}

# Of nfexpire: (status, the fields of its Stat line)
sub expire {
	my (@arguments) = @_;
	my ($status, $out) = run_program($nfexpire, '-Y', '-p', @arguments);
	my @stat = $out =~ /^Stat\|(\d+)\|(\d+)\|(\d+)$/m;
	return ($status, @stat);
}

sub files {
	my ($channel) = @_;
	my @slots = sort map { m{nfcapd\.(\d+)$} ? $1 : () } glob("$top/data/$channel/*/*/*/nfcapd.2*");
	return @slots;
}

sub disk {
	my $sum = 0;
	$sum += (stat)[12] * 512 for glob("$top/data/geo/{cz,all}/*/*/*/nfcapd.2*");
	return $sum;
}

sub book { return {map { /^(\w+)=(\d+)$/ ? ($1 => $2) : () } split /\n/, read_file("$top/data/geo/$_[0]/.nfstat")} }

# --- profiles --------------------------------------------------------------------------------------------

my $now = time();
my $first = $now - $now % 300 - 11 * 3600; # one slot an hour
is(profile($first + 3600 * $_), '', "slot $_") for 0 .. 10;
is(scalar files('geo/cz'), 11, 'nfprofile wrote the files');
my $before = book('cz');
is($before->{numfiles}, 11, 'and booked them');

my ($status, $size, $from, $to) = expire('-e', "$top/data/./geo", '-w', 90);
is_deeply([$status, $size, $from], [0, disk(), $first], 'nfexpire agrees: status, size, first');
cmp_ok($to, '>=', $first + 36000, 'and last');
is(scalar files('geo/cz'), 11, 'and removed nothing');

# by age: 6 hours
($status, $size, $from) = expire('-e', "$top/data/geo", '-w', 90, '-t', 6);
is($status, 0, 'by age: status');
my @left = files('geo/cz');
cmp_ok(scalar @left, '<', 8, 'by age: old files are gone');
cmp_ok(scalar @left, '>', 3, 'by age: new ones are there');
is_deeply([files('geo/all')], \@left, 'by age: of both channels');
is($size, disk(), 'by age: the size that is left');
is(slot_name($from), $left[0], 'by age: the oldest that is left');
my $after = book('cz');
is($after->{numfiles}, scalar @left, 'its book has them');

# our nfprofile goes on with that book
is(profile($first + 3600 * 11), '', 'a slot more');
is(book('cz')->{numfiles}, @left + 1, 'is booked onto it');
is(book('cz')->{lifetime}, $after->{lifetime}, 'limits in the book stay');
is(slot_name(book('cz')->{first}), $left[0], 'the first stays');
is((expire('-e', "$top/data/geo", '-w', 90))[1], disk(), 'and nfexpire agrees again');

# by size: half of it
my $half = int(disk() / 2);
($status, $size) = expire('-e', "$top/data/geo", '-w', 90, '-s', $half);
is($status, 0, 'by size: status');
cmp_ok($size, '<=', $half, 'by size: below the limit');
is($size, disk(), 'by size: as on the disk');
cmp_ok(scalar files('geo/cz'), '>', 0, 'by size: not all is gone');
($status, $size) = expire('-r', "$top/data/geo");
is_deeply([$status, $size], [0, disk()], 'rescan');
for my $path (glob("$top/data/geo/{cz,all}/*/*/*/nfcapd.2*")) {
	my (undef, $flows) = run_program($stock_nfdump, '-q', '-o', 'csv', '-r', $path);
	is(scalar(() = $flows =~ /^20/mg), 400, 'stock reads what is left');
}

# books that are missing, empty or garbage
my $n = 12;
for my $text (undef, '', "\0\1garbage\n") {
	my $path = "$top/data/geo/cz/.nfstat";
	defined $text ? write_file($path, $text) : unlink($path);
	my $what = defined $text ? length($text) ? 'garbage' : 'empty' : 'missing';
	is(profile($first + 3600 * $n++), '', "$what book: nfprofile") if $what ne 'garbage';
	($status, $size) = expire('-e', "$top/data/geo", '-w', 90);
	is_deeply([$status, $size], [0, disk()], "$what book: nfexpire counts anew");
	is(book('cz')->{numfiles}, scalar files('geo/cz'), "$what book: the number of files");
}

# --- live: nfexpire while our nfcapd runs ----------------------------------------------------------------

live_file('s3', $first + 3600 * $_, 50) for 0 .. 9;
my $collector = collector(program => path_of('nfcapd'), args => ['-w', "$top/data/live/s3", '-S', 1, '-t', 300, '-I', 's3']);
remove_tree("$top/data/live/$_") for qw(s1 s2);
($status, $size, $from) = expire('-r', "$top/data/live");
is($status, 0, 'live, rescan: status');
($status, $size, $from) = expire('-e', "$top/data/live", '-w', 90, '-t', 5);
is($status, 0, 'live, by age: status');
my @live = files('live/s3');
cmp_ok(scalar @live, '<', 7, 'live: old files are gone');
cmp_ok(scalar @live, '>', 2, 'live: new ones are there');
ok($collector->alive, 'and the collector lives');
is($collector->stop, 0, 'and ends well');
is(scalar files('live/s3'), @live + 1, 'with its file');

# --- sfcapd ------------------------------------------------------------------------------------------------

my $vectors = "$ENV{NFGEO_SHARED}/vectors/decode";
SKIP: {
	skip 'no stock sfcapd: apt-get install nfdump-sflow', 1 unless -x $sfcapd;
	skip 'no ../shared', 1 unless -d $vectors;
	make_path("$top/data/live/sf");
	my $sflow = collector(program => $sfcapd, args => ['-w', "$top/data/live/sf", '-t', 300, '-I', 'sf']);
	ok(send_files($sflow->{port}, "$vectors/sflow-ethernet.dgrams"), 'sFlow is sent');
	$sflow->stop;
	my ($file) = glob("$top/data/live/sf/nfcapd.2*");
	ok($file, 'sfcapd wrote a file');
	my (undef, $want) = run_program($stock_nfdump, '-q', '-r', $file, '-o', 'csv');
	my ($got_status, $got) = run_program($nfdump, '-q', '-r', $file, '-o', 'csv');
	is("$got_status $got", "0 $want", 'our nfdump reads it as stock does');
	my $flows = () = $want =~ /^20/mg;
	cmp_ok($flows, '>', 0, 'flows');
	my ($slot) = $file =~ /(\d{12})$/;
	make_path("$top/data/p/sf", "$top/stat/p");
	write_file("$top/stat/p/sf-filter.txt", "any\n");
	write_file("$top/lines", ".#p#2#sf#sf\n");
	my $command = "$nfprofile -I -t @{[$now - $now % 300]} -p $top/data -P $top/stat"
	  . " -M $top/data/live/sf -r nfcapd.$slot";
	my $said = `$command <$top/lines 2>&1`;
	is($said =~ s/.*was missing and is new.*\n//mgr, '', 'our nfprofile takes it');
	my (undef, $profiled) = run_program($stock_nfdump, '-q', '-r', "$top/data/p/sf/nfcapd.$slot", '-o', 'csv');
	is($profiled, $want, 'the channel has its flows');
}
done_testing();
