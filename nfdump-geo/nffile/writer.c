/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a file: header placeholder with NumBlocks 0; blocks; at the end geo blocks, appendix,
 * then the real header over the placeholder, sync, rename. A crash before that leaves a file that readers
 * recover block by block (doc/file-format.md "Life cycle").
 */
#include "nffile/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "nffile/appendix.h"
#include "nffile/cluster.h"
#include "nffile/fileio.h"
#include "nffile/format.h"
#include "nffile/geoblock.h"
#include "nffile/geotrailer.h"
#include "nffile/reader.h"
#include "nffile/sumfile.h"

enum { PREFETCH_BYTES = 2048 }; /* ahead of the record looked at */

struct nffile_writer {
	char *path; /* owns */
	int fd;
	enum codec codec;
	int level;
	uint8_t creator;
	bool query_totals;
	uint32_t groups; /* of blocks that come from a clustered file; 0 = none */
	char ident[IDENT_TEXT];
	int64_t created_s;
	uint64_t at; /* where the next block goes */
	uint32_t block_count;
	struct flow_totals totals;
	struct cluster *cluster; /* owns; NULL = in order of arrival */
	struct geo_trailer *geo; /* owns; NULL = no geo blocks */
	uint32_t geo_bytes;	 /* of the last geo block on disk, once it is written */
	FILE *sums;		 /* owns; NULL = none */
	struct record_view view; /* keeps its layout from record to record */
	uint8_t *out;		 /* one block as stored, header included; owns */
	size_t out_capacity;
};

static int write_header(struct nffile_writer *writer, uint64_t appendix_at)
{
	uint8_t header[FILE_HEADER_BYTES] = {0};

	bytes_put16(header + FILE_AT_MAGIC, FILE_MAGIC);
	bytes_put16(header + FILE_AT_LAYOUT, FILE_LAYOUT);
	bytes_put32(header + FILE_AT_NFDVERSION, FILE_NFDVERSION);
	bytes_put64(header + FILE_AT_CREATED, (uint64_t)writer->created_s);
	header[FILE_AT_CODEC] = (uint8_t)writer->codec;
	bytes_put32(header + FILE_AT_CREATOR, writer->creator);
	if (appendix_at) {
		bytes_put16(header + FILE_AT_APPENDIX_BLOCKS, 1);
		bytes_put64(header + FILE_AT_APPENDIX, appendix_at);
		bytes_put32(header + FILE_AT_BLOCKS, writer->block_count);
		bytes_put32(header + FILE_AT_GEO_BYTES, writer->geo_bytes);
	}
	return file_write_at(writer->fd, header, sizeof(header), 0);
}

static void writer_free(struct nffile_writer *writer)
{
	if (!writer)
		return;
	if (writer->fd >= 0)
		close(writer->fd);
	cluster_free(writer->cluster);
	sumfile_close(writer->sums);
	geo_trailer_free(writer->geo);
	free(writer->path);
	free(writer->out);
	free(writer);
}

static void take_options(struct nffile_writer *writer, const struct nffile_options *options)
{
	const char *ident = options->ident && *options->ident ? options->ident : "none";

	writer->codec = options->codec;
	writer->level = options->level;
	writer->creator = options->creator;
	writer->query_totals = options->query_totals;
	writer->groups = options->arrival_order ? options->groups : 0;
	snprintf(writer->ident, sizeof(writer->ident), "%s", ident);
}

static int append(void *arg, const struct block *block, struct error *error);

static int open_cluster(struct nffile_writer *writer, const struct nffile_options *options,
			struct error *error)
{
	const struct cluster_options cluster = {
		.shares = options->shares,
		.expected_flows = options->expected_flows,
		.memory = options->cell_memory,
		.cells = options->cells,
		.write = append,
		.arg = writer,
	};

	if (options->arrival_order || !writer->geo)
		return NFGEO_OK;
	return cluster_new(&writer->cluster, &cluster, error);
}

