/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/profile.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow/geotail.h"
#include "nffile/cells.h"

/* All channels together keep about this much before they write; a writer needs as much again. */
enum {
	BUFFERS_BYTES = 24 << 20,
	BUFFER_MIN_BYTES = 16 << 10,
	BUFFER_FIRST_BYTES = 4096,
	NUMBERED_BYTES = 64
};

static void *sink_open(struct scan_sink *sink)
{
	return sink; /* one worker: the set itself */
}

static void channel_failed(struct channel *channel, const struct error *error)
{
	if (channel->error.code == NFGEO_OK)
		channel->error = *error;
	nffile_abort(channel->writer);
	channel->writer = NULL;
	block_fini(&channel->block);
	channel->block = (struct block){0};
}

static void channel_flush(struct channel *channel)
{
	struct error error = {0};

	if (channel->block.used &&
	    nffile_write(channel->writer, &channel->block, &error) != NFGEO_OK)
		channel_failed(channel, &error);
	else
		block_clear(&channel->block);
}

/* Room for a record. Buffers start small and double, up to what each may keep. */
static uint8_t *room(const struct profile_set *set, struct channel *channel, size_t len)
{
	struct block *block = &channel->block;
	uint8_t *at = block_reserve(block, len);
	size_t capacity = block->capacity ? block->capacity * 2 : BUFFER_FIRST_BYTES;
	struct error error;

	if (at)
		return at;
	if (block->used && block->used + len > set->buffer_bytes) {
		channel_flush(channel);
		if (!channel->writer)
			return NULL;
		at = block_reserve(block, len);
	}
	if (!at) {
		capacity = capacity < set->buffer_bytes ? capacity : set->buffer_bytes;
		capacity = capacity > block->used + len ? capacity : block->used + len;
		if (block_grow(block, capacity) == NFGEO_OK)
			at = block_reserve(block, len);
	}
	if (!at) {
		error_set(&error, NFGEO_ENOMEM, "%s: out of memory", channel->data_dir);
		channel_failed(channel, &error);
	}
	return at;
}

/* Countries that were filled in are written as a geo tail. */
static void store(const struct profile_set *set, struct channel *channel,
		  const struct record_view *view)
{
	bool filled = view->geo && !view->geo_offset;
	size_t len = 0;
	uint8_t *at = room(set, channel, view->record_bytes + 2u * GEOTAIL_BYTES);

	if (!at)
		return;
	if (filled)
		len = geotail_add(view, view_src_country(view), view_dst_country(view), at);
	if (!len) {
		len = view->record_bytes;
		memcpy(at, view->bytes, len);
	}
	sysid_map_record(set->sysids, at, len);
	block_commit(&channel->block, len);
}

static void try_channel(uint32_t number, void *arg)
{
	struct profile_set *set = arg;
	struct channel *channel = &set->channel[number];
	const struct record_view *view = set->row->view;

	if (!channel->gate.exact && !filter_match(channel->filter, view, &set->context, NULL))
		return;
	if (!set->counted)
		totals_counts(&set->counts, view);
	set->counted = true;
	totals_add(&channel->totals, &set->counts);
	if (channel->writer)
		store(set, channel, view);
}

/* Channels that take the ident's flows and ask for countries did not get them for so many. */
static void book_unknown(struct profile_set *set)
{
	for (size_t i = 0; set->unknown_count && i < set->count; i++) {
		struct channel *channel = &set->channel[i];

		if (channel->needs_country && channel_takes(channel, set->ident))
			channel->unknown_count += set->unknown_count;
	}
	set->unknown_count = 0;
}

static void use_ident(struct profile_set *set, const char *ident)
{
	set->checked = true;
	if (set->has_ident && strcmp(set->ident, ident) == 0)
		return;
	book_unknown(set);
	snprintf(set->ident, sizeof(set->ident), "%s", ident);
	set->has_ident = true;
	if (dispatch_build(&set->dispatch, set->channel, set->count, set->ident) != NFGEO_OK)
		set->failed = true;
}

static void sink_flow(void *arg, const struct flow_row *row, uint64_t order)
{
	struct profile_set *set = arg;

	(void)order;
	if (!set->checked)
		use_ident(set, row->ident);
	if (!row->view->geo && view_has_addresses(row->view))
		set->unknown_count++;
	set->row = row;
	set->counted = false;
	set->context = (struct filter_context){.ident = set->ident, .record_count = row->number};
	dispatch_each(&set->dispatch, view_src_country(row->view), view_dst_country(row->view),
		      try_channel, set);
}

/* Content that was not met before. */
static bool is_new(struct profile_set *set, const uint8_t *record, size_t len)
{
	uint64_t key[2] = {len, 0x9e3779b97f4a7c15ull};
	bool fresh;

	for (size_t i = 0; i < len; i++)
		key[1] = hash_mix(key[1] ^ record[i], 0xd6e8feb86659fd93ull);
	return !hash_upsert(&set->seen, key, hash_bytes(key, sizeof(key)), &fresh) || fresh;
}

/* Exporters, samplers and names go into every file; the exporters' statistics would not be true of
 * a part of their flows. */
