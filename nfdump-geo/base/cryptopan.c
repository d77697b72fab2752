/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bit i of the result is bit i of the address, flipped or not by one bit of AES over the first i
 * bits of the address filled up with the padding. All blocks of an address go through AES in one
 * call; addresses repeat much in flows, so results are kept in a small table.
 */
#include "base/cryptopan.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "include/nfgeo.h"

enum { BLOCK = AES_BLOCK_SIZE, BITS_MAX = 128 };

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";

	return isxdigit((unsigned char)c) ? (int)(strchr(digits, c | 0x20) - digits) : -1;
}

int cryptopan_key(const char *text, uint8_t key[CRYPTOPAN_KEY_BYTES], struct error *error)
{
	size_t len = strlen(text);

	if (len == CRYPTOPAN_KEY_BYTES) {
		memcpy(key, text, CRYPTOPAN_KEY_BYTES);
		return NFGEO_OK;
	}
	if (len != 2 + 2 * CRYPTOPAN_KEY_BYTES || strncmp(text, "0x", 2) != 0)
		return error_set(error, NFGEO_EINVAL, "a key has 32 characters, or 0x and 64 "
				 "hexadecimal digits; this one has %zu characters", len);
	for (unsigned i = 0; i < CRYPTOPAN_KEY_BYTES; i++) {
		int high = hex_digit(text[2 + 2 * i]), low = hex_digit(text[3 + 2 * i]);

		if (high < 0 || low < 0)
			return error_set(error, NFGEO_EINVAL, "the key has no hexadecimal digit at "
					 "place %u", 2 * i + (high < 0 ? 3 : 4));
		key[i] = (uint8_t)(high << 4 | low);
	}
	return NFGEO_OK;
}

int cryptopan_init(struct cryptopan *pan, const uint8_t key[CRYPTOPAN_KEY_BYTES])
{
	aes128_set_encrypt_key(&pan->aes, key);
	aes128_encrypt(&pan->aes, BLOCK, pan->pad, key + BLOCK);
	pan->cache = calloc(CRYPTOPAN_CACHE, sizeof(*pan->cache));
	return pan->cache ? NFGEO_OK : NFGEO_ENOMEM;
}

void cryptopan_fini(struct cryptopan *pan)
{
	free(pan->cache);
	explicit_bzero(pan, sizeof(*pan));
}

/* An address of that many bits, in network order, changed in place. */
static void anonymise(const struct cryptopan *pan, uint8_t *address, unsigned bits)
{
	uint8_t blocks[BITS_MAX * BLOCK];

	for (unsigned i = 0; i < bits; i++) {
		uint8_t *block = blocks + i * BLOCK;
		unsigned mask = 0xff00u >> i % 8; /* the bits of byte i / 8 that are given */

		memcpy(block, pan->pad, BLOCK);
		memcpy(block, address, i / 8);
		block[i / 8] = (uint8_t)((address[i / 8] & mask) | (pan->pad[i / 8] & ~mask));
	}
	aes128_encrypt(&pan->aes, bits * BLOCK, blocks, blocks);
	for (unsigned i = 0; i < bits; i++)
		address[i / 8] ^= (uint8_t)((blocks[i * BLOCK] >> 7) << (7 - i % 8));
}

static struct cryptopan_cached *cached(const struct cryptopan *pan, uint8_t family, uint64_t high,
				       uint64_t low, bool *found)
{
	uint64_t hash = (high * 0x9e3779b97f4a7c15 ^ low) * 0xff51afd7ed558ccd;
	struct cryptopan_cached *entry = &pan->cache[hash >> 40 & (CRYPTOPAN_CACHE - 1)];

	*found = entry->family == family && entry->high == high && entry->low == low;
	if (!*found)
		*entry = (struct cryptopan_cached){.high = high, .low = low, .family = family};
	return entry;
}

uint32_t cryptopan_ip4(struct cryptopan *pan, uint32_t address)
{
	bool found;
	struct cryptopan_cached *entry = cached(pan, 4, 0, address, &found);

	if (!found) {
		uint32_t wire = __builtin_bswap32(address);

		anonymise(pan, (uint8_t *)&wire, 32);
		entry->new_low = __builtin_bswap32(wire);
	}
	return (uint32_t)entry->new_low;
}

void cryptopan_ip6(struct cryptopan *pan, uint64_t *high, uint64_t *low)
{
	bool found;
	struct cryptopan_cached *entry = cached(pan, 6, *high, *low, &found);

	if (!found) {
		uint64_t wire[2] = {__builtin_bswap64(*high), __builtin_bswap64(*low)};

		anonymise(pan, (uint8_t *)wire, 128);
		entry->new_high = __builtin_bswap64(wire[0]);
		entry->new_low = __builtin_bswap64(wire[1]);
	}
	*high = entry->new_high;
	*low = entry->new_low;
}
