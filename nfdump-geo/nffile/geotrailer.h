/* SPDX-License-Identifier: BSD-3-Clause */
/* geotrailer.h - collect what a file's geo blocks will say, and make their streams at its end. */
#ifndef NFFILE_GEOTRAILER_H
#define NFFILE_GEOTRAILER_H

#include <stdint.h>

#include "nffile/geosection.h"

struct geo_trailer {
	struct geo_totals totals;
	struct geo_entry *entry; /* owns */
	uint32_t entry_count, entry_capacity;
	const struct geo_provenance *provenance[256]; /* id - 1 */
	uint32_t provenance_count;
	uint32_t groups; /* a side of the grid; 1 = order of arrival */
};

struct geo_trailer *geo_trailer_new(void);
void geo_trailer_free(struct geo_trailer *trailer);

/** The entry of the next block, empty. NULL when memory is out. */
struct geo_entry *geo_trailer_entry(struct geo_trailer *trailer);

/** Id of a provenance in this file; 0 = unknown. */
uint32_t geo_trailer_provenance(struct geo_trailer *trailer,
				const struct geo_provenance *provenance);

/** The stream of the leading parts: the block index. */
void geo_trailer_lead(const struct geo_trailer *trailer, struct geo_stream *stream);

/** The stream of the last part: layout, provenance and totals. */
void geo_trailer_last(const struct geo_trailer *trailer, const struct geo_cover *cover,
		      struct geo_stream *stream);

#endif
