/* SPDX-License-Identifier: BSD-3-Clause */
/* order.h - the names behind -O and -s .../order, and what each sorts by. */
#ifndef QUERY_ORDER_H
#define QUERY_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "output/stat.h"
#include "flow/counters.h"

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

/* Something to be sorted: larger values first, and equal ones by `order`. */
struct ranked {
	uint64_t value; /* inverted by rank_value() when ascending */
	uint64_t order; /* of appearance, or what else tells equal values apart */
	const void *key, *group; /* borrowed */
};

static inline uint64_t rank_value(uint64_t value, bool ascending)
{
	return ascending ? ~value : value;
}

/* Things to be sorted, as they come: of very many only the `top` first are kept. */
struct ranking {
	struct ranked *item; /* owns */
	size_t count, capacity;
	size_t top; /* 0 = all */
};

/** @param most  how many ranking_add() will bring at most. @return false when out of memory */
bool ranking_init(struct ranking *ranking, size_t most, size_t top);
void ranking_fini(struct ranking *ranking);
void ranking_add(struct ranking *ranking, const struct ranked *item);
void ranking_sort(struct ranking *ranking);

#endif
