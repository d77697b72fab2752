/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration text: values, the TOML rules we keep, and every message with file and line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/conf.h"
#include "tests/lib/scratch.h"

static struct conf *parse(const char *text)
{
	struct error error = {0};
	struct conf *conf;

	if (conf_parse(&conf, "test.conf", text, &error) != NFGEO_OK)
		fail_msg("%s", error.text);
	return conf;
}

static void test_values(void **state)
{
	struct conf *conf = parse("\xef\xbb\xbf# comment\r\n"
				  "[geo]\n"
				  "geodb.path = \"/a b/c\" # end\r\n"
				  "min_coverage = 12.5\n"
				  "max_age_days=9_0\n"
				  "yes = true\nno = false\n"
				  "hex = 0x1F\nzeros = -7\nten = 010\n"
				  "literal = 'C:\\x # \"y\"'\n"
				  "escapes = \"a\\tb\\\\c\\\"d\\u00e9\\u20AC\"\n"
				  "empty = \"\"\n"
				  " [ nfdump . fmt ] # section\n"
				  "my-fmt_1 = \"%ts\"\n"
				  "\"quoted key\" = 1");

	(void)state;
	assert_string_equal(conf_text(conf, "geo", "geodb.path"), "/a b/c");
	assert_int_equal(conf_line(conf, "geo", "geodb.path"), 3);
	assert_true(conf_number(conf, "geo", "min_coverage", 0) == 12.5);
	assert_int_equal(conf_int(conf, "geo", "max_age_days", 0), 90);
	assert_true(conf_bool(conf, "geo", "yes", false));
	assert_false(conf_bool(conf, "geo", "no", true));
	assert_int_equal(conf_int(conf, "geo", "hex", 0), 31);
	assert_int_equal(conf_int(conf, "geo", "zeros", 0), -7);
	assert_int_equal(conf_int(conf, "geo", "ten", 0), 10);
	assert_string_equal(conf_text(conf, "geo", "literal"), "C:\\x # \"y\"");
	assert_string_equal(conf_text(conf, "geo", "escapes"), "a\tb\\c\"d\xc3\xa9\xe2\x82\xac");
	assert_string_equal(conf_text(conf, "geo", "empty"), "");
	assert_string_equal(conf_text(conf, "nfdump", "fmt.my-fmt_1"), "%ts");
	assert_string_equal(conf_text(conf, "nfdump.fmt", "my-fmt_1"), "%ts");
	assert_int_equal(conf_int(conf, "nfdump", "fmt.quoted key", 0), 1);
	assert_null(conf_text(conf, "geo", "fmt.my-fmt_1"));
	assert_int_equal(conf_int(conf, "geo", "absent", 42), 42);
	assert_int_equal(conf_line(conf, "geo", "absent"), 0);
	assert_string_equal(conf_path(conf), "test.conf");
	conf_free(conf);
}

static int join(const char *key, const char *value, int line, void *arg)
{
	char *out = arg;

	sprintf(out + strlen(out), "%s=%s@%d ", key, value, line);
	return strcmp(value, "stop") == 0 ? 7 : 0;
}

static void test_lists_and_walking(void **state)
{
	struct conf *conf = parse("[geo]\nctrygroup.B = [ \"CZ\", # first\n \"SK\",\n]\n"
				  "other = 1\nctrygroup.A = 'PL'\nctrygroup.none = []\n"
				  "[x]\nctrygroup.C = \"US\"\n[geo]\nctrygroup.D = \"stop\"\n"
				  "ctrygroup.E = \"never\"\n");
	char out[512] = "";

	(void)state;
	assert_int_equal(conf_each(conf, "geo", "ctrygroup.", join, out), 7);
	assert_string_equal(out, "ctrygroup.B=CZ@2 ctrygroup.B=SK@3 ctrygroup.A=PL@6 "
				 "ctrygroup.D=stop@11 ");
	assert_string_equal(conf_text(conf, "geo", "ctrygroup.B"), "CZ");
	assert_null(conf_text(conf, "geo", "ctrygroup.none"));
	out[0] = '\0';
	assert_int_equal(conf_walk(conf, join, out), 7);
	assert_non_null(strstr(out, "geo.other=1@5 "));
	conf_free(conf);
	assert_int_equal(conf_each(NULL, "geo", "", join, out), 0);
	assert_null(conf_text(NULL, "geo", "x"));
	conf_free(NULL);
}

