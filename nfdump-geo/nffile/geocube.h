/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * geocube.h - what the flows of a block, or of a file, add up to by country and protocol class:
 * exact, so that a query which only counts by country needs no records (doc/file-format.md "Geo
 * blocks", sections 4, 5 and 8). Counted as a query counts, counters_of().
 */
#ifndef NFFILE_GEOCUBE_H
#define NFFILE_GEOCUBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/counters.h"
#include "geo/group.h"

/* The first four are disjoint and together all flows; the others are counted additionally. */
enum cube_class {
	CUBE_TCP,   /* protocol 6 */
	CUBE_UDP,   /* 17 */
	CUBE_ICMP,  /* 1 and 58 */
	CUBE_OTHER, /* any other */
	CUBE_HTTPS, /* TCP, either port 443 */
	CUBE_DNS,   /* TCP or UDP, either port 53 */
	CUBE_CLASSES,
	CUBE_DISJOINT = CUBE_HTTPS,
};

struct cube_sum {
	uint64_t records;     /* 0 = nothing was added, the rest is undefined */
	uint64_t syn_only;    /* flows: TCP with flag S and none of A, F, R, P, U */
	struct counters sum;  /* first_ms and last_ms are those that view_first_ms() gives, also 0 */
};

static inline void cube_sum_merge(struct cube_sum *to, const struct cube_sum *from)
{
	if (!from->records)
		return;
	if (to->records)
		counters_merge(&to->sum, &from->sum);
	else
		to->sum = from->sum;
	to->syn_only = (to->records ? to->syn_only : 0) + from->syn_only;
	to->records += from->records;
}

/* One row of what a block adds up to; all its flows with stored countries are in exactly one. */
struct pair_sum {
	uint16_t src, dst;
	struct cube_sum all;
};

/* Rows in ascending order of (src, dst). */
struct block_totals {
	const struct pair_sum *row; /* borrowed until the file is closed */
	uint32_t count;
	bool known; /* false: the file does not say, ask the records */
};

/* A file by source and by destination country; of flows with stored countries only. */
struct country_cube {
	struct cube_sum src[COUNTRY_CODES][CUBE_CLASSES], dst[COUNTRY_CODES][CUBE_CLASSES];
	struct country_set has_src, has_dst; /* all others are zero */
};

/* A file by pair. */
struct pair_row {
	uint16_t src, dst;
	struct cube_sum class[CUBE_CLASSES];
};

struct nffile_reader;

/*
 * What a file's geo blocks say. Each answers false (or known = false) when the file has no such
 * section, when it was changed since it was written, or when not every flow of it is described: a
 * true answer is exact for the whole file (the whole block). Not thread safe.
 */

/** What the block with this ordinal adds up to. */
struct block_totals nffile_block_totals(struct nffile_reader *reader, uint32_t ordinal);

/** Add the file's cube to `cube`, which is large: on the heap, zeroed before the first file. NULL:
 * only say whether there is one. Where it answers false, a part of a bad cube may have been added.
 * @param untagged  gets the flows without stored countries added, which are in no row */
bool nffile_add_cube(struct nffile_reader *reader, struct country_cube *cube,
		     struct cube_sum *untagged);

/** The file's pairs, in ascending order of (src, dst); borrowed until the file is closed. */
bool nffile_pairs(struct nffile_reader *reader, const struct pair_row **row, uint32_t *count);

#endif
