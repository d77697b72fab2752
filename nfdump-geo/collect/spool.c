/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect/spool.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "collect/expire.h"
#include "collect/launcher.h"

enum {
	BLOCK_FIRST_BYTES = 131072, /* grows to BLOCK_WRITE_BYTES when a source needs it */
	RETRY_S = 1,
	STOP_RETRIES = 3,
};

enum job_kind { JOB_WRITE, JOB_OPEN, JOB_CLOSE, JOB_TICK, JOB_RECOVER, JOB_LOG };

struct job {
	struct job *next;
	enum job_kind kind;
	struct slotfile *file;
	struct block *block; /* JOB_WRITE: owns */
	struct slot slot;    /* JOB_OPEN, JOB_CLOSE with `more`: the one to open */
	bool more;
	struct decoder_counts counts;
	char line[256]; /* JOB_LOG */
};

struct job_list {
	struct job *first, **end;
};

struct spool {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* all below: under the lock */
	struct job_list waiting;
	struct block **idle; /* owns them */
	size_t idle_count, block_count, blocks_max;
	bool stop;
	/* below: the writer thread only */
	struct job_list failed; /* JOB_WRITEs to try again, in order */
	uint64_t lost_records;
	struct launcher *launcher;
};

static void list_add(struct job_list *list, struct job *job)
{
	job->next = NULL;
	*list->end = job;
	list->end = &job->next;
}

static struct job *list_take(struct job_list *list)
{
	struct job *job = list->first;

	if (job) {
		list->first = job->next;
		if (!list->first)
			list->end = &list->first;
	}
	return job;
}

/* --- blocks ----------------------------------------------------------------------------------- */

static struct block *block_new(void)
{
	struct block *block = malloc(sizeof(*block));

	if (block && block_init(block, BLOCK_FIRST_BYTES) != NFGEO_OK) {
		free(block);
		return NULL;
	}
	return block;
}

void spool_allow(struct spool *spool, size_t more)
{
	struct block **idle;

	pthread_mutex_lock(&spool->lock);
	idle = realloc(spool->idle, (spool->blocks_max + more) * sizeof(struct block *));
	if (idle) {
		spool->idle = idle;
		spool->blocks_max += more;
	}
	pthread_mutex_unlock(&spool->lock);
}

struct block *spool_block(struct spool *spool)
{
	struct block *block = NULL;

	pthread_mutex_lock(&spool->lock);
	if (spool->idle_count) {
		block = spool->idle[--spool->idle_count];
	} else if (spool->block_count < spool->blocks_max) {
		block = block_new();
		spool->block_count += block != NULL;
	}
	pthread_mutex_unlock(&spool->lock);
	return block;
}

void spool_return(struct spool *spool, struct block *block)
{
	if (!block)
		return;
	block_clear(block);
	pthread_mutex_lock(&spool->lock);
	spool->idle[spool->idle_count++] = block;
	pthread_mutex_unlock(&spool->lock);
}

/* --- the receive thread's side ---------------------------------------------------------------- */

static void submit(struct spool *spool, struct job *job)
{
	pthread_mutex_lock(&spool->lock);
	list_add(&spool->waiting, job);
	pthread_cond_signal(&spool->wake);
	pthread_mutex_unlock(&spool->lock);
}

static int submit_copy(struct spool *spool, const struct job *job)
{
	struct job *copy = malloc(sizeof(*copy));

	if (!copy)
		return NFGEO_ENOMEM;
	*copy = *job;
	submit(spool, copy);
	return NFGEO_OK;
}

void spool_write(struct spool *spool, struct slotfile *file, struct block *block)
{
	const struct job job = {.kind = JOB_WRITE, .file = file, .block = block};

	if (submit_copy(spool, &job) != NFGEO_OK) {
		log_error("out of memory: %" PRIu32 " records of '%s' are lost",
			  block->record_count, slotfile_ident(file));
		spool_return(spool, block);
	}
}

int spool_open(struct spool *spool, struct slotfile *file, const struct slot *slot)
{
	return submit_copy(spool, &(struct job){.kind = JOB_OPEN, .file = file, .slot = *slot});
}

int spool_close(struct spool *spool, struct slotfile *file, const struct decoder_counts *counts,
		const struct slot *next)
{
	struct job job = {.kind = JOB_CLOSE, .file = file, .counts = *counts, .more = next != NULL};

	if (next)
		job.slot = *next;
	return submit_copy(spool, &job);
}

