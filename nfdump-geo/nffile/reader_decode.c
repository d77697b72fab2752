/* SPDX-License-Identifier: BSD-3-Clause */
/* reader_decode.c - a block's payload into records: decompressed, checked, and cut where it is damaged. */
#include <inttypes.h>
#include <string.h>

#include "base/crc32c.h"
#include "include/nfgeo.h"
#include "nffile/format.h"
#include "nffile/geosummary.h"
#include "nffile/reader.h"
#include "nffile/reader_state.h"

/*
 * The sizes of a block's records must add up to its payload, and their number to NumRecords. Where
 * they do not, records are kept only as far as they can be trusted: as many as NumRecords says, when
 * that many are whole and something follows (of a payload whose checksum is right, all); else the ones
 * before the break of a plain block, and none of a compressed one, because a decoder fed with damage
 * gives damage.
 */
static int cut_records(const struct nffile_reader *reader, const struct raw_block *raw,
		       struct block *block, struct error *error)
{
	struct block_cursor cursor = block_cursor(block);
	const uint8_t *record;
	size_t len;
	int status;

	while ((status = block_next(&cursor, &record, &len)) == 1)
		;
	if (status == 0 && cursor.at == block->used)
		return NFGEO_OK;
	block->record_count -= cursor.left;
	if (reader->info.codec != CODEC_NONE && cursor.left)
		block->record_count = 0;
	len = block->used - cursor.at;
	block->used = block->record_count ? cursor.at : 0;
	return error_set(error, NFGEO_ECORRUPT,
			 "%s: block %u at offset %" PRIu64 ": %u of %u records are readable, the "
			 "last %zu bytes are damaged",
			 reader->path, raw->ordinal, raw->offset, block->record_count,
			 raw->record_count, len);
}

/* The payload is as it was written; is it the number in the header that is wrong? */
static bool count_anew(const struct nffile_reader *reader, const struct raw_block *raw,
		       struct block *block, struct error *error)
{
	struct block_cursor cursor = {block, 0, UINT32_MAX};
	const uint8_t *record;
	size_t len;

	while (block_next(&cursor, &record, &len) == 1)
		;
	if (cursor.at != block->used)
		return false;
	block->record_count = UINT32_MAX - cursor.left;
	error_set(error, NFGEO_ECORRUPT,
		  "%s: block %u at offset %" PRIu64 ": its header counts %u records, and it has %u",
		  reader->path, raw->ordinal, raw->offset, raw->record_count, block->record_count);
	return true;
}

/* Each size leads to the next record, so a plain walk waits for memory at every step. Most records
 * are as long as the one before: guessing that (a branch, which the compiler must not turn into a
 * move) lets the processor run ahead. */
static bool sizes_add_up(const struct block *block)
{
	const uint8_t *at = block->bytes;
	size_t left = block->used, last = 0;

	for (uint32_t i = block->record_count; i; i--) {
		size_t len = left < 4 ? 0 : bytes_get16(at + 2);

		if (len != last) {
			last = len;
			__asm__ volatile("" : "+r"(last));
		}
		if (last < 4 || last > left)
			return false;
		at += last;
		left -= last;
	}
	return left == 0;
}

/* @param is_intact  the checksum of the payload is right */
static int check_records(const struct nffile_reader *reader, const struct raw_block *raw,
			 bool is_intact, struct block *block, struct error *error)
{
	if (sizes_add_up(block))
		return NFGEO_OK;
	if (is_intact && count_anew(reader, raw, block, error))
		return NFGEO_ECORRUPT;
	return cut_records(reader, raw, block, error);
}

/* With the wrong checksum nothing in a block can be trusted. @param is_intact  it has the right one */
static int check_entry(const struct nffile_reader *reader, const struct raw_block *raw,
		       bool *is_intact, struct block *block, struct error *error)
{
	const struct geo_entry *entry =
		raw->open ? NULL : reader_sealed_entry(reader, raw->ordinal);

	*is_intact = entry != NULL;
	if (!entry)
		return NFGEO_OK;
	if (crc32c(0, block->bytes, block->used) != entry->crc) {
		block->used = 0;
		block->record_count = 0;
		return error_set(error, NFGEO_ECORRUPT,
				 "%s: block %u at offset %" PRIu64 " has the wrong checksum: its "
				 "%u flows are left out",
				 reader->path, raw->ordinal, raw->offset, entry->flow_count);
	}
	if (entry->provenance)
		block->provenance = reader->summary->provenance[entry->provenance - 1];
	return NFGEO_OK;
}

int nffile_decode(const struct nffile_reader *reader, const struct raw_block *raw,
		  struct block *block, struct error *error)
{
	int status = block_grow(block, BLOCK_READ_MAX_BYTES);
	bool is_intact;

	block_clear(block);
	block->type = raw->type;
	if (status == NFGEO_OK)
		status = codec_decompress(raw->open ? CODEC_NONE : reader->info.codec, raw->bytes, raw->stored_bytes,
					  block->bytes, block->capacity, &block->used);
	if (status != NFGEO_OK) {
		block->used = 0;
		return error_set(error, status,
				 "%s: block %u at offset %" PRIu64 ": its %u bytes do not "
				 "decompress as %s (%s): its %u records are left out",
				 reader->path, raw->ordinal, raw->offset, raw->stored_bytes,
				 codec_name(reader->info.codec), nfgeo_strerror(status),
				 raw->record_count);
	}
	block->record_count = raw->record_count;
	if (raw->type != BLOCK_RECORDS)
		return NFGEO_OK;
	status = check_entry(reader, raw, &is_intact, block, error);
	return status == NFGEO_OK ? check_records(reader, raw, is_intact, block, error) : status;
}
