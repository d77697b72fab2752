/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/geotrailer.h"

#include <stdlib.h>

struct geo_trailer *geo_trailer_new(void)
{
	return calloc(1, sizeof(struct geo_trailer));
}

void geo_trailer_free(struct geo_trailer *trailer)
{
	if (trailer)
		free(trailer->entry);
	free(trailer);
}

struct geo_entry *geo_trailer_entry(struct geo_trailer *trailer)
{
	if (trailer->entry_count == trailer->entry_capacity) {
		uint32_t capacity = 2 * trailer->entry_capacity + 64;
		struct geo_entry *entry = realloc(trailer->entry, capacity * sizeof(*entry));

		if (!entry)
			return NULL;
		trailer->entry = entry;
		trailer->entry_capacity = capacity;
	}
	geosum_entry_init(&trailer->entry[trailer->entry_count]);
	return &trailer->entry[trailer->entry_count++];
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

void geo_trailer_lead(const struct geo_trailer *trailer, struct geo_stream *stream)
{
	geo_put_index(stream, trailer->entry, trailer->entry_count);
}

void geo_trailer_last(const struct geo_trailer *trailer, const struct geo_cover *cover,
		      struct geo_stream *stream)
{
	if (trailer->groups > 1)
		geo_put_layout(stream, trailer->groups);
	if (trailer->provenance_count)
		geo_put_provenance(stream, trailer->provenance, trailer->provenance_count);
	geo_put_totals(stream, cover, &trailer->totals);
}
