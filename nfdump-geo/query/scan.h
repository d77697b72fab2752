/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * scan.h - run over all records of the inputs: every worker takes whole blocks, decompresses,
 * fills countries in where they are wanted, filters, and feeds its own part of a sink. What the geo
 * blocks of a file answer is not read (query/answer). Nothing is handed over between threads but
 * blocks, and nothing is allocated per record.
 */
#ifndef QUERY_SCAN_H
#define QUERY_SCAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "filter/filter.h"
#include "flow/totals.h"
#include "geo/table.h"
#include "nffile/geocube.h"
#include "output/format.h"
#include "query/databases.h"
#include "query/inputs.h"

/* How far a scan is: written by its workers, read by anybody; asked to stop by setting `stop`. */
struct scan_progress {
	atomic_bool stop;	    /* no new blocks from now on; safe in a signal handler */
	atomic_size_t files_opened; /* of inputs->path; the last one is being read */
	atomic_uint block_count;    /* of that file */
	atomic_uint blocks_taken;
	atomic_uint_fast64_t flows; /* read, before the filter */
};

struct scan_plan {
	const struct inputs *inputs;
	const struct filter *filter; /* NULL = every flow */
	uint64_t from_ms, to_ms;     /* -t: first seen >= from, last seen <= to */
	uint64_t limit;		     /* -c: selected records, the first ones; 0 = all */
	bool in_time_order;	     /* also within country-clustered files; so with a limit */
	size_t merge_bytes;	     /* for that; 0 = MERGE_BYTES (query/merge.h) */
	unsigned threads;
	bool need_country;  /* the answer depends on countries */
	bool want_country;  /* fill them in if they are to be had, else go on without */
	bool want_now;	    /* sink or output ask for today's countries; a filter says so itself */
	bool named;	    /* output shows names that the files hold */
	bool numbered;	    /* filter or output ask for record numbers */
	bool read_all;	    /* index, totals and cubes are not used */
	struct scan_progress *progress; /* may be NULL; borrowed */
	/** The country table, asked for once, when the first record without countries is met, or at
	 * the start if today's countries are asked for; NULL when there is none. Reference stays with the giver. */
	const struct geo_table *(*table)(void *arg);
	/** One problem of one input; the scan goes on. May be called from any worker, one at a time. */
	void (*complain)(const char *text, void *arg);
	void *arg;
};

/* Which country of a row of sums is given; a sink that gets one side gets the same flows once more by
 * the other, if it wants that. */
enum sum_sides { SUMS_SRC = 1, SUMS_DST = 2, SUMS_PAIR = 4, SUMS_BOTH = SUMS_SRC | SUMS_DST | SUMS_PAIR };

/* Where selected records go. */
struct scan_sink {
	/** State of one worker. */
	void *(*open)(struct scan_sink *sink);
	/** One selected flow. `order` grows in the order of the files. */
	void (*flow)(void *worker, const struct flow_row *row, uint64_t order);
	/** A record that is no flow (exporter, sampler, names); may be NULL. */
	void (*other)(void *worker, const uint8_t *record, size_t len);
	/** A block is through; with `in_order` called in the order of the files, one at a time. */
	int (*block_end)(void *worker, struct error *error);
	bool in_order;
	/** What follows, up to block_end, is of the input with this number; may be NULL. */
	void (*block_begin)(void *worker, size_t file);
	/** Selected flows as sums, where the sink counts by country or not at all; NULL = it does not.
	 * Between blocks, from the worker's thread; block_end follows. */
	void (*sums)(void *worker, const struct pair_sum *row, size_t count, enum sum_sides sides);
	unsigned sums_of;  /* enum sum_sides: that `sums` needs; 0 = none, it only wants to be asked */
	bool sums_counted; /* flows without counters (element 1) are nothing to this sink */
};

/* What became of the blocks, or of a whole file. */
enum scan_way {
	SCAN_TESTED,
	SCAN_UNTESTED, /* read; by the index every record matches */
	SCAN_TOTALS,   /* answered from what the block adds up to */
	SCAN_CUBE,     /* answered from what the file adds up to */
	SCAN_COUNTRY,  /* passed over: its countries, together with what else is known, do not match */
	SCAN_FAMILY,   /* .. its addresses' family does not */
	SCAN_TIME,     /* .. it lies outside of the times asked for */
	SCAN_WAYS,
};

/* Why a file had to be read block by block. */
enum scan_gap {
	GAP_NEVER_CLOSED,
	GAP_NO_INDEX, /* no geo blocks */
	GAP_CHANGED,  /* geo blocks, but others changed the file since */
	GAP_UNTAGGED, /* flows without stored countries, in a query about countries */
	GAP_NO_SUMS,  /* index, but no totals of blocks */
	SCAN_GAPS,
};

struct scan_count {
	uint64_t files, blocks, flows, bytes; /* bytes as stored */
};

struct scan_books {
	struct scan_count way[SCAN_WAYS]; /* a file counts where the most costly of its blocks does */
	uint64_t gap[SCAN_GAPS];	  /* files; one may have several */
};

struct scan_result {
	struct flow_totals selected; /* flows, bytes, packets and times only */
	uint64_t window_first_ms, window_last_ms;
	uint64_t processed, passed, blocks_skipped, bytes_read;
	struct scan_books books;
	uint64_t damage_count;	 /* complaints */
	uint64_t files_read;	 /* or looked at and passed over */
	bool interrupted;	 /* by progress->stop, before the end */
	uint64_t untagged_count; /* records whose countries nobody knew, with need_country */
	struct databases databases; /* that gave the countries, with need_country */
	char ident[256];	 /* of the first file */
};

/** @return NFGEO_OK also when inputs were damaged (result->damage_count); else why it stopped:
 *         NFGEO_ENODB when today's countries are asked for and there is no table */
int scan_run(const struct scan_plan *plan, struct scan_sink *sink, struct scan_result *result,
	     struct error *error);

#endif
