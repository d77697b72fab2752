/* SPDX-License-Identifier: BSD-3-Clause */
/* What the cases of tests/filter cannot say: the API, files, messages, limits, printing back. */
#include "filter/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/flow_text.h"

static const char flow[] = "src4_addr=10.1.2.3 dst4_addr=198.51.100.7 src_port=40000 dst_port=443 "
			   "proto=6 tcp_flags=0x12 src_ctry=203 dst_ctry=840";

static struct filter *compiled(const char *text)
{
	struct error error = {0};
	struct filter *filter;

	if (filter_compile(&filter, text, NULL, &error) != NFGEO_OK)
		fail_msg("%s", error.text);
	return filter;
}

static bool matches(const struct filter *filter, const char *text, const char **label)
{
	uint8_t record[1024];
	struct filter_context context;
	struct record_view view;
	struct error error = {0};
	char ident[64];
	size_t len = flow_text_record(text, record, sizeof(record), ident, &context, &error);

	record_view_init(&view);
	assert_int_equal(record_view(&view, record, len), NFGEO_OK);
	return filter_match(filter, &view, &context, label);
}

static void test_questions(void **state)
{
	static const struct {
		const char *text;
		bool any, country, count, now;
	} table[] = {
		{"", true, false},
		{" # nothing\n", true, false},
		{"any", true, false},
		{"not any", false, false},
		{"any or ctry CZ", true, false},
		{"port 80", false, false},
		{"ctry CZ", false, true},
		{"port 80 or not ( proto tcp and dst geo in [ US ] )", false, true},
		{"src ctry = dst ctry", false, true},
		{"src ctry != now src ctry", false, true, false, true},
		{"now src ctry CZ", false, false, false, true},
		{"now src ctry = now dst ctry", false, false, false, true},
		{"now src ctry = dst ctry", false, true, false, true},
		{"any or now ctry CZ", true, false},
		{"count < 500", false, false, true},
		{"port 80 or not count 3", false, false, true},
		{"any or count 3", true, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct filter *filter = compiled(table[i].text);

		assert_int_equal(filter_is_any(filter), table[i].any);
		assert_int_equal(filter_needs_country(filter), table[i].country);
		assert_int_equal(filter_needs_count(filter), table[i].count);
		assert_int_equal(filter_needs_now(filter), table[i].now);
		filter_free(filter);
	}
	filter_free(NULL);
}

static void test_messages(void **state)
{
	static const struct {
		const char *text, *message;
		int code;
	} table[] = {
		{"src ctry XQ and bytes > 1m",
		 "Line 1: Unknown country code 'XQ' at 'XQ'\n  src ctry XQ and bytes > 1m\n           ^^",
		 NFGEO_EINVAL},
		{"port 80 and\nfoo bar", "Line 2: syntax error at 'foo'\n  foo bar\n  ^^^", NFGEO_EINVAL},
		{"src\tif 1", "Line 1: Direction not allowed for 'if' at '1'\n  src if 1\n  ^^^",
		 NFGEO_EINVAL},
		{"port 80 and", "Line 1: syntax error at ''\n  port 80 and\n             ^", NFGEO_EINVAL},
		{"port \x01\xff", "Line 1: syntax error at '?'\n  port ?\?\n       ^", NFGEO_EINVAL},
		{"@include /nowhere/f",
		 "Line 1: Can't read filter file '/nowhere/f': No such file or directory at '/nowhere/f'\n"
		 "  @include /nowhere/f\n           ^^^^^^^^^^",
		 NFGEO_ENOTFOUND},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct error error = {0};
		struct filter *filter = (struct filter *)&error;

		assert_int_equal(filter_compile(&filter, table[i].text, NULL, &error),
				 table[i].code);
		assert_string_equal(error.text, table[i].message);
		assert_null(filter);
		assert_int_equal(filter_compile(&filter, table[i].text, NULL, NULL),
				 table[i].code);
	}
}

/* A long line is shown around the place; a NUL or a network's text cannot do harm. */
static void test_hostile_text(void **state)
{
	struct filter_options options = {.no_files = true, .no_names = true};
	struct error error = {0};
	struct filter *filter;
	char *text = malloc(1 << 20);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 1 << 20);
	assert_int_equal(filter_compile_with(&filter, text, 1 << 20, &options, &error),
			 NFGEO_EINVAL);
	assert_memory_equal(error.text, "Line 1: syntax error at 'aaaa", 29);
	memcpy(text, "any and ", 8);
	memset(text + 8, ' ', 1000);
	memcpy(text + 1008, "foo", 3);
	assert_int_equal(filter_compile_with(&filter, text, 1011, &options, &error), NFGEO_EINVAL);
	assert_non_null(strstr(error.text, "foo\n"));
	assert_int_equal(strlen(strrchr(error.text, '^')), 1);
	free(text);

	assert_int_equal(filter_compile_with(&filter, "any\0any", 7, &options, &error),
			 NFGEO_EINVAL);
	assert_non_null(strstr(error.text, "syntax error at '?'"));
	assert_int_equal(filter_compile_with(&filter, "@include /etc/passwd", 20, &options, &error),
			 NFGEO_EINVAL);
	assert_non_null(strstr(error.text, "not allowed"));
	assert_int_equal(filter_compile_with(&filter, "host localhost", 14, &options, &error),
			 NFGEO_EINVAL);
	assert_non_null(strstr(error.text, "Host names are not allowed here"));
}

