#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# nfgeo tag on files of stock nfcapd: stock nfdump prints the same, countries are right, every other
# byte of every record is kept, and what is damaged is left alone.
use strict;
use warnings;
use File::Basename qw(basename);
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use Test::More;

my $vectors = "$ENV{NFGEO_SHARED}/vectors/nffile";
plan skip_all => "no ../shared" unless -d $vectors;
my $nfgeo = "$ENV{NFGEO_BIN}/nfgeo";
my $dir = tempdir(CLEANUP => 1);
my $stock = -x '/usr/bin/nfdump' && `/usr/bin/nfdump -V` =~ /1\.7\.1/ ? '/usr/bin/nfdump' : undef;

sub spit { my ($path, $bytes) = @_; open my $f, '>:raw', $path or die "$path: $!"; print $f $bytes; close $f; }
sub slurp { my ($path) = @_; open my $f, '<:raw', $path or die "$path: $!"; local $/; my $bytes = <$f>; return $bytes // ""; }

# Run without a shell's help; standard output, standard error and exit status.
sub run {
	my @command = @_;
	my $pid = fork() // die;
	if (!$pid) {
		open STDOUT, '>', "$dir/out" or die;
		open STDERR, '>', "$dir/err" or die;
		exec @command or exit 127;
	}
	waitpid $pid, 0;
	return (slurp("$dir/out"), slurp("$dir/err"), $? >> 8);
}

spit("$dir/db", <<'END');
1.1.1.0,1.1.1.255,AU
8.0.0.0,8.255.255.255,US
9.9.9.0,9.9.9.255,CH
192.0.2.0,192.0.2.127,CZ
198.51.100.0,198.51.100.255,DE
2001:db8::,2001:db8:ff:ffff:ffff:ffff:ffff:ffff,FR
2001:4860::,2001:4860:ffff:ffff:ffff:ffff:ffff:ffff,US
END

spit("$dir/conf", "[geo]\nmin_coverage = 0\nmax_age_days = 0\ngeodb.path = \"$dir/db\"\n");
my @tag = ($nfgeo, 'tag', '-C', "$dir/conf");

# What the ranges above say, in other words: first match, by the address as a hexadecimal number.
sub country_of {
	my ($hex) = @_;
	my @rules = ([qr/^010101..$/, 36], [qr/^08......$/, 840], [qr/^090909..$/, 756],
		[qr/^c00002[0-7].$/, 203], [qr/^c00002..$/, 1006], [qr/^c63364..$/, 276],
		[qr/^cb0071..$/, 1006], [qr/^0a......$/, 1001], [qr/^c0a8....$/, 1001],
		[qr/^7f......$/, 1003], [qr/^20010db800/, 250], [qr/^20010db8/, 1006],
		[qr/^20014860/, 840], [qr/^0{31}1$/, 1003], [qr/^0{32}$/, 1007],
		[qr/^00......$/, 1007], [qr/^e.......$/, 1005], [qr/^f[e].{30}$/, 1004]);
	for my $rule (@rules) { return $rule->[1] if $hex =~ $rule->[0]; }
	return 0;
}

# All records of an uncompressed file, without any code of ours.
sub records {
	my ($path) = @_;
	my $bytes = slurp($path);
	my ($codec, $blocks) = (unpack('C', substr($bytes, 16, 1)), unpack('V', substr($bytes, 36, 4)));
	die "$path is compressed" if $codec;
	my ($at, @records) = (40);
	for (1 .. $blocks) {
		my ($count, $size, $type) = unpack('VVv', substr($bytes, $at, 12));
		my $place = $at + 12;
		$at = $place + $size;
		next if $type != 3;
		for (1 .. $count) {
			my $len = unpack('v', substr($bytes, $place + 2, 2));
			push @records, substr($bytes, $place, $len);
			$place += $len;
		}
	}
	return @records;
}

# A flow record without its geo tails; the tails' pairs and the pairs they should be.
sub strip {
	my ($record) = @_;
	my ($out, @pairs, @wanted) = (substr($record, 0, 12));
	for (my $at = 12; $at < length $record; ) {
		my ($id, $len) = unpack('vv', substr($record, $at, 4));
		my $payload = substr($record, $at + 4, $len - 4);
		$at += $len;
		if ($id == 2 || $id == 3) {
			my $stock_len = $id == 2 ? 8 : 32;
			my @hex = $id == 2 ? map { sprintf '%08x', $_ } unpack('VV', $payload)
				: map { my @n = unpack('Q<Q<', $_); sprintf '%016x%016x', @n }
				  (substr($payload, 0, 16), substr($payload, 16, 16));
			push @wanted, join ' ', map { country_of($_) } @hex;
			if (length($payload) == $stock_len + 8 && substr($payload, $stock_len, 4) eq 'NGC1') {
				push @pairs, join ' ', unpack('vv', substr($payload, $stock_len + 4, 4));
				$payload = substr($payload, 0, $stock_len);
			}
		}
		$out .= pack('vv', $id, 4 + length $payload) . $payload;
	}
	substr($out, 2, 2) = pack('v', length $out);
	return ($out, \@pairs, \@wanted);
}

my @files = sort grep { !/open/ } glob "$vectors/stock/*.nfcapd";
ok(@files >= 9, 'there are stock files');

for my $file (@files) {
	my $name = basename($file);
	my $copy = "$dir/$name";
	copy($file, $copy) or die;
	chmod 0640, $copy;
	my ($out, $err, $status) = run(@tag, $copy);
	is("$status $err", '0 ', "$name: tagged");
	is((stat $copy)[2] & 07777, 0640, "$name: mode kept");
	is(unpack('C', substr(slurp($copy), 16, 1)), unpack('C', substr(slurp($file), 16, 1)), "$name: codec kept");
	is(substr(slurp($copy), 8, 8), substr(slurp($file), 8, 8), "$name: date kept");

	SKIP: {
		skip 'no stock nfdump 1.7.1', 6 unless $stock;
		for my $format (qw(line long extended csv json)) {
			# More than some thousand flows are put in order of their countries.
			my ($is, $want) = map { [run($stock, '-q', '-r', $_, '-o', $format)] } $copy, $file;
			$_->[0] = join "\n", sort { $a cmp $b } split /,?\n/, $_->[0] for $is, $want;
			is_deeply($is, $want, "$name: stock -o $format prints the same");
		}
		is_deeply([run($stock, '-I', '-r', $copy)], [run($stock, '-I', '-r', $file)], "$name: stock -I prints the same");
		my ($before) = run($stock, '-E', $file);
		my ($after) = run($stock, '-E', $copy);
		$after =~ s/^Skip unknown block type: 4\n//mg;
		is($after, $before, "$name: stock -E prints the same exporters and samplers");
	}

	# Uncompressed copies of both to compare record by record.
	($out, $err, $status) = run(@tag, '-q', '-z', 'none', '-w', "$dir/plain", $copy);
	is($status, 0, "$name: copied without compression");
	my @after = records("$dir/plain/$name");
	my (@bare, @pairs, @wanted, $untagged);
	for my $record (@after) {
		my $is_flow = unpack('v', $record) == 11;
		my ($bare, $pairs, $wanted) = $is_flow ? strip($record) : ($record, [], []);
		push @bare, $bare;
		push @pairs, @$pairs;
		push @wanted, @$wanted;
	}
	is_deeply(\@pairs, \@wanted, "$name: " . @pairs . " pairs are right");
	if (unpack('C', substr(slurp($file), 16, 1)) == 0) {
		is_deeply([map { unpack 'H*', $_ } @bare], [map { unpack 'H*', $_ } records($file)], "$name: every other byte is kept");
	}

	my $bytes = slurp($copy);
	my $inode = (stat $copy)[1];
	($out, $err, $status) = run(@tag, $copy);
	like($out, qr/^0 files tagged \(0 records\), 1 unchanged/, "$name: a second time there is nothing to do");
	is((stat $copy)[1], $inode, "$name: and nothing is written");
	($out, $err, $status) = run(@tag, '--restamp', $copy);
	is(length slurp($copy), length $bytes, "$name: --restamp writes over, adds nothing");
}

# Another database changes nothing that is stamped, unless asked.
my $soft = "$dir/soft-none.nfcapd";
my ($first) = map { join ',', @{(strip($_))[1]} } grep { unpack('v', $_) == 11 } records($soft);
spit("$dir/other", "0.0.0.0,255.255.255.255,JP\n");
run($nfgeo, 'tag', '-C', "$dir/conf", '-G', "$dir/other", $soft);
is((map { join ',', @{(strip($_))[1]} } grep { unpack('v', $_) == 11 } records($soft))[0], $first, 'stored countries stay');
run($nfgeo, 'tag', '-C', "$dir/conf", '-G', "$dir/other", '-r', $soft);
is((map { join ',', @{(strip($_))[1]} } grep { unpack('v', $_) == 11 } records($soft))[0], '392 392', '--restamp replaces them');

# Directories: what nfdump would read, with their sub-directories, in place or aside.
mkdir "$dir/data";
mkdir "$dir/data/2026";
copy("$vectors/stock/soft-lz4.nfcapd", "$dir/data/nfcapd.202601010000");
copy("$vectors/stock/soft-lzo.nfcapd", "$dir/data/2026/nfcapd.202601010005");
copy("$vectors/stock/open-header-only.current", "$dir/data/nfcapd.current.4711");
spit("$dir/data/.nfstat", "version=1\n");
my ($out, $err, $status) = run(@tag, '-w', "$dir/aside", "$dir/data");
is($status, 0, 'a directory, open file and .nfstat passed over');
like($out, qr/^2 files tagged \(94 records\), 0 unchanged, 0 left alone/, 'both files, summed up');
ok(-f "$dir/aside/nfcapd.202601010000" && -f "$dir/aside/2026/nfcapd.202601010005", '-w keeps the folders');
is(slurp("$dir/data/nfcapd.202601010000"), slurp("$vectors/stock/soft-lz4.nfcapd"), '-w leaves the files alone');
($out, $err, $status) = run(@tag, '-q', "$dir/data/nfcapd.202601010000", "$dir/data/2026");
is("$status$out$err", '0', 'in place, quietly');
is(slurp("$dir/data/nfcapd.202601010000"), slurp("$dir/aside/nfcapd.202601010000"), 'the same bytes either way');
symlink "nfcapd.202601010000", "$dir/data/link";
run(@tag, '-r', "$dir/data/link");
ok(-l "$dir/data/link", 'a link stays a link');

# Damage, open files, foreign files: named and left alone.
my $cut = slurp("$vectors/stock/soft-none.nfcapd");
substr($cut, 3000, 4) = "\xff\xff\xff\xff";
substr($cut, 44, 4) = pack('V', 6_000_000);
spit("$dir/damaged", $cut);
($out, $err, $status) = run(@tag, "$dir/damaged");
is($status, 1, 'a damaged file alone: failed');
like($err, qr/damaged/, 'and it is named');
is(slurp("$dir/damaged"), $cut, 'and not touched');
($out, $err, $status) = run(@tag, "$dir/damaged", "$dir/v5-none.nfcapd");
is($status, 3, 'beside a good one: incomplete');
spit("$dir/text", "hello\n");
($out, $err, $status) = run(@tag, "$dir/text");
is($status, 1, 'no flow file');
copy("$vectors/edited/open-with-block.current", "$dir/open");
($out, $err, $status) = run(@tag, "$dir/open");
like($err, qr/still being written/, 'an open file is left alone');
is($status, 1, 'which is a failure');
mkdir "$dir/$_" for qw(twin twin/a twin/b);
copy($soft, "$dir/twin/$_/same") for qw(a b);
($out, $err, $status) = run(@tag, '-w', "$dir/twins", "$dir/twin/a", "$dir/twin/b");
is($status, 1, 'two inputs of one name: refused');
like($err, qr{twin/a/same and \S+twin/b/same would have the same copy}, 'and both are named');
ok(!-e "$dir/twins/same", 'before anything is written');
($out, $err, $status) = run(@tag, '-w', $dir, $soft);
like($err, qr/would be the file itself/, '-w onto the file itself is refused');
($out, $err, $status) = run($nfgeo, 'tag', '-C', 'none', '-G', 'none', $soft);
is($status, 1, 'no database, no tagging');
($out, $err, $status) = run(@tag);
is($status, 2, 'no files: wrong usage');
is_deeply([glob "$dir/nfcapd.current* $dir/data/nfcapd.current.tag*"], [], 'no work files are left');

done_testing;
