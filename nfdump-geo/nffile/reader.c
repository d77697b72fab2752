/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h" /* _GNU_SOURCE, before all else: preadv2 */

#include "nffile/reader.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "base/bytes.h"
#include "nffile/format.h"
#include "nffile/reader_state.h"

const struct nffile_info *nffile_info(const struct nffile_reader *reader)
{
	return &reader->info;
}

const char *nffile_path(const struct nffile_reader *reader)
{
	return reader->path;
}

uint32_t nffile_skipped(const struct nffile_reader *reader)
{
	return reader->skipped;
}

void raw_block_fini(struct raw_block *raw)
{
	free(raw->bytes);
	*raw = (struct raw_block){0};
}

/* The chain of headers is broken here: nothing behind it can be found. */
static int chain_broken(struct nffile_reader *reader, int status, const struct block_head *head,
			struct error *error)
{
	uint64_t left = reader->info.data_end - reader->at;

	reader->done = true;
	if (status == NFGEO_EIO)
		return error_set_errno(error, "%s: cannot read block %u at offset %" PRIu64,
				       reader->path, reader->ordinal, reader->at);
	if (left < BLOCK_HEADER_BYTES)
		return error_set(error, NFGEO_ETRUNCATED,
				 "%s: block %u at offset %" PRIu64 " is cut inside its header: "
				 "it is left out",
				 reader->path, reader->ordinal, reader->at);
	return error_set(error, status,
			 "%s: block %u at offset %" PRIu64 " says it has %u bytes, %" PRIu64
			 " are left (at most %d are allowed): it and all behind it are left out; "
			 "the file announces %u blocks",
			 reader->path, reader->ordinal, reader->at, head->stored_bytes,
			 left - BLOCK_HEADER_BYTES, BLOCK_READ_MAX_BYTES, reader->announced_blocks);
}

struct geo_seal *nffile_seal(struct nffile_reader *reader)
{
	if (!reader->looked_for_seal && reader->has_appendix && reader->info.has_totals)
		reader->seal = geo_seal_open(reader);
	reader->looked_for_seal = true;
	return reader->seal;
}

/* Once per file, before its first block: the index that its last geo block leads to. */
static void load_index(struct nffile_reader *reader)
{
	if (reader->looked_for_index)
		return;
	reader->looked_for_index = true;
	if (nffile_seal(reader))
		reader->summary = geo_summary_sealed(reader, reader->seal);
	else if (reader->info.never_closed)
		reader->sum_count = sumfile_read(reader->path, &reader->sums);
}

const struct geo_summary *nffile_summary(struct nffile_reader *reader)
{
	load_index(reader);
	if (!reader->summary && !reader->looked_for_runs)
		reader->summary = geo_summary_walk(reader);
	reader->looked_for_runs = true;
	return reader->summary;
}

bool nffile_provenance(struct nffile_reader *reader, const struct geo_provenance **list,
		       uint32_t *count)
{
	const struct geo_seal *seal = nffile_seal(reader);

	return seal && geo_seal_provenance(seal, list, count);
}

bool nffile_is_clustered(struct nffile_reader *reader)
{
	load_index(reader);
	return reader->summary && reader->summary->sealed && reader->summary->groups > 1;
}

/* All blocks were walked: does the rest of the file agree? */
static int check_end(struct nffile_reader *reader, struct error *error)
{
	reader->done = true;
	if (reader->info.never_closed)
		return 0;
	if (reader->ordinal != reader->announced_blocks)
		return error_set(error, NFGEO_ECORRUPT,
				 "%s: the header announces %u blocks, %u were found", reader->path,
				 reader->announced_blocks, reader->ordinal);
	if (reader->announced_appendix && !reader->has_appendix)
		return error_set(error, NFGEO_ECORRUPT,
				 "%s: the appendix is damaged or missing; the header announces %u "
				 "blocks and all were found",
				 reader->path, reader->announced_blocks);
	return 0;
}

static bool at_end(const struct nffile_reader *reader)
{
	if (reader->at == reader->info.data_end)
		return true;
	/* Without appendix, only NumBlocks tells data from what follows. */
	return !reader->has_appendix && reader->announced_blocks &&
	       reader->ordinal == reader->announced_blocks;
}

