/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/scan.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/blocktest.h"
#include "flow/record_kind.h"
#include "geo/tag.h"
#include "include/nfgeo.h"
#include "nffile/geosum.h"
#include "nffile/reader.h"

enum { THREADS_MAX = 64, ORDER_SHIFT = 24 /* records of a block, at 4 bytes each at least */ };

/* A file that is open; closed by the last worker that holds one of its blocks. */
struct source {
	struct nffile_reader *reader;
	unsigned references; /* guarded by scan.lock */
	size_t file;	     /* number of the input, from 1 */
	struct name_table names;
};

struct scan {
	const struct scan_plan *plan;
	struct scan_sink *sink;
	struct scan_result *result; /* guarded by lock while workers run */
	pthread_mutex_t lock;
	pthread_cond_t turn_over;
	struct source *source;
	size_t next_file;
	uint64_t next_ordinal; /* of the next block to be given out */
	uint64_t sink_turn;    /* ordinal of the block whose sink is next */
	uint64_t number_turn, number_base;
	struct block_test *block_test; /* asked with lock held; NULL = read all */
	bool table_asked, need_now;
	const struct geo_table *table;
	bool stop;
	int status;
	struct error *error;
};

struct worker {
	struct scan *scan;
	void *sink;
	struct raw_block raw;
	struct block block;
	struct source *source;
	uint64_t ordinal;
	struct record_views views;
	struct clock_cache clock, utc;
	uint16_t *pair; /* countries of the block's records; see fill() */
	size_t pair_capacity;
	bool filled, filled_any; /* in this block, in any */
	uint16_t *now; /* both countries of each record, as the table has them today */
	size_t now_capacity;
	struct flow_totals selected;
	uint64_t processed, passed, untagged, bytes_read;
	pthread_t thread;
};

/* With scan->lock held. */
static void complain(struct scan *scan, const struct error *error)
{
	scan->result->damage_count++;
	scan->plan->complain(error->text, scan->plan->arg);
}

static void complain_locked(struct scan *scan, const struct error *error)
{
	pthread_mutex_lock(&scan->lock);
	complain(scan, error);
	pthread_mutex_unlock(&scan->lock);
}

static void fail(struct scan *scan, int status, const struct error *error)
{
	pthread_mutex_lock(&scan->lock);
	if (scan->status == NFGEO_OK) {
		scan->status = status;
		if (scan->error)
			*scan->error = *error;
	}
	scan->stop = true;
	pthread_cond_broadcast(&scan->turn_over);
	pthread_mutex_unlock(&scan->lock);
}

static void release(struct source *source)
{
	if (source && --source->references == 0) {
		nffile_close(source->reader);
		name_table_fini(&source->names);
		free(source);
	}
}

static void note_window(struct scan *scan, const struct nffile_info *info)
{
	struct scan_result *result = scan->result;

	if (!info->has_totals || !info->totals.first_ms || info->totals.first_ms >= INT64_MAX)
		return;
	if (!result->window_first_ms || info->totals.first_ms < result->window_first_ms)
		result->window_first_ms = info->totals.first_ms;
	if (info->totals.last_ms > result->window_last_ms)
		result->window_last_ms = info->totals.last_ms;
}

/* No flow of the file can lie inside -t. */
static bool outside(const struct scan_plan *plan, const struct nffile_info *info)
{
	return info->has_totals && info->totals.flows &&
	       (info->totals.first_ms > plan->to_ms || info->totals.last_ms < plan->from_ms);
}

static void note_file(struct scan *scan, const struct nffile_info *info)
{
	struct scan_progress *progress = scan->plan->progress;

	if (!progress)
		return;
	atomic_store(&progress->blocks_taken, 0);
	atomic_store(&progress->block_count, info->block_count);
	atomic_store(&progress->files_opened, scan->next_file);
}

/* Names may stand behind the flows that they are for, so they are read before: all of the file,
 * once more. Damage is told by the reading that counts. */
static void read_names(struct source *source, const char *path)
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

