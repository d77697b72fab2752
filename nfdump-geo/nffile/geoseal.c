/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/geoseal.h"

#include <stdlib.h>

#include "include/nfgeo.h"
#include "nffile/format.h"

/* Decode the geo block at `at`, of `bytes` with its header, and append its part to `stream`. */
static bool read_part(struct geo_seal *seal, const struct nffile_reader *reader, uint64_t at,
		      uint32_t bytes, struct geo_part *part, struct geo_stream *stream)
{
	struct raw_block *raw = &seal->raw;
	size_t used;

	if (!nffile_head_at(reader, at, raw) || raw->type != BLOCK_ARRAY ||
	    raw->stored_bytes != bytes - BLOCK_HEADER_BYTES ||
	    nffile_load(reader, raw, NULL) != NFGEO_OK)
		return false;
	return codec_decompress(nffile_info(reader)->codec, raw->bytes, raw->stored_bytes,
				seal->payload, GEO_PAYLOAD_MAX_BYTES, &used) == NFGEO_OK &&
	       geo_part_decode(seal->payload, used, part, stream) == NFGEO_OK;
}

static bool is_whole(const struct geo_seal *seal)
{
	const struct geo_directory *directory = &seal->directory;
	uint64_t bytes = 0;

	if (directory->begin != seal->begin || directory->parts + 1 != seal->part.parts)
		return false;
	for (uint32_t i = 0; i < directory->parts; i++) {
		if (directory->part_bytes[i] <= BLOCK_HEADER_BYTES)
			return false;
		bytes += directory->part_bytes[i];
	}
	for (uint32_t i = 0; i < directory->places; i++)
		if (!directory->place[i].len ||
		    (uint64_t)directory->place[i].offset + directory->place[i].len >
			    (uint64_t)directory->parts * GEO_PART_MAX_BYTES)
			return false;
	return bytes == seal->cover.lead_bytes;
}

/* Cover and directory of the last part. */
static bool take_last(struct geo_seal *seal)
{
	struct geo_section section;
	bool covered = false;
	size_t at = 0;

	while (geo_section_next(seal->last.bytes, seal->last.used, &at, &section) == 1) {
		if (section.version > geo_section_version(section.type))
			continue;
		if (section.type == GEO_SECTION_TOTALS)
			covered = geo_get_cover(section.bytes, section.len, &seal->cover) ==
				  NFGEO_OK;
		else if (section.type == GEO_SECTION_DIRECTORY)
			seal->has_directory = geo_get_directory(section.bytes, section.len,
								&seal->directory) == NFGEO_OK;
	}
	return covered;
}

/* Is the run about this file as it is? */
static bool fits_file(struct geo_seal *seal, const struct nffile_info *info, uint64_t at)
{
	if (seal->cover.lead_bytes > at - FILE_HEADER_BYTES ||
	    seal->cover.file_blocks != info->block_count ||
	    seal->cover.stat_flows != info->totals.flows || !seal->part.parts ||
	    seal->part.part + 1 != seal->part.parts ||
	    (uint64_t)seal->cover.record_blocks + seal->part.parts != seal->cover.file_blocks)
		return false;
	seal->begin = at - seal->cover.lead_bytes;
	seal->has_directory = seal->has_directory && is_whole(seal);
	return true;
}

struct geo_seal *geo_seal_open(const struct nffile_reader *reader)
{
	const struct nffile_info *info = nffile_info(reader);
	uint64_t at = info->data_end - info->geo_bytes;
	struct geo_seal *seal;

	if (info->geo_bytes <= BLOCK_HEADER_BYTES || info->data_end < FILE_HEADER_BYTES ||
	    info->geo_bytes > info->data_end - FILE_HEADER_BYTES)
		return NULL;
	seal = calloc(1, sizeof(*seal));
	if (seal)
		seal->payload = malloc(GEO_PAYLOAD_MAX_BYTES);
	if (seal && seal->payload &&
	    read_part(seal, reader, at, info->geo_bytes, &seal->part, &seal->last) &&
	    take_last(seal) && fits_file(seal, info, at))
		return seal;
	geo_seal_free(seal);
	return NULL;
}

void geo_seal_free(struct geo_seal *seal)
{
	if (!seal)
		return;
	geo_stream_fini(&seal->last);
	raw_block_fini(&seal->raw);
	free(seal->payload);
	free(seal->totals);
	free(seal->rows);
	free(seal->pairs);
	free(seal);
}

bool geo_seal_provenance(const struct geo_seal *seal, const struct geo_provenance **list,
			 uint32_t *count)
{
	struct geo_section section;
	size_t at = 0;

	while (geo_section_next(seal->last.bytes, seal->last.used, &at, &section) == 1)
		if (section.type == GEO_SECTION_PROVENANCE &&
		    section.version <= geo_section_version(section.type) &&
		    geo_provenance_is_all(section.bytes, section.len))
			return geo_get_provenance(section.bytes, section.len, list,
						  GEO_PROVENANCE_MAX, count) == NFGEO_OK;
	return false;
}

/* Leading parts from `first` to `last`, the full ones without gap. */
static bool read_parts(struct geo_seal *seal, const struct nffile_reader *reader, uint32_t first,
		       uint32_t last, struct geo_stream *stream)
{
	uint64_t at = seal->begin;

	for (uint32_t i = 0; i <= last; at += seal->directory.part_bytes[i], i++) {
		struct geo_part part;

		if (i < first)
			continue;
		if (!read_part(seal, reader, at, seal->directory.part_bytes[i], &part, stream) ||
		    part.part != i || part.parts != seal->part.parts || part.run != seal->part.run)
			return false;
		if (i < last && stream->used != (i - first + 1) * (size_t)GEO_PART_MAX_BYTES)
			return false;
	}
	return true;
}

static const struct geo_section_place *find_place(const struct geo_seal *seal, enum geo_section_type type)
{
	const struct geo_section_place *place = seal->directory.place;

	if (!seal->has_directory)
		return NULL;
	for (const struct geo_section_place *end = place + seal->directory.places; place < end; place++)
		if (place->type == type)
			return place;
	return NULL;
}

bool geo_seal_section(struct geo_seal *seal, const struct nffile_reader *reader,
		      enum geo_section_type type, struct geo_stream *stream,
		      struct geo_section *section)
{
	const struct geo_section_place *place = find_place(seal, type);
	uint32_t first, last;
	size_t at;

	if (!place)
		return false;
	first = place->offset / GEO_PART_MAX_BYTES;
	last = (place->offset + (place->len - 1)) / GEO_PART_MAX_BYTES;
	at = place->offset % GEO_PART_MAX_BYTES;
	if (!read_parts(seal, reader, first, last, stream) || stream->used < at + place->len)
		return false;
	return geo_section_next(stream->bytes, at + place->len, &at, section) == 1 &&
	       section->type == type && section->version <= geo_section_version(type);
}
