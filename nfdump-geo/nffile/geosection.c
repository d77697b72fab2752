/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/geosection.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "include/nfgeo.h"

enum {
	PROVENANCE_BYTES = 4 + 8 + 3 * SHA256_BYTES + 64 + 32, /* one entry */
	TOTALS_HEAD_BYTES = 4 + 4 + 8 + 8 + 4 + 4 + 32,
	TOTALS_ROW_BYTES = 4 + 2 * 32,
	INDEX_ENTRY_BYTES = 6 * 4 + 2 * 8, /* the fixed part, before the two sets */
	SET_BITMAP = 0xffff,		   /* instead of a list's length */
	SET_BITMAP_BYTES = COUNTRY_CODES / 8,
	SET_LIST_MAX = SET_BITMAP_BYTES / 2, /* a longer list would be longer than the bitmap */
};

void geo_stream_fini(struct geo_stream *stream)
{
	free(stream->bytes);
	*stream = (struct geo_stream){0};
}

/* Zeroed room for `len` bytes; NULL when memory is out. */
static uint8_t *put_room(struct geo_stream *stream, size_t len)
{
	uint8_t *at;

	if (stream->failed)
		return NULL;
	if (!stream->bytes || len > stream->capacity - stream->used) {
		size_t capacity = 2 * stream->capacity + len + 1024;
		uint8_t *bytes = realloc(stream->bytes, capacity);

		if (!bytes) {
			stream->failed = true;
			return NULL;
		}
		stream->bytes = bytes;
		stream->capacity = capacity;
	}
	at = stream->bytes + stream->used;
	memset(at, 0, len);
	stream->used += len;
	return at;
}

static void put_u32(struct geo_stream *stream, uint32_t value)
{
	uint8_t *at = put_room(stream, 4);

	if (at)
		bytes_put32(at, value);
}

static void put_u64(struct geo_stream *stream, uint64_t value)
{
	uint8_t *at = put_room(stream, 8);

	if (at)
		bytes_put64(at, value);
}

void geo_stream_add(struct geo_stream *stream, const void *bytes, size_t len)
{
	uint8_t *at = put_room(stream, len);

	if (at)
		memcpy(at, bytes, len);
}

static void section_begin(struct geo_stream *stream, enum geo_section_type type)
{
	uint8_t *at;

	stream->section = stream->used;
	at = put_room(stream, GEO_SECTION_HEADER_BYTES);
	if (!at)
		return;
	bytes_put16(at, type);
	bytes_put16(at + 2, GEO_SECTION_VERSION);
}

/* Contents are multiples of 4 by construction, so no padding is needed. */
static void section_end(struct geo_stream *stream)
{
	uint8_t *header = stream->bytes + stream->section;
	uint8_t *content = header + GEO_SECTION_HEADER_BYTES;
	size_t len;

	if (stream->failed)
		return;
	len = stream->used - stream->section - GEO_SECTION_HEADER_BYTES;
	bytes_put32(header + 4, (uint32_t)len);
	bytes_put32(header + 8, crc32c(0, content, len));
}

/* Text fields keep their NUL; what lies behind it is zeroed. */
static void put_text(struct geo_stream *stream, const char *text, size_t size)
{
	uint8_t *at = put_room(stream, size);

	if (at)
		memcpy(at, text, strnlen(text, size - 1));
}

void geo_put_provenance(struct geo_stream *stream, const struct geo_provenance *const *list,
			uint32_t count)
{
	section_begin(stream, GEO_SECTION_PROVENANCE);
	put_u32(stream, count);
	put_u32(stream, PROVENANCE_BYTES);
	for (uint32_t i = 0; i < count; i++) {
		put_u32(stream, i + 1);
		put_u64(stream, list[i]->build_epoch_s);
		geo_stream_add(stream, list[i]->sha256, SHA256_BYTES);
		geo_stream_add(stream, list[i]->local_sha256, SHA256_BYTES);
		geo_stream_add(stream, list[i]->feed_sha256, SHA256_BYTES);
		put_text(stream, list[i]->type, sizeof(list[i]->type));
		put_text(stream, list[i]->program, sizeof(list[i]->program));
	}
	section_end(stream);
}