/* Open the next file that is worth reading. @return false when there is none */
static bool next_source(struct scan *scan)
{
	const struct input_list *path = &scan->plan->inputs->path;

	while (scan->next_file < path->count) {
		const char *name = path->text[scan->next_file++];
		struct source *source = calloc(1, sizeof(*source));
		const struct nffile_info *info;
		struct error error = {0};

		if (!source)
			return false;
		if (nffile_open(&source->reader, name, &error) != NFGEO_OK) {
			complain(scan, &error);
			free(source);
			continue;
		}
		info = nffile_info(source->reader);
		if (scan->next_file == 1)
			memcpy(scan->result->ident, info->ident, sizeof(info->ident));
		if (outside(scan->plan, info)) {
			nffile_close(source->reader);
			free(source);
			continue;
		}
		note_window(scan, info);
		if (scan->plan->need_country)
			databases_add_file(&scan->result->databases, source->reader);
		if (info->never_closed) {
			error_set(&error, NFGEO_ETRUNCATED,
				  "%s: was never closed: what its writer still held is missing",
				  name);
			complain(scan, &error);
		}
		source->references = 1;
		source->file = scan->next_file;
		if (scan->plan->named)
			read_names(source, name);
		scan->source = source;
		note_file(scan, info);
		return true;
	}
	return false;
}

/* Asked to stop: nothing new is given out, what is in work is finished. */
static bool interrupted(struct scan *scan)
{
	if (!scan->plan->progress || !atomic_load(&scan->plan->progress->stop))
		return false;
	scan->result->interrupted = true;
	return true;
}

/*
 * No record of the block can match: the index knows the countries of all of them. Only where every
 * record is a flow with stored countries: what else is in a block (exporters, damage, flows that a
 * query would fill in) the index does not tell.
 */
static bool is_pointless(struct scan *scan, const struct raw_block *raw)
{
	const struct geo_entry *entry;

	if (!scan->block_test)
		return false;
	entry = nffile_entry(scan->source->reader, raw);
	return entry && entry->flow_count == raw->record_count && !entry->untagged_count &&
	       !block_test_may_match(scan->block_test, &entry->src, &entry->dst);
}

static void pass_over(struct scan *scan, const struct raw_block *raw)
{
	scan->result->blocks_unread++;
	scan->result->processed += raw->record_count;
	if (scan->plan->progress) {
		atomic_fetch_add(&scan->plan->progress->blocks_taken, 1);
		atomic_fetch_add(&scan->plan->progress->flows, raw->record_count);
	}
}

/* Give out the next record block. @return false at the end */
static bool take_block(struct scan *scan, struct worker *worker)
{
	bool taken = false;

	pthread_mutex_lock(&scan->lock);
	while (!scan->stop && !taken && !interrupted(scan) && (scan->source || next_source(scan))) {
		struct error error = {0};
		int status = nffile_next_head(scan->source->reader, &worker->raw, &error);

		if (status < 0) {
			complain(scan, &error);
		} else if (status == 0) {
			release(scan->source);
			scan->source = NULL;
		} else if (worker->raw.type != BLOCK_RECORDS) {
			scan->result->blocks_skipped++;
		} else if (is_pointless(scan, &worker->raw)) {
			pass_over(scan, &worker->raw);
		} else {
			worker->source = scan->source;
			worker->source->references++;
			worker->ordinal = scan->next_ordinal++;
			if (scan->plan->progress)
				atomic_fetch_add(&scan->plan->progress->blocks_taken, 1);
			taken = true;
		}
	}
	pthread_mutex_unlock(&scan->lock);
	return taken;
}

static const struct geo_table *table_once(struct scan *scan)
{
	pthread_mutex_lock(&scan->lock);
	if (!scan->table_asked) {
		scan->table = scan->plan->table ? scan->plan->table(scan->plan->arg) : NULL;
		scan->table_asked = true;
	}
	pthread_mutex_unlock(&scan->lock);
	return scan->table;
}

