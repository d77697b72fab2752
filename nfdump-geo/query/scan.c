/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/scan.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "include/nfgeo.h"
#include "nffile/format.h"
#include "query/scan_state.h"

/* With scan->lock held. */
static void complain(struct scan *scan, const struct error *error)
{
	scan->result->damage_count++;
	scan->plan->complain(error->text, scan->plan->arg);
}

void scan_complain(struct scan *scan, const struct error *error)
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

void scan_fail_memory(struct scan *scan)
{
	struct error error;

	error_set(&error, NFGEO_ENOMEM, "out of memory");
	fail(scan, NFGEO_ENOMEM, &error);
}

static void release(struct scan_file *source)
{
	if (source && --source->references == 0)
		scan_file_free(source);
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

static void note_file(struct scan *scan, const struct nffile_info *info)
{
	struct scan_progress *progress = scan->plan->progress;

	if (!progress)
		return;
	atomic_store(&progress->blocks_taken, 0);
	atomic_store(&progress->block_count, info->block_count);
	atomic_store(&progress->files_opened, scan->next_file);
}

static void add_books(struct scan_result *result, const struct scan_books *books)
{
	for (unsigned i = 0; i < SCAN_WAYS; i++) {
		result->books.way[i].files += books->way[i].files;
		result->books.way[i].blocks += books->way[i].blocks;
		result->books.way[i].flows += books->way[i].flows;
		result->books.way[i].bytes += books->way[i].bytes;
	}
	for (unsigned i = 0; i < SCAN_GAPS; i++)
		result->books.gap[i] += books->gap[i];
}

/* Flows that were answered from sums, or that match no filter for sure. */
static void add_sums(struct scan *scan, const struct answer_sums *sums)
{
	struct flow_totals *selected = &scan->result->selected;
	const struct counters *all = &sums->all.sum;

	scan->result->processed += sums->processed;
	if (scan->plan->progress)
		atomic_fetch_add(&scan->plan->progress->flows, sums->processed);
	if (!sums->all.records)
		return;
	scan->result->passed += sums->all.records;
	selected->flows += all->flows;
	selected->packets += all->in_packets + all->out_packets;
	selected->bytes += all->in_bytes + all->out_bytes;
	if (all->first_ms < selected->first_ms)
		selected->first_ms = all->first_ms;
	if (all->last_ms > selected->last_ms)
		selected->last_ms = all->last_ms;
}

static void note_never_closed(struct scan *scan, const struct scan_file *source)
{
	struct error error;

	if (!nffile_info(source->reader)->never_closed)
		return;
	error_set(&error, NFGEO_ETRUNCATED,
		  "%s: was never closed: what its writer still held is missing",
		  nffile_path(source->reader));
	complain(scan, &error);
}

/* It is the file's turn; with scan->lock held. */
static void take_source(struct scan *scan, struct scan_file *source)
{
	const struct nffile_info *info;

	if (source->state == SCAN_FILE_FAILED) {
		complain(scan, &source->error);
		release(source);
		return;
	}
	info = nffile_info(source->reader);
	if (source->file == 1)
		memcpy(scan->result->ident, info->ident, sizeof(info->ident));
	if (source->state == SCAN_FILE_OPEN || source->way == SCAN_CUBE) {
		note_window(scan, info);
		databases_merge(&scan->result->databases, &source->databases);
		add_sums(scan, &source->sums);
		note_never_closed(scan, source);
		note_file(scan, info);
	}
	if (source->state == SCAN_FILE_OPEN) {
		source->merged = (scan->plan->limit || scan->plan->in_time_order) &&
				 nffile_is_clustered(source->reader);
		scan->source = source;
		return;
	}
	if (source->way == SCAN_CUBE)
		scan->result->blocks_skipped +=
			info->block_count - nffile_record_blocks(source->reader);
	add_books(scan->result, &source->books);
	release(source);
}

/* All blocks of the file are given out. */
static void leave_source(struct scan *scan, const struct worker *worker)
{
	scan_file_close_books(scan->source, &worker->answers);
	add_books(scan->result, &scan->source->books);
	release(scan->source);
	scan->source = NULL;
}

/* Asked to stop: nothing new is given out, what is in work is finished. */
static bool interrupted(struct scan *scan)
{
	if (!scan->plan->progress || !atomic_load(&scan->plan->progress->stop))
		return false;
	scan->result->interrupted = true;
	return true;
}

static void note_block(struct scan *scan, enum scan_way way, uint64_t flows, uint64_t stored_bytes)
{
	struct scan_count *count = &scan->source->books.way[way];

	count->blocks++;
	count->flows += flows;
	count->bytes += BLOCK_HEADER_BYTES + stored_bytes;
}

static void note_taken(struct scan *scan, unsigned blocks)
{
	if (scan->plan->progress)
		atomic_fetch_add(&scan->plan->progress->blocks_taken, blocks);
}

/* Go behind the next blocks, as many as need not be read. */
static void pass_over(struct scan *scan)
{
	struct answer_sums sums = {0};
	enum scan_way way;
	unsigned blocks = 0;

	for (; (way = scan_file_way(scan->source)) > SCAN_UNTESTED; blocks++) {
		const struct geo_entry *entry = nffile_pass(scan->source->reader);

		note_block(scan, way, entry->flow_count, entry->stored_bytes);
		if (way != SCAN_TOTALS) /* those were added with the sums */
			sums.processed += entry->flow_count;
	}
	if (blocks) {
		note_taken(scan, blocks);
		add_sums(scan, &sums);
	}
}

/* The next block of the file that must be read. @return false when there is none */
static bool take_block(struct scan *scan, struct worker *worker)
{
	struct scan_file *source = scan->source;
	struct error error = {0};
	enum scan_way way;
	int status;

	for (;;) {
		pass_over(scan);
		way = scan_file_way(source);
		status = nffile_next_head(source->reader, &worker->raw, &error);
		if (status == 0)
			return false;
		if (status < 0)
			complain(scan, &error);
		else if (worker->raw.type != BLOCK_RECORDS)
			scan->result->blocks_skipped++;
		else
			break;
	}
	note_block(scan, way, worker->raw.record_count, worker->raw.stored_bytes);
	note_taken(scan, 1);
	source->references++;
	worker->source = source;
	worker->untested = way == SCAN_UNTESTED;
	worker->ordinal = scan->next_ordinal++;
	return true;
}

static void *work(void *arg);

/* The first worker calls the others when there is something to do for them. */
static void start_others(struct scan *scan)
{
	unsigned count = scan->count;

	scan->count = scan->started; /* .. once */
	for (; scan->started < count; scan->started++) {
		struct worker *worker = &scan->worker[scan->started];

		if (pthread_create(&worker->thread, NULL, work, worker) != 0)
			break;
	}
}

/* Open a file ahead of its turn: with scan->lock held, released meanwhile. */
static void open_ahead(struct scan *scan, struct worker *worker)
{
	const struct input_list *path = &scan->plan->inputs->path;
	size_t number = scan->next_open++;
	struct slot *slot = &scan->slot[number % scan->slots];
	struct scan_file *source;

	*slot = (struct slot){0};
	pthread_mutex_unlock(&scan->lock);
	source = scan_file_open(path->text[number], number + 1, &worker->answers, worker->sink);
	if (!source)
		scan_fail_memory(scan);
	else if (worker == scan->worker &&
		 (source->state == SCAN_FILE_OPEN || number + 1 >= ALONE_FILES))
		start_others(scan);
	pthread_mutex_lock(&scan->lock);
	*slot = (struct slot){.ready = true, .source = source};
	pthread_cond_broadcast(&scan->turn_over);
}

/* May a file be opened now? One ahead is enough while there are blocks to read; none, where a limit
 * may end it all. */
static bool opens(const struct scan *scan)
{
	size_t ahead = scan->next_open - scan->next_file;

	if (scan->next_open == scan->plan->inputs->path.count || ahead == scan->slots)
		return false;
	return !scan->source || (!ahead && !scan->plan->limit);
}

enum taken { TAKEN_NONE, TAKEN_BLOCK, TAKEN_END /* of a file that is merged */ };

/* The next block of the file, or its end if somebody has to do something then. */
static enum taken take_some(struct scan *scan, struct worker *worker)
{
	if (take_block(scan, worker))
		return TAKEN_BLOCK;
	if (scan->source->merged) {
		worker->source = scan->source;
		worker->source->references++;
		return TAKEN_END;
	}
	leave_source(scan, worker);
	return TAKEN_NONE;
}

static void let_go(struct worker *worker)
{
	release(worker->source);
	worker->source = NULL;
}

/* Give out the next record block, and take the last one back: the lock is taken once for both. */
static enum taken next_block(struct scan *scan, struct worker *worker)
{
	enum taken taken = TAKEN_NONE;

	pthread_mutex_lock(&scan->lock);
	let_go(worker);
	while (!taken && !scan->stop && !interrupted(scan)) {
		struct slot *slot = &scan->slot[scan->next_file % scan->slots];

		if (scan->source && !opens(scan)) {
			taken = take_some(scan, worker);
		} else if (!scan->source && scan->next_file < scan->next_open && slot->ready) {
			struct scan_file *source = slot->source;

			scan->next_file++;
			*slot = (struct slot){0};
			if (source)
				take_source(scan, source);
		} else if (opens(scan)) {
			open_ahead(scan, worker);
		} else if (scan->next_file < scan->next_open) {
			pthread_cond_wait(&scan->turn_over, &scan->lock);
		} else {
			break;
		}
	}
	pthread_mutex_unlock(&scan->lock);
	return taken;
}

bool scan_is_over(struct scan *scan)
{
	return scan->stop || interrupted(scan);
}

void scan_end_block(struct worker *worker)
{
	struct scan *scan = worker->scan;
	struct error error = {0};
	int status;

	if (!scan->sink->in_order) { /* no turns: nobody is waited for, and nobody waits */
		status = scan->sink->block_end(worker->sink, &error);
		if (status != NFGEO_OK)
			fail(scan, status, &error);
		return;
	}
	pthread_mutex_lock(&scan->lock);
	while (scan->sink_turn != worker->ordinal && scan->status == NFGEO_OK)
		pthread_cond_wait(&scan->turn_over, &scan->lock);
	status = scan->status;
	pthread_mutex_unlock(&scan->lock);
	if (status == NFGEO_OK &&
	    (status = scan->sink->block_end(worker->sink, &error)) != NFGEO_OK)
		fail(scan, status, &error);
	pthread_mutex_lock(&scan->lock);
	scan->sink_turn++;
	pthread_cond_broadcast(&scan->turn_over);
	pthread_mutex_unlock(&scan->lock);
}

void scan_let_go(struct worker *worker)
{
	pthread_mutex_lock(&worker->scan->lock);
	let_go(worker);
	pthread_mutex_unlock(&worker->scan->lock);
}

void scan_leave_file(struct worker *worker)
{
	pthread_mutex_lock(&worker->scan->lock);
	leave_source(worker->scan, worker);
	pthread_mutex_unlock(&worker->scan->lock);
}

int scan_load(struct worker *worker, struct error *error)
{
	const struct nffile_reader *reader = worker->source->reader;
	int status = nffile_load(reader, &worker->raw, error);

	if (status == NFGEO_OK)
		return nffile_decode(reader, &worker->raw, &worker->block, error);
	block_clear(&worker->block);
	return status;
}

static void read_block(struct worker *worker)
{
	struct scan *scan = worker->scan;
	struct error error = {0};

	if (scan_load(worker, &error) != NFGEO_OK)
		scan_complain(scan, &error);
	worker->bytes_read += worker->block.used;
	if (scan->plan->progress)
		atomic_fetch_add(&scan->plan->progress->flows, worker->block.record_count);
	scan_records(worker);
	scan_end_block(worker);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	enum taken taken;

	while ((taken = next_block(worker->scan, worker)) != TAKEN_NONE) {
		if (worker->source->merged && !merged_begin(worker))
			scan_let_go(worker);
		else if (taken == TAKEN_BLOCK)
			read_block(worker);
		else
			merged_end(worker);
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
	if (answers_init(&worker->answers, scan->plan, scan->sink) != NFGEO_OK)
		return NFGEO_ENOMEM;
	return worker->sink ? block_init(&worker->block, BLOCK_WRITE_BYTES) : NFGEO_ENOMEM;
}

static void close_worker(struct worker *worker)
{
	raw_block_fini(&worker->raw);
	block_fini(&worker->block);
	answers_fini(&worker->answers);
	free(worker->pair);
	free(worker->now);
	merge_free(worker->merge);
}

/* Opened, but its turn never came: what the sink got of it counts. */
static void drop_source(struct scan *scan, struct scan_file *source)
{
	if (source && source->state != SCAN_FILE_FAILED)
		add_sums(scan, &source->sums);
	scan_file_free(source);
}

/* The first worker runs in the calling thread. */
static void run_workers(struct scan *scan, struct worker *worker)
{
	scan->started = 1;
	work(&worker[0]);
	for (unsigned i = 1; i < scan->started; i++)
		pthread_join(worker[i].thread, NULL);
	scan->result->files_read = scan->next_file - (scan->source != NULL);
	if (scan->source)
		leave_source(scan, &worker[0]);
	for (; scan->next_file < scan->next_open; scan->next_file++)
		drop_source(scan, scan->slot[scan->next_file % scan->slots].source);
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
	if (!scan->need_now || scan_table(scan))
		return NFGEO_OK;
	return error_set(error, NFGEO_ENODB,
			 "today's countries are asked for (now), and there is no database to look "
			 "them up in: name one with -G");
}

int scan_run(const struct scan_plan *plan, struct scan_sink *sink, struct scan_result *result,
	     struct error *error)
{
	bool one = plan->limit || plan->in_time_order || !plan->threads;
	unsigned count = one ? 1 : plan->threads;
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
	scan.slots = count + 1;
	scan.worker = worker;
	scan.count = count;
	if (scan.status == NFGEO_OK)
		run_workers(&scan, worker);
	else
		error_set(error, scan.status, "out of memory");
	for (unsigned i = 0; i < count; i++) {
		add_worker(result, &worker[i]);
		close_worker(&worker[i]);
	}
	if (!plan->need_country)
		result->untagged_count = 0;
	clip_window(plan, result);
	free(worker);
	pthread_mutex_destroy(&scan.lock);
	pthread_cond_destroy(&scan.turn_over);
	return scan.status;
}
