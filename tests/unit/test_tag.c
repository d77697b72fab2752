/* SPDX-License-Identifier: BSD-3-Clause */
/* Countries into records: which records, which of two addresses, and every other byte as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flow/geotail.h"
#include "geo/build.h"
#include "geo/tag.h"

enum { MANY = 700 }; /* more than one batch */

static struct geo_table *make_table(void)
{
	static const struct {
		const char *prefix;
		uint16_t code;
	} rows[] = {{"8.0.0.0/8", 840}, {"9.0.0.0/8", 276}, {"2a00::/12", 203}, {"2600::/12", 124}};
	struct geo_builder *builder = geo_builder_new();
	struct geo_provenance provenance = {.type = "test"};
	struct geo_table *table;
	struct error error;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct prefix prefix;

		prefix_parse(rows[i].prefix, &prefix);
		geo_builder_prefix(builder, GEO_LAYER_DATABASE, &prefix, rows[i].code);
	}
	assert_int_equal(geo_builder_finish(builder, &provenance, &table, &error), NFGEO_OK);
	geo_builder_free(builder);
	return table;
}

/* What a record of a case is made of. */
struct shape {
	unsigned tail4, tail6; /* bytes behind the stock payload */
	bool has4, has6, zero6, magic, other_type;
	uint16_t src, dst;     /* in the tail, when there is magic */
};

static void put_tail(uint8_t *payload, size_t stock, unsigned tail, const struct shape *shape)
{
	if (tail)
		memset(payload + stock, 0xee, tail);
	if (tail && shape->magic)
		geotail_write(payload + stock, shape->src, shape->dst);
}

static void add_record(struct block *block, const struct shape *shape)
{
	struct record_builder builder;
	uint8_t *payload;
	size_t len;

	record_begin(&builder, block_reserve(block, 512), 512);
	payload = record_element(&builder, ELEMENT_GENERIC, 48);
	memset(payload, 0xa5, 48);
	if (shape->has4) {
		payload = record_element(&builder, ELEMENT_IP4, 8 + shape->tail4);
		bytes_put32(payload, 0x08080808);
		bytes_put32(payload + 4, 0x09090909);
		put_tail(payload, 8, shape->tail4, shape);
	}
	if (shape->has6) {
		payload = record_element(&builder, ELEMENT_IP6, 32 + shape->tail6);
		bytes_put64(payload, shape->zero6 ? 0 : 0x2a00ull << 48);
		bytes_put64(payload + 16, shape->zero6 ? 0 : 0x2600ull << 48);
		put_tail(payload, 32, shape->tail6, shape);
	}
	payload = record_element(&builder, ELEMENT_MISC, 16);
	memset(payload, 0x5a, 16);
	len = record_end(&builder);
	if (shape->other_type)
		bytes_put16(block->bytes + block->used, 200);
	block_commit(block, len);
}

static struct block make_block(const struct shape *shape, size_t count)
{
	struct block block;

	assert_int_equal(block_init(&block, (count + 1) * 512), NFGEO_OK);
	for (size_t i = 0; i < count; i++)
		add_record(&block, &shape[i]);
	return block;
}

/* The n-th record of a block. */
static struct record_view nth(const struct block *block, size_t n)
{
	struct block_cursor cursor = block_cursor(block);
	struct record_view view;
	const uint8_t *record = NULL;
	size_t len = 0;

	do
		assert_int_equal(block_next(&cursor, &record, &len), 1);
	while (n--);
	record_view_init(&view);
	assert_int_equal(record_view(&view, record, len), NFGEO_OK);
	return view;
}

static void assert_pair(const struct record_view *view, uint16_t src, uint16_t dst)
{
	assert_true(view_has(view, ELEMENT_GEO));
	assert_int_equal(view_src_country(view), src);
	assert_int_equal(view_dst_country(view), dst);
}

/* Both tails of a record with two address elements are the same. */
static void assert_equal_tails(const struct record_view *view)
{
	assert_memory_equal(view_payload(view, ELEMENT_IP4) + 8,
			    view_payload(view, ELEMENT_IP6) + 32, GEOTAIL_BYTES);
}

static const struct shape plain4 = {.has4 = true}, plain6 = {.has6 = true};
static const struct shape blank4 = {.has4 = true, .tail4 = 8, .magic = true};
static const struct shape dual = {
	.has4 = true, .has6 = true, .tail4 = 8, .tail6 = 8, .magic = true};
