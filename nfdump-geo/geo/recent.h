/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * recent.h - the answers to the addresses asked last.
 *
 * Traffic comes back to the same addresses: on a collector nine of ten lookups are for one that was
 * seen within the last second. Remembering those in a small direct-mapped array, which stays in the
 * second-level cache, costs a fifth of a search in the table, which does not. One thread only.
 */
#ifndef GEO_RECENT_H
#define GEO_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "geo/table.h"

enum { RECENT4_BITS = 15, RECENT6_BITS = 13 }; /* 256 KiB and 192 KiB */

struct recent4 {
	uint32_t address;
	uint16_t code, used;
};

struct recent6 {
	uint64_t high, low;
	uint16_t code, used;
};

struct geo_recent {
	uint64_t serial; /* of the table that gave the answers; 0 = none yet */
	struct recent4 ip4[1 << RECENT4_BITS];
	struct recent6 ip6[1 << RECENT6_BITS];
};

/** NULL when out of memory, which every user below takes for "remember nothing". */
struct geo_recent *geo_recent_new(void);
void geo_recent_free(struct geo_recent *recent);

/** Before a batch: forget everything if the answers came from another table. NULL is fine. */
void geo_recent_use(struct geo_recent *recent, const struct geo_table *table);

static inline struct recent4 *recent4_slot(struct geo_recent *recent, uint32_t address)
{
	return &recent->ip4[(uint32_t)(address * 2654435769u) >> (32 - RECENT4_BITS)];
}

static inline struct recent6 *recent6_slot(struct geo_recent *recent, uint64_t high, uint64_t low)
{
	uint64_t mixed = (high ^ (low << 32 | low >> 32)) * 0x9e3779b97f4a7c15u;

	return &recent->ip6[mixed >> (64 - RECENT6_BITS)];
}

static inline bool recent4_get(struct geo_recent *recent, uint32_t address, uint16_t *code)
{
	const struct recent4 *slot = recent4_slot(recent, address);

	*code = slot->code;
	return slot->address == address && slot->used;
}

static inline bool recent6_get(struct geo_recent *recent, uint64_t high, uint64_t low,
			       uint16_t *code)
{
	const struct recent6 *slot = recent6_slot(recent, high, low);

	*code = slot->code;
	return slot->high == high && slot->low == low && slot->used;
}

static inline void recent4_put(struct geo_recent *recent, uint32_t address, uint16_t code)
{
	*recent4_slot(recent, address) = (struct recent4){address, code, 1};
}

static inline void recent6_put(struct geo_recent *recent, uint64_t high, uint64_t low,
			       uint16_t code)
{
	*recent6_slot(recent, high, low) = (struct recent6){high, low, code, 1};
}

#endif
