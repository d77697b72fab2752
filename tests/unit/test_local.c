/* SPDX-License-Identifier: BSD-3-Clause */
/* Local networks and geofeeds: what is read, what is refused and how it says so, what it beats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "geo/build.h"
#include "geo/country.h"
#include "geo/local.h"

static struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, &address), NFGEO_OK);
	return address;
}

static struct local_nets *local(const char *text)
{
	struct local_nets *nets;
	struct error error;

	if (local_parse(&nets, "nets", text, strlen(text), &error) != NFGEO_OK)
		fail_msg("%s", error.text);
	return nets;
}

static void test_lines(void **state)
{
	static const struct {
		const char *address, *site;
		uint16_t code;
		int line;
	} cases[] = {
		{"10.1.2.3", "Prague, main site", 203, 3},   {"10.1.255.255", "Prague, main site", 203, 3},
		{"10.2.0.1", "", CLASS_PRIVATE, 4},	     {"192.0.2.1", "one host", 703, 5},
		{"2001:db8:1::1", "v6 lab", 40, 6},	     {"2001:db8:1:1::1", "", 983, 7},
		{"172.16.0.1", NULL, 0, 0},		     {"2001:db8:2::1", NULL, 0, 0},
	};
	struct local_nets *nets = local("\xef\xbb\xbf# our networks\n\r\n"
					"10.1.0.0/16\tCZ  Prague, main site  \r\n"
					"  10.0.0.0/8 private # the rest\n"
					"192.0.2.1 SVK one host#comment\n"
					"2001:db8:1::/48 040 v6 lab\n"
					"2001:db8:1:1::/64 xk");

	(void)state;
	assert_int_equal(local_count(nets), 5);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct address address = address_of(cases[i].address);
		const struct local_net *net = local_find(nets, &address);

		if (!cases[i].site) {
			assert_null(net);
			continue;
		}
		assert_non_null(net);
		assert_string_equal(net->site, cases[i].site);
		assert_int_equal(net->code, cases[i].code);
		assert_int_equal(net->line, cases[i].line);
	}
	local_free(nets);
	assert_null(local_find(NULL, &(struct address){0, 0, AF_INET}));
}

static void test_messages(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"10.1.2.3/8 CZ\n",
		 "nets:1: 10.1.2.3/8 has bits set behind its first 8: the network is 10.0.0.0/8"},
		{"\n2001:db8::1/64 CZ\n", "nets:2: 2001:db8::1/64 has bits set behind its first "
					  "64: the network is 2001:db8::/64"},
		{"10.0.0.0/33 CZ\n",
		 "nets:1: '10.0.0.0/33' is no prefix: write ADDRESS/BITS, as in 192.0.2.0/24"},
		{"CZ 10.0.0.0/8\n",
		 "nets:1: 'CZ' is no prefix: write ADDRESS/BITS, as in 192.0.2.0/24"},
		{"10.0.0.0/8 XQ\n", "nets:1: unknown country 'XQ': write letters (CZ), a number "
				    "(203) or a class (private)"},
		{"10.0.0.0/8\n", "nets:1: unknown country '': write letters (CZ), a number (203) "
				 "or a class (private)"},
		{"10.0.0.0/8 AN\n", "nets:1: unknown country 'AN' - did you mean BQ, CW or SX: "
				    "write letters (CZ), a number (203) or a class (private)"},
		{"10.0.0.0/8 CZ\n# x\n10.1.0.0/16 SK\n10.0.0.0/8 SK\n",
		 "nets:4: 10.0.0.0/8 contradicts line 1: one prefix, two countries"},
		{"10.0.0.0/8 CZ \x1b[2J\n",
		 "nets:1: control character 0x1b: is this a text file?"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct local_nets *nets = (struct local_nets *)state;
		struct error error = {0};

		assert_int_equal(local_parse(&nets, "nets", cases[i].text, strlen(cases[i].text),
					     &error), NFGEO_EINVAL);
		assert_string_equal(error.text, cases[i].message);
		assert_null(nets);
	}
	local_free(local("10.0.0.0/8 CZ a\n10.0.0.0/8 CZ b\n")); /* twice the same is no harm */
	local_free(local(""));
}

static char logged[512];

static void keep_log(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)arg;
	snprintf(logged, sizeof(logged), "%s", line);
}

