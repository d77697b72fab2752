/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * merge.h - the selected flows of one country-clustered file, in the order in which they were
 * received, in bounded memory.
 *
 * A file is gone over as often as it takes: each time those flows are kept that come next, as many
 * as there is room for, and given away in order. The first pass notes of every block which times
 * its selected flows have, so that later ones read only the blocks that reach into their part.
 * Flows that were received at the same time come in the order of the file.
 */
#ifndef QUERY_MERGE_H
#define QUERY_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/record.h"
#include "nffile/reader.h"

enum { MERGE_BYTES = 40 << 20 /* of records, unless said otherwise */ };

struct merge;

/** @param bytes  for records; the books of them take a quarter more. NULL when out of memory */
struct merge *merge_new(size_t bytes);
void merge_free(struct merge *merge);

/** When a flow was received, or, where that is not known, when it was last seen. */
static inline uint64_t merge_time_ms(const struct record_view *view)
{
	uint64_t received = view_u64(view, ELEMENT_GENERIC, 16);

	return received ? received : view_last_ms(view);
}

/** A file begins. @param limit  more flows of it are not wanted; 0 = all */
void merge_begin(struct merge *merge, uint64_t limit);

/**
 * A block of the first pass: what is added from now on is of it.
 *
 * @param number  what merge_block_again() will give back
 * @return false when out of memory
 */
bool merge_block(struct merge *merge, const struct raw_block *raw, uint64_t number);

/**
 * A selected flow of this block. `view->geo` may be filled in.
 *
 * @param now  the countries that its addresses have today; NULL = not known
 * @param index  of the record in the block
 * @param number  what merge_next() will give back
 * @return false when out of memory
 */
bool merge_add(struct merge *merge, const struct record_view *view, const uint16_t now[2],
	       uint32_t index, uint64_t number);

struct merged_flow {
	const uint8_t *record; /* borrowed until the next merge call */
	size_t len;
	uint64_t number;
	const uint8_t *pair; /* countries that were filled in; NULL = what the record holds */
	const uint16_t *now; /* as given to merge_add() */
};

/** A pass ends: put what it brought into order, for merge_next(). */
void merge_sort(struct merge *merge);
bool merge_next(struct merge *merge, struct merged_flow *flow);

/** All of it was given away: prepare another pass. @return false when there is nothing left */
bool merge_again(struct merge *merge);

/** The next block of this pass, by its place. @return false at the end of the pass */
bool merge_block_again(struct merge *merge, uint64_t *offset, uint32_t *ordinal, uint64_t *number);

#endif
