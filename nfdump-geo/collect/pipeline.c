/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The open block of a source grows from 128 KiB to 512 KiB, then goes to the spool. Countries are
 * put in where records lie, after each batch of datagrams: the records are still in the cache, and
 * lookups of a whole batch go together. All records of a block are tagged by one database: when
 * another is published the open blocks are handed over first.
 */
#include "collect/pipeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "collect/geo_watch.h"
#include "collect/source.h"
#include "geo/tag.h"

enum {
	TAG_BYTES = 65536,	/* untagged records at most: they shall be in the cache still */
	UNKNOWN_LOG_LINES = 10, /* per slot */
	TICK_MS = 1000,
};

struct pipeline {
	struct pipeline_options options;
	struct source_table sources;
	struct sysid_counter sysids;
	struct slot slot;
	struct geo_table *table; /* reference for the running batch */
	const struct geo_provenance *provenance;
	struct geo_recent *recent; /* owns; NULL = none */
	int64_t ticked_ms;
	uint64_t ignored, ignored_ever; /* datagrams of unknown senders: this slot, since start */
	uint32_t kernel_drops, kernel_drops_told;
};

/* --- one source ------------------------------------------------------------------------------- */

static void tag(const struct pipeline *pipeline, struct source *source)
{
	struct block *block = source->sink.block;

	if (pipeline->table && block->record_count > source->done_records) {
		tag_block(block, source->done_bytes, block->record_count - source->done_records,
			  pipeline->table, pipeline->recent);
		if (!source->done_records)
			block->provenance = pipeline->provenance;
		else if (block->provenance != pipeline->provenance)
			block->provenance = NULL; /* mixed: there was no block to begin anew */
	}
	source->done_bytes = block->used;
	source->done_records = block->record_count;
}

/* Hand the block over and take an empty one. */
static int hand_over(const struct pipeline *pipeline, struct source *source)
{
	struct block *fresh;

	if (!source->sink.block->record_count)
		return NFGEO_OK;
	tag(pipeline, source);
	fresh = spool_block(pipeline->options.spool);
	if (!fresh)
		return NFGEO_ELIMIT;
	spool_write(pipeline->options.spool, source->file, source->sink.block);
	source->sink.block = fresh;
	source->done_bytes = 0;
	source->done_records = 0;
	return NFGEO_OK;
}

struct sink_owner {
	struct pipeline *pipeline;
	struct source *source;
};

static int flush(struct flow_sink *sink)
{
	const struct sink_owner *owner = sink->arg;
	struct block *block = sink->block;

	if (block->capacity < BLOCK_WRITE_BYTES) {
		size_t capacity = block->capacity * 2;

		return block_grow(block, capacity < BLOCK_WRITE_BYTES ? capacity
								      : BLOCK_WRITE_BYTES);
	}
	return hand_over(owner->pipeline, owner->source);
}

/* --- sources ---------------------------------------------------------------------------------- */

static struct source *source_new(struct pipeline *pipeline, const char *ident,
				 const struct address *sender, const char *dir)
{
	const struct decoder_options decoder = {
		.sampling = pipeline->options.sampling,
		.geo_tail = pipeline->options.geo != NULL,
		.sysids = &pipeline->sysids,
	};
	struct source *source = calloc(1, sizeof(*source));
	struct sink_owner *owner = malloc(sizeof(*owner));

	if (!source || !owner) {
		free(owner);
		free(source);
		return NULL;
	}
	*owner = (struct sink_owner){pipeline, source};
	if (sender)
		source->sender = *sender;
	source->file = slotfile_new(dir, ident, &pipeline->options.file);
	source->decoder = decoder_new(&decoder);
	spool_allow(pipeline->options.spool, 1);
	source->sink = (struct flow_sink){spool_block(pipeline->options.spool), flush, owner};
	if (source->file && source->decoder && source->sink.block)
		return source;
	spool_return(pipeline->options.spool, source->sink.block);
	free(owner);
	source_free(source);
	return NULL;
}

/* Two sources in one directory would write one file. */
static bool directory_taken(const struct pipeline *pipeline, const char *dir)
{
	struct stat wanted, other;

	if (stat(dir, &wanted))
		return false;
	for (size_t i = 0; i < pipeline->sources.count; i++)
		if (stat(slotfile_dir(pipeline->sources.source[i]->file), &other) == 0 &&
		    wanted.st_dev == other.st_dev && wanted.st_ino == other.st_ino)
			return true;
	return false;
}

