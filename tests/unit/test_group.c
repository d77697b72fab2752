/* SPDX-License-Identifier: BSD-3-Clause */
/* Named sets of countries: built-in ones, continents, the operator's own with their messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/conf.h"
#include "geo/group.h"

static unsigned count_members(const struct country_set *set)
{
	unsigned count = 0;

	for (uint16_t code = 0; code < COUNTRY_CODES; code++)
		count += country_set_has(set, code);
	return count;
}

static struct country_set find(const char *name)
{
	struct country_set set;

	if (group_find(name, strlen(name), &set) != NFGEO_OK)
		fail_msg("no group %s", name);
	return set;
}

static uint16_t code_of(const char *letters)
{
	return country_by_letters(letters, strlen(letters))->number;
}

static void configure(const char *text)
{
	struct error error;
	struct conf *conf;

	assert_int_equal(conf_parse(&conf, "t", text, &error), NFGEO_OK);
	if (group_configure(conf, &error) != NFGEO_OK)
		fail_msg("%s", error.text);
	conf_free(conf); /* groups keep nothing of it */
}

static void test_builtin(void **state)
{
	static const struct {
		const char *name;
		unsigned members;
		const char *in, *out;
	} cases[] = {
		{"EU", 27, "HR", "GB"},	    {"eu", 27, "CZ", "NO"},   {"EEA", 30, "NO", "CH"},
		{"EFTA", 4, "CH", "DE"},    {"EU-CONT", 53, "XK", "TR"}, {"Europe", 53, "RU", "GE"},
		{"AS", 51, "TR", "RU"},	    {"asia", 51, "JP", "EG"}, {"AF", 58, "EG", "IL"},
		{"Africa", 58, "SH", "YE"}, {"NA", 41, "GL", "CO"},   {"North-America", 41, "US", "FK"},
		{"OC", 28, "TL", "ID"},	    {"OCEANIA", 28, "AU", "HM"}, {"SA", 14, "FK", "PA"},
		{"south-america", 14, "BR", "GS"}, {"AN", 5, "AQ", "FK"}, {"ANTARCTICA", 5, "TF", "NZ"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct country_set set = find(cases[i].name);

		if (count_members(&set) != cases[i].members)
			fail_msg("%s has %u members", cases[i].name, count_members(&set));
		assert_true(country_set_has(&set, code_of(cases[i].in)));
		assert_false(country_set_has(&set, code_of(cases[i].out)));
		assert_false(country_set_has(&set, COUNTRY_UNKNOWN));
	}
}

/* Every assigned code is on exactly one continent. */
static void test_continents_are_disjoint(void **state)
{
	static const char *const names[] = {"AF", "AN", "AS", "EU-CONT", "NA", "OC", "SA"};
	unsigned sum = 0;
	size_t count;

	(void)state;
	country_all(&count);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct country_set set = find(names[i]);

		sum += count_members(&set);
		for (size_t j = 0; j < i; j++) {
			struct country_set other = find(names[j]);

			for (size_t k = 0; k < COUNTRY_CODES / 64; k++)
				assert_int_equal(set.bits[k] & other.bits[k], 0);
		}
	}
	assert_int_equal(sum, count);
}

static void test_unknown(void **state)
{
	static const char *const names[] = {"NATO", "", "E", "EUX", "EU-", "include"};
	struct country_set set;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(group_find(names[i], strlen(names[i]), &set), NFGEO_ENOTFOUND);
	assert_int_equal(group_find("EUX", 2, &set), NFGEO_OK); /* the length counts */
}

static void test_user_groups(void **state)
{
	struct country_set set;

	(void)state;
	configure("[geo]\nctrygroup.V4 = \"CZ svk,616 HU\"\n"
		  "ctrygroup.outer_2 = [ \"@v4\", \"@efta UK\" ]\n"
		  "ctrygroup.EFTA = \"AT\"\n");
	set = find("V4");
	assert_int_equal(count_members(&set), 4);
	assert_true(country_set_has(&set, 703));
	assert_true(country_set_has(&set, 616));
	set = find("Outer_2"); /* uses the overriding EFTA, defined behind it */
	assert_int_equal(count_members(&set), 6);
	assert_true(country_set_has(&set, code_of("GB")));
	assert_true(country_set_has(&set, code_of("AT")));
	set = find("efta");
	assert_int_equal(count_members(&set), 1);
	set = find("EEA"); /* a built-in group means the built-in ones */
	assert_int_equal(count_members(&set), 30);
	assert_int_equal(group_configure(NULL, NULL), NFGEO_OK);
	set = find("EFTA");
	assert_int_equal(count_members(&set), 4);
}

static void test_messages(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"ctrygroup.A = \"@B\"\nctrygroup.B = \"CZ @A\"",
		 "t:3: group B contains itself by way of @A"},
		{"ctrygroup.EU = \"@EU GB\"", "t:2: group EU contains itself by way of @EU"},
		{"ctrygroup.include = \"CZ\"", "t:2: a group cannot be called include: that word "
					       "includes files in filters"},
		{"ctrygroup.A = \"CZ XQ\"", "t:2: unknown country code 'XQ' in group A; groups of "
					    "groups are written @NAME"},
		{"ctrygroup.A = \"AN\"",
		 "t:2: unknown country code 'AN' in group A - did you mean BQ, CW or SX"},
		{"ctrygroup.A = \"@NATO\"", "t:2: unknown country group '@NATO' in group A"},
		{"ctrygroup.A = \"@\"", "t:2: unknown country group '@' in group A"},
		{"ctrygroup.A = \"0\"", "t:2: unknown country code '0' in group A; groups of groups "
					"are written @NAME"},
		{"ctrygroup.A = \"1000\"", "t:2: unknown country code '1000' in group A; groups of "
					   "groups are written @NAME"},
		{"ctrygroup.'a b' = \"CZ\"",
		 "t:2: group name 'a b': use at most 32 letters, digits, _ and -"},
		{"ctrygroup.a23456789012345678901234567890123 = \"CZ\"",
		 "t:2: group name 'a23456789012345678901234567890123': use at most 32 letters, "
		 "digits, _ and -"},
	};

	(void)state;
	configure("[geo]\nctrygroup.KEPT = \"CZ\"\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error error = {0};
		struct conf *conf;
		char text[256];

		snprintf(text, sizeof(text), "[geo]\n%s\n", cases[i].text);
		assert_int_equal(conf_parse(&conf, "t", text, &error), NFGEO_OK);
		assert_int_equal(group_configure(conf, &error), NFGEO_EINVAL);
		assert_string_equal(error.text, cases[i].message);
		conf_free(conf);
	}
	find("KEPT"); /* a configuration that is wrong replaces nothing */
	assert_int_equal(group_configure(NULL, NULL), NFGEO_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builtin),	    cmocka_unit_test(test_continents_are_disjoint),
		cmocka_unit_test(test_unknown),	    cmocka_unit_test(test_user_groups),
		cmocka_unit_test(test_messages),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("group", tests, NULL, NULL);
}
