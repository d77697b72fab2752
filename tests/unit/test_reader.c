/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/reader.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "nffile/format.h"
#include "nffile/geosummary.h"
#include "nffile/writer.h"
#include "tests/lib/makeflow.h"
#include "tests/lib/scratch.h"

/* Three blocks of 20 flows each, plain or LZ4, as the stock form or with geo blocks. */
enum { BLOCKS = 3, FLOWS = 20 };

static const char *name; /* of the file in work */
static char path[160];
static uint8_t *original;
static size_t original_len;
static uint64_t block_at[BLOCKS + 1], appendix_at; /* block_at[BLOCKS]: behind the last one */

static void save(const uint8_t *bytes, size_t len)
{
	scratch_put_bytes(name, bytes, len);
}

static void load(void)
{
	original = scratch_get(name, &original_len);
	block_at[0] = 40;
	for (int i = 0; i < BLOCKS; i++)
		block_at[i + 1] = block_at[i] + 12 + bytes_get32(original + block_at[i] + 4);
	appendix_at = bytes_get64(original + 24);
}

static void make_file(enum codec codec, bool geo)
{
	struct nffile_options options = {.codec = codec, .ident = "reader",
					 .no_geo_blocks = !geo, .arrival_order = true};
	struct nffile_finish finish = {0};
	struct nffile_writer *writer;
	struct block block = {0};
	struct error error;

	assert_int_equal(nffile_create(&writer, path, &options, &error), NFGEO_OK);
	for (unsigned i = 0; i < BLOCKS; i++) {
		block_clear(&block);
		for (unsigned n = 0; n < FLOWS; n++) {
			struct make_flow flow = {.src4 = 1 + 100 * i + n, .dst4 = 7, .proto = 17};

			make_append(&block, &flow);
		}
		assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
	}
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);
	block_fini(&block);
	load();
}

static int setup(void **state, const char *file_name, enum codec codec, bool geo)
{
	int status = scratch_make(state);

	name = file_name;
	strcpy(path, scratch_path(name));
	make_file(codec, geo);
	return status;
}

static int setup_plain(void **state)
{
	return setup(state, "file", CODEC_NONE, false);
}

static int setup_lz4(void **state)
{
	return setup(state, "file", CODEC_LZ4, false);
}

static int setup_lz4_geo(void **state)
{
	return setup(state, "nfcapd.current.7", CODEC_LZ4, true);
}

static int teardown(void **state)
{
	free(original);
	return scratch_drop(state);
}

/* What a whole reading gives. */
struct reading {
	int open_status;
	unsigned flows, damaged;
	bool never_closed, has_totals;
	char ident[IDENT_TEXT];
	struct error error; /* the first one */
};

static void note(struct reading *reading, const struct error *error)
{
	if (!reading->damaged++)
		reading->error = *error;
}

static struct reading read_all(void)
{
	struct reading reading = {0};
	struct nffile_reader *reader;
	struct block block = {0};
	struct error error = {0};
	int status;

	reading.open_status = nffile_open(&reader, path, &reading.error);
	if (reading.open_status != NFGEO_OK)
		return reading;
	while ((status = nffile_next(reader, &block, &error)) != 0) {
		if (status < 0) {
			assert_int_equal(error.code, status);
			assert_non_null(strstr(error.text, path));
			note(&reading, &error);
		}
		reading.flows += block.record_count;
		assert_true(reading.damaged < 100);
	}
	reading.never_closed = nffile_info(reader)->never_closed;
	reading.has_totals = nffile_info(reader)->has_totals;
	strcpy(reading.ident, nffile_info(reader)->ident);
	nffile_close(reader);
	block_fini(&block);
	return reading;
}

/* One number of the plain file changed. */
enum place { HEADER, BLOCK0, BLOCK1, BLOCK2, APPENDIX };

