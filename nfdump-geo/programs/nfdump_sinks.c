/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs/nfdump_sinks.h"

#include <stdio.h>
#include <stdlib.h>

#include "flow/geotail.h"
#include "nffile/sysid_map.h"

/* Printing */

struct print_worker {
	struct print_sink *print;
	struct print_worker *next;
	struct text text;
};

static void *print_open(struct scan_sink *sink)
{
	struct print_sink *print = (struct print_sink *)sink;
	struct print_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->print = print;
	worker->next = print->worker;
	print->worker = worker;
	return worker;
}

static void print_flow(void *arg, const struct flow_row *row, uint64_t order)
{
	struct print_worker *worker = arg;

	(void)order;
	worker->print->output->kind->flow(worker->print->output, &worker->text, row);
}

int print_text(struct text *text, struct error *error)
{
	size_t len = text->used;

	text->used = 0;
	if (text->failed)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	if (len && fwrite(text->data, 1, len, stdout) != len)
		return error_set_errno(error, "standard output");
	return NFGEO_OK;
}

int print_flows(struct print_sink *print, struct text *text, struct error *error)
{
	size_t skip = print->started ? 0 : print->output->kind->separator_bytes;

	if (print->output->kind->page)
		print->output->kind->page(print->output, text);
	if (text->used && skip) {
		memmove(text->data, text->data + skip, text->used - skip);
		text->used -= skip;
	}
	print->started |= text->used > 0;
	return print_text(text, error);
}

static int print_block_end(void *arg, struct error *error)
{
	struct print_worker *worker = arg;

	return print_flows(worker->print, &worker->text, error);
}

static void drop_flow(void *worker, const struct flow_row *row, uint64_t order)
{
	(void)worker, (void)row, (void)order;
}

static int drop_block_end(void *worker, struct error *error)
{
	(void)worker, (void)error;
	return NFGEO_OK;
}

static void drop_sums(void *worker, const struct pair_sum *row, size_t count, enum sum_sides sides)
{
	(void)worker, (void)row, (void)count, (void)sides;
}

void print_sink_init(struct print_sink *print, const struct output *output)
{
	*print = (struct print_sink){
		.sink = {.open = print_open,
			 .flow = print_flow,
			 .block_end = print_block_end,
			 .in_order = true},
		.output = output,
	};
	if (output->kind->silent)
		print->sink = (struct scan_sink){.open = print_open,
						 .flow = drop_flow,
						 .block_end = drop_block_end,
						 .sums = drop_sums};
}

void print_sink_fini(struct print_sink *print)
{
	while (print->worker) {
		struct print_worker *next = print->worker->next;

		text_fini(&print->worker->text);
		free(print->worker);
		print->worker = next;
	}
}

/* Writing */

struct write_worker {
	struct write_sink *write;
	struct write_worker *next;
	struct block block; /* records selected from one block of input */
	size_t file;	    /* that the block is of */
	bool failed;
};

static void write_begin(void *arg, size_t file)
{
	struct write_worker *worker = arg;

	worker->file = file;
}

static void *write_open(struct scan_sink *sink)
{
	struct write_sink *write = (struct write_sink *)sink;
	struct write_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	if (block_init(&worker->block, BLOCK_WRITE_BYTES) != NFGEO_OK) {
		free(worker);
		return NULL;
	}
	worker->write = write;
	worker->next = write->worker;
	write->worker = worker;
	return worker;
}

static uint8_t *room(struct write_worker *worker, size_t len)
{
	uint8_t *at = block_reserve(&worker->block, len);

	if (!at && block_grow(&worker->block, 2 * (worker->block.capacity + len)) == NFGEO_OK)
		at = block_reserve(&worker->block, len);
	worker->failed |= !at;
	return at;
}

/* Countries that were filled in are written as a geo tail. */
static void write_flow(void *arg, const struct flow_row *row, uint64_t order)
{
	struct write_worker *worker = arg;
	const struct record_view *view = row->view;
	bool filled = view->geo && !view->geo_offset;
	size_t len = view->record_bytes, tagged = 0;
	uint8_t *at;

	(void)order;
	if (worker->write->only_others || !(at = room(worker, len + 2 * GEOTAIL_BYTES)))
		return;
	if (filled)
		tagged = geotail_add(view, view_src_country(view), view_dst_country(view), at);
	if (!tagged)
		memcpy(at, view->bytes, len);
	block_commit(&worker->block, tagged ? tagged : len);
}

/* Exporters, samplers and names go along; statistics of exporters would no longer be true. */
static void write_other(void *arg, const uint8_t *record, size_t len)
{
	struct write_worker *worker = arg;
	uint16_t type = bytes_get16(record);
	uint8_t *at;

	if (type != RECORD_EXPORTER && type != RECORD_SAMPLER && type != RECORD_SAMPLER_OLD &&
	    (type < RECORD_NBAR || type > RECORD_VRFNAMES))
		return;
	at = room(worker, len);
	if (at) {
		memcpy(at, record, len);
		block_commit(&worker->block, len);
	}
}

int write_flush(struct write_sink *write, struct error *error)
{
	int status = NFGEO_OK;

	if (write->block.used)
		status = nffile_write(write->writer, &write->block, error);
	block_clear(&write->block);
	return status;
}

