/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/geosummary.h"

#include <stdlib.h>
#include <string.h>

#include "flow/block.h"
#include "include/nfgeo.h"
#include "nffile/format.h"
#include "nffile/geoblock.h"
#include "nffile/geoseal.h"
#include "nffile/reader.h"

/* A run while its parts are read. */
struct geo_run {
	struct geo_stream stream; /* parts so far, one after the other */
	size_t last;		  /* where the newest part starts in it */
	struct geo_part part;	  /* the newest */
	uint32_t count;		  /* parts so far */
	struct raw_block raw;	  /* work space */
	struct block block;
};

static void run_fini(struct geo_run *run)
{
	geo_stream_fini(&run->stream);
	raw_block_fini(&run->raw);
	block_fini(&run->block);
}

static void run_reset(struct geo_run *run)
{
	run->stream.used = 0;
	run->count = 0;
}

/* Add the type 4 block whose head is in run->raw. It must be the next part of the run. */
static bool run_add(const struct nffile_reader *reader, struct geo_run *run)
{
	struct geo_part part;
	size_t used = run->stream.used;

	if (run->raw.type != BLOCK_ARRAY || nffile_load(reader, &run->raw, NULL) != NFGEO_OK ||
	    nffile_decode(reader, &run->raw, &run->block, NULL) != NFGEO_OK)
		return false;
	if (geo_part_decode(run->block.bytes, run->block.used, &part, &run->stream) != NFGEO_OK)
		return false;
	if (part.part != run->count || (run->count && part.run != run->part.run)) {
		run->stream.used = used;
		return false;
	}
	run->part = part;
	run->last = used;
	run->count++;
	return true;
}

static bool run_is_whole(const struct geo_run *run)
{
	return run->count && run->count == run->part.parts;
}

/* The contents of a run. */
struct geo_content {
	struct geo_cover cover;
	struct geo_totals totals;
	struct country_sets *sets; /* of the summary */
	struct geo_entry *entry; /* owns */
	uint32_t entry_count;
	const struct geo_provenance *provenance[GEO_PROVENANCE_MAX];
	uint32_t provenance_count;
	bool has_totals, has_index;
	uint32_t groups;
};

static void take_section(const struct geo_section *section, struct geo_content *content)
{
	if (section->version > geo_section_version(section->type))
		return;
	switch (section->type) {
	case GEO_SECTION_PROVENANCE:
		geo_get_provenance(section->bytes, section->len, content->provenance,
				   GEO_PROVENANCE_MAX, &content->provenance_count);
		break;
	case GEO_SECTION_LAYOUT:
		geo_get_layout(section->bytes, section->len, &content->groups);
		break;
	case GEO_SECTION_TOTALS:
		if (!content->has_totals)
			content->has_totals =
				geo_get_totals(section->bytes, section->len, &content->cover,
					       &content->totals) == NFGEO_OK;
		break;
	case GEO_SECTION_INDEX:
		if (!content->has_index)
			content->has_index =
				geo_get_index(section->bytes, section->len, section->version,
					      content->sets, &content->entry, &content->entry_count) == NFGEO_OK;
		break;
	}
}

static void take_sections(const uint8_t *bytes, size_t len, struct geo_content *content)
{
	struct geo_section section;
	size_t at = 0;

	while (geo_section_next(bytes, len, &at, &section) == 1)
		take_section(&section, content);
}

/* Large enough to stay off the stack. */
static struct geo_content *content_new(struct geo_summary *summary)
{
	struct geo_content *content = calloc(1, sizeof(*content));

	if (content)
		content->sets = &summary->sets;
	return content;
}

static void content_free(struct geo_content *content)
{
	if (content)
		free(content->entry);
	free(content);
}

/* All parts but the last are one stream; the last stands alone. */
static void take_run(const struct geo_run *run, struct geo_content *content)
{
	take_sections(run->stream.bytes, run->last, content);
	take_sections(run->stream.bytes + run->last, run->stream.used - run->last, content);
}

/* Do index and totals of a run agree with each other? */
static bool is_consistent(const struct geo_content *content)
{
	uint64_t flows = 0;

	if (!content->has_totals || !content->has_index ||
	    content->entry_count != content->cover.record_blocks)
		return false;
	for (uint32_t i = 0; i < content->entry_count; i++) {
		flows += content->entry[i].flow_count;
		if (content->entry[i].provenance > content->provenance_count)
			return false;
	}
	return flows == content->cover.flow_records;
}

/* Make the ids of a run those of the summary. */
static bool merge_provenance(struct geo_summary *summary, struct geo_content *content)
{
	uint32_t base = summary->provenance_count;

	if (base + content->provenance_count > GEO_PROVENANCE_MAX)
		return false;
	for (uint32_t i = 0; i < content->provenance_count; i++)
		summary->provenance[base + i] = content->provenance[i];
	summary->provenance_count += content->provenance_count;
	for (uint32_t i = 0; i < content->entry_count; i++)
		if (content->entry[i].provenance)
			content->entry[i].provenance += base;
	return true;
}

/* The first entries are moved, not copied: of a file with one run these are all. */
static bool merge_entries(struct geo_summary *summary, struct geo_content *content)
{
	size_t count = (size_t)summary->entry_count + content->entry_count;
	struct geo_entry *entry;

	if (!summary->entry) {
		summary->entry = content->entry;
		content->entry = NULL;
	} else {
		entry = realloc(summary->entry, (count ? count : 1) * sizeof(*entry));
		if (!entry)
			return false;
		memcpy(entry + summary->entry_count, content->entry,
		       content->entry_count * sizeof(*entry));
		summary->entry = entry;
	}
	summary->entry_count = (uint32_t)count;
	return true;
}

