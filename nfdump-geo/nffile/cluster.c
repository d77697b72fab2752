/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/cluster.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nffile/cells.h"

enum {
	SAMPLE_MAX_BYTES = 8 << 20,
	SAMPLE_PART = 8,   /* of the memory for cells at most */
	SAMPLE_TIMES = 4,  /* how much more is expected behind a sample that was full */
	PREFETCH_BYTES = 1024,
	SMALL_BYTES = 4096, /* too little for a block of its own */
};

_Static_assert(GRID_TILE_CELLS * SMALL_BYTES <= CELL_MAX_BYTES, "what is small in a tile is a block");

struct cell_state {
	uint64_t since_ms; /* when its first record came */
	const struct geo_provenance *provenance; /* of its records */
};

struct cluster {
	struct cluster_options options;
	struct grid grid;
	struct cells *cells;	  /* own or borrowed; NULL until the grid is decided */
	struct cell_state *state; /* of each cell; owns */
	struct record_views views;
	struct block sample;	    /* records that came before; its provenance is that of all */
	const struct block *taking; /* block that could not be taken whole, */
	struct block_cursor cursor; /* and how far that went */
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* No more cells than have room in the memory. */
static unsigned groups_within(size_t memory, uint64_t flows)
{
	unsigned groups = grid_groups(flows);

	while (groups > 1 && (size_t)groups * groups * CELL_MIN_BYTES > memory)
		groups--;
	return groups;
}

/* A few flows need little memory. */
static size_t memory_for(const struct cluster *cluster)
{
	return cluster->grid.groups == 1 ? CELLS_MEMORY_MIN_BYTES : cluster->options.memory;
}

static int open_cells(struct cluster *cluster, const struct grid_shares *shares, uint64_t flows,
		      struct error *error)
{
	struct cells *cells = cluster->options.cells;
	int status = NFGEO_OK;

	grid_build(&cluster->grid, groups_within(cluster->options.memory, flows), shares);
	if (!cluster->state)
		cluster->state = calloc(grid_cells(&cluster->grid), sizeof(*cluster->state));
	if (!cluster->state)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	if (!cells)
		status = cells_open(&cells, memory_for(cluster), NULL, error);
	if (status == NFGEO_OK && cells_reset(cells, grid_cells(&cluster->grid)) != NFGEO_OK)
		status = error_set(error, NFGEO_ENOMEM, "out of memory");
	if (status == NFGEO_OK) {
		cluster->cells = cells;
	} else {
		if (!cluster->options.cells)
			cells_close(cells, false);
		free(cluster->state);
		cluster->state = NULL;
	}
	return status;
}

int cluster_new(struct cluster **out, const struct cluster_options *options, struct error *error)
{
	struct cluster *cluster = calloc(1, sizeof(*cluster));
	int status = NFGEO_OK;

	*out = NULL;
	if (!cluster)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	cluster->options = *options;
	cluster->options.shares = NULL;
	if (options->cells)
		cluster->options.memory = cells_memory(options->cells);
	else if (!options->memory)
		cluster->options.memory = CELLS_MEMORY_BYTES;
	record_views_init(&cluster->views);
	if (options->shares)
		status = open_cells(cluster, options->shares, options->expected_flows, error);
	if (status != NFGEO_OK) {
		cluster_free(cluster);
		return status;
	}
	*out = cluster;
	return NFGEO_OK;
}

void cluster_free(struct cluster *cluster)
{
	if (!cluster)
		return;
	if (!cluster->options.cells)
		cells_close(cluster->cells, false);
	free(cluster->state);
	block_fini(&cluster->sample);
	free(cluster);
}

unsigned cluster_groups(const struct cluster *cluster)
{
	return cluster->cells ? cluster->grid.groups : 0;
}

/* --- cells ------------------------------------------------------------------------------------ */

/* Cells that the same data tagged, as one block. */
static int emit(struct cluster *cluster, const unsigned *cell, unsigned count, struct error *error)
{
	struct block block = cells_block(cluster->cells, cell, count);
	int status;

	if (!block.record_count)
		return NFGEO_OK;
	block.provenance = cluster->state[cell[0]].provenance;
	status = cluster->options.write(cluster->options.arg, &block, error);
	for (unsigned i = 0; i < count && status == NFGEO_OK; i++)
		cells_clear(cluster->cells, cell[i]);
	return status;
}

/* What flows refer to: exporters, samplers, names. */
static int write_others(struct cluster *cluster, struct error *error)
{
	static const unsigned others = GRID_CELL_OTHERS;

	return emit(cluster, &others, 1, error);
}

/* .. comes before them. */
static int write_cells(struct cluster *cluster, const unsigned *cell, unsigned count,
		       struct error *error)
{
	int status = write_others(cluster, error);