static void sink_other(void *arg, const uint8_t *record, size_t len)
{
	struct profile_set *set = arg;
	uint16_t type = bytes_get16(record);
	uint8_t copy[NUMBERED_BYTES];

	if (type != RECORD_EXPORTER && type != RECORD_SAMPLER && type != RECORD_SAMPLER_OLD &&
	    (type < RECORD_NBAR || type > RECORD_VRFNAMES))
		return;
	if (len <= sizeof(copy)) { /* exporters and samplers are */
		record = memcpy(copy, record, len);
		if (!sysid_map_record(set->sysids, copy, len))
			set->failed = true;
	}
	if (!is_new(set, record, len))
		return;
	for (size_t i = 0; i < set->count; i++) {
		uint8_t *at = set->channel[i].writer ? room(set, &set->channel[i], len) : NULL;

		if (at) {
			memcpy(at, record, len);
			block_commit(&set->channel[i].block, len);
		}
	}
}

static void sink_block_begin(void *arg, size_t file)
{
	struct profile_set *set = arg;

	sysid_map_file(set->sysids, file);
}

static int sink_block_end(void *arg, struct error *error)
{
	struct profile_set *set = arg;

	set->checked = false; /* the next block may be of another file */
	return set->failed ? error_set(error, NFGEO_ENOMEM, "out of memory") : NFGEO_OK;
}

int profile_init(struct profile_set *set)
{
	*set = (struct profile_set){
		.sink = {.open = sink_open,
			 .flow = sink_flow,
			 .other = sink_other,
			 .block_end = sink_block_end,
			 .block_begin = sink_block_begin},
		.codec = CODEC_LZ4,
	};
	hash_init(&set->seen, 16, 8);
	set->sysids = sysid_map_new();
	return set->sysids ? NFGEO_OK : NFGEO_ENOMEM;
}

void profile_fini(struct profile_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		channel_fini(&set->channel[i]);
	free(set->channel);
	dispatch_fini(&set->dispatch);
	hash_fini(&set->seen);
	sysid_map_free(set->sysids);
	arena_fini(&set->arena);
}

int profile_add(struct profile_set *set, const char *line, struct error *error)
{
	struct channel *channel;
	int status;

	if (set->count == set->capacity) {
		size_t capacity = set->capacity ? set->capacity * 2 : 16;

		channel = realloc(set->channel, capacity * sizeof(*channel));
		if (!channel)
			return error_set(error, NFGEO_ENOMEM, "out of memory");
		set->channel = channel;
		set->capacity = capacity;
	}
	channel = &set->channel[set->count];
	status = channel_parse(channel, line, &set->places, &set->arena, error);
	if (status == NFGEO_OK)
		status = channel_prepare(channel, &set->places, error);
	if (status == NFGEO_OK)
		set->count++;
	else
		channel_fini(channel);
	return status;
}

bool profile_needs_country(const struct profile_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->channel[i].needs_country)
			return true;
	return false;
}

void profile_work_path(const struct channel *channel, char *path)
{
	snprintf(path, PATH_MAX, "%s/nfprofile.%ld", channel->data_dir, (long)getpid());
}

static size_t buffer_bytes(size_t files)
{
	size_t bytes = files ? BUFFERS_BYTES / files : 0;

	bytes = bytes < BLOCK_WRITE_BYTES ? bytes : BLOCK_WRITE_BYTES;
	return bytes > BUFFER_MIN_BYTES ? bytes : BUFFER_MIN_BYTES;
}

/* All channels have the memory of one clustered file; very many keep the order of arrival. */
static void share_memory(const struct profile_set *set, struct nffile_options *form)
{
	size_t files = 0;

	for (size_t i = 0; i < set->count; i++)
		files += channel_has_file(&set->channel[i]);
	form->cell_memory = CELLS_MEMORY_BYTES / (files ? files : 1);
	form->arrival_order = form->cell_memory < 2 * (size_t)CELLS_MEMORY_MIN_BYTES;
}

void profile_open(struct profile_set *set)
{
	struct nffile_options form = {.codec = set->codec,
				      .level = set->level,
				      .creator = CREATOR_NFPROFILE,
				      .query_totals = true,
				      .sketches = set->sketches};
	size_t files = 0;

	share_memory(set, &form);
	for (size_t i = 0; i < set->count; i++) {
		struct channel *channel = &set->channel[i];
		char path[PATH_MAX];

		if (!channel_has_file(channel))
			continue;
		profile_work_path(channel, path);
		files += nffile_create(&channel->writer, path, &form, &channel->error) == NFGEO_OK;
	}
	set->buffer_bytes = buffer_bytes(files);
}

void profile_flush(struct profile_set *set)
{
	book_unknown(set);
	for (size_t i = 0; i < set->count; i++)
		if (set->channel[i].writer)
			channel_flush(&set->channel[i]);
}

void profile_fail(struct profile_set *set, const struct error *error)
{
	set->failed = true;
	for (size_t i = 0; i < set->count; i++)
		channel_failed(&set->channel[i], error);
}
