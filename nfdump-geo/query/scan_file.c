/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/scan_file.h"

#include <stdlib.h>
#include <string.h>

#include "nffile/format.h"
#include "nffile/geosummary.h"

enum { PREFETCH_GAP = 256 << 10 /* bytes that are rather read than left out */ };

/* Names may stand behind the flows that they are for, so they are read before: all of the file,
 * once more. Damage is told by the reading that counts. */
static void read_names(struct scan_file *source, const char *path)
{
	struct nffile_reader *reader;
	struct block block;
	struct error error;
	const uint8_t *record;
	size_t len;

	if (nffile_open(&reader, path, NULL) != NFGEO_OK)
		return;
	if (block_init(&block, BLOCK_WRITE_BYTES) == NFGEO_OK) {
		while (nffile_next(reader, &block, &error) != 0) {
			struct block_cursor cursor = block_cursor(&block);

			while (block_next(&cursor, &record, &len) > 0)
				name_table_add(&source->names, record, len);
		}
		block_fini(&block);
	}
	nffile_close(reader);
}

/* No flow of the file can lie inside -t: as stock has it, by the stat record. */
static bool is_outside(const struct scan_plan *plan, const struct nffile_info *info)
{
	return info->has_totals && info->totals.flows &&
	       (info->totals.first_ms > plan->to_ms || info->totals.last_ms < plan->from_ms);
}

static void done(struct scan_file *source, enum scan_way way, uint64_t flows)
{
	const struct nffile_info *info = nffile_info(source->reader);

	source->state = SCAN_FILE_DONE;
	source->way = way;
	source->books.way[way] = (struct scan_count){
		.files = 1,
		.blocks = nffile_record_blocks(source->reader),
		.flows = flows,
		.bytes = info->data_end - FILE_HEADER_BYTES,
	};
}

static void add_sums(struct answer_sums *to, const struct answer_sums *from)
{
	cube_sum_merge(&to->all, &from->all);
	to->processed += from->processed;
}

/* One block by its entry. */
static enum scan_way look(struct scan_file *source, const struct geo_entry *entry,
			  struct answers *answers, void *worker)
{
	const char *ident = nffile_info(source->reader)->ident;
	enum scan_way way = SCAN_TESTED;
	struct answer_sums sums;

	switch (answers_block(answers, entry, ident, &way)) {
	case BLOCK_PASSED:
		return way;
	case BLOCK_UNTESTED:
		way = SCAN_UNTESTED;
		break;
	case BLOCK_READ:
		break;
	}
	if (answers->sum && (answers->suffices || way == SCAN_UNTESTED)) {
		struct block_totals totals = nffile_block_totals(source->reader, entry->ordinal);

		if (answers_from_totals(answers, worker, entry, &totals, ident, &sums)) {
			add_sums(&source->sums, &sums);
			return SCAN_TOTALS;
		}
		source->books.gap[GAP_NO_SUMS] |= !totals.known;
	}
	source->books.gap[GAP_UNTAGGED] |= entry->untagged_count && answers->country;
	return way;
}

/* Older entries do not say what a block holds besides flows. Where its header counts no more records
 * than that, nothing. */
static void ask_head(const struct scan_file *source, uint64_t at, struct geo_entry *entry)
{
	struct raw_block raw;

	if (entry->families == GEO_HAS_UNKNOWN && nffile_head_at(source->reader, at, &raw) &&
	    raw.record_count == entry->flow_count)
		entry->families &= (uint8_t)~(GEO_HAS_OTHERS | GEO_HAS_UNREADABLE);
}

static void look_through(struct scan_file *source, const struct geo_summary *index,
			 struct answers *answers, void *worker)
{
	uint64_t at = FILE_HEADER_BYTES;

	source->block_way = malloc(index->entry_count + 1u);
	if (!source->block_way)
		return;
	source->block_count = index->entry_count;
	for (uint32_t i = 0; i < index->entry_count; i++) {
		struct geo_entry entry = index->entry[i];

		ask_head(source, at, &entry);
		source->block_way[i] = (uint8_t)look(source, &entry, answers, worker);
		at += BLOCK_HEADER_BYTES + (uint64_t)entry.stored_bytes;
	}
}

