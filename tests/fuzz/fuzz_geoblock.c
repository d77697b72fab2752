/* SPDX-License-Identifier: BSD-3-Clause */
/* First byte 0: a geo block's payload and the sections in it. Else the content of a section of
 * that type (modulo 16, in version 1 from 16 on), whose checksum no fuzzer would guess. */
#include <stdint.h>
#include <stdlib.h>

#include "include/nfgeo.h"
#include "nffile/cubesection.h"
#include "nffile/geoblock.h"
#include "nffile/host_sketches.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void index_of(const uint8_t *bytes, size_t len, unsigned version)
{
	struct country_sets sets;
	struct geo_entry *entry = NULL;
	uint32_t count;

	country_sets_init(&sets);
	check(geo_get_index(bytes, len, version, &sets, &entry, &count) == NFGEO_OK || !entry);
	for (uint32_t i = 0; entry && version != 1 && i < count; i++)
		check(entry[i].untagged_count <= entry[i].flow_count &&
		      entry[i].families <= GEO_HAS_UNKNOWN && entry[i].src && entry[i].dst);
	country_sets_fini(&sets);
	free(entry);
}

/* What was checked is added in full. */
static void cube_of(const uint8_t *bytes, size_t len)
{
	struct country_cube *cube;
	struct cube_head head, again;
	uint64_t records = 0;

	if (geo_get_cube(bytes, len, &head, NULL) != NFGEO_OK)
		return;
	cube = calloc(1, sizeof(*cube));
	check(cube && geo_get_cube(bytes, len, &again, cube) == NFGEO_OK &&
	      again.records == head.records);
	for (unsigned code = 0; code < COUNTRY_CODES; code++)
		for (unsigned class = 0; class < CUBE_DISJOINT; class ++)
			records += cube->dst[code][class].records;
	check(records == head.records);
	free(cube);
}

static void pairs_of(const uint8_t *bytes, size_t len)
{
	struct pair_row *row = NULL;
	uint32_t count = 0;
	uint64_t records = 0;

	check(geo_get_pairs(bytes, len, &row, &count, &records) == NFGEO_OK || !row);
	for (uint32_t i = 0; i < count; i++)
		check(row[i].src < COUNTRY_CODES && row[i].dst < COUNTRY_CODES &&
		      (!i || row[i].src > row[i - 1].src ||
		       (row[i].src == row[i - 1].src && row[i].dst > row[i - 1].dst)));
	free(row);
}

static void sketches_of(const uint8_t *bytes, size_t len)
{
	struct host_sketches *sketches;
	uint64_t records[2];

	if (geo_get_sketches(bytes, len, NULL, records) != NFGEO_OK)
		return;
	sketches = host_sketches_new();
	check(sketches && geo_get_sketches(bytes, len, sketches, records) == NFGEO_OK &&
	      sketches->records == records[0]);
	(void)host_sketches_all(sketches->src);
	(void)host_sketches_all(sketches->dst);
	host_sketches_free(sketches);
}

/* The first bytes are the flow records of as many blocks, of any countries. */
static void totals_of(const uint8_t *bytes, size_t len)
{
	enum { BLOCKS = 4 };
	struct geo_entry entry[BLOCKS] = {0};
	struct country_set any;
	struct block_totals *totals = NULL;
	struct pair_sum *rows = NULL;

	if (len < BLOCKS)
		return;
	memset(&any, 0xff, sizeof(any));
	for (unsigned i = 0; i < BLOCKS; i++) {
		geosum_entry_init(&entry[i]);
		entry[i].flow_count = bytes[i];
		entry[i].src = entry[i].dst = &any;
	}
	check(geo_get_block_totals(bytes + BLOCKS, len - BLOCKS, entry, BLOCKS, &totals, &rows) ==
		      NFGEO_OK ||
	      (!totals && !rows));
	for (unsigned i = 0; totals && i < BLOCKS; i++)
		for (uint32_t n = 0; n < totals[i].count; n++)
			check(totals[i].row[n].all.records <= entry[i].flow_count);
	free(totals);
	free(rows);
}

static void content(unsigned type, const uint8_t *bytes, size_t len)
{
	static const struct geo_provenance *list[4];
	static struct geo_directory directory;
	static struct geo_totals totals;
	struct geo_cover cover;
	uint32_t count;

	switch (type % 16) {
	case GEO_SECTION_PROVENANCE:
		/* Every new provenance stays in memory for good: only a few per run. */
		check(geo_get_provenance(bytes, len, list, 0, &count) != NFGEO_OK || count <= 4);
		(void)geo_provenance_is_all(bytes, len);
		break;
	case GEO_SECTION_TOTALS:
		(void)geo_get_totals(bytes, len, &cover, &totals);
		break;
	case GEO_SECTION_INDEX:
		index_of(bytes, len, type >= 16 ? 1 : 2);
		break;
	case GEO_SECTION_CUBE:
		cube_of(bytes, len);
		break;
	case GEO_SECTION_PAIRS:
		pairs_of(bytes, len);
		break;
	case GEO_SECTION_SKETCHES:
		sketches_of(bytes, len);
		break;
	case GEO_SECTION_BLOCK_TOTALS:
		totals_of(bytes, len);
		break;
	case GEO_SECTION_LAYOUT:
		check(geo_get_layout(bytes, len, &count) != NFGEO_OK || count);
		break;
	case GEO_SECTION_DIRECTORY:
		if (geo_get_directory(bytes, len, &directory) == NFGEO_OK)
			check(directory.parts <= GEO_PARTS_MAX &&
			      directory.places <= GEO_PLACES_MAX);
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
	if (data[0] % 16) {
		content(data[0], data + 1, size - 1);
		return 0;
	}
	if (geo_part_decode(data + 1, size - 1, &part, &stream) == NFGEO_OK)
		while (geo_section_next(stream.bytes, stream.used, &at, &section) == 1)
			content(section.type % 16 + (section.version == 1 ? 16 : 0), section.bytes,
				section.len);
	geo_stream_fini(&stream);
	return 0;
}
