/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sumtable.h - sums of flows by country and kind, made record by record while blocks are written.
 *
 * Collectors add every record here, so all that the geo blocks say is counted by one look-up: the
 * kinds are disjoint and fine enough that sets, totals, cube and pairs follow from them at the end
 * of a block or file, both as a collector counts (a record is one flow) and as a query does.
 */
#ifndef NFFILE_SUMTABLE_H
#define NFFILE_SUMTABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "nffile/geocube.h"
#include "nffile/geosum.h"

/* What a flow is: the lowest bits of a key. TCP has one kind for each combination of bits. */
enum sum_kind {
	SUM_HTTPS = 1, /* bits of TCP; of UDP only SUM_DNS */
	SUM_DNS = 2,
	SUM_SYN_ONLY = 4,
	SUM_TCP = 0,
	SUM_UDP = 8,
	SUM_ICMP = 12,
	SUM_OTHER = 13,
	SUM_BARE = 14, /* no generic element: no protocol, no time, not in a stat record */
	SUM_KIND_MASK = 15,
};

/* A key is src << 14 | dst << 4 | kind, or this bit and the kind for flows without countries. */
enum { SUM_DST_SHIFT = 4, SUM_SRC_SHIFT = 14, SUM_UNTAGGED = 1 << 24, SUM_CODE_MASK = 1023 };

struct flow_sum { /* one cache line */
	uint32_t key, records;
	struct counters sum;
};

struct sum_table {
	struct flow_sum *sum; /* owns; in order of arrival */
	uint32_t *slot;	      /* owns; number of the sum + 1; 0 = free */
	uint32_t count, capacity;
	uint32_t mask, shift; /* of the slots */
	struct flow_sum lost; /* takes what there is no memory for .. */
	bool failed;	      /* .. and then this is true */
};

/** An empty table. @return false when out of memory */
bool sum_table_init(struct sum_table *table);
void sum_table_fini(struct sum_table *table);
void sum_table_clear(struct sum_table *table);

/** By ascending keys. Afterwards nothing can be found or added until sum_table_clear(). */
void sum_table_sort(struct sum_table *table);

/** Part of sum_table_at(): a new sum, to be found at `slot`. */
struct flow_sum *sum_table_add(struct sum_table *table, uint32_t key, uint32_t slot);

/** The sum of a key, an empty one if there was none. Valid until the next call. */
static inline struct flow_sum *sum_table_at(struct sum_table *table, uint32_t key)
{
	uint32_t at = key * 0x9e3779b1u >> table->shift, number;

	while ((number = table->slot[at]) != 0) {
		if (table->sum[number - 1].key == key)
			return &table->sum[number - 1];
		at = (at + 1) & table->mask;
	}
	return sum_table_add(table, key, at);
}

/** Ask for the memory that sum_table_at() will look at. */
static inline void sum_table_prefetch(const struct sum_table *table, uint32_t key)
{
	uint32_t number = table->slot[key * 0x9e3779b1u >> table->shift];

	if (number)
		__builtin_prefetch(&table->sum[number - 1]);
}

static inline void flow_sum_merge(struct flow_sum *to, const struct flow_sum *from)
{
	to->records += from->records;
	counters_merge(&to->sum, &from->sum);
}

struct sum_kinds { /* by protocol */
	uint8_t kind, bits;
};
extern const struct sum_kinds sum_kinds[256];

/** @param generic  payload of the generic element */
static inline uint32_t sum_kind(const uint8_t *generic)
{
	struct sum_kinds of = sum_kinds[generic[44]];
	uint32_t ports = bytes_get32(generic + 40), bits;

	/* No branch that depends on the traffic. */
	bits = ((ports & 0xffff) == 443) | (ports >> 16 == 443);
	bits |= (uint32_t)(((ports & 0xffff) == 53) | (ports >> 16 == 53)) << 1;
	bits |= (uint32_t)((generic[45] & 0x3f) == 0x02) << 2;
	return of.kind | (bits & of.bits);
}

/** Key of a flow; a code beyond the table cannot be: it counts as unknown rather than be lost. */
static inline uint32_t sum_key(const struct record_view *view, uint32_t kind)
{
	uint32_t src, dst;

	if (!view->geo)
		return SUM_UNTAGGED | kind;
	src = bytes_get16(view->geo);
	dst = bytes_get16(view->geo + 2);
	src = src < COUNTRY_CODES ? src : COUNTRY_UNKNOWN;
	dst = dst < COUNTRY_CODES ? dst : COUNTRY_UNKNOWN;
	return src << SUM_SRC_SHIFT | dst << SUM_DST_SHIFT | kind;
}

extern const uint8_t sum_zeros[48];

/** Add a flow record: counters_of() it, with each element looked for once. */
static inline void sum_table_record(struct sum_table *table, const struct record_view *view)
{
	bool bare = !view_has(view, ELEMENT_GENERIC);
	const uint8_t *generic = bare ? sum_zeros : view_payload(view, ELEMENT_GENERIC);
	const uint8_t *counters = view_has(view, ELEMENT_COUNTERS)
					  ? view_payload(view, ELEMENT_COUNTERS)
					  : sum_zeros;
	uint64_t first = bytes_get64(generic), last = bytes_get64(generic + 8);
	uint64_t flows = bytes_get64(counters);
	struct flow_sum *at =
		sum_table_at(table, sum_key(view, bare ? SUM_BARE : sum_kind(generic)));

	at->records++;
	at->sum.first_ms = first < at->sum.first_ms ? first : at->sum.first_ms;
	at->sum.last_ms = last > at->sum.last_ms ? last : at->sum.last_ms;
	at->sum.flows += flows ? flows : 1;
	at->sum.in_packets += bytes_get64(generic + 24);
	at->sum.in_bytes += bytes_get64(generic + 32);
	at->sum.out_packets += bytes_get64(counters + 8);
	at->sum.out_bytes += bytes_get64(counters + 16);
}

/** Add a sum to those of the protocol classes that it belongs to. */
void flow_sum_classes(const struct flow_sum *sum, struct cube_sum class[CUBE_CLASSES]);

/** As one sum. */
struct cube_sum flow_sum_cube(const struct flow_sum *sum);

/** As a file's totals count: as a query does, or each record as one flow. */
struct geo_count flow_sum_count(const struct flow_sum *sum, bool query);

#endif
