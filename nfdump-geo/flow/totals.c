/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow/totals.h"

#include <string.h>

void totals_init(struct flow_totals *totals)
{
	*totals = (struct flow_totals){.first_ms = UINT64_MAX};
}

/* Protocol 58 counts as ICMP, except in NetFlow v5 records (stock does the same). */
static enum proto_class class_of(uint8_t proto, uint8_t nfversion)
{
	switch (proto) {
	case 6:
		return PROTO_TCP;
	case 17:
		return PROTO_UDP;
	case 1:
		return PROTO_ICMP;
	case 58:
		return nfversion == 5 ? PROTO_OTHER : PROTO_ICMP;
	default:
		return PROTO_OTHER;
	}
}

/* An IPFIX record without element 1 is one flow of no known protocol and time: nothing that was
 * stored may be missing from the books (stock forgets it). */
static void add_bare(struct flow_totals *totals, const struct record_view *view)
{
	totals->flows++;
	totals->class_flows[PROTO_OTHER]++;
	totals->bytes += view_bytes(view);
	totals->packets += view_packets(view);
}

static void add_collected(struct flow_totals *totals, const struct record_view *view)
{
	enum proto_class class = class_of(view_proto(view), view->bytes[11]);
	uint64_t first = view_first_ms(view), last = view_last_ms(view);

	totals->flows++;
	totals->bytes += view_bytes(view);
	totals->packets += view_packets(view);
	totals->class_flows[class]++;
	totals->class_packets[class] += view_u64(view, ELEMENT_GENERIC, 24);
	totals->class_bytes[class] += view_u64(view, ELEMENT_GENERIC, 32);
	if (first < totals->first_ms)
		totals->first_ms = first;
	if (last > totals->last_ms)
		totals->last_ms = last;
}

void totals_collect(struct flow_totals *totals, const struct record_view *view)
{
	if (!view_has(view, ELEMENT_GENERIC)) {
		add_bare(totals, view);
		return;
	}
	add_collected(totals, view);
}

void totals_counts(struct flow_counts *counts, const struct record_view *view)
{
	*counts = (struct flow_counts){
		.flows = view_flows(view),
		.packets = view_packets(view),
		.bytes = view_bytes(view),
		.first_ms = view_first_ms(view),
		.last_ms = view_last_ms(view),
		.class = class_of(view_proto(view), view->bytes[11]),
		.counted = view_has(view, ELEMENT_GENERIC), /* else of options, or an event */
	};
}

void totals_query(struct flow_totals *totals, const struct record_view *view)
{
	struct flow_counts counts;

	totals_counts(&counts, view);
	totals_add(totals, &counts);
}

void totals_merge(struct flow_totals *totals, const struct flow_totals *other)
{
	totals->flows += other->flows;
	totals->bytes += other->bytes;
	totals->packets += other->packets;
	for (unsigned i = 0; i < PROTO_CLASSES; i++) {
		totals->class_flows[i] += other->class_flows[i];
		totals->class_bytes[i] += other->class_bytes[i];
		totals->class_packets[i] += other->class_packets[i];
	}
	if (other->first_ms < totals->first_ms)
		totals->first_ms = other->first_ms;
	if (other->last_ms > totals->last_ms)
		totals->last_ms = other->last_ms;
	totals->sequence_failures += other->sequence_failures;
}

/* The order of the 18 numbers on disk: file format section 5. */
static void each_number(struct flow_totals *totals, uint64_t *number[TOTALS_BYTES / 8])
{
	unsigned n = 0;

	number[n++] = &totals->flows;
	number[n++] = &totals->bytes;
	number[n++] = &totals->packets;
	for (unsigned i = 0; i < PROTO_CLASSES; i++)
		number[n++] = &totals->class_flows[i];
	for (unsigned i = 0; i < PROTO_CLASSES; i++)
		number[n++] = &totals->class_bytes[i];
	for (unsigned i = 0; i < PROTO_CLASSES; i++)
		number[n++] = &totals->class_packets[i];
	number[n++] = &totals->first_ms;
	number[n++] = &totals->last_ms;
	number[n++] = &totals->sequence_failures;
}

void totals_encode(const struct flow_totals *totals, uint8_t *out)
{
	struct flow_totals copy = *totals;
	uint64_t *number[TOTALS_BYTES / 8];

	each_number(&copy, number);
	for (unsigned i = 0; i < TOTALS_BYTES / 8; i++)
		bytes_put64(out + 8 * i, *number[i]);
}

void totals_decode(const uint8_t *in, struct flow_totals *totals)
{
	uint64_t *number[TOTALS_BYTES / 8];

	each_number(totals, number);
	for (unsigned i = 0; i < TOTALS_BYTES / 8; i++)
		*number[i] = bytes_get64(in + 8 * i);
}
