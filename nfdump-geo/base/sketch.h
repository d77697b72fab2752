/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sketch.h - how many different things were seen, estimated in little memory: HyperLogLog
 * (Flajolet et al. 2007) with the estimator of Ertl 2017, "New cardinality estimation algorithms
 * for HyperLogLog sketches", which needs no tables and no case for small numbers. Sketches of parts
 * merge into the sketch of the whole. The standard error is 1.04 / sqrt(2048) = 2.3 %.
 */
#ifndef BASE_SKETCH_H
#define BASE_SKETCH_H

#include <stdint.h>

enum {
	SKETCH_BITS = 11,
	SKETCH_REGISTERS = 1 << SKETCH_BITS,
	SKETCH_RANK_MAX = 64 - SKETCH_BITS + 1,
};

/* Zeroed: nothing was seen. */
struct sketch {
	uint8_t rank[SKETCH_REGISTERS]; /* 0 = none, to SKETCH_RANK_MAX */
};

/** Finalizer of splitmix64: a bijection whose bits all depend on all bits. Stored sketches depend
 * on it (doc/file-format.md, type 6). */
static inline uint64_t sketch_mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/** @param hash  of what was seen: of all 64 bits it is assumed that they are as if by chance */
static inline void sketch_add(struct sketch *sketch, uint64_t hash)
{
	uint64_t rest = hash << SKETCH_BITS | 1u << (SKETCH_BITS - 1); /* ends the run of zeros */
	uint8_t rank = (uint8_t)(1 + __builtin_clzll(rest));
	uint8_t *at = &sketch->rank[hash >> (64 - SKETCH_BITS)];

	if (rank > *at)
		*at = rank;
}

void sketch_merge(struct sketch *to, const struct sketch *from);

/** How many different hashes were added, about. Exactly 0 when none was. */
uint64_t sketch_estimate(const struct sketch *sketch);

#endif
