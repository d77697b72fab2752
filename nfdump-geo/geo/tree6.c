/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "geo/table_impl.h"

static const uint64_t low_end = ~(uint64_t)0;

/* Unused keys are above or equal to every address, so that no search goes past them. */
static uint64_t *nodes_alloc(size_t nodes)
{
	uint64_t *keys = aligned_alloc(CACHE_LINE, nodes * CACHE_LINE);

	if (keys)
		memset(keys, 0xff, nodes * CACHE_LINE);
	return keys;
}

static int levels_alloc(struct tree6 *tree, size_t nodes)
{
	for (;;) {
		uint64_t *keys = nodes_alloc(nodes);

		if (!keys)
			return NFGEO_ENOMEM;
		tree->level[tree->levels++] = keys;
		if (nodes == 1)
			return NFGEO_OK;
		nodes = (nodes + KEYS6) / (KEYS6 + 1);
	}
}

int tree6_alloc(struct tree6 *tree, size_t count, size_t low_ranges, size_t low_count)
{
	size_t nodes = (count + KEYS6 - 1) / KEYS6;

	*tree = (struct tree6){.count = count, .low_ranges = low_ranges, .low_count = low_count};
	tree->code = calloc(nodes * KEYS6, sizeof(*tree->code));
	tree->low_before = calloc(nodes, sizeof(*tree->low_before));
	tree->low_first = calloc(low_ranges + 1, sizeof(*tree->low_first));
	tree->low_key = calloc(low_count + 1, sizeof(*tree->low_key));
	tree->low_code = calloc(low_count + 1, sizeof(*tree->low_code));
	if (!tree->code || !tree->low_before || !tree->low_first || !tree->low_key ||
	    !tree->low_code)
		return NFGEO_ENOMEM;
	return levels_alloc(tree, nodes);
}

/* The lists of low halves: where each begins, and how many are before each node. */
static void finish_low(struct tree6 *tree)
{
	size_t range = 0;
	uint32_t before = 0;

	for (size_t i = 0; i < tree->low_count; i++)
		if (tree->low_key[i] == low_end)
			tree->low_first[++range] = (uint32_t)i + 1;
	for (size_t i = 0; i < tree->count; i++) {
		if (i % KEYS6 == 0)
			tree->low_before[i / KEYS6] = before;
		before += tree->code[i] == CODE_LOW;
	}
}

/* Between two children stands the last key below the left one. */
void tree6_finish(struct tree6 *tree)
{
	size_t span = KEYS6; /* level 0 keys below one child */

	for (unsigned level = 1; level < tree->levels; level++, span *= KEYS6 + 1) {
		uint64_t *keys = tree->level[level];

		for (size_t child = 0, key = 0; (child + 1) * span < tree->count; child++)
			if (child % (KEYS6 + 1) < KEYS6)
				keys[key++] = tree->level[0][(child + 1) * span - 1];
	}
	finish_low(tree);
}

/*
 * Cutting a list into ranges of high halves. Run twice: first to count, then, with arrays, to
 * store.
 */
struct cutter {
	struct tree6 *tree;
	bool store;
	size_t count, low_ranges, low_count;
	uint64_t high, low; /* first address that has no code yet */
};

static void put_range(struct cutter *cutter, uint64_t high, uint16_t code)
{
	if (cutter->store) {
		cutter->tree->level[0][cutter->count] = high;
		cutter->tree->code[cutter->count] = code;
	}
	cutter->count++;
	cutter->low_ranges += code == CODE_LOW;
}

static void put_low(struct cutter *cutter, uint64_t low, uint16_t code)
{
	if (cutter->store) {
		cutter->tree->low_key[cutter->low_count] = low;
		cutter->tree->low_code[cutter->low_count] = code;
	}
	cutter->low_count++;
	cutter->low = low + 1;
	if (low == low_end)
		cutter->high++;
}

static void cut(struct cutter *cutter, const struct segment *segment)
{
	uint64_t high = (uint64_t)(segment->last >> 64), low = (uint64_t)segment->last;

	if (cutter->low) { /* inside a high half that is cut already */
		put_low(cutter, high == cutter->high ? low : low_end, segment->code);
		if (segment->last < ((number128)cutter->high << 64 | cutter->low) ||
		    (cutter->high == 0 && cutter->low == 0))
			return;
	}
	if (low == low_end) {
		put_range(cutter, high, segment->code);
		cutter->high = high + 1;
		return;
	}
	if (high > cutter->high) {
		put_range(cutter, high - 1, segment->code);
		cutter->high = high;
	}
	put_range(cutter, high, CODE_LOW);
	put_low(cutter, low, segment->code);
}

static struct cutter cut_all(struct tree6 *tree, bool store, const struct segments *segments)
{
	struct cutter cutter = {.tree = tree, .store = store};

	for (size_t i = 0; i < segments->count; i++)
		cut(&cutter, &segments->item[i]);
	return cutter;
}

int tree6_init(struct tree6 *tree, const struct segments *segments)
{
	struct cutter need = cut_all(NULL, false, segments);
	int code = tree6_alloc(tree, need.count, need.low_ranges, need.low_count);

	if (code)
		return code;
	cut_all(tree, true, segments);
	tree6_finish(tree);
	return NFGEO_OK;
}

int tree6_segments(const struct tree6 *tree, struct segments *segments)
{
	number128 first = 0;
	size_t low = 0;

	for (size_t i = 0; i < tree->count; i++) {
		number128 high = (number128)tree->level[0][i] << 64;

		if (tree->code[i] != CODE_LOW) {
			if (segments_add(segments, first, high | low_end, tree->code[i]))
				return NFGEO_ENOMEM;
			first = (high | low_end) + 1;
			continue;
		}
		do {
			if (segments_add(segments, first, high | tree->low_key[low],
					 tree->low_code[low]))
				return NFGEO_ENOMEM;
			first = (high | tree->low_key[low]) + 1;
		} while (tree->low_key[low++] != low_end);
	}
	return NFGEO_OK;
}

uint16_t tree6_low(const struct tree6 *tree, uint32_t range, uint64_t low)
{
	uint32_t list = tree->low_before[range / KEYS6], first, last;

	for (uint32_t i = range - range % KEYS6; i < range; i++)
		list += tree->code[i] == CODE_LOW;
	first = tree->low_first[list];
	last = tree->low_first[list + 1] - 1;
	while (first < last) {
		uint32_t middle = first + (last - first) / 2;

		if (tree->low_key[middle] < low)
			first = middle + 1;
		else
			last = middle;
	}
	return tree->low_code[first];
}

void tree6_fini(struct tree6 *tree)
{
	for (unsigned level = 0; level < tree->levels; level++)
		free(tree->level[level]);
	free(tree->code);
	free(tree->low_before);
	free(tree->low_first);
	free(tree->low_key);
	free(tree->low_code);
	*tree = (struct tree6){0};
}
