/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "geo/table_impl.h"

/* Unused keys are above or equal to every address, so that no search goes past them. */
static uint32_t *nodes_alloc(size_t nodes)
{
	uint32_t *keys = aligned_alloc(CACHE_LINE, nodes * CACHE_LINE);

	if (keys)
		memset(keys, 0xff, nodes * CACHE_LINE);
	return keys;
}

int tree4_alloc(struct tree4 *tree, size_t count)
{
	size_t nodes = (count + KEYS4 - 1) / KEYS4;

	*tree = (struct tree4){.count = count};
	tree->code = calloc(nodes * KEYS4, sizeof(*tree->code));
	if (!tree->code)
		return NFGEO_ENOMEM;
	for (;;) {
		uint32_t *keys = nodes_alloc(nodes);

		if (!keys)
			return NFGEO_ENOMEM;
		tree->level[tree->levels++] = keys;
		if (nodes == 1)
			return NFGEO_OK;
		nodes = (nodes + KEYS4) / (KEYS4 + 1);
	}
}

/* Between two children stands the last key below the left one. */
void tree4_finish(struct tree4 *tree)
{
	size_t span = KEYS4; /* level 0 keys below one child */

	for (unsigned level = 1; level < tree->levels; level++, span *= KEYS4 + 1) {
		uint32_t *keys = tree->level[level];

		for (size_t child = 0, key = 0; (child + 1) * span < tree->count; child++)
			if (child % (KEYS4 + 1) < KEYS4)
				keys[key++] = tree->level[0][(child + 1) * span - 1];
	}
}

int tree4_init(struct tree4 *tree, const struct segments *segments)
{
	int code = tree4_alloc(tree, segments->count);

	if (code)
		return code;
	for (size_t i = 0; i < segments->count; i++) {
		tree->level[0][i] = (uint32_t)segments->item[i].last;
		tree->code[i] = segments->item[i].code;
	}
	tree4_finish(tree);
	return NFGEO_OK;
}

int tree4_segments(const struct tree4 *tree, struct segments *segments)
{
	uint32_t first = 0;

	for (size_t i = 0; i < tree->count; i++) {
		if (segments_add(segments, first, tree->level[0][i], tree->code[i]))
			return NFGEO_ENOMEM;
		first = tree->level[0][i] + 1;
	}
	return NFGEO_OK;
}

void tree4_fini(struct tree4 *tree)
{
	for (unsigned level = 0; level < tree->levels; level++)
		free(tree->level[level]);
	free(tree->code);
	*tree = (struct tree4){0};
}