static bool is_read(const struct scan_file *source, uint32_t ordinal)
{
	return source->block_way[ordinal] <= SCAN_UNTESTED;
}

/* Where only some blocks are read, have the kernel fetch them all at once; who reads everything is
 * read ahead for anyway. */
static void prefetch(const struct scan_file *source, const struct geo_summary *index)
{
	uint64_t at = FILE_HEADER_BYTES, from = 0, to = 0;
	bool all = true;

	for (uint32_t i = 0; i < index->entry_count; i++)
		all &= is_read(source, i);
	for (uint32_t i = 0; i < index->entry_count && !all; i++) {
		uint64_t len = BLOCK_HEADER_BYTES + (uint64_t)index->entry[i].stored_bytes;

		if (is_read(source, i)) {
			if (at - to > PREFETCH_GAP) {
				nffile_will_read(source->reader, from, to);
				from = at;
			}
			to = at + len;
		}
		at += len;
	}
	if (to > from)
		nffile_will_read(source->reader, from, to);
}

/* What the file's geo blocks answer. */
static void answer(struct scan_file *source, struct answers *answers, void *worker)
{
	const struct nffile_info *info = nffile_info(source->reader);
	const struct geo_summary *index;
	struct answer_sums sums;

	if (info->never_closed) {
		source->books.gap[GAP_NEVER_CLOSED] = 1;
		return;
	}
	if (!answers->skip)
		return;
	if (answers_from_cube(answers, worker, source->reader, &sums)) {
		source->sums = sums;
		done(source, SCAN_CUBE, source->sums.processed);
		return;
	}
	index = nffile_index(source->reader);
	if (!index) {
		source->books.gap[info->geo_bytes ? GAP_CHANGED : GAP_NO_INDEX] = 1;
		return;
	}
	look_through(source, index, answers, worker);
	if (source->block_way)
		prefetch(source, index);
}

struct scan_file *scan_file_open(const char *path, size_t file, struct answers *answers, void *worker)
{
	struct scan_file *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	source->file = file;
	source->references = 1;
	if (nffile_open(&source->reader, path, &source->error) != NFGEO_OK) {
		source->state = SCAN_FILE_FAILED;
		return source;
	}
	if (is_outside(answers->plan, nffile_info(source->reader))) {
		done(source, SCAN_TIME, 0);
		return source;
	}
	answer(source, answers, worker);
	if (answers->plan->need_country)
		databases_add_file(&source->databases, source->reader);
	if (source->state == SCAN_FILE_OPEN && answers->plan->named)
		read_names(source, path);
	return source;
}

void scan_file_free(struct scan_file *source)
{
	if (!source)
		return;
	nffile_close(source->reader);
	name_table_fini(&source->names);
	free(source->block_way);
	free(source);
}

enum scan_way scan_file_way(const struct scan_file *source)
{
	uint32_t ordinal = nffile_ordinal(source->reader);

	return ordinal < source->block_count ? (enum scan_way)source->block_way[ordinal] : SCAN_TESTED;
}

/* Where somebody recompressed the file, geo blocks are met that no header leads to. */
void scan_file_close_books(struct scan_file *source, const struct answers *answers)
{
	struct scan_books *books = &source->books;
	unsigned way = SCAN_TESTED;

	while (way < SCAN_WAYS && !books->way[way].blocks)
		way++;
	books->way[way == SCAN_WAYS ? SCAN_TESTED : way].files = 1;
	if (books->gap[GAP_NO_INDEX] && nffile_skipped(source->reader)) {
		books->gap[GAP_NO_INDEX] = 0;
		books->gap[GAP_CHANGED] = 1;
	}
	if (!answers->skip || way > SCAN_UNTESTED)
		memset(books->gap, 0, sizeof(books->gap));
}
