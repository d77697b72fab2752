/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * launcher.h - run a command for every finished file, and expire old ones, in a helper process:
 * neither the receive path nor the writer ever waits for a command.
 *
 * The command is split at blanks and tabs, without quoting and without a shell; then %d %f %t %u %i
 * are replaced in each word, so values that hold blanks stay one argument.
 */
#ifndef COLLECT_LAUNCHER_H
#define COLLECT_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
	LAUNCH_WORDS_MAX = 255,
	LAUNCH_TEXT_MAX = 4096, /* bytes of all words after replacement */
};

struct launch_event {
	const char *dir;   /* %d data directory of the source */
	const char *file;  /* %f the new file, relative to dir */
	const char *time;  /* %t slot as in the file name */
	int64_t start_s;   /* %u slot start */
	const char *ident; /* %i */
};

/**
 * Replace and split.
 *
 * @param words  room for LAUNCH_WORDS_MAX + 1 pointers, ends with NULL; they point into text
 * @param text   room for LAUNCH_TEXT_MAX bytes
 * @return number of words, or NFGEO_EINVAL when there are none or too many, or they do not fit
 */
int launch_expand(const char *command, const struct launch_event *event, char **words, char *text,
		  struct error *error);

struct launcher;

/**
 * Start the helper process. Call after the pid is final and before threads start.
 *
 * @param command  NULL = none; borrowed for the call
 * @param expire   after each file, expire its directory by the limits of its .nfstat
 */
int launcher_start(struct launcher **launcher, const char *command, bool expire,
		   struct error *error);

/** Tell the helper about a finished file; does not wait. One thread only. */
int launcher_send(struct launcher *launcher, const struct launch_event *event,
		  struct error *error);

/** Let the helper start what was asked for, then end it. Commands may go on. NULL is fine. */
void launcher_stop(struct launcher *launcher);

#endif
