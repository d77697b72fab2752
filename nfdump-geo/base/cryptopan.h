/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cryptopan.h - prefix-preserving anonymisation of addresses: Crypto-PAn (Xu, Fan, Ammar, Moon:
 * "Prefix-Preserving IP Address Anonymization", 2002) with AES-128.
 *
 * Two addresses that share their first k bits share exactly k bits afterwards. The mapping is one
 * to one and depends on the key alone, so files made with one key fit together.
 */
#ifndef BASE_CRYPTOPAN_H
#define BASE_CRYPTOPAN_H

#include <stdint.h>

#include <nettle/aes.h>

#include "base/error.h"

enum {
	CRYPTOPAN_KEY_BYTES = 32, /* AES key, then what the padding is made from */
	CRYPTOPAN_CACHE = 1 << 14,
};

struct cryptopan_cached {
	uint64_t high, low, new_high, new_low;
	uint8_t family;
};

struct cryptopan {
	struct aes128_ctx aes;
	uint8_t pad[16];
	struct cryptopan_cached *cache; /* owns; direct-mapped */
};

/** Key as stock nfanon takes it: 32 characters, or 0x and 64 hexadecimal digits.
 * @return NFGEO_OK or NFGEO_EINVAL */
int cryptopan_key(const char *text, uint8_t key[CRYPTOPAN_KEY_BYTES], struct error *error);

/** @return NFGEO_OK or NFGEO_ENOMEM */
int cryptopan_init(struct cryptopan *pan, const uint8_t key[CRYPTOPAN_KEY_BYTES]);
void cryptopan_fini(struct cryptopan *pan);

/** Host order. */
uint32_t cryptopan_ip4(struct cryptopan *pan, uint32_t address);

/** Host-order halves, changed in place. */
void cryptopan_ip6(struct cryptopan *pan, uint64_t *high, uint64_t *low);

#endif
