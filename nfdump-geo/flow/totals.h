/* SPDX-License-Identifier: BSD-3-Clause */
/* totals.h - the stat record of a file: sums over its flows (file format section 5). */
#ifndef FLOW_TOTALS_H
#define FLOW_TOTALS_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/record.h"

enum { TOTALS_BYTES = 144 }; /* of the stat record's payload */

enum proto_class { PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_OTHER, PROTO_CLASSES };

struct flow_totals {
	uint64_t flows, bytes, packets;
	uint64_t class_flows[PROTO_CLASSES], class_bytes[PROTO_CLASSES],
		class_packets[PROTO_CLASSES];
	uint64_t first_ms, last_ms; /* UINT64_MAX and 0 while no record was added */
	uint64_t sequence_failures;
};

void totals_init(struct flow_totals *totals);

/**
 * Add one flow record by the collector's rules (doc/file-format.md "stat record"): bytes and
 * packets in plus out, the groups by protocol in only, one flow per record; records without
 * generic element do not count.
 */
void totals_collect(struct flow_totals *totals, const struct record_view *view);

/** Add one flow record as a query tool does: the flow counter of element 5 counts, and the groups
 * by protocol have in plus out too (measured with nfdump 1.7.1 -w). */
void totals_query(struct flow_totals *totals, const struct record_view *view);

/* What one flow adds, for those who add it to many totals. */
struct flow_counts {
	uint64_t flows, packets, bytes, first_ms, last_ms;
	enum proto_class class;
	bool counted; /* has the generic element */
};

/** What totals_query() would add. */
void totals_counts(struct flow_counts *counts, const struct record_view *view);

static inline void totals_add(struct flow_totals *totals, const struct flow_counts *counts)
{
	if (!counts->counted)
		return;
	totals->flows += counts->flows;
	totals->packets += counts->packets;
	totals->bytes += counts->bytes;
	totals->class_flows[counts->class] += counts->flows;
	totals->class_packets[counts->class] += counts->packets;
	totals->class_bytes[counts->class] += counts->bytes;
	if (counts->first_ms < totals->first_ms)
		totals->first_ms = counts->first_ms;
	if (counts->last_ms > totals->last_ms)
		totals->last_ms = counts->last_ms;
}

/** Sum of two; the time range covers both. */
void totals_merge(struct flow_totals *totals, const struct flow_totals *other);

/** The 144 bytes of the stat record. */
void totals_encode(const struct flow_totals *totals, uint8_t *out);
void totals_decode(const uint8_t *in, struct flow_totals *totals);

#endif
