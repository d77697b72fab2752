/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * blocktest.h - can any record of a block match? Answered from the countries that the block index
 * of a file lists, without reading the block.
 */
#ifndef FILTER_BLOCKTEST_H
#define FILTER_BLOCKTEST_H

#include <stdbool.h>

#include "filter/filter.h"
#include "geo/group.h"

struct block_test;

/** @param filter  must live as long. @return NULL when memory is out */
struct block_test *block_test_new(const struct filter *filter);
void block_test_free(struct block_test *test);

/**
 * Never denies a block that holds a match.
 *
 * @param src, dst  exactly the countries of the block's records, all of which carry theirs; a
 *                  number that cannot be is listed as 0
 */
bool block_test_may_match(struct block_test *test, const struct country_set *src,
			  const struct country_set *dst);

#endif