static const struct shape dual_zero6 = {
	.has4 = true, .has6 = true, .zero6 = true, .tail4 = 8, .tail6 = 8, .magic = true};
static const struct shape tagged = {
	.has4 = true, .tail4 = 16, .magic = true, .src = 36, .dst = 554};

static void test_block(void **state)
{
	const struct shape shapes[] = {blank4, plain4, dual, dual_zero6, tagged, {0},
				       {.has6 = true, .tail6 = 16, .magic = true}};
	struct block block = make_block(shapes, 7);
	struct geo_table *table = make_table();
	struct record_view view;
	struct block_cursor cursor = block_cursor(&block);
	const uint8_t *record;
	size_t len;

	(void)state;
	block_next(&cursor, &record, &len); /* the first was tagged before: not looked at again */
	tag_block(&block, cursor.at, 6, table, NULL);
	view = nth(&block, 0);
	assert_pair(&view, 0, 0);
	view = nth(&block, 1);
	assert_false(view_has(&view, ELEMENT_GEO));
	view = nth(&block, 2);
	assert_pair(&view, 203, 124);
	assert_equal_tails(&view);
	view = nth(&block, 3);
	assert_pair(&view, 840, 276);
	assert_equal_tails(&view);
	view = nth(&block, 4);
	assert_pair(&view, 840, 276);
	assert_int_equal(view_payload(&view, ELEMENT_IP4)[16], 0xee); /* its AS numbers stay */
	view = nth(&block, 6);
	assert_pair(&view, 203, 124);
	block_fini(&block);
	geo_table_unref(table);
}

/* A table that says `code` for half of each family's addresses, in stripes of /12. */
static struct geo_table *striped_table(uint16_t code)
{
	struct geo_builder *builder = geo_builder_new();
	struct geo_provenance provenance = {.type = "stripes"};
	struct geo_table *table;
	struct error error;

	for (uint32_t i = 0; i < 4096; i += 2) {
		struct prefix four = {address_ip4(i << 20), 12};
		struct prefix six = {address_ip6((uint64_t)i << 52, 0), 12};

		geo_builder_prefix(builder, GEO_LAYER_DATABASE, &four, code);
		geo_builder_prefix(builder, GEO_LAYER_DATABASE, &six, code);
	}
	assert_int_equal(geo_builder_finish(builder, &provenance, &table, &error), NFGEO_OK);
	geo_builder_free(builder);
	return table;
}

/* One tagged record of an address that comes and goes, with remembered answers and without. */
static void check_recent(const struct geo_table *table, struct geo_recent *recent, bool six,
			 uint64_t number)
{
	struct block block = make_block(six ? &(struct shape){.has6 = true, .tail6 = 8, .magic = true}
					    : &blank4, 1);
	struct record_view view = nth(&block, 0);
	uint8_t *at = block.bytes + view.offset[six ? ELEMENT_IP6 : ELEMENT_IP4];
	uint16_t src, dst;

	if (six) {
		bytes_put64(at, number << 32);
		bytes_put64(at + 8, number % 3);
		bytes_put64(at + 16, number << 40);
		bytes_put64(at + 24, number % 5);
		src = geo_lookup6(table, number << 32, number % 3);
		dst = geo_lookup6(table, number << 40, number % 5);
	} else {
		bytes_put32(at, (uint32_t)number);
		bytes_put32(at + 4, (uint32_t)number * 7);
		src = geo_lookup4(table, (uint32_t)number);
		dst = geo_lookup4(table, (uint32_t)number * 7);
	}
	tag_block(&block, 0, 1, table, recent);
	view = nth(&block, 0);
	assert_pair(&view, src, dst);
	block_fini(&block);
}

/* The same addresses again and again, collisions among them, and another table in between. */
static void test_recent(void **state)
{
	struct geo_table *table[] = {striped_table(203), striped_table(840)};
	struct geo_recent *recent = geo_recent_new();

	(void)state;
	assert_non_null(recent);
	assert_true(geo_table_serial(table[0]) != geo_table_serial(table[1]));
	for (unsigned round = 0; round < 4; round++)
		for (uint64_t i = 0; i < 5000; i++) {
			uint64_t number = (i % 2500) * 2654435761u & 0xffffffff;

			check_recent(table[round / 2], recent, i % 2, number);
		}
	geo_recent_free(recent);
	geo_table_unref(table[0]);
	geo_table_unref(table[1]);
}

