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
#include "nffile/geosum.h"

enum geo_section_type {
	GEO_SECTION_END = 0, /* of the part it stands in */
	GEO_SECTION_PROVENANCE = 1,
	GEO_SECTION_TOTALS = 2,
	GEO_SECTION_INDEX = 3,
	GEO_SECTION_LAYOUT = 9,
};

enum { GEO_SECTION_VERSION = 1, GEO_SECTION_HEADER_BYTES = 12 };

/* Sections under construction. Once memory is out, `failed` is set and nothing more happens. */
struct geo_stream {
	uint8_t *bytes; /* owns */
	size_t used, capacity;
	size_t section; /* where the open section's header is */
	bool failed;
};

void geo_stream_fini(struct geo_stream *stream);
void geo_stream_add(struct geo_stream *stream, const void *bytes, size_t len);

/** What a totals section says besides the sums: with it a reader checks that nothing was added to
 * the file or taken from it since. */
struct geo_cover {
	uint32_t file_blocks;	/* NumBlocks of the header */
	uint32_t record_blocks; /* that this run describes */
	uint64_t flow_records;
	uint64_t stat_flows; /* of the stat record */
	uint32_t lead_bytes; /* on disk: the blocks of this run before its last one */
};

void geo_put_provenance(struct geo_stream *stream, const struct geo_provenance *const *list,
			uint32_t count);
void geo_put_totals(struct geo_stream *stream, const struct geo_cover *cover,
		    const struct geo_totals *totals);
/** How the file's blocks were made: groups a side of the grid of cells, 1 = order of arrival. */
void geo_put_layout(struct geo_stream *stream, uint32_t groups);
void geo_put_index(struct geo_stream *stream, const struct geo_entry *entry, uint32_t count);

/** @param list  filled with interned copies, id 1 first; at most `limit`, the rest is ignored
 * @return NFGEO_OK, NFGEO_ECORRUPT or NFGEO_ENOMEM */
int geo_get_provenance(const uint8_t *bytes, size_t len, const struct geo_provenance **list,
		       uint32_t limit, uint32_t *count);

/** Adds to *totals. @return NFGEO_OK or NFGEO_ECORRUPT */
int geo_get_totals(const uint8_t *bytes, size_t len, struct geo_cover *cover,
		   struct geo_totals *totals);

int geo_get_layout(const uint8_t *bytes, size_t len, uint32_t *groups);

/** @param entry  new array, owned by the caller; NULL on error */
int geo_get_index(const uint8_t *bytes, size_t len, struct geo_entry **entry, uint32_t *count);

#endif
