/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow/block.h"
#include "flow/geotail.h"
#include "flow/record_kind.h"
#include "include/nfgeo.h"
#include "tests/lib/makeflow.h"

/* Records as id, length pairs; the header is made to fit, then maybe spoiled. */
static const struct {
	const char *name;
	struct {
		uint16_t id, len;
	} element[6];
	int size_error, count_error; /* added to the header's numbers */
	bool good;
	uint64_t present; /* bits of the ids that count */
} layout_case[] = {
	{"plain", {{2, 12}, {1, 52}}, 0, 0, true, 1 << 2 | 1 << 1},
	{"no elements", {{0}}, 0, 0, true, 0},
	{"unknown id", {{2, 12}, {500, 8}, {1, 52}}, 0, 0, true, 1 << 2 | 1 << 1},
	{"null element", {{0, 12}, {1, 52}}, 0, 0, true, 1 << 1},
	{"longer than known", {{1, 60}, {4, 28}}, 0, 0, true, 1 << 1 | 1 << 4},
	{"shorter than known", {{1, 48}, {4, 20}}, 0, 0, true, 1 << 4},
	{"header only", {{28, 4}, {1, 52}}, 0, 0, true, 1 << 28 | 1 << 1},
	{"odd length", {{28, 9}, {1, 52}}, 0, 0, true, 1 << 28 | 1 << 1},
	{"twice", {{1, 52}, {1, 52}}, 0, 0, true, 1 << 1},
	{"length 0", {{2, 12}, {1, 0}}, 0, 0, false, 0},
	{"length 3", {{1, 3}}, 0, 0, false, 0},
	{"past the end", {{2, 12}, {1, 52}}, -1, 0, false, 0},
	{"bytes behind", {{2, 12}, {1, 52}}, 1, 0, false, 0},
	{"4 bytes behind", {{2, 12}, {1, 52}}, 4, 0, false, 0},
	{"count too high", {{2, 12}, {1, 52}}, 0, 1, false, 0},
	{"count too low", {{2, 12}, {1, 52}}, 0, -1, false, 0},
};

static size_t make_layout(size_t i, uint8_t *out)
{
	size_t used = RECORD_HEADER_BYTES;
	unsigned count = 0;

	memset(out, 0, 512);
	for (; count < 6 && (layout_case[i].element[count].id || layout_case[i].element[count].len);
	     count++) {
		bytes_put16(out + used, layout_case[i].element[count].id);
		bytes_put16(out + used + 2, layout_case[i].element[count].len);
		used += layout_case[i].element[count].len < 4 ? 4
							      : layout_case[i].element[count].len;
	}
	bytes_put16(out, RECORD_FLOW);
	bytes_put16(out + 2, (uint16_t)((int)used + layout_case[i].size_error));
	bytes_put16(out + 4, (uint16_t)((int)count + layout_case[i].count_error));
	return bytes_get16(out + 2);
}

static void test_layouts(void **state)
{
	struct record_view view;
	uint8_t record[512];

	(void)state;
	record_view_init(&view);
	for (size_t i = 0; i < sizeof(layout_case) / sizeof(layout_case[0]); i++) {
		size_t len = make_layout(i, record);
		uint8_t *exact = malloc(len); /* the sanitizers watch its end */
		int status;

		memcpy(exact, record, len);
		status = record_view(&view, exact, len);
		if (status != (layout_case[i].good ? NFGEO_OK : NFGEO_ECORRUPT))
			fail_msg("%s: %d", layout_case[i].name, status);
		if (layout_case[i].good)
			assert_int_equal(view.present & ~1ull, layout_case[i].present);
		assert_int_equal(record_view(&view, exact, len - 1), NFGEO_ECORRUPT);
		free(exact);
	}
}

/* One view over records of changing layout, in any order, gives what a fresh one gives. */
static void test_layout_is_remembered_right(void **state)
{
	enum { CASES = sizeof(layout_case) / sizeof(layout_case[0]) };
	struct record_view kept, fresh;
	uint8_t record[512];
	uint32_t random = 7;

	(void)state;
	record_view_init(&kept);
	for (int round = 0; round < 3000; round++) {
		size_t i = (random = random * 1103515245 + 12345) >> 16 & 15, len;
		int status;

		if (i >= CASES)
			continue;
		len = make_layout(i, record);
		record_view_init(&fresh);
		status = record_view(&fresh, record, len);
		assert_int_equal(record_view(&kept, record, len), status);
		assert_int_equal(kept.present, fresh.present);
		assert_int_equal(kept.count, fresh.count);
		for (int id = 0; id < ELEMENT_SLOTS; id++)
			if (fresh.present >> id & 1)
				assert_int_equal(kept.offset[id], fresh.offset[id]);
	}
}

