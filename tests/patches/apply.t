#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# patches/apply on trees made up here: it finds the version, refuses others by the name of the file,
# applies, verifies, reverses, and never leaves a tree half done.
use strict;
use warnings;
use Digest::SHA 'sha256_hex';
use File::Path 'make_path';
use NfGeoTest;
use Test::More;

need_tools('patch');
my $home = workdir('patches');
system('cp', "$ENV{srcdir}/patches/apply", $home) == 0 or die 'cp';
my $apply = "$home/apply";

# Two versions: what their files hold before, and what each patch puts after which line.
my %before = (
	'src/a.c' => "one\ntwo\nthree\n",
	'b.h' => "alpha\nbeta\n",
);
my %after = (
	'src/a.c' => "one\nnew 1\ntwo\nthree\nnew 3\n",
	'b.h' => "alpha\nbeta\nnew 2\n",
);
my @patches = (
	['0001-first.patch', "Subject: first\n\n--- a/b.h\n+++ b/b.h\n\@\@ -2,0 +3,1 \@\@\n+new 2\n"
	  . "--- a/src/a.c\n+++ b/src/a.c\n\@\@ -1,0 +2,1 \@\@\n+new 1\n"],
	['0002-second.patch', "Subject: second\n\n--- a/src/a.c\n+++ b/src/a.c\n\@\@ -4,0 +5,1 \@\@\n+new 3\n"],
);

sub series {
	my ($version, $old, $new) = @_;
	my $dir = "$home/nfdump-$version";

	make_path($dir);
	write_file("$dir/$_->[0]", $_->[1]) for @patches;
	write_file("$dir/manifest", "# made up\nversion v$version\n" . join('', map {
		sha256_hex($old->{$_}) . ' ' . sha256_hex($new->{$_}) . " $_\n" } sort keys %$old));
}

my $count = 0;

sub tree {
	my (%files) = @_;
	my $dir = workdir('tree' . $count++);

	for my $path (keys %files) {
		make_path("$dir/" . ($path =~ m{(.*)/} ? $1 : ''));
		write_file("$dir/$path", $files{$path});
	}
	return $dir;
}

sub holds {
	my ($dir, $files, $what) = @_;

	is_deeply({map { $_ => read_file("$dir/$_") } keys %$files}, $files, $what);
	my @left = grep { -f } glob("$dir/* $dir/src/*");
	is(scalar @left, scalar keys %$files, "$what: and no file more");
}

my %other = (%before, 'b.h' => "gamma\n");
series('1.0', \%before, \%after);
series('2.0', \%other, {%after, 'b.h' => "gamma\nnew\n"});

my $good = tree(%before);
my ($status, $out, $err) = run_program('sh', $apply, '--check', $good);
is($status, 0, '--check: it fits') or diag($err);
like($out, qr/v1\.0, 2 files: can be done/, '--check names the version');
holds($good, \%before, '--check writes nothing');
($status, $out, $err) = run_program('sh', $apply, '--reverse', $good);
is($status, 1, '--reverse of an unpatched tree is refused');
like($err, qr/no patches to take out/, 'and says why');

is((run_program('sh', $apply, $good))[0], 0, 'applied');
holds($good, \%after, 'applied');
($status, $out, $err) = run_program('sh', $apply, $good);
is($status, 1, 'not twice');
like($err, qr/has the patches already/, 'and says so');
holds($good, \%after, 'the second time changes nothing');
is((run_program('sh', $apply, '--check', '--reverse', $good))[0], 0, '--check --reverse');
is((run_program('sh', $apply, '--reverse', $good))[0], 0, 'reversed');
holds($good, \%before, 'reversed');

for my $case (
	['one changed file', {%before, 'b.h' => "alpha\nBETA\n"}, qr/b\.h differs from v1\.0/],
	['one file missing', {'src/a.c' => $before{'src/a.c'}}, qr/b\.h is missing/],
	['half patched', {%before, 'b.h' => $after{'b.h'}}, qr/only 1 of 2 files of v1\.0 are patched/],
	['something else', {'b.h' => "x\n", 'src/a.c' => "y\n"}, qr/no source of an nfdump.*v1\.0 v2\.0/],
) {
	my ($what, $files, $message) = @$case;
	my $dir = tree(%$files);

	($status, $out, $err) = run_program('sh', $apply, $dir);
	is($status, 1, "$what: refused");
	like($err, $message, "$what: by name");
	holds($dir, $files, "$what: left alone");
}

# The second patch of this series does not go in: the first one comes out again.
my $bad = tree(%other);
($status, $out, $err) = run_program('sh', $apply, $bad);
is($status, 1, 'a patch that fails');
like($err, qr/the tree is as it was/, 'says what became of the tree');
holds($bad, \%other, 'nothing is left of it');

for my $arguments ([], ['--what', $good], [$good, $good]) {
	is((run_program('sh', $apply, @$arguments))[0], 2, 'wrong usage: ' . @$arguments . ' arguments');
}
is((run_program('sh', $apply, "$good/none"))[0], 1, 'no such directory');
done_testing();
