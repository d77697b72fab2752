/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * address.h - parse, print and mask IPv4/IPv6 addresses and prefixes.
 *
 * An address is held as the file holds it: two 64-bit numbers in host order, high half first. An
 * IPv4 address is the number itself in `low` with `high` 0; the family tells the two apart.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct address {
	uint64_t high, low;
	uint8_t family; /* AF_INET or AF_INET6; 0 = none */
};

struct prefix {
	struct address address; /* host bits are zero */
	uint8_t bits;		/* 0..32 or 0..128 */
};

enum { ADDRESS_TEXT = 46, PREFIX_TEXT = 50 }; /* buffer sizes, NUL included */

/** Parse a complete address of either family. No prefix, no zone. @return NFGEO_OK or NFGEO_EINVAL */
int address_parse(const char *text, struct address *address);

/** Parse ADDRESS or ADDRESS/BITS; host bits are cleared. @return NFGEO_OK or NFGEO_EINVAL */
int prefix_parse(const char *text, struct prefix *prefix);

/** Print in canonical form (RFC 5952); always fits ADDRESS_TEXT. @return length of the text */
size_t address_print(const struct address *address, char *text);

/** Print as ADDRESS/BITS; always fits PREFIX_TEXT. */
size_t prefix_print(const struct prefix *prefix, char *text);

/** Clear all but the first `bits` bits. */
struct address address_mask(struct address address, unsigned bits);

bool prefix_contains(const struct prefix *prefix, const struct address *address);

/** Order by family, then number. @return <0, 0, >0 */
int address_compare(const struct address *a, const struct address *b);

struct address address_from_sockaddr(const struct sockaddr *sockaddr);

static inline struct address address_ip4(uint32_t number)
{
	return (struct address){0, number, AF_INET};
}

static inline struct address address_ip6(uint64_t high, uint64_t low)
{
	return (struct address){high, low, AF_INET6};
}

#endif
