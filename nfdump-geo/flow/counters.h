/* SPDX-License-Identifier: BSD-3-Clause */
/* counters.h - what a group of flows adds up to, as a query counts. */
#ifndef FLOW_COUNTERS_H
#define FLOW_COUNTERS_H

#include "flow/record.h"

struct counters {
	uint64_t first_ms, last_ms;
	uint64_t flows, in_packets, in_bytes, out_packets, out_bytes;
};

static inline void counters_merge(struct counters *sum, const struct counters *other)
{
	if (other->first_ms < sum->first_ms)
		sum->first_ms = other->first_ms;
	if (other->last_ms > sum->last_ms)
		sum->last_ms = other->last_ms;
	sum->flows += other->flows;
	sum->in_packets += other->in_packets;
	sum->in_bytes += other->in_bytes;
	sum->out_packets += other->out_packets;
	sum->out_bytes += other->out_bytes;
}

/** Of one flow. */
static inline struct counters counters_of(const struct record_view *view)
{
	return (struct counters){
		.first_ms = view_first_ms(view),
		.last_ms = view_last_ms(view),
		.flows = view_flows(view),
		.in_packets = view_u64(view, ELEMENT_GENERIC, 24),
		.in_bytes = view_u64(view, ELEMENT_GENERIC, 32),
		.out_packets = view_u64(view, ELEMENT_COUNTERS, 8),
		.out_bytes = view_u64(view, ELEMENT_COUNTERS, 16),
	};
}

/** In and out changed about. */
static inline void counters_turn(struct counters *counters)
{
	uint64_t packets = counters->in_packets, bytes = counters->in_bytes;

	counters->in_packets = counters->out_packets;
	counters->in_bytes = counters->out_bytes;
	counters->out_packets = packets;
	counters->out_bytes = bytes;
}

#endif
