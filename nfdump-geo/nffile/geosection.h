/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * geosection.h - the contents of the sections in a file's geo blocks, as bytes and back
 * (doc/file-format.md "Geo blocks"). All decoders bound everything by the section's length.
 */
#ifndef NFFILE_GEOSECTION_H
#define NFFILE_GEOSECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "geo/provenance.h"
#include "nffile/country_sets.h"
#include "nffile/geosum.h"

enum geo_section_type {
	GEO_SECTION_END = 0, /* of the part it stands in */
	GEO_SECTION_PROVENANCE = 1,
	GEO_SECTION_TOTALS = 2,
	GEO_SECTION_INDEX = 3,
	GEO_SECTION_CUBE = 4,
	GEO_SECTION_PAIRS = 5,
	GEO_SECTION_SKETCHES = 6,
	GEO_SECTION_BLOCK_TOTALS = 8,
	GEO_SECTION_LAYOUT = 9,
	GEO_SECTION_DIRECTORY = 10,
};

enum { GEO_SECTION_HEADER_BYTES = 12 };

enum { GEO_PROVENANCE_MAX = 256 }; /* entries that are read */

/** The newest version of a section that is known here; 0 = the type is not. */
unsigned geo_section_version(unsigned type);

/* Sections under construction. Once memory is out, `failed` is set and nothing more happens. */
struct geo_stream {
	uint8_t *bytes; /* owns */
	size_t used, capacity;
	size_t section; /* where the open section's header is */
	bool failed;
};

void geo_stream_fini(struct geo_stream *stream);
void geo_stream_add(struct geo_stream *stream, const void *bytes, size_t len);
void geo_stream_varint(struct geo_stream *stream, uint64_t value);

/* A section: its header, then what the caller adds, then padding. */
void geo_section_begin(struct geo_stream *stream, enum geo_section_type type);
void geo_section_end(struct geo_stream *stream);

/** What a totals section says besides the sums: with it a reader checks that nothing was added to
 * the file or taken from it since. */
struct geo_cover {
	uint32_t file_blocks;	/* NumBlocks of the header */
	uint32_t record_blocks; /* that this run describes */
	uint64_t flow_records;
	uint64_t stat_flows; /* of the stat record */
	uint32_t lead_bytes; /* on disk: the blocks of this run before its last one */
};

/* Where the sections of the leading parts are: a reader takes what it needs and no more. */
enum { GEO_PARTS_MAX = 160, GEO_PLACES_MAX = 8 };

struct geo_section_place {
	uint32_t type;
	uint32_t offset, len; /* in the stream of the leading parts, with header and padding */
};

struct geo_directory {
	uint64_t begin; /* offset of the run in the file */
	uint32_t parts, places;
	uint32_t part_bytes[GEO_PARTS_MAX]; /* on disk, block header included */
	struct geo_section_place place[GEO_PLACES_MAX];
};

/** @param all  every flow with countries has them from one of the list */
void geo_put_provenance(struct geo_stream *stream, const struct geo_provenance *const *list,
			uint32_t count, bool all);
void geo_put_totals(struct geo_stream *stream, const struct geo_cover *cover,
		    const struct geo_totals *totals);
/** How the file's blocks were made: groups a side of the grid of cells, 1 = order of arrival. */
void geo_put_layout(struct geo_stream *stream, uint32_t groups);
void geo_put_index(struct geo_stream *stream, const struct geo_entry *entry, uint32_t count);
void geo_put_directory(struct geo_stream *stream, const struct geo_directory *directory);

/** @param list  filled with interned copies, id 1 first; at most `limit`, the rest is ignored
 * @return NFGEO_OK, NFGEO_ECORRUPT or NFGEO_ENOMEM */
int geo_get_provenance(const uint8_t *bytes, size_t len, const struct geo_provenance **list,
		       uint32_t limit, uint32_t *count);

/** No flow's countries are from elsewhere. False for sections of before, which do not tell. */
bool geo_provenance_is_all(const uint8_t *bytes, size_t len);

/** What a totals section says besides the sums. */
int geo_get_cover(const uint8_t *bytes, size_t len, struct geo_cover *cover);

/** Adds to *totals. @return NFGEO_OK or NFGEO_ECORRUPT */
int geo_get_totals(const uint8_t *bytes, size_t len, struct geo_cover *cover,
		   struct geo_totals *totals);

int geo_get_layout(const uint8_t *bytes, size_t len, uint32_t *groups);

/** @param version  of the section: 1 or 2
 * @param sets      where the entries' countries are kept
 * @param entry     new array, owned by the caller; NULL on error */
int geo_get_index(const uint8_t *bytes, size_t len, unsigned version, struct country_sets *sets,
		  struct geo_entry **entry, uint32_t *count);

int geo_get_directory(const uint8_t *bytes, size_t len, struct geo_directory *directory);

#endif