static void test_messages(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"[geo]\nx = /usr/share/x\n",
		 "test.conf:2: '/usr/share/x' is not a value: put text in \"quotes\""},
		{"x = \"abc\n", "test.conf:1: the closing \" is missing"},
		{"x = 'abc", "test.conf:1: the closing ' is missing"},
		{"x = 1\n[a\n", "test.conf:2: the closing ] of [a is missing"},
		{"[a]\nx = 1\n\nx = 2\n", "test.conf:4: a.x is set on line 2 already"},
		{"[a]\nx = 1\n[a]\nx = 2\n", "test.conf:4: a.x is set on line 2 already"},
		{"x = [ \"a\"\n \"b\" ]",
		 "test.conf:2: expected , or ] in the list, found '\"b\"'"},
		{"\nx = [ \"a\",\n", "test.conf:2: the closing ] of this list is missing"},
		{"x = [ [ 1 ] ]", "test.conf:1: a list in a list is not supported"},
		{"x = { a = 1 }", "test.conf:1: { tables } are not supported: use dotted keys"},
		{"[[x]]", "test.conf:1: [[tables]] are not supported: use [section]"},
		{"x = \"\"\"a\"\"\"", "test.conf:1: text over several lines is not supported here"},
		{"x = 1 2", "test.conf:1: '2' behind the value: one key = value per line"},
		{"x =\n", "test.conf:1: a value is missing behind the ="},
		{"x\n", "test.conf:1: expected = behind the key x"},
		{"= 1\n", "test.conf:1: expected a key or [section], found '='"},
		{"a..b = 1\n", "test.conf:1: expected a key or [section], found '.b'"},
		{"x = \"\\q\"", "test.conf:1: unknown escape '\\q': use \\\\ for a backslash, or "
				"'single quotes'"},
		{"x = \"\\u001b\"",
		 "test.conf:1: unknown escape '\\u': use \\\\ for a backslash, or "
		 "'single quotes'"},
		{"a = 1\nx = \"\x1b[2J\"", "test.conf:2: control character 0x1b"},
		{"x = 1\ry = 2", "test.conf:1: control character 0x0d"},
		{"x = nan", "test.conf:1: 'nan' is not a value: put text in \"quotes\""},
		{"x = -", "test.conf:1: '-' is not a value: put text in \"quotes\""},
		{"x = 2026-01-02", "test.conf:1: '2026-01-02' is not a value: put text in "
				   "\"quotes\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error error = {0};
		struct conf *conf = (struct conf *)state;

		if (conf_parse(&conf, "test.conf", cases[i].text, &error) != NFGEO_EINVAL)
			fail_msg("accepted: %s", cases[i].text);
		assert_string_equal(error.text, cases[i].message);
		assert_null(conf);
	}
}

static void test_long_keys_and_values(void **state)
{
	struct error error;
	struct conf *conf;
	char text[6000];

	(void)state;
	memset(text, 'k', 300);
	strcpy(text + 300, " = 1\n");
	assert_int_equal(conf_parse(&conf, "t", text, &error), NFGEO_EINVAL);
	assert_string_equal(error.text, "t:1: key longer than 255 bytes");
	strcpy(text, "x = \"");
	memset(text + 5, 'v', 5000);
	strcpy(text + 5005, "\"\n");
	assert_int_equal(conf_parse(&conf, "t", text, &error), NFGEO_EINVAL);
	assert_string_equal(error.text, "t:1: text longer than 4092 bytes");
}

