/* SPDX-License-Identifier: BSD-3-Clause */
/* scan_state.h - what the parts of a scan share: query/scan.c (files and blocks), scan_records.c
 * and scan_merged.c. */
#ifndef QUERY_SCAN_STATE_H
#define QUERY_SCAN_STATE_H

#include <pthread.h>

#include "nffile/reader.h"
#include "query/answer.h"
#include "query/merge.h"
#include "query/scan.h"
#include "query/scan_file.h"

enum {
	THREADS_MAX = 64,
	ORDER_SHIFT = 24, /* records of a block, at 4 bytes each at least */
	ALONE_FILES = 16, /* without a block to read: not worth a thread, which takes milliseconds to start */
};

/* A file between its opening and its turn. */
struct slot {
	bool ready; /* else some worker is at it */
	struct scan_file *source; /* NULL: no memory */
};

struct scan {
	const struct scan_plan *plan;
	struct scan_sink *sink;
	struct scan_result *result; /* guarded by lock while workers run */
	pthread_mutex_t lock;
	pthread_cond_t turn_over;
	struct scan_file *source; /* whose blocks are given out */
	struct slot slot[THREADS_MAX + 1]; /* ring: those from next_file to next_open are in use */
	size_t slots, next_file, next_open;
	uint64_t next_ordinal; /* of the next block to be given out */
	uint64_t sink_turn;    /* ordinal of the block whose sink is next */
	uint64_t number_turn, number_base;
	bool table_asked, need_now;
	const struct geo_table *table;
	struct worker *worker;	/* owns */
	unsigned count, started; /* of them; the first is the calling thread */
	bool stop;
	int status;
	struct error *error;
};

struct worker {
	struct scan *scan;
	void *sink;
	struct raw_block raw;
	struct block block;
	struct scan_file *source;
	uint64_t ordinal;
	bool untested; /* every record of the block matches */
	struct answers answers;
	struct record_views views;
	struct clock_cache clock, utc;
	uint16_t *pair; /* countries of the block's records; see fill() */
	size_t pair_capacity;
	bool filled, filled_any; /* in this block, in any */
	uint16_t *now; /* both countries of each record, as the table has them today */
	size_t now_capacity;
	struct flow_totals selected;
	uint64_t processed, passed, untagged, bytes_read;
	struct merge *merge; /* owns; NULL until a file needs it */
	size_t merge_file;   /* number of the input that it is about */
	bool again;	     /* the block was counted before */
	uint64_t again_number;
	pthread_t thread;
};

/** The scan ends: there is no memory. */
void scan_fail_memory(struct scan *scan);

/** Something of the input is left out; the scan goes on. Takes the lock. */
void scan_complain(struct scan *scan, const struct error *error);

/** The country database, asked for once. @return NULL when there is none */
const struct geo_table *scan_table(struct scan *scan);

/** Nothing more is wanted, or somebody asked to stop. */
bool scan_is_over(struct scan *scan);

/** One selected flow to the sink. @return false when it was the last one that is wanted */
bool scan_give(struct worker *worker, const struct flow_row *row, uint32_t index);

/** Read and decompress, outside the lock. On error the block holds what can be trusted. */
int scan_load(struct worker *worker, struct error *error);

/** The records of the block that is loaded: filter, and sink or merge. */
void scan_records(struct worker *worker);

/** Hand the block's results over when it is its turn. */
void scan_end_block(struct worker *worker);

/** The worker is done with its block. */
void scan_let_go(struct worker *worker);

/** All of the file that is read was given out and dealt with. */
void scan_leave_file(struct worker *worker);

/*
 * Files that are merged (query/merge.h): their flows are held, and given away at the end of the file.
 * There is one worker only.
 */

/** The first block of such a file, or its end when it has none. @return false when out of memory */
bool merged_begin(struct worker *worker);

/** A block of such a file is loaded. @return false when out of memory */
bool merged_block(struct worker *worker, uint64_t number);

/** A selected flow of it waits for its turn. @return false when out of memory */
bool merged_hold(struct worker *worker, const struct flow_row *row, uint32_t index);

/** All blocks were read once. */
void merged_end(struct worker *worker);

#endif
