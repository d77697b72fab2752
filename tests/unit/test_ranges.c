/* SPDX-License-Identifier: BSD-3-Clause */
/* Range texts: every way to write a line, every way to get one wrong, and whole real files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sha256.h"
#include "geo/build.h"
#include "geo/country.h"
#include "geo/ranges.h"
#include "geo/segments.h"

struct answer {
	const char *address;
	uint16_t code;
};

enum { MAX_ANSWERS = 6 };

static struct geo_table *load_text(const char *text, struct geo_provenance *provenance,
				   struct error *error)
{
	struct geo_builder *builder = geo_builder_new();
	struct geo_table *table = NULL;

	if (ranges_load_text("test.csv", text, strlen(text), builder, provenance, error) ==
	    NFGEO_OK)
		assert_int_equal(geo_builder_finish(builder, provenance, &table, error), NFGEO_OK);
	geo_builder_free(builder);
	return table;
}

static void texts_that_are_read(void **state)
{
	static const struct {
		const char *text;
		struct answer answer[MAX_ANSWERS];
	} cases[] = {
		{"# comment\n16777216,16777471,AU\n16777472,16778239,CN\n",
		 {{"0.255.255.255", CLASS_RESERVED},
		  {"1.0.0.0", 36},
		  {"1.0.0.255", 36},
		  {"1.0.1.0", 156},
		  {"1.0.3.255", 156},
		  {"1.0.4.0", 0}}},
		{"2a00::,2a00:0:0:1:8000::,CZ",
		 {{"2a00::", 203}, {"2a00:0:0:1:8000::", 203}, {"2a00:0:0:1:8000::1", 0}}},
		{"\"1.0.0.0\",\"1.0.0.9\",\"cz\",\"more, of it\"\r\n\r\n", {{"1.0.0.9", 203}}},
		{"1.0.0.0/24,CZ\n1.0.0.128/25,DE\n2a00::/16,SK\n",
		 {{"1.0.0.127", 203}, {"1.0.0.128", 276}, {"2a00:ffff::", 703}}},
		{"8.8.8.0/24,US\n::ffff:9.9.9.0/120,CH\n",
		 {{"::ffff:8.8.8.8", 840},
		  {"::ffff:8.8.9.0", 0},
		  {"::ffff:9.9.9.9", 756},
		  {"9.9.9.9", 0}}},
		{"1.0.0.7,SK\n", {{"1.0.0.6", 0}, {"1.0.0.7", 703}, {"1.0.0.8", 0}}},
		{"network,country\n1.0.0.0/24,CZ\n", {{"1.0.0.1", 203}}},
		{"10.0.0.0,10.0.0.1,??\n10.0.0.2,10.0.0.3,EU\n10.0.0.4,10.0.0.5,AP\n"
		 "10.0.0.6,10.0.0.7,-\n10.0.0.8,10.0.0.9,\n",
		 {{"10.0.0.1", 0},
		  {"10.0.0.3", 0},
		  {"10.0.0.5", 0},
		  {"10.0.0.7", 0},
		  {"10.0.0.9", 0},
		  {"10.0.0.10", CLASS_PRIVATE}}},
		{"42540488161975842760550356425300246528,"
		 "42540488241204005274814694018844196863,JP\n",
		 {{"2001::", 392}, {"2001:0:ffff:ffff:ffff:ffff:ffff:ffff", 392}, {"2001:1::", 0}}},
		{"0,18446744073709551615,CZ\n", {{"::", 203}, {"0.0.0.1", CLASS_RESERVED}}},
		{"340282366920938463463374607431768211455,340282366920938463463374607431768211455,"
		 "CZ\n",
		 {{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 203}}},
		{"0.0.0.0,255.255.255.255,XK\n", {{"0.0.0.0", 983}, {"255.255.255.255", 983}}},
		{"\xef\xbb\xbf"
		 "1.0.0.0/8,CZ\r\n",
		 {{"1.0.0.0", 203}, {"2.0.0.0", 0}}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct geo_provenance provenance = {{0}};
		struct error error = {0};
		struct geo_table *table = load_text(cases[i].text, &provenance, &error);

		if (!table)
			fail_msg("case %zu: %s", i, error.text);
		for (const struct answer *want = cases[i].answer;
		     want < cases[i].answer + MAX_ANSWERS && want->address; want++) {
			struct address address;

			assert_int_equal(address_parse(want->address, &address), NFGEO_OK);
			if (geo_lookup(table, &address) != want->code)
				fail_msg("case %zu: %s is %u", i, want->address,
					 geo_lookup(table, &address));
		}
		geo_table_unref(table);
	}
}

/* The message names file, line and value. */
static void texts_that_are_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "test.csv holds no range"},
		{"# only this\n\n", "test.csv holds no range"},
		{"1.0.0.0,1.0.0.1,CZ\n1.0.0.300,1.0.1.1,CZ\n", "test.csv:2: '1.0.0.300' is"},
		{"1.0.0.9,1.0.0.1,CZ\n", "test.csv:1: '1.0.0.1' is not behind"},
		{"1.0.0.9,::2,CZ\n", "test.csv:1: '::2' is not behind"},
		{"1.0.0.0,1.0.0.1,CZE\n", "test.csv:1: 'CZE' is not the two letters"},
		{"1.0.0.0,1.0.0.1,\"Czech Republic\"\n", "'Czech Republic' is not the two"},
		{"1.0.0.0/33,CZ\n", "test.csv:1: '1.0.0.0/33' is neither"},
		{"1.0.0.0/24,x.y\n", "test.csv:1: 'x.y' is not the two letters"},
		{"1.0.0.0,nonsense,CZ\n", "test.csv:1: 'nonsense' is not an address"},
		{"4294967296,2,CZ\n", "test.csv:1: '2' is not behind"},
		{"340282366920938463463374607431768211456,2,CZ\n", "is neither a prefix"},
		{"1.0.0.0,1.0.0.1,CZ\nnetwork,country\n", "test.csv:2: 'network' is neither"},
		{"1.0.0.0,1.0.0.1,CZ\n1.0.0.2,1.0.0.3", "test.csv:2: '' is not the two letters"},
		{"1.0.0.0,1.0.0.1,CZ\n1.0.0.2", "test.csv:2: '' is not the two letters"},
		{"\"1.0.0.0\n", "test.csv:1: '' is not"},
		{"1.0.0.0,1.0.0.1,CZ\n\x01\xff\n", "test.csv:2: "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct geo_provenance provenance = {{0}};
		struct error error = {0};
		struct geo_table *table = load_text(cases[i].text, &provenance, &error);

		if (table || !strstr(error.text, cases[i].message))
			fail_msg("case %zu: '%s'", i, error.text);
	}
}

