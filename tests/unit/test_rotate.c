/* SPDX-License-Identifier: BSD-3-Clause */
/* Slots and their names, with clocks that jump. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* cmocka.h needs the four above */
#include <cmocka.h>

#include "collect/rotate.h"

enum { NOON = 1709640000 }; /* 2024-03-05 12:00:00 UTC, a Tuesday */

static void zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

static void test_aligned(void **state)
{
	(void)state;
	assert_int_equal(slot_at(NOON + 299, 300).start_s, NOON);
	assert_int_equal(slot_at(NOON + 300, 300).start_s, NOON + 300);
	assert_int_equal(slot_at(NOON + 3, 2).start_s, NOON + 2);
	assert_int_equal(slot_at(-1, 300).start_s, -300);
}

static void test_over(void **state)
{
	const struct slot slot = {NOON, 300};
	static const struct {
		int64_t now_s;
		bool traffic, over;
	} row[] = {
		{NOON, true, false},
		{NOON + 299, true, false},
		{NOON + 300, true, true},
		{NOON + 300, false, false}, /* one second of grace */
		{NOON + 301, false, true},
		{NOON + 86400, false, true},
		{NOON - 1, true, false},   /* the clock was set back a little: nothing is lost */
		{NOON - 300, true, false},
		{NOON - 301, true, true},  /* by more than a slot */
		{0, false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(slot_over(&slot, row[i].now_s, row[i].traffic), row[i].over);
}

static void test_next(void **state)
{
	const struct slot slot = {NOON, 300};
	static const struct {
		int64_t now_s, next_s;
		bool jumped;
	} row[] = {
		{NOON + 300, NOON + 300, false},
		{NOON + 301, NOON + 300, false},
		{NOON + 900, NOON + 300, false}, /* a stall: every slot gets its file */
		{NOON + 300 * 289, NOON + 300, false},
		{NOON + 300 * 290, NOON + 300 * 290, true}, /* a wrong clock: jumped over */
		{NOON + 4000000000, NOON + 3999999900, true},
		{NOON - 301, NOON - 600, true},
		{0, 0, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		bool jumped;
		struct slot next = slot_next(&slot, row[i].now_s, &jumped);

		assert_int_equal(next.start_s, row[i].next_s);
		assert_int_equal(jumped, row[i].jumped);
	}
}

/* Whatever the clock does, closing slots until none is over comes to an end. */
static void test_ends(void **state)
{
	static const int64_t clock[] = {NOON, NOON + 4000000000, 0, NOON, NOON - 700, NOON + 86399};
	struct slot slot = slot_at(NOON, 2);

	(void)state;
	for (size_t i = 0; i < sizeof(clock) / sizeof(clock[0]); i++) {
		int passes = 0;
		bool jumped;

		for (; slot_over(&slot, clock[i], true); passes++)
			slot = slot_next(&slot, clock[i], &jumped);
		assert_true(passes <= SLOT_CATCH_UP + 2);
		assert_true(clock[i] >= slot.start_s - 2 && clock[i] < slot.start_s + 2);
	}
}

static void test_wait(void **state)
{
	const struct slot slot = {NOON, 300};

	(void)state;
	assert_int_equal(slot_wait_ms(&slot, NOON * 1000ll), 1000);
	assert_int_equal(slot_wait_ms(&slot, (NOON + 300) * 1000ll + 250), 750);
	assert_int_equal(slot_wait_ms(&slot, (NOON + 301) * 1000ll), 0);
	assert_int_equal(slot_wait_ms(&slot, (NOON + 9999) * 1000ll), 0);
	assert_int_equal(slot_wait_ms(&slot, 0), 1000);
}

static void test_names(void **state)
{
	static const struct {
		const char *zone;
		int32_t interval_s;
		bool offset;
		const char *name;
	} row[] = {
		{"UTC0", 300, false, "202403051200"},
		{"UTC0", 60, false, "202403051200"},
		{"UTC0", 59, false, "20240305120000"},
		{"UTC0", 2, false, "20240305120000"},
		{"CET-1", 300, false, "202403051300"},
		{"CET-1", 300, true, "202403051300+0100"},
		{"EST5", 300, true, "202403050700-0500"},
		{"IST-5:30", 2, true, "20240305173000+0530"},
	};
	const char prefix[] = "nfcapd.";

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct slot slot = {NOON, row[i].interval_s};
		char name[SLOT_NAME_BYTES + sizeof(prefix)];
		int64_t start_s;

		zone(row[i].zone);
		strcpy(name, prefix);
		slot_name(&slot, row[i].offset, name + strlen(prefix));
		assert_string_equal(name + strlen(prefix), row[i].name);
		assert_int_equal(slot_parse(name, &start_s), NFGEO_OK);
		assert_int_equal(start_s, NOON);
	}
	zone("UTC0");
}

static void test_no_names(void **state)
{
	static const char *const name[] = {
		"nfcapd.", "nfcapd.current.123", "nfcapd.20240305120", "nfcapd.2024030512000x",
		"nfcapd.202403051200+01", "nfcapd.202403051200+01000", "nfprofile.202403051200",
		"nfcapd.202403051200.gz", ".nfstat", "", "nfcapd.2024030512000", "nfcap",
	};
	int64_t start_s;

	(void)state;
	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		assert_int_equal(slot_parse(name[i], &start_s), NFGEO_EINVAL);
}

static void test_subdirs(void **state)
{
	static const char *const expect[SLOT_LAYOUTS] = {
		"",	    "2024/03/05",  "2024/03/05/12", "2024/10/2",     "2024/10/2/12",
		"2024/065", "2024/065/12", "2024-03-05",    "2024-03-05/12",
	};
	const struct slot slot = {NOON, 300};
	char subdir[SLOT_SUBDIR_BYTES];

	(void)state;
	zone("UTC0");
	for (unsigned i = 0; i < SLOT_LAYOUTS; i++) {
		slot_subdir(&slot, i, subdir);
		assert_string_equal(subdir, expect[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aligned), cmocka_unit_test(test_over),
		cmocka_unit_test(test_next),	cmocka_unit_test(test_ends),
		cmocka_unit_test(test_wait),	cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_names), cmocka_unit_test(test_subdirs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("rotate", tests, NULL, NULL);
}
