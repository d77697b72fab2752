/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * table_impl.h - inside of the lookup table; included by the files that make, search and save it.
 *
 * The address space of a family is cut into ranges of one code each. The last addresses of the
 * ranges, in order, are the keys of a static search tree: nodes of one cache line (16 IPv4 or
 * 8 IPv6 keys), the levels stored one after the other, and the child of a node found by counting
 * its keys below the address. That number leads to the next level's node, and in the lowest level
 * to the code. There is no branch to mispredict, a batch walks 16 addresses side by side so that
 * their cache misses overlap, and one vector instruction compares a whole node.
 *
 * IPv6 keys are the high halves. A high half inside which the code changes (prefixes longer than
 * /64) is a range of its own with the code CODE_LOW: its low halves are a short list aside.
 *
 * Why not DIR-24-8: it answers in one or two reads, but takes 32 MB, for IPv4 alone.
 */
#ifndef GEO_TABLE_IMPL_H
#define GEO_TABLE_IMPL_H

#include <stdbool.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "geo/segments.h"
#include "geo/table.h"

enum {
	KEYS4 = 16, /* keys in a node: one cache line */
	KEYS6 = 8,
	TREE_LEVELS = 12,  /* 9^12 nodes: more than memory has */
	LOOKUP_GROUP = 16, /* addresses walked side by side */
	CACHE_LINE = 64,
};

/* Codes above all stored ones that mean "look further". */
enum {
	CODE_SPECIAL = 0x8000,
	/* + bits: the IPv4 address behind the first `bits` bits decides */
	CODE_ALIAS4 = CODE_SPECIAL,
	ALIAS4_BITS_MAX = 96,
	CODE_LOW = 0xffff, /* the low half decides */
};

struct tree4 {
	uint32_t *level[TREE_LEVELS]; /* owns; [0] has the keys, [levels - 1] is one node */
	unsigned levels;
	uint16_t *code; /* owns; of each range */
	size_t count;	/* ranges */
};

struct tree6 {
	uint64_t *level[TREE_LEVELS]; /* owns */
	unsigned levels;
	uint16_t *code;	      /* owns */
	size_t count;	      /* ranges */
	uint32_t *low_before; /* owns; number of CODE_LOW ranges before each node of level 0 */
	uint32_t *low_first;  /* owns; where in the arrays below the list of each CODE_LOW range
			       * begins; one more at the end */
	size_t low_ranges;
	uint64_t *low_key;  /* owns; last low halves, each list ends with ~0 */
	uint16_t *low_code; /* owns */
	size_t low_count;
};

struct geo_table {
	atomic_uint references;
	uint64_t serial;
	const struct lookup_variant *variant;
	const struct geo_provenance *provenance;
	double coverage4;
	struct tree4 v4;
	struct tree6 v6;
};

typedef void walk4_function(const struct tree4 *tree, const uint32_t *address, uint16_t *code);
typedef void walk6_function(const struct tree6 *tree, const uint64_t (*address)[2],
			    uint32_t *range);

/** One way to search: all give the same answers. */
struct lookup_variant {
	const char *name;
	bool (*usable)(void);
	/* Exactly LOOKUP_GROUP addresses, or one; of IPv6 ones the index of the range. */
	walk4_function *group4, *one4;
	walk6_function *group6, *one6;
};

/** All variants of this build, the best first; the last can be used everywhere. */
extern const struct lookup_variant *const lookup_variants[];
extern const size_t lookup_variant_count;

extern const struct lookup_variant lookup_avx512, lookup_avx2;

/** An empty table with one reference, to be filled; NULL when out of memory. */
struct geo_table *table_alloc(void);

/** Room for `count` ranges. @return NFGEO_OK or NFGEO_ENOMEM */
int tree4_alloc(struct tree4 *tree, size_t count);
int tree6_alloc(struct tree6 *tree, size_t count, size_t low_ranges, size_t low_count);

/** Fill everything else from the keys of level 0 and the codes. */
void tree4_finish(struct tree4 *tree);
void tree6_finish(struct tree6 *tree);

/** Make the trees from flat lists that cover the whole family. */
int tree4_init(struct tree4 *tree, const struct segments *segments);
int tree6_init(struct tree6 *tree, const struct segments *segments);

/** Take the tree apart again: add its ranges to a list. */
int tree4_segments(const struct tree4 *tree, struct segments *segments);
int tree6_segments(const struct tree6 *tree, struct segments *segments);

void tree4_fini(struct tree4 *tree);
void tree6_fini(struct tree6 *tree);

/** Answer of a CODE_LOW range, which may be an alias code. */
uint16_t tree6_low(const struct tree6 *tree, uint32_t range, uint64_t low);

/* The walk, shared by the variants, which give a constant count: `below` counts a node's keys that
 * are below the address. */
typedef unsigned below4_function(const uint32_t *node, uint32_t address);
typedef unsigned below6_function(const uint64_t *node, uint64_t high);

static inline __attribute__((always_inline)) void walk4(const struct tree4 *tree,
							const uint32_t *address, uint16_t *code,
							unsigned count, below4_function *below)
{
	uint32_t node[LOOKUP_GROUP] = {0};

	for (unsigned level = tree->levels; level-- > 1;) {
		const uint32_t *keys = tree->level[level], *next = tree->level[level - 1];

		for (unsigned i = 0; i < count; i++) {
			node[i] = node[i] * (KEYS4 + 1) +
				  below(keys + (size_t)node[i] * KEYS4, address[i]);
			__builtin_prefetch(next + (size_t)node[i] * KEYS4);
		}
	}
	for (unsigned i = 0; i < count; i++) {
		size_t first = (size_t)node[i] * KEYS4;

		code[i] = tree->code[first + below(tree->level[0] + first, address[i])];
	}
}

static inline __attribute__((always_inline)) void walk6(const struct tree6 *tree,
							const uint64_t (*address)[2],
							uint32_t *range, unsigned count,
							below6_function *below)
{
	uint32_t node[LOOKUP_GROUP] = {0};

	for (unsigned level = tree->levels; level-- > 1;) {
		const uint64_t *keys = tree->level[level], *next = tree->level[level - 1];

		for (unsigned i = 0; i < count; i++) {
			node[i] = node[i] * (KEYS6 + 1) +
				  below(keys + (size_t)node[i] * KEYS6, address[i][0]);
			__builtin_prefetch(next + (size_t)node[i] * KEYS6);
		}
	}
	for (unsigned i = 0; i < count; i++) {
		uint32_t first = node[i] * KEYS6;

		range[i] = first + below(tree->level[0] + first, address[i][0]);
	}
}

/* The four functions of a variant from its below4 and below6. */
#define WALK_FUNCTIONS(target)                                                                     \
	target static void group4(const struct tree4 *tree, const uint32_t *address,               \
				  uint16_t *code)                                                  \
	{                                                                                          \
		walk4(tree, address, code, LOOKUP_GROUP, below4);                                  \
	}                                                                                          \
	target static void one4(const struct tree4 *tree, const uint32_t *address, uint16_t *code) \
	{                                                                                          \
		walk4(tree, address, code, 1, below4);                                             \
	}                                                                                          \
	target static void group6(const struct tree6 *tree, const uint64_t(*address)[2],           \
				  uint32_t *range)                                                 \
	{                                                                                          \
		walk6(tree, address, range, LOOKUP_GROUP, below6);                                 \
	}                                                                                          \
	target static void one6(const struct tree6 *tree, const uint64_t(*address)[2],             \
				uint32_t *range)                                                   \
	{                                                                                          \
		walk6(tree, address, range, 1, below6);                                            \
	}

#endif
