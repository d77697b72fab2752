/* SPDX-License-Identifier: BSD-3-Clause */
/* compile.h - checked tree -> array of test steps with a jump on true and one on false. */
#ifndef FILTER_COMPILE_H
#define FILTER_COMPILE_H

#include "filter/eval.h"
#include "filter/tree.h"

struct program {
	struct step *steps; /* owned by the arena */
	uint32_t count;
	uint32_t start; /* a step, STEP_TRUE or STEP_FALSE */
	bool needs_country, needs_now, needs_count;
};

/**
 * @param arena  owns the steps and all they point to
 * @return NFGEO_OK or NFGEO_ENOMEM
 */
int compile_tree(struct program *program, struct arena *arena, struct node *root);

struct filter;

/** The steps of a filter, for the other back ends. Borrowed. */
const struct program *filter_program(const struct filter *filter);

/** Print the steps, one a line. */
void program_dump(const struct program *program, FILE *out);

#endif
