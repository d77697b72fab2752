/* SPDX-License-Identifier: BSD-3-Clause */
/* The averages of a summary, as stock nfdump 1.7.1 prints them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "output/output.h"

static const struct {
	uint64_t first_ms, last_ms, packets, bytes;
	uint64_t bps, pps, bpp;
} cases[] = {
	{1000, 5000, 8, 800, 1600, 2, 100},
	{1000, 1001, 1, 100, 800000, 1000, 100},
	{1000, 5000, 0, 0, 0, 0, 0},
	{1000, 1000, 3, 300, 0, 0, 0},	 /* no duration */
	{5000, 1000, 3, 300, 0, 0, 100}, /* seen last before it was seen first */
	{5000, 0, 3, 300, 0, 0, 0},	 /* the end is not known */
	{0, 5000, 3, 300, 480, 0, 100},
};

static void test_averages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct summary summary = {.selected = {.flows = 1,
						       .packets = cases[i].packets,
						       .bytes = cases[i].bytes,
						       .first_ms = cases[i].first_ms,
						       .last_ms = cases[i].last_ms}};
		struct averages average = summary_averages(&summary);

		assert_int_equal(average.bps, cases[i].bps);
		assert_int_equal(average.pps, cases[i].pps);
		assert_int_equal(average.bpp, cases[i].bpp);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_averages),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