int nffile_create(struct nffile_writer **out, const char *path,
		  const struct nffile_options *options, struct error *error)
{
	struct nffile_writer *writer = calloc(1, sizeof(*writer));

	*out = NULL;
	if (writer) {
		writer->fd = -1;
		writer->path = strdup(path);
		writer->geo = options->no_geo_blocks ? NULL : geo_trailer_new(options->sketches);
	}
	if (writer && writer->geo) {
		writer->geo->query = options->query_totals;
		writer->geo->no_pairs = options->no_pairs;
	}
	if (!writer || !writer->path || (!options->no_geo_blocks && !writer->geo)) {
		writer_free(writer);
		return error_set(error, NFGEO_ENOMEM, "%s: out of memory", path);
	}
	take_options(writer, options);
	totals_init(&writer->totals);
	record_view_init(&writer->view);
	writer->created_s = options->created_s ? options->created_s : (int64_t)time(NULL);
	writer->at = FILE_HEADER_BYTES;
	writer->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (writer->fd < 0 || write_header(writer, 0) != NFGEO_OK) {
		error_set_errno(error, "cannot create %s", path);
		if (writer->fd >= 0)
			unlink(path); /* empty: the disk is full */
		writer_free(writer);
		return NFGEO_EIO;
	}
	if (open_cluster(writer, options, error) != NFGEO_OK) {
		unlink(path);
		writer_free(writer);
		return error ? error->code : NFGEO_EIO;
	}
	if (writer->geo)
		writer->sums = sumfile_create(path);
	*out = writer;
	return NFGEO_OK;
}

static int need_out(struct nffile_writer *writer, size_t len)
{
	uint8_t *out;

	if (len <= writer->out_capacity)
		return NFGEO_OK;
	out = realloc(writer->out, len);
	if (!out)
		return NFGEO_ENOMEM;
	writer->out = out;
	writer->out_capacity = len;
	return NFGEO_OK;
}

/* Code one payload with the file's codec and write it as a block at writer->at. */
static int put_block(struct nffile_writer *writer, enum block_type type, const uint8_t *payload,
		     size_t len, uint32_t record_count, struct error *error)
{
	size_t capacity = codec_bound(writer->codec, len), stored;
	int status = need_out(writer, BLOCK_HEADER_BYTES + capacity);

	if (status == NFGEO_OK)
		status = codec_compress(writer->codec, writer->level, payload, len,
					writer->out + BLOCK_HEADER_BYTES, capacity, &stored);
	if (status != NFGEO_OK)
		return error_set(error, status, "%s: cannot compress %zu bytes as %s: %s",
				 writer->path, len, codec_name(writer->codec),
				 nfgeo_strerror(status));
	bytes_put32(writer->out + BLOCK_AT_RECORDS, record_count);
	bytes_put32(writer->out + BLOCK_AT_STORED, (uint32_t)stored);
	bytes_put16(writer->out + BLOCK_AT_TYPE, type);
	bytes_put16(writer->out + BLOCK_AT_FLAGS, 0);
	if (file_write_at(writer->fd, writer->out, BLOCK_HEADER_BYTES + stored, writer->at) !=
	    NFGEO_OK)
		return error_set_errno(error, "cannot write %s", writer->path);
	writer->at += BLOCK_HEADER_BYTES + stored;
	return NFGEO_OK;
}

static void add_record(struct nffile_writer *writer)
{
	const struct record_view *view = &writer->view;

	if (writer->query_totals)
		totals_query(&writer->totals, view);
	else
		totals_collect(&writer->totals, view);
	if (writer->geo)
		geo_trailer_add(writer->geo, view);
}

/* Sum up the flow records of a part of a block. One that contradicts itself is stored as it came
 * (append must lose nothing) but not counted: every reader leaves it out, and says so. */
static void account(struct nffile_writer *writer, const uint8_t *bytes, size_t len)
{
	const uint8_t *end = bytes + len;

	for (; bytes < end; bytes += bytes_get16(bytes + 2))
		if (bytes_get16(bytes) == RECORD_FLOW &&
		    record_view(&writer->view, bytes, (size_t)(end - bytes)) == NFGEO_OK)
			add_record(writer);
		else if (writer->geo)
			writer->geo->families |=
				geo_other_traits(bytes, bytes_get16(bytes + 2));
}

/* The index would be short: do without. */
static void drop_geo(struct nffile_writer *writer)
{
	geo_trailer_free(writer->geo);
	writer->geo = NULL;
}

