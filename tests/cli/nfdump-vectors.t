#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Every recorded case of ../shared/vectors/nfdump: same output, same status. Where we differ on
# purpose, nfdump-vectors.differ says so line by line: CASE, then patterns of stock's lines that are
# allowed to be missing and of ours that may be there instead.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $dir = "$ENV{NFGEO_SHARED}/vectors/nfdump";
plan skip_all => 'no ../shared' unless -d $dir;

my $tmp = tempdir(CLEANUP => 1);
@ENV{qw(NFDUMP DATA TZ LC_ALL)} = ("$ENV{NFGEO_BIN}/nfdump", "$dir/data", 'UTC', 'C');
delete $ENV{NFCONF};
$ENV{NFGEODB} = 'none'; # whatever is installed where the programs look by default

my %allowed;
open(my $list, '<', "$ENV{srcdir}/tests/cli/nfdump-vectors.differ") or die $!;
while (<$list>) {
	next if /^#/ || !/\S/;
	chomp;
	my ($case, $pattern) = split /\t/, $_, 2;
	push @{$allowed{$case}}, qr/$pattern/;
}

sub slurp {
	my ($path) = @_;
	open(my $file, '<', $path) or return '';
	local $/;
	return <$file> // '';
}

sub lines {
	my ($text, $case) = @_;
	my @lines = split /^/, $text;
	@lines = grep { !/^Sys: / } @lines;
	s/Bytes read: \d+/Bytes read: N/ for @lines;
	for my $pattern (@{$allowed{$case} // []}) {
		@lines = grep { !/$pattern/ } @lines;
	}
	return @lines;
}

for my $path (sort glob("$dir/cases/*")) {
	my ($case) = $path =~ m{([^/]+)$};
	my $sorted = slurp("$path/compare") =~ /sorted/;

	$ENV{TMP} = "$tmp/$case";
	mkdir $ENV{TMP};
	my $got = `sh $path/cmd 2>$tmp/stderr`;
	my $status = $? >> 8;
	my @got = lines($got, $case);
	my @want = lines(slurp("$path/expected"), $case);
	@got = sort @got if $sorted;
	@want = sort @want if $sorted;
	is_deeply([$status, @got], [int slurp("$path/rc"), @want], $case)
		or diag(slurp("$tmp/stderr"));
}
done_testing();
