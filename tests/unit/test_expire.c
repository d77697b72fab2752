/* SPDX-License-Identifier: BSD-3-Clause */
/* The books in .nfstat and expiry by its limits, on real files in a temporary directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
/* cmocka.h needs the four first ones */
#include <cmocka.h>

#include "collect/expire.h"
#include "collect/rotate.h"
#include "tests/lib/scratch.h"

enum { NOON = 1709640000, FILES = 10 }; /* 2024-03-05 12:00:00 UTC */

static char dir[64];

/* Ten files of one disk block or so each, five minutes apart, the second half in a directory. */
static int setup(void **state)
{
	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	assert_int_equal(scratch_make(state), 0);
	strcpy(dir, scratch_folder);
	for (int i = 0; i < FILES; i++) {
		const struct slot slot = {NOON + i * 300, 300};
		char name[100], time[SLOT_NAME_BYTES], path[200];

		slot_name(&slot, false, time);
		snprintf(path, sizeof(path), "%s/2024/03", dir);
		assert_int_equal(directory_create(path, NULL), NFGEO_OK);
		snprintf(name, sizeof(name), "%snfcapd.%s", i < FILES / 2 ? "2024/03/" : "", time);
		scratch_put(name, "flows");
	}
	scratch_put("nfcapd.current.1", "open");
	scratch_put("README", "not ours");
	return 0;
}

static uint64_t file_bytes(void)
{
	char path[200];
	struct stat info;

	snprintf(path, sizeof(path), "%s/nfcapd.202403051245", dir);
	assert_int_equal(stat(path, &info), 0);
	return (uint64_t)info.st_blocks * 512;
}

static void test_book(void **state)
{
	struct nfstat stat;
	struct error error;

	(void)state;
	assert_int_equal(nfstat_read(dir, &stat, &error), NFGEO_ENOTFOUND);
	scratch_put(".nfstat", "");
	assert_int_equal(nfstat_read(dir, &stat, &error), NFGEO_ENOTFOUND);
	assert_int_equal(expire_book(dir, NOON, 4096, true, &error), NFGEO_OK);
	assert_int_equal(expire_book(dir, NOON + 300, 8192, true, &error), NFGEO_OK);
	assert_int_equal(expire_book(dir, NOON + 300, 512, false, &error), NFGEO_OK);
	assert_int_equal(nfstat_read(dir, &stat, &error), NFGEO_OK);
	assert_int_equal(stat.first_s, NOON);
	assert_int_equal(stat.last_s, NOON + 300);
	assert_int_equal(stat.size_bytes, 12800);
	assert_int_equal(stat.file_count, 2);
	assert_int_equal(stat.status, NFSTAT_REBUILD);
	assert_int_equal(stat.watermark, 95);
	assert_int_equal(expire_book(dir, NOON, -100000, false, &error), NFGEO_OK);
	assert_int_equal(nfstat_read(dir, &stat, &error), NFGEO_OK);
	assert_int_equal(stat.size_bytes, 0);
}

/* The limits that nfexpire -u wrote survive the booking. */
static void test_keeps_limits(void **state)
{
	struct nfstat stat;
	struct error error;

	(void)state;
	scratch_put(".nfstat", "first=1\nlast=2\nsize=100\nmaxsize=777\nnumfiles=1\nlifetime=88\n"
			       "watermark=50\nstatus=0\n");
	assert_int_equal(expire_book(dir, NOON, 100, true, &error), NFGEO_OK);
	assert_int_equal(nfstat_read(dir, &stat, &error), NFGEO_OK);
	assert_int_equal(stat.max_bytes, 777);
	assert_int_equal(stat.lifetime_s, 88);
	assert_int_equal(stat.watermark, 50);
	assert_int_equal(stat.size_bytes, 200);
	assert_int_equal(stat.file_count, 2);
	assert_int_equal(stat.first_s, 1);
	assert_int_equal(stat.status, 0);
}

