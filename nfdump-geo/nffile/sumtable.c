/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/sumtable.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN_SHIFT = 12, SUMS_MIN = 256 };

const struct sum_kinds sum_kinds[256] = {
	[0] = {SUM_OTHER, 0},
	[1] = {SUM_ICMP, 0},
	[2 ... 5] = {SUM_OTHER, 0},
	[6] = {SUM_TCP, SUM_HTTPS | SUM_DNS | SUM_SYN_ONLY},
	[7 ... 16] = {SUM_OTHER, 0},
	[17] = {SUM_UDP, SUM_DNS},
	[18 ... 57] = {SUM_OTHER, 0},
	[58] = {SUM_ICMP, 0},
	[59 ... 255] = {SUM_OTHER, 0},
};

const uint8_t sum_zeros[48];

/* An empty table with 2^(32 - shift) slots. */
static bool set_slots(struct sum_table *table, uint32_t shift)
{
	uint32_t count = 1u << (32 - shift);
	uint32_t *slot = calloc(count, sizeof(*slot));

	if (!slot)
		return false;
	free(table->slot);
	table->slot = slot;
	table->mask = count - 1;
	table->shift = shift;
	return true;
}

bool sum_table_init(struct sum_table *table)
{
	*table = (struct sum_table){.capacity = SUMS_MIN};
	table->sum = aligned_alloc(64, SUMS_MIN * sizeof(*table->sum));
	return table->sum && set_slots(table, 32 - SLOTS_MIN_SHIFT);
}

void sum_table_fini(struct sum_table *table)
{
	free(table->sum);
	free(table->slot);
	*table = (struct sum_table){0};
}

/* A sum lies behind its first slot with no free one between: what is freed to the right of any first
 * slot holds nothing that another one would still have to be found by. */
static void free_slots(struct sum_table *table)
{
	for (uint32_t i = 0; i < table->count; i++) {
		uint32_t at = table->sum[i].key * 0x9e3779b1u >> table->shift;

		for (; table->slot[at]; at = (at + 1) & table->mask)
			table->slot[at] = 0;
	}
}

void sum_table_clear(struct sum_table *table)
{
	if (table->count < table->mask / 16)
		free_slots(table);
	else
		memset(table->slot, 0, ((size_t)table->mask + 1) * sizeof(*table->slot));
	table->count = 0;
}

static void place(struct sum_table *table, uint32_t number)
{
	uint32_t at = table->sum[number].key * 0x9e3779b1u >> table->shift;

	while (table->slot[at])
		at = (at + 1) & table->mask;
	table->slot[at] = number + 1;
}

/* Room for another one: at most half of the slots are taken. */
static bool grow(struct sum_table *table)
{
	struct flow_sum *sum;

	if (table->count > table->mask / 2) {
		if (!set_slots(table, table->shift - 1))
			return false;
		for (uint32_t i = 0; i < table->count; i++)
			place(table, i);
	}
	if (table->count < table->capacity)
		return true;
	sum = aligned_alloc(64, 2 * (size_t)table->capacity * sizeof(*sum));
	if (!sum)
		return false;
	memcpy(sum, table->sum, table->count * sizeof(*sum));
	free(table->sum);
	table->sum = sum;
	table->capacity *= 2;
	return true;
}

struct flow_sum *sum_table_add(struct sum_table *table, uint32_t key, uint32_t slot)
{
	struct flow_sum *sum;

	if (table->count > table->mask / 2 || table->count == table->capacity) {
		if (!grow(table)) {
			table->failed = true;
			return &table->lost;
		}
		slot = key * 0x9e3779b1u >> table->shift;
		while (table->slot[slot])
			slot = (slot + 1) & table->mask;
	}
	sum = &table->sum[table->count++];
	*sum = (struct flow_sum){.key = key, .sum = {.first_ms = UINT64_MAX}};
	table->slot[slot] = table->count;
	return sum;
}

static int by_key(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return (a > b) - (a < b);
}

/* The sums are large: their keys are sorted, with their numbers below them. */
void sum_table_sort(struct sum_table *table)
{
	uint64_t *order = malloc((table->count + 1) * sizeof(*order));
	struct flow_sum *sum = aligned_alloc(64, (size_t)table->capacity * sizeof(*sum));

	if (!order || !sum) {
		table->failed = true;
		free(sum);
		free(order);
		return;
	}
	for (uint32_t i = 0; i < table->count; i++)
		order[i] = (uint64_t)table->sum[i].key << 32 | i;
	qsort(order, table->count, sizeof(*order), by_key);
	for (uint32_t i = 0; i < table->count; i++)
		sum[i] = table->sum[(uint32_t)order[i]];
	free(order);
	free(table->sum);
	table->sum = sum;
}

struct cube_sum flow_sum_cube(const struct flow_sum *sum)
{
	uint32_t kind = sum->key & SUM_KIND_MASK;
	bool syn_only = kind < SUM_UDP && kind & SUM_SYN_ONLY;

	return (struct cube_sum){sum->records, syn_only ? sum->sum.flows : 0, sum->sum};
}

static enum cube_class class_of(uint32_t kind)
{
	if (kind < SUM_UDP)
		return CUBE_TCP;
	if (kind < SUM_ICMP)
		return CUBE_UDP;
	return kind == SUM_ICMP ? CUBE_ICMP : CUBE_OTHER;
}

void flow_sum_classes(const struct flow_sum *sum, struct cube_sum class[CUBE_CLASSES])
{
	uint32_t kind = sum->key & SUM_KIND_MASK;
	struct cube_sum cube = flow_sum_cube(sum);

	cube_sum_merge(&class[class_of(kind)], &cube);
	if (kind < SUM_UDP && kind & SUM_HTTPS)
		cube_sum_merge(&class[CUBE_HTTPS], &cube);
	if (kind < SUM_ICMP && kind & SUM_DNS)
		cube_sum_merge(&class[CUBE_DNS], &cube);
}

struct geo_count flow_sum_count(const struct flow_sum *sum, bool query)
{
	uint32_t kind = sum->key & SUM_KIND_MASK;
	struct geo_count count = {
		.flows = query ? sum->sum.flows : sum->records,
		.packets = sum->sum.in_packets + sum->sum.out_packets,
		.bytes = sum->sum.in_bytes + sum->sum.out_bytes,
	};

	if (kind == SUM_BARE) /* not in the stat record either */
		return (struct geo_count){0};
	if (kind < SUM_UDP && kind & SUM_SYN_ONLY)
		count.syn_only = count.flows;
	return count;
}
