#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Our reader gives every value that stock nfdump printed as JSON for the shared files.
use strict;
use warnings;
use JSON::PP;
use Test::More;

my $dir = "$ENV{NFGEO_SHARED}/vectors/nffile/stock";
my $tool = "$ENV{TEST_BIN}/nffile";
plan skip_all => 'no ../shared' unless -d $dir;

# Made by stock from several numbers, or from outside the record.
my %derived = map { $_ => 1 } qw(type label src_net dst_net icmp_type icmp_code);

# Stock prints flags as letters.
sub flags {
	my $bits = 0;
	my $bit = 7;
	for (split //, shift) {
		$bits |= 1 << $bit if $_ ne '.';
		$bit--;
	}
	return $bits;
}

sub our_flows {
	my @flows;
	open my $pipe, '-|', $tool, 'fields', shift or die;
	while (<$pipe>) {
		chomp;
		my ($name, $value) = split / /, $_, 2;
		if ($name eq 'flow') {
			push @flows, {};
		} else {
			$flows[-1]{$name} = $value;
		}
	}
	close $pipe;
	return @flows;
}

for my $json (sort glob "$dir/*.json") {
	(my $file = $json) =~ s/json$/nfcapd/;
	open my $handle, '<', $json or die "$json: $!";
	my $stock = decode_json(do { local $/; <$handle> });
	my @ours = our_flows($file);
	my ($compared, @wrong) = (0);

	is(scalar @ours, scalar @$stock, "$file: flows");
	for my $i (0 .. $#$stock) {
		for my $name (sort keys %{$stock->[$i]}) {
			next if $derived{$name};
			my $want = $stock->[$i]{$name};
			$want = flags($want) if $name eq 'tcp_flags';
			my $got = $ours[$i]{$name};
			$compared++;
			push @wrong, "flow $i $name: stock $want, ours " . ($got // 'nothing')
				unless defined $got && $got eq $want;
		}
		my $icmp = $stock->[$i]{icmp_type};
		push @wrong, "flow $i icmp"
			if defined $icmp
			&& $ours[$i]{dst_port} != $icmp * 256 + $stock->[$i]{icmp_code};
	}
	is_deeply([@wrong[0 .. ($#wrong < 4 ? $#wrong : 4)]], [], "$file: $compared values");
}

# What has no JSON: counts from the README of the vectors.
my @case = (
	['stock/multi-lzo.nfcapd', qr/blocks=2 records=15088 flows=15087 unreadable=0 skipped=0/],
	['stock/empty-none.nfcapd', qr/blocks=0 .*ident=vec_empty totals=yes\/0\/0 open=0/],
	['stock/open-header-only.current', qr/blocks=0 .*totals=no\/0\/0 open=1/],
	['edited/open-with-block.current', qr/blocks=1 records=49 flows=47 .*open=1/],
	['edited/rich-geotail8.nfcapd', qr/blocks=1 records=30 flows=25 unreadable=0 skipped=0/],
	['edited/rich-all.nfcapd', qr/blocks=1 records=30 flows=25 unreadable=0 skipped=1/],
);
for (@case) {
	my ($file, $want) = @$_;
	my $got = `$tool show $dir/../$file`;
	is($?, 0, "$file: no damage");
	like($got, $want, "$file: counts");
}
done_testing;
