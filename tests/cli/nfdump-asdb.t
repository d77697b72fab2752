#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Names of AS: the AS of every address as the library of the MaxMind DB format has it, in databases of all
# shapes; what exporters sent goes first; all formats; files that are no such database.
use strict;
use warnings;
use JSON::PP ();
use Test::More;
use NfGeoTest;

plan skip_all => 'no MaxMind::DB::Writer and ::Reader'
	unless eval { require MaxMind::DB::Reader; require MaxMind::DB::Writer::Tree; 1 };
need_programs(qw(nfdump writeflows));
my $dir = workdir('asdb');
my $nfdump = path_of('nfdump');
my $writer = "$ENV{srcdir}/tests/lib/write-mmdb.pl";
$ENV{NFCONF} = 'none';

my @networks = ('0.0.0.0/1 64496 All below', '10.0.0.0/8 64500 Ten, the first', '10.1.0.0/16 64501 Ten "One"',
	'10.1.2.3/32 64502 One host', '192.0.2.0/24 64503 Test', '192.0.3.0/24 64503 Test',
	'255.255.255.255/32 64504 The last', '198.18.0.0/15 64510',
	'2001:db8::/32 64505 Six ' . 'x' x 300, '2001:db8:1::/48 4200000000 Large number',
	'2001:db8:1:2:3:4:5:6/128 64506 A host', 'fe00::/8 64507 Last of Six');
my @four = map { ("$_.0.0.0", "$_.255.255.255") } (0, 9, 10, 11, 127, 128, 255);
push @four, qw(10.0.255.255 10.1.0.0 10.1.2.2 10.1.2.3 10.1.2.4 10.1.255.255 10.2.0.0 192.0.1.255 192.0.2.0 192.0.3.255
	192.0.4.0 198.18.3.4 255.255.255.254);
my @six = qw(2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db8:: 2001:db8:0:ffff:ffff:ffff:ffff:ffff 2001:db8:1::
	2001:db8:1:2:3:4:5:5 2001:db8:1:2:3:4:5:6 2001:db8:1:2:3:4:5:7 2001:db8:2:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff
	2001:db9:: fdff::1 fe00:: feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ff00:: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff);

sub database {
	my ($name, $bits, $version, $alias, $layout, @lines) = @_;
	open my $pipe, '|-', 'perl', $writer, "$dir/$name", $bits, $version, $alias, $layout or die;
	print {$pipe} map { "$_\n" } @lines;
	close $pipe or die "write-mmdb.pl: $name";
	return "$dir/$name";
}
sub flows {
	my ($path, $as, @address) = @_;
	open my $out, '|-', path_of('writeflows'), $path, 'here' or die;
	printf {$out} "flow %s %s 1000 80 6 2 1 60 %d 5 %d 0 0 1\n", $_, /:/ ? '::5' : '5.5.5.5',
		1_700_000_000_000, $as for @address;
	close $out or die;
	return $path;
}
my $flows = flows("$dir/flows", 0, @four, @six);

