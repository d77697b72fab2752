#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# nfgeo totals and nfgeo scans: the same sums and counts as a walk over the flows that nfdump prints,
# from geo blocks and from records; what cannot be counted is said.
use strict;
use warnings;
use File::Temp qw(tempdir);
use JSON::PP ();
use NfGeoTest qw(need_programs path_of read_file run_program write_file);
use Test::More;

need_programs(qw(nfgeo nfdump nfprofile));
my ($nfgeo, $nfdump) = map { path_of($_) } qw(nfgeo nfdump);
my $dir = tempdir(CLEANUP => 1);
$ENV{NFCONF} = 'none';

sub write_flows {
	my ($name, @lines) = @_;
	open(my $pipe, '|-', "$ENV{TEST_BIN}/writeflows", "$dir/$name", 's') or die "writeflows: $!";
	print {$pipe} map {"$_\n"} @lines;
	close($pipe) or die "writeflows: $name";
	return "$dir/$name";
}

# A fixed mix: 20 countries and classes, both families, TCP with all kinds of flags, UDP.
my @country = (203, 840, 276, 156, 0, 1001, 1006, 616, 804, 36);
my $seed = 7;
sub pick { $seed = ($seed * 1103515245 + 12345) % 2147483648; return int($seed / 65536) % $_[0] }

sub flows {
	my ($count, $tagged) = @_;
	return map {
		my ($s, $d) = (pick(10), pick(10));
		my $six = pick(5) == 0;
		my ($src, $dst) = map { $six ? "2001:db8:$_\::" . pick(40) : "10.$_.0." . pick(40) } $s, $d;
		my ($proto, $flags) = pick(4) ? (6, (2, 2, 0x1b, 0xc2, 0x12, 0x0a)[pick(6)]) : (17, 0);
		my $port = (22, 80, 443, 5000 + pick(100))[pick(4)];
		my @pair = $tagged ? @country[$s, $d] : ('-', '-');
		join(' ', 'flow', $src, $dst, 1024 + pick(1000), $port, $proto, $flags, 1 + pick(9),
			60 + pick(9000), 1795292100000 + pick(300000), pick(1000), 64500 + $s, @pair, 1 + pick(2));
	} 1 .. $count;
}
mkdir("$dir/in");
my $first = write_flows('in/nfcapd.202611210000', 'exporter 1 192.0.2.1', 'exporter 2 192.0.2.2', flows(3000, 1));
write_flows('in/nfcapd.202611210005', 'exporter 1 192.0.2.3', flows(2000, 1));

