/* SPDX-License-Identifier: BSD-3-Clause */
/* gate.c - the paths of the steps when only the two countries are known. */
#include "filter/gate.h"

#include "filter/compile.h"
#include "filter/paths.h"
#include "include/nfgeo.h"

/* Beside the codes 0..1023: one that the filter does not name, and one that is not known. */
enum { NOT_NAMED = COUNTRY_CODES, ANY_CODE };

struct pair {
	unsigned src, dst;
};

static bool is_source(const struct test *test)
{
	return test->offset == 0; /* of the pair */
}

static enum answer answer(const struct test *test, const void *known)
{
	const struct pair *pair = known;
	unsigned code = is_source(test) ? pair->src : pair->dst;

	if (test->op != TEST_COUNTRY || code == ANY_CODE)
		return ANSWER_EITHER;
	if (code == NOT_NAMED || !country_set_has(test->countries, (uint16_t)code))
		return ANSWER_NO;
	/* A record without countries reads as 0 but fails a test that needs the element. */
	return test->needed && code == COUNTRY_UNKNOWN ? ANSWER_EITHER : ANSWER_YES;
}

/* One code of one direction goes into a set if it can match. */
static void ask(struct paths *paths, struct country_gate *gate, struct country_set *set,
		const struct pair *pair)
{
	if (!paths_can_match(paths, answer, pair))
		return;
	country_set_add(set, (uint16_t)(set == &gate->src ? pair->src : pair->dst));
	gate->exact &= !paths->fail;
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
	const struct pair none = {NOT_NAMED, NOT_NAMED};
	struct country_set dst_named = {{0}};
	struct paths paths;

	*gate = (struct country_gate){.open = true};
	if (paths_init(&paths, filter) != NFGEO_OK)
		return NFGEO_ENOMEM;
	gate->open = paths_can_match(&paths, answer, &none);
	gate->exact = !gate->open;
	collect_named(paths.program, true, &gate->src_named);
	collect_named(paths.program, false, &dst_named);
	for (unsigned code = 0; code < COUNTRY_CODES && !gate->open; code++) {
		if (country_set_has(&gate->src_named, (uint16_t)code))
			ask(&paths, gate, &gate->src, &(struct pair){code, ANY_CODE});
		if (country_set_has(&dst_named, (uint16_t)code))
			ask(&paths, gate, &gate->dst, &(struct pair){NOT_NAMED, code});
	}
	paths_fini(&paths);
	return NFGEO_OK;
}
