#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
#
# Decode the datagrams of tests/wire/*.dgrams and compare every byte of every record, the counters
# and the totals with NAME.records. vectors.list: name, rule, options. Rule "equal": these are the
# bytes that stock nfcapd 1.7.1 wrote (compared again with the shared vectors when they are there);
# "fix": stock is wrong, ours were checked by hand.
use strict;
use warnings;

my $wire = "$ENV{srcdir}/tests/wire";
my $shared = "$ENV{NFGEO_SHARED}/vectors/decode";

sub slurp
{
	my ($path) = @_;
	open(my $file, '<', $path) or return undef;
	local $/;
	return <$file> // '';
}

my @cases;
for (split /\n/, slurp("$wire/vectors.list") // die "no $wire/vectors.list") {
	my ($name, $rule, $options) = split /\t/;
	push @cases, [$name, $rule, $options eq '-' ? '' : $options];
}
print '1..', scalar(@cases), "\n";

my $n = 0;
for my $case (@cases) {
	my ($name, $rule, $options) = @$case;
	my $got = `$ENV{TEST_BIN}/decode $options $wire/$name.dgrams 2>/dev/null`;
	my $right = slurp("$wire/$name.records") // '';
	my $stock = slurp("$shared/$name.records");
	my $good = $? == 0 && $got ne '' && $got eq $right;

	$good &&= $got eq $stock if $rule eq 'equal' && defined $stock;
	$good &&= $got ne $stock if $rule eq 'fix' && defined $stock;
	print $good ? 'ok ' : 'not ok ', ++$n, " - $name ($rule)\n";
	next if $good;
	my @got = split /\n/, $got;
	my @right = split /\n/, $right;
	for (0 .. ($#got > $#right ? $#got : $#right)) {
		my ($a, $b) = ($right[$_] // '(nothing)', $got[$_] // '(nothing)');
		print "# right: $a\n# got:   $b\n" if $a ne $b;
	}
}
