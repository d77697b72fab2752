/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the sections may cost, in parts of the record blocks on disk: index and totals of blocks
 * together two thousandths, so that the totals of blocks with few pairs are there and those of
 * blocks with many are not; pairs one hundredth.
 */
#include "nffile/geotrailer.h"

#include <stdlib.h>

#include "flow/record_kind.h"
#include "include/nfgeo.h"

enum {
	BLOCKS_PART = 500, /* index and totals of blocks: one in so many bytes .. */
	BLOCKS_BYTES = 1024, /* .. and this for small files */
	ROWS_PART = 100,   /* of one block */
	ROW_BYTES = 16,	   /* about */
	AHEAD = 8,	   /* sums */
	KINDS = 32,	   /* that one pair, and flows without, may have */
	PAIRS_PART = 100,
};

struct geo_trailer *geo_trailer_new(bool sketches)
{
	struct geo_trailer *trailer = calloc(1, sizeof(*trailer));

	if (trailer) {
		country_sets_init(&trailer->sets);
		trailer->sketches = sketches ? host_sketches_new() : NULL;
	}
	if (trailer && (trailer->sketches || !sketches) && sum_table_init(&trailer->block) &&
	    sum_table_init(&trailer->cells) && sum_table_init(&trailer->pairs))
		return trailer;
	geo_trailer_free(trailer);
	return NULL;
}

void geo_trailer_free(struct geo_trailer *trailer)
{
	if (!trailer)
		return;
	sum_table_fini(&trailer->block);
	sum_table_fini(&trailer->cells);
	sum_table_fini(&trailer->pairs);
	geo_stream_fini(&trailer->row_bytes);
	country_sets_fini(&trailer->sets);
	host_sketches_free(trailer->sketches);
	free(trailer->rows);
	free(trailer->entry);
	free(trailer);
}

static bool more_entries(struct geo_trailer *trailer)
{
	uint32_t capacity = 2 * trailer->entry_capacity + 64;
	struct geo_entry *entry = realloc(trailer->entry, capacity * sizeof(*entry));
	struct geo_section_place *rows;

	if (!entry)
		return false;
	trailer->entry = entry;
	rows = realloc(trailer->rows, capacity * sizeof(*rows));
	if (!rows)
		return false;
	trailer->rows = rows;
	trailer->entry_capacity = capacity;
	return true;
}

struct geo_entry *geo_trailer_entry(struct geo_trailer *trailer)
{
	if (trailer->entry_count == trailer->entry_capacity && !more_entries(trailer))
		return NULL;
	sum_table_clear(&trailer->block);
	trailer->families = 0;
	trailer->sides = (struct geo_sides){0};
	trailer->rows[trailer->entry_count] = (struct geo_section_place){0};
	geosum_entry_init(&trailer->entry[trailer->entry_count]);
	return &trailer->entry[trailer->entry_count++];
}

uint8_t geo_other_traits(const uint8_t *record, size_t len)
{
	return record_kind(record, len) == RECORD_IS_SERVICE ? GEO_HAS_OTHERS : GEO_HAS_UNREADABLE;
}

/* --- the end of a block ----------------------------------------------------------------------- */

static void add_untagged(struct geo_trailer *trailer, struct geo_entry *entry,
			 const struct flow_sum *sum)
{
	struct cube_sum cube = flow_sum_cube(sum);
	struct geo_count count = flow_sum_count(sum, trailer->query);

	entry->untagged_count += sum->records;
	cube_sum_merge(&trailer->untagged, &cube);
	geo_count_add(&trailer->untagged_count, &count);
}

static void add_tagged(struct geo_trailer *trailer, const struct flow_sum *sum)
{
	uint32_t src = sum->key >> SUM_SRC_SHIFT, dst = sum->key >> SUM_DST_SHIFT & SUM_CODE_MASK;

	country_set_add(&trailer->sides.src, (uint16_t)src);
	country_set_add(&trailer->sides.dst, (uint16_t)dst);
	if (src == COUNTRY_UNKNOWN || dst == COUNTRY_UNKNOWN) {
		uint64_t flows = flow_sum_count(sum, trailer->query).flows;

		trailer->unknown += (src == COUNTRY_UNKNOWN ? flows : 0) +
				    (dst == COUNTRY_UNKNOWN ? flows : 0);
	}
	flow_sum_merge(sum_table_at(&trailer->pairs, sum->key), sum);
}

static void add_sum(struct geo_trailer *trailer, struct geo_entry *entry,
		    const struct flow_sum *sum)
{
	entry->flow_count += sum->records;
	if ((sum->key & SUM_KIND_MASK) != SUM_BARE) {
		if (sum->sum.first_ms < entry->first_ms)
			entry->first_ms = sum->sum.first_ms;
		if (sum->sum.last_ms > entry->last_ms)
			entry->last_ms = sum->sum.last_ms;
	}
	if (sum->key & SUM_UNTAGGED)
		add_untagged(trailer, entry, sum);
	else
		add_tagged(trailer, sum);
}

