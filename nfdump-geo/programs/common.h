/* SPDX-License-Identifier: BSD-3-Clause */
/* common.h - what every program of ours does the same way: messages, version, exit status. */
#ifndef PROGRAMS_COMMON_H
#define PROGRAMS_COMMON_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"

/* Exit status. The stock-named programs have a few of their own (nfdump(1)). */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,     /* stock-named programs: wrong usage too */
	EXIT_USAGE = 2,
	EXIT_INCOMPLETE = 3, /* something was left out: damaged input, countries nobody knows */
};

/** Send log messages to standard error as "program: message", up to `limit`. The name is borrowed
 * for the life of the process. */
void common_log_stderr(const char *program, enum log_level limit);

/** One message of the program on standard error: "program: text". */
void common_complain(const char *program, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** `nfdump: Version: 1.7.8 (nfdump-geo 0.1.0)` on standard output: NfSen parses the plain number of
 * the stock program whose options and files these are. */
void common_print_version(const char *program);

/** Set by INT, TERM or HUP after common_catch_stop(). */
extern volatile sig_atomic_t common_stopped;

/** For programs that rewrite files: a signal sets common_stopped, so that no work file stays; a file
 * size limit and a reader of the messages that left are errors, not the end. */
void common_catch_stop(void);

/** A name beside `path` that readers of the folder skip, to be renamed over it when complete.
 * @param who   part of the name
 * @param work  PATH_MAX. @return false when it is too long */
bool common_work_name(const char *path, const char *who, char *work);

enum { DATE_TEXT = 32 };

/** "2026-01-31", or "unknown date" for 0. */
void common_date(uint64_t epoch_s, char text[DATE_TEXT]);

/** A text as JSON, quotes included. */
void common_json_text(FILE *out, const char *text);

/** Flush standard output. @return `status`, or EXIT_FAILED with a message when writing failed (a
 * full disk must not look like success) */
int common_finish(const char *program, int status);

#endif
