/* SPDX-License-Identifier: BSD-3-Clause */
/* Clustered files: no record is lost or doubled, whatever the disk does; blocks hold what the grid
 * says. */
#include "nffile/cluster.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "nffile/cells.h"
#include "tests/lib/makeflow.h"
#include "tests/lib/scratch.h"

static uint32_t random_state = 1;

static uint32_t below(uint32_t limit)
{
	random_state = random_state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)random_state * limit >> 32);
}

/* What the cluster writes: sums over its records, each known by its number in `bytes`. */
struct written {
	uint8_t *seen; /* of each number, how often */
	uint32_t numbers, records, others, blocks;
	uint32_t fail_every; /* calls; 0 = never */
	uint32_t calls;
	uint32_t max_used;
	struct grid grid; /* to compare with; groups 0 = do not */
};

/* One cell; or what is little of the cells of one tile. */
static void check_cells(const struct grid *grid, const uint32_t *used)
{
	unsigned cell[GRID_TILE_CELLS], tiles = 0;

	for (unsigned tile = 0; tile < grid_tiles(grid); tile++) {
		unsigned count = grid_tile(grid, tile, cell), has = 0, most = 0;

		for (unsigned i = 0; i < count; i++) {
			has += used[cell[i]] != 0;
			most = used[cell[i]] > most ? used[cell[i]] : most;
		}
		tiles += has != 0;
		assert_true(has <= 1 || most <= 4096);
	}
	assert_in_range(tiles, 0, 1);
}

static int take(void *arg, const struct block *block, struct error *error)
{
	struct written *written = arg;
	struct block_cursor cursor = block_cursor(block);
	struct record_view view;
	const uint8_t *record;
	uint32_t used[GRID_CELL_FIRST + 2 * GRID_GROUPS_MAX * GRID_GROUPS_MAX] = {0};
	size_t len;

	if (written->fail_every && ++written->calls % written->fail_every == 0)
		return error_set(error, NFGEO_EIO, "the disk is full");
	record_view_init(&view);
	written->blocks++;
	if (block->used > written->max_used)
		written->max_used = (uint32_t)block->used;
	while (block_next(&cursor, &record, &len) == 1) {
		written->records++;
		if (bytes_get16(record) != RECORD_FLOW) {
			written->others++;
			continue;
		}
		assert_int_equal(record_view(&view, record, len), NFGEO_OK);
		written->seen[view_bytes(&view)]++;
		if (written->grid.groups)
			used[grid_cell(&written->grid, &view)] += (uint32_t)len;
	}
	assert_int_equal(cursor.at, block->used);
	if (written->grid.groups)
		check_cells(&written->grid, used);
	return NFGEO_OK;
}

/* Countries by a long tail, some IPv6, some without countries; `number` is in the byte counter. */
static void random_flow(struct block *block, uint32_t number)
{
	struct make_flow flow = {
		.tagged = below(20) != 0,
		.src_country = (uint16_t)(below(2) ? 203 : below(1 + below(250))),
		.dst_country = (uint16_t)below(1 + below(1200)),
		.bytes = number,
		.packets = 1,
		.proto = 6,
	};

	if (below(8)) {
		flow.src4 = 1 + below(1000);
		flow.dst4 = 2;
	} else {
		flow.src6 = 1 + below(1000);
		flow.dst6 = 2;
	}
	make_append(block, &flow);
}

static void other_record(struct block *block)
{
	uint8_t *at;

	assert_int_equal(block_grow(block, block->used + 8), NFGEO_OK);
	at = block->bytes + block->used;
	memset(at, 0, 8);
	bytes_put16(at, RECORD_SAMPLER);
	bytes_put16(at + 2, 8);
	block_commit(block, 8);
}

static void written_init(struct written *written, uint32_t numbers)
{
	*written = (struct written){.seen = calloc(numbers, 1), .numbers = numbers};
	assert_non_null(written->seen);
}

static void assert_each_once(const struct written *written)
{
	for (uint32_t i = 0; i < written->numbers; i++)
		assert_int_equal(written->seen[i], 1);
}

/* Blocks of random sizes; a failing disk is tried again until it takes everything. */
static void feed(struct cluster *cluster, uint32_t numbers)
{
	struct error error;
	struct block block = {0};
	unsigned number_others = 0;

	for (uint32_t number = 0; number < numbers;) {
		uint32_t count = 1 + below(5000);

		block_clear(&block);
		for (; count && number < numbers; count--)
			random_flow(&block, number++);
		if (!number_others++)
			other_record(&block);
		while (cluster_add(cluster, &block, &error) != NFGEO_OK)
			assert_string_equal(error.text, "the disk is full");
	}
	while (cluster_flush(cluster, &error) != NFGEO_OK)
		assert_string_equal(error.text, "the disk is full");
	block_fini(&block);
}

