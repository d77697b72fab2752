/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * progress.h - while a query runs: a line on the terminal that says how far it is, and
 * Ctrl-C, which ends it with what was found so far.
 */
#ifndef PROGRAMS_PROGRESS_H
#define PROGRAMS_PROGRESS_H

#include <pthread.h>

#include "query/scan.h"

struct progress {
	struct scan_progress scan; /* the scan's part */
	const struct inputs *inputs;
	pthread_t thread;
	bool running, shown;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool done; /* guarded by lock */
};

/**
 * From now on SIGINT sets scan.stop, a second one kills; and after 2 s, when standard error is a
 * terminal, a line is drawn on it twice a second.
 *
 * @param quiet  no line: not wanted, or there are flows in its place already
 */
void progress_start(struct progress *progress, const struct inputs *inputs, bool quiet);

/** Wipe the line away; from now on SIGINT kills. */
void progress_stop(struct progress *progress);

/**
 * The line, without the control characters around it.
 *
 * @param share    of the input's bytes that are read, 0..1
 * @param elapsed_s  since the start
 */
int progress_line(char *line, size_t len, const struct scan_progress *scan, size_t file_count,
		  double share, double elapsed_s);

#endif
