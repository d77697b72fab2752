/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/geoblock.h"

#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "include/nfgeo.h"
#include "nffile/format.h"

enum { RECORD_MIN_BYTES = RECORD_SMALL_HEADER_BYTES + GEO_PART_HEADER_BYTES };

size_t geo_part_encode(const struct geo_part *part, const uint8_t *bytes, size_t len, uint8_t *out)
{
	/* 2 S - 4 bytes of room behind the two record headers; the part's header in the first. */
	size_t need = ((GEO_PART_HEADER_BYTES + len + 4 + 1) / 2 + 3) & ~(size_t)3;
	size_t size = need < RECORD_MIN_BYTES ? RECORD_MIN_BYTES : need;
	size_t first = size - RECORD_MIN_BYTES;
	uint8_t *head = out + RECORD_SMALL_HEADER_BYTES;

	memset(out, 0, 2 * size + 4);
	bytes_put16(out, GEO_RECORD_FIRST);
	bytes_put16(out + 2, (uint16_t)size);
	bytes_put32(head, GEO_PART_MAGIC);
	bytes_put16(head + 4, GEO_PART_LAYOUT);
	bytes_put16(head + 6, part->part);
	bytes_put16(head + 8, part->parts);
	bytes_put32(head + 12, part->run);
	first = first < len ? first : len;
	memcpy(head + GEO_PART_HEADER_BYTES, bytes, first);
	bytes_put16(out + size, GEO_RECORD_SECOND);
	bytes_put16(out + size + 2, (uint16_t)(size + 4));
	memcpy(out + size + RECORD_SMALL_HEADER_BYTES, bytes + first, len - first);
	return 2 * size + 4;
}

/* Size of the first record when the payload has the shape of a geo block, else 0. */
static size_t check_shape(const uint8_t *payload, size_t len)
{
	size_t size;

	if (len < 2 * RECORD_MIN_BYTES + 4)
		return 0;
	size = bytes_get16(payload + 2);
	if (bytes_get16(payload) != GEO_RECORD_FIRST || len != 2 * size + 4 ||
	    size < RECORD_MIN_BYTES)
		return 0;
	if (bytes_get16(payload + size) != GEO_RECORD_SECOND ||
	    bytes_get16(payload + size + 2) != size + 4)
		return 0;
	payload += RECORD_SMALL_HEADER_BYTES;
	return bytes_get32(payload) == GEO_PART_MAGIC && bytes_get16(payload + 4) == GEO_PART_LAYOUT
		       ? size
		       : 0;
}

int geo_part_decode(const uint8_t *payload, size_t len, struct geo_part *part,
		    struct geo_stream *stream)
{
	size_t size = check_shape(payload, len);
	const uint8_t *head = payload + RECORD_SMALL_HEADER_BYTES;

	if (!size)
		return NFGEO_ECORRUPT;
	part->part = bytes_get16(head + 6);
	part->parts = bytes_get16(head + 8);
	part->run = bytes_get32(head + 12);
	if (stream->used + len > GEO_STREAM_MAX_BYTES)
		return NFGEO_ECORRUPT;
	geo_stream_add(stream, head + GEO_PART_HEADER_BYTES, size - RECORD_MIN_BYTES);
	geo_stream_add(stream, payload + size + RECORD_SMALL_HEADER_BYTES, size);
	return stream->failed ? NFGEO_ENOMEM : NFGEO_OK;
}

/* The section at *at, checksum or not; *at moves behind it. @return as geo_section_next(), or
 * NFGEO_ECORRUPT: it is longer than what is there */
static int section_at(const uint8_t *bytes, size_t len, size_t *at, struct geo_section *section)
{
	const uint8_t *head = bytes + *at;

	if (len - *at < GEO_SECTION_HEADER_BYTES)
		return 0;
	section->type = bytes_get16(head);
	section->version = bytes_get16(head + 2);
	section->len = bytes_get32(head + 4);
	section->bytes = head + GEO_SECTION_HEADER_BYTES;
	if (section->type == GEO_SECTION_END)
		return 0;
	if (section->len > len - *at - GEO_SECTION_HEADER_BYTES)
		return NFGEO_ECORRUPT;
	*at += GEO_SECTION_HEADER_BYTES + ((section->len + 3) & ~(size_t)3);
	if (*at > len)
		*at = len;
	return 1;
}

static bool has_its_checksum(const struct geo_section *section)
{
	return crc32c(0, section->bytes, section->len) == bytes_get32(section->bytes - 4);
}

int geo_section_next(const uint8_t *bytes, size_t len, size_t *at, struct geo_section *section)
{
	while (section_at(bytes, len, at, section) == 1)
		if (has_its_checksum(section))
			return 1;
	return 0;
}

/* Only what is known here can be said to be whole. */
bool geo_sections_whole(const uint8_t *bytes, size_t len)
{
	struct geo_section section;
	size_t at = 0;
	int more;

	while ((more = section_at(bytes, len, &at, &section)) == 1)
		if (!has_its_checksum(&section) || !section.version ||
		    section.version > geo_section_version(section.type))
			return false;
	while (at < len && !bytes[at]) /* padding */
		at++;
	return more == 0 && at == len;
}
