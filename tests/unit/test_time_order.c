/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scans that want flows in the order in which they came, over clustered files, files in order of
 * arrival and files without geo blocks: against all flows of the same files, sorted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "nffile/reader.h"
#include "nffile/writer.h"
#include "query/merge.h"
#include "query/scan.h"
#include "tests/lib/makeflow.h"
#include "tests/lib/scan_sinks.h"
#include "tests/lib/scratch.h"

enum { FILES = 4, FLOWS = 25000, SLOT_MS = 300000 };

static const char *const name[FILES] = {"clustered1", "arrival", "clustered2", "stock"};
static const bool is_clustered[FILES] = {true, false, true, false};

static uint32_t random_state = 11;

static uint32_t below(uint32_t limit)
{
	random_state = random_state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)random_state * limit >> 32);
}

/* Many at the same time; a few that were received before the one in front of them. */
static void add_flow(struct block *block, unsigned file, unsigned number)
{
	uint64_t now = 1700000000000 + (uint64_t)file * SLOT_MS + number / 5;
	struct make_flow flow = {
		.src4 = 0x01000000 + number,
		.dst4 = 0x02000000 + file,
		.tagged = below(50) != 0,
		.src_country = (uint16_t)(below(3) ? 203 : 1 + below(250)),
		.dst_country = (uint16_t)(below(2) ? 203 : 1 + below(250)),
		.proto = below(2) ? 6 : 17,
		.bytes = number,
		.packets = 1,
		.first_ms = now - 5000,
		.last_ms = now - below(4000),
	};
	size_t from = block->used;
	uint8_t *generic;

	make_append(block, &flow);
	generic = block->bytes + from + 12 + 4 + 8 + (flow.tagged ? GEOTAIL_BYTES : 0) + 4;
	bytes_put64(generic + 16, below(100) ? now : now - 2);
}

static void add_exporter(struct block *block)
{
	uint8_t record[32] = {RECORD_EXPORTER, 0, sizeof(record)};

	assert_int_equal(block_grow(block, block->used + 4096), NFGEO_OK);
	memcpy(block->bytes + block->used, record, sizeof(record));
	block_commit(block, sizeof(record));
}

static void write_files(void)
{
	struct error error;

	for (unsigned file = 0; file < FILES; file++) {
		struct nffile_options options = {.codec = CODEC_LZ4,
						 .ident = "order",
						 .arrival_order = !is_clustered[file],
						 .no_geo_blocks = file == 3};
		struct nffile_finish finish = {0};
		struct nffile_writer *writer;
		struct nffile_reader *reader;
		struct block block = {0};

		assert_int_equal(nffile_create(&writer, scratch_path(name[file]), &options, &error),
				 NFGEO_OK);
		for (unsigned i = 0; i < FLOWS; i++) {
			if (i == 100)
				add_exporter(&block);
			add_flow(&block, file, i);
			if (i % 3000 && i + 1 < FLOWS)
				continue;
			assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
			block_clear(&block);
		}
		assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);
		assert_int_equal(nffile_open(&reader, scratch_path(name[file]), &error), NFGEO_OK);
		assert_int_equal(nffile_is_clustered(reader), is_clustered[file]);
		nffile_close(reader);
		block_fini(&block);
	}
}

/* What a scan gave, in its order. */
struct seen {
	uint64_t time_ms, at; /* place in the files */
	uint32_t src, dst;
	uint16_t code;
};

struct taken {
	struct scan_sink sink;
	struct seen *seen;
	size_t count, others;
	uint64_t order;
};

static void take_flow(void *worker, const struct flow_row *row, uint64_t order)
{
	struct taken *taken = worker;
	struct seen *seen = &taken->seen[taken->count];
	const uint8_t *at = view_payload(row->view, ELEMENT_IP4);

	assert_true(!taken->count || order > taken->order);
	taken->order = order;
	*seen = (struct seen){merge_time_ms(row->view), taken->count++, bytes_get32(at),
			      bytes_get32(at + 4), view_src_country(row->view)};
}

