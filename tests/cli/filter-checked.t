#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# tests/filter/checked.tsv: 425 filters, whether they are valid, and how many of the example flows
# each selects. Each number is nfdump 1.7.1's or a newer version's, or the table says why not.
set -u
data=$NFGEO_SHARED/vectors/nfdump/data
table=$srcdir/tests/filter/checked.tsv
[ -d "$data" ] || { echo "1..1"; echo "ok 1 # SKIP no ../shared"; exit 0; }
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

grep -v '^## ' "$table" >"$tmp/table"
cut -f1 "$tmp/table" >"$tmp/filters"
"$TEST_BIN/filter_count" "$data/v5.nf" "$data/v9.nf" "$data/ipfix.nf" "$data/nat.nf" \
	"$data/bidir.nf" <"$tmp/filters" >"$tmp/got" || { echo "Bail out! filter_count"; exit 1; }
paste "$tmp/table" "$tmp/got" | awk -F '\t' '
	{
		got = $NF; shown = got
		if (got !~ /^[0-9]+$/) got = "-"
		why = NF > 5 ? $5 : ""
		ok = got == $4 && (why != "" || $4 == $2 || $4 == $3)
		name = $1; gsub(/#/, "\\#", name)
		printf "%sok %d - %s\n", ok ? "" : "not ", NR, name
		if (!ok) printf "# wanted %s, got %s\n", $4, shown
	}
	END { printf "1..%d\n", NR }'