/* `start`, `count` times `middle`, `end`. */
static char *repeated(const char *start, const char *middle, size_t count, const char *end)
{
	size_t len = strlen(middle);
	char *text = malloc(strlen(start) + len * count + strlen(end) + 1), *at = text;

	assert_non_null(text);
	at = stpcpy(at, start);
	for (size_t i = 0; i < count; i++)
		at = stpcpy(at, middle);
	strcpy(at, end);
	return text;
}

static int compile_repeated(const char *start, const char *middle, size_t count, const char *end)
{
	char *text = repeated(start, middle, count, end);
	struct error error = {0};
	struct filter *filter;
	int result = filter_compile(&filter, text, NULL, &error);

	if (result == NFGEO_OK)
		assert_true(matches(filter, flow, NULL));
	else
		assert_non_null(strstr(error.text, "Filter is nested too deeply at '"));
	filter_free(filter);
	free(text);
	return result;
}

static void test_nesting(void **state)
{
	char *text, *parens;

	(void)state;
	parens = repeated("", "(", 1000, "any");
	text = repeated(parens, ")", 1000, "");
	filter_free(compiled(text));
	free(text);
	free(parens);
	assert_int_equal(compile_repeated("", "not ", 1000, "any"), NFGEO_OK);
	assert_int_equal(compile_repeated("", "not ", 100000, "any"), NFGEO_ELIMIT);
	assert_int_equal(compile_repeated("", "(", 100000, "any"), NFGEO_ELIMIT);
	assert_int_equal(compile_repeated("", "proto tcp and (proto tcp or ", 100000, "any"),
			 NFGEO_ELIMIT);
}

static void test_many_terms(void **state)
{
	struct timespec start, end;
	double seconds;

	(void)state;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	assert_int_equal(compile_repeated("port 1", " or host 192.0.2.1", 100000, " or any"),
			 NFGEO_OK);
	assert_int_equal(compile_repeated("any", " and not src ctry @AS", 100000, ""), NFGEO_OK);
	assert_int_equal(compile_repeated("dst port in [ 80", " 443", 300000, "]"), NFGEO_OK);
	assert_int_equal(compile_repeated("src ip in [ 80.0.0.0/8", " 10.0.0.0/8", 100000, "]"),
			 NFGEO_OK);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
	print_message("# four filters of 100,000 terms and more: %.2f s\n", seconds);
	if (!getenv("NFGEO_SANITIZED") || strcmp(getenv("NFGEO_SANITIZED"), "yes") != 0)
		assert_true(seconds < 4);
}

/* Sorted, disjoint ranges: every address of a long list is found, its neighbours are not. */
static void test_long_lists(void **state)
{
	char *text = malloc(200000), *at = text;
	struct filter *filter;

	(void)state;
	assert_non_null(text);
	at += sprintf(at, "src ip in [");
	for (unsigned i = 0; i < 4000; i++)
		at += sprintf(at, " 10.%u.%u.%u,2001:db8:%x::/48", i * 7 % 4000 / 256, i * 7 % 256,
			      2 * (i % 100), 2 * i);
	sprintf(at, " ]");
	filter = compiled(text);
	for (unsigned i = 0; i < 4000; i++) {
		char line[100];

		sprintf(line, "src4_addr=10.%u.%u.%u", i * 7 % 4000 / 256, i * 7 % 256,
			2 * (i % 100));
		assert_true(matches(filter, line, NULL));
		sprintf(line, "src4_addr=10.%u.%u.%u", i * 7 % 4000 / 256, i * 7 % 256,
			2 * (i % 100) + 1);
		assert_false(matches(filter, line, NULL));
		sprintf(line, "src6_addr=2001:db8:%x:ffff::1", 2 * i);
		assert_true(matches(filter, line, NULL));
		sprintf(line, "src6_addr=2001:db8:%x::", 2 * i + 1);
		assert_false(matches(filter, line, NULL));
	}
	filter_free(filter);
	free(text);
}

