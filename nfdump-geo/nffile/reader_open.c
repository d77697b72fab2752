/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * reader_open.c - the header of a file, and where its data ends. Best evidence first:
 *
 * 1. The appendix decodes where the header says: data ends there, whatever NumBlocks says.
 * 2. It does not: NumBlocks blocks are walked, and the appendix is looked for behind them.
 * 3. NumBlocks is 0 too: the file was never closed (or lost its header): blocks are walked to the
 *    end of the file, or to the first one that is not complete.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "nffile/appendix.h"
#include "nffile/fileio.h"
#include "nffile/format.h"
#include "nffile/reader_state.h"

int reader_head(const struct nffile_reader *reader, uint64_t at, uint64_t end,
		struct block_head *head)
{
	uint8_t bytes[BLOCK_HEADER_BYTES];
	int status;

	if (at > end || end - at < BLOCK_HEADER_BYTES)
		return NFGEO_ETRUNCATED;
	status = file_read_at(reader->fd, bytes, sizeof(bytes), at);
	if (status != NFGEO_OK)
		return status;
	head->record_count = bytes_get32(bytes + BLOCK_AT_RECORDS);
	head->stored_bytes = bytes_get32(bytes + BLOCK_AT_STORED);
	head->type = bytes_get16(bytes + BLOCK_AT_TYPE);
	if (!head->stored_bytes || head->stored_bytes > BLOCK_READ_MAX_BYTES)
		return NFGEO_ECORRUPT;
	return head->stored_bytes > end - at - BLOCK_HEADER_BYTES ? NFGEO_ETRUNCATED : NFGEO_OK;
}

/* Walk over at most `limit` blocks without reading them. @return how many there were */
static uint32_t walk(const struct nffile_reader *reader, uint32_t limit, uint64_t *at)
{
	struct block_head head;
	uint32_t count = 0;

	while (count < limit &&
	       reader_head(reader, *at, reader->info.file_bytes, &head) == NFGEO_OK) {
		*at += BLOCK_HEADER_BYTES + head.stored_bytes;
		count++;
	}
	return count;
}

int reader_payload(const struct nffile_reader *reader, struct raw_block *raw)
{
	if (raw->stored_bytes > raw->capacity) {
		uint8_t *bytes = realloc(raw->bytes, raw->stored_bytes);

		if (!bytes)
			return NFGEO_ENOMEM;
		raw->bytes = bytes;
		raw->capacity = raw->stored_bytes;
	}
	return file_read_at(reader->fd, raw->bytes, raw->stored_bytes,
			    raw->offset + BLOCK_HEADER_BYTES);
}

/* One block of the appendix at *at, which moves behind it. */
static int appendix_block(const struct nffile_reader *reader, struct appendix *appendix,
			  uint64_t *at)
{
	struct raw_block raw = {0};
	struct block block = {0};
	struct block_head head = {0};
	int status = reader_head(reader, *at, reader->info.file_bytes, &head);

	if (status == NFGEO_OK && head.type != BLOCK_RECORDS)
		status = NFGEO_ECORRUPT;
	raw.offset = *at;
	raw.stored_bytes = head.stored_bytes;
	if (status == NFGEO_OK)
		status = reader_payload(reader, &raw);
	if (status == NFGEO_OK)
		status = block_grow(&block, BLOCK_READ_MAX_BYTES);
	if (status == NFGEO_OK)
		status = codec_decompress(reader->info.codec, raw.bytes, raw.stored_bytes,
					  block.bytes, block.capacity, &block.used);
	if (status == NFGEO_OK)
		appendix_decode(appendix, block.bytes, block.used);
	*at += BLOCK_HEADER_BYTES + head.stored_bytes;
	raw_block_fini(&raw);
	block_fini(&block);
	return status;
}

/* A real one has at least one of the two known records; several blocks add up. */
static bool load_appendix(struct nffile_reader *reader, uint64_t at)
{
	struct nffile_info *info = &reader->info;
	struct appendix appendix = {0};

	if (at < FILE_HEADER_BYTES || at >= info->file_bytes)
		return false;
	for (uint32_t i = 0; i < reader->announced_appendix; i++)
		if (appendix_block(reader, &appendix, &at) != NFGEO_OK)
			break;
	if (!appendix.known_records)
		return false;
	memcpy(info->ident, appendix.ident, sizeof(info->ident));
	info->has_totals = appendix.has_totals;
	info->totals = appendix.totals;
	return true;
}

/* See the top of this file. */
static void find_end(struct nffile_reader *reader, int64_t appendix_at)
{
	struct nffile_info *info = &reader->info;
	uint64_t at = FILE_HEADER_BYTES;

	reader->info.data_end = info->file_bytes;
	if (reader->announced_appendix && load_appendix(reader, (uint64_t)appendix_at)) {
		reader->has_appendix = true;
		reader->info.data_end = (uint64_t)appendix_at;
		info->block_count = reader->announced_blocks;
	} else if (reader->announced_blocks) {
		info->block_count = reader->announced_blocks;
		if (walk(reader, reader->announced_blocks, &at) == reader->announced_blocks) {
			reader->info.data_end = at;
			load_appendix(reader, at);
		}
	} else {
		info->never_closed = !reader->announced_appendix;
		info->block_count = walk(reader, UINT32_MAX, &at);
	}
}

