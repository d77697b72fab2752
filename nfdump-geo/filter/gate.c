/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gate.c - run the steps with only the countries known. A test of a country has an answer; every
 * other test may go either way, so both jumps are followed. If STEP_TRUE cannot be reached, no
 * record with these countries matches; if STEP_FALSE cannot, every one does.
 */
#include "filter/gate.h"

#include <stdlib.h>
#include <string.h>

#include "filter/compile.h"

/* Beside the codes 0..1023: one that the filter does not name, and one that is not known. */
enum { NOT_NAMED = COUNTRY_CODES, ANY_CODE };

enum answer { ANSWER_NO = 1, ANSWER_YES = 2, ANSWER_EITHER = ANSWER_NO | ANSWER_YES };

struct walk {
	const struct program *program;
	bool *reached; /* a flag a step; owns */
	bool match, fail; /* the ends that were reached */
};

static bool is_source(const struct test *test)
{
	return test->offset == 0; /* of the pair */
}

static enum answer answer(const struct test *test, unsigned src, unsigned dst)
{
	unsigned code = is_source(test) ? src : dst;

	if (test->op != TEST_COUNTRY || code == ANY_CODE)
		return ANSWER_EITHER;
	if (code == NOT_NAMED || !country_set_has(test->countries, (uint16_t)code))
		return ANSWER_NO;
	/* A record without countries reads as 0 but fails a test that needs the element. */
	return test->needed && code == COUNTRY_UNKNOWN ? ANSWER_EITHER : ANSWER_YES;
}

static void follow(struct walk *walk, uint32_t to)
{
	if (to == STEP_TRUE)
		walk->match = true;
	else if (to == STEP_FALSE)
		walk->fail = true;
	else
		walk->reached[to] = true;
}

/* Jumps only lead forward, so one pass meets every step that can be reached. */
static bool can_match(struct walk *walk, unsigned src, unsigned dst)
{
	const struct program *program = walk->program;

	memset(walk->reached, 0, program->count);
	walk->match = walk->fail = false;
	follow(walk, program->start);
	for (uint32_t i = 0; i < program->count; i++) {
		const struct step *step = &program->steps[i];
		enum answer way = ANSWER_YES;

		if (!walk->reached[i])
			continue;
		if (step->test.op != TEST_LABEL)
			way = answer(&step->test, src, dst);
		if (way & ANSWER_YES)
			follow(walk, step->on_true);
		if (way & ANSWER_NO)
			follow(walk, step->on_false);
	}
	return walk->match;
}

/* One code of one direction goes into a set if it can match. */
static void ask(struct walk *walk, struct country_gate *gate, struct country_set *set,
		unsigned src, unsigned dst)
{
	if (!can_match(walk, src, dst))
		return;
	country_set_add(set, (uint16_t)(set == &gate->src ? src : dst));
	gate->exact &= !walk->fail;
}

/* All codes that the filter's tests of one direction mention. */
static void collect_named(const struct program *program, bool source, struct country_set *named)
{
	for (uint32_t i = 0; i < program->count; i++) {
		const struct test *test = &program->steps[i].test;

		if (test->op == TEST_COUNTRY && is_source(test) == source)
			for (unsigned w = 0; w < COUNTRY_CODES / 64; w++)
				named->bits[w] |= test->countries->bits[w];
	}
}

int filter_gate(const struct filter *filter, struct country_gate *gate)
{
	struct walk walk = {.program = filter_program(filter)};
	struct country_set dst_named = {{0}};

	*gate = (struct country_gate){.open = true};
	walk.reached = malloc(walk.program->count + 1u);
	if (!walk.reached)
		return NFGEO_ENOMEM;
	gate->open = can_match(&walk, NOT_NAMED, NOT_NAMED);
	gate->exact = !gate->open;
	collect_named(walk.program, true, &gate->src_named);
	collect_named(walk.program, false, &dst_named);
	for (unsigned code = 0; code < COUNTRY_CODES && !gate->open; code++) {
		if (country_set_has(&gate->src_named, (uint16_t)code))
			ask(&walk, gate, &gate->src, code, ANY_CODE);
		if (country_set_has(&dst_named, (uint16_t)code))
			ask(&walk, gate, &gate->dst, NOT_NAMED, code);
	}
	free(walk.reached);
	return NFGEO_OK;
}
