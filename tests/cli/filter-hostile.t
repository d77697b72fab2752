#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Hostile filters: each is answered or refused with its line, in less than a second of CPU time.
set -u
hostile=$NFGEO_SHARED/vectors/hostile/filters
[ -d "$hostile" ] || { echo "1..1"; echo "ok 1 # SKIP no ../shared"; exit 0; }
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
count=0

# hostile FILE WANTED-START-OF-ANSWER
hostile()
{
	count=$((count + 1))
	case $1 in
	*.gz) gzip -dc "$hostile/$1" ;;
	*) cat "$hostile/$1" ;;
	esac >"$tmp/filter"
	(ulimit -t 1 && "$TEST_BIN/filter_count" -a <"$tmp/filter") >"$tmp/answer" 2>&1
	status=$?
	answer=$(head -1 "$tmp/answer")
	case $status:$answer in
	0:"$2"*) echo "ok $count - $1" ;;
	*) echo "not ok $count - $1"; echo "# status $status: $answer" ;;
	esac
}

hostile and-or-deep.txt.gz "Line 1: Filter is nested too deeply at '"
hostile country-long.txt "Line 1: Unknown country code '' at ''"
hostile empty.txt ""
hostile fmt.txt "Line 1: syntax error at 's'"
hostile ip-bad.txt "Line 1: Invalid IP address at '999.1.1.1'"
hostile list-unclosed.txt "Line 1: syntax error at ''"
hostile long-ident.txt.gz "Line 1: Text for 'ident' must have 1..255 characters at 'AAAA"
hostile negative.txt "Line 1: syntax error at '-1'"
hostile net-33.txt "Line 1: Prefix length must be 0..32 at '33'"
hostile not-100k.txt.gz "Line 1: Filter is nested too deeply at 'not'"
hostile nul.txt "Line 1: syntax error at '?'"
hostile parens-1k.txt "0"
hostile regex-bomb.txt "Line 1: syntax error at '('"
hostile token-1M.txt.gz "Line 1: syntax error at 'aaaa"
echo "1..$count"
