/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/geosection.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "include/nfgeo.h"
#include "nffile/varint.h"

enum {
	PROVENANCE_BYTES = 4 + 8 + 3 * SHA256_BYTES + 64 + 32, /* one entry */
	TOTALS_HEAD_BYTES = 4 + 4 + 8 + 8 + 4 + 4 + 32,
	TOTALS_ROW_BYTES = 4 + 2 * 32,
	DIRECTORY_HEAD_BYTES = 8 + 4 + 4,
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

void geo_stream_varint(struct geo_stream *stream, uint64_t value)
{
	uint8_t bytes[VARINT_MAX_BYTES];

	geo_stream_add(stream, bytes, varint_put(bytes, value));
}

static const uint8_t versions[] = {
	[GEO_SECTION_PROVENANCE] = 1, [GEO_SECTION_TOTALS] = 1,	      [GEO_SECTION_INDEX] = 2,
	[GEO_SECTION_CUBE] = 1,	      [GEO_SECTION_PAIRS] = 1,	      [GEO_SECTION_BLOCK_TOTALS] = 1,
	[GEO_SECTION_LAYOUT] = 1,     [GEO_SECTION_DIRECTORY] = 1,    [GEO_SECTION_SKETCHES] = 1,
};

unsigned geo_section_version(unsigned type)
{
	return type < sizeof(versions) ? versions[type] : 0;
}

void geo_section_begin(struct geo_stream *stream, enum geo_section_type type)
{
	uint8_t *at;

	stream->section = stream->used;
	at = put_room(stream, GEO_SECTION_HEADER_BYTES);
	if (!at)
		return;
	bytes_put16(at, type);
	bytes_put16(at + 2, versions[type]);
}

void geo_section_end(struct geo_stream *stream)
{
	size_t len = stream->used - stream->section - GEO_SECTION_HEADER_BYTES;
	uint8_t *header;

	put_room(stream, -len & 3);
	if (stream->failed)
		return;
	header = stream->bytes + stream->section;
	bytes_put32(header + 4, (uint32_t)len);
	bytes_put32(header + 8, crc32c(0, header + GEO_SECTION_HEADER_BYTES, len));
}

/* Text fields keep their NUL; what lies behind it is zeroed. */
static void put_text(struct geo_stream *stream, const char *text, size_t size)
{
	uint8_t *at = put_room(stream, size);

	if (at)
		memcpy(at, text, strnlen(text, size - 1));
}

void geo_put_provenance(struct geo_stream *stream, const struct geo_provenance *const *list,
			uint32_t count, bool all)
{
	geo_section_begin(stream, GEO_SECTION_PROVENANCE);
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
	put_u32(stream, all);
	geo_section_end(stream);
}

bool geo_provenance_is_all(const uint8_t *bytes, size_t len)
{
	uint64_t end = len < 8 ? len : 8 + (uint64_t)bytes_get32(bytes) * bytes_get32(bytes + 4);

	return end + 4 <= len && bytes_get32(bytes + end) == 1;
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
	geo_section_begin(stream, GEO_SECTION_TOTALS);
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
	geo_section_end(stream);
}

int geo_get_cover(const uint8_t *bytes, size_t len, struct geo_cover *cover)
{
	if (len < TOTALS_HEAD_BYTES)
		return NFGEO_ECORRUPT;
	cover->file_blocks = bytes_get32(bytes);
	cover->record_blocks = bytes_get32(bytes + 4);
	cover->flow_records = bytes_get64(bytes + 8);
	cover->stat_flows = bytes_get64(bytes + 16);
	cover->lead_bytes = bytes_get32(bytes + 24);
	return NFGEO_OK;
}

int geo_get_totals(const uint8_t *bytes, size_t len, struct geo_cover *cover,
		   struct geo_totals *totals)
{
	uint32_t rows;

	if (geo_get_cover(bytes, len, cover) != NFGEO_OK)
		return NFGEO_ECORRUPT;
	rows = bytes_get32(bytes + 28);
	if (rows > COUNTRY_CODES || rows > (len - TOTALS_HEAD_BYTES) / TOTALS_ROW_BYTES)
		return NFGEO_ECORRUPT;
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
	geo_section_begin(stream, GEO_SECTION_LAYOUT);
	put_u32(stream, groups);
	geo_section_end(stream);
}

int geo_get_layout(const uint8_t *bytes, size_t len, uint32_t *groups)
{
	if (len < 4 || !bytes_get32(bytes))
		return NFGEO_ECORRUPT;
	*groups = bytes_get32(bytes);
	return NFGEO_OK;
}

void geo_put_directory(struct geo_stream *stream, const struct geo_directory *directory)
{
	geo_section_begin(stream, GEO_SECTION_DIRECTORY);
	put_u64(stream, directory->begin);
	put_u32(stream, directory->parts);
	put_u32(stream, directory->places);
	for (uint32_t i = 0; i < directory->parts; i++)
		put_u32(stream, directory->part_bytes[i]);
	for (uint32_t i = 0; i < directory->places; i++) {
		put_u32(stream, directory->place[i].type);
		put_u32(stream, directory->place[i].offset);
		put_u32(stream, directory->place[i].len);
	}
	geo_section_end(stream);
}

int geo_get_directory(const uint8_t *bytes, size_t len, struct geo_directory *directory)
{
	const uint8_t *at = bytes + DIRECTORY_HEAD_BYTES;

	if (len < DIRECTORY_HEAD_BYTES)
		return NFGEO_ECORRUPT;
	directory->begin = bytes_get64(bytes);
	directory->parts = bytes_get32(bytes + 8);
	directory->places = bytes_get32(bytes + 12);
	if (directory->parts > GEO_PARTS_MAX || directory->places > GEO_PLACES_MAX ||
	    len != DIRECTORY_HEAD_BYTES + 4 * directory->parts + 12 * directory->places)
		return NFGEO_ECORRUPT;
	for (uint32_t i = 0; i < directory->parts; i++, at += 4)
		directory->part_bytes[i] = bytes_get32(at);
	for (uint32_t i = 0; i < directory->places; i++, at += 12)
		directory->place[i] = (struct geo_section_place){bytes_get32(at), bytes_get32(at + 4),
							 bytes_get32(at + 8)};
	return NFGEO_OK;
}
