/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hash.h - the aggregation table: fixed-size keys with fixed-size values beside them, found by a
 * 64-bit hash. It only grows; entries keep their order of arrival and never move, for they lie in
 * chunks: growing copies none of them, and nothing is reserved beyond a chunk.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { HASH_CHUNK_SHIFT = 8, HASH_CHUNK = 1 << HASH_CHUNK_SHIFT /* entries */ };

struct hash {
	uint8_t **chunk; /* owns; entries: key, then value, each padded to 8 bytes */
	uint64_t *slots; /* owns; upper half: bits of the hash, lower half: entry number + 1 */
	size_t key_bytes, entry_bytes;
	uint32_t count, chunk_count;
	uint32_t slot_count, mask; /* mask: slots - 1 */
};

/** An empty table; memory comes with the first entry. Keys must be a multiple of 8 bytes. */
void hash_init(struct hash *hash, size_t key_bytes, size_t value_bytes);
void hash_fini(struct hash *hash);

/**
 * The value that belongs to a key, made (zeroed) when it is not there.
 *
 * @param code   hash_bytes() of the key
 * @param fresh  set to whether it was made
 * @return the value, valid as long as the table; NULL when out of memory (or past 2^31 entries)
 */
void *hash_upsert(struct hash *hash, const void *key, uint64_t code, bool *fresh);

static inline uint8_t *hash_entry(const struct hash *hash, uint32_t number)
{
	return hash->chunk[number >> HASH_CHUNK_SHIFT] +
	       (number & (HASH_CHUNK - 1)) * hash->entry_bytes;
}

/** Ask for the memory that hash_upsert() with this code will look at first. */
static inline void hash_prefetch(const struct hash *hash, uint64_t code)
{
	if (hash->slots)
		__builtin_prefetch(&hash->slots[(uint32_t)(code >> 32) & hash->mask]);
}

/** .. and then, once that is there: the entry, wherever the search will end. */
static inline void hash_prefetch_entry(const struct hash *hash, uint64_t code)
{
	uint32_t at = (uint32_t)(code >> 32) & hash->mask;

	if (!hash->slots)
		return;
	while (hash->slots[at] && hash->slots[at] >> 32 != code >> 32)
		at = (at + 1) & hash->mask;
	if (hash->slots[at]) {
		const uint8_t *entry = hash_entry(hash, (uint32_t)hash->slots[at] - 1);

		__builtin_prefetch(entry, 1);
		if (hash->entry_bytes > 64)
			__builtin_prefetch(entry + 64, 1);
	}
}

static inline const void *hash_key(const struct hash *hash, uint32_t number)
{
	return hash_entry(hash, number);
}

static inline void *hash_value(const struct hash *hash, uint32_t number)
{
	return hash_entry(hash, number) + hash->key_bytes;
}

/* Multiply two words to 128 bits and fold them: every input bit reaches every output bit. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/** Hash of a key whose length is a multiple of 8. */
static inline uint64_t hash_bytes(const void *key, size_t len)
{
	uint64_t code = 0x9e3779b97f4a7c15ull ^ len, word;

	for (size_t at = 0; at < len; at += 8) {
		memcpy(&word, (const uint8_t *)key + at, 8);
		code = hash_mix(code ^ word, 0xd6e8feb86659fd93ull);
	}
	return hash_mix(code, 0xa0761d6478bd642full);
}

#endif