static int check_head(const struct nffile_reader *reader, const struct raw_block *raw,
		      struct error *error)
{
	if (!raw->record_count)
		return error_set(error, NFGEO_ECORRUPT,
				 "%s: block %u at offset %" PRIu64 " says it has no records: "
				 "its %u bytes are left out",
				 reader->path, raw->ordinal, raw->offset, raw->stored_bytes);
	if (raw->type == BLOCK_RECORDS || raw->type == BLOCK_ARRAY)
		return NFGEO_OK;
	return error_set(error, NFGEO_EVERSION,
			 "%s: block %u at offset %" PRIu64 " is of type %u%s: its %u records are "
			 "left out",
			 reader->path, raw->ordinal, raw->offset, raw->type,
			 raw->type == 1 || raw->type == 2 ? " (before nfdump 1.7)" : "",
			 raw->record_count);
}

/* The index entry of a record block, when it can be relied on. */
const struct geo_entry *reader_sealed_entry(const struct nffile_reader *reader, uint32_t ordinal)
{
	const struct geo_summary *summary = reader->summary;

	if (ordinal < reader->sum_count)
		return &reader->sums[ordinal];
	return summary && summary->sealed && ordinal < summary->entry_count
		       ? &summary->entry[ordinal]
		       : NULL;
}

const struct geo_entry *nffile_entry(const struct nffile_reader *reader,
				     const struct raw_block *raw)
{
	return reader->summary ? reader_sealed_entry(reader, raw->ordinal) : NULL;
}

/* A damaged block header does not cost the blocks behind it when the index knows its size. */
static int step_by_index(struct nffile_reader *reader, const struct geo_entry *entry,
			 struct error *error)
{
	uint64_t at = reader->at;

	reader->at += BLOCK_HEADER_BYTES + (uint64_t)entry->stored_bytes;
	return error_set(error, NFGEO_ECORRUPT,
			 "%s: the header of block %u at offset %" PRIu64 " is damaged: its %u "
			 "flows are left out",
			 reader->path, reader->ordinal++, at, entry->flow_count);
}

bool nffile_head_at(const struct nffile_reader *reader, uint64_t offset, struct raw_block *raw)
{
	struct block_head head;

	if (reader_head(reader, offset, reader->info.data_end, &head) != NFGEO_OK)
		return false;
	raw->offset = offset;
	raw->stored_bytes = head.stored_bytes;
	raw->record_count = head.record_count;
	raw->type = head.type;
	return true;
}

static void load_cells(struct nffile_reader *reader)
{
	if (reader->looked_for_cells || !reader->info.never_closed)
		return;
	reader->looked_for_cells = true;
	reader->cells = cellfile_open(reader->path);
}

/* What is incomplete at the end was being written, and lies in an open block still. */
static bool ends_in_writing(struct nffile_reader *reader, int status)
{
	load_cells(reader);
	return status == NFGEO_ETRUNCATED && reader->cells;
}

static int next_in_file(struct nffile_reader *reader, struct raw_block *raw, struct error *error)
{
	struct block_head head = {0};
	const struct geo_entry *entry;
	int status;

	load_index(reader);
	if (reader->done)
		return 0;
	if (at_end(reader))
		return check_end(reader, error);
	status = reader_head(reader, reader->at, reader->info.data_end, &head);
	entry = reader_sealed_entry(reader, reader->ordinal);
	if (entry && (status != NFGEO_OK || head.stored_bytes != entry->stored_bytes ||
		      head.type != BLOCK_RECORDS))
		return step_by_index(reader, entry, error);
	if (ends_in_writing(reader, status)) {
		reader->done = true;
		return 0;
	}
	if (status != NFGEO_OK)
		return chain_broken(reader, status, &head, error);
	raw->open = false;
	raw->offset = reader->at;
	if (head.type == BLOCK_RECORDS)
		reader->last_at = reader->at;
	raw->stored_bytes = head.stored_bytes;
	raw->record_count = head.record_count;
	raw->type = head.type;
	raw->ordinal = reader->ordinal++;
	reader->at += BLOCK_HEADER_BYTES + head.stored_bytes;
	reader->skipped += head.type != BLOCK_RECORDS;
	status = check_head(reader, raw, error);
	return status == NFGEO_OK ? 1 : status;
}