/* Room for a pair of countries for each record of the block. @return false: the scan failed */
static bool grow_pairs(struct worker *worker, uint16_t **pair, size_t *capacity)
{
	size_t count = worker->block.record_count;
	struct error error;
	uint16_t *grown;

	if (count <= *capacity)
		return true;
	grown = realloc(*pair, count * 2 * sizeof(*grown));
	if (!grown) {
		error_set(&error, NFGEO_ENOMEM, "out of memory");
		fail(worker->scan, NFGEO_ENOMEM, &error);
		return false;
	}
	*pair = grown;
	*capacity = count;
	return true;
}

/* Look up the countries of the block's untagged records, all at once. */
static void fill(struct worker *worker)
{
	const struct geo_table *table = table_once(worker->scan);

	worker->filled = true;
	worker->filled_any |= table != NULL;
	if (table && grow_pairs(worker, &worker->pair, &worker->pair_capacity))
		tag_fill(&worker->block, table, worker->pair);
}

/* Today's countries of all records of the block; NULL when nobody asks. */
static const uint16_t *look_up_now(struct worker *worker)
{
	if (!worker->scan->need_now ||
	    !grow_pairs(worker, &worker->now, &worker->now_capacity))
		return NULL;
	tag_now(&worker->block, worker->scan->table, worker->now);
	return worker->now;
}

static inline void give_country(struct worker *worker, struct record_view *view, uint32_t index)
{
	if (!worker->filled)
		fill(worker);
	if (worker->scan->table && index < worker->pair_capacity)
		view_set_geo(view, (const uint8_t *)(worker->pair + 2 * (size_t)index));
	else
		worker->untagged++;
}

static inline void tally(struct flow_totals *totals, const struct record_view *view)
{
	uint64_t first = view_first_ms(view), last = view_last_ms(view);

	totals->flows += view_flows(view);
	totals->packets += view_packets(view);
	totals->bytes += view_bytes(view);
	if (first < totals->first_ms)
		totals->first_ms = first;
	if (last > totals->last_ms)
		totals->last_ms = last;
}

/* Numbers are given out block by block, in order. @return number of the record before */
static uint64_t number_base(struct worker *worker, uint64_t flows)
{
	struct scan *scan = worker->scan;
	uint64_t base;

	pthread_mutex_lock(&scan->lock);
	while (scan->number_turn != worker->ordinal && !scan->stop)
		pthread_cond_wait(&scan->turn_over, &scan->lock);
	base = scan->number_base;
	scan->number_base += flows;
	scan->number_turn++;
	pthread_cond_broadcast(&scan->turn_over);
	pthread_mutex_unlock(&scan->lock);
	return base;
}

static uint64_t count_flows(const struct block *block)
{
	struct block_cursor cursor = block_cursor(block);
	const uint8_t *record;
	size_t len;
	uint64_t flows = 0;

	while (block_next(&cursor, &record, &len) > 0)
		flows += bytes_get16(record) == RECORD_FLOW;
	return flows;
}

/* Records of a block that are left out: by what is wrong with them. */
struct lost {
	uint64_t bad, foreign, unknown;
	uint16_t type; /* of the first unknown one */
};

static void note_lost(struct lost *lost, const uint8_t *record, size_t len)
{
	enum record_kind kind = record_kind(record, len);

	lost->foreign += kind == RECORD_IS_FOREIGN;
	if (kind == RECORD_IS_UNKNOWN && !lost->unknown++)
		lost->type = bytes_get16(record);
}

static void complain_lost(struct worker *worker, uint64_t count, const char *what)
{
	struct error error;

	if (!count)
		return;
	error_set(&error, NFGEO_ECORRUPT, "%s: block %u: %llu %s left out",
		  nffile_path(worker->source->reader), worker->raw.ordinal,
		  (unsigned long long)count, what);
	complain_locked(worker->scan, &error);
}

