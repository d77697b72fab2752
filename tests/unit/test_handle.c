/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo_handle.h, the adaptor for nfdump 1.7.5 and later, compiled against types of our own that
 * have no more than it asks for: names and places of members, nothing of what nfdump does.
 */
#include "base/bytes.h"
#include "flow/geotail.h"
#include "flow/record.h"
#include "tests/lib/scratch.h"

enum { EXipv4FlowID = ELEMENT_IP4, EXipv6FlowID = ELEMENT_IP6, MAXEXTENSIONS = 40, EXlocal };

typedef struct {
	void *extensionList[MAXEXTENSIONS];
	char before[3]; /* so that nothing lies where it happens to fit */
	char geo[4];
	uint16_t ctry[2];
} recordHandle_t;

typedef struct {
	uint16_t type, size;
} recordHeaderV3_t;

typedef struct {
	uint32_t header[4];
} mock_block;

#define WRITE_BUFFSIZE	 1000
#define GetCursor(block) ((void *)((block) + 1))

#include "nfgeo_handle.h"

enum { CZ = 203, US = 840, BUFFER = 256 };

static uint8_t record[BUFFER];

/* A record of one IPv4 address element, its handle mapped; 10.0.0.1 is `private`. */
static recordHandle_t map_record(uint32_t src, uint32_t dst, bool tagged)
{
	recordHandle_t handle = {0};
	struct record_builder builder;
	uint8_t *at;

	record_begin(&builder, record, sizeof(record));
	at = record_element(&builder, ELEMENT_IP4, 8);
	bytes_put32(at, src);
	bytes_put32(at + 4, dst);
	record_end(&builder);
	if (tagged) {
		assert_int_equal(nfgeo_tag_record(record, sizeof(record)), 8);
		nfgeo_fill(record, bytes_get16(record + 2));
	}
	memcpy(handle.geo, "..??", 4);
	handle.extensionList[EXipv4FlowID] = at;
	nfgeo_mapped(&handle);
	return handle;
}

enum { IP_CZ = 0xc3710001u, IP_US = 0x08080808u, IP_PRIVATE = 0x0a000001u };

static int load(void **state)
{
	char *argv[] = {"p", "--geoconf=none", "--geodb", NULL, NULL};
	int argc = 4;

	if (scratch_make(state))
		return -1;
	argv[3] = (char *)(uintptr_t)scratch_put(
		"ranges.csv", "0.0.0.0/5,US\n8.0.0.0/8,US\n16.0.0.0/4,US\n32.0.0.0/3,US\n64.0.0.0/"
			      "2,US\n128.0.0.0/1,CZ\n");
	return nfgeo_args(&argc, argv);
}

static void test_mapped(void **state)
{
	recordHandle_t handle = map_record(IP_CZ, IP_US, true);

	(void)state;
	assert_memory_equal(handle.geo, "CZUS", 4);
	handle = map_record(IP_CZ, IP_US, false); /* nothing stored: the program's own answer */
	assert_memory_equal(handle.geo, "..??", 4);
}

static void test_pair_of(void **state)
{
	recordHandle_t handle = map_record(IP_PRIVATE, IP_US, true);
	uint16_t *src = nfgeo_stat((char *)&handle + OFFsrcCtry, &handle);
	uint16_t *dst = nfgeo_stat((char *)&handle + OFFdstCtry, &handle);

	(void)state;
	assert_int_equal(SizeCtry, sizeof(*src));
	assert_int_equal(*src, 0); /* a class of addresses is not counted as a country */
	assert_int_equal(*dst, US);
	assert_int_equal(nfgeo_handle_src(&handle), 0);
	assert_int_equal(nfgeo_handle_dst(&handle), US);
}

static void test_match(void **state)
{
	recordHandle_t handle = map_record(IP_CZ, IP_PRIVATE, true);
	static const char *const clause[] = {"src ctry CZ", "dst ctry private", "dst ctry CZ"};
	const char *error;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct nfgeo_set *set = nfgeo_set_parse(clause[i], &error);

		assert_non_null(set);
		assert_int_equal(nfgeo_match(set, &handle), i < 2);
		nfgeo_set_free(set);
	}
}

static void test_turn(void **state)
{
	recordHandle_t handle = map_record(IP_CZ, IP_US, true);

	(void)state;
	nfgeo_pair_of(&handle);
	nfgeo_turn(&handle);
	assert_memory_equal(handle.geo, "USCZ", 4);
	assert_int_equal(handle.ctry[0], US);
	assert_int_equal(handle.ctry[1], CZ);
	assert_int_equal(nfgeo_handle_src(&handle), US);
	assert_int_equal(nfgeo_handle_dst(&handle), CZ);
}

