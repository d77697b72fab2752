/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * aggregate.h - flows merged into groups (-a, -A, -b, -B, -s record) or only collected (-O), as
 * the sink of a scan; afterwards each group is a flow record again.
 *
 * All workers add to one table (groups.h). Which flow of a group came first decides everything that
 * is not summed; it is told by the order in the files, so the answer does not depend on threads.
 */
#ifndef QUERY_AGGREGATE_H
#define QUERY_AGGREGATE_H

#include <stdbool.h>
#include <stdint.h>

#include "query/keys.h"
#include "query/order.h"
#include "query/scan.h"

enum aggregate_mode {
	AGGREGATE_NONE,	 /* keep every flow: sorting only */
	AGGREGATE_FLOW,	 /* -a: protocol, addresses, ports */
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

/** Rank all groups. @param order  index into order_table, -1 = order of appearance */
void aggregate_rank(const struct aggregate *aggregate, int order, bool ascending,
		    struct ranking *ranking);

/** The keys' values of a group of -A, as output shows them. @return false without -A */
bool aggregate_values(const struct aggregate *aggregate, const struct ranked *ranked,
		      struct stat_value value[KEYS_MAX]);

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
