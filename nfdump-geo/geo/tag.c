/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Countries into records.
 *
 * Addresses of many records are collected on the stack, IPv4 and IPv6 apart, looked up in one
 * batch, and the codes put where they belong; the ones that were asked lately are remembered
 * (geo/recent.h). A place is where a pair goes, so that the three callers below differ only in
 * what they call a place.
 */
#include "geo/tag.h"

#include <string.h>

#include "flow/geotail.h"
#include "include/nfgeo.h"

enum { BATCH = 256 };

/* Addresses of one family that wait for their lookup. */
struct batch4 {
	uint32_t address[BATCH];
	uint8_t *place[BATCH], *twin[BATCH];
	size_t count;
};

struct batch6 {
	uint64_t address[BATCH][2];
	uint8_t *place[BATCH], *twin[BATCH];
	size_t count;
};

struct tagger {
	const struct geo_table *table;
	struct geo_recent *recent; /* NULL = none */
	struct batch4 ip4;
	struct batch6 ip6;
};

static void tagger_init(struct tagger *tagger, const struct geo_table *table,
			struct geo_recent *recent)
{
	geo_recent_use(recent, table);
	tagger->table = table;
	tagger->recent = recent;
	tagger->ip4.count = 0;
	tagger->ip6.count = 0;
}

/* A code goes to its place and, where a record has two address elements, to its twin. */
static inline void put_code(uint16_t code, uint8_t *place, uint8_t *twin)
{
	bytes_put16(place, code);
	if (twin)
		bytes_put16(twin, code);
}

/*
 * Answer from memory what was asked lately; the rest of the batch moves to its front. The slots
 * were prefetched when their addresses came (ask4), so that their cache misses overlap.
 */
static void recall4(struct geo_recent *recent, struct batch4 *batch)
{
	size_t kept = 0;

	for (size_t i = 0; i < batch->count; i++) {
		uint16_t code;

		if (recent4_get(recent, batch->address[i], &code)) {
			put_code(code, batch->place[i], batch->twin[i]);
			continue;
		}
		batch->address[kept] = batch->address[i];
		batch->place[kept] = batch->place[i];
		batch->twin[kept++] = batch->twin[i];
	}
	batch->count = kept;
}

static void flush4(struct tagger *tagger)
{
	struct batch4 *batch = &tagger->ip4;
	uint16_t code[BATCH];

	if (tagger->recent)
		recall4(tagger->recent, batch);
	geo_lookup4_batch(tagger->table, batch->address, code, batch->count);
	for (size_t i = 0; i < batch->count; i++) {
		put_code(code[i], batch->place[i], batch->twin[i]);
		if (tagger->recent)
			recent4_put(tagger->recent, batch->address[i], code[i]);
	}
	batch->count = 0;
}

static void recall6(struct geo_recent *recent, struct batch6 *batch)
{
	size_t kept = 0;

	for (size_t i = 0; i < batch->count; i++) {
		uint64_t high = batch->address[i][0], low = batch->address[i][1];
		uint16_t code;

		if (recent6_get(recent, high, low, &code)) {
			put_code(code, batch->place[i], batch->twin[i]);
			continue;
		}
		batch->address[kept][0] = high;
		batch->address[kept][1] = low;
		batch->place[kept] = batch->place[i];
		batch->twin[kept++] = batch->twin[i];
	}
	batch->count = kept;
}

static void flush6(struct tagger *tagger)
{
	struct batch6 *batch = &tagger->ip6;
	uint16_t code[BATCH];

	if (tagger->recent)
		recall6(tagger->recent, batch);
	geo_lookup6_batch(tagger->table, (const uint64_t(*)[2])batch->address, code, batch->count);
	for (size_t i = 0; i < batch->count; i++) {
		put_code(code[i], batch->place[i], batch->twin[i]);
		if (tagger->recent)
			recent6_put(tagger->recent, batch->address[i][0], batch->address[i][1],
				    code[i]);
	}
	batch->count = 0;
}

static void tagger_flush(struct tagger *tagger)
{
	flush4(tagger);
	flush6(tagger);
}

static inline void ask4(struct tagger *tagger, uint32_t address, uint8_t *place, uint8_t *twin)
{
	struct batch4 *batch = &tagger->ip4;

	if (tagger->recent)
		__builtin_prefetch(recent4_slot(tagger->recent, address));
	batch->address[batch->count] = address;
	batch->place[batch->count] = place;
	batch->twin[batch->count++] = twin;
	if (batch->count == BATCH)
		flush4(tagger);
}

static inline void ask6(struct tagger *tagger, uint64_t high, uint64_t low, uint8_t *place,
			uint8_t *twin)
{
	struct batch6 *batch = &tagger->ip6;

	if (tagger->recent)
		__builtin_prefetch(recent6_slot(tagger->recent, high, low));
	batch->address[batch->count][0] = high;
	batch->address[batch->count][1] = low;
	batch->place[batch->count] = place;
	batch->twin[batch->count++] = twin;
	if (batch->count == BATCH)
		flush6(tagger);
}