/* What `print` writes for a flow. */
static const char *printed(void (*print)(FILE *, recordHandle_t *), recordHandle_t *handle)
{
	static char text[200];
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	memset(text, 0, sizeof(text));
	print(out, handle);
	fclose(out);
	return text;
}

static void print_raw(FILE *out, recordHandle_t *handle)
{
	nfgeo_raw(out, handle->extensionList[EXipv4FlowID], NULL);
}

static void test_columns(void **state)
{
	recordHandle_t handle = map_record(IP_PRIVATE, IP_US, true);
	char text[16];

	(void)state;
	assert_string_equal(printed(nfgeo_fmt_scc, &handle), "  0");
	assert_string_equal(printed(nfgeo_fmt_dcc, &handle), "840");
	assert_string_equal(printed(nfgeo_fmt_sccan, &handle), "..");
	assert_string_equal(printed(nfgeo_fmt_dccan, &handle), "US");
	assert_ptr_equal(nfgeo_csv_scc(text, &handle), text + 1);
	assert_string_equal(text, "0");
	assert_ptr_equal(nfgeo_csv_dcc(text, &handle), text + 3);
	assert_string_equal(text, "840");
	assert_ptr_equal(nfgeo_csv_sccan(text, &handle), text + 2);
	assert_string_equal(text, "..");
	assert_ptr_equal(nfgeo_csv_dccan(text, &handle), text + 2);
	assert_string_equal(text, "US");
	assert_non_null(strstr(printed(print_raw, &handle), "dst country  =             US 840\n"));
	handle = map_record(IP_CZ, IP_US, false);
	assert_string_equal(printed(print_raw, &handle), ""); /* untagged: as a stock nfdump */
	assert_string_equal(printed(nfgeo_fmt_sccan, &handle), "CZ"); /* looked up */
}

/* Aggregation: the half of the pair that is in the key goes into the new record. */
static void test_keep(void **state)
{
	recordHandle_t handle = map_record(IP_CZ, IP_US, true);
	nfgeo_kept_t kept = nfgeo_keep(&handle), none = nfgeo_keep(&handle);
	uint8_t fresh[BUFFER];
	struct record_builder builder;
	uint16_t src, dst;
	size_t len;

	(void)state;
	assert_false(nfgeo_keep_key(&kept, EXipv4FlowID, 0)); /* an element: goes on as it is */
	assert_true(nfgeo_keep_key(&kept, EXlocal, offsetof(recordHandle_t, geo)));
	assert_int_equal(kept.any, 0);
	assert_true(nfgeo_keep_key(&kept, EXlocal, OFFdstCtry));

	record_begin(&builder, fresh, sizeof(fresh));
	record_element(&builder, ELEMENT_GENERIC, 48);
	len = record_end(&builder);
	nfgeo_store(&none, (recordHeaderV3_t *)(void *)fresh);
	assert_int_equal(bytes_get16(fresh + 2), len);
	nfgeo_store(&kept, (recordHeaderV3_t *)(void *)fresh);
	assert_int_equal(bytes_get16(fresh + 2), len + 20);
	assert_int_equal(nfgeo_record_countries(fresh, len + 20, &src, &dst), 1);
	assert_int_equal(src, 0);
	assert_int_equal(dst, US);
}

static void test_room(void **state)
{
	static mock_block block[100];
	char *begin = (char *)(block + 1);

	(void)state;
	assert_int_equal(nfgeo_room(block, begin), 1000);
	assert_int_equal(nfgeo_room(block, begin + 990), 10);
	assert_int_equal(nfgeo_room(block, begin + 1001), 0); /* it is behind the end already */
}

static char logged[1500];

static void keep_log(const char *format, const char *line)
{
	snprintf(logged, sizeof(logged), format, line);
}

static void test_slot(void **state)
{
	(void)state;
	nfgeo_slot(keep_log);
	assert_non_null(strstr(logged, "Countries: "));
	assert_non_null(strstr(NFGEO_HELP, "--geodb FILE"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mapped),	cmocka_unit_test(test_pair_of),
		cmocka_unit_test(test_match),	cmocka_unit_test(test_turn),
		cmocka_unit_test(test_columns), cmocka_unit_test(test_keep),
		cmocka_unit_test(test_room),	cmocka_unit_test(test_slot),
	};

	return cmocka_run_group_tests(tests, load, scratch_drop);
}