	return status == NFGEO_OK ? emit(cluster, cell, count, error) : status;
}

static bool is_small(const struct cluster *cluster, unsigned cell)
{
	return cells_records(cluster->cells, cell) && cells_used(cluster->cells, cell) <= SMALL_BYTES;
}

/* What is small in a tile, as one block: two where another database began to tag. */
static int write_small(struct cluster *cluster, const unsigned *cell, unsigned count,
		       struct error *error)
{
	const struct cell_state *state = cluster->state;
	unsigned small[GRID_TILE_CELLS], found = 0;
	int status = NFGEO_OK;

	for (unsigned i = 0; i < count && status == NFGEO_OK; i++) {
		if (!is_small(cluster, cell[i]))
			continue;
		if (found && state[small[0]].provenance != state[cell[i]].provenance) {
			status = write_cells(cluster, small, found, error);
			found = 0;
		}
		small[found++] = cell[i];
	}
	return status == NFGEO_OK && found ? write_cells(cluster, small, found, error) : status;
}

/* When one that is small is due, so are the others: each for itself would be a block a second. */
static int write_tile(struct cluster *cluster, unsigned tile, uint64_t until_ms, struct error *error)
{
	unsigned cell[GRID_TILE_CELLS], count = grid_tile(&cluster->grid, tile, cell);
	bool small_due = false;
	int status = NFGEO_OK;

	for (unsigned i = 0; i < count && status == NFGEO_OK; i++) {
		if (!cells_records(cluster->cells, cell[i]) ||
		    cluster->state[cell[i]].since_ms > until_ms)
			continue;
		if (is_small(cluster, cell[i]))
			small_due = true;
		else
			status = write_cells(cluster, &cell[i], 1, error);
	}
	return status == NFGEO_OK && small_due ? write_small(cluster, cell, count, error) : status;
}

int cluster_flush_older(struct cluster *cluster, uint32_t age_ms, struct error *error)
{
	uint64_t now = now_ms();
	int status = NFGEO_OK;

	if (!cluster->cells || now < age_ms)
		return NFGEO_OK;
	for (unsigned tile = 0; tile < grid_tiles(&cluster->grid) && status == NFGEO_OK; tile++)
		status = write_tile(cluster, tile, now - age_ms, error);
	return status;
}

static unsigned cell_of(struct cluster *cluster, const uint8_t *record, size_t len)
{
	const struct record_view *view;

	if (cluster->grid.groups == 1 || bytes_get16(record) != RECORD_FLOW)
		return GRID_CELL_OTHERS;
	view = record_views_look(&cluster->views, record, len);
	return view ? grid_cell(&cluster->grid, view) : GRID_CELL_OTHERS;
}

/* Records that no cell can hold are blocks of their own. */
static int write_long(struct cluster *cluster, const uint8_t *record, size_t len,
		      const struct geo_provenance *provenance, struct error *error)
{
	const struct block block = {
		.bytes = (uint8_t *)(uintptr_t)record, /* is only read */
		.used = len,
		.capacity = len,
		.record_count = 1,
		.type = BLOCK_RECORDS,
		.provenance = provenance,
	};
	int status = write_others(cluster, error);

	return status == NFGEO_OK ? cluster->options.write(cluster->options.arg, &block, error)
				  : status;
}

static int write_fullest(struct cluster *cluster, struct error *error)
{
	unsigned cell = cells_fullest(cluster->cells);

	return write_cells(cluster, &cell, 1, error);
}

/* Until the record is in: a full cell is written, or the fullest of all. */
static int add(struct cluster *cluster, unsigned cell, const uint8_t *record, size_t len,
	       const struct cell_state *state, struct error *error)
{
	for (;;) {
		int status = NFGEO_OK;

		switch (cells_add(cluster->cells, cell, record, len)) {
		case CELLS_FIRST:
			cluster->state[cell] = *state;
			return NFGEO_OK;
		case CELLS_ADDED:
			return NFGEO_OK;
		case CELL_FULL:
			status = write_cells(cluster, &cell, 1, error);
			break;
		case CELLS_FULL:
			status = write_fullest(cluster, error);
			break;
		case CELLS_NO_DISK:
			return error_set_errno(error, "no room for open blocks");
		}
		if (status != NFGEO_OK)
			return status;
	}
}

static int put(struct cluster *cluster, const uint8_t *record, size_t len,
	       const struct cell_state *state, struct error *error)
{
	unsigned cell = cell_of(cluster, record, len);

	if (len > CELL_GRAIN_BYTES)
		return write_long(cluster, record, len, state->provenance, error);
	/* A block says of all its records what tagged them. */
	if (cluster->state[cell].provenance != state->provenance &&
	    write_cells(cluster, &cell, 1, error) != NFGEO_OK)
		return NFGEO_EIO;
	return add(cluster, cell, record, len, state, error);
}

static int distribute(struct cluster *cluster, const struct block *block, struct error *error)
{
	struct block_cursor cursor =
		cluster->taking == block ? cluster->cursor : block_cursor(block);
	const struct cell_state state = {now_ms(), block->provenance};
	const uint8_t *record;
	size_t len;

	for (;;) {
		struct block_cursor before = cursor;
		int status = block_next(&cursor, &record, &len);

		if (status == 0)
			break;
		if (status < 0)
			return error_set(error, status, "a record's size leaves its block");
		/* A collector's block comes from another processor's cache. */
		__builtin_prefetch(record + PREFETCH_BYTES);
		__builtin_prefetch(record + PREFETCH_BYTES + 64);
		status = put(cluster, record, len, &state, error);
		if (status != NFGEO_OK) {
			cluster->taking = block;
			cluster->cursor = before;
			return status;
		}
	}
	cluster->taking = NULL;
	return NFGEO_OK;
}

/* --- the sample ------------------------------------------------------------------------------- */

static uint64_t count_shares(struct cluster *cluster, struct grid_shares *shares)
{
	struct block_cursor cursor = block_cursor(&cluster->sample);
	const uint8_t *record;
	uint64_t flows = 0;
	size_t len;

	while (block_next(&cursor, &record, &len) == 1) {
		const struct record_view *view = NULL;

		if (bytes_get16(record) == RECORD_FLOW)
			view = record_views_look(&cluster->views, record, len);
		if (!view)
			continue;
		flows++;
		grid_shares_add(shares, view);
	}
	return flows;
}

/* Flows in all, when `counted` of them were in the sample. */
static uint64_t expected(const struct cluster *cluster, uint64_t counted, bool more)
{
	if (!more)
		return counted;
	return cluster->options.expected_flows ? cluster->options.expected_flows
					       : counted * SAMPLE_TIMES;
}

/* Make the grid from the sample and take its records.
 * @param more  others are expected behind it */
static int end_sample(struct cluster *cluster, bool more, struct error *error)
{
	int status = NFGEO_OK;

	if (!cluster->cells) {
		struct grid_shares *shares = calloc(1, sizeof(*shares));

		if (!shares)
			return error_set(error, NFGEO_ENOMEM, "out of memory");
		status = open_cells(cluster, shares,
				    expected(cluster, count_shares(cluster, shares), more), error);
		free(shares);
	}
	if (status == NFGEO_OK && cluster->sample.used)
		status = distribute(cluster, &cluster->sample, error);
	if (status == NFGEO_OK)
		block_fini(&cluster->sample);
	return status;
}

static size_t sample_max(const struct cluster *cluster)
{
	size_t part = cluster->options.memory / SAMPLE_PART;

	return part < SAMPLE_MAX_BYTES ? part : SAMPLE_MAX_BYTES;
}

/* @return 1 when the block is in the sample now, 0 when it does not fit, or an error */
static int add_to_sample(struct cluster *cluster, const struct block *block, struct error *error)
{
	struct block *sample = &cluster->sample;

	if (cluster->cells || sample->used + block->used > sample_max(cluster) ||
	    (sample->used && sample->provenance != block->provenance))
		return 0;
	if (sample->used + block->used > sample->capacity &&
	    block_grow(sample, 2 * (sample->used + block->used)) != NFGEO_OK)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	memcpy(sample->bytes + sample->used, block->bytes, block->used);
	sample->used += block->used;
	sample->record_count += block->record_count;
	sample->provenance = block->provenance;
	return 1;
}

int cluster_add(struct cluster *cluster, const struct block *block, struct error *error)
{
	int status;

	if (!block->used)
		return NFGEO_OK;
	status = add_to_sample(cluster, block, error);
	if (status)
		return status < 0 ? status : NFGEO_OK;
	if (!cluster->cells || cluster->sample.used)
		status = end_sample(cluster, true, error);
	return status == NFGEO_OK ? distribute(cluster, block, error) : status;
}

int cluster_flush(struct cluster *cluster, struct error *error)
{
	int status = NFGEO_OK;

	if (cluster->sample.used)
		status = end_sample(cluster, false, error);
	if (status != NFGEO_OK || !cluster->cells)
		return status;
	return cluster_flush_older(cluster, 0, error);
}
