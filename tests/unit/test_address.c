/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "include/nfgeo.h"

static const struct {
	const char *text, *printed; /* printed NULL: refused */
} address_case[] = {
	{"192.0.2.1", "192.0.2.1"},
	{"0.0.0.0", "0.0.0.0"},
	{"255.255.255.255", "255.255.255.255"},
	{"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
	{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}, /* RFC 5952 4.2.2: not one field */
	{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},	   /* 4.2.3: the longest run */
	{"::", "::"},
	{"::1", "::1"},
	{"", NULL},
	{"192.0.2", NULL},
	{"192.0.2.256", NULL},
	{"192.0.2.1/24", NULL},
	{"192.0.2.1 ", NULL},
	{"fe80::1%lo", NULL},
	{"2001:db8:::1", NULL},
	{"12345::", NULL},
};

static void test_parse_and_print(void **state)
{
	char text[ADDRESS_TEXT];
	struct address address;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(address_case) / sizeof(address_case[0]); i++) {
		int result = address_parse(address_case[i].text, &address);

		if (!address_case[i].printed) {
			assert_int_equal(result, NFGEO_EINVAL);
			continue;
		}
		assert_int_equal(result, NFGEO_OK);
		len = address_print(&address, text);
		assert_int_equal(len, strlen(text));
		assert_string_equal(text, address_case[i].printed);
	}
}

static const struct {
	const char *text, *printed;
} prefix_case[] = {
	{"192.0.2.77/24", "192.0.2.0/24"},
	{"192.0.2.77", "192.0.2.77/32"},
	{"192.0.2.77/0", "0.0.0.0/0"},
	{"2001:db8:ffff::1/33", "2001:db8:8000::/33"},
	{"2001:db8::ffff/127", "2001:db8::fffe/127"},
	{"2001:db8:1:2:3:4:5:6/64", "2001:db8:1:2::/64"},
	{"192.0.2.0/33", NULL},
	{"2001:db8::/129", NULL},
	{"192.0.2.0/-1", NULL},
	{"192.0.2.0/", NULL},
	{"192.0.2.0/8x", NULL},
};

static void test_prefixes(void **state)
{
	char text[PREFIX_TEXT];
	struct prefix prefix;

	(void)state;
	for (size_t i = 0; i < sizeof(prefix_case) / sizeof(prefix_case[0]); i++) {
		int result = prefix_parse(prefix_case[i].text, &prefix);

		if (!prefix_case[i].printed) {
			assert_int_equal(result, NFGEO_EINVAL);
			continue;
		}
		assert_int_equal(result, NFGEO_OK);
		prefix_print(&prefix, text);
		assert_string_equal(text, prefix_case[i].printed);
	}
}

static const struct {
	const char *prefix, *address;
	bool inside;
} contains_case[] = {
	{"192.0.2.0/24", "192.0.2.255", true},	 {"192.0.2.0/24", "192.0.3.0", false},
	{"0.0.0.0/0", "255.255.255.255", true},	 {"0.0.0.0/0", "::", false},
	{"2001:db8::/32", "2001:db8::1", true},	 {"2001:db8::/32", "2001:db9::", false},
	{"2001:db8::/65", "2001:db8::1", true},	 {"2001:db8::/65", "2001:db8:0:0:8000::", false},
	{"192.0.2.1/32", "192.0.2.1", true},	 {"2001:db8::1/128", "2001:db8::2", false},
};

static void test_contains(void **state)
{
	struct prefix prefix;
	struct address address;

	(void)state;
	for (size_t i = 0; i < sizeof(contains_case) / sizeof(contains_case[0]); i++) {
		assert_int_equal(prefix_parse(contains_case[i].prefix, &prefix), NFGEO_OK);
		assert_int_equal(address_parse(contains_case[i].address, &address), NFGEO_OK);
		assert_int_equal(prefix_contains(&prefix, &address), contains_case[i].inside);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_and_print),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_contains),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
