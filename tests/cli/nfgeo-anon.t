#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# nfgeo anon: IPv4 as stock nfanon with the same key, prefixes, countries by policy, files.
use strict;
use warnings;
use File::Copy qw(copy);
use FindBin;
use lib "$FindBin::Bin/../lib";
use NfGeoTest;
use Socket ();
use Test::More;

my $vectors = need_shared('vectors/nffile/stock');
need_programs('nfgeo', 'nfdump');
my ($nfgeo, $nfdump, $dir) = (path_of('nfgeo'), path_of('nfdump'), workdir('anon'));
my $soft = "$vectors/soft-none.nfcapd";
my $key = '0123456789abcdefghijklmnopqrstuv';
my @anon = ($nfgeo, 'anon', '-K', $key);

sub rows {
	my ($program, $path, $filter, $format) = @_;
	my (undef, $out) = run_program($program, '-q', '-r', $path, '-o', $format, $filter);
	return $out;
}

my ($status, $out, $err) = run_program(@anon, '-r', $soft, '-w', "$dir/ours");
is("$status $err", '0 ', 'anonymised');
like($out, qr/^1 files anonymised \(47 flows\), 0 left alone/, 'counted');
SKIP: {
	skip 'no stock nfanon', 1 unless -x '/usr/bin/nfanon';
	copy($soft, "$dir/stock") or die;
	run_program('/usr/bin/nfanon', '-q', '-K', $key, '-r', "$dir/stock");
	is(rows('/usr/bin/nfdump', "$dir/ours", 'ipv4', 'csv'),
		rows('/usr/bin/nfdump', "$dir/stock", 'ipv4', 'csv'), 'IPv4: the addresses of stock nfanon');
}

# NAT: the translated addresses too, and they keep meeting those of the flows.
my $nat = need_shared('vectors/nfdump/data') . '/nat.nf';
my $translated = 'fmt:%sa,%da,%xsa,%xda,%xsp,%xdp,%ra';
run_program(@anon, '-q', '-r', $nat, '-w', "$dir/nat");
my ($nat_before, $nat_after) = map { rows($nfdump, $_, 'any', $translated) } $nat, "$dir/nat";
my %address = map { $_ => 1 } $nat_before =~ /\d+(?:\.\d+){3}/g;
is_deeply([grep { $address{$_} } $nat_after =~ /\d+(?:\.\d+){3}/g], [], 'NAT: no address of before is left');
is_deeply([map { (split /,/)[4, 5] } split /\n/, $nat_after], [map { (split /,/)[4, 5] } split /\n/, $nat_before],
	'NAT: the ports stay');
SKIP: {
	skip 'no stock nfanon', 1 unless -x '/usr/bin/nfanon';
	copy($nat, "$dir/nat-stock") or die;
	run_program('/usr/bin/nfanon', '-q', '-K', $key, '-r', "$dir/nat-stock");
	is($nat_after, rows($nfdump, "$dir/nat-stock", 'any', $translated), 'NAT: the addresses of stock nfanon');
}

# Two addresses share as many bits as before.
sub bits { return unpack('B*', Socket::inet_pton($_[0] =~ /:/ ? Socket::AF_INET6() : Socket::AF_INET(), $_[0])); }
sub common { my ($a, $b) = @_; my $same = ($a ^ $b) =~ /^(\0*)/ ? length $1 : 0; return $same; }
my (@before, @after);
@before = map { s/\s//gr } map { split /,/ } split /\n/, rows($nfdump, $soft, 'any', 'csv') =~ s/^(?:[^,]*,){3}([^,]*,[^,]*),.*$/$1/mgr;
@after = map { s/\s//gr } map { split /,/ } split /\n/, rows($nfdump, "$dir/ours", 'any', 'csv') =~ s/^(?:[^,]*,){3}([^,]*,[^,]*),.*$/$1/mgr;
my ($pairs, $wrong) = (0, 0);
for my $i (0 .. $#before) {
	for my $j (0 .. $i - 1) {
		next if ($before[$i] =~ /:/) != ($before[$j] =~ /:/);
		$pairs++;
		$wrong++ if common(bits($before[$i]), bits($before[$j])) != common(bits($after[$i]), bits($after[$j]));
	}
}
cmp_ok($pairs, '>', 1000, 'pairs compared');
is($wrong, 0, 'no pair lost or gained a common bit');

# Countries: a tagged copy, then each policy.
write_file("$dir/db", "1.1.1.0,1.1.1.255,AU\n8.0.0.0,8.255.255.255,US\n208.67.222.0,208.67.222.255,US\n" .
	"2001:db8::,2001:db8:ff:ffff:ffff:ffff:ffff:ffff,FR\n");
write_file("$dir/conf", "[geo]\nmin_coverage = 0\nmax_age_days = 0\ngeodb.path = \"$dir/db\"\n");
run_program($nfgeo, 'tag', '-C', "$dir/conf", '-q', '-w', "$dir/tagged", $soft);
my $tagged = "$dir/tagged/soft-none.nfcapd";
sub countries {
	my ($how) = @_;
	my $path = "$dir/by-$how";
	if ($how ne 'tagged') { run_program(@anon, '-q', '--country', $how, '-r', $tagged, '-w', $path); }
	else { $path = $tagged; }
	my %seen;
	$seen{$_}++ for map { split /,/ } split /\n/, rows($nfdump, $path, 'any', 'fmt:%scc,%dcc') =~ s/ //gr;
	return \%seen;
}
my $before = countries('tagged');
cmp_ok($before->{840} // $before->{US} // 0, '>', 0, 'there are countries');
is_deeply(countries('keep'), $before, 'keep');
is_deeply([keys %{countries('clear')}], [keys %{countries('group:100000')}], 'clear, and a group that is too small');
is_deeply(countries('group:1'), $before, 'group:1 keeps all');
is(scalar(grep { /^(?:US|840|AU|36|FR|250)$/ } keys %{countries('continent')}), 0, 'continent: no country');

# In place, in a directory, and what is refused.
copy($soft, "$dir/here") or die;
($status) = run_program(@anon, '-q', '-r', "$dir/here");
is($status, 0, 'in place');
is(rows($nfdump, "$dir/here", 'any', 'csv'), rows($nfdump, "$dir/ours", 'any', 'csv'), 'the same as aside');
($status, $out, $err) = run_program(@anon, '-r', $soft, '-w', "$dir/ours");
is($status, 1, 'an existing file is left alone');
like($err, qr/exists/, 'and why');
($status) = run_program($nfgeo, 'anon', '-K', 'short', '-r', $soft, '-w', "$dir/x");
is($status, 2, 'a short key');
write_file("$dir/key", "0x" . unpack('H*', $key) . "\n");
($status) = run_program($nfgeo, 'anon', '--key-file', "$dir/key", '-q', '-r', $soft, '-w', "$dir/hex");
is(rows($nfdump, "$dir/hex", 'any', 'csv'), rows($nfdump, "$dir/ours", 'any', 'csv'), 'the same key in hexadecimal from a file');
SKIP: {
	skip 'no prlimit', 3 unless -x '/usr/bin/prlimit';
	copy($soft, "$dir/limited");
	($status, $out, $err) = run_program('/usr/bin/prlimit', '--fsize=1000', @anon, '-r', "$dir/limited");
	is($status, 1, 'a file size limit is an error, not the end');
	like($err, qr/File too large/, 'that is told');
	is(rows($nfdump, "$dir/limited", 'any', 'csv'), rows($nfdump, $soft, 'any', 'csv'), 'the file stays as it was');
}
is_deeply([glob "$dir/nfcapd.current*"], [], 'no work files');
done_testing;
