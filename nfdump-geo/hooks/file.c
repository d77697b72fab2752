/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Geo blocks for files that others write: sums and block index grow while blocks are written, and
 * are put behind the last block when the file is completed.
 *
 * The writers of newer nfdump compress several blocks at a time; the caller's lock around its write
 * gives the blocks their order, ours below is for files that are open side by side.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "flow/block.h"
#include "hooks/hooks.h"
#include "nffile/compress.h"
#include "nffile/fileio.h"
#include "nffile/format.h"
#include "nffile/geoblock.h"
#include "nffile/geotrailer.h"

struct hook_file {
	const void *key;
	struct geo_trailer *geo; /* owns; NULL = memory ran out, or it cannot be told any more */
	uint64_t tagged_flows;
	struct hook_file *next;
};

static struct hook_file *files; /* that are open */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct hook_file *find(const void *key)
{
	struct hook_file *file;

	pthread_mutex_lock(&lock);
	for (file = files; file && file->key != key; file = file->next)
		;
	pthread_mutex_unlock(&lock);
	return file;
}

/* At its first block. NULL when memory is out: it gets no geo blocks. */
static struct hook_file *find_or_add(const void *key)
{
	struct hook_file *file = find(key);

	if (file)
		return file;
	file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	file->key = key;
	file->geo = geo_trailer_new(false);
	pthread_mutex_lock(&lock);
	file->next = files;
	files = file;
	pthread_mutex_unlock(&lock);
	return file;
}

/* Out of the list. */
static struct hook_file *take(const void *key)
{
	struct hook_file **at, *file;

	pthread_mutex_lock(&lock);
	for (at = &files; *at && (*at)->key != key; at = &(*at)->next)
		;
	file = *at;
	if (file)
		*at = file->next;
	pthread_mutex_unlock(&lock);
	return file;
}

static void file_free(struct hook_file *file)
{
	if (!file)
		return;
	geo_trailer_free(file->geo);
	free(file);
}

int nfgeo_file_stale(uint16_t type, const void *payload, size_t bytes)
{
	return type == BLOCK_ARRAY && bytes >= 4 + GEO_PART_HEADER_BYTES &&
	       bytes_get16(payload) == GEO_RECORD_FIRST &&
	       bytes_get32((const uint8_t *)payload + 4) == GEO_PART_MAGIC;
}

/* Which database? The one that this thread filled the whole block from; or a collector puts
 * together what it wrote before, all by one database if it had no other. */
static const struct geo_provenance *provenance_of(const struct hook_sums *sums, uint32_t tagged)
{
	const struct hook_local *local = hook_local();

	if (sums->filled)
		return sums->filled == tagged ? sums->provenance : NULL;
	return local->table && local->generation == 1 && atomic_load(&hook_books.collecting)
		       ? geo_table_provenance(local->table)
		       : NULL;
}

/* The index would be short: do without. */
static void drop_geo(struct hook_file *file)
{
	geo_trailer_free(file->geo);
	file->geo = NULL;
}

/* What counts as a flow is what the program's own totals count: a collector's record, or what a
 * record stands for. @return false when memory is out */
static bool add_block(struct hook_file *file, struct geo_entry *entry, struct hook_sums *sums)
{
	uint64_t unknown = file->geo->unknown;
	struct sum_table empty = file->geo->block;
	uint32_t tagged;

	file->geo->query = !atomic_load(&hook_books.collecting);
	file->geo->block = sums->table;
	file->geo->families = sums->families;
	sums->table = empty;
	entry->crc = sums->crc;
	if (!geo_trailer_block(file->geo))
		return false;
	tagged = entry->flow_count - entry->untagged_count;
	file->tagged_flows += tagged;
	if (tagged)
		entry->provenance = geo_trailer_provenance(file->geo, provenance_of(sums, tagged));
	if (sums->filled)
		atomic_fetch_add(&hook_books.unknown, file->geo->unknown - unknown);
	return true;
}

void nfgeo_file_block(const void *key, uint32_t ordinal, const void *payload, size_t bytes,
		      size_t stored)
{
	struct hook_file *file = find_or_add(key);
	struct hook_sums *sums = hook_sums_of(payload, bytes);
	struct geo_entry *entry = file && file->geo ? geo_trailer_entry(file->geo) : NULL;

	if (entry) {
		entry->ordinal = ordinal;
		entry->stored_bytes = (uint32_t)stored;
	}
	if (file && !(entry && sums && add_block(file, entry, sums)))
		drop_geo(file);
}

/* --- the end of a file ------------------------------------------------------------------------ */

/* Blocks as they will lie in the file, made in memory so that they are written whole or not. */
struct out {
	uint8_t *bytes; /* owns */
	size_t used;
	uint32_t blocks;
};

