/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * scan.h - run over all records of the inputs: every worker takes whole blocks, decompresses,
 * fills countries in where they are wanted, filters, and feeds its own part of a sink. Blocks whose
 * countries cannot match the filter, by the block index of their file, are not read. Nothing is
 * handed over between threads but blocks, and nothing is allocated per record.
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
	uint64_t limit;		     /* -c: selected records; 0 = all */
	unsigned threads;
	bool need_country;  /* the answer depends on countries */
	bool want_country;  /* fill them in if they are to be had, else go on without */
	bool want_now;	    /* sink or output ask for today's countries; a filter says so itself */
	bool named;	    /* output shows names that the files hold */
	bool numbered;	    /* filter or output ask for record numbers */
	struct scan_progress *progress; /* may be NULL; borrowed */
	/** The country table, asked for once, when the first record without countries is met, or at
	 * the start if today's countries are asked for; NULL when there is none. Reference stays with the giver. */
	const struct geo_table *(*table)(void *arg);
	/** One problem of one input; the scan goes on. May be called from any worker, one at a time. */
	void (*complain)(const char *text, void *arg);
	void *arg;
};

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
};

struct scan_result {
	struct flow_totals selected; /* flows, bytes, packets and times only */
	uint64_t window_first_ms, window_last_ms;
	uint64_t processed, passed, blocks_skipped, bytes_read;
	uint64_t blocks_unread;	 /* their countries, by the index, match no filter: processed, not read */
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
