/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * paths.h - run a filter's steps with only a part of a record known. A test that cannot be answered
 * may go either way, so both jumps are followed: if STEP_TRUE cannot be reached, no record with
 * this part matches; if STEP_FALSE cannot, every one does.
 */
#ifndef FILTER_PATHS_H
#define FILTER_PATHS_H

#include <stdbool.h>

#include "filter/filter.h"
#include "filter/test.h"

struct program;

enum answer { ANSWER_NO = 1, ANSWER_YES = 2, ANSWER_EITHER = ANSWER_NO | ANSWER_YES };

/** What is known of a test. */
typedef enum answer answer_function(const struct test *test, const void *known);

struct paths {
	const struct program *program; /* borrowed */
	bool *reached;		       /* a flag a step; owns */
	bool match, fail;	       /* the ends that the last run reached */
};

/** @param filter  must live as long. @return NFGEO_OK or NFGEO_ENOMEM */
int paths_init(struct paths *paths, const struct filter *filter);
void paths_fini(struct paths *paths);

/** @return paths->match */
bool paths_can_match(struct paths *paths, answer_function *answer, const void *known);

#endif