static void test_labels(void **state)
{
	struct filter *filter = compiled("%udp ( proto udp ) or %web ( port 80 or port 443 ) or any");
	const char *label = "";

	(void)state;
	assert_true(matches(filter, flow, &label));
	assert_string_equal(label, "web");
	assert_true(matches(filter, "proto=17 dst_port=80", &label));
	assert_string_equal(label, "udp");
	assert_true(matches(filter, "proto=1", &label));
	assert_null(label);
	filter_free(filter);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_files(void **state)
{
	char folder[] = "/tmp/test_filter.XXXXXX", path[64], other[64], text[200];
	struct error error = {0};
	struct filter *filter;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a", folder);
	snprintf(other, sizeof(other), "%s/b", folder);

	/* Textual, without parentheses: the and reaches into the file. */
	write_file(path, "port 443 or\n# a comment\nport 80\n");
	snprintf(text, sizeof(text), "@include %s\nand proto udp", path);
	filter = compiled(text);
	assert_true(matches(filter, "proto=6 dst_port=443", NULL));
	assert_false(matches(filter, "proto=6 dst_port=80", NULL));
	filter_free(filter);

	assert_int_equal(filter_compile_file(&filter, path, &error), NFGEO_OK);
	assert_true(matches(filter, "proto=6 dst_port=80", NULL));
	filter_free(filter);

	write_file(other, "proto tcp and\nctry XQ");
	snprintf(text, sizeof(text), "port 80\nor @include %s", other);
	assert_int_equal(filter_compile(&filter, text, NULL, &error), NFGEO_EINVAL);
	snprintf(text, sizeof(text),
		 "File '%s' line 2: Unknown country code 'XQ' at 'XQ'\n  ctry XQ\n       ^^", other);
	assert_string_equal(error.text, text);
	assert_int_equal(filter_compile_file(&filter, other, &error), NFGEO_EINVAL);
	assert_string_equal(error.text, text);

	snprintf(text, sizeof(text), "@include %s", path);
	write_file(path, text);
	assert_int_equal(filter_compile_file(&filter, path, &error), NFGEO_ELIMIT);
	assert_non_null(strstr(error.text, "More than 10 nested @include"));

	unlink(path);
	unlink(other);
	assert_int_equal(filter_compile_file(&filter, path, &error), NFGEO_ENOTFOUND);
	assert_non_null(strstr(error.text, path));
	assert_int_equal(filter_compile_file(&filter, folder, &error), NFGEO_ENOTFOUND);
	rmdir(folder);
}

/* The dump's first line is a filter that means the same. */
static void test_print_back(void **state)
{
	static const char *const table[] = {
		"port 80 or port 443 and not ( proto udp or src net 10.0.0.0/8 )",
		"src and dst port in [ 443 40000 ]",
		"in src mac 00:11:22:33:44:55 or ident 'a b'",
		"%web ( port 443 ) and src ctry in [ CZ, @EU 840 ]",
		"src ctry != dst ctry and net 10.0.0.0 255.0.0.0",
		"mpls label1 > 5 or flags =SA or asa event denied ingress",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char first[2][4096] = {"", ""};
		const char *text = table[i];

		for (int round = 0; round < 2; round++) {
			struct filter *filter = compiled(text);
			FILE *out = fmemopen(first[round], sizeof(first[round]), "w");

			filter_dump(filter, out);
			fclose(out);
			filter_free(filter);
			first[round][strcspn(first[round], "\n")] = '\0';
			assert_memory_equal(first[round], "filter: ", 8);
			text = first[round] + 8;
		}
		assert_string_equal(first[0], first[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions),  cmocka_unit_test(test_messages),
		cmocka_unit_test(test_hostile_text), cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_many_terms), cmocka_unit_test(test_long_lists),
		cmocka_unit_test(test_labels),	   cmocka_unit_test(test_files),
		cmocka_unit_test(test_print_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
