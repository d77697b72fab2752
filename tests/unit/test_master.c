/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo_master.h, the adaptor for nfdump 1.7.1, compiled against types of our own that have no more
 * than it asks for: names and places of members, nothing of what nfdump does.
 */
#include "base/bytes.h"
#include "flow/geotail.h"
#include "flow/record.h"
#include "tests/lib/scratch.h"

/* Read as 64-bit words by filters and statistics, so ctry begins one. */
typedef struct {
	uint64_t other[3];
	uint16_t ctry[4];
	char src_geo[4], dst_geo[4];
} master_record_t;

typedef struct {
	uint32_t header[3];
} dataBlock_t;

typedef struct {
	dataBlock_t *block_header;
} mock_file;

#define WRITE_BUFFSIZE 1000

#include "nfgeo_master.h"

enum { CZ = 203, US = 840 };

/* Payloads of an address element, with its header before and room for its tail. */
static uint8_t element[32], *const payload = element + 4;

enum { IP_CZ = 0xc3710001u, IP_US = 0x08080808u, IP_PRIVATE = 0x0a000001u };

/* The flow as it is unpacked; with `tagged` the element carries its countries. */
static master_record_t unpack(uint32_t src, uint32_t dst, bool tagged)
{
	master_record_t flow = {.src_geo = "..", .dst_geo = "??"};

	memset(element, 0, sizeof(element));
	bytes_put16(element, ELEMENT_IP4);
	bytes_put16(element + 2, 12);
	bytes_put32(payload, src);
	bytes_put32(payload + 4, dst);
	if (tagged) {
		uint16_t pair[2];

		nfgeo_pair(payload, NULL, pair);
		geotail_write(payload + 8, pair[0], pair[1]);
		bytes_put16(element + 2, 20);
	}
	nfgeo_expand(&flow, payload, NULL);
	return flow;
}

static uint64_t word_of(const master_record_t *flow, uint64_t mask, unsigned shift)
{
	return (((const uint64_t *)(const void *)flow)[OffsetCtry] & mask) >> shift;
}

/* Without a database first: nothing is known, and filters count that. */
static void test_without_database(void **state)
{
	master_record_t flow = unpack(IP_CZ, IP_US, false);
	uint64_t values[2], missing = nfgeo_missing();
	const char *error;
	struct nfgeo_set *set = nfgeo_set_parse("src ctry 0", &error);

	(void)state;
	assert_int_equal(flow.ctry[2], 0);
	assert_string_equal(flow.src_geo, "..");
	values[1] = (uintptr_t)set;
	nfgeo_match((const uint64_t *)(const void *)&flow, values);
	assert_int_equal(values[0], values[1]); /* unknown is country 0 */
	assert_int_equal(nfgeo_missing(), missing + 1);
	nfgeo_set_free(set);
}

static void test_load(void **state)
{
	char *argv[] = {"p", "--geoconf=none", "--geodb", NULL, NULL};
	int argc = 4;

	(void)state;
	argv[3] = (char *)(uintptr_t)scratch_put(
		"ranges.csv", "0.0.0.0/5,US\n8.0.0.0/8,US\n16.0.0.0/4,US\n32.0.0.0/3,US\n64.0.0.0/"
			      "2,US\n128.0.0.0/1,CZ\n");
	assert_int_equal(nfgeo_args(&argc, argv), NFGEO_OK);
}

static void test_expand(void **state)
{
	master_record_t flow = unpack(IP_CZ, IP_PRIVATE, true);

	(void)state;
	assert_string_equal(flow.src_geo, "CZ");
	assert_int_equal(word_of(&flow, MaskSrcCtry, ShiftSrcCtry), CZ);
	assert_int_equal(word_of(&flow, MaskDstCtry, ShiftDstCtry), 0); /* a class: not counted */
	assert_int_equal(flow.ctry[3], NFGEO_PRIVATE + 1);
	flow = unpack(IP_US, IP_CZ, false); /* looked up */
	assert_int_equal(word_of(&flow, MaskSrcCtry, ShiftSrcCtry), US);
	assert_int_equal(word_of(&flow, MaskDstCtry, ShiftDstCtry), CZ);
}

static void test_match(void **state)
{
	static const struct {
		const char *clause;
		int match;
	} cases[] = {
		{"src ctry CZ", 1}, {"dst ctry private", 1}, {"dst ctry US", 0}, {"ctry 203", 1}};
	master_record_t flow = unpack(IP_CZ, IP_PRIVATE, true);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *error;
		struct nfgeo_set *set = nfgeo_set_parse(cases[i].clause, &error);
		uint64_t values[2] = {0, (uintptr_t)set};

		assert_non_null(set);
		nfgeo_match((const uint64_t *)(const void *)&flow, values);
		assert_int_equal(values[0] == values[1], cases[i].match);
		nfgeo_set_free(set);
	}
}

static void test_turn(void **state)
{
	master_record_t flow = unpack(IP_CZ, IP_US, true);

	(void)state;
	nfgeo_turn(&flow);
	assert_string_equal(flow.src_geo, "US");
	assert_string_equal(flow.dst_geo, "CZ");
	assert_int_equal(flow.ctry[0], US);
	assert_int_equal(flow.ctry[3], CZ + 1);
}

typedef void printer(FILE *out, const master_record_t *flow);

static void print_scc(FILE *out, const master_record_t *flow)
{
	master_record_t copy = *flow;

	nfgeo_fmt_scc(out, &copy);
	nfgeo_fmt_dcc(out, &copy);
	nfgeo_fmt_sccan(out, &copy);
	nfgeo_fmt_dccan(out, &copy);
}

/* Output of the last call. */
static const char *printed(printer *print, const master_record_t *flow)
{
	static char text[300];
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	memset(text, 0, sizeof(text));
	print(out, flow);
	fclose(out);
	return text;
}

static void test_print(void **state)
{
	master_record_t flow = unpack(IP_PRIVATE, IP_US, true);

	(void)state;
	assert_string_equal(printed(print_scc, &flow), "  0840..US");
	assert_string_equal(printed(nfgeo_json_members, &flow),
			    "\t\"src_ctry\" : 0,\n\t\"dst_ctry\" : 840,\n"
			    "\t\"src_ctry_a2\" : null,\n\t\"dst_ctry_a2\" : \"US\",\n");
	assert_non_null(strstr(printed(nfgeo_raw, &flow), "dst country  =             US 840\n"));
	memset(&flow, 0, sizeof(flow)); /* nothing known: as a stock nfdump */
	assert_string_equal(printed(nfgeo_json_members, &flow), "");
	assert_string_equal(printed(nfgeo_raw, &flow), "");
}

static void test_room(void **state)
{
	static dataBlock_t block[100];
	mock_file file = {block};
	char *begin = (char *)(block + 1);

	(void)state;
	assert_int_equal(nfgeo_room(&file, begin), 1000);
	assert_int_equal(nfgeo_room(&file, begin + 1001), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_database),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_turn),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_drop);
}