int geo_get_provenance(const uint8_t *bytes, size_t len, const struct geo_provenance **list,
		       uint32_t limit, uint32_t *count)
{
	size_t entry_bytes;

	*count = 0;
	if (len < 8)
		return NFGEO_ECORRUPT;
	entry_bytes = bytes_get32(bytes + 4);
	if (entry_bytes < PROVENANCE_BYTES || bytes_get32(bytes) > (len - 8) / entry_bytes)
		return NFGEO_ECORRUPT;
	for (uint32_t i = 0; i < bytes_get32(bytes) && i < limit; i++) {
		const uint8_t *at = bytes + 8 + i * entry_bytes;
		struct geo_provenance entry = {.build_epoch_s = bytes_get64(at + 4)};

		if (bytes_get32(at) != i + 1)
			return NFGEO_ECORRUPT;
		memcpy(entry.sha256, at + 12, SHA256_BYTES);
		memcpy(entry.local_sha256, at + 44, SHA256_BYTES);
		memcpy(entry.feed_sha256, at + 76, SHA256_BYTES);
		memcpy(entry.type, at + 108, sizeof(entry.type) - 1);
		memcpy(entry.program, at + 172, sizeof(entry.program) - 1);
		list[i] = geo_provenance_intern(&entry);
		if (!list[i])
			return NFGEO_ENOMEM;
		*count = i + 1;
	}
	return NFGEO_OK;
}

static void put_count(struct geo_stream *stream, const struct geo_count *count)
{
	put_u64(stream, count->flows);
	put_u64(stream, count->packets);
	put_u64(stream, count->bytes);
	put_u64(stream, count->syn_only);
}

static void add_count(const uint8_t *at, struct geo_count *count)
{
	count->flows += bytes_get64(at);
	count->packets += bytes_get64(at + 8);
	count->bytes += bytes_get64(at + 16);
	count->syn_only += bytes_get64(at + 24);
}

static bool is_zero(const struct geo_count *count)
{
	return !(count->flows | count->packets | count->bytes | count->syn_only);
}

void geo_put_totals(struct geo_stream *stream, const struct geo_cover *cover,
		    const struct geo_totals *totals)
{
	uint32_t rows = 0;

	for (unsigned code = 0; code < COUNTRY_CODES; code++)
		rows += !is_zero(&totals->src[code]) || !is_zero(&totals->dst[code]);
	section_begin(stream, GEO_SECTION_TOTALS);
	put_u32(stream, cover->file_blocks);
	put_u32(stream, cover->record_blocks);
	put_u64(stream, cover->flow_records);
	put_u64(stream, cover->stat_flows);
	put_u32(stream, cover->lead_bytes);
	put_u32(stream, rows);
	put_count(stream, &totals->untagged);
	for (unsigned code = 0; code < COUNTRY_CODES; code++) {
		if (is_zero(&totals->src[code]) && is_zero(&totals->dst[code]))
			continue;
		put_u32(stream, code);
		put_count(stream, &totals->src[code]);
		put_count(stream, &totals->dst[code]);
	}
	section_end(stream);
}

int geo_get_totals(const uint8_t *bytes, size_t len, struct geo_cover *cover,
		   struct geo_totals *totals)
{
	uint32_t rows;

	if (len < TOTALS_HEAD_BYTES)
		return NFGEO_ECORRUPT;
	rows = bytes_get32(bytes + 28);
	if (rows > COUNTRY_CODES || rows > (len - TOTALS_HEAD_BYTES) / TOTALS_ROW_BYTES)
		return NFGEO_ECORRUPT;
	cover->file_blocks = bytes_get32(bytes);
	cover->record_blocks = bytes_get32(bytes + 4);
	cover->flow_records = bytes_get64(bytes + 8);
	cover->stat_flows = bytes_get64(bytes + 16);
	cover->lead_bytes = bytes_get32(bytes + 24);
	totals->flow_records += cover->flow_records;
	add_count(bytes + 32, &totals->untagged);
	for (uint32_t i = 0; i < rows; i++) {
		const uint8_t *row = bytes + TOTALS_HEAD_BYTES + i * TOTALS_ROW_BYTES;
		uint32_t code = bytes_get32(row);

		if (code >= COUNTRY_CODES)
			return NFGEO_ECORRUPT;
		add_count(row + 4, &totals->src[code]);
		add_count(row + 36, &totals->dst[code]);
	}
	return NFGEO_OK;
}

void geo_put_layout(struct geo_stream *stream, uint32_t groups)
{
	section_begin(stream, GEO_SECTION_LAYOUT);
	put_u32(stream, groups);
	section_end(stream);
}

int geo_get_layout(const uint8_t *bytes, size_t len, uint32_t *groups)
{
	if (len < 4 || !bytes_get32(bytes))
		return NFGEO_ECORRUPT;
	*groups = bytes_get32(bytes);
	return NFGEO_OK;
}

