#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Stock nfdump prints the same from our files as from the originals, with nothing on stderr, for
# every codec it knows, with and without geo tails; its statistics and verification agree too.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $dir = "$ENV{NFGEO_SHARED}/vectors";
my $tool = "$ENV{TEST_BIN}/nffile";
plan skip_all => 'no ../shared' unless -d $dir;
plan skip_all => 'no stock nfdump: apt-get install nfdump' unless -x '/usr/bin/nfdump';

my $tmp = tempdir(CLEANUP => 1);
my @files = (
	(map { "nffile/stock/$_.nfcapd" }
		qw(soft-none rich-none v5-none sampled-none ipfix-none multi-lzo empty-none)),
	'nffile/edited/rich-all.nfcapd', 'nfdump/data/nat.nf', 'nfdump/data/bidir.nf',
);

sub stock {
	my @args = @_;
	my $out = `/usr/bin/nfdump @args 2>$tmp/stderr`;
	my $status = $? >> 8;
	return ($out, $status, -s "$tmp/stderr" ? `head -3 $tmp/stderr` : '');
}

sub sorted { return join "\n", sort { $a cmp $b } split /\n/, $_[0] }

for my $file (@files) {
	my $in = "$dir/$file";
	next unless -f $in;
	my @formats = $file =~ /multi/ ? qw(csv) : qw(csv json line extended);
	my %want = map { $_ => (stock("-q -r $in -o $_"))[0] } @formats;
	my $totals = (stock("-I -r $in"))[0];
	my $is_collected = $file =~ m{/stock/};
	for my $codec (qw(none lzo lz4 lz4:20 bz2)) {
		# The plain form is what stock writes itself: once is enough.
		for my $how ('', 'tail', $file =~ /multi/ ? 'tail cluster' : (),
			$file =~ /rich-none/ ? 'plain' : ()) {
			my $new = "$tmp/new";
			my $name = "$file as $codec" . ($how ? " with $how" : '');
			my @bad;
			system("$tool copy $in $new $codec $how >/dev/null") == 0
				or push @bad, 'copy';
			for my $format (sort keys %want) {
				my ($out, $status, $errors) = stock("-q -r $new -o $format");
				my $same = $how =~ /cluster/ ? sorted($out) eq sorted($want{$format})
					: $out eq $want{$format};
				push @bad, "$format differs" if !$same;
				push @bad, "$format status $status" if $status;
				push @bad, "$format: $errors" if $errors;
			}
			my ($verify, $status) = stock("-v $new");
			push @bad, "-v status $status" if $status;
			push @bad, '-I differs'
				if $is_collected && (stock("-I -r $new"))[0] ne $totals;
			is_deeply(\@bad, [], $name);
		}
	}
}

# Totals as a query tool makes them: what stock itself writes with -w.
for my $file ('nffile/stock/rich-none.nfcapd', 'nfdump/data/v9.nf', 'nfdump/data/nat.nf') {
	next unless -f "$dir/$file";
	system("/usr/bin/nfdump -q -r $dir/$file -w $tmp/stock >/dev/null 2>&1");
	system("$tool copy $dir/$file $tmp/ours lz4 query >/dev/null");
	is((stock("-I -r $tmp/ours"))[0], (stock("-I -r $tmp/stock"))[0], "$file: query totals");
}

# Stock does not know ZSTD: we read our own.
my $in = "$dir/nffile/stock/rich-none.nfcapd";
system("$tool copy $in $tmp/zstd zstd:5 >/dev/null; $tool fields $tmp/zstd >$tmp/a;"
	. "$tool fields $in >$tmp/b");
is(system("cmp -s $tmp/a $tmp/b"), 0, 'zstd and back');
done_testing;