int pipeline_add(struct pipeline *pipeline, const char *ident, const struct address *sender,
		 const char *dir, struct error *error)
{
	char text[ADDRESS_TEXT] = "any IP";
	struct source *source;
	int status;

	if (sender)
		address_print(sender, text);
	if (directory_taken(pipeline, dir))
		return error_set(error, NFGEO_EINVAL,
				 "directory '%s' belongs to another source already", dir);
	source = source_new(pipeline, ident, sender, dir);
	if (!source)
		return error_set(error, NFGEO_ENOMEM, "out of memory adding source '%s'", ident);
	status = source_add(&pipeline->sources, source);
	if (status != NFGEO_OK) {
		spool_return(pipeline->options.spool, source->sink.block);
		free(source->sink.arg);
		source_free(source);
		return error_set(error, status, "cannot add source '%s', IP %s: %s", ident, text,
				 status == NFGEO_EINVAL ? "this address has a source already"
							: nfgeo_strerror(status));
	}
	log_info("Add flow source: ident: %s, IP: %s, flowdir: %s", ident, text, dir);
	return NFGEO_OK;
}

/* -M: ident and directory are the sender's address with '-' for '.' and ':'. */
static struct source *add_dynamic(struct pipeline *pipeline, const struct address *sender)
{
	char ident[ADDRESS_TEXT], dir[PATH_MAX];
	struct error error;
	struct source *source;

	address_print(sender, ident);
	for (char *at = ident; *at; at++)
		if (*at == '.' || *at == ':')
			*at = '-';
	if (snprintf(dir, sizeof(dir), "%s/%s", pipeline->options.dynamic_dir, ident) >=
		    (int)sizeof(dir) ||
	    directory_create(dir, &error) != NFGEO_OK ||
	    pipeline_add(pipeline, ident, sender, dir, &error) != NFGEO_OK) {
		if (!pipeline->ignored)
			log_error("%s", error.text);
		return NULL;
	}
	source = source_find(&pipeline->sources, sender);
	spool_open(pipeline->options.spool, source->file, &pipeline->slot);
	spool_recover(pipeline->options.spool, source->file);
	return source;
}

static void ignore(struct pipeline *pipeline, const struct address *sender)
{
	char text[ADDRESS_TEXT];

	pipeline->ignored++;
	pipeline->ignored_ever++;
	if (pipeline->ignored > UNKNOWN_LOG_LINES)
		return;
	address_print(sender, text);
	log_info("Unknown flow source: '%s'", text);
	log_info("Skip UDP packet. Ignored packets so far %" PRIu64 " packets",
		 pipeline->ignored_ever);
}

/* --- life ------------------------------------------------------------------------------------- */

struct pipeline *pipeline_new(const struct pipeline_options *options)
{
	struct pipeline *pipeline = calloc(1, sizeof(*pipeline));

	if (!pipeline)
		return NULL;
	pipeline->options = *options;
	if (options->geo)
		pipeline->recent = geo_recent_new();
	return pipeline;
}

void pipeline_free(struct pipeline *pipeline)
{
	if (!pipeline)
		return;
	for (size_t i = 0; i < pipeline->sources.count; i++) {
		struct source *source = pipeline->sources.source[i];

		if (source->sink.block)
			block_fini(source->sink.block);
		free(source->sink.block);
		free(source->sink.arg);
	}
	source_table_fini(&pipeline->sources);
	geo_recent_free(pipeline->recent);
	free(pipeline);
}

int pipeline_begin(struct pipeline *pipeline, int64_t now_ms, struct error *error)
{
	pipeline->slot = slot_at(now_ms / 1000, pipeline->options.interval_s);
	for (size_t i = 0; i < pipeline->sources.count; i++) {
		int status = slotfile_open(pipeline->sources.source[i]->file, &pipeline->slot,
					   error);

		if (status != NFGEO_OK)
			return status;
		spool_recover(pipeline->options.spool, pipeline->sources.source[i]->file);
	}
	return NFGEO_OK;
}

/* --- slots ------------------------------------------------------------------------------------ */

/* @param next  NULL = the collector stops */
static void close_source(struct pipeline *pipeline, struct source *source, const struct slot *next)
{
	struct decoder_counts counts;

	decoder_slot_end(source->decoder, &source->sink, &counts);
	if (!next) {
		spool_write(pipeline->options.spool, source->file, source->sink.block);
		source->sink.block = NULL;
	} else if (hand_over(pipeline, source) != NFGEO_OK) {
		/* No block left: what is open joins the next slot instead of being lost. */
		log_warn("'%s': the disk is too slow, part of the slot goes to the next one",
			 slotfile_ident(source->file));
	}
	if (spool_close(pipeline->options.spool, source->file, &counts, next) != NFGEO_OK)
		log_error("out of memory: the slot of '%s' goes on", slotfile_ident(source->file));
	if (next)
		decoder_slot_begin(source->decoder, &source->sink);
}