int spool_tick(struct spool *spool, struct slotfile *file)
{
	return submit_copy(spool, &(struct job){.kind = JOB_TICK, .file = file});
}

int spool_recover(struct spool *spool, struct slotfile *file)
{
	return submit_copy(spool, &(struct job){.kind = JOB_RECOVER, .file = file});
}

int spool_log(struct spool *spool, const char *format, ...)
{
	struct job job = {.kind = JOB_LOG};
	va_list args;

	va_start(args, format);
	vsnprintf(job.line, sizeof(job.line), format, args);
	va_end(args);
	return submit_copy(spool, &job);
}

/* --- the writer thread ------------------------------------------------------------------------ */

/* The same trouble every second is told once a minute. */
static void log_trouble(const struct error *error)
{
	static time_t told;
	time_t now = time(NULL);

	if (now - told >= 60 || now < told) {
		log_error("%s: data is kept in memory and tried again", error->text);
		told = now;
	}
}

static bool write_block(struct spool *spool, struct job *job)
{
	struct error error;

	if (slotfile_write(job->file, job->block, &error) != NFGEO_OK) {
		log_trouble(&error);
		return false;
	}
	spool_return(spool, job->block);
	free(job);
	return true;
}

/* Try again, in order, skipping files that fail again. */
static void retry(struct spool *spool)
{
	struct job_list again = spool->failed;
	const struct slotfile *bad = NULL;
	struct job *job;

	if (!again.first)
		return;
	spool->failed = (struct job_list){NULL, &spool->failed.first};
	while ((job = list_take(&again)) != NULL) {
		if (job->file == bad || !write_block(spool, job)) {
			bad = job->file;
			list_add(&spool->failed, job);
		}
	}
}

static bool has_failed(const struct spool *spool, const struct slotfile *file)
{
	for (const struct job *job = spool->failed.first; job; job = job->next)
		if (job->file == file)
			return true;
	return false;
}

static void log_slot(const struct slotfile *file, const struct slotfile_done *done,
		     const struct decoder_counts *counts)
{
	const struct flow_totals *totals = &done->totals;
	const char *ident = slotfile_ident(file);

	log_info("Ident: '%s' Flows: %" PRIu64 ", Packets: %" PRIu64 ", Bytes: %" PRIu64
		 ", Sequence Errors: %" PRIu64 ", Bad Packets: %" PRIu64,
		 ident, totals->flows, totals->packets, totals->bytes, counts->sequence_failures,
		 counts->bad_datagrams);
	if (counts->dropped_flows)
		log_warn("Ident: '%s' Flows dropped, the disk was too slow: %" PRIu64, ident,
			 counts->dropped_flows);
	if (counts->malformed || counts->no_template_sets)
		log_info("Ident: '%s' Malformed parts: %" PRIu64
			 ", Data sets without template: %" PRIu64,
			 ident, counts->malformed, counts->no_template_sets);
}

static void close_slot(struct spool *spool, const struct job *job)
{
	struct slotfile *file = job->file;
	struct slotfile_done done;
	struct launch_event event;
	struct error error;
	int64_t start_s = 0;

	if (slotfile_close(file, job->counts.sequence_failures, &done, &error) != NFGEO_OK) {
		log_error("%s", error.text);
		log_slot(file, &done, &job->counts);
		return;
	}
	slot_parse(strrchr(done.name, '/') ? strrchr(done.name, '/') + 1 : done.name, &start_s);
	if (expire_book(slotfile_dir(file), start_s, done.bytes, done.new_file, &error) != NFGEO_OK)
		log_error("%s", error.text);
	log_slot(file, &done, &job->counts);
	if (!spool->launcher)
		return;
	event = (struct launch_event){slotfile_dir(file), done.name, done.time, start_s,
				      slotfile_ident(file)};
	if (launcher_send(spool->launcher, &event, &error) != NFGEO_OK)
		log_error("%s", error.text);
}

static void open_slot(const struct job *job)
{
	struct error error;

	if (slotfile_open(job->file, &job->slot, &error) != NFGEO_OK)
		log_error("%s", error.text);
}

/* Cells that cannot be written are kept, and come again with the next block or second. */
static void tick(const struct job *job)
{
	struct error error;

	if (slotfile_tick(job->file, &error) != NFGEO_OK)
		log_trouble(&error);
}

