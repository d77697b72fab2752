#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Which files are read, windows of time, damaged input, exit statuses.
use strict;
use warnings;
use File::Copy qw(copy);
use NfGeoTest;
use Test::More;

my ($data, $nfdump, $tmp) = nfdump_data();
$ENV{NFGEODB} = 'none'; # whatever is installed where the programs look by default

sub run {
	my ($args) = @_;
	my $out = `$nfdump $args 2>$tmp/stderr`;
	return ($? >> 8, $out);
}

# status, flows
sub counts {
	my ($args, $status, $flows, $name) = @_;
	my ($got, $out) = run("$args -o null");
	my ($passed) = $out =~ /passed: (\d+)/;
	is("$got " . ($passed // '-'), "$status " . ($flows // '-'), $name // $args)
		or diag(`cat $tmp/stderr`);
}

# A tree of our own: 60 flows each.
my $one = "$data/tree/rtr1/nfcapd.202403051000";
mkdir "$tmp/$_" for qw(a b c c/2024 c/2024/03 c/2024/03/05 c/2024/03/06);
for my $time (qw(202403051000 202403051005 202403051010)) {
	copy($one, "$tmp/a/nfcapd.$time");
	copy($one, "$tmp/b/nfcapd.$time");
	copy($one, "$tmp/c/2024/03/05/nfcapd.$time");
}
copy($one, "$tmp/c/2024/03/06/nfcapd.202403060000");
copy($one, "$tmp/a/$_") for qw(nfcapd.current.123 .nfstat x.stat.y nfprofile.77);

counts("-r $tmp/a/nfcapd.202403051000", 0, 60);
counts("-r $tmp/a", 0, 180, 'a directory: work files and hidden ones are no data');
counts("-R $tmp/a", 0, 180);
counts("-R $tmp/c", 0, 240, 'directories below');
counts("-R $tmp/a/nfcapd.202403051005", 0, 120, 'that file and all later ones');
counts("-R $tmp/a/nfcapd.202403051005:nfcapd.202403051010", 0, 120);
counts("-R $tmp/a/nfcapd.202403051000:nfcapd.202403051007", 0, 120, 'the end need not exist');
counts("-R $tmp/a/nfcapd.202403051002:nfcapd.202403051010", 250, undef, 'the begin must');
counts("-R $tmp/c/2024/03/05/nfcapd.202403051010:2024/03/06/nfcapd.202403060000", 0, 120,
	'across two sub-directories');
is(`cd $tmp && $nfdump -R a/nfcapd.202403051005:a/nfcapd.202403051010 -o null` =~ /passed: (\d+)/ && $1, 120,
	'both ends relative to the working directory');
# The order of -M: of a range by the directories' names, of one file as given; stock has the same.
SKIP: {
	skip 'no stock nfdump: apt-get install nfdump', 4 unless -x '/usr/bin/nfdump';
	for my $what ('-R .', '-R nfcapd.202403051005:nfcapd.202403051010', '-r nfcapd.202403051005',
		'-R nfcapd.202403051005') {
		my $args = "-M $data/tree/rtr2:rtr1 $what -q -c 150 -o 'fmt:%ts %sa %da %byt'";
		is((run($args))[1], scalar `/usr/bin/nfdump $args 2>/dev/null`, "-M rtr2:rtr1 $what");
	}
}
# What editors and people do.
{
	open my $file, '>', "$tmp/bom.filter" or die;
	print $file "\xef\xbb\xbfproto tcp\n";
	close $file;
	my (undef, $plain) = run("-r $one -o null 'proto tcp'");
	my ($flows) = $plain =~ /passed: (\d+)/;
	counts("-r $one -f $tmp/bom.filter", 0, $flows, 'a filter file with a byte order mark');
	my ($status) = run("-r $one -J 9");
	is($status, 1, '-J 9');
	like(`cat $tmp/stderr`, qr/-J: compression '9'/, 'names the option that is wrong');
}
counts("-M $tmp/a:b -r nfcapd.202403051000", 0, 120);
counts("-M $tmp/a:b -R .", 0, 360);
counts("-M $tmp/a:b -R nfcapd.202403051005:nfcapd.202403051010", 0, 240);
counts("-M $tmp/c -r nfcapd.202403051005", 0, 60, 'found by the time in the name');
counts("-M $tmp/c -r 2024/03/05/nfcapd.202403051005", 0, 60);
counts("-M $tmp/c -R nfcapd.202403051005:nfcapd.202403060000", 0, 180, 'a range, too');
counts("-M $tmp/c -R 2024/03/05/nfcapd.202403051005:2024/03/05/nfcapd.202403051010", 0, 120);
counts("-M $tmp/a:nosuch -R .", 3, 180, 'one directory is missing: status 3');
counts("-r $tmp/nosuch", 1, undef);
counts("-r $tmp/a -R $tmp/a", 1, undef);
counts("-M $tmp/a", 1, undef, '-M alone');

counts("-r $data/v5.nf -t 2024/03/05.10:05:00-2024/03/05.10:06:00", 0, 62);
counts("-r $data/v5.nf -t 2024/03/05.10:05", 0, (run("-r $data/v5.nf -o csv -q"))[1] =~
	tr/\n// - grep({ /^2024-03-05 10:0[0-4]/ } split /\n/, (run("-r $data/v5.nf -o csv -q"))[1]),
	'a begin alone');
counts("-r $data/v5.nf -t 2025", 0, 0);
# relative to the first flow, 10:00:01.341, and to the last, 10:18:54.976
my @seconds = map { [split /,/] } split /
/, (run("-r $data/v5.nf -q -o 'csv:%tsr,%ter'"))[1];
shift @seconds;
counts("-r $data/v5.nf -t +60", 0, scalar(grep { $_->[1] <= 1709632861.341 } @seconds));
counts("-r $data/v5.nf -t -60", 0, scalar(grep { $_->[0] >= 1709633874.976 } @seconds));
counts("-r $data/v5.nf -t $_", 1, undef) for qw(2024-03-05 abc 202 2024/13 +700000 2024/03/05.25);

counts("-r $data/v5.nf -c 15", 0, 15);
is((run("-r $data/v5.nf -c 15 -W 4 -o csv -q"))[1] =~ tr/\n//, 15, '-c is exact with threads');
is((run("-r $data/v5.nf -o csv -q -W 1"))[1], (run("-r $data/v5.nf -o csv -q -W 4"))[1],
	'threads keep the order');
is((run("-R $tmp/c -o 'fmt:%cnt %sa' -q -W 1"))[1], (run("-R $tmp/c -o 'fmt:%cnt %sa' -q -W 4"))[1],
	'and the numbers');
is((run("-R $data/tree/rtr1 -a -O bytes -o csv -q -W 1"))[1],
	(run("-R $data/tree/rtr1 -a -O bytes -o csv -q -W 4"))[1], 'and aggregates');

for my $args ('-c 0', '-c x', '-n -1', '-o lin', '-s nosuch', '-s srcip/nosuch', '-A nosuch',
	'-A srcip,srcip', '-A srcip4', '-A srcip/8', '-A srcip4/33', '-A srcip -b', '-A srcip -A dstip',
	'-O nosuch', '-s record -O bytes', '-z=foo', '-z -j', '-Q', '-o fmt:%nosuch') {
	is((run("-r $data/v5.nf $args"))[0], 1, "status 1: $args");
	like(`cat $tmp/stderr`, qr/\S/, 'with a message');
}
is((run("-r $data/v5.nf -l 10"))[0], 250, '-l without -s');
is((run("-r $tmp/nosuch 'port 80 and'"))[0], 254, 'filter errors first');
like(`cat $tmp/stderr`, qr/^Line 1: /, 'as stock says it');
is((run("-f $tmp/nosuch -r $data/v5.nf"))[0], 255, '-f without its file');
is((run('-V'))[1], "nfdump: Version: 1.7.8 (nfdump-geo $1)\n", 'version')
	if (run('-V'))[1] =~ /nfdump-geo ([\d.]+)/;
is((run('-h'))[0], 0, '-h');
is((run(''))[0], 0, 'nothing to read: help');

# The configuration: a key that nobody knows is named and passed over, a value of a wrong kind is an error.
sub conf {
	my ($text, $args, $want, $err) = @_;
	open my $file, '>', "$tmp/conf" or die;
	print $file $text;
	close $file;
	my ($got) = run("-C $tmp/conf $args");
	is($got, $want, "configuration: $text");
	like(`cat $tmp/stderr`, $err, '... what is said');
}
my $v5 = "-r $data/v5.nf -c 1 -q";
conf("[nfdump]\nfmt.x = '%sa'\npipe.second = true\n", "$v5 -o x", 0,
	qr{^nfdump: \Q$tmp\E/conf:3: nfdump\.pipe\.second is no key of nfdump-geo[^\n]*\n\z});
conf("[nfdump]\nfoo = [ 'a', 'b' ]\n[sfcapd]\nx = 1\n", $v5, 0, qr/^nfdump: [^\n]*conf:2: nfdump\.foo [^\n]*\n\z/);
conf("[geo]\nlocalnet = '/x'\n", $v5, 0, qr/conf:2: geo\.localnet is no key/);
conf("geodb.path = 'none'\n", $v5, 0, qr/conf:1: geodb\.path is no key/);
conf("[nfdump]\npipe.seconds = 'yes'\n", $v5, 1, qr/conf:2: nfdump\.pipe\.seconds must be true or false/);
conf("[nfdump]\ncsv.country = true\ncsv.c = '%sa'\ntordb.path = 'none'\n[nfcapd]\nfoo = 1\n", $v5, 0, qr/^\z/);
conf("[nfdump]\nfoo = 1\n", "-Z 'proto tcp'", 0, qr/^\z/);

# Formats that name no columns.
for my $case (['csv:', 'csv: names no columns'], ['fmt:', 'fmt: names no columns'],
	['table:', 'table: names no columns'], ["'csv: '", 'csv:  names no columns'],
	['csv:%ts,', 'csv: no column at the end'], ['csv:%ts,,%sa', 'csv: no column before ,%sa'],
	['nosuch', 'ndjson, ndjson\+class,']) {
	is((run("$v5 -o $case->[0]"))[0], 1, "-o $case->[0]");
	like(`cat $tmp/stderr`, qr/$case->[1]/, '... is named');
}

# Names of stock that have no values here are told apart from wrong ones.
for my $name (qw(ja3 ja4 srcasn asn dstasn:p/bytes)) {
	is((run("$v5 -s $name"))[0], 1, "-s $name");
	like(`cat $tmp/stderr`, qr/^nfdump: (-s $name: TLS handshakes are not|\w+asn|asn: names of AS are in no flow file)/, '... why');
}
for my $token (qw(sasn dasn ja3 sni)) {
	is((run("$v5 -o 'fmt:%sa %$token'"))[0], 0, "%$token");
	like(`cat $tmp/stderr`, qr/^nfdump: %$token is left blank: /, '... says that it is blank, and why');
}

# Damage: everything readable is printed, the damage is named, and the status is 3.
copy($one, "$tmp/cut");
truncate("$tmp/cut", (-s $one) - 1000);
is((run("-r $tmp/cut -o null"))[0], 3, 'a file that was cut short');
like(`cat $tmp/stderr`, qr/cut/, 'is named');
copy($one, "$tmp/a/nfcapd.202403051007");
truncate("$tmp/a/nfcapd.202403051007", 20);
my ($status, $out) = run("-R $tmp/a -o null");
like("$status $out", qr/^3 .*passed: 180,/s, 'a damaged file in a range: the others are read');
like((run("-R $tmp/a -s srcip -q -n 1"))[0], qr/^3$/, 'statistics too');
SKIP: {
	my $hostile = "$ENV{NFGEO_SHARED}/vectors/hostile/files";
	skip 'no hostile files', 1 unless -d $hostile;
	# what passes, and whether something was left out
	my %want = ('good-small' => '0 60', 'record-type-10' => '3 59', 'record-type-13' => '3 59', 'record-elements-200' => '3 59',
		'cut-before-appendix' => '3 60', 'element-type-500' => '0 60', 'zeros-64k' => '3 0',
		'block-type-5' => '3 0', 'concatenated' => '0 60');
	for my $name (sort keys %want) {
		my ($code, $text) = run("-r $hostile/$name.nf -o null");
		my ($passed) = $text =~ /passed: (\d+)/;
		is("$code $passed", $want{$name}, "damaged: $name");
	}
}
done_testing();
