/* SPDX-License-Identifier: BSD-3-Clause */
/* query/merge.h against a sort: random files, room for a part of them only, ties, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "query/merge.h"

struct made {
	uint64_t time_ms, order, number;
	uint32_t len;
	uint8_t bytes[700];
	uint16_t pair[2], now[2];
	bool filled, has_now;
};

struct file {
	unsigned blocks, count;
	unsigned first[65]; /* record of each block */
	struct made *made;
};

static uint32_t below(uint32_t limit)
{
	return (uint32_t)rand() % limit;
}

/* Times that grow within a block, or not; many equal; some flows without time of receipt. */
static void make_record(struct made *made, uint64_t time_ms, uint64_t number)
{
	struct record_builder record;
	bool received = below(8) != 0;
	uint8_t *at;

	record_begin(&record, made->bytes, sizeof(made->bytes));
	at = record_element(&record, ELEMENT_GENERIC, 48);
	bytes_put64(at + 8, received ? time_ms - below(5000) : time_ms);
	bytes_put64(at + 16, received ? time_ms : 0);
	bytes_put64(at + 24, number);
	record_element(&record, ELEMENT_LABEL, 1 + below(500));
	made->len = (uint32_t)record_end(&record);
	made->time_ms = time_ms;
	made->number = number;
	made->filled = below(4) == 0;
	made->pair[0] = (uint16_t)number;
	made->pair[1] = (uint16_t)(number >> 8);
	made->has_now = below(3) == 0;
	made->now[0] = (uint16_t)(number * 3);
	made->now[1] = made->pair[1];
}

static void make_file(struct file *file, unsigned blocks, unsigned each, unsigned spread_ms)
{
	file->blocks = blocks;
	file->count = 0;
	file->made = calloc((size_t)blocks * each + 1, sizeof(*file->made));
	assert_non_null(file->made);
	for (unsigned b = 0; b < blocks; b++) {
		uint64_t start = 1700000000000 + below(spread_ms), step = below(4);

		file->first[b] = file->count;
		for (unsigned i = below(each + 1); i > 0; i--) {
			struct made *made = &file->made[file->count];

			start += step ? below((uint32_t)step) : below(spread_ms) - spread_ms / 2;
			make_record(made, start, file->count);
			made->order = (uint64_t)b << 24 | (file->count - file->first[b]);
			file->count++;
		}
	}
	file->first[blocks] = file->count;
}

static int by_time(const void *a, const void *b)
{
	const struct made *x = *(struct made *const *)a, *y = *(struct made *const *)b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void add_block(struct merge *merge, const struct file *file, unsigned block)
{
	struct record_view view;

	record_view_init(&view);
	for (unsigned i = file->first[block]; i < file->first[block + 1]; i++) {
		const struct made *made = &file->made[i];

		assert_int_equal(record_view(&view, made->bytes, made->len), NFGEO_OK);
		if (made->filled)
			view_set_geo(&view, (const uint8_t *)made->pair);
		assert_true(merge_add(merge, &view, made->has_now ? made->now : NULL,
				      i - file->first[block], made->number));
	}
}

static void expect(const struct merged_flow *flow, const struct made *made)
{
	assert_int_equal(flow->number, made->number);
	assert_int_equal(flow->len, made->len);
	assert_memory_equal(flow->record, made->bytes, made->len);
	assert_int_equal(flow->pair != NULL, made->filled);
	if (made->filled)
		assert_memory_equal(flow->pair, made->pair, sizeof(made->pair));
	assert_int_equal(flow->now != NULL, made->has_now);
	if (made->has_now)
		assert_memory_equal(flow->now, made->now, sizeof(made->now));
}

/* @return blocks that were read in all passes */
static unsigned check_file(struct merge *merge, const struct file *file, uint64_t limit)
{
	struct made **sorted = calloc(file->count + 1, sizeof(struct made *));
	uint64_t want = limit && limit < file->count ? limit : file->count, got = 0;
	unsigned reads = file->blocks;

	for (unsigned i = 0; i < file->count; i++)
		sorted[i] = &file->made[i];
	qsort(sorted, file->count, sizeof(*sorted), by_time);
	merge_begin(merge, limit);
	for (unsigned b = 0; b < file->blocks; b++) {
		struct raw_block raw = {.offset = 1000 + b, .ordinal = b};

		assert_true(merge_block(merge, &raw, 7 * b));
		add_block(merge, file, b);
	}
	for (;;) {
		struct merged_flow flow;
		uint64_t offset, number;
		uint32_t ordinal;

		merge_sort(merge);
		for (; merge_next(merge, &flow); got++) {
			assert_true(got < want);
			expect(&flow, sorted[got]);
		}
		if (!merge_again(merge))
			break;
		for (; merge_block_again(merge, &offset, &ordinal, &number); reads++) {
			assert_int_equal(offset, 1000 + ordinal);
			assert_int_equal(number, 7 * ordinal);
			add_block(merge, file, ordinal);
		}
	}
	assert_int_equal(got, want);
	free(sorted);
	return reads;
}

static void random_files(void **state)
{
	struct merge *merge = merge_new(0);

	(void)state;
	assert_non_null(merge);
	srand(6);
	for (unsigned round = 0; round < 60; round++) {
		struct file file;

		make_file(&file, 1 + below(64), below(4) ? 1 + below(60) : 400, 1 + below(100000));
		check_file(merge, &file, 0);
		check_file(merge, &file, 1 + below(10));
		check_file(merge, &file, 1 + below(file.count + 2));
		free(file.made);
	}
	merge_free(merge);
}

/* All at the same time: the order of the file, however often it is gone over. */
static void equal_times(void **state)
{
	struct merge *merge = merge_new(0);
	struct file file;

	(void)state;
	srand(7);
	make_file(&file, 40, 200, 1);
	for (unsigned i = 0; i < file.count; i++) {
		bytes_put64(file.made[i].bytes + 16 + 16, 5);
		file.made[i].time_ms = 5;
	}
	check_file(merge, &file, 0);
	check_file(merge, &file, 3000);
	free(file.made);
	merge_free(merge);
}

/* Blocks that lie one behind the other are read once, and a second time where a pass ends. */
static void few_reads(void **state)
{
	struct merge *merge = merge_new(0);
	struct file file;

	(void)state;
	srand(8);
	make_file(&file, 64, 200, 1);
	for (unsigned b = 0; b < file.blocks; b++)
		for (unsigned i = file.first[b]; i < file.first[b + 1]; i++) {
			bytes_put64(file.made[i].bytes + 16 + 16, 1000 * b + i - file.first[b]);
			file.made[i].time_ms = 1000 * b + i - file.first[b];
		}
	assert_in_range(check_file(merge, &file, 0), 65, 2 * 64 + 40);
	assert_int_equal(check_file(merge, &file, 20), 64);
	free(file.made);
	merge_free(merge);
}

static void empty_file(void **state)
{
	struct merge *merge = merge_new(0);
	struct file file;

	(void)state;
	make_file(&file, 0, 0, 1);
	check_file(merge, &file, 0);
	check_file(merge, &file, 5);
	free(file.made);
	merge_free(merge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_files),
		cmocka_unit_test(equal_times),
		cmocka_unit_test(few_reads),
		cmocka_unit_test(empty_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