static void run(uint32_t numbers, size_t memory, uint32_t fail_every, struct written *written,
		unsigned *groups)
{
	struct cluster_options options = {.memory = memory, .write = take, .arg = written};
	struct cluster *cluster;
	struct error error;

	written_init(written, numbers);
	written->fail_every = fail_every;
	assert_int_equal(cluster_new(&cluster, &options, &error), NFGEO_OK);
	feed(cluster, numbers);
	*groups = cluster_groups(cluster);
	cluster_free(cluster);
	assert_each_once(written);
	assert_int_equal(written->others, 1);
	assert_int_equal(written->records, numbers + 1);
	free(written->seen);
}

static void test_each_record_once(void **state)
{
	static const size_t memory[] = {0, 600000, 4 << 20};
	static const uint32_t flows[] = {10, 1900, 2100, 30000, 120000};
	struct written written;
	unsigned groups;

	(void)state;
	for (unsigned m = 0; m < 3; m++)
		for (unsigned f = 0; f < 5; f++)
			for (unsigned fail = 0; fail < 4; fail += 3) {
				run(flows[f], memory[m], fail, &written, &groups);
				assert_in_range(written.max_used, 1, CELL_MAX_BYTES);
			}
}

static void test_small_files_keep_their_order(void **state)
{
	struct written written;
	unsigned groups;

	(void)state;
	run(1900, 0, 0, &written, &groups);
	assert_int_equal(groups, 1);
	assert_int_equal(written.blocks, 1);
	run(120000, 0, 0, &written, &groups);
	assert_in_range(groups, 8, GRID_GROUPS_MAX);
}

/* Each cell is in one tile, with its neighbours. */
static void test_tiles(void **state)
{
	struct grid grid;

	(void)state;
	for (grid.groups = 1; grid.groups <= GRID_GROUPS_MAX; grid.groups++) {
		uint8_t seen[GRID_CELL_FIRST + 2 * GRID_GROUPS_MAX * GRID_GROUPS_MAX] = {0};
		unsigned cell[GRID_TILE_CELLS], all = 0;

		for (unsigned tile = 0; tile < grid_tiles(&grid); tile++) {
			unsigned count = grid_tile(&grid, tile, cell);

			assert_in_range(count, 1, GRID_TILE_CELLS);
			for (unsigned i = 0; i < count; i++) {
				assert_in_range(cell[i], cell[0],
						cell[0] + 3 * grid.groups + GRID_TILE_SIDE - 1);
				assert_int_equal(seen[cell[i]]++, 0);
				all++;
			}
		}
		assert_int_equal(all, grid_cells(&grid));
	}
}

/* With known shares the grid is known; each block holds flows of one of its cells, and what would be
 * too little for a block is with its neighbours. */
static void test_blocks_are_cells(void **state)
{
	struct grid_shares *shares = calloc(1, sizeof(*shares));
	struct written written;
	struct cluster_options options = {
		.shares = shares, .expected_flows = 50000, .write = take, .arg = &written};
	struct cluster *cluster;
	struct error error;

	(void)state;
	written_init(&written, 60000);
	for (unsigned code = 0; code < 250; code++)
		shares->src[code] = shares->dst[code] = 250 - code;
	grid_build(&written.grid, grid_groups(50000), shares);
	assert_int_equal(written.grid.groups, 10);
	assert_int_equal(cluster_new(&cluster, &options, &error), NFGEO_OK);
	feed(cluster, 60000);
	assert_each_once(&written);
	/* A few flows: a block for each tile they are in, but for two or three cells. */
	memset(written.seen, 0, 60000);
	written.blocks = 0;
	feed(cluster, 500);
	assert_in_range(written.blocks, 10, grid_tiles(&written.grid) + 3);
	cluster_free(cluster);
	free(written.seen);
	free(shares);
}

static void test_groups_are_even(void **state)
{
	struct grid_shares shares = {{0}, {0}};
	struct grid grid;
	uint32_t sum[4] = {0};

	(void)state;
	shares.src[203] = 1000;
	for (unsigned code = 300; code < 600; code++)
		shares.src[code] = 10;
	grid_build(&grid, 4, &shares);
	for (unsigned code = 0; code < COUNTRY_CODES; code++)
		sum[grid.src[code]] += shares.src[code];
	for (unsigned g = 0; g < 4; g++)
		assert_in_range(sum[g], 800, 1200);
	for (unsigned code = 300; code < 600; code++)
		assert_int_not_equal(grid.src[code], grid.src[203]);
	assert_int_equal(grid_groups(0), 1);
	assert_int_equal(grid_groups(1999), 1);
	assert_int_equal(grid_groups(2000), 2);
	assert_int_equal(grid_groups(1u << 31), GRID_GROUPS_MAX);
}