static void complain_all(struct worker *worker, const struct lost *lost)
{
	char unknown[80];

	complain_lost(worker, lost->bad, "damaged records");
	complain_lost(worker, lost->foreign, "flows in a form that is not known here");
	snprintf(unknown, sizeof(unknown), "records of unknown type (%u)",
		 lost->type);
	complain_lost(worker, lost->unknown, unknown);
}

/* One pass: view, country, filter, sink. */
static void run_block(struct worker *worker)
{
	struct scan *scan = worker->scan;
	const struct scan_plan *plan = scan->plan;
	struct block_cursor cursor = block_cursor(&worker->block);
	const char *ident = nffile_info(worker->source->reader)->ident;
	struct filter_context context = {.ident = ident};
	struct flow_row row = {.ident = ident,
			       .names = &worker->source->names,
			       .clock = &worker->clock,
			       .utc = &worker->utc};
	bool country = plan->need_country || plan->want_country;
	const uint16_t *now = look_up_now(worker);
	const uint8_t *record;
	struct lost lost = {0};
	uint32_t index = 0;
	size_t len;

	worker->filled = false;
	if (scan->sink->block_begin)
		scan->sink->block_begin(worker->sink, worker->source->file);
	if (plan->numbered)
		row.number = number_base(worker, count_flows(&worker->block));
	for (; block_next(&cursor, &record, &len) > 0; index++) {
		struct record_view *view;

		if (bytes_get16(record) != RECORD_FLOW) {
			note_lost(&lost, record, len);
			if (scan->sink->other)
				scan->sink->other(worker->sink, record, len);
			continue;
		}
		row.number++;
		worker->processed++;
		view = record_views_look(&worker->views, record, len);
		if (!view) {
			lost.bad++;
			continue;
		}
		if (country && !view->geo && view_has_addresses(view))
			give_country(worker, view, index);
		if (view_first_ms(view) < plan->from_ms || view_last_ms(view) > plan->to_ms)
			continue;
		context.record_count = row.number;
		if (now)
			context.now = row.now = now + 2 * (size_t)index;
		if (plan->filter && !filter_match(plan->filter, view, &context, NULL))
			continue;
		worker->passed++;
		tally(&worker->selected, view);
		row.view = view;
		scan->sink->flow(worker->sink, &row, worker->ordinal << ORDER_SHIFT | index);
		if (plan->limit && worker->passed == plan->limit) {
			scan->stop = true; /* there is one worker only */
			break;
		}
	}
	complain_all(worker, &lost);
}

/* Hand the block's results over when it is its turn. */
static void end_block(struct worker *worker)
{
	struct scan *scan = worker->scan;
	struct error error = {0};
	int status;

	pthread_mutex_lock(&scan->lock);
	while (scan->sink->in_order && scan->sink_turn != worker->ordinal &&
	       scan->status == NFGEO_OK)
		pthread_cond_wait(&scan->turn_over, &scan->lock);
	status = scan->status;
	pthread_mutex_unlock(&scan->lock);
	if (status == NFGEO_OK &&
	    (status = scan->sink->block_end(worker->sink, &error)) != NFGEO_OK)
		fail(scan, status, &error);
	pthread_mutex_lock(&scan->lock);
	scan->sink_turn++;
	release(worker->source);
	worker->source = NULL;
	pthread_cond_broadcast(&scan->turn_over);
	pthread_mutex_unlock(&scan->lock);
}

/* Read and decompress, outside the lock. On error the block holds what can be trusted. */
static int load_block(struct worker *worker, struct error *error)
{
	const struct nffile_reader *reader = worker->source->reader;
	int status = nffile_load(reader, &worker->raw, error);

	if (status == NFGEO_OK)
		return nffile_decode(reader, &worker->raw, &worker->block, error);
	block_clear(&worker->block);
	return status;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct scan *scan = worker->scan;

	while (take_block(scan, worker)) {
		struct error error = {0};

		if (load_block(worker, &error) != NFGEO_OK)
			complain_locked(scan, &error);
		worker->bytes_read += worker->block.used;
		if (scan->plan->progress)
			atomic_fetch_add(&scan->plan->progress->flows, worker->block.record_count);
		run_block(worker);
		end_block(worker);
	}
	return NULL;
}