static int check_layout(const struct nffile_reader *reader, const uint8_t *header,
			struct error *error)
{
	unsigned magic = bytes_get16(header + FILE_AT_MAGIC);
	unsigned layout = bytes_get16(header + FILE_AT_LAYOUT);

	if (magic == FILE_MAGIC_SWAPPED)
		return error_set(error, NFGEO_EVERSION,
				 "%s was written on a big-endian host: convert it there, for "
				 "example by replaying it with nfreplay to a collector",
				 reader->path);
	if (magic != FILE_MAGIC)
		return error_set(error, NFGEO_EINVAL,
				 "%s is no nfdump file (it starts with 0x%04x, not 0x%04x)",
				 reader->path, magic, FILE_MAGIC);
	if (layout == 1)
		return error_set(error, NFGEO_EVERSION,
				 "%s: layout version 1 (nfdump 1.6) is not supported; convert it "
				 "with stock nfdump 1.7: nfdump -r OLD -w NEW",
				 reader->path);
	if (layout != FILE_LAYOUT)
		return error_set(error, NFGEO_EVERSION, "%s: layout version %u is not known (2 is)",
				 reader->path, layout);
	if (header[FILE_AT_ENCRYPTION])
		return error_set(error, NFGEO_EVERSION, "%s is encrypted: not supported",
				 reader->path);
	if (header[FILE_AT_CODEC] >= CODEC_COUNT)
		return error_set(error, NFGEO_EVERSION,
				 "%s: compression %u is not known (0 to %d are)", reader->path,
				 header[FILE_AT_CODEC], CODEC_COUNT - 1);
	return NFGEO_OK;
}

static int read_header(struct nffile_reader *reader, struct error *error)
{
	uint8_t header[FILE_HEADER_BYTES];
	struct nffile_info *info = &reader->info;
	int status = file_read_at(reader->fd, header, sizeof(header), 0);

	if (status == NFGEO_ETRUNCATED)
		return error_set(error, status,
				 "%s: %" PRIu64
				 " bytes are no nfdump file: the header alone has %d",
				 reader->path, info->file_bytes, FILE_HEADER_BYTES);
	if (status != NFGEO_OK)
		return error_set_errno(error, "cannot read %s", reader->path);
	status = check_layout(reader, header, error);
	if (status != NFGEO_OK)
		return status;
	info->codec = (enum codec)header[FILE_AT_CODEC];
	info->creator = header[FILE_AT_CREATOR];
	info->geo_bytes = bytes_get32(header + FILE_AT_GEO_BYTES);
	info->created_s = (int64_t)bytes_get64(header + FILE_AT_CREATED);
	reader->announced_blocks = bytes_get32(header + FILE_AT_BLOCKS);
	reader->announced_appendix = bytes_get16(header + FILE_AT_APPENDIX_BLOCKS);
	find_end(reader, (int64_t)bytes_get64(header + FILE_AT_APPENDIX));
	return NFGEO_OK;
}

static int open_file(struct nffile_reader *reader, struct error *error)
{
	struct stat stat;

	/* O_NONBLOCK: a named pipe must not hang us. */
	reader->fd = open(reader->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (reader->fd < 0) {
		int missing = errno == ENOENT;

		error_set_errno(error, "cannot open %s", reader->path);
		if (missing && error)
			error->code = NFGEO_ENOTFOUND;
		return missing ? NFGEO_ENOTFOUND : NFGEO_EIO;
	}
	if (fstat(reader->fd, &stat) != 0)
		return error_set_errno(error, "cannot stat %s", reader->path);
	if (!S_ISREG(stat.st_mode))
		return error_set(error, NFGEO_EINVAL, "%s is no regular file", reader->path);
	reader->info.file_bytes = (uint64_t)stat.st_size;
	return NFGEO_OK;
}

int nffile_open(struct nffile_reader **out, const char *path, struct error *error)
{
	struct nffile_reader *reader = calloc(1, sizeof(*reader));
	int status;

	*out = NULL;
	if (!reader || !(reader->path = strdup(path))) {
		free(reader);
		return error_set(error, NFGEO_ENOMEM, "%s: out of memory", path);
	}
	reader->fd = -1;
	reader->at = FILE_HEADER_BYTES;
	status = open_file(reader, error);
	if (status == NFGEO_OK)
		status = read_header(reader, error);
	if (status != NFGEO_OK) {
		nffile_close(reader);
		return status;
	}
	*out = reader;
	return NFGEO_OK;
}

void nffile_close(struct nffile_reader *reader)
{
	if (!reader)
		return;
	if (reader->fd >= 0)
		close(reader->fd);
	raw_block_fini(&reader->raw);
	geo_seal_free(reader->seal);
	geo_summary_free(reader->summary);
	cellfile_close(reader->cells);
	free(reader->sums);
	free(reader->path);
	free(reader);
}
