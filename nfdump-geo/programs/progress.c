/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs/progress.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_MS = 2000, NEXT_MS = 500, LINE_MAX_BYTES = 160 };

static struct scan_progress *interrupted_scan; /* what SIGINT stops */

static void on_interrupt(int signal)
{
	(void)signal;
	atomic_store(&interrupted_scan->stop, true);
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Sizes of files, summed up: end[i] is where the i-th file ends. */
static uint64_t *file_ends(const struct inputs *inputs)
{
	uint64_t *end = calloc(inputs->path.count + 1, sizeof(*end)), sum = 0;
	struct stat info;

	for (size_t i = 0; end && i < inputs->path.count; i++) {
		if (stat(inputs->path.text[i], &info) == 0)
			sum += (uint64_t)info.st_size;
		end[i] = sum;
	}
	return end;
}

/* Part of all bytes that lies behind us; blocks count as equal parts of their file. */
static double share_of(const struct scan_progress *scan, const uint64_t *end, size_t count)
{
	size_t opened = atomic_load(&scan->files_opened);
	unsigned blocks = atomic_load(&scan->block_count), taken = atomic_load(&scan->blocks_taken);
	double before, size;

	if (!end || !count || !opened || opened > count || !end[count - 1])
		return 0;
	before = opened > 1 ? (double)end[opened - 2] : 0;
	size = (double)end[opened - 1] - before;
	if (blocks && taken < blocks)
		size = size * taken / blocks;
	return (before + size) / (double)end[count - 1];
}

int progress_line(char *line, size_t len, const struct scan_progress *scan, size_t file_count,
		  double share, double elapsed_s)
{
	size_t opened = atomic_load(&scan->files_opened);
	double rate = elapsed_s > 0 ? (double)atomic_load(&scan->flows) / elapsed_s : 0;
	double left_s = share > 0.001 ? elapsed_s / share - elapsed_s : -1;
	int used = snprintf(line, len, "file %zu of %zu, %.0f%%, %.1f M flows/s", opened, file_count,
			    100 * share, rate / 1e6);

	if (used > 0 && (size_t)used < len && left_s >= 0 && left_s < 360000)
		used += snprintf(line + used, len - (size_t)used, ", %d:%02d left",
				 (int)(left_s + 0.5) / 60, (int)(left_s + 0.5) % 60);
	return used;
}

/* Wait, unless it is over. @return false when it is */
static bool wait_ms(struct progress *progress, long ms)
{
	struct timespec until;
	bool done;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&progress->lock);
	while (!progress->done &&
	       pthread_cond_timedwait(&progress->wake, &progress->lock, &until) == 0)
		;
	done = progress->done;
	pthread_mutex_unlock(&progress->lock);
	return !done;
}

static void *draw(void *arg)
{
	struct progress *progress = arg;
	size_t count = progress->inputs->path.count;
	double started = now_s();
	uint64_t *end = NULL;
	char line[LINE_MAX_BYTES];

	for (long ms = FIRST_MS; wait_ms(progress, ms); ms = NEXT_MS) {
		if (!end)
			end = file_ends(progress->inputs);
		progress_line(line, sizeof(line), &progress->scan, count,
			      share_of(&progress->scan, end, count), now_s() - started);
		fprintf(stderr, "\r%s\033[K", line);
		progress->shown = true;
	}
	free(end);
	return NULL;
}

void progress_start(struct progress *progress, const struct inputs *inputs, bool quiet)
{
	/* SA_RESETHAND: the second one kills */
	struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART | SA_RESETHAND};
	struct sigaction before_action;
	sigset_t all, before;

	interrupted_scan = &progress->scan;
	progress->inputs = inputs;
	sigaction(SIGINT, NULL, &before_action);
	if (before_action.sa_handler != SIG_IGN) /* `nohup`, and `&` in scripts */
		sigaction(SIGINT, &action, NULL);
	pthread_mutex_init(&progress->lock, NULL);
	pthread_cond_init(&progress->wake, NULL);
	if (quiet || !isatty(STDERR_FILENO))
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	progress->running = pthread_create(&progress->thread, NULL, draw, progress) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void progress_stop(struct progress *progress)
{
	struct sigaction action;

	if (progress->running) {
		pthread_mutex_lock(&progress->lock);
		progress->done = true;
		pthread_cond_signal(&progress->wake);
		pthread_mutex_unlock(&progress->lock);
		pthread_join(progress->thread, NULL);
		progress->running = false;
	}
	sigaction(SIGINT, NULL, &action);
	if (action.sa_handler == on_interrupt) /* what comes now is not stopped half way */
		signal(SIGINT, SIG_DFL);
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