/* u16 length, u16 codes; or u16 SET_BITMAP, u16 0, 1024 bits: whichever is shorter. */
static void put_set(struct geo_stream *stream, const struct country_set *set)
{
	unsigned count = 0, n = 0;
	uint8_t *at;

	for (unsigned i = 0; i < COUNTRY_CODES / 64; i++)
		count += (unsigned)__builtin_popcountll(set->bits[i]);
	if (count > SET_LIST_MAX) {
		put_u32(stream, SET_BITMAP);
		for (unsigned i = 0; i < COUNTRY_CODES / 64; i++)
			put_u64(stream, set->bits[i]);
		return;
	}
	at = put_room(stream, (2 + 2 * (size_t)count + 3) & ~(size_t)3);
	if (!at)
		return;
	bytes_put16(at, (uint16_t)count);
	for (unsigned code = 0; code < COUNTRY_CODES; code++)
		if (country_set_has(set, (uint16_t)code))
			bytes_put16(at + 2 + 2 * n++, (uint16_t)code);
}

/* @return bytes taken, 0 when they are not there */
static size_t get_set(const uint8_t *at, size_t left, struct country_set *set)
{
	unsigned count;
	size_t need;

	if (left < 4)
		return 0;
	count = bytes_get16(at);
	if (count == SET_BITMAP) {
		if (left < 4 + SET_BITMAP_BYTES)
			return 0;
		for (unsigned i = 0; i < COUNTRY_CODES / 64; i++)
			set->bits[i] = bytes_get64(at + 4 + 8 * i);
		return 4 + SET_BITMAP_BYTES;
	}
	need = (2 + 2 * (size_t)count + 3) & ~(size_t)3;
	if (need > left)
		return 0;
	for (unsigned i = 0; i < count; i++)
		country_set_add(set, bytes_get16(at + 2 + 2 * i));
	return need;
}

void geo_put_index(struct geo_stream *stream, const struct geo_entry *entry, uint32_t count)
{
	section_begin(stream, GEO_SECTION_INDEX);
	put_u32(stream, count);
	for (const struct geo_entry *end = entry + count; entry < end; entry++) {
		put_u32(stream, entry->ordinal);
		put_u32(stream, entry->stored_bytes);
		put_u32(stream, entry->flow_count);
		put_u32(stream, entry->untagged_count);
		put_u32(stream, entry->crc);
		put_u32(stream, entry->provenance);
		put_u64(stream, entry->first_ms);
		put_u64(stream, entry->last_ms);
		put_set(stream, &entry->src);
		put_set(stream, &entry->dst);
	}
	section_end(stream);
}

/* @return bytes taken, 0 when they are not there */
static size_t get_entry(const uint8_t *at, size_t left, struct geo_entry *entry)
{
	size_t src, dst;

	if (left < INDEX_ENTRY_BYTES)
		return 0;
	entry->ordinal = bytes_get32(at);
	entry->stored_bytes = bytes_get32(at + 4);
	entry->flow_count = bytes_get32(at + 8);
	entry->untagged_count = bytes_get32(at + 12);
	entry->crc = bytes_get32(at + 16);
	entry->provenance = bytes_get32(at + 20);
	entry->first_ms = bytes_get64(at + 24);
	entry->last_ms = bytes_get64(at + 32);
	src = get_set(at + INDEX_ENTRY_BYTES, left - INDEX_ENTRY_BYTES, &entry->src);
	if (!src)
		return 0;
	dst = get_set(at + INDEX_ENTRY_BYTES + src, left - INDEX_ENTRY_BYTES - src, &entry->dst);
	return dst ? INDEX_ENTRY_BYTES + src + dst : 0;
}

int geo_get_index(const uint8_t *bytes, size_t len, struct geo_entry **out, uint32_t *count)
{
	struct geo_entry *entry;
	size_t at = 4;

	*out = NULL;
	*count = len < 4 ? 0 : bytes_get32(bytes);
	if (len < 4 || *count > (len - 4) / (INDEX_ENTRY_BYTES + 8))
		return NFGEO_ECORRUPT;
	entry = calloc(*count ? *count : 1, sizeof(*entry));
	if (!entry)
		return NFGEO_ENOMEM;
	for (uint32_t i = 0; i < *count; i++) {
		size_t taken = get_entry(bytes + at, len - at, &entry[i]);

		if (!taken) {
			free(entry);
			return NFGEO_ECORRUPT;
		}
		at += taken;
	}
	*out = entry;
	return NFGEO_OK;
}
