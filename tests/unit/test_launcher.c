/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands of -x: words, placeholders, and the helper process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka.h needs the four first ones */
#include <cmocka.h>

#include "collect/launcher.h"

static const struct launch_event event = {"/data/rtrA", "2026/nfcapd.20261122003412",
					  "20261122003412", 1795307652, "rtrA"};

static void test_expand(void **state)
{
	static const struct {
		const char *command, *joined; /* words joined with '|' */
	} row[] = {
		{"echo %d %f %t %u %i",
		 "echo|/data/rtrA|2026/nfcapd.20261122003412|20261122003412|1795307652|rtrA"},
		{"  cp\t%d/%f   /x ", "cp|/data/rtrA/2026/nfcapd.20261122003412|/x"},
		{"a %x %% %", "a|%x|%%|%"}, /* unknown ones stay */
		{"sh -c 'x y'", "sh|-c|'x|y'"}, /* no quoting */
		{"%i%i", "rtrArtrA"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char *words[LAUNCH_WORDS_MAX + 1], text[LAUNCH_TEXT_MAX], joined[200] = "";
		int count = launch_expand(row[i].command, &event, words, text, NULL);

		assert_true(count > 0);
		assert_null(words[count]);
		for (int k = 0; k < count; k++) {
			strcat(joined, k ? "|" : "");
			strcat(joined, words[k]);
		}
		assert_string_equal(joined, row[i].joined);
	}
}

/* A directory with a blank stays one word. */
static void test_blank(void **state)
{
	const struct launch_event blank = {"/my data", "f", "t", 0, "i"};
	char *words[LAUNCH_WORDS_MAX + 1], text[LAUNCH_TEXT_MAX];

	(void)state;
	assert_int_equal(launch_expand("ls %d/%f", &blank, words, text, NULL), 2);
	assert_string_equal(words[1], "/my data/f");
}

static void test_limits(void **state)
{
	char *words[LAUNCH_WORDS_MAX + 1], text[LAUNCH_TEXT_MAX];
	char many[2 * LAUNCH_WORDS_MAX + 3] = "", long_word[LAUNCH_TEXT_MAX + 1];
	struct error error;

	(void)state;
	assert_int_equal(launch_expand("", &event, words, text, &error), NFGEO_EINVAL);
	assert_int_equal(launch_expand(" \t ", &event, words, text, &error), NFGEO_EINVAL);
	for (int i = 0; i < LAUNCH_WORDS_MAX; i++)
		strcat(many, "a ");
	assert_int_equal(launch_expand(many, &event, words, text, &error), LAUNCH_WORDS_MAX);
	strcat(many, "a");
	assert_int_equal(launch_expand(many, &event, words, text, &error), NFGEO_EINVAL);
	memset(long_word, 'x', sizeof(long_word));
	long_word[LAUNCH_TEXT_MAX - 1] = '\0';
	assert_int_equal(launch_expand(long_word, &event, words, text, &error), 1);
	long_word[LAUNCH_TEXT_MAX - 2] = '%';
	long_word[LAUNCH_TEXT_MAX - 1] = 'd';
	long_word[LAUNCH_TEXT_MAX] = '\0';
	assert_int_equal(launch_expand(long_word, &event, words, text, &error), NFGEO_EINVAL);
}

/* Everything asked for before the stop is run. */
static void test_runs(void **state)
{
	char dir[] = "/tmp/nfgeo-launch-XXXXXX", path[100];
	struct launcher *launcher;
	struct error error;
	struct launch_event made = {dir, "", "t", 1, "i"};
	char name[24];

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(launcher_start(&launcher, "mkdir %d/%f", false, &error), NFGEO_OK);
	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		made.file = name;
		assert_int_equal(launcher_send(launcher, &made, &error), NFGEO_OK);
	}
	launcher_stop(launcher);
	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "%s/file%d", dir, i);
		for (int tries = 0; access(path, F_OK) && tries < 500; tries++)
			usleep(10000);
		assert_int_equal(rmdir(path), 0);
	}
	assert_int_equal(rmdir(dir), 0);
}

static void test_refused(void **state)
{
	struct launcher *launcher = NULL;
	struct error error;

	(void)state;
	assert_int_equal(launcher_start(&launcher, "  ", false, &error), NFGEO_EINVAL);
	launcher_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expand), cmocka_unit_test(test_blank),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_runs),
		cmocka_unit_test(test_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("launcher", tests, NULL, NULL);
}
