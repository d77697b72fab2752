/* SPDX-License-Identifier: BSD-3-Clause */
/* makeflow.h - flow records for tests: say what matters, the rest is zero. */
#ifndef TESTS_LIB_MAKEFLOW_H
#define TESTS_LIB_MAKEFLOW_H

#include <stdlib.h>
#include <string.h>

#include "flow/block.h"
#include "flow/geotail.h"
#include "flow/record.h"
#include "include/nfgeo.h"

struct make_flow {
	uint32_t src4, dst4; /* element 2, unless both are 0 */
	uint64_t src6, dst6; /* low halves in 2001:db8::/64: element 3, unless both are 0 */
	bool tagged;
	uint16_t src_country, dst_country;
	bool no_counters; /* no element 1 */
	uint64_t first_ms, last_ms, packets, bytes;
	uint64_t flows, out_packets, out_bytes; /* element 5, unless all are 0 */
	uint16_t src_port, dst_port;
	uint8_t proto, tcp_flags, nfversion;
};

static inline void make_tail(const struct make_flow *flow, uint8_t *tail)
{
	if (flow->tagged)
		geotail_write(tail, flow->src_country, flow->dst_country);
}

/** @return size of the record; 0 when it does not fit */
static inline size_t make_flow(const struct make_flow *flow, void *out, size_t capacity)
{
	struct record_builder builder;
	size_t tail_bytes = flow->tagged ? GEOTAIL_BYTES : 0;
	uint8_t *at;

	record_begin(&builder, out, capacity);
	if ((flow->src4 || flow->dst4) &&
	    (at = record_element(&builder, ELEMENT_IP4, 8 + tail_bytes))) {
		bytes_put32(at, flow->src4);
		bytes_put32(at + 4, flow->dst4);
		make_tail(flow, at + 8);
	}
	if ((flow->src6 || flow->dst6) &&
	    (at = record_element(&builder, ELEMENT_IP6, 32 + tail_bytes))) {
		bytes_put64(at, 0x20010db800000000);
		bytes_put64(at + 8, flow->src6);
		bytes_put64(at + 16, 0x20010db800000000);
		bytes_put64(at + 24, flow->dst6);
		make_tail(flow, at + 32);
	}
	if (!flow->no_counters && (at = record_element(&builder, ELEMENT_GENERIC, 48))) {
		bytes_put64(at, flow->first_ms);
		bytes_put64(at + 8, flow->last_ms);
		bytes_put64(at + 24, flow->packets);
		bytes_put64(at + 32, flow->bytes);
		bytes_put16(at + 40, flow->src_port);
		bytes_put16(at + 42, flow->dst_port);
		at[44] = flow->proto;
		at[45] = flow->tcp_flags;
	}
	if ((flow->flows || flow->out_packets || flow->out_bytes) &&
	    (at = record_element(&builder, ELEMENT_COUNTERS, 24))) {
		bytes_put64(at, flow->flows);
		bytes_put64(at + 8, flow->out_packets);
		bytes_put64(at + 16, flow->out_bytes);
	}
	if (!builder.full)
		builder.bytes[11] = flow->nfversion;
	return record_end(&builder);
}

/** Append to a block that grows as needed. */
static inline void make_append(struct block *block, const struct make_flow *flow)
{
	uint8_t *at;

	if (block->used + 512 > block->capacity &&
	    block_grow(block, 2 * block->used + 4096) != NFGEO_OK)
		abort();
	at = block_reserve(block, 512);
	block_commit(block, make_flow(flow, at, 512));
}

#endif
