/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams (each a u16 big-endian length and a payload, as in .dgrams files; the first byte of
 * the input chooses options) through a decoder with geo tails and one without. Whatever comes in:
 * every record in the blocks is complete, counters match what is there, and without the tails both
 * decoders wrote the same flows.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/wire.h"
#include "flow/geotail.h"
#include "flow/record.h"
#include "include/nfgeo.h"
#include "proto/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A decoder and the flow records it wrote, tails removed. */
struct side {
	struct decoder *decoder;
	struct sysid_counter sysids;
	struct block block;
	struct flow_sink sink;
	uint64_t flows;
	uint8_t *kept;
	size_t kept_bytes, kept_room;
};

static void keep(struct side *side, const struct record_view *view)
{
	if (side->kept_room - side->kept_bytes < RECORD_MAX_BYTES) {
		side->kept_room = 2 * side->kept_room + RECORD_MAX_BYTES;
		side->kept = realloc(side->kept, side->kept_room);
		assert(side->kept);
	}
	side->kept_bytes += geotail_remove(view, side->kept + side->kept_bytes);
}

/* The sum of the elements is the record. */
static void check_flow(const struct record_view *view)
{
	size_t sum = RECORD_HEADER_BYTES;

	for (unsigned i = 0; i < view->count; i++) {
		sum += bytes_get16(view->bytes + view->place[i] + 2);
		for (unsigned j = 0; j < i; j++)
			assert(view->order[i] != view->order[j]);
	}
	assert(sum == view->record_bytes);
	assert(bytes_get16(view->bytes + 4) == view->count);
}

static int empty_block(struct flow_sink *sink)
{
	struct side *side = sink->arg;
	struct block_cursor cursor = block_cursor(sink->block);
	struct record_view view;
	const uint8_t *record;
	size_t len;
	int rc;

	record_view_init(&view);
	while ((rc = block_next(&cursor, &record, &len)) > 0) {
		if (bytes_get16(record) != RECORD_FLOW)
			continue;
		assert(record_view(&view, record, len) == NFGEO_OK);
		check_flow(&view);
		keep(side, &view);
		side->flows++;
	}
	assert(rc == 0 && cursor.at == sink->block->used);
	block_clear(sink->block);
	return NFGEO_OK;
}

static void side_init(struct side *side, bool tail, uint8_t choice)
{
	struct decoder_options options = {
		.sampling = choice & 4 ? -7 : choice & 2 ? 5 : 0,
		.geo_tail = tail,
		.sysids = &side->sysids,
		.keep_extended = choice & 1,
	};

	*side = (struct side){0};
	side->sink = (struct flow_sink){&side->block, empty_block, side};
	assert(block_init(&side->block, 2 * 65536) == NFGEO_OK);
	side->decoder = decoder_new(&options);
	assert(side->decoder);
}

static void side_run(struct side *side, const uint8_t *bytes, size_t len)
{
	struct address sender = address_ip4(0x7f000001);
	struct wire wire = wire_init(bytes, len);
	struct decoder_counts counts;
	uint64_t now = 1700000000000;

	while (wire_left(&wire) >= 2) {
		size_t n = wire_u16(&wire);
		uint8_t *copy;

		if (n > wire_left(&wire))
			n = wire_left(&wire);
		copy = malloc(n); /* its own memory, so that a sanitizer sees its end */
		if (n)
			memcpy(copy, wire.at, n);
		wire_skip(&wire, n);
		decoder_datagram(side->decoder, copy, n, &sender, now, &side->sink);
		free(copy);
	}
	decoder_slot_end(side->decoder, &side->sink, &counts);
	decoder_slot_begin(side->decoder, &side->sink);
	empty_block(&side->sink);
	assert(counts.flows == side->flows);
}

static void side_fini(struct side *side)
{
	decoder_free(side->decoder);
	block_fini(&side->block);
	free(side->kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct side plain, tailed;

	if (!len)
		return 0;
	side_init(&plain, false, bytes[0]);
	side_init(&tailed, true, bytes[0]);
	side_run(&plain, bytes + 1, len - 1);
	side_run(&tailed, bytes + 1, len - 1);
	/* A payload that just fits without tails may be dropped with them. */
	assert(plain.flows == tailed.flows);
	if (plain.kept_bytes == tailed.kept_bytes)
		assert(!plain.kept_bytes || !memcmp(plain.kept, tailed.kept, plain.kept_bytes));
	else
		assert(plain.kept_bytes > RECORD_MAX_BYTES / 2);
	side_fini(&plain);
	side_fini(&tailed);
	return 0;
}
