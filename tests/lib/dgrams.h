/* SPDX-License-Identifier: BSD-3-Clause */
/* dgrams.h - the UDP payloads in a file, whatever kind of file it is. For tests only. */
#ifndef TESTS_LIB_DGRAMS_H
#define TESTS_LIB_DGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void dgram_function(const uint8_t *bytes, size_t len, void *arg);

/**
 * Call `each` for every datagram of a file, in order. The kind is told by the name: .dgrams (u16
 * big-endian length, payload), .pcap .pcapng .cap (UDP over IPv4 or IPv6 in Ethernet, raw IP or
 * Linux cooked frames), .ipfix (messages back to back), anything else is one datagram. All of
 * these may have .gz behind.
 *
 * @param split  a raw file holds several v5 or IPFIX datagrams run together
 * @return number of datagrams, or -1 with a line on standard error
 */
long dgrams_each(const char *path, bool split, dgram_function *each, void *arg);

#endif
