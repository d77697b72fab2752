/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/wire.h"
#include "include/nfgeo.h"

int address_parse(const char *text, struct address *address)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1)
		*address = address_ip4(wire_get32(bytes));
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		*address = address_ip6(wire_get64(bytes), wire_get64(bytes + 8));
	else
		return NFGEO_EINVAL;
	return NFGEO_OK;
}

static int parse_bits(const char *text, unsigned limit, uint8_t *bits)
{
	unsigned value = 0;

	if (!*text || strlen(text) > 3)
		return NFGEO_EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return NFGEO_EINVAL;
		value = value * 10 + (unsigned)(*text - '0');
	}
	if (value > limit)
		return NFGEO_EINVAL;
	*bits = (uint8_t)value;
	return NFGEO_OK;
}

int prefix_parse(const char *text, struct prefix *prefix)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char copy[ADDRESS_TEXT];
	unsigned limit;

	if (len >= sizeof(copy))
		return NFGEO_EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (address_parse(copy, &prefix->address) != NFGEO_OK)
		return NFGEO_EINVAL;
	limit = prefix->address.family == AF_INET ? 32 : 128;
	prefix->bits = (uint8_t)limit;
	if (slash && parse_bits(slash + 1, limit, &prefix->bits) != NFGEO_OK)
		return NFGEO_EINVAL;
	prefix->address = address_mask(prefix->address, prefix->bits);
	return NFGEO_OK;
}

static size_t put_decimal(char *at, unsigned value)
{
	size_t len = value >= 100 ? 3 : value >= 10 ? 2 : 1;

	for (size_t i = len; i > 0; i--, value /= 10)
		at[i - 1] = (char)('0' + value % 10);
	return len;
}

static size_t print_ip4(uint32_t number, char *text)
{
	size_t used = 0;

	for (int shift = 24; shift >= 0; shift -= 8) {
		used += put_decimal(text + used, number >> shift & 0xff);
		text[used++] = shift ? '.' : '\0';
	}
	return used - 1;
}

size_t address_print(const struct address *address, char *text)
{
	uint8_t bytes[16];
	uint64_t high = __builtin_bswap64(address->high), low = __builtin_bswap64(address->low);

	if (address->family != AF_INET6)
		return print_ip4((uint32_t)address->low, text);
	memcpy(bytes, &high, 8);
	memcpy(bytes + 8, &low, 8);
	inet_ntop(AF_INET6, bytes, text, ADDRESS_TEXT);
	return strlen(text);
}

size_t prefix_print(const struct prefix *prefix, char *text)
{
	size_t used = address_print(&prefix->address, text);

	return used + (size_t)snprintf(text + used, PREFIX_TEXT - used, "/%u", prefix->bits);
}

struct address address_mask(struct address address, unsigned bits)
{
	if (address.family == AF_INET) {
		address.low &= bits ? 0xffffffffu << (32 - bits) & 0xffffffffu : 0;
	} else if (bits <= 64) {
		address.high &= bits ? ~0ull << (64 - bits) : 0;
		address.low = 0;
	} else {
		address.low &= ~0ull << (128 - bits);
	}
	return address;
}

bool prefix_contains(const struct prefix *prefix, const struct address *address)
{
	struct address masked;

	if (prefix->address.family != address->family)
		return false;
	masked = address_mask(*address, prefix->bits);
	return masked.high == prefix->address.high && masked.low == prefix->address.low;
}

int address_compare(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	return a->low < b->low ? -1 : a->low > b->low;
}

struct address address_from_sockaddr(const struct sockaddr *sockaddr)
{
	uint8_t bytes[16];

	if (sockaddr->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sockaddr, sizeof(in));
		return address_ip4(ntohl(in.sin_addr.s_addr));
	}
	if (sockaddr->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sockaddr, sizeof(in6));
		memcpy(bytes, &in6.sin6_addr, 16);
		if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
			return address_ip4(wire_get32(bytes + 12));
		return address_ip6(wire_get64(bytes), wire_get64(bytes + 8));
	}
	return (struct address){0};
}
