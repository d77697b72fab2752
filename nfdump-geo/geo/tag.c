/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Countries into records.
 *
 * Addresses of many records are collected on the stack, IPv4 and IPv6 apart, looked up in one
 * batch, and the codes put where they belong. A place is where a pair goes, so that the three
 * callers below differ only in what they call a place.
 */
#include "geo/tag.h"

#include <string.h>

#include "flow/geotail.h"
#include "include/nfgeo.h"

enum { BATCH_RECORDS = 256 };

/* Pairs of addresses of one family that wait for their lookup. */
struct batch4 {
	uint32_t address[2 * BATCH_RECORDS];
	uint8_t *place[BATCH_RECORDS], *twin[BATCH_RECORDS];
	size_t count; /* records */
};

struct batch6 {
	uint64_t address[2 * BATCH_RECORDS][2];
	uint8_t *place[BATCH_RECORDS], *twin[BATCH_RECORDS];
	size_t count;
};

struct tagger {
	const struct geo_table *table;
	struct batch4 ip4;
	struct batch6 ip6;
};

static void tagger_init(struct tagger *tagger, const struct geo_table *table)
{
	tagger->table = table;
	tagger->ip4.count = 0;
	tagger->ip6.count = 0;
}

/* `place` and, where a record has two address elements, its `twin` get u16 source, u16
 * destination. */
static void put_pairs(const uint16_t *code, uint8_t *const *place, uint8_t *const *twin,
		      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		memcpy(place[i], code + 2 * i, 4);
		if (twin[i])
			memcpy(twin[i], code + 2 * i, 4);
	}
}

static void flush4(struct tagger *tagger)
{
	struct batch4 *batch = &tagger->ip4;
	uint16_t code[2 * BATCH_RECORDS];

	geo_lookup4_batch(tagger->table, batch->address, code, 2 * batch->count);
	put_pairs(code, batch->place, batch->twin, batch->count);
	batch->count = 0;
}

static void flush6(struct tagger *tagger)
{
	struct batch6 *batch = &tagger->ip6;
	uint16_t code[2 * BATCH_RECORDS];

	geo_lookup6_batch(tagger->table, (const uint64_t(*)[2])batch->address, code,
			  2 * batch->count);
	put_pairs(code, batch->place, batch->twin, batch->count);
	batch->count = 0;
}

static void tagger_flush(struct tagger *tagger)
{
	flush4(tagger);
	flush6(tagger);
}

/* Ask for the pair of a record that has addresses. */
static void tagger_add(struct tagger *tagger, const struct record_view *view, uint8_t *place,
		       uint8_t *twin)
{
	if (view_is_ip6(view)) {
		struct batch6 *batch = &tagger->ip6;

		memcpy(batch->address[2 * batch->count], view_payload(view, ELEMENT_IP6), 32);
		batch->place[batch->count] = place;
		batch->twin[batch->count++] = twin;
		if (batch->count == BATCH_RECORDS)
			flush6(tagger);
	} else {
		struct batch4 *batch = &tagger->ip4;

		memcpy(&batch->address[2 * batch->count], view_payload(view, ELEMENT_IP4), 8);
		batch->place[batch->count] = place;
		batch->twin[batch->count++] = twin;
		if (batch->count == BATCH_RECORDS)
			flush4(tagger);
	}
}

/* Where the pair of an element's geo tail lies in the record; NULL when it has none. */
static uint8_t *tail_place(const struct record_view *view, uint8_t *record, enum element element)
{
	unsigned tail = 0;

	if (view_has(view, element))
		tail = geotail_find(element, view_payload(view, element),
				    view->payload_bytes[element]);
	return tail ? record + view->offset[element] + tail + GEOTAIL_PAIR : NULL;
}

/* Ask for the pair of a record that lies in memory of ours, tails ready. */
static void add_in_place(struct tagger *tagger, const struct record_view *view, uint8_t *record)
{
	uint8_t *place4 = tail_place(view, record, ELEMENT_IP4);
	uint8_t *place6 = tail_place(view, record, ELEMENT_IP6);

	if (place4 || place6)
		tagger_add(tagger, view, place4 ? place4 : place6, place4 ? place6 : NULL);
}

