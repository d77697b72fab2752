/* SPDX-License-Identifier: BSD-3-Clause */
/* The country table: letters, numbers, aliases, classes; and equal to Debian's iso-codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "geo/country.h"
#include "geo/group.h"

static void test_letters(void **state)
{
	static const struct {
		const char *letters;
		uint16_t number;
	} cases[] = {
		{"CZ", 203}, {"cz", 203}, {"CZE", 203}, {"cZe", 203}, {"US", 840}, {"AD", 20},
		{"ZW", 716}, {"UK", 826}, {"el", 300}, {"XK", 983}, {"XKX", 983}, {"xkk", 983},
		{"XQ", 0}, {"USX", 0}, {"EU", 0}, {"AP", 0}, {"AN", 0}, {"ZZ", 0}, {"C", 0},
		{"CZEC", 0}, {"", 0}, {"..", 0}, {"UKX", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct country *found =
			country_by_letters(cases[i].letters, strlen(cases[i].letters));

		if ((found ? found->number : 0) != cases[i].number)
			fail_msg("%s is %u", cases[i].letters, found ? found->number : 0);
	}
	assert_null(country_by_letters("C\0Z", 3));
}

static void test_every_row(void **state)
{
	static const char continents[] = "AF AN AS EU NA OC SA";
	size_t count;
	const struct country *row = country_all(&count);

	(void)state;
	assert_int_equal(count, 250);
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(country_by_number(row[i].number), &row[i]);
		assert_ptr_equal(country_by_letters(row[i].alpha2, 2), &row[i]);
		assert_ptr_equal(country_by_letters(row[i].alpha3, 3), &row[i]);
		assert_true(i == 0 || strcmp(row[i - 1].alpha2, row[i].alpha2) < 0);
		assert_non_null(strstr(continents, country_continent(row[i].number)));
		assert_int_equal(strlen(country_continent(row[i].number)), 2);
	}
}

static void test_printing(void **state)
{
	static const struct {
		uint16_t code, number;
		const char *alpha2, *alpha3, *name, *class;
	} cases[] = {
		{203, 203, "CZ", "CZE", "Czechia", ""},
		{983, 983, "XK", "XKX", "Kosovo", ""},
		{0, 0, "..", "...", "unknown", ""},
		{CLASS_PRIVATE, 0, "..", "...", "unknown", "private"},
		{CLASS_RESERVED, 0, "..", "...", "unknown", "reserved"},
		{999, 999, "??", "???", "unassigned", ""},
		{1000, 0, "??", "???", "unassigned", ""},
		{65535, 0, "??", "???", "unassigned", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(country_number(cases[i].code), cases[i].number);
		assert_string_equal(country_alpha2(cases[i].code), cases[i].alpha2);
		assert_string_equal(country_alpha3(cases[i].code), cases[i].alpha3);
		assert_string_equal(country_name(cases[i].code), cases[i].name);
		assert_string_equal(country_class_word(cases[i].code), cases[i].class);
	}
}

static void test_successors(void **state)
{
	(void)state;
	assert_string_equal(country_successors("an", 2), "BQ, CW or SX");
	assert_string_equal(country_successors("TMP", 3), "TL");
	assert_string_equal(country_successors("CSK", 3), "CZ or SK");
	assert_null(country_successors("CZ", 2));
	assert_null(country_successors("", 0));
}

static void test_classes(void **state)
{
	static const struct {
		const char *address;
		uint16_t class;
	} cases[] = {
		{"9.255.255.255", 0}, {"10.0.0.0", CLASS_PRIVATE}, {"10.255.255.255", CLASS_PRIVATE},
		{"172.15.255.255", 0}, {"172.16.0.0", CLASS_PRIVATE},
		{"172.31.255.255", CLASS_PRIVATE}, {"172.32.0.0", 0},
		{"192.168.1.1", CLASS_PRIVATE}, {"100.64.0.0", CLASS_SHARED},
		{"100.127.255.255", CLASS_SHARED}, {"100.128.0.0", 0},
		{"127.0.0.1", CLASS_LOOPBACK}, {"169.254.1.1", CLASS_LINKLOCAL},
		{"224.0.0.0", CLASS_MULTICAST}, {"239.255.255.255", CLASS_MULTICAST},
		{"240.0.0.0", CLASS_RESERVED}, {"255.255.255.255", CLASS_RESERVED},
		{"192.0.2.1", CLASS_DOCUMENTATION}, {"198.51.100.1", CLASS_DOCUMENTATION},
		{"203.0.113.1", CLASS_DOCUMENTATION}, {"0.0.0.0", CLASS_RESERVED},
		{"192.0.0.9", CLASS_RESERVED}, {"192.0.1.0", 0}, {"198.18.0.1", CLASS_RESERVED},
		{"198.19.255.255", CLASS_RESERVED}, {"198.20.0.0", 0}, {"8.8.8.8", 0},
		{"::", CLASS_RESERVED}, {"::1", CLASS_LOOPBACK}, {"::2", 0},
		{"fc00::1", CLASS_PRIVATE}, {"fdff::1", CLASS_PRIVATE}, {"fe80::1", CLASS_LINKLOCAL},
		{"febf::1", CLASS_LINKLOCAL}, {"fec0::1", 0}, {"ff02::1", CLASS_MULTICAST},
		{"2001:db8::1", CLASS_DOCUMENTATION}, {"2001:db9::1", 0},
		{"3fff:0fff::1", CLASS_DOCUMENTATION}, {"3fff:1000::1", 0},
		{"100::1", CLASS_RESERVED}, {"100:0:0:1::1", 0}, {"2606:4700::1", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct address address;

		assert_int_equal(address_parse(cases[i].address, &address), 0);
		if (country_class_of(&address) != cases[i].class)
			fail_msg("%s is %u", cases[i].address, country_class_of(&address));
	}
	assert_int_equal(country_class_by_word("Private", 7), CLASS_PRIVATE);
	assert_int_equal(country_class_by_word("priv", 4), 0);
	assert_int_equal(country_class_by_word("reservedx", 9), 0);
}

/* One string member of a flat JSON object, names without escapes; "" when absent. */
static void json_member(const char *object, const char *end, const char *name, char *out, size_t len)
{
	char key[32];
	const char *at;
	size_t used = 0;

	out[0] = '\0';
	snprintf(key, sizeof(key), "\"%s\": \"", name);
	at = strstr(object, key);
	if (!at || at >= end)
		return;
	for (at += strlen(key); *at && *at != '"' && used + 1 < len; at++)
		out[used++] = *at;
	out[used] = '\0';
}