static void log_losses(struct pipeline *pipeline)
{
	uint32_t dropped = pipeline->kernel_drops - pipeline->kernel_drops_told;

	if (pipeline->ignored)
		spool_log(pipeline->options.spool, "Total ignored packets: %" PRIu64,
			  pipeline->ignored);
	if (dropped)
		spool_log(pipeline->options.spool,
			  "Total packets lost in the kernel, socket buffer full: %" PRIu32
			  " (a larger one: -B)",
			  dropped);
	pipeline->ignored = 0;
	pipeline->kernel_drops_told = pipeline->kernel_drops;
}

static void close_slot(struct pipeline *pipeline, const struct slot *next)
{
	for (size_t i = 0; i < pipeline->sources.count; i++)
		close_source(pipeline, pipeline->sources.source[i], next);
	log_losses(pipeline);
}

/* Records wait a second at most for the writer, whose open blocks outlive the process. */
static void tick(struct pipeline *pipeline, int64_t now_ms)
{
	const struct slotfile_options *file = &pipeline->options.file;

	if (file->no_geo_blocks || file->arrival_order ||
	    (now_ms - pipeline->ticked_ms < TICK_MS && now_ms >= pipeline->ticked_ms))
		return;
	pipeline->ticked_ms = now_ms;
	for (size_t i = 0; i < pipeline->sources.count; i++) {
		struct source *source = pipeline->sources.source[i];

		hand_over(pipeline, source);
		spool_tick(pipeline->options.spool, source->file);
	}
}

void pipeline_clock(struct pipeline *pipeline, int64_t now_ms, bool traffic)
{
	tick(pipeline, now_ms);
	while (slot_over(&pipeline->slot, now_ms / 1000, traffic)) {
		bool jumped;
		struct slot next = slot_next(&pipeline->slot, now_ms / 1000, &jumped);

		if (jumped)
			log_warn("The clock jumped by %" PRId64 " s",
				 next.start_s - pipeline->slot.start_s - next.interval_s);
		close_slot(pipeline, &next);
		pipeline->slot = next;
	}
}

void pipeline_end(struct pipeline *pipeline)
{
	close_slot(pipeline, NULL);
}

int pipeline_wait_ms(const struct pipeline *pipeline, int64_t now_ms)
{
	return slot_wait_ms(&pipeline->slot, now_ms);
}

void pipeline_kernel_drops(struct pipeline *pipeline, uint32_t counter)
{
	pipeline->kernel_drops = counter;
}

/* --- datagrams -------------------------------------------------------------------------------- */

/* The table of this batch. When it is another than that of the last batch, blocks begun with the
 * old one are handed over, so that each block has one provenance. */
static void take_table(struct pipeline *pipeline)
{
	const struct geo_provenance *provenance;

	if (!pipeline->options.geo)
		return;
	pipeline->table = geo_watch_table(pipeline->options.geo);
	provenance = geo_table_provenance(pipeline->table);
	if (provenance == pipeline->provenance)
		return;
	for (size_t i = 0; i < pipeline->sources.count; i++)
		if (pipeline->sources.source[i]->sink.block->provenance)
			hand_over(pipeline, pipeline->sources.source[i]);
	pipeline->provenance = provenance;
}

static struct source *find(struct pipeline *pipeline, const struct address *sender)
{
	struct source *source = source_find(&pipeline->sources, sender);

	if (!source && pipeline->options.dynamic_dir && pipeline->sources.count < SOURCES_MAX) {
		char text[ADDRESS_TEXT];

		address_print(sender, text);
		log_info("Unknown flow source: '%s'", text);
		source = add_dynamic(pipeline, sender);
	}
	if (!source)
		ignore(pipeline, sender);
	return source;
}

static void datagram(struct pipeline *pipeline, const struct udp_datagram *datagram,
		     int64_t now_ms)
{
	struct source *source;

	if (!datagram->len)
		return;
	source = find(pipeline, &datagram->sender);
	if (!source)
		return;
	decoder_datagram(source->decoder, datagram->bytes, datagram->len, &datagram->sender,
			 (uint64_t)now_ms, &source->sink);
	source->busy = true;
	if (source->sink.block->used - source->done_bytes > TAG_BYTES)
		tag(pipeline, source);
}

void pipeline_datagrams(struct pipeline *pipeline, const struct udp_datagram *datagrams,
			size_t count, int64_t now_ms)
{
	take_table(pipeline);
	for (size_t i = 0; i < count; i++)
		datagram(pipeline, &datagrams[i], now_ms);
	for (size_t i = 0; i < pipeline->sources.count; i++) {
		struct source *source = pipeline->sources.source[i];

		if (source->busy)
			tag(pipeline, source);
		source->busy = false;
	}
	geo_table_unref(pipeline->table);
	pipeline->table = NULL;
}
