/* SPDX-License-Identifier: BSD-3-Clause */
/* eval.h - steps + record view -> match or not; no allocation. */
#ifndef FILTER_EVAL_H
#define FILTER_EVAL_H

#include "filter/filter.h"
#include "filter/test.h"

/* Where a step may lead besides another one. */
enum { STEP_TRUE = UINT32_MAX, STEP_FALSE = UINT32_MAX - 1 };

/* A test and the steps that follow it; jumps only lead forward, so every run ends. */
struct step {
	struct test test;
	uint32_t on_true, on_false;
};

/** Run the steps from `at`. @param label  may be NULL; else set by labelled groups */
bool eval_run(const struct step *steps, uint32_t at, const struct record_view *view,
	      const struct filter_context *context, const char **label);

#endif