static void test_no_limits(void **state)
{
	struct expire_result result;
	struct nfstat stat;
	struct error error;

	(void)state;
	assert_int_equal(expire_run(dir, NOON + 99999999, &result, &error), NFGEO_OK);
	assert_int_equal(result.file_count, 0);
	assert_int_equal(nfstat_read(dir, &stat, &error), NFGEO_OK);
	assert_int_equal(stat.file_count, FILES);
	assert_int_equal(stat.size_bytes, FILES * file_bytes());
	assert_int_equal(stat.first_s, NOON);
	assert_int_equal(stat.last_s, NOON + 9 * 300);
	assert_int_equal(stat.status, 0);
}

static void run_with(uint64_t max_bytes, uint64_t lifetime_s, uint64_t watermark, int64_t now_s,
		     struct expire_result *result)
{
	char text[200];
	struct error error;

	snprintf(
		text, sizeof(text),
		"first=0\nlast=0\nsize=0\nmaxsize=%llu\nnumfiles=0\nlifetime=%llu\nwatermark=%llu\n"
		"status=0\n",
		(unsigned long long)max_bytes, (unsigned long long)lifetime_s,
		(unsigned long long)watermark);
	scratch_put(".nfstat", text);
	assert_int_equal(expire_run(dir, now_s, result, &error), NFGEO_OK);
}

static void test_size(void **state)
{
	struct expire_result result;
	struct nfstat stat;
	uint64_t one = file_bytes();

	(void)state;
	run_with(FILES * one + 1, 0, 50, NOON, &result); /* not reached */
	assert_int_equal(result.file_count, 0);
	run_with(8 * one, 0, 50, NOON, &result); /* down to half of it */
	assert_int_equal(result.file_count, 6);
	assert_int_equal(result.bytes, 6 * one);
	assert_false(scratch_exists("nfcapd.202403051225"));
	assert_true(scratch_exists("nfcapd.202403051230"));
	assert_false(scratch_exists("2024")); /* empty directories go too */
	assert_true(scratch_exists("README"));
	assert_true(scratch_exists("nfcapd.current.1"));
	assert_int_equal(nfstat_read(dir, &stat, NULL), NFGEO_OK);
	assert_int_equal(stat.file_count, 4);
	assert_int_equal(stat.size_bytes, 4 * one);
	assert_int_equal(stat.first_s, NOON + 6 * 300);
	assert_int_equal(stat.max_bytes, 8 * one);
}

static void test_newest_stays(void **state)
{
	struct expire_result result;

	(void)state;
	run_with(1, 0, 95, NOON, &result);
	assert_int_equal(result.file_count, FILES - 1);
	assert_true(scratch_exists("nfcapd.202403051245"));
}

static void test_lifetime(void **state)
{
	struct expire_result result;

	(void)state;
	run_with(0, 3600, 0, NOON + 3600, &result); /* just not too old */
	assert_int_equal(result.file_count, 0);
	run_with(0, 3600, 50, NOON + 3601, &result); /* half an hour is left: 12:30:01 and later */
	assert_int_equal(result.file_count, 7);
	assert_true(scratch_exists("nfcapd.202403051235"));
}

/* A hostile or damaged file gives zeros, never a crash or a wild expiry. */
static void test_damaged(void **state)
{
	static const char *const text[] = {
		"maxsize\nsize=\n=\n\n", "maxsize=99999999999999999999999\n", "first",
		"\xff\xff=1\n",		 "watermark=4000000000\nmaxsize=0\n",
	};
	struct expire_result result;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		scratch_put(".nfstat", text[i]);
		assert_int_equal(expire_run(dir, NOON, &result, &error), NFGEO_OK);
		assert_int_equal(result.file_count, 0);
	}
}

static void test_missing_directory(void **state)
{
	struct expire_result result;
	struct error error;

	(void)state;
	assert_int_equal(expire_run("/nonexistent", NOON, &result, &error), NFGEO_EIO);
	assert_non_null(strstr(error.text, "/nonexistent"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, scratch_drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_book),    CASE(test_keeps_limits),	  CASE(test_no_limits),
		CASE(test_size),    CASE(test_newest_stays),	  CASE(test_lifetime),
		CASE(test_damaged), CASE(test_missing_directory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("expire", tests, NULL, NULL);
}