/* The rows of a block that has few for its size. */
static void keep_rows(struct geo_trailer *trailer, const struct geo_entry *entry,
		      struct geo_section_place *place)
{
	uint32_t limit = entry->stored_bytes / ROWS_PART + 2 * ROW_BYTES;

	/* Some pairs have flows of several kinds. */
	if (trailer->block.count > KINDS + 2 * limit / ROW_BYTES)
		return;
	sum_table_sort(&trailer->block);
	place->offset = (uint32_t)trailer->row_bytes.used;
	geo_put_block_rows(&trailer->row_bytes, &trailer->block, entry);
	place->len = (uint32_t)trailer->row_bytes.used - place->offset;
	if (place->len <= limit && trailer->row_bytes.used <= UINT32_MAX)
		return;
	place->len = 0;
	trailer->row_bytes.used = place->offset;
}

bool geo_trailer_block(struct geo_trailer *trailer)
{
	struct geo_entry *entry = &trailer->entry[trailer->entry_count - 1];

	for (uint32_t i = 0; i < trailer->block.count; i++) {
		if (i + AHEAD < trailer->block.count) /* the file's sums are many */
			sum_table_prefetch(&trailer->pairs, trailer->block.sum[i + AHEAD].key);
		add_sum(trailer, entry, &trailer->block.sum[i]);
	}
	entry->families = trailer->families;
	entry->src = country_sets_keep(&trailer->sets, &trailer->sides.src);
	entry->dst = country_sets_keep(&trailer->sets, &trailer->sides.dst);
	trailer->unreadable |= (trailer->families & GEO_HAS_UNREADABLE) != 0;
	trailer->flow_records += entry->flow_count;
	trailer->stored_bytes += entry->stored_bytes;
	keep_rows(trailer, entry, &trailer->rows[trailer->entry_count - 1]);
	return entry->src && entry->dst && !trailer->block.failed && !trailer->cells.failed && !trailer->pairs.failed &&
	       !trailer->row_bytes.failed;
}

/* Provenance is interned, so the same data is the same pointer. */
uint32_t geo_trailer_provenance(struct geo_trailer *trailer,
				const struct geo_provenance *provenance)
{
	uint32_t limit = sizeof(trailer->provenance) / sizeof(*trailer->provenance);

	if (!provenance)
		return 0;
	for (uint32_t i = 0; i < trailer->provenance_count; i++)
		if (trailer->provenance[i] == provenance)
			return i + 1;
	if (trailer->provenance_count == limit)
		return 0;
	trailer->provenance[trailer->provenance_count++] = provenance;
	return trailer->provenance_count;
}

/* --- the end of the file ---------------------------------------------------------------------- */

void geo_trailer_shares(const struct geo_trailer *trailer, uint32_t src[COUNTRY_CODES],
			uint32_t dst[COUNTRY_CODES])
{
	memset(src, 0, COUNTRY_CODES * sizeof(*src));
	memset(dst, 0, COUNTRY_CODES * sizeof(*dst));
	for (uint32_t i = 0; i < trailer->pairs.count; i++) {
		const struct flow_sum *sum = &trailer->pairs.sum[i];

		src[sum->key >> SUM_SRC_SHIFT] += sum->records;
		dst[sum->key >> SUM_DST_SHIFT & SUM_CODE_MASK] += sum->records;
	}
}

static int by_bytes(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return (a > b) - (a < b);
}

/* How long a block's rows may be so that those of all blocks fit. */
static uint32_t longest_rows(const struct geo_trailer *trailer, uint64_t room)
{
	uint32_t *bytes = malloc((trailer->entry_count + 1) * sizeof(*bytes)), longest = 0;

	if (!bytes)
		return 0;
	for (uint32_t i = 0; i < trailer->entry_count; i++)
		bytes[i] = trailer->rows[i].len;
	qsort(bytes, trailer->entry_count, sizeof(*bytes), by_bytes);
	for (uint32_t i = 0; i < trailer->entry_count && bytes[i] <= room; i++) {
		room -= bytes[i];
		longest = bytes[i];
	}
	free(bytes);
	return longest;
}

static void put_block_totals(struct geo_trailer *trailer, struct geo_stream *stream, size_t index)
{
	uint64_t room = trailer->stored_bytes / BLOCKS_PART + BLOCKS_BYTES;
	uint32_t longest = longest_rows(trailer, room > index ? room - index : 0);

	for (uint32_t i = 0; i < trailer->entry_count; i++)
		if (trailer->rows[i].len > longest)
			trailer->rows[i].len = 0;
	geo_put_block_totals(stream, &trailer->row_bytes, trailer->rows, trailer->entry_count);
}

