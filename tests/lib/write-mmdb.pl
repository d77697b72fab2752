#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# usage: write-mmdb.pl OUT RECORD_SIZE IP_VERSION ALIAS LAYOUT <PREFIXES
#
# Write a small MaxMind DB for tests. ALIAS 1: ::ffff:0:0/96, 2001::/32 and 2002::/16 lead to the
# IPv4 part, as in MaxMind's own. LAYOUT is one of those below. PREFIXES: lines "PREFIX CC", outer
# ones before those inside them; CC "-" is a record without a country. The layouts asn, astext and asnest have
# "PREFIX NUMBER NAME" instead.
use strict;
use warnings;
use MaxMind::DB::Writer::Tree;

my ($out, $record_size, $ip_version, $alias, $layout) = @ARGV;
die "usage: write-mmdb.pl OUT RECORD_SIZE IP_VERSION ALIAS LAYOUT\n" unless @ARGV == 5;

my $words = ['map', 'utf8_string'];
my %type = (
	country => 'map', registered_country => 'map', continent => 'map', names => 'map',
	traits => ['array', 'map'], geoname_id => 'uint32', is_good => 'boolean',
	weight => 'double', share => 'float', offset => 'int32', big => 'uint128', wide => 'uint64',
	raw => 'bytes', port => 'uint16', autonomous_system_number => 'uint32',
);
$type{country} = 'utf8_string' if $layout eq 'plain';
$type{as} = 'map' if $layout eq 'asnest';

# Around the country stand values of every type, so that a reader has to skip them all.
my %record = (
	nested => sub {
		my ($cc) = @_;
		return {
			continent => {code => 'XX', geoname_id => 6255148},
			($cc eq '-' ? () : (country => {
				geoname_id => 3077311, names => {en => "Name of $cc", de => 'n' x 300},
				iso_code => $cc})),
			registered_country => {iso_code => 'US', geoname_id => 6252001},
		};
	},
	flat => sub { return $_[0] eq '-' ? {name => 'none'} : {country_code => $_[0]} },
	plain => sub { return $_[0] eq '-' ? {name => 'none'} : {country => $_[0], asn => 'AS1'} },
	asn => sub {
		my ($number, $name) = split ' ', $_[0], 2;
		return {autonomous_system_number => $number,
			(defined $name ? (autonomous_system_organization => $name) : ())};
	},
	astext => sub { my ($number, $name) = split ' ', $_[0], 2; return {asn => "AS$number", as_name => $name // ''} },
	asnest => sub {
		my ($number, $name) = split ' ', $_[0], 2;
		return {as => {asn => "AS$number", name => $name // '', domain => 'example.org'}};
	},
	odd => sub {
		my ($cc) = @_;
		return {
			big => '340282366920938463463374607431768211455', is_good => 1, offset => -5,
			port => 65535, raw => 'x' x 30, share => 0.5, weight => 2.5,
			wide => '18446744073709551615', alpha => 'z' x 70000,
			traits => [{note => 'first'}, ($cc eq '-' ? {} : {cc => $cc})],
		};
	},
);

my $tree = MaxMind::DB::Writer::Tree->new(
	ip_version => $ip_version,
	record_size => $record_size,
	database_type => "Test-$layout",
	languages => ['en'],
	description => {en => 'test'},
	alias_ipv6_to_ipv4 => $alias,
	remove_reserved_networks => 0,
	map_key_type_callback => sub { $type{$_[0]} // 'utf8_string' },
);
while (<STDIN>) {
	chomp;
	my ($prefix, $cc) = split ' ', $_, 2;
	$tree->insert_network($prefix, $record{$layout}->($cc));
}
open(my $file, '>:raw', $out) or die "$out: $!\n";
$tree->write_tree($file);
close($file) or die "$out: $!\n";
