/* SPDX-License-Identifier: BSD-3-Clause */
/* The public interface, as another program meets it: linked with libnfgeo alone. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "include/nfgeo.h"
#include "tests/lib/scratch.h"

static char ranges[160];

static int setup(void **state)
{
	int status = scratch_make(state);

	strcpy(ranges, scratch_put("ranges.csv",
				   "8.8.8.0,8.8.8.255,US\n195.113.0.0/16,CZ\n2001:718::/32,CZ\n"));
	setenv("NFCONF", scratch_put("nfdump-geo.conf", "[geo]\nmin_coverage = 0\n"), 1);
	unsetenv("NFGEODB");
	return status;
}

static void test_lookup(void **state)
{
	static const struct {
		const char *text;
		uint16_t code;
	} cases[] = {
		{"::ffff:8.8.8.8", 840},
		{"::ffff:8.8.9.0", 0},
		{"::ffff:195.113.255.255", 203},
		{"2001:718::1", 203},
		{"2001:719::1", 0},
		{"::ffff:10.1.2.3", NFGEO_PRIVATE},
		{"2001:db8::1", NFGEO_DOCUMENTATION},
	};
	struct nfgeo_table *table;
	struct in_addr in;
	char message[256];

	(void)state;
	assert_int_equal(nfgeo_table_open(&table, ranges, message, sizeof(message)), NFGEO_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct in6_addr address;

		assert_int_equal(inet_pton(AF_INET6, cases[i].text, &address), 1);
		assert_int_equal(nfgeo_table_lookup(table, &address), cases[i].code);
	}
	inet_pton(AF_INET, "8.8.8.8", &in);
	assert_int_equal(nfgeo_table_lookup4(table, in), 840);
	nfgeo_table_close(table);
}

static void test_refused(void **state)
{
	struct nfgeo_table *table;
	char message[256];

	(void)state;
	assert_int_not_equal(nfgeo_table_open(&table, "/nonexistent/db", message, sizeof(message)),
			     NFGEO_OK);
	assert_null(table);
	assert_non_null(strstr(message, "/nonexistent/db"));
	assert_int_equal(nfgeo_table_open(&table, "none", NULL, 0), NFGEO_ENODB);
	assert_null(table);
}

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(nfgeo_country_alpha2(203), "CZ");
	assert_string_equal(nfgeo_country_alpha3(203), "CZE");
	assert_string_equal(nfgeo_country_name(203), "Czechia");
	assert_string_equal(nfgeo_country_alpha2(NFGEO_PRIVATE), "..");
	assert_int_equal(nfgeo_country_number("cze"), 203);
	assert_int_equal(nfgeo_country_number("XQ"), 0);
	assert_string_not_equal(nfgeo_version(), "");
	assert_string_equal(nfgeo_strerror(NFGEO_ENODB), "no country database");
}

static void test_record(void **state)
{
	/* header of a flow record with one element, then element 2: 8.8.8.8 > 195.113.0.1 */
	uint8_t plain[] = {11, 0, 24, 0, 1, 0, 0, 0, 1, 0, 0,	5,
			   2,  0, 12, 0, 8, 8, 8, 8, 1, 0, 113, 195};
	uint8_t tagged[] = {11, 0, 32, 0, 1, 0, 0,   5,	  1,   0,   0,	 5,   2,    0, 20,  0,
			    8,	8, 8,  8, 1, 0, 113, 195, 'N', 'G', 'C', '1', 0x48, 3, 203, 0};
	uint16_t src, dst;

	(void)state;
	assert_int_equal(nfgeo_record_countries(plain, sizeof(plain), &src, &dst), 0);
	assert_int_equal(nfgeo_record_countries(tagged, sizeof(tagged), &src, &dst), 1);
	assert_int_equal(src, 840);
	assert_int_equal(dst, 203);
	assert_int_equal(nfgeo_record_countries(tagged, 20, &src, &dst), NFGEO_ECORRUPT);
	assert_int_equal(nfgeo_record_countries(tagged, 1, &src, &dst), NFGEO_ECORRUPT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_record),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, scratch_drop);
}