static void add_worker(struct scan_result *result, const struct worker *worker)
{
	if (worker->filled_any && worker->scan->plan->need_country)
		databases_add(&result->databases, geo_table_provenance(worker->scan->table));
	totals_merge(&result->selected, &worker->selected);
	result->processed += worker->processed;
	result->passed += worker->passed;
	result->untagged_count += worker->untagged;
	result->bytes_read += worker->bytes_read;
}

static int open_worker(struct scan *scan, struct worker *worker)
{
	worker->scan = scan;
	worker->sink = scan->sink->open(scan->sink);
	record_views_init(&worker->views);
	totals_init(&worker->selected);
	clock_init(&worker->clock, false);
	clock_init(&worker->utc, true);
	return worker->sink ? block_init(&worker->block, BLOCK_WRITE_BYTES) : NFGEO_ENOMEM;
}

static void close_worker(struct worker *worker)
{
	raw_block_fini(&worker->raw);
	block_fini(&worker->block);
	free(worker->pair);
	free(worker->now);
}

/* The first worker runs in the calling thread. */
static void run_workers(struct scan *scan, struct worker *worker, unsigned count)
{
	unsigned started = 1;

	for (; started < count; started++)
		if (pthread_create(&worker[started].thread, NULL, work, &worker[started]) != 0)
			break;
	work(&worker[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(worker[i].thread, NULL);
	scan->result->files_read = scan->next_file - (scan->source != NULL);
	release(scan->source);
}

static void clip_window(const struct scan_plan *plan, struct scan_result *result)
{
	if (!result->window_first_ms)
		return;
	if (plan->from_ms > result->window_first_ms)
		result->window_first_ms = plan->from_ms;
	if (plan->to_ms < result->window_last_ms)
		result->window_last_ms = plan->to_ms;
}

/* Today's countries cannot be done without, and every block asks for them. */
static int open_now(struct scan *scan, struct error *error)
{
	const struct scan_plan *plan = scan->plan;

	scan->need_now = plan->want_now || (plan->filter && filter_needs_now(plan->filter));
	if (!scan->need_now || table_once(scan))
		return NFGEO_OK;
	return error_set(error, NFGEO_ENODB,
			 "today's countries are asked for (now), and there is no database to look "
			 "them up in: name one with -G");
}

int scan_run(const struct scan_plan *plan, struct scan_sink *sink, struct scan_result *result,
	     struct error *error)
{
	unsigned count = plan->limit || !plan->threads ? 1 : plan->threads;
	struct scan scan = {.plan = plan,
			    .sink = sink,
			    .result = result,
			    .lock = PTHREAD_MUTEX_INITIALIZER,
			    .turn_over = PTHREAD_COND_INITIALIZER,
			    .error = error};
	struct worker *worker;

	if (count > THREADS_MAX)
		count = THREADS_MAX;
	*result = (struct scan_result){0};
	totals_init(&result->selected);
	scan.status = open_now(&scan, error);
	if (scan.status != NFGEO_OK)
		return scan.status;
	worker = calloc(count, sizeof(*worker));
	if (!worker)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	for (unsigned i = 0; i < count && scan.status == NFGEO_OK; i++)
		scan.status = open_worker(&scan, &worker[i]);
	if (plan->filter && filter_needs_country(plan->filter) && !plan->numbered)
		scan.block_test = block_test_new(plan->filter);
	if (scan.status == NFGEO_OK)
		run_workers(&scan, worker, count);
	else
		error_set(error, scan.status, "out of memory");
	for (unsigned i = 0; i < count; i++) {
		add_worker(result, &worker[i]);
		close_worker(&worker[i]);
	}
	if (!plan->need_country)
		result->untagged_count = 0;
	clip_window(plan, result);
	block_test_free(scan.block_test);
	free(worker);
	pthread_mutex_destroy(&scan.lock);
	pthread_cond_destroy(&scan.turn_over);
	return scan.status;
}
