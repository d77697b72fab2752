/* SPDX-License-Identifier: BSD-3-Clause */
/* Times of -t, sub-directories of -S (the expansion itself: tests/cli/nfdump-input.t). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "include/nfgeo.h"
#include "query/inputs.h"

static const struct {
	const char *text;
	uint64_t second; /* 0 = refused */
	const char *rest;
} times[] = {
	{"2024", 1704067200, ""},
	{"2024/03", 1709251200, ""},
	{"2024/03/05", 1709596800, ""},
	{"2024/03/05.10", 1709632800, ""},
	{"2024/03/05.10:05", 1709633100, ""},
	{"2024/03/05.10:05:30", 1709633130, ""},
	{"2024/03/05.10-2025", 1709632800, "-2025"},
	{"2024-03-05", 1704067200, "-03-05"},
	{"2024/02/29", 1709164800, ""},
	{"2023/02/29", 0, NULL},
	{"2024/13", 0, NULL},
	{"2024/3/5", 0, NULL},
	{"2024/03/05.24", 0, NULL},
	{"202", 0, NULL},
	{"", 0, NULL},
	{"abcd", 0, NULL},
};

static void parse_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		const char *end;
		uint64_t ms;
		int status = inputs_time(times[i].text, &end, &ms);

		assert_int_equal(status, times[i].second ? NFGEO_OK : NFGEO_EINVAL);
		if (status != NFGEO_OK)
			continue;
		assert_int_equal(ms, times[i].second * 1000);
		assert_string_equal(end, times[i].rest);
	}
}

static const char *const layouts[] = {NULL,	   "2024/03/05", "2024/03/05/10", "2024/10/2",
				      "2024/10/2/10", "2024/065", "2024/065/10",   "2024-03-05",
				      "2024-03-05/10"};

static void subdirs(void **state)
{
	char subdir[64];

	(void)state;
	for (unsigned i = 1; i < 9; i++) {
		assert_int_equal(inputs_subdir(i, "nfcapd.202403051000", subdir, sizeof(subdir)), NFGEO_OK);
		assert_string_equal(subdir, layouts[i]);
	}
	assert_int_equal(inputs_subdir(9, "nfcapd.202403051000", subdir, sizeof(subdir)), NFGEO_EINVAL);
	assert_int_equal(inputs_subdir(1, "nfcapd.20240305", subdir, sizeof(subdir)), NFGEO_EINVAL);
	assert_int_equal(inputs_subdir(1, "nfcapd", subdir, sizeof(subdir)), NFGEO_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(parse_times), cmocka_unit_test(subdirs)};

	setenv("TZ", "UTC", 1);
	tzset();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