static void take_other(void *worker, const uint8_t *record, size_t len)
{
	struct taken *taken = worker;

	assert_int_equal(bytes_get16(record), RECORD_EXPORTER);
	assert_int_equal(len, 32);
	taken->others++;
}

static struct scan_result scan(struct taken *taken, const char *text, struct scan_plan *plan)
{
	const char *path[FILES];
	struct inputs inputs = {.path = {path, FILES, FILES}};
	struct scan_result result;
	struct filter *filter;
	struct error error;

	taken->sink = (struct scan_sink){.open = sink_open, .flow = take_flow, .other = take_other,
					 .block_end = sink_end_block, .in_order = true};
	taken->count = taken->others = 0;
	assert_int_equal(filter_compile(&filter, text, NULL, &error), NFGEO_OK);
	for (unsigned i = 0; i < FILES; i++)
		path[i] = scratch_path(name[i]);
	plan->inputs = &inputs;
	plan->filter = filter_is_any(filter) ? NULL : filter;
	plan->to_ms = UINT64_MAX;
	plan->complain = scan_must_not_complain;
	assert_int_equal(scan_run(plan, &taken->sink, &result, &error), NFGEO_OK);
	assert_int_equal(result.passed, taken->count);
	assert_int_equal(result.selected.flows, taken->count);
	filter_free(filter);
	return result;
}

static int by_time(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Sort the parts that are of clustered files: dst tells the file. */
static void sort_clustered(struct seen *seen, size_t count)
{
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from; to < count && seen[to].dst == seen[from].dst; to++)
			;
		if (is_clustered[seen[from].dst & 0xff])
			qsort(seen + from, to - from, sizeof(*seen), by_time);
	}
}

static void check(struct taken *taken, struct taken *all, const char *filter,
		  struct scan_plan *plan)
{
	struct scan_plan plain = {.threads = 1};
	size_t want;
	struct scan_result result;

	scan(all, filter, &plain);
	sort_clustered(all->seen, all->count);
	want = plan->limit && plan->limit < all->count ? plan->limit : all->count;
	result = scan(taken, filter, plan);
	assert_int_equal(taken->count, want);
	for (size_t i = 0; i < want; i++) {
		assert_int_equal(taken->seen[i].src, all->seen[i].src);
		assert_int_equal(taken->seen[i].dst, all->seen[i].dst);
		assert_int_equal(taken->seen[i].code, all->seen[i].code);
	}
	if (want == all->count && (!plan->limit || plan->limit > want)) {
		assert_int_equal(result.processed, FILES * FLOWS);
		assert_int_equal(taken->others, all->others);
	}
}

static void orders(void **state)
{
	static const char *const filters[] = {"any", "src ctry CZ", "proto tcp", "dst ctry 17",
					      "bytes < 5", "bytes > 24990", "bytes < 0"};
	static const size_t memory[] = {0, 1 << 19, 1};
	struct taken taken = {.seen = malloc(FILES * FLOWS * sizeof(struct seen))};
	struct taken all = {.seen = malloc(FILES * FLOWS * sizeof(struct seen))};

	(void)state;
	assert_true(taken.seen && all.seen);
	write_files();
	for (size_t f = 0; f < sizeof(filters) / sizeof(*filters); f++)
		for (size_t m = 0; m < 3; m++) {
			struct scan_plan plan = {
				.threads = 2, .in_time_order = true, .merge_bytes = memory[m]};

			check(&taken, &all, filters[f], &plan);
			for (unsigned round = 0; round < 4; round++) {
				plan = (struct scan_plan){.threads = 2,
							  .numbered = round == 1,
							  .merge_bytes = memory[m],
							  .limit = 1 + below(round < 2 ? 20 : 3 * FLOWS)};
				check(&taken, &all, filters[f], &plan);
			}
		}
	free(taken.seen);
	free(all.seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(orders, scratch_make, scratch_drop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("time_order", tests, NULL, NULL);
}
