/* SPDX-License-Identifier: BSD-3-Clause */
/* First byte 0: a geo block's payload and the sections in it. Else the content of a section of
 * that type, whose checksum no fuzzer would guess. */
#include <stdint.h>
#include <stdlib.h>

#include "nffile/geoblock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void content(unsigned type, const uint8_t *bytes, size_t len)
{
	static const struct geo_provenance *list[4];
	static struct geo_totals totals;
	struct geo_entry *entry = NULL;
	struct geo_cover cover;
	uint32_t count;

	switch (type % 4) {
	case GEO_SECTION_PROVENANCE:
		/* Every new provenance stays in memory for good: only a few per run. */
		if (geo_get_provenance(bytes, len, list, 0, &count) == NFGEO_OK && count > 4)
			abort();
		break;
	case GEO_SECTION_TOTALS:
		(void)geo_get_totals(bytes, len, &cover, &totals);
		break;
	case GEO_SECTION_INDEX:
		if (geo_get_index(bytes, len, &entry, &count) != NFGEO_OK && entry)
			abort();
		free(entry);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct geo_stream stream = {0};
	struct geo_section section;
	struct geo_part part;
	size_t at = 0;

	if (!size)
		return 0;
	if (data[0] % 4) {
		content(data[0], data + 1, size - 1);
		return 0;
	}
	if (geo_part_decode(data + 1, size - 1, &part, &stream) == NFGEO_OK)
		while (geo_section_next(stream.bytes, stream.used, &at, &section) == 1)
			content(section.type, section.bytes, section.len);
	geo_stream_fini(&stream);
	return 0;
}
