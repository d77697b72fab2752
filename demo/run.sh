#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# demo/run.sh [live [INTERFACE]]      (./setup demo builds first and calls this)
#
# softflowd, an exporter that others wrote, reads packets and sends NetFlow v5, v9 and IPFIX over
# loopback to our nfcapd, which stores both countries in every flow. Then: questions by country.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
bin=${NFGEO_BIN:-$top/build/inst/bin}
mkpcap=${NFGEO_MKPCAP:-$top/build/demo/mkpcap}
shared=${NFGEO_SHARED:-$top/../shared}
PATH=$PATH:/usr/sbin:/usr/local/sbin
work=$(mktemp -d)
collector=
exporter=

finish() {
	[ -n "$exporter" ] && kill "$exporter" 2>/dev/null
	[ -n "$collector" ] && kill "$collector" 2>/dev/null
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

die() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

bold="" plain=""
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
	bold=$(printf '\033[1m')
	plain=$(printf '\033[0m')
fi
title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# --- collecting ---------------------------------------------------------------------------------

# bound PORT: whether a socket on this machine has that UDP port
bound() {
	[ -r /proc/net/udp ] || { sleep 1; return 0; }
	grep -q "$(printf ':%04X ' "$1")" /proc/net/udp /proc/net/udp6 2>/dev/null
}

# collect DIRECTORY: start our nfcapd on a free port of 127.0.0.1; sets $port and $collector
collect() {
	mkdir -p "$1"
	port=$((21000 + $$ % 20000))
	for try in 1 2 3 4 5 6 7 8 9; do
		port=$((port + try))
		bound $port && [ -r /proc/net/udp ] && continue
		"$bin/nfcapd" -b 127.0.0.1 -p $port -w "$1" -I demo -t 3600 >"$work/nfcapd.log" 2>&1 &
		collector=$!
		for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			sleep 0.1
			kill -0 $collector 2>/dev/null || break
			bound $port && return 0
		done
		kill $collector 2>/dev/null
	done
	cat "$work/nfcapd.log" >&2
	die "nfcapd did not start (above: what it said)"
}

# Stop the collector: it closes and names its file.
collected() {
	sleep 0.3
	kill -TERM "$collector" && wait "$collector"
	result=$?
	collector=
	[ $result -eq 0 ] || { cat "$work/nfcapd.log" >&2; die "nfcapd ended with status $result"; }
}

# softflowd reads a file: no control socket (it would wait on it), absolute times in milliseconds.
export_file() {
	timeout 30 softflowd -d -r "$2" -v "$1" -A milli -n "127.0.0.1:$port" -c none \
		-p "$work/softflowd.pid" >"$work/softflowd.log" 2>&1 ||
		{ cat "$work/softflowd.log" >&2; die "softflowd failed (above: what it said)"; }
}

# The captures of the shared folder that have public addresses of several countries; else our own.
make_capture() {
	set --
	for name in zeek/dns-edns-ecs zeek/wikipedia zeek/ftp-ipv6 zeek/icmp-icmp-ping \
		zeek/quic-firefox-102.13.0esr-blog-cloudflare-com ipfixprobe/ntp ipfixprobe/ssdp \
		ipfixprobe/quic_initial-sample arkime/sctp-www cisco-joy/sample \
		dns-collector/dnsdump_tcp_fastopen simple-scan/445_scan; do
		[ -f "$shared/captures/traffic/$name.pcap" ] &&
			set -- "$@" "$shared/captures/traffic/$name.pcap"
	done
	[ "${NFGEO_DEMO_OWN-no}" = yes ] && set --
	packets=$("$mkpcap" "$work/capture.pcap" "$@") || die "no capture"
	if [ $# -gt 0 ]; then
		echo "$# captures of real traffic ($packets), moved to this minute"
	else
		echo "$packets that demo/mkpcap made up: 20 countries, a private network, a SYN scan"
	fi
}

# --- questions ----------------------------------------------------------------------------------

# ask ARGUMENT...: show an nfdump command as one would type it, and its answer
ask() {
	printf '%s$ nfdump -r flows' "$bold"
	for word in "$@"; do
		case $word in
		*[!a-zA-Z0-9_,/.-]*) printf " '%s'" "$word" ;;
		*) printf ' %s' "$word" ;;
		esac
	done
	printf '%s\n' "$plain"
	"$bin/nfdump" -r "$flows" "$@" >"$work/answer" || die "nfdump ended with status $?"
	sed '/^Summary:/,$d; /^$/d; s/^/  /' "$work/answer" # its four lines of summary: left out
}

