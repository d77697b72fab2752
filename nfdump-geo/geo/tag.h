/* SPDX-License-Identifier: BSD-3-Clause */
/* tag.h - put source and destination country into records, a block (or part of one) at a time. */
#ifndef GEO_TAG_H
#define GEO_TAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/block.h"
#include "flow/record.h"
#include "geo/recent.h"
#include "geo/table.h"

/**
 * Collector: fill the blank geo tails of all flow records from byte `from` of the block to its
 * end. Records without a tail are left alone.
 *
 * @param record_count  records in that part
 * @param recent  answers remembered from call to call; NULL = none
 */
void tag_block(struct block *block, size_t from, uint32_t record_count,
	       const struct geo_table *table, struct geo_recent *recent);

/**
 * Collector of somebody else: fill the geo tails that hold GEOTAIL_BLANK, and no others, of the
 * records that the cursor has left.
 *
 * @param views  kept from call to call: the layouts of the records
 * @return number of records that got countries
 */
uint32_t tag_blanks(struct block_cursor *cursor, struct record_views *views,
		    const struct geo_table *table, struct geo_recent *recent);

/**
 * Query: the countries of records that carry none. pair[2*i] and pair[2*i+1] get source and
 * destination of the i-th record of the block; records that have a tail or no addresses get 0.
 *
 * @param pair  room for 2 * block->record_count codes
 * @return number of flow records that have addresses but no geo tail
 */
uint32_t tag_fill(const struct block *block, const struct geo_table *table, uint16_t *pair);

/** The same for all records, tagged or not: what the table says today. Without addresses: 0. */
void tag_now(const struct block *block, const struct geo_table *table, uint16_t *pair);

/**
 * Rewrite: copy a block with a geo tail on every flow record that has addresses. Records that are
 * tagged keep what they have unless `restamp`. Every other byte is kept.
 *
 * @param out  cleared and grown as needed
 * @param tagged_count  records that got new countries
 * @return NFGEO_OK, NFGEO_ENOMEM or NFGEO_ECORRUPT
 */
int tag_copy(const struct block *block, const struct geo_table *table, bool restamp,
	     struct block *out, uint64_t *tagged_count);

#endif