static void recover(const struct job *job)
{
	struct slotfile_done done;
	struct error error;
	int64_t start_s = 0;
	int got;

	while ((got = slotfile_recover(job->file, &done, &error)) != 0) {
		if (got < 0) {
			log_error("%s", error.text);
			return;
		}
		log_info("Ident: '%s' what a collector that died had left is in '%s' now",
			 slotfile_ident(job->file), done.name);
		slot_parse(strrchr(done.name, '/') ? strrchr(done.name, '/') + 1 : done.name,
			   &start_s);
		if (expire_book(slotfile_dir(job->file), start_s, done.bytes, done.new_file,
				&error) != NFGEO_OK)
			log_error("%s", error.text);
	}
}

/* Takes the job. */
static void work(struct spool *spool, struct job *job)
{
	switch (job->kind) {
	case JOB_WRITE:
		if (has_failed(spool, job->file) || !write_block(spool, job))
			list_add(&spool->failed, job);
		return;
	case JOB_OPEN:
		open_slot(job);
		break;
	case JOB_CLOSE:
		retry(spool);
		close_slot(spool, job);
		if (job->more)
			open_slot(job);
		break;
	case JOB_TICK:
		if (!has_failed(spool, job->file))
			tick(job);
		break;
	case JOB_RECOVER:
		recover(job);
		break;
	case JOB_LOG:
		log_info("%s", job->line);
		break;
	}
	free(job);
}

/* Next job; NULL after RETRY_S without one, or when all is done and the spool stops. */
static struct job *next_job(struct spool *spool, bool *stop)
{
	struct timespec until;
	struct job *job;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += RETRY_S;
	pthread_mutex_lock(&spool->lock);
	while (!(job = list_take(&spool->waiting)) && !spool->stop)
		if (!spool->failed.first)
			pthread_cond_wait(&spool->wake, &spool->lock);
		else if (pthread_cond_timedwait(&spool->wake, &spool->lock, &until) == ETIMEDOUT)
			break;
	*stop = spool->stop && !job;
	pthread_mutex_unlock(&spool->lock);
	return job;
}

static void give_up(struct spool *spool)
{
	uint64_t records = 0;
	struct job *job;

	while ((job = list_take(&spool->failed)) != NULL) {
		records += job->block->record_count;
		spool_return(spool, job->block);
		free(job);
	}
	spool->lost_records = records;
	if (records)
		log_error("%" PRIu64 " records could not be written and are lost", records);
}

static void *writer_main(void *arg)
{
	struct spool *spool = arg;
	bool stop = false;

	while (!stop) {
		struct job *job = next_job(spool, &stop);

		if (job)
			work(spool, job);
		else
			retry(spool);
	}
	give_up(spool);
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

int spool_new(struct spool **out, const struct spool_options *options, struct error *error)
{
	struct spool *spool = calloc(1, sizeof(*spool));
	pthread_condattr_t clock;

	if (!spool || !(spool->idle = calloc(options->blocks_max, sizeof(*spool->idle)))) {
		free(spool);
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	}
	spool->blocks_max = options->blocks_max;
	spool->launcher = options->launcher;
	spool->waiting.end = &spool->waiting.first;
	spool->failed.end = &spool->failed.first;
	pthread_mutex_init(&spool->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&spool->wake, &clock);
	pthread_condattr_destroy(&clock);
	errno = pthread_create(&spool->thread, NULL, writer_main, spool);
	if (errno) {
		free(spool->idle);
		free(spool);
		return error_set_errno(error, "cannot start the writer thread");
	}
	*out = spool;
	return NFGEO_OK;
}

uint64_t spool_free(struct spool *spool)
{
	uint64_t lost_records;

	if (!spool)
		return 0;
	pthread_mutex_lock(&spool->lock);
	spool->stop = true;
	pthread_cond_signal(&spool->wake);
	pthread_mutex_unlock(&spool->lock);
	pthread_join(spool->thread, NULL);
	lost_records = spool->lost_records;
	while (spool->idle_count) {
		struct block *block = spool->idle[--spool->idle_count];

		block_fini(block);
		free(block);
	}
	pthread_cond_destroy(&spool->wake);
	pthread_mutex_destroy(&spool->lock);
	free(spool->idle);
	free(spool);
	return lost_records;
}