static bool merge_content(struct geo_summary *summary, struct geo_content *content)
{
	if (!merge_provenance(summary, content) || !merge_entries(summary, content))
		return false;
	if (content->groups > summary->groups)
		summary->groups = content->groups;
	geosum_merge(&summary->totals, &content->totals);
	return true;
}

static struct geo_summary *summary_new(void)
{
	struct geo_summary *summary = calloc(1, sizeof(*summary));

	if (summary)
		country_sets_init(&summary->sets);
	return summary;
}

void geo_summary_free(struct geo_summary *summary)
{
	if (!summary)
		return;
	country_sets_fini(&summary->sets);
	free(summary->entry);
	free(summary);
}

/* Do the record blocks of the index fill the file from its header to the run? */
static bool fills_file(const struct geo_content *content, uint64_t begin)
{
	uint64_t at = FILE_HEADER_BYTES;

	for (uint32_t i = 0; i < content->entry_count; i++) {
		if (content->entry[i].ordinal != i)
			return false;
		at += BLOCK_HEADER_BYTES + (uint64_t)content->entry[i].stored_bytes;
	}
	return at == begin;
}

/* Read the run that begins at `at`; its last part was seen to end at the appendix. */
static bool read_run(const struct nffile_reader *reader, struct geo_run *run, uint64_t at)
{
	uint64_t end = nffile_info(reader)->data_end;

	run_reset(run);
	while (at < end) {
		if (!nffile_head_at(reader, at, &run->raw) || !run_add(reader, run))
			return false;
		at += BLOCK_HEADER_BYTES + (uint64_t)run->raw.stored_bytes;
	}
	return run_is_whole(run);
}

/* All parts, as files of before need. */
static bool take_whole(const struct nffile_reader *reader, const struct geo_seal *seal,
		       struct geo_content *content)
{
	struct geo_run run = {0};
	bool good = read_run(reader, &run, seal->begin);

	if (good)
		take_run(&run, content);
	run_fini(&run);
	return good;
}

/* What the last part has, and the index. */
static bool take_index(const struct nffile_reader *reader, struct geo_seal *seal,
		       struct geo_content *content)
{
	struct geo_stream stream = {0};
	struct geo_section section;
	bool good = geo_seal_section(seal, reader, GEO_SECTION_INDEX, &stream, &section);

	if (good) {
		take_sections(seal->last.bytes, seal->last.used, content);
		take_section(&section, content);
	}
	geo_stream_fini(&stream);
	return good;
}

struct geo_summary *geo_summary_sealed(const struct nffile_reader *reader, struct geo_seal *seal)
{
	struct geo_summary *summary = summary_new();
	struct geo_content *content = summary ? content_new(summary) : NULL;
	bool good = content &&
		    (seal->has_directory ? take_index(reader, seal, content)
					 : take_whole(reader, seal, content)) &&
		    is_consistent(content) && fills_file(content, seal->begin) &&
		    merge_content(summary, content);

	content_free(content);
	if (!good) {
		geo_summary_free(summary);
		return NULL;
	}
	summary->sealed = summary->complete = true;
	return summary;
}

/* State of geo_summary_walk(). */
struct geo_walk {
	struct geo_run run;
	struct geo_summary *summary;
	uint32_t ordinal;	/* of the next block */
	uint32_t record_blocks; /* in the file so far */
	uint32_t described;	/* of them, by runs that were accepted */
	uint32_t since_run;	/* of them, since the previous run */
	uint32_t *ordinals;	/* of the blocks since the previous run; owns */
	size_t capacity;
};

static bool walk_note(struct geo_walk *walk)
{
	if (walk->since_run == walk->capacity) {
		size_t capacity = 2 * walk->capacity + 64;
		uint32_t *ordinals = realloc(walk->ordinals, capacity * sizeof(*ordinals));

		if (!ordinals)
			return false;
		walk->ordinals = ordinals;
		walk->capacity = capacity;
	}
	walk->ordinals[walk->since_run++] = walk->ordinal;
	walk->record_blocks++;
	return true;
}

/* A run was read whole: is it about the blocks that it follows? */
static void walk_accept(struct geo_walk *walk)
{
	struct geo_content *content = content_new(walk->summary);

	if (!content)
		return;
	take_run(&walk->run, content);
	if (is_consistent(content) && content->entry_count == walk->since_run) {
		for (uint32_t i = 0; i < content->entry_count; i++)
			content->entry[i].ordinal = walk->ordinals[i];
		if (merge_content(walk->summary, content))
			walk->described += content->entry_count;
	}
	content_free(content);
}

struct geo_summary *geo_summary_walk(const struct nffile_reader *reader)
{
	const struct nffile_info *info = nffile_info(reader);
	struct geo_walk walk = {.summary = summary_new()};
	uint64_t at = FILE_HEADER_BYTES;

	for (; walk.summary && nffile_head_at(reader, at, &walk.run.raw); walk.ordinal++) {
		if (walk.run.raw.type == BLOCK_RECORDS) {
			run_reset(&walk.run);
			if (!walk_note(&walk))
				break;
		} else if (run_add(reader, &walk.run) && run_is_whole(&walk.run)) {
			walk_accept(&walk);
			run_reset(&walk.run);
			walk.since_run = 0;
		}
		at += BLOCK_HEADER_BYTES + (uint64_t)walk.run.raw.stored_bytes;
	}
	run_fini(&walk.run);
	free(walk.ordinals);
	if (!walk.described) {
		geo_summary_free(walk.summary);
		return NULL;
	}
	walk.summary->complete = at == info->data_end && walk.described == walk.record_blocks;
	return walk.summary;
}