/* A run of whole records of `block` that fits one block on disk. */
static int put_records(struct nffile_writer *writer, const struct block *block, size_t from,
		       size_t to, uint32_t record_count, struct error *error)
{
	const uint8_t *bytes = block->bytes + from;
	uint64_t before = writer->at;
	struct geo_entry *entry = NULL;
	int status = put_block(writer, BLOCK_RECORDS, bytes, to - from, record_count, error);

	if (status != NFGEO_OK)
		return status;
	if (writer->geo) {
		entry = geo_trailer_entry(writer->geo);
		if (!entry)
			drop_geo(writer);
	}
	account(writer, bytes, to - from);
	if (entry) {
		entry->ordinal = writer->block_count;
		entry->stored_bytes = (uint32_t)(writer->at - before - BLOCK_HEADER_BYTES);
		entry->crc = crc32c(0, bytes, to - from);
		entry->provenance = geo_trailer_provenance(writer->geo, block->provenance);
		if (!geo_trailer_block(writer->geo))
			drop_geo(writer);
		else
			sumfile_add(writer->sums, entry);
	}
	writer->block_count++;
	return NFGEO_OK;
}

/* Blocks that grew in memory (geo tails were added) are cut at record boundaries. */
static int append(void *arg, const struct block *block, struct error *error)
{
	struct nffile_writer *writer = arg;
	struct block_cursor cursor = block_cursor(block);
	size_t from = 0, len;
	uint32_t count = 0;
	const uint8_t *record;
	int status;

	while ((status = block_next(&cursor, &record, &len)) == 1) {
		/* A collector's block comes from another processor's cache. */
		__builtin_prefetch(record + PREFETCH_BYTES);
		__builtin_prefetch(record + PREFETCH_BYTES + 64);
		if (cursor.at - from > BLOCK_WRITE_BYTES && count) {
			status = put_records(writer, block, from, cursor.at - len, count, error);
			if (status != NFGEO_OK)
				return status;
			from = cursor.at - len;
			count = 0;
		}
		count++;
	}
	if (status != 0)
		return error_set(error, status, "%s: a record's size leaves its block", writer->path);
	return count ? put_records(writer, block, from, cursor.at, count, error) : NFGEO_OK;
}

int nffile_write(struct nffile_writer *writer, const struct block *block, struct error *error)
{
	return writer->cluster ? cluster_add(writer->cluster, block, error)
			       : append(writer, block, error);
}

int nffile_flush(struct nffile_writer *writer, struct error *error)
{
	return writer->cluster ? cluster_flush(writer->cluster, error) : NFGEO_OK;
}

int nffile_flush_older(struct nffile_writer *writer, uint32_t age_ms, struct error *error)
{
	return writer->cluster ? cluster_flush_older(writer->cluster, age_ms, error) : NFGEO_OK;
}

static int append_blocks(struct nffile_writer *writer, struct nffile_reader *reader,
			 struct error *error)
{
	struct block block = {0};
	int damage = NFGEO_OK, status = NFGEO_OK, got;
	struct error ignored, *report = error;

	while ((got = nffile_next(reader, &block, report)) != 0) {
		if (got < 0) {
			damage = got;
			report = &ignored; /* the first one is told */
		}
		if (block.record_count)
			status = nffile_write(writer, &block, damage ? &ignored : error);
		if (status != NFGEO_OK)
			break;
	}
	block_fini(&block);
	return damage ? damage : status;
}

int nffile_append_file(struct nffile_writer *writer, const char *path, struct error *error)
{
	struct nffile_reader *reader;
	int status = nffile_open(&reader, path, error);

	if (status != NFGEO_OK)
		return status;
	status = append_blocks(writer, reader, error);
	if (nffile_info(reader)->has_totals)
		writer->totals.sequence_failures += nffile_info(reader)->totals.sequence_failures;
	nffile_close(reader);
	return status;
}

const struct flow_totals *nffile_totals(const struct nffile_writer *writer)
{
	return &writer->totals;
}

bool nffile_shares(const struct nffile_writer *writer, struct grid_shares *shares)
{
	if (!writer->geo)
		return false;
	geo_trailer_shares(writer->geo, shares->src, shares->dst);
	return true;
}

/* All of a stream, in as many blocks as it takes. */
static int put_stream(struct nffile_writer *writer, const struct geo_stream *stream,
		      struct geo_part *part, struct error *error)
{
	int status = NFGEO_OK;
	uint8_t *payload = malloc(GEO_PAYLOAD_MAX_BYTES);

