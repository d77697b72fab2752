/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cubesection.h - the sections of sums as a query counts, as bytes and back: cube (4), pairs (5)
 * and totals of the blocks (8); doc/file-format.md "Geo blocks". All decoders bound everything by
 * the section's length and take no section that contradicts itself.
 */
#ifndef NFFILE_CUBESECTION_H
#define NFFILE_CUBESECTION_H

#include "nffile/geocube.h"
#include "nffile/geosection.h"
#include "nffile/sumtable.h"

/** What a cube section says before its rows. */
struct cube_head {
	struct cube_sum untagged; /* all flows without stored countries */
	uint64_t records;	  /* of those with */
};

/** @param cells  sorted; keys are side << 14 | code << 4 | kind, side 0 source, 1 destination
 * @param untagged  sum of what is in no cell */
void geo_put_cube(struct geo_stream *stream, const struct sum_table *cells,
		  const struct cube_sum *untagged);

/** @param cube  gets the rows added, of a bad section those before the bad one; NULL: only check
 * @return NFGEO_OK or NFGEO_ECORRUPT */
int geo_get_cube(const uint8_t *bytes, size_t len, struct cube_head *head,
		 struct country_cube *cube);

enum { PAIR_ROWS_MAX = 1 << 17 }; /* all pairs of 360 codes; a section has no more */

/** @param pairs  sorted; keys as in sumtable.h, none untagged
 * @param limit  bytes that the section may have; false when it would have more, or too many rows,
 *               and nothing was added */
bool geo_put_pairs(struct geo_stream *stream, const struct sum_table *pairs, size_t limit);

/** @param row  new array, owned by the caller; NULL on error
 * @param records  of all rows */
int geo_get_pairs(const uint8_t *bytes, size_t len, struct pair_row **row, uint32_t *count,
		  uint64_t *records);

/** The rows of one block, as they will be in a section 8.
 * @param block  sorted; keys as in sumtable.h */
void geo_put_block_rows(struct geo_stream *stream, const struct sum_table *block,
			const struct geo_entry *entry);

/** @param list   the blocks' rows, from geo_put_block_rows()
 * @param place   where they are in it; len 0: unknown */
void geo_put_block_totals(struct geo_stream *stream, const struct geo_stream *list,
			  const struct geo_section_place *place, uint32_t count);

/** @param entry  of the index, as many as `count`; their flow records must be those of the rows
 * @param totals  new array of as many, and of their rows; owned by the caller, NULL on error */
int geo_get_block_totals(const uint8_t *bytes, size_t len, const struct geo_entry *entry,
			 uint32_t count, struct block_totals **totals, struct pair_sum **rows);

#endif