/* The same layout, once with and once without the tail's magic: looked at in each record. */
static void test_geo_tail_per_record(void **state)
{
	struct make_flow flow = {
		.src4 = 1, .dst4 = 2, .tagged = true, .src_country = 203, .dst_country = 756};
	struct record_view view;
	uint8_t record[256];
	size_t len = make_flow(&flow, record, sizeof(record));

	(void)state;
	record_view_init(&view);
	assert_int_equal(record_view(&view, record, len), NFGEO_OK);
	assert_true(view_has(&view, ELEMENT_GEO));
	assert_int_equal(view_src_country(&view), 203);
	assert_int_equal(view_number(&view, FIELD_DST_COUNTRY), 756);
	record[12 + 4 + 8] ^= 1; /* first byte of the magic */
	assert_int_equal(record_view(&view, record, len), NFGEO_OK);
	assert_false(view_has(&view, ELEMENT_GEO));
	assert_int_equal(view_number(&view, FIELD_SRC_COUNTRY), 0);
	record[12 + 4 + 8] ^= 1;
	assert_int_equal(record_view(&view, record, len), NFGEO_OK);
	assert_true(view_has(&view, ELEMENT_GEO));
}

/* Countries from outside are forgotten with the next record. */
static void test_set_geo(void **state)
{
	struct make_flow flow = {.src4 = 1, .dst4 = 2};
	uint8_t record[256], pair[4] = {203, 0, 244, 2};
	size_t len = make_flow(&flow, record, sizeof(record));
	struct record_view view;

	(void)state;
	record_view_init(&view);
	record_view(&view, record, len);
	view_set_geo(&view, pair);
	assert_int_equal(view_src_country(&view), 203);
	assert_int_equal(view_dst_country(&view), 756);
	record_view(&view, record, len);
	assert_false(view_has(&view, ELEMENT_GEO));
}

static void test_which_addresses(void **state)
{
	static const struct make_flow flow_case[] = {
		{.src4 = 0xc0000201, .dst4 = 0xc0000202},
		{.src6 = 1, .dst6 = 2},
		{.src4 = 0xc0000201, .src6 = 1}, /* both: element 3, it is not zero */
		{.no_counters = true},		 /* none */
	};
	static const char *const want[] = {"192.0.2.1", "2001:db8::1", "2001:db8::1", NULL};
	struct record_view view;
	char text[ADDRESS_TEXT];
	uint8_t record[256];

	(void)state;
	record_view_init(&view);
	for (size_t i = 0; i < 4; i++) {
		size_t len = make_flow(&flow_case[i], record, sizeof(record));
		struct address address;

		assert_int_equal(record_view(&view, record, len), NFGEO_OK);
		address = view_src(&view);
		assert_int_equal(view_has_addresses(&view), want[i] != NULL);
		if (!want[i]) {
			assert_int_equal(address.family, 0);
			continue;
		}
		address_print(&address, text);
		assert_string_equal(text, want[i]);
	}
	/* Both, element 3 all zero: element 2 counts. */
	record_view(&view, record, make_flow(&flow_case[2], record, sizeof(record)));
	memset(record + view.offset[ELEMENT_IP6], 0, 32);
	record_view(&view, record, view.record_bytes);
	assert_int_equal(view_src(&view).family, AF_INET);
}

static void test_builder_is_bounded(void **state)
{
	struct make_flow flow = {.src4 = 1, .dst4 = 2, .src6 = 3, .dst6 = 4, .flows = 5};
	uint8_t record[512];
	size_t need = make_flow(&flow, record, sizeof(record));

	(void)state;
	assert_int_equal(need, 12 + 12 + 36 + 52 + 28);
	for (size_t room = 0; room < need; room++) {
		uint8_t *exact = malloc(room ? room : 1);

		assert_int_equal(make_flow(&flow, exact, room), 0);
		free(exact);
	}
}

static void test_block_cursor(void **state)
{
	struct make_flow flow = {.src4 = 1, .dst4 = 2};
	struct block block = {0};
	struct block_cursor cursor;
	const uint8_t *record;
	size_t len;

	(void)state;
	for (int i = 0; i < 3; i++)
		make_append(&block, &flow);
	cursor = block_cursor(&block);
	for (int i = 0; i < 3; i++)
		assert_int_equal(block_next(&cursor, &record, &len), 1);
	assert_int_equal(block_next(&cursor, &record, &len), 0);
	/* Sizes that contradict the block. */
	block.record_count = 4;
	cursor = block_cursor(&block);
	for (int i = 0; i < 3; i++)
		assert_int_equal(block_next(&cursor, &record, &len), 1);
	assert_int_equal(block_next(&cursor, &record, &len), NFGEO_ECORRUPT);
	for (unsigned size = 0; size < 4; size++) {
		bytes_put16(block.bytes + 2, (uint16_t)size);
		cursor = block_cursor(&block);
		assert_int_equal(block_next(&cursor, &record, &len), NFGEO_ECORRUPT);
	}
	bytes_put16(block.bytes + 2, (uint16_t)(block.used + 1));
	cursor = block_cursor(&block);
	assert_int_equal(block_next(&cursor, &record, &len), NFGEO_ECORRUPT);
	block_fini(&block);
}

/* More layouts than are kept, in any order, damaged ones in between: each view is what a view that
 * sees the record for the first time says. */
