/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "geo/build.h"
#include "geo/table_impl.h"

/* Without vectors: halve the first 15 (or 7) keys, then the last one. No branches either. */
static inline unsigned below4(const uint32_t *node, uint32_t address)
{
	unsigned below = (unsigned)(node[7] < address) << 3;

	below += (unsigned)(node[below + 3] < address) << 2;
	below += (unsigned)(node[below + 1] < address) << 1;
	below += node[below] < address;
	return below + (node[KEYS4 - 1] < address);
}

static inline unsigned below6(const uint64_t *node, uint64_t high)
{
	unsigned below = (unsigned)(node[3] < high) << 2;

	below += (unsigned)(node[below + 1] < high) << 1;
	below += node[below] < high;
	return below + (node[KEYS6 - 1] < high);
}

WALK_FUNCTIONS()

static bool usable(void)
{
	return true;
}

static const struct lookup_variant lookup_portable = {"portable", usable, group4,
						      one4,	  group6, one6};

const struct lookup_variant *const lookup_variants[] = {
#if defined(__x86_64__)
	&lookup_avx512,
	&lookup_avx2,
#endif
	&lookup_portable,
};
const size_t lookup_variant_count = sizeof(lookup_variants) / sizeof(*lookup_variants);

static const struct lookup_variant *best_variant(void)
{
	size_t i = 0;

	while (!lookup_variants[i]->usable())
		i++;
	return lookup_variants[i];
}

struct geo_table *table_alloc(void)
{
	static atomic_uint_least64_t last_serial;
	struct geo_table *table = calloc(1, sizeof(*table));

	if (table) {
		atomic_init(&table->references, 1);
		table->serial = atomic_fetch_add(&last_serial, 1) + 1;
		table->variant = best_variant();
	}
	return table;
}

struct geo_table *geo_table_ref(struct geo_table *table)
{
	if (table)
		atomic_fetch_add_explicit(&table->references, 1, memory_order_relaxed);
	return table;
}

void geo_table_unref(struct geo_table *table)
{
	if (!table || atomic_fetch_sub_explicit(&table->references, 1, memory_order_acq_rel) != 1)
		return;
	tree4_fini(&table->v4);
	tree6_fini(&table->v6);
	free(table);
}

uint64_t geo_table_serial(const struct geo_table *table)
{
	return table->serial;
}

const struct geo_provenance *geo_table_provenance(const struct geo_table *table)
{
	return table->provenance;
}

double geo_table_coverage4(const struct geo_table *table)
{
	return table->coverage4;
}

uint16_t geo_lookup4(const struct geo_table *table, uint32_t address)
{
	uint16_t code;

	table->variant->one4(&table->v4, &address, &code);
	return code;
}

/* The IPv4 address behind the first `bits` bits. */
static uint32_t embedded4(const uint64_t address[2], unsigned bits)
{
	number128 number = (number128)address[0] << 64 | address[1];

	return (uint32_t)(number >> (96 - bits));
}

/* Answer of a range, low half and alias resolved. */
static uint16_t resolve6(const struct geo_table *table, const uint64_t address[2], uint32_t range)
{
	uint16_t code = table->v6.code[range];

	if (code < CODE_SPECIAL)
		return code;
	if (code == CODE_LOW)
		code = tree6_low(&table->v6, range, address[1]);
	if (code >= CODE_ALIAS4)
		code = geo_lookup4(table, embedded4(address, code - CODE_ALIAS4));
	return code;
}

uint16_t geo_lookup6(const struct geo_table *table, uint64_t high, uint64_t low)
{
	const uint64_t address[1][2] = {{high, low}};
	uint32_t range;

	table->variant->one6(&table->v6, address, &range);
	return resolve6(table, address[0], range);
}

uint16_t geo_lookup(const struct geo_table *table, const struct address *address)
{
	if (address->family == AF_INET)
		return geo_lookup4(table, (uint32_t)address->low);
	return geo_lookup6(table, address->high, address->low);
}

void geo_lookup4_batch(const struct geo_table *table, const uint32_t *address, uint16_t *code,
		       size_t count)
{
	uint32_t rest[LOOKUP_GROUP] = {0};
	uint16_t rest_code[LOOKUP_GROUP];

	for (; count >= LOOKUP_GROUP; count -= LOOKUP_GROUP) {
		table->variant->group4(&table->v4, address, code);
		address += LOOKUP_GROUP;
		code += LOOKUP_GROUP;
	}
	if (count == 0)
		return;
	memcpy(rest, address, count * sizeof(*rest));
	table->variant->group4(&table->v4, rest, rest_code);
	memcpy(code, rest_code, count * sizeof(*code));
}

/* The last group may be shorter than LOOKUP_GROUP. */
static void lookup6_group(const struct geo_table *table, const uint64_t (*address)[2],
			  uint16_t *code, size_t count)
{
	uint32_t range[LOOKUP_GROUP];

	if (count == LOOKUP_GROUP) {
		table->variant->group6(&table->v6, address, range);
	} else {
		uint64_t rest[LOOKUP_GROUP][2] = {{0}};

		memcpy(rest, address, count * sizeof(*rest));
		table->variant->group6(&table->v6, rest, range);
	}
	for (size_t i = 0; i < count; i++)
		code[i] = resolve6(table, address[i], range[i]);
}

void geo_lookup6_batch(const struct geo_table *table, const uint64_t (*address)[2], uint16_t *code,
		       size_t count)
{
	for (size_t at = 0; at < count; at += LOOKUP_GROUP) {
		size_t left = count - at;

		lookup6_group(table, address + at, code + at,
			      left < LOOKUP_GROUP ? left : LOOKUP_GROUP);
	}
}