void tag_block(struct block *block, size_t from, uint32_t record_count,
	       const struct geo_table *table)
{
	struct block_cursor cursor = {block, from, record_count};
	struct record_view view;
	struct tagger tagger;
	const uint8_t *record;
	size_t record_bytes;

	tagger_init(&tagger, table);
	record_view_init(&view);
	while (block_next(&cursor, &record, &record_bytes) == 1)
		if (bytes_get16(record) == RECORD_FLOW &&
		    record_view(&view, record, record_bytes) == NFGEO_OK)
			add_in_place(&tagger, &view, block->bytes + (record - block->bytes));
	tagger_flush(&tagger);
}

uint32_t tag_fill(const struct block *block, const struct geo_table *table, uint16_t *pair)
{
	struct block_cursor cursor = block_cursor(block);
	struct record_view view;
	struct tagger tagger;
	const uint8_t *record;
	size_t record_bytes;
	uint32_t missing = 0;

	memset(pair, 0, 2 * sizeof(*pair) * block->record_count);
	tagger_init(&tagger, table);
	record_view_init(&view);
	for (; block_next(&cursor, &record, &record_bytes) == 1; pair += 2) {
		if (bytes_get16(record) != RECORD_FLOW ||
		    record_view(&view, record, record_bytes) != NFGEO_OK ||
		    !view_has_addresses(&view) || view_has(&view, ELEMENT_GEO))
			continue;
		missing++;
		tagger_add(&tagger, &view, (uint8_t *)pair, NULL);
	}
	tagger_flush(&tagger);
	return missing;
}

/* Copy a flow record with tails that hold `src` and `dst`. @return 0 when it cannot have any */
static size_t copy_with_tails(const struct record_view *view, struct block *out)
{
	uint8_t *place = block_reserve(out, view->record_bytes + 2 * GEOTAIL_BYTES);

	return place ? geotail_add(view, view_src_country(view), view_dst_country(view), place) : 0;
}

static void copy_as_is(const uint8_t *record, size_t record_bytes, struct block *out)
{
	memcpy(block_reserve(out, record_bytes), record, record_bytes);
	block_commit(out, record_bytes);
}

/* Whose countries a copied block holds: one database's, or (NULL) unknown and mixed. */
static const struct geo_provenance *copy_provenance(const struct block *block,
						    const struct geo_table *table,
						    uint64_t tagged_count, uint64_t kept_count)
{
	const struct geo_provenance *ours = geo_table_provenance(table);

	if (kept_count == 0)
		return ours;
	return tagged_count == 0 || block->provenance == ours ? block->provenance : NULL;
}

int tag_copy(const struct block *block, const struct geo_table *table, bool restamp,
	     struct block *out, uint64_t *tagged_count)
{
	struct block_cursor cursor = block_cursor(block);
	struct record_view view, copy;
	struct tagger tagger;
	const uint8_t *record;
	uint64_t kept_count = 0;
	size_t record_bytes;
	int more;

	block_clear(out);
	*tagged_count = 0;
	if (block_grow(out, block->used + 2 * (size_t)GEOTAIL_BYTES * block->record_count) !=
	    NFGEO_OK)
		return NFGEO_ENOMEM;
	tagger_init(&tagger, table);
	record_view_init(&view);
	record_view_init(&copy);
	while ((more = block_next(&cursor, &record, &record_bytes)) == 1) {
		bool is_flow = bytes_get16(record) == RECORD_FLOW &&
			       record_view(&view, record, record_bytes) == NFGEO_OK &&
			       view_has_addresses(&view);
		size_t len = is_flow ? copy_with_tails(&view, out) : 0;
		uint8_t *place = out->bytes + out->used;

		if (!len) {
			copy_as_is(record, record_bytes, out);
			continue;
		}
		block_commit(out, len);
		if (view_has(&view, ELEMENT_GEO) && !restamp) {
			kept_count++;
		} else if (record_view(&copy, place, len) == NFGEO_OK) {
			add_in_place(&tagger, &copy, place);
			++*tagged_count;
		}
	}
	tagger_flush(&tagger);
	out->type = block->type;
	out->provenance = copy_provenance(block, table, *tagged_count, kept_count);
	return more < 0 ? NFGEO_ECORRUPT : NFGEO_OK;
}
