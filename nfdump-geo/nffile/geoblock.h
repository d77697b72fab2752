/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * geoblock.h - the container of the geo sections: type 4 data blocks of the shape that stock tools
 * pass over without a word (doc/file-format.md "Geo blocks").
 *
 * The payload of a block is two records, 0xC0C1 of S bytes and 0xC0C2 of S + 4, S a multiple of 4:
 * this satisfies both ways in which `nfdump -v` counts. The bytes behind the two record headers are
 * one part of a run; the parts of a run, put together, are the stream of sections.
 */
#ifndef NFFILE_GEOBLOCK_H
#define NFFILE_GEOBLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nffile/geosection.h"

enum {
	GEO_RECORD_FIRST = 0xc0c1,
	GEO_RECORD_SECOND = 0xc0c2,
	GEO_RECORDS = 2,
	GEO_PART_MAGIC = 0x3158474e, /* bytes 4E 47 58 31, "NGX1" */
	GEO_PART_LAYOUT = 1,
	GEO_PART_HEADER_BYTES = 16,
	GEO_RECORD_MAX_BYTES = 65528, /* S: the second record has 4 more and must fit a u16 */
	GEO_PAYLOAD_MAX_BYTES = 2 * GEO_RECORD_MAX_BYTES + 4,
	GEO_PART_MAX_BYTES = 2 * GEO_RECORD_MAX_BYTES - 4 - GEO_PART_HEADER_BYTES,
	GEO_STREAM_MAX_BYTES = 16 << 20, /* a reader refuses longer runs */
};

/* Place of a part in its run. */
struct geo_part {
	uint16_t part, parts;
	uint32_t run; /* equal in all parts of a run */
};

/** Parts needed for a stream of `len` bytes. */
static inline unsigned geo_part_count(size_t len)
{
	return (unsigned)((len + GEO_PART_MAX_BYTES - 1) / GEO_PART_MAX_BYTES);
}

/**
 * Make a block's payload.
 *
 * @param bytes  at most GEO_PART_MAX_BYTES of the stream
 * @param out    room for GEO_PAYLOAD_MAX_BYTES
 * @return length of the payload
 */
size_t geo_part_encode(const struct geo_part *part, const uint8_t *bytes, size_t len, uint8_t *out);

/**
 * Check a type 4 payload and append its stream bytes to `stream`.
 * @return NFGEO_OK; NFGEO_ECORRUPT when it is no geo block (stream untouched); NFGEO_ENOMEM
 */
int geo_part_decode(const uint8_t *payload, size_t len, struct geo_part *part,
		    struct geo_stream *stream);

/* One section of a stream. */
struct geo_section {
	uint16_t type, version;
	const uint8_t *bytes; /* borrowed from the stream */
	size_t len;
};

/**
 * The section at *at of the bytes of one or several parts that belong together; *at moves behind
 * it. Sections whose checksum is wrong are passed over.
 * @return 1 a section, 0 the end (of the part: type 0, padding, or nothing more)
 */
int geo_section_next(const uint8_t *bytes, size_t len, size_t *at, struct geo_section *section);

/** For those who verify: every section is whole, of a known type, and has its checksum; behind the
 * last one there are only zeros. */
bool geo_sections_whole(const uint8_t *bytes, size_t len);

#endif