/* Ask for the pair of a record that has addresses. `place` and `twin` get u16 source, u16
 * destination. */
static void tagger_add(struct tagger *tagger, const struct record_view *view, uint8_t *place,
		       uint8_t *twin)
{
	uint8_t *dst_twin = twin ? twin + 2 : NULL;
	const uint8_t *at;

	if (view_is_ip6(view)) {
		at = view_payload(view, ELEMENT_IP6);
		ask6(tagger, bytes_get64(at), bytes_get64(at + 8), place, twin);
		ask6(tagger, bytes_get64(at + 16), bytes_get64(at + 24), place + 2, dst_twin);
	} else {
		at = view_payload(view, ELEMENT_IP4);
		ask4(tagger, bytes_get32(at), place, twin);
		ask4(tagger, bytes_get32(at + 4), place + 2, dst_twin);
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
	const uint64_t both = 1ull << ELEMENT_IP4 | 1ull << ELEMENT_IP6;
	uint8_t *place4, *place6;

	if ((view->present & both) != both) { /* the view knows the place of the one tail */
		if (view->geo_offset)
			tagger_add(tagger, view, record + view->geo_offset, NULL);
		return;
	}
	place4 = tail_place(view, record, ELEMENT_IP4);
	place6 = tail_place(view, record, ELEMENT_IP6);
	if (place4 || place6)
		tagger_add(tagger, view, place4 ? place4 : place6, place4 ? place6 : NULL);
}

/* Which of the flow records of a block are asked for? */
typedef bool wanted(const struct record_view *view);

static inline bool any_tail(const struct record_view *view)
{
	return view->geo_offset != 0;
}

/* The tails of a record are written together: one blank, both blank. */
static inline bool blank_tail(const struct record_view *view)
{
	return view->geo_offset && bytes_get32(view->geo) == GEOTAIL_BLANK;
}

static inline bool no_tail(const struct record_view *view)
{
	return !view->geo_offset && view_has_addresses(view);
}

/*
 * One walk for all. The pairs go into the records, or where each record of the block, flow or not,
 * has its place in `pair`. @return number of records that were asked for
 */
__attribute__((always_inline)) static inline uint32_t tag_walk(struct tagger *tagger,
							       struct block_cursor *cursor,
							       struct record_views *views,
							       wanted *is_wanted, uint16_t *pair)
{
	uint8_t *bytes = cursor->block->bytes;
	const uint8_t *record;
	size_t record_bytes;
	uint32_t asked = 0;

	for (; block_next(cursor, &record, &record_bytes) == 1; pair += pair ? 2 : 0) {
		const struct record_view *view;

		if (bytes_get16(record) != RECORD_FLOW)
			continue;
		view = record_views_look(views, record, record_bytes);
		if (!view || !is_wanted(view))
			continue;
		asked++;
		if (pair)
			tagger_add(tagger, view, (uint8_t *)pair, NULL);
		else
			add_in_place(tagger, view, bytes + (record - bytes));
	}
	tagger_flush(tagger);
	return asked;
}

void tag_block(struct block *block, size_t from, uint32_t record_count,
	       const struct geo_table *table, struct geo_recent *recent)
{
	struct block_cursor cursor = {block, from, record_count};
	struct record_views views;
	struct tagger tagger;

	tagger_init(&tagger, table, recent);
	record_views_init(&views);
	tag_walk(&tagger, &cursor, &views, any_tail, NULL);
}

uint32_t tag_blanks(struct block_cursor *cursor, struct record_views *views,
		    const struct geo_table *table, struct geo_recent *recent)
{
	struct tagger tagger;

	tagger_init(&tagger, table, recent);
	return tag_walk(&tagger, cursor, views, blank_tail, NULL);
}

/* As the walk: each record of the block has its place in `pair`. */
static uint32_t look_up(const struct block *block, const struct geo_table *table, wanted *is_wanted,
			uint16_t *pair)
{
	struct block_cursor cursor = block_cursor(block);
	struct record_views views;
	struct tagger tagger;

	memset(pair, 0, 2 * sizeof(*pair) * block->record_count);
	tagger_init(&tagger, table, NULL);
	record_views_init(&views);
	return tag_walk(&tagger, &cursor, &views, is_wanted, pair);
}

uint32_t tag_fill(const struct block *block, const struct geo_table *table, uint16_t *pair)
{
	return look_up(block, table, no_tail, pair);
}

void tag_now(const struct block *block, const struct geo_table *table, uint16_t *pair)
{
	look_up(block, table, view_has_addresses, pair);
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
	tagger_init(&tagger, table, NULL);
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
