#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# libnfgeo.so exports the names of tests/patches/libnfgeo.symbols and no others. One that goes away
# or changes its meaning breaks programs that are installed: raise -version-info (Makefile.am) as
# libtool's manual says, and change the list with it.
use strict;
use warnings;
use NfGeoTest;
use Test::More;

need_tools('nm');
my ($library) = glob("$ENV{builddir}/.libs/libnfgeo.so");
plan skip_all => 'no shared library in this tree' unless $library;

my ($status, $out) = run_program('nm', '-D', '--defined-only', $library);
is($status, 0, 'nm');
my @exported = grep { !/^(?:_init|_fini|__odr_asan.*)$/ } map { /\s(\S+)$/ ? $1 : () } split(/\n/, $out);
my @listed = grep { !/^#/ } split(/\n/, read_file("$ENV{srcdir}/tests/patches/libnfgeo.symbols"));
is_deeply([sort @exported], [sort @listed], 'exported names');

my @headers = glob("$ENV{srcdir}/nfdump-geo/include/nfgeo*.h");
my %declared = map { $_ => 1 } map { read_file($_) =~ /\b(nfgeo_\w+)\(/g } @headers;
is_deeply([grep { !$declared{$_} } @listed], [], 'each of them is declared in a header that is installed');
like(read_file("$ENV{srcdir}/Makefile.am"), qr/-version-info 2:0:2\b/, 'the version of this list');
done_testing();
