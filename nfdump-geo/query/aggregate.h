/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * aggregate.h - flows merged into groups (-a, -A, -b, -B, -s record) or only collected (-O), as
 * the sink of a scan; afterwards each group is a flow record again.
 *
 * Every worker has its own tables, one per partition of the hash; at the end partition k of all
 * workers is merged into that of the first, all partitions at once.
 */
#ifndef QUERY_AGGREGATE_H
#define QUERY_AGGREGATE_H

#include <stdbool.h>
#include <stdint.h>

#include "query/keys.h"
#include "query/order.h"
#include "query/scan.h"

enum aggregate_mode {
	AGGREGATE_NONE, /* keep every flow: sorting only */
	AGGREGATE_FLOW, /* -a: protocol, addresses, ports */
	AGGREGATE_BIDIR, /* -b: both directions of TCP and UDP */
	AGGREGATE_GUESS, /* -B: as -b, swapped where the ports say so */
	AGGREGATE_KEYS,	 /* -A */
};

struct aggregate;

/** @param keys  of AGGREGATE_KEYS; borrowed */
struct aggregate *aggregate_new(enum aggregate_mode mode, const struct keys *keys);
void aggregate_free(struct aggregate *aggregate);

/** Feed scan_run() with this. */
struct scan_sink *aggregate_sink(struct aggregate *aggregate);

/** After the scan: merge the workers' parts. */
int aggregate_finish(struct aggregate *aggregate, struct error *error);
size_t aggregate_count(const struct aggregate *aggregate);

/** Rank all groups. @param ranked  room for aggregate_count(). @param order  index into
 * order_table, -1 = order of appearance */
void aggregate_rank(const struct aggregate *aggregate, int order, bool ascending,
		    struct ranked *ranked);

/**
 * The flow record of a group.
 *
 * @param blanks  -A: keep zeroed IPv6 elements of the first flow, so that addresses outside the
 *                key print as `::`
 * @param out     RECORD_MAX_BYTES
 * @return its size; 0 if it grew too large
 */
size_t aggregate_record(const struct aggregate *aggregate, const struct ranked *ranked, bool blanks,
			uint8_t *out);

#endif
