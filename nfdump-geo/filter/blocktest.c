/* SPDX-License-Identifier: BSD-3-Clause */
#include "filter/blocktest.h"

#include <stdlib.h>

#include "filter/paths.h"

enum { WORDS = COUNTRY_CODES / 64 };

struct block_countries {
	const struct country_set *src, *dst;
};

/* Every record's country is in the set, some are, or none is. What is listed as 0 may be a number
 * that no set holds, so it is never a yes. */
static enum answer compare(const struct country_set *block, const struct country_set *set)
{
	uint64_t inside = 0, outside = block->bits[0] & 1;

	for (unsigned w = 0; w < WORDS; w++) {
		inside |= block->bits[w] & set->bits[w];
		outside |= block->bits[w] & ~set->bits[w];
	}
	return (inside ? ANSWER_YES : 0) | (outside ? ANSWER_NO : 0);
}

/* Both countries known, and equal: not without a country that both sides have. */
static enum answer compare_sides(const struct country_set *src, const struct country_set *dst)
{
	uint64_t common = src->bits[0] & dst->bits[0] & ~1ull;

	for (unsigned w = 1; w < WORDS; w++)
		common |= src->bits[w] & dst->bits[w];
	return common ? ANSWER_EITHER : ANSWER_NO;
}

static enum answer answer(const struct test *test, const void *known)
{
	const struct block_countries *block = known;

	if (test->op == TEST_COUNTRY_EQUAL)
		return compare_sides(block->src, block->dst);
	if (test->op != TEST_COUNTRY)
		return ANSWER_EITHER;
	return compare(test->offset == 0 ? block->src : block->dst, test->countries);
}

struct block_test {
	struct paths paths;
};

struct block_test *block_test_new(const struct filter *filter)
{
	struct block_test *test = malloc(sizeof(*test));

	if (test && paths_init(&test->paths, filter) != NFGEO_OK) {
		free(test);
		return NULL;
	}
	return test;
}

void block_test_free(struct block_test *test)
{
	if (test)
		paths_fini(&test->paths);
	free(test);
}

bool block_test_may_match(struct block_test *test, const struct country_set *src,
			  const struct country_set *dst)
{
	const struct block_countries block = {src, dst};

	return paths_can_match(&test->paths, answer, &block);
}
