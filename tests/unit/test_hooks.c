/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hooks for collectors of others (include/nfgeo_hooks.h), on single records: tags, filters and what
 * is printed. Their files and their database in the long run: test_hook_files.c.
 */
#include "tests/lib/scratch.h"

#include "tests/lib/hook_records.h"

/* --- without a database: these come first ------------------------------------------------------
 */

static void test_without_database(void **state)
{
	static uint8_t record[BUFFER];
	size_t len = build(&layouts[0], record);
	struct record_view view;
	uint16_t pair[2] = {1, 1};

	(void)state;
	assert_int_equal(nfgeo_tag_record(record, sizeof(record)), 0);
	assert_int_equal(bytes_get16(record + 2), len);
	record_view_init(&view);
	assert_int_equal(record_view(&view, record, len), NFGEO_OK);
	assert_int_equal(nfgeo_known(payload(&view, ELEMENT_IP4), NULL, pair), 0);
	assert_int_equal(nfgeo_missing(), 0);
	assert_int_equal(nfgeo_src(payload(&view, ELEMENT_IP4), NULL), 0);
	assert_int_equal(nfgeo_missing(), 1);
	nfgeo_pair(NULL, NULL, pair); /* a record without addresses misses nothing */
	assert_int_equal(nfgeo_missing(), 1);
	assert_null(nfgeo_rotate());
}

static void test_args(void **state)
{
	char *argv[16];
	int argc;

	(void)state;
	assert_int_equal(take((const char *[]){"p", "-w", "x", NULL}, &argc, argv), NFGEO_OK);
	assert_int_equal(argc, 3);
	assert_int_equal(take((const char *[]){"p", "--geodb", NULL}, &argc, argv), NFGEO_EINVAL);
	assert_non_null(strstr(nfgeo_args_error(), "--geodb needs a file"));
	assert_int_equal(take((const char *[]){"p", "--geodb=/none/of/it", NULL}, &argc, argv),
			 NFGEO_ENODB);
	assert_non_null(strstr(nfgeo_args_error(), "/none/of/it"));
	assert_int_equal(
		take((const char *[]){"p", "--geodbx", "--", "--geodb", NULL}, &argc, argv),
		NFGEO_OK); /* another option, and what follows the end of options */
	assert_int_equal(argc, 4);
	assert_int_equal(take((const char *[]){NULL}, &argc, argv), NFGEO_OK);
}

static void test_load(void **state)
{
	const char *conf = scratch_put("nfdump-geo.conf", hook_conf);
	const char *database = scratch_put("ranges.csv", hook_ranges);
	char *argv[16];
	int argc;

	(void)state;
	assert_int_equal(take((const char *[]){"p", "-x", "--geodb", database, "-y", "--geoconf",
					       conf, "filter", NULL},
			      &argc, argv),
			 NFGEO_OK);
	assert_int_equal(argc, 4);
	assert_string_equal(argv[1], "-x");
	assert_string_equal(argv[2], "-y");
	assert_string_equal(argv[3], "filter");
	assert_null(argv[4]);
}

/* --- with one --------------------------------------------------------------------------------- */

/* Every element of the tagged record is the one that was there, tails apart. */
static void check_elements(const uint8_t *before, const uint8_t *after)
{
	struct record_view old, new;

	record_view_init(&old);
	record_view_init(&new);
	assert_int_equal(record_view(&old, before, BUFFER), NFGEO_OK);
	assert_int_equal(record_view(&new, after, BUFFER), NFGEO_OK);
	assert_int_equal(old.count, new.count);
	for (unsigned i = 0; i < old.count; i++) {
		assert_int_equal(old.order[i], new.order[i]);
		assert_memory_equal(before + old.place[i] + 4, after + new.place[i] + 4,
				    old.payload_bytes[old.order[i]]);
	}
}

static void test_tag_layouts(void **state)
{
	static uint8_t before[BUFFER], record[BUFFER];

	(void)state;
	for (size_t i = 0; i < LAYOUTS; i++) {
		bool six = has(&layouts[i], ELEMENT_IP6);
		unsigned families = six + has(&layouts[i], ELEMENT_IP4);
		size_t len = build(&layouts[i], record);
		uint16_t src, dst, pair[2];
		struct record_view view;

		memcpy(before, record, sizeof(before));
		assert_int_equal(nfgeo_tag_record(record, len + 8 * families - 1), 0); /* no room */
		assert_memory_equal(before, record, sizeof(before));
		assert_int_equal(tag(record, len + 8 * families), 8 * families);
		check_elements(before, record);
		assert_int_equal(nfgeo_record_countries(record, len + 8 * families, &src, &dst), 1);
		assert_int_equal(src, six ? DE : CZ);
		assert_int_equal(dst, US);
		assert_int_equal(nfgeo_tag_record(record, sizeof(record)), 0); /* it has them */

		record_view_init(&view);
		assert_int_equal(record_view(&view, record, len + 8 * families), NFGEO_OK);
		assert_int_equal(nfgeo_tagged(payload(&view, ELEMENT_IP4),
					      payload(&view, ELEMENT_IP6), pair),
				 1);
		assert_int_equal(pair[0], src);
		assert_int_equal(pair[1], US);
	}
}

