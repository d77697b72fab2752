#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# The patches for nfdump: only added lines, no line of nfdump's in them, places in order, and a
# manifest that names exactly the files they touch. What they do is tried by hand on nfdump's source
# (patches/README.md), which is not here.
use strict;
use warnings;
use NfGeoTest;
use Test::More;

my @series = sort glob("$ENV{srcdir}/patches/nfdump-*");
cmp_ok(scalar @series, '>=', 1, 'there are series');

# One patch: {path}[hunks of {old, new, count}] and complaints.
sub parse {
	my ($text) = @_;
	my (%hunks, @wrong, $path, $hunk);
	my $line = 0;

	for (split(/\n/, $text, -1)) {
		$line++;
		if ($hunk && $hunk->{count} > $hunk->{have}) {
			push @wrong, "line $line: not an added line" unless /^\+/;
			push @wrong, "line $line: blank at the end" if /[ \t]$/;
			$hunk->{have}++;
		} elsif (/^--- a\/(\S+)$/) {
			$path = $1;
		} elsif (/^\+\+\+ b\/(\S+)$/) {
			push @wrong, "line $line: another file than before" unless $1 eq $path;
			push @wrong, "line $line: $1 a second time" if $hunks{$1};
		} elsif (/^\@\@ -(\d+),0 \+(\d+),(\d+) \@\@$/) {
			$hunk = {old => $1, new => $2, count => $3, have => 0};
			push @wrong, "line $line: no file" unless defined $path;
			push @wrong, "line $line: empty" unless $3;
			push @{$hunks{$path // ''}}, $hunk;
		} elsif (defined $path && $_ ne '') {
			push @wrong, "line $line: neither hunk nor added line";
		}
	}
	return (\%hunks, \@wrong);
}

for my $dir (@series) {
	my ($name) = $dir =~ m{([^/]+)$};
	my @files = map { m{([^/]+)$} } sort glob("$dir/*");
	my @patches = grep { /\.patch$/ } @files;
	my (%touched, $number);

	is_deeply([grep { !/\.patch$/ } @files], ['manifest'], "$name: patches and a manifest");
	for my $file (@patches) {
		my $text = read_file("$dir/$file");
		my ($hunks, $wrong) = parse($text);

		like($file, qr/^@{[sprintf('%04d', ++$number)]}-[a-z0-9-]+\.patch$/, "$name/$file: its number");
		like($text, qr/\ASubject: \S.*\n\n/, "$name/$file: a subject");
		is_deeply($wrong, [], "$name/$file: only added lines, no context");
		for my $path (sort keys %$hunks) {
			my ($last, $added, @disorder) = (-1, 0);

			for my $hunk (@{$hunks->{$path}}) {
				push @disorder, $hunk->{old} if $hunk->{old} <= $last;
				push @disorder, $hunk->{new} if $hunk->{new} != $hunk->{old} + $added + 1;
				$last = $hunk->{old};
				$added += $hunk->{count};
			}
			is_deeply(\@disorder, [], "$name/$file: $path: line numbers grow and agree");
			$touched{$path} = 1;
		}
	}
	my @manifest = split(/\n/, read_file("$dir/manifest"));
	my %named = map { /^[0-9a-f]{64} [0-9a-f]{64} (\S+)$/ ? ($1 => 1) : () } @manifest;

	is(scalar(grep { /^version v[0-9][\w.-]*$/ } @manifest), 1, "$name: one version");
	is_deeply([grep { !/^(?:#.*|version \S+|[0-9a-f]{64} [0-9a-f]{64} \S+)$/ } @manifest], [],
		"$name: nothing else in the manifest");
	is_deeply([sort keys %named], [sort keys %touched], "$name: the manifest names the files touched");
	is(scalar(grep { /^([0-9a-f]{64}) \1 / } @manifest), 0, "$name: and each of them changes");
}
done_testing();
