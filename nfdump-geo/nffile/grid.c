/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/grid.h"

#include <stdlib.h>

enum { CELL_FLOWS = 500 };

unsigned grid_groups(uint64_t flow_count)
{
	unsigned groups = 1;

	while (groups < GRID_GROUPS_MAX &&
	       (uint64_t)(groups + 1) * (groups + 1) * CELL_FLOWS <= flow_count)
		groups++;
	return groups;
}

struct weight {
	uint32_t flows;
	uint16_t code;
};

static int heaviest_first(const void *a, const void *b)
{
	const struct weight *one = a, *other = b;

	if (one->flows != other->flows)
		return one->flows < other->flows ? 1 : -1;
	return one->code < other->code ? -1 : one->code > other->code;
}

/* Of equal groups the one with fewer countries: so those without flows are spread, too. */
static void balance(uint8_t group[COUNTRY_CODES], unsigned groups, const uint32_t *flows)
{
	struct weight weight[COUNTRY_CODES];
	uint64_t sum[GRID_GROUPS_MAX] = {0};
	unsigned members[GRID_GROUPS_MAX] = {0};

	for (unsigned code = 0; code < COUNTRY_CODES; code++)
		weight[code] = (struct weight){flows[code], (uint16_t)code};
	qsort(weight, COUNTRY_CODES, sizeof(*weight), heaviest_first);
	for (unsigned i = 0; i < COUNTRY_CODES; i++) {
		unsigned lightest = 0;

		for (unsigned g = 1; g < groups; g++)
			if (sum[g] < sum[lightest] ||
			    (sum[g] == sum[lightest] && members[g] < members[lightest]))
				lightest = g;
		group[weight[i].code] = (uint8_t)lightest;
		sum[lightest] += weight[i].flows;
		members[lightest]++;
	}
}

void grid_build(struct grid *grid, unsigned groups, const struct grid_shares *shares)
{
	grid->groups = groups < 1 ? 1 : groups > GRID_GROUPS_MAX ? GRID_GROUPS_MAX : groups;
	balance(grid->src, grid->groups, shares->src);
	balance(grid->dst, grid->groups, shares->dst);
}

static unsigned tile_side(const struct grid *grid)
{
	return (grid->groups + GRID_TILE_SIDE - 1) / GRID_TILE_SIDE;
}

unsigned grid_tiles(const struct grid *grid)
{
	unsigned side = tile_side(grid);

	return grid->groups == 1 ? 1 : GRID_CELL_FIRST + 2 * side * side;
}

/* The cells before the first have a tile each. */
unsigned grid_tile(const struct grid *grid, unsigned tile, unsigned cell[GRID_TILE_CELLS])
{
	unsigned side = tile_side(grid), count = 0, family, src, dst;

	if (tile < GRID_CELL_FIRST) {
		cell[0] = tile;
		return 1;
	}
	tile -= GRID_CELL_FIRST;
	family = tile / (side * side);
	src = tile / side % side * GRID_TILE_SIDE;
	dst = tile % side * GRID_TILE_SIDE;
	for (unsigned s = src; s < src + GRID_TILE_SIDE && s < grid->groups; s++)
		for (unsigned d = dst; d < dst + GRID_TILE_SIDE && d < grid->groups; d++)
			cell[count++] = GRID_CELL_FIRST + (family * grid->groups + s) * grid->groups + d;
	return count;
}

static inline unsigned bounded(uint16_t code)
{
	return code < COUNTRY_CODES ? code : COUNTRY_UNKNOWN;
}

unsigned grid_cell(const struct grid *grid, const struct record_view *view)
{
	unsigned family, src, dst;

	if (grid->groups == 1)
		return 0;
	if (!view->geo)
		return GRID_CELL_UNTAGGED;
	family = view_is_ip6(view);
	src = grid->src[bounded(view_src_country(view))];
	dst = grid->dst[bounded(view_dst_country(view))];
	return GRID_CELL_FIRST + (family * grid->groups + src) * grid->groups + dst;
}

void grid_shares_add(struct grid_shares *shares, const struct record_view *view)
{
	if (!view->geo)
		return;
	shares->src[bounded(view_src_country(view))]++;
	shares->dst[bounded(view_dst_country(view))]++;
}