/* The file by side, country and kind. */
static void make_cells(struct geo_trailer *trailer)
{
	sum_table_clear(&trailer->cells);
	for (uint32_t i = 0; i < trailer->pairs.count; i++) {
		const struct flow_sum *sum = &trailer->pairs.sum[i];
		uint32_t src = sum->key >> SUM_SRC_SHIFT << SUM_DST_SHIFT;
		uint32_t dst = sum->key & SUM_CODE_MASK << SUM_DST_SHIFT;
		uint32_t kind = sum->key & SUM_KIND_MASK;

		flow_sum_merge(sum_table_at(&trailer->cells, src | kind), sum);
		flow_sum_merge(sum_table_at(&trailer->cells, 1u << SUM_SRC_SHIFT | dst | kind), sum);
	}
	sum_table_sort(&trailer->cells);
}

/* The section that was just added begins at stream->section. */
static void note_place(struct geo_trailer *trailer, const struct geo_stream *stream,
		       enum geo_section_type type)
{
	trailer->directory.place[trailer->directory.places++] = (struct geo_section_place){
		type, (uint32_t)stream->section, (uint32_t)(stream->used - stream->section)};
}

void geo_trailer_lead(struct geo_trailer *trailer, struct geo_stream *stream)
{
	size_t index;

	trailer->directory.parts = trailer->directory.places = 0;
	geo_put_index(stream, trailer->entry, trailer->entry_count);
	note_place(trailer, stream, GEO_SECTION_INDEX);
	index = stream->used;
	make_cells(trailer);
	if (!trailer->unreadable) { /* whoever asks a cube is not told what cannot be read */
		geo_put_cube(stream, &trailer->cells, &trailer->untagged);
		note_place(trailer, stream, GEO_SECTION_CUBE);
	}
	if (!trailer->no_pairs && !trailer->unreadable) {
		sum_table_sort(&trailer->pairs);
		if (geo_put_pairs(stream, &trailer->pairs, trailer->stored_bytes / PAIRS_PART))
			note_place(trailer, stream, GEO_SECTION_PAIRS);
	}
	if (trailer->sketches && !trailer->sketches->failed && !trailer->unreadable) {
		geo_put_sketches(stream, trailer->sketches);
		note_place(trailer, stream, GEO_SECTION_SKETCHES);
	}
	put_block_totals(trailer, stream, index);
	note_place(trailer, stream, GEO_SECTION_BLOCK_TOTALS);
	if (trailer->cells.failed || trailer->pairs.failed)
		stream->failed = true;
}

void geo_trailer_part(struct geo_trailer *trailer, uint32_t bytes_on_disk)
{
	struct geo_directory *directory = &trailer->directory;

	/* A longer run has no directory that a reader would take. */
	if (directory->parts < GEO_PARTS_MAX)
		directory->part_bytes[directory->parts++] = bytes_on_disk;
}

static void totals_of(const struct geo_trailer *trailer, struct geo_totals *totals)
{
	for (uint32_t i = 0; i < trailer->cells.count; i++) {
		const struct flow_sum *sum = &trailer->cells.sum[i];
		uint32_t code = sum->key >> SUM_DST_SHIFT & SUM_CODE_MASK;
		struct geo_count count = flow_sum_count(sum, trailer->query);

		geo_count_add(sum->key >> SUM_SRC_SHIFT ? &totals->dst[code] : &totals->src[code],
			      &count);
	}
	totals->untagged = trailer->untagged_count;
	totals->flow_records = trailer->flow_records;
}

/* Of all countries it is known what told them. */
static bool is_all_known(const struct geo_trailer *trailer)
{
	for (uint32_t i = 0; i < trailer->entry_count; i++)
		if (!trailer->entry[i].provenance &&
		    trailer->entry[i].untagged_count < trailer->entry[i].flow_count)
			return false;
	return true;
}

void geo_trailer_last(struct geo_trailer *trailer, const struct geo_cover *cover, uint64_t begin,
		      struct geo_stream *stream)
{
	struct geo_totals *totals = calloc(1, sizeof(*totals)); /* large */

	if (!totals) {
		stream->failed = true;
		return;
	}
	totals_of(trailer, totals);
	trailer->directory.begin = begin;
	if (trailer->groups > 1)
		geo_put_layout(stream, trailer->groups);
	if (trailer->provenance_count)
		geo_put_provenance(stream, trailer->provenance, trailer->provenance_count,
				   is_all_known(trailer));
	geo_put_totals(stream, cover, totals);
	geo_put_directory(stream, &trailer->directory);
	free(totals);
}