static void test_views(void **state)
{
	enum { CASES = sizeof(layout_case) / sizeof(layout_case[0]) };
	struct record_views views;
	uint32_t random = 1;

	(void)state;
	record_views_init(&views);
	for (unsigned i = 0; i < 20000; i++) {
		struct make_flow flow = {.src4 = i % 3,
					 .src6 = i % 5 == 0,
					 .tagged = i % 2,
					 .src_country = (uint16_t)i,
					 .no_counters = i % 7 == 0,
					 .out_bytes = i % 4 == 0};
		struct record_view fresh, *view;
		uint8_t record[512];
		size_t len;

		random = random * 1664525 + 1013904223;
		len = random >> 31 ? make_flow(&flow, record, sizeof(record))
				   : make_layout((random >> 8) % CASES, record);
		record_view_init(&fresh);
		view = record_views_look(&views, record, sizeof(record));
		if (record_view(&fresh, record, sizeof(record)) != NFGEO_OK) {
			assert_null(view);
			continue;
		}
		assert_non_null(view);
		assert_ptr_equal(view->geo, fresh.geo);
		assert_int_equal(view->present, fresh.present);
		assert_int_equal(view->record_bytes, len);
		for (unsigned id = 1; id < ELEMENT_GEO; id++)
			if (view_has(view, id))
				assert_ptr_equal(view_payload(view, id), view_payload(&fresh, id));
	}
}

static void test_kinds(void **state)
{
	static const struct {
		uint16_t type, size, count, step;
		enum record_kind kind;
	} cases[] = {
		{RECORD_EXPORTER, 32, 0, 0, RECORD_IS_SERVICE},
		{RECORD_EXPORTER, 36, 0, 0, RECORD_IS_UNKNOWN},
		{RECORD_EXPORTER_STATS, 8 + 48, 2, 0, RECORD_IS_SERVICE},
		{RECORD_EXPORTER_STATS, 8 + 48, 3, 0, RECORD_IS_UNKNOWN},
		{RECORD_SAMPLER_OLD, 16, 0, 0, RECORD_IS_SERVICE},
		{RECORD_SAMPLER_OLD, 24, 0, 0, RECORD_IS_UNKNOWN},
		{RECORD_SAMPLER, 24, 0, 0, RECORD_IS_SERVICE},
		{RECORD_SAMPLER, 23, 0, 0, RECORD_IS_UNKNOWN},
		{RECORD_NBAR, 14 + 3 * 20, 3, 20, RECORD_IS_SERVICE},
		{RECORD_NBAR, 12 + 3 * 20, 3, 20, RECORD_IS_UNKNOWN},
		{RECORD_NBAR, 100, 3, 0, RECORD_IS_SERVICE}, /* the faulty form */
		{RECORD_IFNAMES, 12 + 2 * 16, 2, 16, RECORD_IS_SERVICE},
		{RECORD_IFNAMES, 12, 0, 16, RECORD_IS_SERVICE},
		{RECORD_VRFNAMES, 12 + 16, 2, 16, RECORD_IS_UNKNOWN},
		{RECORD_VRFNAMES, 4, 0, 0, RECORD_IS_UNKNOWN},
		{RECORD_SLACK, 4, 0, 0, RECORD_IS_SERVICE},
		{RECORD_FLOW, 4, 0, 0, RECORD_IS_FLOW}, /* that it is damaged, its view says */
		{RECORD_FLOW_V0, 100, 0, 0, RECORD_IS_FOREIGN},
		{RECORD_FLOW_COMMON, 100, 0, 0, RECORD_IS_FOREIGN},
		{RECORD_FLOW_V4, 100, 0, 0, RECORD_IS_FOREIGN},
		{0, 4, 0, 0, RECORD_IS_UNKNOWN},
		{17, 100, 0, 0, RECORD_IS_UNKNOWN},
		{267, 100, 0, 0, RECORD_IS_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t *record = calloc(1, cases[i].size); /* exact, for the sanitizer */

		bytes_put16(record, cases[i].type);
		bytes_put16(record + 2, cases[i].size);
		if (cases[i].size >= 8) {
			bytes_put16(record + 4, cases[i].count);
			bytes_put16(record + 6, cases[i].step);
		}
		if (record_kind(record, cases[i].size) != cases[i].kind)
			fail_msg("case %zu: type %u", i, cases[i].type);
		free(record);
	}
}

/* A flow is one still when its type was changed to whatever else. */
static void test_kind_of_a_changed_type(void **state)
{
	struct make_flow flow = {.src4 = 1, .dst4 = 2};
	uint8_t record[512];
	size_t len = make_flow(&flow, record, sizeof(record));

	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		bytes_put16(record, (uint16_t)type);
		assert_int_not_equal(record_kind(record, len), RECORD_IS_SERVICE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_layout_is_remembered_right),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_geo_tail_per_record),
		cmocka_unit_test(test_set_geo),
		cmocka_unit_test(test_which_addresses),
		cmocka_unit_test(test_builder_is_bounded),
		cmocka_unit_test(test_block_cursor),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_kind_of_a_changed_type),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