	if (!payload || stream->failed)
		status = error_set(error, NFGEO_ENOMEM, "%s: out of memory", writer->path);
	for (size_t from = 0; status == NFGEO_OK && from < stream->used; part->part++) {
		uint64_t before = writer->at;
		size_t len = stream->used - from;

		len = len < GEO_PART_MAX_BYTES ? len : GEO_PART_MAX_BYTES;
		status = put_block(writer, BLOCK_ARRAY, payload,
				   geo_part_encode(part, stream->bytes + from, len, payload),
				   GEO_RECORDS, error);
		geo_trailer_part(writer->geo, (uint32_t)(writer->at - before));
		from += len;
		writer->block_count++;
	}
	free(payload);
	return status;
}

/* Index and detailed sums in their own blocks; provenance and totals, which say where the others
 * begin, in one block behind them. */
static int put_geo(struct nffile_writer *writer, struct error *error)
{
	struct geo_stream lead = {0}, last = {0};
	struct geo_part part = {.run = crc32c((uint32_t)writer->created_s, writer->ident,
					      strlen(writer->ident))};
	struct geo_cover cover = {.record_blocks = writer->block_count,
				  .flow_records = writer->geo->flow_records,
				  .stat_flows = writer->totals.flows};
	uint64_t begin = writer->at;
	int status;

	writer->geo->groups = writer->cluster  ? cluster_groups(writer->cluster)
			      : writer->groups ? writer->groups
					       : 1;
	geo_trailer_lead(writer->geo, &lead);
	part.parts = (uint16_t)(geo_part_count(lead.used) + 1);
	part.run = crc32c(part.run, lead.bytes, lead.used);
	cover.file_blocks = writer->block_count + part.parts;
	status = put_stream(writer, &lead, &part, error);
	cover.lead_bytes = (uint32_t)(writer->at - begin);
	begin = writer->at;
	if (status == NFGEO_OK) {
		geo_trailer_last(writer->geo, &cover, begin - cover.lead_bytes, &last);
		status = put_stream(writer, &last, &part, error);
	}
	writer->geo_bytes = (uint32_t)(writer->at - begin);
	geo_stream_fini(&lead);
	geo_stream_fini(&last);
	return status;
}

static int put_appendix(struct nffile_writer *writer, const struct nffile_finish *finish,
			struct error *error)
{
	uint8_t payload[APPENDIX_MAX_BYTES];
	struct flow_totals totals = writer->totals;

	totals.sequence_failures += finish->sequence_failures;
	if (totals.first_ms == UINT64_MAX) {
		totals.first_ms = finish->empty_first_ms;
		totals.last_ms = finish->empty_last_ms;
	}
	return put_block(writer, BLOCK_RECORDS, payload,
			 appendix_encode(writer->ident, &totals, payload), APPENDIX_RECORDS, error);
}

/* Everything of the file is on disk before its header says that it is complete; the header is
 * before the name changes. */
static int seal(struct nffile_writer *writer, uint64_t appendix_at, struct error *error)
{
	if (ftruncate(writer->fd, (off_t)writer->at) != 0 ||
	    write_header(writer, appendix_at) != NFGEO_OK || fsync(writer->fd) != 0)
		return error_set_errno(error, "cannot complete %s", writer->path);
	return NFGEO_OK;
}

static int move(const struct nffile_writer *writer, const char *to, struct error *error)
{
	if (to && rename(writer->path, to) != 0)
		return error_set_errno(error, "cannot rename %s to %s", writer->path, to);
	if (file_sync_folder(to ? to : writer->path) != NFGEO_OK)
		return error_set_errno(error, "cannot sync the folder of %s",
				       to ? to : writer->path);
	return NFGEO_OK;
}

int nffile_finish(struct nffile_writer *writer, const struct nffile_finish *finish,
		  struct error *error)
{
	int status = nffile_flush(writer, error);
	uint64_t appendix_at;

	if (finish->totals)
		writer->totals = *finish->totals;
	if (status == NFGEO_OK && writer->geo && writer->block_count)
		status = put_geo(writer, error);
	appendix_at = writer->at;
	if (status == NFGEO_OK)
		status = put_appendix(writer, finish, error);
	if (status == NFGEO_OK)
		status = seal(writer, appendix_at, error);
	if (status == NFGEO_OK)
		status = move(writer, finish->rename_to, error);
	if (status == NFGEO_OK && writer->sums)
		sumfile_remove(writer->path);
	writer_free(writer);
	return status;
}

void nffile_remove(const char *work_path)
{
	unlink(work_path);
	sumfile_remove(work_path);
}

void nffile_abort(struct nffile_writer *writer)
{
	if (!writer)
		return;
	nffile_remove(writer->path);
	writer_free(writer);
}