sub answers {
	my ($db, @more) = @_;
	my ($status, $out, $err) = run_program($nfdump, '-r', $flows, '--asdb', $db, '-q', '-6', @more);
	return ($status, $err, split /\n/, $out);
}
sub library {
	my ($reader, $ip4_only, $address) = @_;
	return [0, ''] if $ip4_only && $address =~ /:/;
	my $record = $reader->record_for_address($address) // {};
	$record = $record->{as} // $record;
	my $number = $record->{autonomous_system_number} // ($record->{asn} // '') =~ s/^AS//r || 0;
	return [$number, substr $record->{autonomous_system_organization} // $record->{as_name} // $record->{name} // '', 0, 30];
}
for my $shape ((map { my $bits = $_; map { [$bits, @$_, 'asn'] } [4, 0], [6, 0], [6, 1] } 24, 28, 32),
	[28, 6, 1, 'astext'], [24, 4, 0, 'asnest']) {
	my ($bits, $version, $alias, $layout) = @$shape;
	my $name = "$layout-$bits-ip$version-$alias";
	my $db = database($name, $bits, $version, $alias, $layout, grep { $version == 6 || !/^[^ ]*:/ } @networks);
	my $reader = MaxMind::DB::Reader->new(file => $db);
	my ($status, $err, @lines) = answers($db, '-o', 'fmt:%sa|%sasn|');
	my @wrong = grep {
		my ($address, $got) = map { s/^ +| +$//gr } split /\|/, $_;
		my $want = library($reader, $version == 4, $address);
		$got ne $want->[1] =~ s/ +$//r;
	} @lines;
	is("$status$err@wrong", '0', "$name: names");
	is(scalar @lines, @four + @six, "$name: all rows");
	my %want;
	$want{library($reader, $version == 4, $_)->[0]}++ for @four, @six;
	($status, $err, @lines) = answers($db, '-s', 'srcasn', '-n', 0, '-o', 'csv');
	my %got = map { /^\d/ ? (split /,/)[4, 5] : () } @lines;
	is_deeply(\%got, \%want, "$name: numbers") or diag(explain(\%got));
}

my $db = "$dir/asn-24-ip6-1";
is((answers($db, '-A', 'srcasn', '-o', 'fmt:%sas|%sasn|%fl', '-O', 'flows', 'ip 10.1.2.3'))[2] =~ s/ +/ /gr,
	' 64502|One host | 1', '-A srcasn');
my ($status, $err, @lines) = answers($db, '-o', 'csv:%sa,%sasn,%sas', 'src net 10.0.0.0/8');
like(join("\n", @lines), qr/^10\.0\.0\.0,"Ten, the first",0$/m, 'csv: a name with a comma is in quotes');
like(join("\n", @lines), qr/^10\.1\.0\.0,"Ten ""One""",0$/m, 'csv: quotes twice');
my $json = JSON::PP::decode_json(join "\n", grep { /^[\[\]{]/ } answers($db, '-s', 'asn/flows', '-n', 0, '-o', 'json'));
is((grep { $_->{asn} == 64501 } @$json)[0]{organisation}, 'Ten "One"', 'json: organisation');
like(join("\n", answers($db, '-s', 'srcasn', '-n', 0)), qr/any +Ten, the first +64500 +\d/, 'text');
like(join("\n", answers($db, '-s', 'srcasn', '-n', 0, '-o', 'table')), qr/^64500 Ten, the first +\d/m, 'table');
like(join("\n", (run_program($nfdump, '-r', $flows, '--asdb', $db, '-s', 'srcasn'))[1]),
	qr/^Date first seen                 Duration Proto                                  Organisation AS num      Flows/m, 'header of stock');

# What the exporter sent goes first; without a name it has none.
my $sent = flows("$dir/sent", 64503, '10.1.2.3', '11.0.0.1');
is((run_program($nfdump, '-r', $sent, '--asdb', $db, '-q', '-o', 'fmt:%sas %sasn|'))[1],
	sprintf("%6d %-30s|\n", 64503, 'Test') x 2, 'a stored number is not looked up');

# The configuration names it, too; nobody opens it who does not need it.
my $conf = write_file("$dir/conf", "[geo]\nasdb.path = \"$db\"\n");
like((run_program($nfdump, '-C', $conf, '-r', $flows, '-q', '-s', 'srcasn', '-n', 0))[1], qr/All below/, 'geo.asdb.path');
$conf = write_file("$dir/conf", "[geo]\nasdb.path = \"$dir/none\"\n");
is((run_program($nfdump, '-C', $conf, '-r', $flows, '-q', '-s', 'srcas', '-n', 1))[0], 0, 'not opened for srcas');
for my $path ($flows, "$dir/none") {
	my ($code, undef, $said) = run_program($nfdump, '--asdb', $path, '-r', $flows, '-s', 'srcasn');
	is($code, 1, "$path: status 1");
	like($said, qr/\Q$path\E: ./, '... and why');
}
my $countries = database('countries', 24, 6, 0, 'flat', '10.0.0.0/8 CZ');
like((run_program($nfdump, '--asdb', $countries, '-r', $flows, '-s', 'srcasn'))[2], qr/has no AS numbers/, 'a database of countries');

# What a terminal would take for a command is no part of a name.
my $odd_names = database('odd', 24, 6, 0, 'asn', "10.0.0.0/8 64500 a\x{1b}[31mb\tc\x{7f}d");
(my $raw = read_file($odd_names)) =~ s/\Q[31m\E/\xc2\x9b1m/ or die;
write_file($odd_names, $raw);
like((run_program($nfdump, '--asdb', $odd_names, '-r', $flows, '-q', '-c', 1, '-o', 'fmt:%sasn|', 'ip 10.1.2.3'))[1],
	qr/^a   1mb c d +\|$/, 'names without control characters');

# Damage anywhere: an answer or a refusal. (libmaxminddb 1.7 leaks some metadata of what it refuses.)
$ENV{ASAN_OPTIONS} = ($ENV{ASAN_OPTIONS} // '') . ':detect_leaks=0';
my $bytes = read_file($db);
my %odd;
srand(3);
for (1 .. ($ENV{NFGEO_SANITIZED} eq 'yes' ? 60 : 200)) {
	my $bad = $bytes;
	substr($bad, int rand length $bad, 1) = chr int rand 256 for 1 .. 4;
	$bad = substr $bad, 0, int rand length $bad if rand > 0.8;
	write_file("$dir/bad", $bad);
	my ($code) = run_program($nfdump, '--asdb', "$dir/bad", '-r', $flows, '-s', 'srcasn', '-q', '-o', 'json');
	$odd{$code}++ if $code != 0 && $code != 1;
}
is_deeply(\%odd, {}, 'damaged databases');
done_testing();