/* Only cells whose first record is old enough are written. */
static void test_old_cells(void **state)
{
	struct grid_shares *shares = calloc(1, sizeof(*shares));
	struct written written;
	struct cluster_options options = {
		.shares = shares, .expected_flows = 50000, .write = take, .arg = &written};
	struct cluster *cluster;
	struct block block = {0};
	struct error error;

	(void)state;
	written_init(&written, 300);
	grid_build(&written.grid, grid_groups(50000), shares);
	assert_int_equal(cluster_new(&cluster, &options, &error), NFGEO_OK);
	for (uint32_t i = 0; i < 100; i++)
		random_flow(&block, i);
	assert_int_equal(cluster_add(cluster, &block, &error), NFGEO_OK);
	assert_int_equal(cluster_flush_older(cluster, 60000, &error), NFGEO_OK);
	assert_int_equal(written.records, 0);
	usleep(30000);
	assert_int_equal(cluster_flush_older(cluster, 10, &error), NFGEO_OK);
	assert_int_equal(written.records, 100);
	/* What is small is written with its neighbours, young as they are. */
	for (unsigned half = 0; half < 2; half++) {
		block_clear(&block);
		for (uint32_t i = 0; i < 100; i++)
			random_flow(&block, 100 + 100 * half + i);
		assert_int_equal(cluster_add(cluster, &block, &error), NFGEO_OK);
		if (!half)
			usleep(30000);
	}
	written.blocks = 0;
	assert_int_equal(cluster_flush_older(cluster, 15, &error), NFGEO_OK);
	assert_in_range(written.records, 250, 300);
	assert_in_range(written.blocks, 1, grid_tiles(&written.grid) + 3);
	assert_int_equal(cluster_flush(cluster, &error), NFGEO_OK);
	assert_each_once(&written);
	cluster_free(cluster);
	block_fini(&block);
	free(written.seen);
	free(shares);
}

/* Longer than a grain: a block of its own, not more than once, after what it may refer to. */
static void test_long_records(void **state)
{
	struct written written;
	struct cluster_options options = {.write = take, .arg = &written};
	struct cluster *cluster;
	struct error error;
	struct block block = {0};

	(void)state;
	written_init(&written, 5000);
	assert_int_equal(block_grow(&block, 8 << 20), NFGEO_OK);
	for (uint32_t i = 0; i < 5000; i++) {
		struct record_builder builder;
		uint8_t *at = block_reserve(&block, RECORD_MAX_BYTES), *element;

		record_begin(&builder, at, RECORD_MAX_BYTES);
		element = record_element(&builder, ELEMENT_GENERIC, 48);
		bytes_put64(element + 32, i);
		if (i % 100 == 99)
			record_element(&builder, ELEMENT_PAYLOAD_IN, 40000);
		block_commit(&block, record_end(&builder));
	}
	assert_int_equal(cluster_new(&cluster, &options, &error), NFGEO_OK);
	assert_int_equal(cluster_add(cluster, &block, &error), NFGEO_OK);
	assert_int_equal(cluster_flush(cluster, &error), NFGEO_OK);
	assert_each_once(&written);
	cluster_free(cluster);
	block_fini(&block);
	free(written.seen);
}

/* The cells of a file outlive those who use them; emptied, they are gone. */
static void test_cells_in_a_file(void **state)
{
	struct cells *cells, *other;
	struct error error;
	char path[160];
	size_t len;
	uint8_t *bytes, record[64] = {RECORD_FLOW, 0, 64};

	(void)state;
	strcpy(path, scratch_path("nfcapd.current.1.cells"));
	assert_int_equal(cells_open(&cells, 1 << 20, path, &error), NFGEO_OK);
	assert_int_not_equal(cells_open(&other, 1 << 20, path, &error), NFGEO_OK); /* locked */
	assert_int_equal(cells_reset(cells, 3), NFGEO_OK);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(cells_add(cells, i % 3, record, 64), i < 3 ? CELLS_FIRST : CELLS_ADDED);
	cells_clear(cells, 1);
	bytes = scratch_get("nfcapd.current.1.cells", &len);
	assert_memory_equal(bytes, CELLFILE_MAGIC, 8);
	{
		uint32_t records = 0;

		for (unsigned i = 0; i < bytes_get32(bytes + CELLFILE_AT_COUNT); i++)
			records += bytes_get32(bytes + CELLFILE_STATES_AT + 8 * i + 4);
		assert_int_equal(records, 334 + 333);
	}
	free(bytes);
	cells_close(cells, false);
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_record_once),
		cmocka_unit_test(test_small_files_keep_their_order),
		cmocka_unit_test(test_tiles),
		cmocka_unit_test(test_blocks_are_cells),
		cmocka_unit_test(test_groups_are_even),
		cmocka_unit_test(test_old_cells),
		cmocka_unit_test(test_long_records),
		cmocka_unit_test(test_cells_in_a_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, scratch_make, scratch_drop);
}
