#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# nfdump --provenance: which databases tagged the flows of files; and the summary that names them.
use strict;
use warnings;
use Digest::SHA 'sha256_hex';
use JSON::PP;
use Test::More;
use NfGeoTest;

need_programs(qw(nfdump nfgeo writeflows));
my $dir = workdir('provenance');
my ($nfdump, $nfgeo) = map { path_of($_) } qw(nfdump nfgeo);
my $conf = write_file("$dir/conf", "[geo]\nmin_coverage = 0\nmax_age_days = 0\n");
my $local = write_file("$dir/local", "203.0.113.200/32 AT\n");
my $local_conf = write_file("$dir/conf-local", "[geo]\nmin_coverage = 0\nmax_age_days = 0\nlocalnets = \"$local\"\n");

my %ranges = map { $_ => "198.51.100.0,198.51.100.255,US\n203.0.113.0,203.0.113.255,$_\n" } qw(AT CN);
my %db = map { $_ => write_file("$dir/$_.csv", $ranges{$_}) } keys %ranges;

# Times grow with the file's number; `country` is what is stored already, `-` for nothing.
mkdir "$dir/in";
sub flows {
	my ($name, $second, $count, $country) = @_;
	open my $out, '|-', path_of('writeflows'), "$dir/in/$name", 'here' or die;
	printf {$out} "flow 203.0.113.%d 198.51.100.1 %d 80 6 2 1 100 %d 5 0 %s\n", $_ % 250, $_,
	  (1_700_000_000 + $second) * 1000, $country eq '-' ? '- - 1' : "$country 840 1" for 1 .. $count;
	close $out or die;
}
sub report {
	my ($status, $out, $err) = run_program($nfdump, '-C', $conf, '--provenance', @_);
	return ($status, $out, $err);
}
sub json { my ($status, $out) = report(@_, '-o', 'json'); return {%{decode_json($out)}, status => $status}; }

flows("nfcapd.20260101000$_", 100 * $_, 300 * $_, '-') for 1 .. 3;
run_program($nfgeo, 'tag', '-q', '-C', $conf, '-G', $db{AT}, "$dir/in/nfcapd.202601010001");
run_program($nfgeo, 'tag', '-q', '-C', $local_conf, '-G', $db{CN}, "$dir/in/nfcapd.202601010002");

my $json = json('-R', "$dir/in");
is($json->{status}, 0, 'status 0');
is_deeply([@$json{qw(files flows blocks_read)}], [3, 1800, 0], 'what was looked at, by indexes alone');
is_deeply([map { @$_{qw(sha256 type program flows files blocks first_ms last_ms)} } @{$json->{databases}}],
	[sha256_hex($ranges{CN}), 'ranges', 'nfdump-geo 0.1.0', 600, 1, 1, 1_700_000_200_000, 1_700_000_200_005,
	 sha256_hex($ranges{AT}), 'ranges', 'nfdump-geo 0.1.0', 300, 1, 1, 1_700_000_100_000, 1_700_000_100_005],
	'two databases, most flows first') or diag(explain($json));
is($json->{databases}[0]{local_sha256}, sha256_hex(read_file($local)), 'local networks');
is($json->{databases}[1]{local_sha256}, undef, 'none');
is($json->{databases}[0]{build_epoch}, (stat $db{CN})[9], 'when it was built');
is_deeply([@{$json->{untagged}}{qw(flows files blocks)}], [900, 1, 1], 'untagged');
is($json->{unknown}{flows}, 0, 'nothing unknown');

my ($status, $out, $err) = report('-R', "$dir/in");
my ($short, $long) = (substr(sha256_hex($ranges{CN}), 0, 12), sha256_hex($ranges{CN}));
like($out, qr/^ranges +\d{4}-\d\d-\d\d  $short  [0-9a-f]{12}  none +nfdump-geo 0.1.0 +1 +1 +600 +33\.3  2023-11-14 22:16:40  2023-11-14 22:16:40$/m,
	'table: a database') or diag($out);
like($out, qr/^no countries stored +1 +1 +900 +50\.0  2023-/m, 'table: untagged');
like($out, qr/^  database        $long$/m, 'table: the whole hash');
like($out, qr/^1800 flows in 3 files$/m, 'table: everything');
unlike($out, qr/unknown or mixed/, 'what is not there has no row');
(undef, my $rows) = report('-R', "$dir/in", '-q');
is(scalar(() = $rows =~ /\n/g), 3, '-q: rows only');