static const struct {
	const char *name;
	enum place place;
	unsigned at, bytes;
	uint64_t value;
	int open_status;
	unsigned flows, damaged;
	const char *says;
} edit_case[] = {
	{"unchanged", HEADER, 0, 2, 0xa50c, 0, 60, 0, NULL},
	{"other byte order", HEADER, 0, 2, 0x0ca5, NFGEO_EVERSION, 0, 0, "big-endian"},
	{"other magic", HEADER, 0, 2, 0x1234, NFGEO_EINVAL, 0, 0, "0x1234"},
	{"layout 1", HEADER, 2, 2, 1, NFGEO_EVERSION, 0, 0, "nfdump -r OLD -w NEW"},
	{"layout 3", HEADER, 2, 2, 3, NFGEO_EVERSION, 0, 0, "layout version 3"},
	{"other nfdversion", HEADER, 4, 4, 0xffffffff, 0, 60, 0, NULL},
	{"encrypted", HEADER, 17, 1, 1, NFGEO_EVERSION, 0, 0, "encrypted"},
	{"codec 5", HEADER, 16, 1, 5, NFGEO_EVERSION, 0, 0, "compression 5"},
	{"creator 99", HEADER, 20, 4, 99, 0, 60, 0, NULL},
	{"BlockSize too big", HEADER, 32, 4, 0xffffffff, 0, 60, 0, NULL},
	{"BlockSize of nothing", HEADER, 32, 4, 100, 0, 60, 0, NULL},
	{"NumBlocks too small", HEADER, 36, 4, 2, 0, 60, 1, "announces 2 blocks, 3 were found"},
	{"NumBlocks too big", HEADER, 36, 4, 9, 0, 60, 1, "announces 9 blocks, 3 were found"},
	{"NumBlocks 0", HEADER, 36, 4, 0, 0, 60, 1, "announces 0 blocks, 3 were found"},
	{"no appendix announced", HEADER, 18, 2, 0, 0, 60, 0, NULL},
	{"too many appendix blocks", HEADER, 18, 2, 500, 0, 60, 0, NULL},
	{"appendix at 0", HEADER, 24, 8, 0, 0, 60, 1, "appendix is damaged or missing"},
	{"appendix at -1", HEADER, 24, 8, UINT64_MAX, 0, 60, 1, "appendix is damaged or missing"},
	{"appendix behind the end", HEADER, 24, 8, 1 << 30, 0, 60, 1, "appendix is damaged"},
	{"appendix in the data", HEADER, 24, 8, 40, 0, 60, 1, "appendix is damaged"},
	{"size 0", BLOCK1, 4, 4, 0, 0, 20, 1, "block 1 at offset"},
	{"size 2 GB", BLOCK1, 4, 4, 0x7fffffff, 0, 20, 1, "it and all behind it are left out"},
	{"size to behind the appendix", BLOCK1, 4, 4, 6000, 0, 20, 1, "left out"},
	{"no records", BLOCK1, 0, 4, 0, 0, 40, 1, "no records"},
	{"too many records", BLOCK1, 0, 4, 0xffffffff, 0, 60, 1, "20 of 4294967295 records"},
	{"too few records", BLOCK1, 0, 4, 5, 0, 45, 1, "5 of 5 records"},
	{"type 4", BLOCK1, 8, 2, 4, 0, 40, 0, NULL},
	{"type 2", BLOCK1, 8, 2, 2, 0, 40, 1, "before nfdump 1.7"},
	{"type 5", BLOCK1, 8, 2, 5, 0, 40, 1, "of type 5"},
	{"all block flags", BLOCK1, 10, 2, 0xffff, 0, 60, 0, NULL},
	{"record size 0", BLOCK1, 12 + 2, 2, 0, 0, 40, 1, "0 of 20 records"},
	{"record size 3", BLOCK1, 12 + 2, 2, 3, 0, 40, 1, "0 of 20 records"},
	{"record size 65535", BLOCK1, 12 + 2, 2, 65535, 0, 40, 1, "0 of 20 records"},
	{"third record size 0", BLOCK1, 12 + 2 * 76 + 2, 2, 0, 0, 42, 1, "2 of 20 records"},
	{"last record one longer", BLOCK1, 12 + 19 * 76 + 2, 2, 77, 0, 59, 1, "19 of 20 records"},
	{"appendix block size 0", APPENDIX, 4, 4, 0, 0, 60, 1, "appendix is damaged"},
	{"appendix block of type 4", APPENDIX, 8, 2, 4, 0, 60, 1, "appendix is damaged"},
	{"unknown appendix record", APPENDIX, 12, 2, 0x7001, 0, 60, 0, NULL},
	{"stat record of another size", APPENDIX, 12 + 11 + 2, 2, 100, 0, 60, 0, NULL},
};

static void test_edits(void **state)
{
	const uint64_t base[] = {0, block_at[0], block_at[1], block_at[2], appendix_at};

	(void)state;
	for (size_t i = 0; i < sizeof(edit_case) / sizeof(edit_case[0]); i++) {
		uint8_t *copy = malloc(original_len);
		struct reading reading;

		memcpy(copy, original, original_len);
		memcpy(copy + base[edit_case[i].place] + edit_case[i].at, &edit_case[i].value,
		       edit_case[i].bytes);
		save(copy, original_len);
		free(copy);
		reading = read_all();
		if (reading.open_status != edit_case[i].open_status ||
		    reading.flows != edit_case[i].flows || reading.damaged != edit_case[i].damaged)
			fail_msg("%s: open %d, %u flows, damaged %u: %s", edit_case[i].name,
				 reading.open_status, reading.flows, reading.damaged,
				 reading.error.text);
		if (edit_case[i].says && !strstr(reading.error.text, edit_case[i].says))
			fail_msg("%s: %s", edit_case[i].name, reading.error.text);
	}
}

