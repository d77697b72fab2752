/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * moved.h - flows whose stored countries are not those that a database has today, counted by (side,
 * stored country, today's country).
 */
#ifndef QUERY_MOVED_H
#define QUERY_MOVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "flow/record.h"

struct moved_count {
	uint64_t flows, packets, bytes; /* in plus out */
};

struct moved {
	struct moved_count all;	     /* flows that were compared */
	struct moved_count changed;  /* of them, on one side or both */
	struct moved_count untagged; /* flows without stored countries: nothing to compare */
	struct hash pair;
	bool failed; /* out of memory: pairs are missing */
};

void moved_init(struct moved *moved);
void moved_fini(struct moved *moved);

/** @param now  source and destination country of today. @return whether a side differs */
bool moved_add(struct moved *moved, const struct record_view *view, const uint16_t *now);
void moved_merge(struct moved *to, const struct moved *from);

struct moved_row {
	uint16_t stored, now;
	bool dst; /* the destination moved */
	struct moved_count count;
};

/** All that moved, most flows first. @return a new array, owned by the caller; NULL: no memory */
struct moved_row *moved_rows(const struct moved *moved, size_t *count);

#endif