# count FILTER: how many flows match
count() {
	"$bin/nfdump" -q -r "$flows" -o 'fmt:%pr' "$1" | grep -vc '^No matching flows'
}

questions() {
	total=$(count any)
	[ "$total" -gt 0 ] || die "no flow was collected"
	title "1. From Czechia (203), but not to Czechia, the USA (840) or the Cocos Islands (166)"
	echo "   The filter of the published design; the countries were stored when the flow came in."
	ask -n 8 -O bytes -o 'fmt:%pr %sccan %sap -> %dccan %dap %pkt %byt' \
		'src ctry 203 and not dst ctry in [ 203 840 166 ]'
	title "2. The countries with most traffic, as source or destination"
	ask -n 10 -s ctry/bytes
	title "3. Who talks to whom"
	ask -n 12 -A srcctry,dstctry -O bytes -o 'fmt:%sccan -> %dccan %fl %pkt %byt'
	title "4. How much has no country"
	known=$(count 'src ctry > 0 and dst ctry > 0')
	private=$(count 'ctry in [ private shared loopback linklocal ]')
	other=$(count 'ctry in [ multicast documentation reserved ]')
	printf '   %6d flows\n' "$total"
	printf '   %6d with both countries known\n' "$known"
	printf '   %6d with a private or local address (no country, and not "unknown")\n' "$private"
	printf '   %6d with a multicast, documentation or reserved address\n' "$other"
	printf '   %6d with an address that the database does not know\n' \
		"$(count 'ctry unknown and not ctry in [ private shared loopback linklocal multicast documentation reserved ]')"
}

# --- the two demos ------------------------------------------------------------------------------

demo_file() {
	title "nfdump-geo: countries stored while collecting, asked for afterwards"
	capture=$(make_capture) || exit 1
	echo "   packets    $capture"
	echo "   exporter   softflowd -> UDP on 127.0.0.1 -> nfcapd"
	echo
	for row in '5 NetFlow_v5' '9 NetFlow_v9' '10 IPFIX'; do
		version=${row% *}
		collect "$work/v$version"
		export_file "$version" "$work/capture.pcap"
		collected
		flows=$work/v$version
		note=
		[ "$version" = 5 ] && note='(carries IPv4 only)'
		printf '   %-10s %6d flows, %d with both countries known %s\n' \
			"$(echo "${row#* }" | tr _ ' ')" "$(count any)" \
			"$(count 'src ctry > 0 and dst ctry > 0')" "$note"
	done
	questions
}

default_interface() {
	awk '$2 == "00000000" {print $1; exit}' /proc/net/route 2>/dev/null
}

demo_live() {
	interface=${1:-$(default_interface)}
	interface=${interface:-lo}
	seconds=${NFGEO_DEMO_SECONDS:-60}
	as=
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || die "watching $interface needs root"
		as=sudo
	fi
	title "softflowd watches $interface for $seconds seconds (use the network meanwhile)"
	collect "$work/live"
	flows=$work/live
	# -B: libpcap hands packets over when its buffer is full, so it is a small one. Told to shut down,
	# softflowd exports the flows that it still holds.
	$as timeout $((seconds + 20)) softflowd -d -i "$interface" -v 10 -A milli \
		-n "127.0.0.1:$port" -B 4096 -t maxlife=10 -t expint=2 -c "$work/softflowd.ctl" \
		-p "$work/softflowd.pid" >"$work/softflowd.log" 2>&1 &
	exporter=$!
	sleep "$seconds"
	$as softflowctl -c "$work/softflowd.ctl" shutdown >>"$work/softflowd.log" 2>&1
	wait $exporter # its status is 1 also after a shutdown that was asked for
	exporter=
	grep -q 'Shutting down' "$work/softflowd.log" ||
		{ cat "$work/softflowd.log" >&2; die "softflowd failed (above: what it said)"; }
	collected
	[ "$(count any)" -gt 0 ] || die "no flow seen on $interface: name another interface"
	questions
}

command -v softflowd >/dev/null || die "softflowd is missing: ./setup deps"
[ -x "$bin/nfcapd" ] || die "$bin/nfcapd is missing: ./setup build"
case ${1-} in
'') demo_file ;;
live) demo_live "${2-}" ;;
*) die "usage: demo/run.sh [live [INTERFACE]]" ;;
esac
