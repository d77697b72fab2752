#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# nfgeo tag --refresh: stamp again with a database, but leave alone what it stamped already.
use strict;
use warnings;
use Digest::SHA 'sha256_hex';
use JSON::PP;
use Test::More;
use NfGeoTest;

need_programs(qw(nfdump nfgeo writeflows));
my $dir = workdir('refresh');
my ($nfdump, $nfgeo) = map { path_of($_) } qw(nfdump nfgeo);
my $conf = write_file("$dir/conf", "[geo]\nmin_coverage = 0\nmax_age_days = 0\n");
my %ranges = map { $_ => "198.51.100.0,198.51.100.255,US\n203.0.113.0,203.0.113.255,$_\n" } qw(AT CN);
my %db = map { $_ => write_file("$dir/$_.csv", $ranges{$_}) } keys %ranges;
my $local = write_file("$dir/local", "203.0.113.200/32 FR\n");
my $local_conf = write_file("$dir/conf-local", read_file($conf) . "localnets = \"$local\"\n");

mkdir "$dir/in";
sub flows {
	my ($name, $country, $count) = @_;
	open my $out, '|-', path_of('writeflows'), "$dir/in/$name", 'here' or die;
	printf {$out} "flow 203.0.113.%d 198.51.100.1 %d 80 6 2 1 100 %d 5 0 %s\n", $_ % 250, $_,
	  1_700_000_000_000 + $_, $country eq '-' ? '- - 1' : "$country 840 1" for 1 .. $count;
	close $out or die;
}
sub tag {
	my ($db, @more) = @_;
	my ($status, $out, $err) = run_program($nfgeo, 'tag', '-C', $conf, '-G', $db{$db}, @more);
	return $status == 0 ? $out : "status $status: $err";
}
sub count {
	my ($filter) = @_;
	my ($status, $out) = run_program($nfdump, '-C', $conf, '-G', 'none', '-R', "$dir/in", '-o', 'null', $filter);
	return $out =~ /passed: (\d+)/ ? $1 : "status $status";
}
sub inodes { return join ' ', map { (stat)[1] } sort glob "$dir/in/*"; }

flows('nfcapd.202601010000', '-', 100);
flows('nfcapd.202601010005', 40, 200); # by nobody knows whom
is(tag('AT', '--refresh', "$dir/in"), "2 files tagged (300 records), 0 unchanged, 0 left alone\n", 'both');
is(count('src ctry AT'), 300, 'with this database');
my $before = inodes();
is(tag('AT', '--refresh', "$dir/in"), "0 files tagged (0 records), 2 unchanged, 0 left alone\n", 'again: nothing');
is(inodes(), $before, 'not written');
is(tag('AT', '-r', "$dir/in"), "2 files tagged (300 records), 0 unchanged, 0 left alone\n", '-r asks nobody');

is(tag('CN', "$dir/in"), "0 files tagged (0 records), 2 unchanged, 0 left alone\n", 'without: what is stored stays');
flows('nfcapd.202601010010', '-', 50);
tag('CN', '-q', "$dir/in/nfcapd.202601010010");
is(tag('CN', '-R', "$dir/in"), "2 files tagged (300 records), 1 unchanged, 0 left alone\n", 'another one: the others');
is(count('src ctry CN'), 350, 'all of it');
my ($status, $out) = run_program($nfdump, '-C', $conf, '--provenance', '-R', "$dir/in", '-o', 'json');
is(join(' ', map { "$_->{sha256} $_->{flows}" } @{decode_json($out)->{databases}}),
	sha256_hex($ranges{CN}) . ' 350', 'and its provenance is stored');

# The same database with local networks is another one.
($status, $out) = run_program($nfgeo, 'tag', '-R', '-C', $local_conf, '-G', $db{CN}, "$dir/in");
is($out, "3 files tagged (350 records), 0 unchanged, 0 left alone\n", 'local networks count');
is(count('src ctry FR'), 1, 'and change something');

# What is fresh is copied or recoded all the same.
my $file = "$dir/in/nfcapd.202601010015";
flows('nfcapd.202601010015', '-', 30);
tag('CN', '-q', $file);
is(tag('CN', '-R', '-w', "$dir/copy", $file), "1 files tagged (0 records), 0 unchanged, 0 left alone\n", '-w copies what is fresh, too');
is(rows("$dir/copy/nfcapd.202601010015"), rows($file), 'unchanged');
is(tag('CN', '-R', '-z', 'zstd', $file), "1 files tagged (0 records), 0 unchanged, 0 left alone\n", '-z rewrites what is fresh');
sub rows { return (run_program($nfdump, '-C', $conf, '-r', $_[0], '-q', '-o', 'fmt:%ts %sap %scc %dcc'))[1]; }
done_testing();