/* The tail of a record of the last one's shape is that of the first of this shape. */
static void test_same_shape(void **state)
{
	static uint8_t first[BUFFER], second[BUFFER];

	(void)state;
	for (size_t i = 0; i < LAYOUTS; i++) {
		size_t len = build(&layouts[i], first);
		uint32_t added = nfgeo_tag_record(first, sizeof(first));

		build(&layouts[i], second);
		assert_int_equal(nfgeo_tag_record(second, len + added - 1), 0);
		assert_int_equal(nfgeo_tag_record(second, len + added), added);
		assert_memory_equal(first, second, len + added);
	}
}

/* As large and as many elements as the last one, but in another order: the place of the last one's
 * address element is within another element. */
static void test_other_order(void **state)
{
	static const enum element order[2][2] = {{ELEMENT_IP4, ELEMENT_GENERIC},
						 {ELEMENT_GENERIC, ELEMENT_IP4}};
	static uint8_t record[BUFFER];
	struct record_builder builder;
	struct record_view view;
	size_t len = 0;

	(void)state;
	for (int round = 0; round < 4; round++) {
		memset(record, 0, sizeof(record));
		record_begin(&builder, record, sizeof(record));
		for (int k = 0; k < 2; k++)
			record_element(&builder, order[round & 1][k],
				       element_table[order[round & 1][k]].bytes);
		len = record_end(&builder);
		assert_int_equal(nfgeo_tag_record(record, len + 8), 8);
		record_view_init(&view);
		assert_int_equal(record_view(&view, record, len + 8), NFGEO_OK);
		assert_int_equal(nfgeo_tagged(payload(&view, ELEMENT_IP4), NULL, NULL), 1);
	}
}

static void test_damaged(void **state)
{
	static uint8_t record[BUFFER];
	size_t len = build(&layouts[0], record);
	static const struct {
		unsigned at;
		uint16_t value;
	} damage[] = {
		{0, 12},		      /* another type */
		{2, BUFFER + 1},	      /* leaves its room */
		{2, 40},		      /* ends within an element */
		{4, 99},		      /* more elements than there are */
		{14, 3},		      /* an element shorter than its header */
		{14, 0},	 {14, 60000}, /* and one that leaves the record */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(damage) / sizeof(*damage); i++) {
		uint8_t copy[BUFFER];

		memcpy(copy, record, sizeof(copy));
		assert_int_equal(tag(copy, sizeof(copy)), 8); /* now its shape is known */
		memcpy(copy, record, sizeof(copy));
		bytes_put16(copy + damage[i].at, damage[i].value);
		assert_int_equal(nfgeo_tag_record(copy, sizeof(copy)), 0);
		bytes_put16(copy + damage[i].at, bytes_get16(record + damage[i].at));
		assert_memory_equal(copy, record, len);
	}
	assert_int_equal(nfgeo_tag_record(record, 11), 0);
}

/* An address element that is longer already is not ours to extend. */
static void test_foreign_tail(void **state)
{
	static uint8_t record[BUFFER];
	struct record_builder builder;
	uint8_t *at;

	(void)state;
	record_begin(&builder, record, sizeof(record));
	at = record_element(&builder, ELEMENT_IP4, 16);
	bytes_put32(at, IP_CZ);
	bytes_put32(at + 4, IP_US);
	record_end(&builder);
	assert_int_equal(nfgeo_tagged(at, NULL, NULL), 0);
	assert_int_equal(nfgeo_tag_record(record, sizeof(record)), 0);
	assert_int_equal(nfgeo_src(at, NULL), CZ); /* looked up */
}

static void test_stored_wins(void **state)
{
	static uint8_t record[BUFFER];
	struct record_view view;
	uint8_t *el2;

	(void)state;
	build(&layouts[9], record);
	tag(record, sizeof(record));
	record_view_init(&view);
	record_view(&view, record, sizeof(record));
	el2 = record + view.offset[ELEMENT_IP4];
	assert_int_equal(nfgeo_put_pair(record, sizeof(record), 0, DE), 0);
	assert_int_equal(nfgeo_src(el2, NULL), 0);
	assert_int_equal(nfgeo_dst(el2, NULL), DE);
	nfgeo_swap(el2, NULL);
	assert_int_equal(nfgeo_src(el2, NULL), DE);
	assert_int_equal(nfgeo_dst(el2, NULL), 0);
	nfgeo_put_pair(record, sizeof(record), CZ, DE);
	nfgeo_clear_sides(el2, 0, 0);
	assert_int_equal(nfgeo_src(el2, NULL), CZ);
	nfgeo_clear_sides(el2, 0, 1);
	assert_int_equal(nfgeo_src(el2, NULL), CZ);
	assert_int_equal(nfgeo_dst(el2, NULL), 0);
	nfgeo_put_pair(record, sizeof(record), CZ, DE);
	nfgeo_clear_sides(el2, 1, 0);
	assert_int_equal(nfgeo_src(el2, NULL), 0);
	assert_int_equal(nfgeo_dst(el2, NULL), DE);
	bytes_put32(el2, IP_US); /* anonymised */
	nfgeo_clear(el2);
	assert_int_equal(nfgeo_tagged(el2, NULL, NULL), 1);
	assert_int_equal(nfgeo_src(el2, NULL), 0);
	assert_int_equal(nfgeo_shown(NFGEO_PRIVATE), 0);
	assert_int_equal(nfgeo_shown(CZ), CZ);
}