static void test_geofeed(void **state)
{
	static const char text[] = "# feed\n"
				   "192.0.2.0/24,CZ,CZ-10,Prague,\n"
				   "198.51.100.0/24,,,,\n"		/* do not locate */
				   "203.0.113.0/24,ZZ\r\n"
				   "\"2001:db8::/32\" , \"sk\" ,\"a, b\"\n"
				   "nonsense,US\n"
				   "198.51.100.0/25,XQ,,,\n"
				   "8.8.8.0/24,US,,,\n8.8.8.0/24,CA,,,\n" /* nobody can tell */
				   "9.9.9.0/24,US,,,\n9.9.9.0/24,US,,,\n";
	struct local_nets *nets;
	struct error error;
	struct address address = address_of("192.0.2.200");

	(void)state;
	log_to(keep_log, NULL);
	assert_int_equal(geofeed_parse(&nets, "feed", text, strlen(text), &error), NFGEO_OK);
	log_to(NULL, NULL);
	assert_string_equal(logged, "feed: 3 lines left out, the first is line 6: 'nonsense' is no "
				    "prefix: write ADDRESS/BITS, as in 192.0.2.0/24");
	assert_int_equal(local_find(nets, &address)->code, 203);
	address = address_of("2001:db8::1");
	assert_int_equal(local_find(nets, &address)->code, 703);
	address = address_of("8.8.8.8");
	assert_null(local_find(nets, &address));
	address = address_of("203.0.113.1");
	assert_null(local_find(nets, &address));
	assert_int_equal(local_count(nets), 3);
	local_free(nets);
	assert_int_equal(geofeed_parse(&nets, "feed", "hello\nworld\n", 12, &error), NFGEO_EINVAL);
	assert_string_equal(error.text, "feed:1: 'hello' is no prefix: write ADDRESS/BITS, as in "
					"192.0.2.0/24; no line of this file is one of a geofeed");
}

/* Local networks beat geofeeds, those beat the database, that beats the class. */
static void test_layers(void **state)
{
	static const struct {
		const char *address;
		uint16_t code;
	} cases[] = {
		{"8.8.8.8", 203}, {"8.8.9.1", 276}, {"8.9.0.1", 840}, {"10.1.1.1", 703},
		{"10.2.2.2", CLASS_PRIVATE}, {"8.7.0.1", 840},
	};
	static const char feed_text[] = "8.8.0.0/16,DE\n8.8.8.8/32,DE\n";
	struct local_nets *nets = local("8.8.8.0/24 CZ\n10.1.0.0/16 SK\n"), *feed;
	struct geo_builder *builder = geo_builder_new();
	struct geo_provenance provenance = {.type = "test"};
	struct geo_table *table;
	struct prefix prefix;
	struct error error;

	(void)state;
	assert_int_equal(geofeed_parse(&feed, "feed", feed_text, strlen(feed_text), &error), 0);
	assert_int_equal(local_apply(nets, GEO_LAYER_LOCAL, builder), NFGEO_OK);
	assert_int_equal(local_apply(feed, GEO_LAYER_FEED, builder), NFGEO_OK);
	prefix_parse("8.0.0.0/8", &prefix);
	geo_builder_prefix(builder, GEO_LAYER_DATABASE, &prefix, 840);
	prefix_parse("8.8.8.8/32", &prefix);
	geo_builder_prefix(builder, GEO_LAYER_DATABASE, &prefix, 124);
	assert_int_equal(geo_builder_finish(builder, &provenance, &table, &error), NFGEO_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct address address = address_of(cases[i].address);

		if (geo_lookup(table, &address) != cases[i].code)
			fail_msg("%s is %u", cases[i].address, geo_lookup(table, &address));
	}
	geo_table_unref(table);
	geo_builder_free(builder);
	local_free(nets);
	local_free(feed);
}

/* What is no file is refused with its name; a named pipe without a writer must not hang. */
static void test_no_file(void **state)
{
	char path[] = "/tmp/test_local.XXXXXX";
	struct local_nets *nets;
	struct error error;

	(void)state;
	assert_int_equal(local_load(&nets, "/nonexistent/nets", &error), NFGEO_ENOTFOUND);
	assert_null(nets);
	assert_string_equal(error.text, "cannot read the local networks: /nonexistent/nets: no such "
					"file");
	assert_non_null(mkdtemp(path));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(geofeed_load(&nets, path, &error), NFGEO_EINVAL);
	assert_non_null(strstr(error.text, path));
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	cmocka_unit_test(test_messages),
		cmocka_unit_test(test_geofeed), cmocka_unit_test(test_layers),
		cmocka_unit_test(test_no_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}