/* Cut at every byte: no crash, no flow that was not there, the whole blocks are given. */
static void test_cuts(void **state)
{
	(void)state;
	for (size_t len = original_len; len-- > 0;) {
		struct reading reading;
		unsigned whole = 0;

		assert_int_equal(truncate(path, (off_t)len), 0);
		reading = read_all();
		if (len < 40) {
			assert_int_equal(reading.open_status, NFGEO_ETRUNCATED);
			continue;
		}
		for (int i = 0; i < BLOCKS; i++)
			whole += len >= block_at[i + 1] ? FLOWS : 0;
		assert_int_equal(reading.flows, whole);
		assert_int_equal(reading.damaged, 1);
	}
}

/* Every single bit flipped in a file with a sealed index: no flow is ever invented, and a block
 * that changed is left out, its neighbours not. */
static void test_flips_with_index(void **state)
{
	(void)state;
	for (size_t bit = 0; bit < 8 * original_len; bit++) {
		struct reading reading;

		scratch_put_byte(name, bit / 8, original[bit / 8] ^ (uint8_t)(1 << bit % 8));
		reading = read_all();
		scratch_put_byte(name, bit / 8, original[bit / 8]);
		if (bit / 8 < 40)
			continue; /* the file's header: may be refused */
		assert_int_equal(reading.open_status, NFGEO_OK);
		if (bit / 8 >= block_at[BLOCKS]) {
			assert_int_equal(reading.flows, BLOCKS * FLOWS);
			continue;
		}
		if (reading.flows != (BLOCKS - 1) * FLOWS && reading.flows != BLOCKS * FLOWS)
			fail_msg("bit %zu: %u flows", bit, reading.flows);
		if ((bit / 8 - block_at[0]) / 4 == BLOCK_AT_RECORDS / 4 && reading.flows != BLOCKS * FLOWS)
			fail_msg("bit %zu of a number of records: %u flows", bit, reading.flows);
		if (!reading.damaged && reading.flows != BLOCKS * FLOWS)
			fail_msg("bit %zu: %u flows without a word", bit, reading.flows);
	}
}

/* Never closed: header with zeros. Whole blocks are given, a cut one is reported. */
static void test_never_closed(void **state)
{
	uint8_t *copy = malloc(original_len);
	struct reading reading;

	(void)state;
	memcpy(copy, original, original_len);
	bytes_put16(copy + FILE_AT_APPENDIX_BLOCKS, 0);
	bytes_put64(copy + FILE_AT_APPENDIX, 0);
	bytes_put32(copy + FILE_AT_BLOCKS, 0);
	bytes_put32(copy + FILE_AT_GEO_BYTES, 0);
	save(copy, original_len);
	for (size_t len = block_at[BLOCKS]; len >= 40; len--) {
		unsigned whole = 0, at_border = len == 40;

		for (int i = 0; i < BLOCKS; i++) {
			whole += len >= block_at[i + 1] ? FLOWS : 0;
			at_border += len == block_at[i + 1];
		}
		assert_int_equal(truncate(path, (off_t)len), 0);
		reading = read_all();
		assert_true(reading.never_closed);
		assert_false(reading.has_totals);
		assert_int_equal(reading.flows, whole);
		assert_int_equal(reading.damaged, at_border ? 0 : 1);
	}
	free(copy);
}

/* Behind the records that a block counts lies something else: those are given, and it is told. */
static void test_fewer_counted(void **state)
{
	uint8_t *copy = malloc(original_len);
	struct reading reading;

	(void)state;
	memcpy(copy, original, original_len);
	bytes_put32(copy + block_at[1] + BLOCK_AT_RECORDS, FLOWS - 3);
	save(copy, original_len);
	reading = read_all();
	assert_int_equal(reading.flows, BLOCKS * FLOWS - 3);
	assert_int_equal(reading.damaged, 1);
	assert_non_null(strstr(reading.error.text, "17 of 17 records are readable, the last"));
	free(copy);
}

