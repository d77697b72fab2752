#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# JSON output is valid JSON, whatever is selected, printed or merged.
use strict;
use warnings;
use JSON::PP;
use Test::More;

my $dir = "$ENV{NFGEO_SHARED}/vectors";
my $ours = "$ENV{NFGEO_BIN}/nfdump";
plan skip_all => 'no ../shared' unless -d $dir;
@ENV{qw(TZ LC_ALL)} = qw(UTC C);
delete $ENV{NFCONF};
$ENV{NFGEODB} = 'none'; # whatever is installed where the programs look by default

my @files = ((map { "nfdump/data/$_.nf" } qw(v5 v9 ipfix bidir nat empty)),
	glob("$dir/nffile/stock/*.nfcapd"));
s/^\Q$dir\E\/// for @files;

sub decode {
	my ($args) = @_;
	my $text = `$ours $args 2>/dev/null`;
	return eval { JSON::PP->new->utf8->decode($text) };
}

for my $file (@files) {
	my ($flows) = `$ours -r $dir/$file -o null` =~ /passed: (\d+)/;

	for my $flag ('', '-q') {
		my $all = decode("-r $dir/$file -o json $flag");
		is(ref $all eq 'ARRAY' ? scalar @$all : 'invalid', $flows, "json $flag $file");
	}
	my @rows = map { eval { JSON::PP->new->utf8->decode($_) } // 'invalid' }
		split /\n/, `$ours -r $dir/$file -o ndjson`;
	is(scalar(grep { ref $_ } @rows), $flows, "ndjson $file");
	is(scalar(grep { !ref $_ } @rows), 0, "ndjson $file: no other line");
}
is_deeply(decode("-r $dir/nfdump/data/v5.nf -o json 'proto 200'"), [], 'no match: empty array');
for my $query ('-A srcip,dstport', '-a', '-b', '-O bytes', '-s srcip', '-s proto', '-s record',
	'-s mpls1', '-s insrcmac') {
	my $rows = decode("-r $dir/nfdump/data/v9.nf -o json $query");
	ok(ref $rows eq 'ARRAY' && @$rows, "json $query");
}
for my $query ('-s srcip -s proto', '-s srcip/flows/bytes', '-s record/bytes -s proto',
	'-s record/bytes/flows') {
	my $tables = decode("-r $dir/nfdump/data/v9.nf -o json $query");
	is_deeply([map { ref } @{$tables // []}], [qw(ARRAY ARRAY)], "json $query: two tables");
	ok(2 == (grep { @$_ } @{$tables // []}), "json $query: each with rows");
}
is_deeply(decode("-r $dir/nfdump/data/v9.nf -o json -s srcip -s proto 'proto 200'"), [[], []],
	'no match: empty tables');
my $flow = decode("-r $dir/nfdump/data/v9.nf -o json -c 1")->[0];
is($flow->{src4_geo}, '', 'no country known: an empty text');
ok(!exists $flow->{src_ctry}, 'and no number');
is($flow->{in_bytes}, 9915, 'numbers are numbers');
done_testing();
