#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# -o table: aligned columns as wide as their content, plain in a pipe; colour and flags on a terminal.
# And csv-fast, the help that fits a screen.
use strict;
use warnings;
use NfGeoTest;
use Test::More;

my ($data, $nfdump, $tmp) = nfdump_data();

my $run = "$nfdump " . small_database($tmp, '195.113.0.0,195.113.255.255,CZ') . " -r $data";

my $out = `$run/v9.nf -q -c 3 -o table:%sa,%sflag,%dp,%byt`;
my $want = `$run/v9.nf -q -c 3 -6 -o 'csv:%sa,%sccan,%dp,%byt' | sed 1d`;
is($out =~ s/[ \t]+/ /gr =~ s/^ //mgr =~ s/private/../gr, $want =~ tr/,/ /r, 'the values of csv, aligned') or diag($out);

my @lines = split(/\n/, `$run/ipfix.nf -o table`);
my ($title, $rule) = @lines[0, 1];
like($title, qr/^Date first seen .* Proto  Src IP Addr:Port .* Src country .* Flows$/, 'title');
like($rule, qr/^(-+  )+-+$/, 'a line under it');
my @flows = grep { /^2024/ } @lines;
is(@flows, 900, 'a line a flow');
my @gaps;
while ($rule =~ /  /g) { push @gaps, $-[0]; }
is((grep { my $line = $_; grep { substr($line, $_, 2) ne '  ' } @gaps } @flows[0 .. 199]), 0,
	'all rows of the first page keep the columns apart');
unlike(join('', @lines), qr/[\x80-\xff\e]/, 'a pipe gets plain characters');

like(`$run/v5.nf -o table -s srcip/bytes -n 2`,
	qr/^Top 2 Src IP Addr by bytes\nSrc IP Addr +Flows +Packets +Bytes .*\n-.*\n10\.2\.1\.1 +250  16\.7% /,
	'statistics');
like(`$run/v9.nf -q -o table -A srcctry,proto -O bytes -n 5`, qr/  CZ  +TCP /, 'aggregation');
like(`$run/v9.nf -q -o table 'packets > 1T'`, qr/^No matching flows$/, 'nothing matched');
is(system("$run/v5.nf -q -o table:%nope >/dev/null 2>&1") >> 8, 1, 'unknown column');

SKIP: {
	my $script = grep { -x "$_/script" } split(/:/, $ENV{PATH});
	skip 'no script(1)', 16 unless $script;
	local $ENV{LC_ALL} = 'C.UTF-8';
	local $ENV{TERM} = 'xterm';
	my $command = "$run/v9.nf -o table -c 300 src net 195.113.0.0/16";
	my $terminal = `script -qec '$command' /dev/null </dev/null`;
	like($terminal, qr/\e\[1mDate first seen\e\[0m/, 'a terminal: bold title');
	like($terminal, qr/\e\[33m\xf0\x9f\x87\xa8\xf0\x9f\x87\xbf CZ/, 'flags');
	local $ENV{NO_COLOR} = 1;
	for my $columns (120, 100, 80, 60) {
		my $narrow = "stty cols $columns; $run/ipfix.nf -o table -c 150 ipv4";
		my @lines = split(/\r?\n/, `script -qec '$narrow' /dev/null </dev/null`);
		my @table = grep { !/^(Summary|Time window|Total|Sys|left out)/ } @lines;
		utf8::decode($_) foreach @table;
		is((grep { length > $columns } @table), 0, "$columns columns: no row is wider")
			if $columns >= 100; # addresses and countries are never left out
		like($table[0], qr/^Time .* From +Dst IP Addr:Port +To/, "$columns columns: short titles");
		is((grep { /^left out, the terminal is too narrow: Duration.*Flows$/ } @lines),
			$columns < 120 ? 1 : 0, "$columns columns: what was left out is named");
	}
	my $own = "stty cols 40; $run/ipfix.nf -o table:%ts,%td,%sap,%dap,%fl -c 3";
	like(`script -qec '$own' /dev/null </dev/null`, qr/Date first seen +Duration .* Flows\r?\n/,
		'columns that were named stay');
	unlike(`script -qec '$command' /dev/null </dev/null`, qr/\e\[/, 'NO_COLOR');
	local $ENV{LC_ALL} = 'C';
	unlike(`script -qec '$command' /dev/null </dev/null`, qr/[\x80-\xff]/, 'no UTF-8, no flags');
}

# csv-fast
my ($head, @rows) = split(/\n/, `$run/ipfix.nf -o csv-fast`);
is($head, 'cnt,af,firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,srcAS,dstAS,input,output,'
	. 'flags,srcTos,packets,bytes', 'csv-fast: header');
is(@rows, 900, 'a row a flow');
my @csv = split(/\n/, `$run/ipfix.nf -q -o csv`);
my $wrong = grep {
	my @fast = split(/,/, $rows[$_]);
	my @full = split(/,/, $csv[$_]);
	join(' ', @fast[0, 5, 6, 7, 8, 9, 10, 15, 16]) ne
		join(' ', $_ + 1, @full[3, 5, 4, 6, 17, 18, 11, 12]);
} 0 .. 899;
is($wrong, 0, 'the same values as csv');

my @help = split(/\n/, `$nfdump -h`);
ok(@help > 20 && @help <= 40 && !(grep { length > 80 } @help), '-h: 40 lines of 80 characters at most');
done_testing();
