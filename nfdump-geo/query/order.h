/* SPDX-License-Identifier: BSD-3-Clause */
/* order.h - the names behind -O and -s .../order, and what each sorts by. */
#ifndef QUERY_ORDER_H
#define QUERY_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "output/stat.h"

/* What a group of flows adds up to. */
struct counters {
	uint64_t first_ms, last_ms;
	uint64_t flows, in_packets, in_bytes, out_packets, out_bytes;
};

static inline void counters_merge(struct counters *sum, const struct counters *other)
{
	if (other->first_ms < sum->first_ms)
		sum->first_ms = other->first_ms;
	if (other->last_ms > sum->last_ms)
		sum->last_ms = other->last_ms;
	sum->flows += other->flows;
	sum->in_packets += other->in_packets;
	sum->in_bytes += other->in_bytes;
	sum->out_packets += other->out_packets;
	sum->out_bytes += other->out_bytes;
}

struct order {
	const char *name, *other_name; /* nfdump 1.7.1's, the newer one's */
	uint64_t (*value)(const struct counters *counters); /* NULL: of statistics only, distinct.h */
	enum stat_direction direction;
	bool for_stat;	/* may be asked for with -s */
	bool ascending; /* unless said otherwise */
};

enum { ORDER_COUNT = 22, ORDER_DISTINCT = 19 /* first of the orders by enum stat_distinct */ };
extern const struct order order_table[ORDER_COUNT];

/** "bytes", "bytes:a", .. @param number  index into order_table; @return NFGEO_OK or NFGEO_EINVAL */
int order_parse(const char *text, size_t len, unsigned *number, bool *ascending);

/* Something to be sorted: larger values first, and equal ones in order of appearance. */
struct ranked {
	uint64_t value; /* inverted by rank_value() when ascending */
	uint64_t order; /* of appearance */
	const void *key, *group; /* borrowed */
};

static inline uint64_t rank_value(uint64_t value, bool ascending)
{
	return ascending ? ~value : value;
}

/** Sort, or with top > 0 only bring the `top` first ones to the front, sorted. @return how many
 * are in place */
size_t rank_sort(struct ranked *ranked, size_t count, size_t top);

#endif
