/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * answer.h - what a scan need not read. From the block index, from what blocks add up to, and from
 * the cube of a whole file: no flow matches, all do, or those that do are summed already. Always
 * exact: what is in doubt is read.
 */
#ifndef QUERY_ANSWER_H
#define QUERY_ANSWER_H

#include "filter/facts.h"
#include "nffile/geocube.h"
#include "nffile/geosum.h"
#include "query/scan.h"

/* Rows of sums that wait for the sink. */
struct answer_rows {
	struct pair_sum *row; /* owns */
	size_t count, capacity;
	bool failed; /* out of memory */
};

struct answer_cells;

/* Of one worker. */
struct answers {
	const struct scan_plan *plan;
	const struct scan_sink *sink;
	struct paths paths; /* of the plan's filter */
	bool country;	    /* records without countries would be filled in */
	bool skip;	    /* blocks may be passed over; if not, nothing below is to be called */
	bool sum;	    /* the sink takes sums of this plan's flows */
	bool timed;	    /* times can rule a block out */
	bool suffices;	    /* what sums tell can decide the filter */
	struct facts block; /* work space: of the block that is looked at */
	uint8_t family_way[FAMILY_ANY]; /* enum scan_way of what has these families; 0 = not asked yet */
	struct answer_rows rows;
	struct answer_cells *cells; /* answer_cube.c; owns; NULL until a file was asked */
};

/** Both are borrowed. @return NFGEO_OK or NFGEO_ENOMEM */
int answers_init(struct answers *answers, const struct scan_plan *plan,
		 const struct scan_sink *sink);
void answers_fini(struct answers *answers);

/* A block by its entry. */
enum block_way {
	BLOCK_READ,
	BLOCK_UNTESTED, /* every record matches */
	BLOCK_PASSED,	/* no record does */
};

/** @param why  of BLOCK_PASSED; may be NULL */
enum block_way answers_block(struct answers *answers, const struct geo_entry *entry,
			     const char *ident, enum scan_way *why);

/* Flows that match, as sums. */
struct answer_sums {
	struct cube_sum all;
	uint64_t processed; /* flow records, whether they match or not */
};

/**
 * Feed the sink with what of a block matches.
 *
 * @param worker  of the sink
 * @return false when the totals do not tell: nothing was fed
 */
bool answers_from_totals(struct answers *answers, void *worker, const struct geo_entry *entry,
			 const struct block_totals *totals, const char *ident,
			 struct answer_sums *sums);

/** Likewise of a whole file. @param sums  undefined when it returns false */
bool answers_from_cube(struct answers *answers, void *worker, struct nffile_reader *reader,
		       struct answer_sums *sums);

/* Of answer.c, for answer_cube.c. */

/** Do records of these times lie in the window of time? */
enum answer answers_window(const struct answers *answers, const struct facts *facts);

/** A row that matches. */
void answer_rows_add(struct answer_rows *rows, uint16_t src, uint16_t dst,
		     const struct cube_sum *sum);

#endif