/* What aggregation writes: a record of counters alone gets addresses of zeros for its pair. */
static void test_put_pair(void **state)
{
	static uint8_t record[BUFFER];
	struct record_builder builder;
	uint16_t src, dst;
	size_t len;

	(void)state;
	record_begin(&builder, record, sizeof(record));
	record_element(&builder, ELEMENT_GENERIC, 48);
	len = record_end(&builder);
	assert_int_equal(nfgeo_put_pair(record, len + NFGEO_PUT_ROOM - 1, CZ, US), 0);
	assert_int_equal(nfgeo_put_pair(record, len + NFGEO_PUT_ROOM, CZ, US), 20);
	assert_int_equal(nfgeo_record_countries(record, len + 20, &src, &dst), 1);
	assert_int_equal(src, CZ);
	assert_int_equal(dst, US);
}

static void test_set(void **state)
{
	static const struct {
		const char *clause;
		uint16_t src, dst;
		int match;
	} cases[] = {
		{"ctry CZ", CZ, US, 1},
		{"ctry CZ", US, CZ, 1},
		{"ctry CZ", US, DE, 0},
		{"src ctry 203", US, CZ, 0},
		{"DST COUNTRY cze", US, CZ, 1},
		{"src and dst ctry CZ", CZ, US, 0},
		{"src or dst ctry in [ 276,\n 840 CZ ]", 0, DE, 1},
		{"src ctry @V4", CZ, 0, 1},
		{"dst ctry in [@EU CH]", CZ, 756, 1},
		{"ctry 0", NFGEO_PRIVATE, CZ, 1},
		{"ctry private", NFGEO_PRIVATE, CZ, 1},
		{"ctry private", 0, CZ, 0},
		{"src ctry > 0", NFGEO_PRIVATE, 0, 0},
		{"src ctry <= 203", CZ, 0, 1},
		{"src ctry = dst ctry", CZ, CZ, 1},
		{"src ctry != dst ctry", CZ, 0, 0},
		{"ctry in", 356, 0, 1}, /* India */
	};
	static const struct {
		const char *clause, *error;
	} wrong[] = {
		{"ctry XQ", "Unknown country code 'XQ'"},
		{"ctry 1000", "Country number must be 0..999"},
		{"ctry 2k", "Country number must be a plain decimal number"},
		{"ctry > CZ", "Country names can only be compared for equality"},
		{"ctry in [ ]", "Empty country list"},
		{"ctry @NATO", "Unknown country group '@NATO'"},
		{"ctry", "syntax error"},
		{"", "not a country primitive"},
		{"port 80", "not a country primitive"},
		{"ctry CZ and port 80", "not a country primitive"},
		{"@include /etc/passwd", "@include"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *error = NULL;
		struct nfgeo_set *set = nfgeo_set_parse(cases[i].clause, &error);

		if (!set)
			fail_msg("%s: %s", cases[i].clause, error);
		if (nfgeo_set_match(set, cases[i].src, cases[i].dst) != cases[i].match)
			fail_msg("%s: %d, %d", cases[i].clause, cases[i].src, cases[i].dst);
		nfgeo_set_free(set);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		const char *error = NULL;

		assert_null(nfgeo_set_parse(wrong[i].clause, &error));
		if (!strstr(error, wrong[i].error) || strchr(error, '\n') || strstr(error, "Line "))
			fail_msg("%s: %s", wrong[i].clause, error);
	}
}

static void test_json(void **state)
{
	static uint8_t record[BUFFER];
	struct record_view view;
	char text[160], *end;

	(void)state;
	build(&layouts[9], record);
	tag(record, sizeof(record));
	nfgeo_put_pair(record, sizeof(record), CZ, NFGEO_PRIVATE);
	record_view_init(&view);
	record_view(&view, record, sizeof(record));
	end = nfgeo_json(text, payload(&view, ELEMENT_IP4), NULL, 0);
	assert_ptr_equal(end, text + strlen(text));
	assert_string_equal(text, "\"src_ctry\":203,\"dst_ctry\":0,"
				  "\"src_ctry_a2\":\"CZ\",\"dst_ctry_a2\":null,");
	nfgeo_json(text, payload(&view, ELEMENT_IP4), NULL, 1);
	assert_non_null(strstr(text, "  \"dst_ctry_a2\" : null,\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_database),
		cmocka_unit_test(test_args),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_tag_layouts),
		cmocka_unit_test(test_same_shape),
		cmocka_unit_test(test_other_order),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_foreign_tail),
		cmocka_unit_test(test_stored_wins),
		cmocka_unit_test(test_put_pair),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_drop);
}
