/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * grid.h - which cell of a country-clustered file a flow belongs to: (group of its source country)
 * x (group of its destination country), IPv4 and IPv6 apart. A country's flows then lie in few
 * blocks, and a question about it reads little else.
 */
#ifndef NFFILE_GRID_H
#define NFFILE_GRID_H

#include <stdint.h>

#include "flow/record.h"
#include "geo/country.h"

enum {
	GRID_GROUPS_MAX = 32,
	GRID_CELL_OTHERS = 0,	/* records that are no flow, or contradict themselves */
	GRID_CELL_UNTAGGED = 1, /* flows without stored countries */
	GRID_CELL_FIRST = 2,
};

/* Flows of each country, from which groups of equal weight are made. */
struct grid_shares {
	uint32_t src[COUNTRY_CODES], dst[COUNTRY_CODES];
};

struct grid {
	unsigned groups; /* a side; 1 = everything is in one cell, in order of arrival */
	uint8_t src[COUNTRY_CODES], dst[COUNTRY_CODES]; /* group of each country */
};

/** Groups a side for so many flows between two writings of a cell: some 500 for each cell. */
unsigned grid_groups(uint64_t flow_count);

/** Countries heaviest first, each into the group that is the lightest then. Those without flows
 * are spread evenly. */
void grid_build(struct grid *grid, unsigned groups, const struct grid_shares *shares);

/** Cells there can be. */
static inline unsigned grid_cells(const struct grid *grid)
{
	return grid->groups == 1 ? 1 : GRID_CELL_FIRST + 2 * grid->groups * grid->groups;
}

/*
 * Tiles: neighbouring cells, GRID_TILE_SIDE groups a side, of one family. What is too little for a block
 * of its own goes into one with what else its tile has of that.
 */
enum { GRID_TILE_SIDE = 4, GRID_TILE_CELLS = GRID_TILE_SIDE * GRID_TILE_SIDE };

unsigned grid_tiles(const struct grid *grid);

/** @return how many cells the tile has */
unsigned grid_tile(const struct grid *grid, unsigned tile, unsigned cell[GRID_TILE_CELLS]);

/** Cell of a flow record. */
unsigned grid_cell(const struct grid *grid, const struct record_view *view);

void grid_shares_add(struct grid_shares *shares, const struct record_view *view);

#endif
