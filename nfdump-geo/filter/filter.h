/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * filter.h - the filter language: text -> tree -> checked tree -> steps -> match or not.
 * The language is described in doc/filter.md and nfgeo-filter(7).
 */
#ifndef FILTER_FILTER_H
#define FILTER_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "flow/record.h"

struct filter;

/* What a test may ask about besides the record itself. */
struct filter_context {
	const char *ident;     /* of the file; "" = none */
	uint64_t record_count; /* number of this flow record in the run, from 1 */
	const uint16_t *now; /* source and destination country as the database has them today; NULL =
			      * nobody looked, so what asks for them is false */
};

/* Exit status that goes with a failed compile (nfdump command line specification 1.2). */
enum { FILTER_STATUS_INVALID = 254, FILTER_STATUS_NO_INCLUDE = 255 };

/**
 * Compile a filter.
 *
 * @param text   the filter; "" = every flow
 * @param name   file it came from for messages, NULL = command line
 * @param error  first line "Line <n>: <reason> at '<token>'", then the text with the place underlined
 * @return NFGEO_OK, NFGEO_EINVAL, NFGEO_ENOTFOUND (an include file), NFGEO_ELIMIT, NFGEO_ENOMEM
 */
int filter_compile(struct filter **filter, const char *text, const char *name,
		   struct error *error);

/* What a filter may do besides testing; all zero is what filter_compile() uses. */
struct filter_options {
	const char *name; /* file the text came from, NULL = command line */
	bool no_files;	  /* refuse @include: the text came from the network */
	bool no_names;	  /* refuse host names: no look-up in the domain name system */
};

/** As filter_compile(), of a text that is not NUL-terminated and maybe not trusted. */
int filter_compile_with(struct filter **filter, const char *text, size_t len,
			const struct filter_options *options, struct error *error);

/** Read the filter from a file. @return as filter_compile; NFGEO_ENOTFOUND if it is missing */
int filter_compile_file(struct filter **filter, const char *path, struct error *error);
void filter_free(struct filter *filter);

/**
 * Does the record match? No allocation; thread safe; the view's countries must be filled in before
 * when filter_needs_country().
 *
 * @param label  gets the %label of the matching labelled group or NULL; may be NULL. Borrowed.
 */
bool filter_match(const struct filter *filter, const struct record_view *view,
		  const struct filter_context *context, const char **label);

bool filter_needs_country(const struct filter *filter);

/** Asks for filter_context.now (`now src ctry`). */
bool filter_needs_now(const struct filter *filter);

/** Asks for filter_context.record_count (`count`). */
bool filter_needs_count(const struct filter *filter);

/** Matches every record ("any", ""). */
bool filter_is_any(const struct filter *filter);

/** Readable dump of the compiled steps (nfdump -X). */
void filter_dump(const struct filter *filter, FILE *out);

#endif
