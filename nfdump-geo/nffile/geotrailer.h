/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * geotrailer.h - collect what a file's geo blocks will say, and make their streams at its end.
 *
 * For each block: geo_trailer_entry(), geo_trailer_add() for each flow record, and
 * geo_trailer_block() when entry->stored_bytes is known.
 */
#ifndef NFFILE_GEOTRAILER_H
#define NFFILE_GEOTRAILER_H

#include <stdint.h>

#include "nffile/cubesection.h"
#include "nffile/geosection.h"
#include "nffile/host_sketches.h"
#include "nffile/sumtable.h"

struct geo_trailer {
	bool query;	       /* totals count as a query does: flow counters, not records */
	bool no_pairs;	       /* no section of pairs, whatever it costs */
	struct host_sketches *sketches; /* of the file; owns; NULL = not wanted */
	uint64_t flow_records; /* so far */
	uint64_t unknown;      /* flows of unknown source, and of unknown destination, so far */
	uint64_t stored_bytes; /* of the blocks so far */
	struct geo_entry *entry; /* owns */
	struct country_sets sets; /* of the entries */
	struct geo_sides sides;	  /* of the block */
	struct geo_section_place *rows;	 /* owns; of each entry, in row_bytes */
	uint32_t entry_count, entry_capacity;
	struct geo_stream row_bytes; /* what the blocks add up to by pair */
	uint8_t families;	     /* of the block */
	bool unreadable; /* some block has what cannot be read: no sums of the file */
	struct sum_table block;	     /* by pair and kind */
	struct sum_table pairs;	     /* of the file, by pair and kind */
	struct sum_table cells;	     /* of the file, by side, country and kind: made at its end */
	struct cube_sum untagged;    /* of the file */
	struct geo_count untagged_count;
	struct geo_directory directory;
	const struct geo_provenance *provenance[256]; /* id - 1 */
	uint32_t provenance_count;
	uint32_t groups; /* a side of the grid; 1 = order of arrival */
};

/** @param sketches  with sketches of hosts */
struct geo_trailer *geo_trailer_new(bool sketches);
void geo_trailer_free(struct geo_trailer *trailer);

/** The entry of the next block, empty. NULL when memory is out. */
struct geo_entry *geo_trailer_entry(struct geo_trailer *trailer);

/** Add a flow record to the block. */
static inline void geo_trailer_add(struct geo_trailer *trailer, const struct record_view *view)
{
	trailer->families |= geo_traits(view);
	sum_table_record(&trailer->block, view);
	if (trailer->sketches)
		host_sketches_add(trailer->sketches, view);
}

/** What a record is to trailer->families that geo_trailer_add() is not for: no flow, or damaged. */
uint8_t geo_other_traits(const uint8_t *record, size_t len);

/** The block is complete: what its flows add up to goes into its entry and into the file's sums.
 * @return false when memory is out: the trailer is of no use any more */
bool geo_trailer_block(struct geo_trailer *trailer);

/** Id of a provenance in this file; 0 = unknown. */
uint32_t geo_trailer_provenance(struct geo_trailer *trailer,
				const struct geo_provenance *provenance);

/** Flow records so far by source and by destination country. */
void geo_trailer_shares(const struct geo_trailer *trailer, uint32_t src[COUNTRY_CODES],
			uint32_t dst[COUNTRY_CODES]);

/** The stream of the leading parts: block index, cube, pairs, totals of the blocks. Once, at the
 * end of the file. */
void geo_trailer_lead(struct geo_trailer *trailer, struct geo_stream *stream);

/** A part of it was written. */
void geo_trailer_part(struct geo_trailer *trailer, uint32_t bytes_on_disk);

/** The stream of the last part: layout, provenance, totals, directory.
 * @param begin  offset of the run in the file */
void geo_trailer_last(struct geo_trailer *trailer, const struct geo_cover *cover, uint64_t begin,
		      struct geo_stream *stream);

#endif