/* The last block, if its writer had no time to say that it is written. */
static void drop_written(struct nffile_reader *reader)
{
	struct raw_block raw = {0};
	struct block last = {0};

	if (reader->last_at && nffile_head_at(reader, reader->last_at, &raw) &&
	    nffile_load(reader, &raw, NULL) == NFGEO_OK) {
		raw.ordinal = UINT32_MAX; /* no checksum: what is damaged resembles nothing */
		if (nffile_decode(reader, &raw, &last, NULL) == NFGEO_OK)
			cellfile_drop_written(reader->cells, &last);
	}
	raw_block_fini(&raw);
	block_fini(&last);
}

/* A collector's open blocks come behind those of the file. */
static int next_open(struct nffile_reader *reader, struct raw_block *raw, struct error *error)
{
	bool first = !reader->cells_begun;
	struct block block = {.bytes = raw->bytes, .capacity = raw->capacity};
	int got;

	load_cells(reader);
	if (!reader->cells)
		return 0;
	reader->cells_begun = true;
	if (first)
		drop_written(reader);
	got = cellfile_next(reader->cells, &block);
	raw->bytes = block.bytes;
	raw->capacity = block.capacity;
	if (got < 0)
		return error_set(error, got, "%s.cells: an open block: %s: it is left out",
				 reader->path, nfgeo_strerror(got));
	raw->open = true;
	raw->offset = reader->info.file_bytes;
	raw->stored_bytes = (uint32_t)block.used;
	raw->record_count = block.record_count;
	raw->type = BLOCK_RECORDS;
	raw->ordinal = reader->ordinal++;
	return got;
}

int nffile_next_head(struct nffile_reader *reader, struct raw_block *raw, struct error *error)
{
	int got = next_in_file(reader, raw, error);

	return got ? got : next_open(reader, raw, error);
}

int nffile_load(const struct nffile_reader *reader, struct raw_block *raw, struct error *error)
{
	int status = raw->open ? NFGEO_OK : reader_payload(reader, raw);

	if (status == NFGEO_OK)
		return NFGEO_OK;
	return error_set(error, status, "%s: block %u at offset %" PRIu64 ": %s", reader->path,
			 raw->ordinal, raw->offset, nfgeo_strerror(status));
}

int nffile_next_raw(struct nffile_reader *reader, struct raw_block *raw, struct error *error)
{
	int status = nffile_next_head(reader, raw, error);

	if (status != 1)
		return status;
	status = nffile_load(reader, raw, error);
	return status == NFGEO_OK ? 1 : status;
}

int nffile_next(struct nffile_reader *reader, struct block *block, struct error *error)
{
	for (;;) {
		int status = nffile_next_raw(reader, &reader->raw, error);

		if (status <= 0) {
			block_clear(block);
			return status;
		}
		if (reader->raw.type != BLOCK_RECORDS)
			continue;
		status = nffile_decode(reader, &reader->raw, block, error);
		return status == NFGEO_OK ? 1 : status;
	}
}

const struct geo_summary *nffile_index(struct nffile_reader *reader)
{
	load_index(reader);
	return reader->summary && reader->summary->sealed ? reader->summary : NULL;
}

uint32_t nffile_ordinal(const struct nffile_reader *reader)
{
	return reader->ordinal;
}

const struct geo_entry *nffile_pass(struct nffile_reader *reader)
{
	const struct geo_entry *entry = &reader->summary->entry[reader->ordinal++];

	reader->at += BLOCK_HEADER_BYTES + (uint64_t)entry->stored_bytes;
	return entry;
}

uint32_t nffile_record_blocks(const struct nffile_reader *reader)
{
	return reader->seal ? reader->seal->cover.record_blocks : reader->info.block_count;
}

/* Is what is there in memory? Asking is much cheaper than having the kernel look for each page. */
static bool is_cached(int fd, uint64_t at)
{
#ifdef RWF_NOWAIT
	char byte;
	struct iovec one = {&byte, 1};

	return preadv2(fd, &one, 1, (off_t)at, RWF_NOWAIT) == 1;
#else
	(void)fd;
	(void)at;
	return false;
#endif
}

void nffile_will_read(const struct nffile_reader *reader, uint64_t from, uint64_t to)
{
	if (!is_cached(reader->fd, from) || !is_cached(reader->fd, to - 1))
		posix_fadvise(reader->fd, (off_t)from, (off_t)(to - from), POSIX_FADV_WILLNEED);
}
