/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/hash.h"

#include <stdlib.h>

enum { FIRST_ENTRIES = 256 };

void hash_init(struct hash *hash, size_t key_bytes, size_t value_bytes)
{
	*hash = (struct hash){.key_bytes = key_bytes,
			      .entry_bytes = key_bytes + ((value_bytes + 7) & ~(size_t)7)};
}

void hash_fini(struct hash *hash)
{
	free(hash->entries);
	free(hash->slots);
	*hash = (struct hash){0};
}

/* Put a slot value where its hash says; the table is never full (see grow). */
static void place(uint64_t *slots, uint32_t mask, uint64_t slot)
{
	uint32_t at = (uint32_t)(slot >> 32) & mask;

	while (slots[at])
		at = (at + 1) & mask;
	slots[at] = slot;
}

/* Twice the entries, four slots for three entries at least. */
static bool grow(struct hash *hash)
{
	uint32_t capacity = hash->capacity ? hash->capacity * 2 : FIRST_ENTRIES;
	size_t slot_count = (size_t)capacity * 2;
	uint64_t *slots;
	uint8_t *entries;

	if (capacity >= 1u << 30)
		return false;
	entries = realloc(hash->entries, capacity * hash->entry_bytes);
	if (!entries)
		return false;
	hash->entries = entries;
	slots = calloc(slot_count, sizeof(*slots));
	if (!slots)
		return false;
	for (size_t i = 0; hash->slots && i <= hash->mask; i++)
		if (hash->slots[i])
			place(slots, (uint32_t)slot_count - 1, hash->slots[i]);
	free(hash->slots);
	hash->slots = slots;
	hash->mask = (uint32_t)slot_count - 1;
	hash->capacity = capacity;
	return true;
}

/* Keys are short multiples of 8 bytes: a call of memcmp() costs more. */
static inline bool same_key(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint64_t differ = 0, word_a, word_b;

	for (size_t at = 0; at < len; at += 8) {
		memcpy(&word_a, a + at, 8);
		memcpy(&word_b, b + at, 8);
		differ |= word_a ^ word_b;
	}
	return !differ;
}

void *hash_upsert(struct hash *hash, const void *key, uint64_t code, bool *fresh)
{
	uint64_t tag = code & 0xffffffff00000000ull;
	uint32_t at, number;
	uint8_t *entry;

	if (hash->count == hash->capacity && !grow(hash))
		return NULL;
	at = (uint32_t)(code >> 32) & hash->mask;
	for (; hash->slots[at]; at = (at + 1) & hash->mask) {
		if ((hash->slots[at] & 0xffffffff00000000ull) != tag)
			continue;
		number = (uint32_t)hash->slots[at] - 1;
		if (same_key(hash_key(hash, number), key, hash->key_bytes)) {
			*fresh = false;
			return hash_value(hash, number);
		}
	}
	number = hash->count++;
	hash->slots[at] = tag | (number + 1);
	entry = hash->entries + (size_t)number * hash->entry_bytes;
	memcpy(entry, key, hash->key_bytes);
	memset(entry + hash->key_bytes, 0, hash->entry_bytes - hash->key_bytes);
	*fresh = true;
	return entry + hash->key_bytes;
}
