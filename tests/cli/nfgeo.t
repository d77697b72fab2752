#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# nfgeo lookup, db, config: answers, messages, exit status.
use strict;
use warnings;
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;

my $nfgeo = "$ENV{NFGEO_BIN}/nfgeo";
my $dir = tempdir(CLEANUP => 1);

sub spit { my ($path, $bytes) = @_; open my $f, '>:raw', $path or die "$path: $!"; print $f $bytes; close $f; return $path; }
sub slurp { my ($path) = @_; open my $f, '<:raw', $path or die "$path: $!"; local $/; my $bytes = <$f>; return $bytes // ''; }

my $input = '/dev/null';

# Run nfgeo; standard output, standard error and exit status.
sub run {
	my @arguments = @_;
	my $pid = fork() // die;
	if (!$pid) {
		open STDIN, '<', $input or die;
		open STDOUT, '>', "$dir/out" or die;
		open STDERR, '>', "$dir/err" or die;
		exec $nfgeo, @arguments or exit 127;
	}
	waitpid $pid, 0;
	return (slurp("$dir/out"), slurp("$dir/err"), $? >> 8);
}

sub check {
	my ($name, $arguments, $status, $out, $err) = @_;
	my ($got_out, $got_err, $got_status) = run(@$arguments);
	is($got_status, $status, "$name: status");
	ref $out ? like($got_out, $out, "$name: output") : is($got_out, $out, "$name: output") if defined $out;
	ref $err ? like($got_err, $err, "$name: messages") : is($got_err, $err, "$name: messages") if defined $err;
}

my $half = "# Vendor: Ours\n# Generated: Thu, 25 Jun 2026 05:43:09 GMT\n";
spit("$dir/one", $half . "0.0.0.0,9.255.255.255,US\n11.0.0.0,99.255.255.255,US\n100.0.0.0,223.255.255.255,CZ\n2a00::,2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff,SK\n");
spit("$dir/two", $half . "0.0.0.0,99.255.255.255,CA\n100.0.0.0,223.255.255.255,CZ\n");
spit("$dir/nets", "10.1.0.0/16 PL  Warsaw \"lab\"\n192.168.0.0/16 private\n");
spit("$dir/conf", "[geo]\ngeodb.path = \"$dir/one\"\nlocalnets = \"$dir/nets\"\nmax_age_days = 0\n"
	. "ctrygroup.V4 = \"CZ SK PL HU\"\n[nfcapd]\ngeodb.path = \"none\"\n");
my @conf = ('-C', "$dir/conf");

# lookup
check('lookup', ['lookup', @conf, '8.8.8.8', '10.1.2.3', '10.2.0.1', '2a00::1', '2b00::'], 0,
	"# Ours ranges of 2026-06-25, $dir/one\n"
	. "8.8.8.8          US  840  United States\n"
	. "10.1.2.3         PL  616  Poland  10.1.0.0/16  Warsaw \"lab\"\n"
	. "10.2.0.1         ..    0  private\n"
	. "2a00::1          SK  703  Slovakia\n"
	. "2b00::           ..    0  unknown\n", '');
spit("$dir/in", "8.8.8.8 some words\n\n# no\n  200.1.1.1,x\n");
$input = "$dir/in";
check('standard input', ['lookup', @conf], 0, qr/^8\.8\.8\.8 .*US.*\n200\.1\.1\.1 .*CZ.*\n\z/m, '');
# A long line is one wrong word, whatever address its pieces look like.
spit("$dir/in", '8' x 1023 . "8.8.8.8 x\n" . 'x' x 100000 . "\n200.1.1.1\n");
check('long lines', ['lookup', @conf], 1, qr/^#[^\n]*\n200\.1\.1\.1 .*\n\z/,
	qr/\A(?:nfgeo lookup: '.{60}' is no IP address\n){2}\z/);
$input = '/dev/null';
my ($out, $err, $status) = run('lookup', @conf, '-j', '10.1.2.3', '10.2.0.1', '8.8.8.8');
my $json = decode_json($out);
is(scalar @$json, 3, 'JSON: one object per address');
is_deeply([@{$json->[0]}{qw(address country alpha3 number name class prefix site)}],
	['10.1.2.3', 'PL', 'POL', 616, 'Poland', '', '10.1.0.0/16', 'Warsaw "lab"'], 'JSON: a site');
is_deeply([@{$json->[1]}{qw(country number class)}], ['', 0, 'private'], 'JSON: a class is no country');
is($json->[2]{database}{type}, 'Ours ranges', 'JSON: the database');
like($json->[2]{database}{sha256}, qr/^[0-9a-f]{64}$/, 'JSON: its SHA-256');
($out) = run('lookup', @conf, '-j');
is_deeply(decode_json($out), [], 'JSON: nothing asked, an empty list');
check('two databases', ['lookup', @conf, '--db', "$dir/one", '--db', "$dir/two", '8.8.8.8', '200.1.1.1', '10.0.0.1'], 0,
	qr/^# 1: .*one\n# 2: .*two\n8\.8\.8\.8 +US +CA +differs\n200\.1\.1\.1 +CZ +CZ *\n10\.0\.0\.1 +private +CA +differs\n# 2 of the addresses differ\n\z/, '');
check('only what differs', ['lookup', @conf, '-d', '--db', "$dir/one", '--db', "$dir/two", '8.8.8.8', '200.1.1.1'], 0,
	qr/^8\.8\.8\.8.*\n# 1 of the addresses differ\n\z/m);
($out) = run('lookup', @conf, '-j', '--db', "$dir/one", '--db', "$dir/two", '8.8.8.8', '200.1.1.1');
$json = decode_json($out);
is_deeply([map { ($_->{differs} ? 1 : 0, map { $_->{country} } @{$_->{answers}}) } @$json],
	[1, 'US', 'CA', 0, 'CZ', 'CZ'], 'JSON: both answers and whether they differ');
check('no address', ['lookup', @conf, 'hello', '8.8.8.8'], 1, qr/^8\.8\.8\.8/m, qr/'hello' is no IP address/);
check('no database', ['lookup', '-C', 'none', '-G', "$dir/nosuch", '8.8.8.8'], 1, '', qr/nosuch does not exist \(named by -G\)/);
check('switched off', ['lookup', '-C', 'none', '-G', 'none', '8.8.8.8'], 1, '', qr/switched off/);
system('mkfifo', "$dir/pipe") == 0 or die;
check('a named pipe', ['lookup', '--db', "$dir/pipe", '8.8.8.8'], 1, '', qr/pipe is no country database: it is not a regular file/);
check('three databases', ['lookup', ('--db', "$dir/one") x 3], 2, '', qr/at most two --db/);

# db
my $table = "$dir/table/country.nfgeo";
check('db update', ['db', 'update', '-d', "$dir/table", "$dir/one"], 0, "$table: Ours ranges of 2026-06-25, 100.0 % of the public IPv4 addresses\n", '');
check('lookup in the table', ['lookup', '-C', 'none', '-G', "$dir/table", '8.8.8.8'], 0, qr/^8\.8\.8\.8 +US/m);
check('db info', ['db', 'info', $table], 0, qr/^kind +compiled table.*^type +Ours ranges\n^built +2026-06-25.*^SHA-256 +[0-9a-f]{64}\n.*^top +CZ .*\n +US /ms, '');
($out) = run('db', 'info', '-j', "$dir/one");
$json = decode_json($out);
is_deeply([@{$json}{qw(kind type countries)}], ['text with ranges', 'Ours ranges', 3], 'db info --json');
is($json->{top}[0]{country}, 'CZ', 'db info --json: the largest country');
my $before = slurp($table);
spit("$dir/small", "8.8.8.0,8.8.8.255,US\n");
check('an incomplete database', ['db', 'update', '-d', "$dir/table", "$dir/small"], 1, '', qr/refused/);
spit("$dir/bad", "8.8.8.0,8.8.8.255,US\n9.9.9.9,hello,CZ\n");
check('a damaged database', ['db', 'update', '-d', "$dir/table", '--from', "$dir/bad"], 1, '', qr/bad:2/);
check('no such file', ['db', 'update', '-d', "$dir/table", "$dir/nosuch"], 1, '', qr/nosuch does not exist/);
SKIP: {
	my @bad = glob "$ENV{NFGEO_SHARED}/captures/mmdb-bad/*.mmdb";
	skip 'no ../shared', 1 unless @bad;
	for my $bad (@bad) {
		my ($name) = $bad =~ m{([^/]+)$};
		check("bad $name", ['db', 'update', '-d', "$dir/table", $bad], 1, '', qr/^nfgeo db update: .*$/);
		check("bad $name", ['db', 'compile', $bad, "$dir/never"], 1, '') if $name =~ /corrupt|broken|Invalid/;
	}
	ok(!-e "$dir/never", 'nothing is compiled of a damaged MMDB');
}
is(slurp($table), $before, 'the good one stays');
check('wanted small', ['db', 'update', '-q', '-c', '0', '-d', "$dir/table", "$dir/small"], 0, '', '');
isnt(slurp($table), $before, 'taken then');
check('db compile', ['db', 'compile', '-q', "$dir/one", "$dir/compiled"], 0, '', '');
is_deeply([glob "$dir/compiled*"], ["$dir/compiled"], 'db compile leaves nothing beside it');
check('stock database', ['db', 'info', spit("$dir/stock", "\x0c\xa5\x02\0" . "\0" x 36)], 1, '', qr/stock nfdump's own format/);
check('db without a verb', ['db'], 2, '', qr/usage: nfgeo db/);
check('db verb unknown', ['db', 'frobnicate'], 2, '', qr/no verb 'frobnicate'/);

# Downloads fail without a network in a way that tells what to do.
SKIP: {
	spit("$dir/apt-get", "#!/bin/sh\necho 'E: no network' >&2\nexit 100\n");
	chmod 0755, "$dir/apt-get";
	local $ENV{PATH} = "$dir:$ENV{PATH}";
	check('download fails', ['db', 'update', '-d', "$dir/table2"], 1, '', qr/apt-get download tor-geoipdb failed.*apt-get update/);
	# A package of our own in place of Debian's: unpacked, compiled, nothing left over.
	skip 'no dpkg-deb', 4 unless -x '/usr/bin/dpkg-deb';
	mkdir "$dir/pkg"; mkdir "$dir/pkg/DEBIAN"; mkdir "$dir/pkg/usr"; mkdir "$dir/pkg/usr/share"; mkdir "$dir/pkg/usr/share/tor";
	spit("$dir/pkg/DEBIAN/control", "Package: tor-geoipdb\nVersion: 1\nArchitecture: all\nMaintainer: none <none\@localhost>\nDescription: test\n");
	spit("$dir/pkg/usr/share/tor/geoip", $half . "0,3758096383,CZ\n");
	spit("$dir/pkg/usr/share/tor/geoip6", $half . "2a00::,2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff,SK\n");
	system("dpkg-deb --root-owner-group -b $dir/pkg $dir/tor-geoipdb_1_all.deb >/dev/null") == 0 or die;
	spit("$dir/apt-get", "#!/bin/sh\ncp $dir/tor-geoipdb_1_all.deb .\n");
	mkdir "$dir/tmp";
	local $ENV{TMPDIR} = "$dir/tmp";
	check('download', ['db', 'update', '-d', "$dir/table2"], 0, qr/country\.nfgeo: Ours ranges/, '');
	check('its IPv6 half', ['lookup', '-C', 'none', '--db', "$dir/table2", '2a00::1', '1.1.1.1'], 0, qr/SK.*\n.*CZ/);
	is_deeply([glob "$dir/tmp/*"], [], 'nothing is left in TMPDIR');
	check('a package by name', ['db', 'update', '-q', '-d', "$dir/table3", '--from', "$dir/tor-geoipdb_1_all.deb"], 0, '', '');
}

# config
check('config', ['config', @conf], 0, qr/^configuration +\S+conf +-C\ngeo\.geodb\.path +\S+one +\S+conf:2\nnfcapd, in force +none \(no countries\) +\S+conf:7\n.*^geo\.ctrygroup\.V4 +CZ SK PL HU +\S+conf:5\n.*^geo\.min_coverage +50 +the default\n/ms, '');
check('config: -G wins', ['config', @conf, '-G', '/x'], 0, qr/^geo\.geodb\.path +\/x +-G$/m);
{
	local $ENV{NFGEODB} = '/y';
	local $ENV{NFCONF} = "$dir/conf";
	check('config: environment', ['config'], 0, qr/^configuration +\S+ +NFCONF\ngeo\.geodb\.path +\/y +NFGEODB$/m);
}
check('config: -C none', ['config', '-C', 'none'], 0, qr/^geo\.geodb\.path .* the default$/m, '');
spit("$dir/typo", "[geo]\nmin_coverrage = 10\n[nfcapd]\nexporter.r1 = [ \"192.0.2.1\", \"/d\" ]\n");
check('config: a key nobody knows', ['config', '-C', "$dir/typo"], 0, undef, qr/typo:2: geo\.min_coverrage is no key/);
spit("$dir/csv", "[nfdump]\ncsv.country = true\ncsv.mine = \"%ts,%sa\"\n");
check('config: keys of csv', ['config', '-C', "$dir/csv"], 0, qr/^nfdump\.csv\.country +true/m, '');
spit("$dir/nosection", "geodb.path = \"/x\"\n[sfcapd]\nanything = 1\n");
check('config: a key in no section', ['config', '-C', "$dir/nosection"], 0, undef, qr/^nfgeo config: \S+nosection:1: geodb\.path is no key.*\n\z/);
spit("$dir/wrong", "[geo]\nmin_coverage = 120\n");
check('config: a wrong value', ['config', '-C', "$dir/wrong"], 1, undef, qr/wrong:2: geo\.min_coverage is 120; it must be 0 to 100/);
spit("$dir/cycle", "[geo]\nctrygroup.A = \"\@B\"\nctrygroup.B = \"\@A\"\n");
check('config: a cycle of groups', ['config', '-C', "$dir/cycle"], 1, undef, qr/cycle:3: group B contains itself/);
check('config: no such file', ['config', '-C', "$dir/nosuch"], 1, '', qr/nosuch: no such configuration file/);

# Every verb helps on one screen; wrong usage is 2.
for my $verb ([], ['lookup'], ['db'], ['db', 'info'], ['db', 'update'], ['db', 'compile'], ['tag'], ['config']) {
	my ($help, undef, $help_status) = run(@$verb, '--help');
	my @lines = split /\n/, $help;
	ok($help_status == 0 && @lines > 5 && @lines < 25 && !grep({ length > 95 && !m{/share/nfdump-geo} } @lines), "nfgeo @$verb --help fits a screen");
	(undef, $err, $status) = run(@$verb, '--nonsense');
	is($status, 2, "nfgeo @$verb --nonsense is wrong usage");
}
check('version', ['-V'], 0, qr/^nfgeo: nfdump-geo [0-9.]+\n\z/);
is(system("$nfgeo lookup -C $dir/conf 8.8.8.8 >/dev/full 2>/dev/null") >> 8, 1, 'a full disk is no success');

done_testing;