/* The letters, numbers and names are exactly those of the installed iso-codes package. */
static void test_iso_codes(void **state)
{
	FILE *file = fopen("/usr/share/iso-codes/json/iso_3166-1.json", "r");
	static char text[262144];
	size_t rows = 0, len;

	(void)state;
	if (!file) {
		print_message("iso-codes is not installed\n");
		skip();
	}
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	for (char *at = strchr(text, '{'); at && (at = strchr(at + 1, '{')); rows++) {
		char *end = strchr(at, '}');
		char alpha2[8], alpha3[8], name[128], number[8];
		const struct country *country;

		assert_non_null(end);
		json_member(at, end, "alpha_2", alpha2, sizeof(alpha2));
		json_member(at, end, "alpha_3", alpha3, sizeof(alpha3));
		json_member(at, end, "name", name, sizeof(name));
		json_member(at, end, "numeric", number, sizeof(number));
		country = country_by_number((uint16_t)atoi(number));
		if (!country)
			fail_msg("%s (%s) is missing", alpha2, number);
		assert_string_equal(country->alpha2, alpha2);
		assert_string_equal(country->alpha3, alpha3);
		assert_string_equal(country->name, name);
	}
	assert_int_equal(rows, 249); /* and Kosovo makes 250 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_letters),	   cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_printing),   cmocka_unit_test(test_successors),
		cmocka_unit_test(test_classes),	   cmocka_unit_test(test_iso_codes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("country", tests, NULL, NULL);
}