static int put_part(struct out *out, enum codec codec, const struct geo_part *part,
		    const uint8_t *bytes, size_t len)
{
	uint8_t *payload = malloc(GEO_PAYLOAD_MAX_BYTES), *grown, *block;
	size_t payload_len, capacity, stored = 0;
	int status = NFGEO_ENOMEM;

	if (!payload)
		return status;
	payload_len = geo_part_encode(part, bytes, len, payload);
	capacity = codec_bound(codec, payload_len);
	grown = realloc(out->bytes, out->used + BLOCK_HEADER_BYTES + capacity);
	if (grown) {
		out->bytes = grown;
		block = grown + out->used;
		status = codec_compress(codec, 0, payload, payload_len, block + BLOCK_HEADER_BYTES,
					capacity, &stored);
	}
	if (status == NFGEO_OK) {
		bytes_put32(block + BLOCK_AT_RECORDS, GEO_RECORDS);
		bytes_put32(block + BLOCK_AT_STORED, (uint32_t)stored);
		bytes_put16(block + BLOCK_AT_TYPE, BLOCK_ARRAY);
		bytes_put16(block + BLOCK_AT_FLAGS, 0);
		out->used += BLOCK_HEADER_BYTES + stored;
		out->blocks++;
	}
	free(payload);
	return status;
}

static int put_stream(struct geo_trailer *geo, struct out *out, enum codec codec,
		      struct geo_part *part, const struct geo_stream *stream)
{
	int status = stream->failed ? NFGEO_ENOMEM : NFGEO_OK;

	for (size_t from = 0; status == NFGEO_OK && from < stream->used; part->part++) {
		size_t len = stream->used - from, before = out->used;

		len = len < GEO_PART_MAX_BYTES ? len : GEO_PART_MAX_BYTES;
		status = put_part(out, codec, part, stream->bytes + from, len);
		geo_trailer_part(geo, (uint32_t)(out->used - before));
		from += len;
	}
	return status;
}

/* Index and detailed sums first; provenance and totals, which say where the others begin, in a
 * block of their own. */
static int make_blocks(const struct hook_file *file, enum codec codec, uint64_t begin,
		       struct geo_cover *cover, struct out *out, uint32_t *last_bytes)
{
	struct geo_stream lead = {0}, last = {0};
	struct geo_part part = {0};
	int status;

	geo_trailer_lead(file->geo, &lead);
	part.parts = (uint16_t)(geo_part_count(lead.used) + 1);
	part.run = crc32c((uint32_t)cover->stat_flows, lead.bytes, lead.used);
	cover->file_blocks += part.parts;
	status = put_stream(file->geo, out, codec, &part, &lead);
	cover->lead_bytes = (uint32_t)out->used;
	if (status == NFGEO_OK) {
		geo_trailer_last(file->geo, cover, begin, &last);
		status = put_stream(file->geo, out, codec, &part, &last);
	}
	*last_bytes = (uint32_t)out->used - cover->lead_bytes;
	geo_stream_fini(&lead);
	geo_stream_fini(&last);
	return status;
}

static int write_blocks(int fd, const struct out *out, off_t at)
{
	if (file_write_at(fd, out->bytes, out->used, (uint64_t)at) != NFGEO_OK ||
	    lseek(fd, at + (off_t)out->used, SEEK_SET) < 0) {
		(void)!ftruncate(fd, at);
		return NFGEO_EIO;
	}
	return NFGEO_OK;
}

int nfgeo_file_seal(const void *key, int fd, unsigned codec, uint64_t stat_flows, uint32_t *blocks,
		    uint32_t *last_bytes)
{
	struct hook_file *file = take(key);
	struct geo_cover cover = {.file_blocks = *blocks, .stat_flows = stat_flows};
	struct out out = {0};
	off_t at = lseek(fd, 0, SEEK_CUR);
	uint32_t last = 0;
	int status = NFGEO_OK;

	if (file)
		*last_bytes = 0;
	if (file && file->geo && file->tagged_flows && codec < CODEC_COUNT) {
		cover.record_blocks = file->geo->entry_count;
		cover.flow_records = file->geo->flow_records;
		status = at < 0 ? NFGEO_EIO
				: make_blocks(file, (enum codec)codec, (uint64_t)at, &cover, &out,
					      &last);
		if (status == NFGEO_OK)
			status = write_blocks(fd, &out, at);
		if (status == NFGEO_OK) {
			*blocks += out.blocks;
			*last_bytes = last;
		}
	}
	free(out.bytes);
	file_free(file);
	return status;
}

void nfgeo_file_forget(const void *key)
{
	file_free(take(key));
}
