#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What tests/one promises to every test, so that a test may rely on it without checking.
echo 1..4
n=0
ok() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
[ -f "$srcdir/configure.ac" ]
ok $? "srcdir is the source tree"
[ -f "$NFGEO_BIN/Makefile" ] && [ -d "$builddir" ]
ok $? "NFGEO_BIN is the build tree"
[ "$TZ" = UTC ] && [ "$LC_ALL" = C ]
ok $? "UTC and plain letters"
[ -z "${NFGEODB-}${NFCONF-}" ]
ok $? "no database and no configuration of the caller"
