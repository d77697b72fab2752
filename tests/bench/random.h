/* SPDX-License-Identifier: BSD-3-Clause */
/* random.h - the same numbers on every machine for the files of benchmarks: xorshift64*. */
#ifndef TESTS_BENCH_RANDOM_H
#define TESTS_BENCH_RANDOM_H

#include <stdint.h>

static uint64_t random_state; /* not 0 */

static inline uint32_t draw(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)(random_state * 0x2545f4914f6cdd1du >> 32);
}

static inline uint32_t below(uint32_t limit)
{
	return (uint32_t)((uint64_t)draw() * limit >> 32);
}

#endif