# What nfdump lists, added up here.
sub listed {
	my ($filter, @input) = @_;
	my $format = 'fmt:%sa|%da|%dp|%pr|%flg|%pkt|%byt|%scc|%dcc|%sclass|%dclass|%sas';
	my ($status, $out) = run_program($nfdump, @input, '-q', '-o', $format, '-N', '-6', $filter);
	return map { s/\s+//g; [split /\|/, $_, -1] } split /\n/, $out;
}
my %class = (private => 1001, documentation => 1006);
sub sums {
	my %sum;
	for my $flow (listed(@_)) {
		my (undef, undef, undef, $proto, $flags, $packets, $bytes, $src, $dst, $sclass, $dclass) = @$flow;
		my $syn = $proto =~ /^(?:TCP|6)$/ && $flags =~ /S/ && $flags !~ /[AFRPU]/ ? 1 : 0;
		my @add = (1, $packets, $bytes, $syn);
		$src = $class{$sclass} // $src;
		$dst = $class{$dclass} // $dst;
		$sum{total}[$_] += $add[$_] for 0 .. 3;
		$sum{$dst}[$_] += $add[$_] for 0 .. 3;
		$sum{$src}[4 + $_] += $add[$_] for 0 .. 3;
	}
	for my $code (grep { $_ ne 'total' } keys %sum) { $sum{$code}[$_] //= 0 for 0 .. 7 }
	return \%sum;
}

sub totals {
	my ($status, $out, $err) = run_program($nfgeo, 'totals', @_);
	my %sum;
	for my $line (split /\n/, $out) {
		my ($word, @field) = split /\t/, $line;
		$sum{total} = \@field if $word eq 'total';
		$sum{$field[0]} = [@field[2 .. 9]] if $word eq 'country';
	}
	my ($end) = $out =~ /^(end\t.*)\n\z/m;
	return (\%sum, $status, $end, $err);
}

for my $case ([['-r', $first], 1], [['-R', "$dir/in"], 2]) {
	my ($input, $files) = @$case;
	my ($sums, $status, $end, $err) = totals(@$input);
	is_deeply($sums, sums('any', @$input), "@$input: the sums of a walk over the flows");
	is("$status $end $err", "0 end\t$files\t$files ", 'without reading a file');
	cmp_ok($sums->{total}[3], '>', 100, 'with SYN-only flows');
	# A protocol is in the cubes; both countries of a flow are not, where a file is too small for its
	# pairs; an address is nowhere but in the records.
	for my $case (['proto tcp', $files], ['dst ctry CZ', 0], ['src ip 10.1.0.7 or ctry private', 0]) {
		my ($filter, $summed) = @$case;
		($sums, $status, $end) = totals(@$input, $filter);
		is_deeply($sums, sums($filter, @$input), "filter $filter");
		is("$status $end", "0 end\t$files\t$summed", "$summed files not read");
		($sums, $status, $end) = totals('--no-index', @$input, $filter);
		is_deeply($sums, sums($filter, @$input), "filter $filter, --no-index");
		is("$status $end", "0 end\t$files\t0", 'read');
	}
}

# records without countries
my $bare = write_flows('bare', flows(500, 0));
my ($sums, $status, $end, $err) = totals('-r', $bare, '-G', 'none');
is_deeply($sums->{total}[0], 500, 'no countries: the total is there');
is(scalar(keys %$sums), 1, 'and no country');
is($status, 3, 'status 3');
like($err, qr/500 flows have no countries/, 'and said');
my $db = write_file("$dir/db.csv", "10.0.0.0,10.4.255.255,CZ\n10.5.0.0,10.9.255.255,DE\n2001:db8::,2001:db8:ffff::,US\n");
my $conf = write_file("$dir/conf", "[geo]\nmin_coverage = 0\n");
($sums, $status, undef, $err) = totals('-C', $conf, '-G', $db, '-r', $bare);
is($status, 0, 'a database gives them') or diag($err);
is(join(' ', sort { $a <=> $b } grep {/\d/} keys %$sums), '203 276 840', 'three countries');
($sums, $status) = totals('-C', $conf, '-G', $db, '-M', "$dir/", '-r', 'bare');
is($status, 0, '-M') or diag($err);
is((totals('-r', "$dir/nothing"))[1], 1, 'no such file: status 1');
is((totals())[1], 2, 'no file: status 2');
is((totals('-r', $first, 'src ctr 1'))[1], 2, 'a wrong filter: status 2');
is((totals('-Q'))[1], 2, 'a wrong option: status 2');
my $cut = write_file("$dir/cut", substr(read_file($first), 0, 20000));
($sums, $status, $end, $err) = totals('-r', $cut);
is($status, 3, 'a damaged file: status 3');
like($err, qr/cut/, 'named');

# --- scans ------------------------------------------------------------------------------------------

# Naive: sets of targets and ports for each source.
sub naive {
	my ($targets, $ports, @input) = @_;
	my (%flows, %target, %port, %pair, %country);
	for my $flow (listed('proto tcp and flags S and not flags AFRPU', @input)) {
		my ($src, $dst, $port, undef, undef, undef, undef, $code, undef, $class) = @$flow;
		$flows{$src}++;
		$target{$src}{$dst}++;
		$port{$src}{$port}++;
		$pair{$src}{$dst}{$port}++;
		my $country = $country{$class{$class} // $code} //= {};
		$country->{flows}++;
		$country->{source}{$src}++;
		$country->{target}{$dst}++;
		$country->{service}{"$dst $port"}++;
	}
	my %source;
	for my $src (keys %flows) {
		my ($widest) = sort { $b <=> $a } map { scalar keys %$_ } values %{$pair{$src}};
		next if keys %{$target{$src}} < $targets && $widest < $ports;
		$source{$src} = join(' ', $flows{$src}, scalar keys %{$target{$src}}, scalar keys %{$port{$src}}, $widest);
	}
	for my $code (keys %country) {
		my $is = $country{$code};
		$country{$code} = join(' ', $is->{flows}, scalar keys %{$is->{source}},
			scalar keys %{$is->{target}}, concentrated(values %{$is->{service}}));
	}
	return (\%source, \%country);
}

# The most, and the sum of the ten most
sub concentrated {
	my @flows = sort { $b <=> $a } @_;
	my $sum = 0;
	$sum += $_ // 0 for @flows[0 .. 9];
	return "$flows[0] $sum";
}

sub scans {
	my ($status, $out, $err) = run_program($nfgeo, 'scans', @_);
	my (%source, %country);
	for my $line (split /\n/, $out) {
		my ($word, @f) = split /\t/, $line;
		$source{$f[0]} = join(' ', @f[4 .. 6], $f[8]) if $word eq 'source';
		$country{$f[0]} = join(' ', @f[2 .. 4], @f[8, 9]) if $word eq 'country';
	}
	return (\%source, \%country, $status, $out, $err);
}

for my $case ([10, 3], [1, 1], [9999, 2], [8, 9999]) {
	my ($targets, $ports) = @$case;
	my ($source, $country) = naive($targets, $ports, '-R', "$dir/in", '-C', $conf, '-G', $db);
	my @input = ('-R', "$dir/in", '-C', $conf, '-G', $db);
	my ($found, $countries, $status, $out) = scans('-t', $targets, '-p', $ports, '-f', 1, @input);
	is_deeply($found, $source, "sources with $targets targets or $ports ports, as counted naively");
	is_deeply($countries, $country, 'and countries');
	is($status, 0, 'status');
	like($out, qr/^end\t\d+\t0\t0\n\z/m, 'whole');
}
is(scalar(keys %{(scans('-f', 100000, '-r', $first))[1]}), 0, '-f leaves small countries out');

# exporters: two files, each with a number 1; one samples
my @scan = map {"flow 10.1.1.1 10.2.2.$_ 1024 22 6 2 1 60 1795292100000 0 1 203 840 1"} 1 .. 50;
my $plain = write_flows('plain', 'exporter 1 192.0.2.1', @scan);
my $sampled = write_flows('sampled', 'exporter 1 192.0.2.9', 'sampler 1 100', map { s/10\.1\.1\.1/10.1.1.2/r } @scan);
my @in = ('-t', 10, '-r', $plain);
my ($found, undef, undef, $out) = scans(@in);
is_deeply($found, {'10.1.1.1' => '50 50 1 1'}, 'a scan');
like($out, qr/^exporter\t1\t192\.0\.2\.1\t1\t50\tyes$/m, 'its exporter');
like($out, qr/^from|^target\t10\.2\.2\.1\t1\t1$/m, 'a target');
like($out, qr/^port\t22\t50\t50$/m, 'the port');
($found, undef, $status, $out) = scans('-t', 10, '-s', 10, '-r', $sampled);
is_deeply($found, {}, 'sampled beyond the limit');
like($out, qr/^exporter\t1\t192\.0\.2\.9\t100\t50\tno$/m, 'the exporter is named');
like($out, qr/^end\t0\t50\t0$/m, 'and counted');
is_deeply((scans('-t', 10, '-s', 100, '-r', $sampled))[0], {'10.1.1.2' => '50 50 1 1'}, 'within the limit');
mkdir("$dir/two");
rename($plain, "$dir/two/nfcapd.202611210000");
rename($sampled, "$dir/two/nfcapd.202611210005");
($found, undef, $status, $out) = scans('-t', 10, '-s', 10, '-R', "$dir/two");
is_deeply($found, {'10.1.1.1' => '50 50 1 1'}, 'two files, each with an exporter 1: only the sampled one is left out');
like($out, qr/^exporter\t1\t192\.0\.2\.9\t100\t50\tno$/m, 'by its own address');
for my $wrong (['-t', 'x'], ['-p', '-1'], ['-f', ''], ['-s', '99999999999']) {
	is((scans(@$wrong, '-r', $first))[2], 2, "@$wrong: status 2");
}
# --- countries --------------------------------------------------------------------------------------

my ($countries_status, $table) = run_program($nfgeo, 'countries');
my @rows = map { [split /\t/, $_, -1] } split /\n/, $table;
is($countries_status, 0, 'nfgeo countries');
is(scalar(grep { @$_ != 5 } @rows), 0, 'five fields in each line');
is(scalar(grep { $_->[0] > 0 && $_->[0] < 1000 } @rows), 250, '249 countries of ISO 3166-1, and Kosovo');
is(join(' ', map { $_->[4] } grep { $_->[0] > 1000 } @rows),
	'private shared loopback linklocal multicast documentation reserved', 'the classes');
my %row = map { $_->[0] => "@$_" } @rows;
is($row{203}, '203 CZ CZE EU Czechia', 'a country');
is($row{0}, '0 .. ... - unknown', 'unknown');
is((run_program($nfgeo, 'countries', 'x'))[0], 2, 'an argument: status 2');

# damaged files: read as far as can be, or refused; never status 0 with less than all
my $hostile = "$ENV{NFGEO_SHARED}/vectors/hostile/files";
SKIP: {
	skip 'no ../shared', 1 unless -d $hostile;
	my %wrong;
	for my $path (glob("$hostile/*")) {
		for my $verb (qw(totals scans)) {
			my ($status, $out) = run_program($nfgeo, $verb, '-G', 'none', '-r', $path);
			my ($flows) = $out =~ /^(?:total|end)\t(\d+)/m;
			$wrong{"$verb $path"} = $status if $status > 3 || $status == 2 || ($status != 1 && !defined $flows);
		}
	}
	is_deeply(\%wrong, {}, 'the shared damaged files');
}
# Ctrl-C: no sums that are not all; when it comes too late, all of them.
mkdir("$dir/many");
link($first, sprintf('%s/many/nfcapd.2026112%05d', $dir, $_)) for 1 .. 400;
my %ends;
for my $try (1 .. 6) {
	my $pid = fork // die;
	if (!$pid) {
		open(STDOUT, '>', "$dir/out");
		open(STDERR, '>', "$dir/err");
		$SIG{INT} = 'DEFAULT';
		exec($nfgeo, 'totals', '--no-index', '--hosts', '-r', "$dir/many");
	}
	select(undef, undef, undef, 0.02 * $try);
	kill('INT', $pid);
	waitpid($pid, 0);
	my ($out, $err) = (read_file("$dir/out"), read_file("$dir/err"));
	my $end = $? & 127 ? 'killed before it began' : $? >> 8 ? 'interrupted' : 'done';
	$end .= ': wrong' if $end eq 'interrupted' && ($out || $err !~ /^nfgeo totals: interrupted: \d+ of 400 files were read$/m);
	$end .= ': wrong' if $end eq 'done' && $out !~ /^end\t400\t/m;
	$ends{$end}++;
}
is(scalar(grep { /wrong/ } keys %ends), 0, 'Ctrl-C') or diag(explain(\%ends));
done_testing();