static void test_check(void **state)
{
	static const struct conf_known known[] = {
		{"geo", "min_coverage", CONF_NUMBER, 0, 100},
		{"geo", "geodb.path", CONF_TEXT},
		{"geo", "geofeed", CONF_LIST},
		{"geo", "ctrygroup.", CONF_LIST},
		{"geo", "flag", CONF_BOOL},
	};
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"min_coverage = 0", NULL},
		{"min_coverage = 100.0", NULL},
		{"geofeed = \"one\"", NULL},
		{"geofeed = [ \"one\", \"two\" ]", NULL},
		{"unknown = 1", NULL},
		{"min_coverage = \"50\"", "t:2: geo.min_coverage must be a number"},
		{"min_coverage = 101", "t:2: geo.min_coverage is 101; it must be 0 to 100"},
		{"min_coverage = -1", "t:2: geo.min_coverage is -1; it must be 0 to 100"},
		{"geodb.path = true", "t:2: geo.geodb.path must be text in quotes"},
		{"geodb.path = []", "t:2: geo.geodb.path must be text in quotes"},
		{"geofeed = [ 1 ]", "t:2: geo.geofeed must be text in quotes or a list "
				    "[ \"..\", \"..\" ] of texts"},
		{"ctrygroup.X = 203", "t:2: geo.ctrygroup.X must be text in quotes or a list "
				      "[ \"..\", \"..\" ] of texts"},
		{"flag = 1", "t:2: geo.flag must be true or false"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error error = {0};
		struct conf *conf;
		char text[128];
		int status;

		snprintf(text, sizeof(text), "[geo]\n%s\n", cases[i].text);
		assert_int_equal(conf_parse(&conf, "t", text, &error), NFGEO_OK);
		status = conf_check(conf, known, sizeof(known) / sizeof(*known), &error);
		assert_int_equal(status, cases[i].message ? NFGEO_EINVAL : NFGEO_OK);
		if (cases[i].message)
			assert_string_equal(error.text, cases[i].message);
		conf_free(conf);
	}
}

/* -C beats NFCONF; a named file must exist; "none" switches off; only the default may be missing.
 */
static void test_open(void **state)
{
	const char *one = scratch_put("one", "[geo]\nx = 1\n"),
		   *two = scratch_put("two", "[geo]\nx = 2\n");
	struct error error;
	struct conf *conf;

	(void)state;
	setenv("NFCONF", two, 1);
	assert_int_equal(conf_open(&conf, one, &error), NFGEO_OK);
	assert_int_equal(conf_int(conf, "geo", "x", 0), 1);
	conf_free(conf);
	assert_int_equal(conf_open(&conf, NULL, &error), NFGEO_OK);
	assert_int_equal(conf_int(conf, "geo", "x", 0), 2);
	assert_string_equal(conf_path(conf), two);
	conf_free(conf);
	assert_int_equal(conf_open(&conf, "none", &error), NFGEO_OK);
	assert_null(conf);
	assert_int_equal(conf_open(&conf, "/nonexistent.conf", &error), NFGEO_ENOTFOUND);
	assert_string_equal(error.text, "/nonexistent.conf: no such configuration file");
	assert_int_equal(conf_open(&conf, scratch_folder, &error), NFGEO_EIO);
	scratch_put_bytes("two", "[geo]\nx = 2\n\0y = 3\n", 19);
	assert_int_equal(conf_open(&conf, NULL, &error), NFGEO_EINVAL);
	assert_null(conf);
	setenv("NFCONF", "/nonexistent.conf", 1);
	assert_int_equal(conf_open(&conf, NULL, &error), NFGEO_ENOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_lists_and_walking),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_long_keys_and_values),
		cmocka_unit_test(test_check),
		cmocka_unit_test_setup_teardown(test_open, scratch_make, scratch_drop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