static void test_fill(void **state)
{
	const struct shape shapes[] = {plain4, tagged, {0}, plain6,
				       {.has4 = true, .other_type = true},
				       {.has4 = true, .has6 = true}};
	static const uint16_t expected[] = {840, 276, 0, 0, 0, 0, 203, 124, 0, 0, 203, 124};
	struct block block = make_block(shapes, 6);
	struct geo_table *table = make_table();
	uint16_t pair[12];

	(void)state;
	memset(pair, 0xff, sizeof(pair));
	assert_int_equal(tag_fill(&block, table, pair), 3);
	assert_memory_equal(pair, expected, sizeof(pair));
	block_fini(&block);
	geo_table_unref(table);
}

static void test_many(void **state)
{
	static struct shape shapes[2 * MANY];
	static uint16_t pair[4 * MANY];
	struct geo_table *table = make_table();
	struct block block;

	(void)state;
	for (size_t i = 0; i < 2 * MANY; i++)
		shapes[i] = i % 2 ? plain6 : plain4;
	block = make_block(shapes, 2 * MANY);
	assert_int_equal(tag_fill(&block, table, pair), 2 * MANY);
	for (size_t i = 0; i < 2 * MANY; i++) {
		assert_int_equal(pair[2 * i], i % 2 ? 203 : 840);
		assert_int_equal(pair[2 * i + 1], i % 2 ? 124 : 276);
	}
	block_fini(&block);
	geo_table_unref(table);
}

/* Taking the tails away again gives the bytes that were there before. */
static void test_copy_keeps_every_byte(void **state)
{
	const struct shape shapes[] = {plain4, plain6, {.has4 = true, .has6 = true}, {0},
				       {.has4 = true, .other_type = true},
				       {.has4 = true, .tail4 = 4}, {.has4 = true, .tail4 = 8}};
	struct block block = make_block(shapes, 7), copy;
	struct geo_table *table = make_table();
	uint64_t count;
	uint8_t bare[512];

	(void)state;
	block_init(&copy, 64);
	assert_int_equal(tag_copy(&block, table, false, &copy, &count), NFGEO_OK);
	assert_int_equal(count, 3);
	assert_int_equal(copy.record_count, 7);
	for (size_t i = 0; i < 7; i++) {
		struct record_view before = nth(&block, i), after = nth(&copy, i);

		assert_int_equal(geotail_remove(&after, bare), before.record_bytes);
		assert_memory_equal(bare, before.bytes, before.record_bytes);
		assert_int_equal(view_has(&after, ELEMENT_GEO), i < 3);
	}
	block_fini(&block);
	block_fini(&copy);
	geo_table_unref(table);
}

static void test_copy_restamps_when_asked(void **state)
{
	const struct shape shapes[] = {tagged, plain4};
	struct block block = make_block(shapes, 2), copy, again;
	struct geo_table *table = make_table();
	struct record_view view;
	uint64_t count;

	(void)state;
	block_init(&copy, 64);
	block_init(&again, 64);
	assert_int_equal(tag_copy(&block, table, false, &copy, &count), NFGEO_OK);
	assert_int_equal(count, 1);
	assert_null(copy.provenance); /* two databases' answers in one block */
	view = nth(&copy, 0);
	assert_pair(&view, 36, 554);
	assert_int_equal(tag_copy(&copy, table, true, &again, &count), NFGEO_OK);
	assert_int_equal(count, 2);
	assert_ptr_equal(again.provenance, geo_table_provenance(table));
	assert_int_equal(again.used, copy.used); /* no second tail */
	view = nth(&again, 0);
	assert_pair(&view, 840, 276);
	block_fini(&block);
	block_fini(&copy);
	block_fini(&again);
	geo_table_unref(table);
}

static void test_copy_of_damage(void **state)
{
	const struct shape shapes[] = {plain4, plain4};
	struct block block = make_block(shapes, 2), copy;
	struct geo_table *table = make_table();
	uint64_t count;

	(void)state;
	block_init(&copy, 64);
	block.used -= 3; /* the last record is cut */
	assert_int_equal(tag_copy(&block, table, false, &copy, &count), NFGEO_ECORRUPT);
	assert_int_equal(copy.record_count, 1);
	block_fini(&block);
	block_fini(&copy);
	geo_table_unref(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_block),
		cmocka_unit_test(test_recent),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_copy_keeps_every_byte),
		cmocka_unit_test(test_copy_restamps_when_asked),
		cmocka_unit_test(test_copy_of_damage),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("tag", tests, NULL, NULL);
}
