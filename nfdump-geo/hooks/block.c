/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one walk over a block that is about to be compressed and written: countries into the blank
 * tails, then all that its file will say of it.
 *
 * A block is larger than a processor's nearer caches, so it is walked in windows that fit in: each
 * is filled, added up and checksummed before the next one is touched.
 */
#include <stdlib.h>

#include "base/crc32c.h"
#include "flow/block.h"
#include "flow/geotail.h"
#include "geo/country.h"
#include "geo/tag.h"
#include "hooks/hooks.h"
#include "nffile/geotrailer.h"

enum { WINDOW = 128 }; /* records */

static struct hook_sums *sums_new(void)
{
	struct hook_sums *sums = calloc(1, sizeof(*sums));

	if (!sums || !sum_table_init(&sums->table)) {
		free(sums);
		return NULL;
	}
	record_views_init(&sums->views);
	return sums;
}

void hook_sums_free(struct hook_sums *sums)
{
	if (sums)
		sum_table_fini(&sums->table);
	free(sums);
}

/* This thread's, emptied for a block. */
static struct hook_sums *sums_begin(struct hook_local *local)
{
	struct hook_sums *sums = local->sums;

	if (!sums)
		sums = local->sums = sums_new();
	if (!sums)
		return NULL;
	sums->payload = NULL;
	sums->crc = sums->filled = 0;
	sums->provenance = local->table ? geo_table_provenance(local->table) : NULL;
	sums->families = 0;
	sum_table_clear(&sums->table);
	return sums;
}

/* --- countries -------------------------------------------------------------------------------- */

static void drop_blank(const struct record_view *view, uint8_t *record, enum element element)
{
	unsigned tail = 0;
	uint8_t *pair;

	if (view_has(view, element))
		tail = geotail_find(element, view_payload(view, element),
				    view->payload_bytes[element]);
	if (!tail)
		return;
	pair = record + view->offset[element] + tail + GEOTAIL_PAIR;
	if (bytes_get32(pair) == GEOTAIL_BLANK)
		bytes_put32(pair, COUNTRY_UNKNOWN);
}

/* There is no database where the block is written, though there was one where a record got its
 * tail: no file may say "still to be looked up". */
static void drop_blanks(struct block_cursor *cursor, struct record_views *views)
{
	uint8_t *bytes = cursor->block->bytes;
	const struct record_view *view;
	const uint8_t *record;
	size_t len;

	while (block_next(cursor, &record, &len) == 1) {
		if (bytes_get16(record) != RECORD_FLOW)
			continue;
		view = record_views_look(views, record, len);
		if (!view || !view->geo)
			continue;
		drop_blank(view, bytes + (record - bytes), ELEMENT_IP4);
		drop_blank(view, bytes + (record - bytes), ELEMENT_IP6);
	}
}

/* @return records that got countries */
static uint32_t fill(struct block_cursor *cursor, struct record_views *views,
		     const struct hook_local *local)
{
	if (local->table)
		return tag_blanks(cursor, views, local->table, local->recent);
	drop_blanks(cursor, views);
	return 0;
}

/* --- sums ------------------------------------------------------------------------------------- */

/* One that contradicts itself is not counted, as every reader leaves it out. */
static void add_records(struct hook_sums *sums, struct block_cursor *cursor)
{
	const struct record_view *view;
	const uint8_t *record;
	size_t len;

	while (block_next(cursor, &record, &len) == 1) {
		view = bytes_get16(record) == RECORD_FLOW
			       ? record_views_look(&sums->views, record, len)
			       : NULL;
		if (!view) {
			sums->families |= geo_other_traits(record, len);
			continue;
		}
		sums->families |= geo_traits(view);
		sum_table_record(&sums->table, view);
	}
}

/*
 * Behind a record that leaves the block nobody reads; the checksum covers it all the same.
 *
 * @param local  NULL = no countries: the block has been written
 */
static void walk(struct hook_sums *sums, const struct block *block, const struct hook_local *local)
{
	size_t from = 0, end;

	do {
		struct block_cursor filling = {block, from, WINDOW}, adding = filling;

		if (local)
			sums->filled += fill(&filling, &sums->views, local);
		add_records(sums, &adding);
		end = adding.left ? block->used : adding.at;
		sums->crc = crc32c(sums->crc, block->bytes + from, end - from);
		from = end;
	} while (from < block->used);
}

void nfgeo_fill(void *payload, size_t bytes)
{
	struct block block = {.bytes = payload, .used = bytes};
	struct hook_local *local = hook_local();
	struct hook_sums *sums = sums_begin(local);

	if (!sums) { /* no sums then, but countries */
		struct block_cursor all = {&block, 0, UINT32_MAX};
		struct record_views views;

		record_views_init(&views);
		fill(&all, &views, local);
		return;
	}
	walk(sums, &block, local);
	sums->payload = payload;
	sums->bytes = bytes;
	atomic_fetch_add(&hook_books.looked_up, 2 * (uint64_t)sums->filled);
}

struct hook_sums *hook_sums_of(const void *payload, size_t bytes)
{
	struct block block = {.bytes = (uint8_t *)(uintptr_t)payload, .used = bytes};
	struct hook_local *local = hook_local();
	struct hook_sums *sums = local->sums;

	if (!sums || sums->payload != payload || sums->bytes != bytes) {
		sums = sums_begin(local);
		if (sums)
			walk(sums, &block, NULL);
	}
	if (sums)
		sums->payload = NULL;
	return sums;
}
