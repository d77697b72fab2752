#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# Real exporters: each group of datagrams that other projects captured goes to stock nfcapd and to
# ours; stock nfdump reads both files; all fields of all flows are equal but for the table below.
# Every group has its own sender address and its own source (-n), so one run of each does.
use strict;
use warnings;
use NfGeoTest;
use ExporterGroups;
use Goldens;
use Test::More;

my $captures = need_shared('captures/exporters');
need_tools('nfcapd', 'nfdump');
need_programs('nfcapd', 'nfdump', 'send');
my ($stock_nfcapd, $stock_nfdump) = (tool('nfcapd'), tool('nfdump'));

# Intended differences: the rows of section 12 of the shared nfcapd-decode.md whose right result is
# not stock's. Which groups, which fields, and what must be true of stock's flow and ours.
my $epoch = '1970-01-01T00:00:00.000';
my @intended = (
	{
		row => '3: IPFIX 21/22, start and end exchanged', fields => qr/^(?:first|last)$/,
		groups => qr{/ipfix\.dat|^python-netflow-softflowd|/srv6\.pcap|/(?:401|402|403|500)-},
		if => sub { $_[0]{first} eq $_[1]{last} && $_[0]{last} eq $_[1]{first} },
	}, {
		row => '4: reverse fields overwrite forward ones', fields => qr/^(?:src_tos|tcp_flags|first|last)$/,
		groups => qr{ipfix_test_(?:yaf|ixia)|telegraf/ipfix_example}, if => sub { 1 },
	}, {
		row => '6: sampling with an id or an algorithm is applied',
		fields => qr/^(?:sampled|(?:in|out)_(?:packets|bytes))$/,
		groups => qr{fortigate|unknown_tpl266|^fluent|/ipfix\.dat|^python-netflow-softflowd},
		if => sub { $_[1]{sampled} && $_[1]{in_packets} >= $_[0]{in_packets} },
	}, {
		row => '8: v9 ICMP type and code from ports', fields => qr/^icmp_(?:type|code)$/,
		groups => qr/cisco_nbar|nprobe_tpl|valid01/,
		if => sub { !$_[0]{icmp_type} && !$_[0]{icmp_code} },
	}, {
		row => '9: v5 masks are stored', fields => qr/^(?:(?:src|dst)_(?:mask|net)|(?:in|out)put_snmp)$/,
		groups => qr/juniper_mx80|vflow|netgraph|nprobe-netflow9\.pcap|^fluent/,
		if => sub { !$_[0]{src_mask} && !$_[0]{dst_mask} && ($_[1]{src_mask} || $_[1]{dst_mask}) },
	}, {
		row => '11: times in s, us and ns', fields => qr/^(?:first|last)$/,
		groups => qr/issue_13305|ipfix_pen_35632|unknown_tpl266/,
		if => sub { $_[0]{first} eq $epoch && $_[0]{last} eq $epoch },
	},
);
my %explained;

my @groups = ExporterGroups::all();
my @sources = ('-t', '3600', '-B', '4000000');
for my $i (0 .. $#groups) {
	$groups[$i]{address} = '127.0.1.' . ($i + 1);
	$groups[$i]{ident} = "g$i";
}

sub collect {
	my ($who, $program, @args) = @_;
	my @n = map { ('-n', "$_->{ident},$_->{address}," . workdir("$who") . "/$_->{ident}") } @groups;

	mkdir workdir($who) . "/$_->{ident}" for @groups;
	return collector(program => $program, args => [@sources, @args, @n]);
}

my $stock = collect('stock', $stock_nfcapd);
my $ours = collect('ours', path_of('nfcapd'), '--no-geo');
for my $group (@groups) {
	my @files = map { "$captures/$_" } @{$group->{files}};
	for my $to ($stock, $ours) {
		send_files($to->{port}, '--bind', $group->{address}, @files)
		  or BAIL_OUT("cannot send $group->{name}");
	}
}
is($stock->stop, 0, 'stock nfcapd ends well') or diag($stock->text);
is($ours->stop, 0, 'our nfcapd ends well') or diag($ours->text);

# The fields in which two flows differ, less those that a row of the table explains.
sub differences {
	my ($group, $theirs, $mine) = @_;
	my %fields = map { $_ => 1 } keys %$theirs, keys %$mine;
	my @found;

	for my $field (sort keys %fields) {
		my ($a, $b) = ($theirs->{$field} // 'absent', $mine->{$field} // 'absent');
		next if $a eq $b;
		my ($row) = grep { $group->{name} =~ $_->{groups} && $field =~ $_->{fields} &&
			  $_->{if}->($theirs, $mine) } @intended;
		$explained{$row->{row}}++ if $row;
		push @found, "$field: stock $a, ours $b" unless $row;
	}
	return @found;
}

# What another decoder read must be among our flows, with the same counters and as often.
sub golden {
	my ($golden, $mine) = @_;
	my ($missing, $unknown) = Goldens::compare($golden, $mine);
	my $wrong = $golden->{shared} ? $unknown : $missing;
	my $last = @$wrong > 5 ? 4 : $#$wrong;

	is(scalar(@$wrong), 0, "golden $golden->{name}: " . @{$golden->{lines}} . ' flows')
	  or diag(join("\n", map { "only in " . ($golden->{shared} ? 'ours' : 'golden') . ": $_" }
			@$wrong[0 .. $last]));
}

for my $group (@groups) {
	subtest $group->{name} => sub {
		my $theirs = flows_of($stock_nfdump, workdir('stock') . "/$group->{ident}");
		my $mine = flows_of($stock_nfdump, workdir('ours') . "/$group->{ident}");

		is(scalar(@$theirs), $group->{flows}, "stock stores $group->{flows} flows");
		is(scalar(@$mine), scalar(@$theirs), 'ours stores as many');
		my @found;
		for my $i (0 .. ($#$theirs < $#$mine ? $#$theirs : $#$mine)) {
			push @found, map { "flow $i: $_" } differences($group, $theirs->[$i], $mine->[$i]);
		}
		is(scalar(@found), 0, 'all fields of all flows are equal')
		  or diag(join("\n", @found[0 .. (@found > 12 ? 11 : $#found)]));
		# Of a flow with addresses of both families stock nfdump shows the IPv4, ours the IPv6 pair.
		my @goldens = grep { @{$_->{lines}} } Goldens::of_group($captures, $group);
		my $read = @goldens ? flows_of(path_of('nfdump'), workdir('ours') . "/$group->{ident}") : [];
		@{$read->[$_]}{qw(src4_addr dst4_addr)} = @{$mine->[$_]}{qw(src4_addr dst4_addr)} for 0 .. $#$read;
		golden($_, $read) for @goldens;
	};
}
ok($explained{$_->{row}}, "difference $_->{row}: seen") for @intended;
done_testing();