/* A file that is still open has its checksums beside it. */
static void test_sums_of_open_file(void **state)
{
	struct nffile_options options = {.codec = CODEC_NONE, .arrival_order = true};
	struct nffile_writer *writer;
	struct block block = {0};
	struct reading reading;
	struct error error;
	FILE *file;

	(void)state;
	assert_int_equal(nffile_create(&writer, path, &options, &error), NFGEO_OK);
	for (unsigned i = 0; i < 3; i++) {
		struct make_flow flow = {.src4 = i + 1, .dst4 = 7};

		block_clear(&block);
		make_append(&block, &flow);
		assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
	}
	reading = read_all();
	assert_int_equal(reading.flows, 3);
	assert_int_equal(reading.damaged, 0);
	file = fopen(path, "r+b");
	fseek(file, 40 + 12 + (long)block.used + 12 + 40, SEEK_SET); /* in block 1 */
	fputc(0x55, file);
	fclose(file);
	reading = read_all();
	assert_int_equal(reading.flows, 2);
	assert_int_equal(reading.damaged, 1);
	assert_non_null(strstr(reading.error.text, "wrong checksum"));
	nffile_abort(writer);
	block_fini(&block);
	save(original, original_len);
}

/* Several appendix blocks, the last record of a kind wins; stray bytes behind. */
static void test_appendix_variants(void **state)
{
	size_t appendix_len = original_len - appendix_at;
	uint8_t *copy = malloc(original_len + appendix_len + 300);
	struct reading reading;

	(void)state;
	memcpy(copy, original, original_len);
	memcpy(copy + original_len, original + appendix_at, appendix_len);
	memcpy(copy + original_len + 12 + 4, "second", 6);
	memset(copy + original_len + appendix_len, 0xee, 300);
	bytes_put16(copy + FILE_AT_APPENDIX_BLOCKS, 2);
	save(copy, original_len + appendix_len + 300);
	reading = read_all();
	assert_int_equal(reading.damaged, 0);
	assert_int_equal(reading.flows, BLOCKS * FLOWS);
	assert_true(reading.has_totals);
	assert_string_equal(reading.ident, "second");
	bytes_put16(copy + FILE_AT_APPENDIX_BLOCKS, 1);
	save(copy, original_len + appendix_len + 300);
	reading = read_all();
	assert_int_equal(reading.damaged, 0);
	assert_string_equal(reading.ident, "reader");
	free(copy);
}

/* An ident of 255 characters is read whole, a longer one is cut. */
static void test_long_ident(void **state)
{
	enum { LONG = 300 };
	uint8_t *copy = malloc(appendix_at + 12 + 4 + LONG);
	struct reading reading;

	(void)state;
	memcpy(copy, original, appendix_at + 12);
	bytes_put32(copy + appendix_at + 4, 4 + LONG);
	bytes_put16(copy + appendix_at + 12, RECORD_IDENT);
	bytes_put16(copy + appendix_at + 14, 4 + LONG);
	memset(copy + appendix_at + 16, 'x', LONG);
	save(copy, appendix_at + 12 + 4 + LONG);
	reading = read_all();
	assert_int_equal(strlen(reading.ident), 255);
	assert_int_equal(reading.damaged, 0);
	free(copy);
}

static void test_what_is_no_file(void **state)
{
	struct nffile_reader *reader;
	struct error error;

	(void)state;
	assert_int_equal(nffile_open(&reader, "/nonexistent", &error), NFGEO_ENOTFOUND);
	assert_int_equal(error.code, NFGEO_ENOTFOUND);
	assert_non_null(strstr(error.text, "/nonexistent"));
	assert_int_equal(nffile_open(&reader, scratch_folder, &error), NFGEO_EINVAL);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(nffile_open(&reader, path, &error), NFGEO_EINVAL); /* and no hang */
	unlink(path);
	save(original, original_len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_edits, setup_plain, teardown),
		cmocka_unit_test_setup_teardown(test_cuts, setup_plain, teardown),
		cmocka_unit_test_setup_teardown(test_flips_with_index, setup_lz4_geo, teardown),
		cmocka_unit_test_setup_teardown(test_never_closed, setup_plain, teardown),
		cmocka_unit_test_setup_teardown(test_fewer_counted, setup_plain, teardown),
		cmocka_unit_test_setup_teardown(test_fewer_counted, setup_lz4, teardown),
		cmocka_unit_test_setup_teardown(test_sums_of_open_file, setup_lz4_geo, teardown),
		cmocka_unit_test_setup_teardown(test_appendix_variants, setup_plain, teardown),
		cmocka_unit_test_setup_teardown(test_long_ident, setup_plain, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_file, setup_plain, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