static void header_gives_provenance(void **state)
{
	struct geo_provenance provenance = {"ranges"};
	struct geo_table *table = load_text("# Generated: Thu, 25 Jun 2026 04:33:59 GMT\n"
					    "# Vendor:    IPFire Project\n1.0.0.0/8,CZ\n",
					    &provenance, NULL);

	(void)state;
	assert_non_null(table);
	assert_string_equal(geo_table_provenance(table)->type, "IPFire Project ranges");
	assert_int_equal(geo_table_provenance(table)->build_epoch_s, 1782362039);
	geo_table_unref(table);
}

static void files_are_hashed_and_dated(void **state)
{
	char path[2][40] = {"/tmp/nfgeo-ranges-1-XXXXXX", "/tmp/nfgeo-ranges-2-XXXXXX"};
	static const char text[2][20] = {"1.0.0.0/8,CZ\n", "2a00::/16,SK\n"};
	const char *paths[] = {path[0], path[1]};
	struct geo_provenance provenance = {{0}};
	struct geo_builder *builder = geo_builder_new();
	struct error error = {0};
	char both[64];
	uint8_t hash[SHA256_HASH_BYTES];

	(void)state;
	for (int i = 0; i < 2; i++) {
		int fd = mkstemp(path[i]);

		assert_int_equal(write(fd, text[i], strlen(text[i])), strlen(text[i]));
		close(fd);
	}
	if (ranges_load(paths, 2, builder, &provenance, &error))
		fail_msg("%s", error.text);
	snprintf(both, sizeof(both), "%s%s", text[0], text[1]);
	sha256(both, strlen(both), hash);
	assert_memory_equal(provenance.sha256, hash, sizeof(hash));
	assert_string_equal(provenance.type, "ranges");
	assert_true(provenance.build_epoch_s > 1600000000);
	unlink(path[0]);
	unlink(path[1]);
	assert_int_equal(ranges_load(paths, 2, builder, &provenance, &error), NFGEO_ENOTFOUND);
	assert_non_null(strstr(error.text, path[0]));
	geo_builder_free(builder);
}

