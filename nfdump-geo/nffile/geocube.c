/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/geocube.h"

#include <stdlib.h>

#include "include/nfgeo.h"
#include "nffile/geoseal.h"
#include "nffile/geosummary.h"

/* The rows must be those of the index, which must be that of the file. */
static void ask_totals(struct nffile_reader *reader, struct geo_seal *seal)
{
	const struct geo_summary *summary = nffile_summary(reader);
	struct geo_stream stream = {0};
	struct geo_section section;

	seal->asked_totals = true;
	if (summary && summary->sealed &&
	    geo_seal_section(seal, reader, GEO_SECTION_BLOCK_TOTALS, &stream, &section))
		geo_get_block_totals(section.bytes, section.len, summary->entry,
				     summary->entry_count, &seal->totals, &seal->rows);
	geo_stream_fini(&stream);
}

struct block_totals nffile_block_totals(struct nffile_reader *reader, uint32_t ordinal)
{
	struct geo_seal *seal = nffile_seal(reader);

	if (seal && !seal->asked_totals)
		ask_totals(reader, seal);
	if (!seal || !seal->totals || ordinal >= seal->cover.record_blocks)
		return (struct block_totals){0};
	return seal->totals[ordinal];
}

bool nffile_add_cube(struct nffile_reader *reader, struct country_cube *cube,
		     struct cube_sum *untagged)
{
	struct geo_seal *seal = nffile_seal(reader);
	struct geo_stream stream = {0};
	struct geo_section section;
	struct cube_head head;
	bool good = seal && geo_seal_section(seal, reader, GEO_SECTION_CUBE, &stream, &section) &&
		    geo_get_cube(section.bytes, section.len, &head, cube) == NFGEO_OK &&
		    head.records + head.untagged.records == seal->cover.flow_records;

	if (good)
		cube_sum_merge(untagged, &head.untagged);
	geo_stream_fini(&stream);
	return good;
}

/* Pairs do not tell the flows without countries: the cube does. */
static void ask_pairs(struct nffile_reader *reader, struct geo_seal *seal)
{
	struct geo_stream pairs = {0}, cube = {0};
	struct geo_section section;
	struct cube_head head;
	uint64_t records;

	seal->asked_pairs = true;
	if (geo_seal_section(seal, reader, GEO_SECTION_CUBE, &cube, &section) &&
	    geo_get_cube(section.bytes, section.len, &head, NULL) == NFGEO_OK &&
	    geo_seal_section(seal, reader, GEO_SECTION_PAIRS, &pairs, &section) &&
	    geo_get_pairs(section.bytes, section.len, &seal->pairs, &seal->pair_count, &records) ==
		    NFGEO_OK &&
	    (records != head.records ||
	     records + head.untagged.records != seal->cover.flow_records)) {
		free(seal->pairs);
		seal->pairs = NULL;
	}
	geo_stream_fini(&pairs);
	geo_stream_fini(&cube);
}

bool nffile_pairs(struct nffile_reader *reader, const struct pair_row **row, uint32_t *count)
{
	struct geo_seal *seal = nffile_seal(reader);

	if (seal && !seal->asked_pairs)
		ask_pairs(reader, seal);
	*row = seal ? seal->pairs : NULL;
	*count = *row ? seal->pair_count : 0;
	return *row != NULL;
}
