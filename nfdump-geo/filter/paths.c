/* SPDX-License-Identifier: BSD-3-Clause */
#include "filter/paths.h"

#include <stdlib.h>
#include <string.h>

#include "filter/compile.h"
#include "include/nfgeo.h"

int paths_init(struct paths *paths, const struct filter *filter)
{
	*paths = (struct paths){.program = filter_program(filter)};
	paths->reached = malloc(paths->program->count + 1u);
	return paths->reached ? NFGEO_OK : NFGEO_ENOMEM;
}

void paths_fini(struct paths *paths)
{
	free(paths->reached);
	*paths = (struct paths){0};
}

static void follow(struct paths *paths, uint32_t to)
{
	if (to == STEP_TRUE)
		paths->match = true;
	else if (to == STEP_FALSE)
		paths->fail = true;
	else
		paths->reached[to] = true;
}

/* Jumps only lead forward, so one pass meets every step that can be reached. */
bool paths_can_match(struct paths *paths, answer_function *answer, const void *known)
{
	const struct program *program = paths->program;

	memset(paths->reached, 0, program->count);
	paths->match = paths->fail = false;
	follow(paths, program->start);
	for (uint32_t i = 0; i < program->count; i++) {
		const struct step *step = &program->steps[i];
		enum answer way = ANSWER_YES;

		if (!paths->reached[i])
			continue;
		if (step->test.op != TEST_LABEL)
			way = answer(&step->test, known);
		if (way & ANSWER_YES)
			follow(paths, step->on_true);
		if (way & ANSWER_NO)
			follow(paths, step->on_false);
	}
	return paths->match;
}
