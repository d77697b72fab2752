/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/hash.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64, CHUNKS_STEP = 64 };

void hash_init(struct hash *hash, size_t key_bytes, size_t value_bytes)
{
	*hash = (struct hash){.key_bytes = key_bytes,
			      .entry_bytes = key_bytes + ((value_bytes + 7) & ~(size_t)7)};
}

void hash_fini(struct hash *hash)
{
	for (uint32_t i = 0; i < hash->chunk_count; i++)
		free(hash->chunk[i]);
	free(hash->chunk);
	free(hash->slots);
	*hash = (struct hash){0};
}

/* Put a slot value where its hash says; the table is never full (see make_room). */
static void place(uint64_t *slots, uint32_t mask, uint64_t slot)
{
	uint32_t at = (uint32_t)(slot >> 32) & mask;

	while (slots[at])
		at = (at + 1) & mask;
	slots[at] = slot;
}

static bool add_chunk(struct hash *hash)
{
	uint8_t **grown, *entries;

	if (hash->chunk_count % CHUNKS_STEP == 0) {
		grown = realloc(hash->chunk, (hash->chunk_count + CHUNKS_STEP) * sizeof(*grown));
		if (!grown)
			return false;
		hash->chunk = grown;
	}
	entries = aligned_alloc(64, HASH_CHUNK * hash->entry_bytes); /* on cache lines */
	if (!entries)
		return false;
	hash->chunk[hash->chunk_count++] = entries;
	return true;
}

/* Twice the slots. */
static bool add_slots(struct hash *hash)
{
	uint32_t count = hash->slot_count ? hash->slot_count * 2 : FIRST_SLOTS;
	uint64_t *slots;

	if (count > 1u << 31 || !(slots = calloc(count, sizeof(*slots))))
		return false;
	for (size_t i = 0; i < hash->slot_count; i++)
		if (hash->slots[i])
			place(slots, count - 1, hash->slots[i]);
	free(hash->slots);
	hash->slots = slots;
	hash->slot_count = count;
	hash->mask = count - 1;
	return true;
}

/* Room for one entry more, with four slots for three entries at least. */
static bool make_room(struct hash *hash)
{
	if (hash->count >= hash->slot_count / 4 * 3 && !add_slots(hash))
		return false;
	return hash->count < hash->chunk_count * HASH_CHUNK || add_chunk(hash);
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

	if (!make_room(hash))
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
	entry = hash_entry(hash, number);
	memcpy(entry, key, hash->key_bytes);
	memset(entry + hash->key_bytes, 0, hash->entry_bytes - hash->key_bytes);
	*fresh = true;
	return entry + hash->key_bytes;
}