int write_record(struct write_sink *write, const uint8_t *record, size_t len, struct error *error)
{
	uint8_t *at;

	if (write->block.used + len > BLOCK_WRITE_BYTES) {
		int status = write_flush(write, error);

		if (status != NFGEO_OK)
			return status;
	}
	at = block_reserve(&write->block, len);
	if (!at)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	memcpy(at, record, len);
	block_commit(&write->block, len);
	return NFGEO_OK;
}

/* A record that is no flow is written when its content is met for the first time. */
static bool is_new(struct write_sink *write, const uint8_t *record, size_t len)
{
	uint64_t key[2] = {len, 0x9e3779b97f4a7c15ull};
	bool fresh;

	for (size_t i = 0; i < len; i++)
		key[1] = hash_mix(key[1] ^ record[i], 0xd6e8feb86659fd93ull);
	return !hash_upsert(&write->seen, key, hash_bytes(key, sizeof(key)), &fresh) || fresh;
}

static int write_block_end(void *arg, struct error *error)
{
	struct write_worker *worker = arg;
	struct block_cursor cursor = block_cursor(&worker->block);
	struct write_sink *write = worker->write;
	const uint8_t *record;
	size_t len;
	int status = NFGEO_OK;

	if (worker->failed)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	sysid_map_file(write->sysids, worker->file);
	while (status == NFGEO_OK && block_next(&cursor, &record, &len) > 0) {
		/* the block is the worker's own copy */
		if (!sysid_map_record(write->sysids, (uint8_t *)(uintptr_t)record, len))
			return error_set(error, NFGEO_ELIMIT,
					 "-w: more than 65535 exporters in one file");
		if (bytes_get16(record) == RECORD_FLOW || is_new(write, record, len))
			status = write_record(write, record, len, error);
	}
	block_clear(&worker->block);
	return status;
}

int write_sink_init(struct write_sink *write, struct nffile_writer *writer)
{
	*write = (struct write_sink){
		.sink = {.open = write_open,
			 .flow = write_flow,
			 .other = write_other,
			 .block_end = write_block_end,
			 .in_order = true,
			 .block_begin = write_begin},
		.writer = writer,
	};
	hash_init(&write->seen, 16, 8);
	write->sysids = sysid_map_new();
	if (!write->sysids)
		return NFGEO_ENOMEM;
	return block_init(&write->block, BLOCK_WRITE_BYTES + RECORD_MAX_BYTES);
}

void write_sink_fini(struct write_sink *write)
{
	while (write->worker) {
		struct write_worker *next = write->worker->next;

		block_fini(&write->worker->block);
		free(write->worker);
		write->worker = next;
	}
	block_fini(&write->block);
	hash_fini(&write->seen);
	sysid_map_free(write->sysids);
}

/* Several at once */

struct tee_worker {
	struct tee_sink *tee;
	struct tee_worker *next;
	void *to[TEE_MAX];
};

static void *tee_open(struct scan_sink *sink)
{
	struct tee_sink *tee = (struct tee_sink *)sink;
	struct tee_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->tee = tee;
	worker->next = tee->worker;
	tee->worker = worker;
	for (unsigned i = 0; i < tee->count; i++) {
		worker->to[i] = tee->to[i]->open(tee->to[i]);
		if (!worker->to[i])
			return NULL;
	}
	return worker;
}

static void tee_flow(void *arg, const struct flow_row *row, uint64_t order)
{
	struct tee_worker *worker = arg;

	for (unsigned i = 0; i < worker->tee->count; i++)
		worker->tee->to[i]->flow(worker->to[i], row, order);
}

static void tee_other(void *arg, const uint8_t *record, size_t len)
{
	struct tee_worker *worker = arg;

	for (unsigned i = 0; i < worker->tee->count; i++)
		if (worker->tee->to[i]->other)
			worker->tee->to[i]->other(worker->to[i], record, len);
}

static void tee_begin(void *arg, size_t file)
{
	struct tee_worker *worker = arg;

	for (unsigned i = 0; i < worker->tee->count; i++)
		if (worker->tee->to[i]->block_begin)
			worker->tee->to[i]->block_begin(worker->to[i], file);
}

static int tee_block_end(void *arg, struct error *error)
{
	struct tee_worker *worker = arg;
	int status = NFGEO_OK;

	for (unsigned i = 0; i < worker->tee->count && status == NFGEO_OK; i++)
		status = worker->tee->to[i]->block_end(worker->to[i], error);
	return status;
}

static void tee_sums(void *arg, const struct pair_sum *row, size_t count, enum sum_sides sides)
{
	struct tee_worker *worker = arg;

	for (unsigned i = 0; i < worker->tee->count; i++)
		worker->tee->to[i]->sums(worker->to[i], row, count, sides);
}

void tee_sink_init(struct tee_sink *tee)
{
	*tee = (struct tee_sink){.sink = {.open = tee_open,
					  .flow = tee_flow,
					  .block_end = tee_block_end,
					  .block_begin = tee_begin,
					  .sums = tee_sums}};
}

void tee_sink_add(struct tee_sink *tee, struct scan_sink *to)
{
	tee->to[tee->count++] = to;
	tee->sink.in_order |= to->in_order;
	if (to->other)
		tee->sink.other = tee_other;
	if (!to->sums)
		tee->sink.sums = NULL;
	tee->sink.sums_of |= to->sums_of;
	tee->sink.sums_counted |= to->sums_counted;
}

void tee_sink_fini(struct tee_sink *tee)
{
	while (tee->worker) {
		struct tee_worker *next = tee->worker->next;

		free(tee->worker);
		tee->worker = next;
	}
}