/*
 * A naive reader of tor-geoipdb's two files: a range a line, in order, and no checks. Its answers
 * for the ends of every range, their neighbours, and random addresses must be those of the table.
 */
struct naive {
	struct segments ranges;
	int family;
};

static void naive_load(struct naive *naive, const char *path, int family)
{
	struct file_bytes file;
	char *rest, *line;

	naive->family = family;
	assert_int_equal(file_read(path, &file, NULL), NFGEO_OK);
	for (line = strtok_r((char *)file.bytes, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *last_text = strchr(line, ','), *letters;
		struct address first, last;
		const struct country *country;

		if (*line == '#')
			continue;
		*last_text++ = '\0';
		letters = strchr(last_text, ',');
		*letters++ = '\0';
		if (family == AF_INET) {
			first = address_ip4((uint32_t)strtoul(line, NULL, 10));
			last = address_ip4((uint32_t)strtoul(last_text, NULL, 10));
		} else {
			address_parse(line, &first);
			address_parse(last_text, &last);
		}
		country = country_by_letters(letters, 2);
		segments_add(&naive->ranges, (number128)first.high << 64 | first.low,
			     (number128)last.high << 64 | last.low, country ? country->number : 0);
	}
	assert_false(naive->ranges.unordered);
	file_bytes_fini(&file);
}

static void naive_check(const struct naive *naive, const struct geo_table *table, number128 number)
{
	struct address address = naive->family == AF_INET
					 ? address_ip4((uint32_t)number)
					 : address_ip6((uint64_t)(number >> 64), (uint64_t)number);
	const struct segment *found;
	char text[ADDRESS_TEXT];
	uint16_t want, got = geo_lookup(table, &address);

	number = (number128)address.high << 64 | address.low;
	found = segments_find(&naive->ranges, number);
	want = found ? found->code : country_class_of(&address);
	if (got != want) {
		address_print(&address, text);
		fail_msg("%s is %u, not %u", text, got, want);
	}
}

static uint64_t random64(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

static void naive_compare(const char *path, int family, const struct geo_table *table)
{
	struct naive naive = {{0}};

	naive_load(&naive, path, family);
	assert_true(naive.ranges.count > 100000);
	for (size_t i = 0; i < naive.ranges.count; i++) {
		const struct segment *range = &naive.ranges.item[i];

		naive_check(&naive, table, range->first);
		naive_check(&naive, table, range->last);
		naive_check(&naive, table, range->first - 1);
		naive_check(&naive, table, range->last + 1);
	}
	for (int i = 0; i < 1000000; i++) {
		const struct segment *near = &naive.ranges.item[random64() % naive.ranges.count];

		naive_check(&naive, table, (number128)random64() << 64 | random64());
		naive_check(&naive, table, near->last ^ (random64() & 0xffff));
	}
	segments_fini(&naive.ranges);
}

static void whole_tor_geoipdb(void **state)
{
	const char *paths[] = {getenv("NFGEO_TOR_GEOIP"), getenv("NFGEO_TOR_GEOIP6")};
	struct geo_provenance provenance = {{0}};
	struct geo_builder *builder;
	struct geo_table *table;
	struct error error = {0};

	(void)state;
	builder = geo_builder_new();
	if (ranges_load(paths, 2, builder, &provenance, &error) ||
	    geo_builder_finish(builder, &provenance, &table, &error))
		fail_msg("%s", error.text);
	geo_builder_free(builder);
	assert_true(geo_table_coverage4(table) > 0.9);
	naive_compare(paths[0], AF_INET, table);
	naive_compare(paths[1], AF_INET6, table);
	geo_table_unref(table);
}

static void skipped(void **state)
{
	(void)state;
}

int main(void)
{
	const bool have_tor = getenv("NFGEO_TOR_GEOIP") && getenv("NFGEO_TOR_GEOIP6");
	/* cmocka's own skip() prints "not ok", which counts as a failure. */
	const struct CMUnitTest tor =
		have_tor ? (struct CMUnitTest)cmocka_unit_test(whole_tor_geoipdb)
			 : (struct CMUnitTest){"whole_tor_geoipdb # SKIP NFGEO_TOR_GEOIP and "
					       "NFGEO_TOR_GEOIP6 are not set",
					       skipped, NULL, NULL, NULL};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_that_are_read),
		cmocka_unit_test(texts_that_are_refused),
		cmocka_unit_test(header_gives_provenance),
		cmocka_unit_test(files_are_hashed_and_dated),
		tor,
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