# A flow that had countries of nobody knows whom, and one database more in the same file: mixed.
flows('nfcapd.202601010004', 400, 10, 40);
flows('half', 400, 10, 40);
$json = json('-r', "$dir/in/nfcapd.202601010004");
is_deeply([scalar @{$json->{databases}}, $json->{unknown}{flows}], [0, 10], 'countries without a name');
run_program($nfgeo, 'tag', '-q', '-r', '-C', $conf, '-G', $db{AT}, "$dir/in/half");
run_program($nfdump, '-C', $conf, '-R', "$dir/in/half", '-w', "$dir/in/copy");
$json = json('-r', "$dir/in/half");
is_deeply([scalar @{$json->{databases}}, $json->{unknown}{flows}], [1, 0], 'restamped: known');
unlink "$dir/in/half", "$dir/in/copy";

# A file whose index went (stock wrote it again) is read.
SKIP: {
	skip 'no stock nfdump', 2 unless -x '/usr/bin/nfdump';
	run_program('/usr/bin/nfdump', '-r', "$dir/in/nfcapd.202601010001", '-w', "$dir/stock");
	$json = json('-r', "$dir/stock");
	is_deeply([@$json{qw(flows blocks_read)}, $json->{unknown}{flows}, $json->{untagged}{flows}], [300, 1, 300, 0],
		'written by stock: countries are there, whose is not known');
	like((report('-r', "$dir/stock"))[1], qr/; of 1 blocks the records were read/, 'and it says that it read');
}

# Damage: the rest counts, and the status says so.
my $bytes = read_file("$dir/in/nfcapd.202601010003");
mkdir "$dir/bad";
write_file("$dir/bad/nfcapd.202601010003", substr($bytes, 0, 30));
write_file("$dir/bad/nfcapd.202601010001", read_file("$dir/in/nfcapd.202601010001"));
($status, $out, $err) = report('-R', "$dir/bad", '-o', 'json');
is($status, 3, 'a damaged file: status 3');
like($err, qr/nfcapd\.202601010003/, 'which is named');
is(decode_json($out)->{flows}, 300, 'and the rest counted');
($status) = report('-r', "$dir/bad/nfcapd.202601010003");
is($status, 1, 'nothing at all: status 1');

for my $no (['proto tcp'], ['-t', '2026/01/01'], ['-o', 'csv']) {
	($status, $out, $err) = report('-R', "$dir/in", @$no);
	is("$status|$out", '1|', "@$no: refused");
	like($err, qr/^nfdump: --provenance: /, 'with a reason');
}

# The summary of a query names several, and is else what it was.
sub summary {
	my ($status, $out) = run_program($nfdump, '-C', $conf, @_);
	return join '', grep { /^Countries:/ } split /^/, $out;
}
my @both = ('-R', "$dir/in/nfcapd.202601010001:nfcapd.202601010002");
like(summary(@both, '-o', 'null', 'src ctry CN'),
	qr/^Countries: 2 databases: ranges \d{4}-\d\d-\d\d [0-9a-f]{12}, ranges \d{4}-\d\d-\d\d $short\n$/,
	'two databases in a filter');
like(summary(@both, '-s', 'srcctry'), qr/^Countries: 2 databases/, '.. in a statistic');
like(summary(@both, '-A', 'srcctry'), qr/^Countries: 2 databases/, '.. in groups');
is(summary(@both, '-o', 'null', 'port 80'), '', 'not where countries do not matter');
is(summary(@both, '-s', 'srcip'), '', 'nor in other statistics');
is(summary(@both, '-q', '-o', 'null', 'src ctry CN'), '', '-q');
is(summary('-r', "$dir/in/nfcapd.202601010001", '-o', 'null', 'src ctry CN'), '', 'one database');
like(summary('-r', "$dir/in/nfcapd.202601010001", '-o', 'null', '-G', $db{CN}, 'src ctry CN'), qr/^$/,
	'another one that nothing was asked of');
like(summary('-R', "$dir/in/nfcapd.202601010002:nfcapd.202601010003", '-o', 'null', '-G', $db{AT}, 'src ctry AT'),
	qr/^Countries: 2 databases/, 'stored by one, filled in by the other');
like(summary('-R', "$dir/in/nfcapd.202601010002:nfcapd.202601010004", '-o', 'null', '-G', $db{AT}, 'src ctry AT'),
	qr/^Countries: 2 databases: .*, unknown ones\n/, 'and unknown ones');
(undef, $out) = run_program($nfdump, '-C', $conf, @both, '-o', 'csv', '-s', 'srcctry');
unlike($out, qr/^Countries:/m, 'no such line in csv');
done_testing();
