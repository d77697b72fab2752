/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * distinct.h - how many different hosts, AS numbers and destination ports stand behind each value
 * of a statistic (`-s srcctry/hosts`). Counts are exact: every pair of value and member is kept.
 */
#ifndef QUERY_DISTINCT_H
#define QUERY_DISTINCT_H

#include "base/hash.h"
#include "flow/record.h"
#include "output/stat.h"

/* Whose hosts and AS numbers: those of the side that the statistic looks at, or of both. */
enum distinct_side { DISTINCT_SRC = 1, DISTINCT_DST = 2, DISTINCT_BOTH = 3 };

struct distinct {
	struct hash seen;   /* value of the statistic and member */
	struct hash counts; /* by value: a u64 per enum stat_distinct */
};

/** @return NULL when out of memory */
struct distinct *distinct_new(void);
void distinct_free(struct distinct *distinct);

/** @return false when out of memory */
bool distinct_flow(struct distinct *distinct, const struct stat_value *value,
		   const struct record_view *view, enum distinct_side side);

/** Add what another worker has seen. @return false when out of memory */
bool distinct_merge(struct distinct *into, const struct distinct *from);

/** @param counts  set */
void distinct_counts(struct distinct *distinct, const struct stat_value *value,
		     uint64_t counts[STAT_DISTINCT_COUNT]);

#endif
