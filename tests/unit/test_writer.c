/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/writer.h"

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
#include "nffile/reader.h"
#include "tests/lib/makeflow.h"
#include "tests/lib/scratch.h"

#define WORK  "nfcapd.current.1"
#define SUMS  WORK ".sum"
#define FINAL "nfcapd.202601010000"

static char work[160], final[160]; /* paths */

static int make_folder(void **state)
{
	int status = scratch_make(state);

	strcpy(work, scratch_path(WORK));
	strcpy(final, scratch_path(FINAL));
	return status;
}

static struct nffile_writer *create(enum codec codec)
{
	struct nffile_options options = {
		.codec = codec, .ident = "test", .creator = CREATOR_NFCAPD, .arrival_order = true};
	struct nffile_writer *writer;
	struct error error;

	assert_int_equal(nffile_create(&writer, work, &options, &error), NFGEO_OK);
	return writer;
}

static void fill(struct block *block, unsigned count, uint32_t first)
{
	for (unsigned i = 0; i < count; i++) {
		struct make_flow flow = {.src4 = first + i,
					 .dst4 = i,
					 .tagged = true,
					 .src_country = 1 + i % 5,
					 .proto = 6,
					 .packets = 1,
					 .bytes = 100,
					 .first_ms = 1000 + i,
					 .last_ms = 2000 + i};

		make_append(block, &flow);
	}
}

static void test_bytes_on_disk(void **state)
{
	struct nffile_writer *writer = create(CODEC_NONE);
	struct nffile_finish finish = {.rename_to = final, .sequence_failures = 7};
	struct block block = {0};
	struct stat stat_of_work;
	struct error error;
	uint64_t appendix;
	uint8_t *bytes;
	size_t len;

	(void)state;
	fill(&block, 3, 100);
	assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
	/* Open: NumBlocks, appendixBlocks and offAppendix are 0. */
	bytes = scratch_get(WORK, &len);
	assert_int_equal(len, 40 + 12 + block.used);
	assert_int_equal(bytes_get16(bytes), 0xa50c);
	assert_int_equal(bytes_get16(bytes + 2), 2);
	assert_int_equal(bytes_get16(bytes + 18), 0);
	assert_int_equal(bytes_get64(bytes + 24), 0);
	assert_int_equal(bytes_get32(bytes + 36), 0);
	free(bytes);
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);
	assert_int_not_equal(stat(work, &stat_of_work), 0);
	/* Closed: one record block, two geo blocks, one appendix block. */
	bytes = scratch_get(FINAL, &len);
	assert_int_equal(bytes_get32(bytes + 20), CREATOR_NFCAPD);
	assert_int_equal(bytes_get16(bytes + 18), 1);
	assert_int_equal(bytes_get32(bytes + 36), 3);
	assert_int_equal(bytes_get32(bytes + 40), 3);
	assert_int_equal(bytes_get32(bytes + 44), block.used);
	assert_int_equal(bytes_get16(bytes + 48), 3);
	assert_int_equal(bytes_get16(bytes + 50), 0);
	assert_memory_equal(bytes + 52, block.bytes, block.used);
	appendix = bytes_get64(bytes + 24);
	assert_int_equal(len, appendix + 12 + 4 + 5 + 148);
	assert_int_equal(bytes_get16(bytes + appendix + 12), 0x8001);
	assert_string_equal((char *)bytes + appendix + 16, "test");
	assert_int_equal(bytes_get16(bytes + appendix + 21), 0x8002);
	assert_int_equal(bytes_get16(bytes + appendix + 23), 148);
	assert_int_equal(bytes_get64(bytes + appendix + 25), 3);       /* flows */
	assert_int_equal(bytes_get64(bytes + appendix + 25 + 136), 7); /* sequence failures */
	assert_int_equal(bytes_get16(bytes + appendix - bytes_get32(bytes + 32) + 8), 4);
	free(bytes);
	block_fini(&block);
}

static void test_empty_file(void **state)
{
	struct nffile_writer *writer = create(CODEC_LZ4);
	struct nffile_finish finish = {
		.rename_to = final, .empty_first_ms = 300000, .empty_last_ms = 600000};
	struct nffile_reader *reader;
	struct block block = {0};
	struct error error;

	(void)state;
	assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK); /* ignored */
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);
	assert_int_equal(nffile_open(&reader, final, &error), NFGEO_OK);
	assert_int_equal(nffile_next(reader, &block, &error), 0);
	assert_int_equal(nffile_info(reader)->block_count, 0);
	assert_false(nffile_info(reader)->never_closed);
	assert_int_equal(nffile_info(reader)->totals.first_ms, 300000);
	assert_int_equal(nffile_info(reader)->totals.last_ms, 600000);
	nffile_close(reader);
	block_fini(&block);
}

/* More than a block may hold on disk: cut at records, nothing lost, each block within the limit. */
static void test_big_blocks_are_cut(void **state)
{
	enum { FLOWS = 40000 };
	struct nffile_writer *writer = create(CODEC_LZ4);
	struct nffile_finish finish = {.rename_to = final};
	struct nffile_reader *reader;
	struct block block = {0};
	struct error error;
	uint64_t bytes = 0, records = 0, blocks = 0;
	size_t used;

	(void)state;
	fill(&block, FLOWS, 0);
	used = block.used;
	assert_true(used > 3 * BLOCK_WRITE_BYTES);
	assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);
	assert_int_equal(nffile_open(&reader, final, &error), NFGEO_OK);
	while (nffile_next(reader, &block, &error) == 1) {
		assert_true(block.used <= BLOCK_WRITE_BYTES);
		bytes += block.used;
		records += block.record_count;
		blocks++;
	}
	assert_int_equal(bytes, used);
	assert_int_equal(records, FLOWS);
	assert_int_equal(blocks, used / BLOCK_WRITE_BYTES + 1);
	assert_int_equal(nffile_info(reader)->totals.flows, FLOWS);
	nffile_close(reader);
	block_fini(&block);
}

static void write_file(unsigned blocks, uint64_t sequence_failures)
{
	struct nffile_writer *writer = create(CODEC_LZO);
	struct nffile_finish finish = {.rename_to = final, .sequence_failures = sequence_failures};
	struct block block = {0};
	struct error error;

	for (unsigned i = 0; i < blocks; i++) {
		block_clear(&block);
		fill(&block, 100, 1000 * i);
		assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
	}
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);
	block_fini(&block);
}

/* Restart within a slot: old blocks, then new ones; geo blocks made anew; failures added up. */
static void test_append(void **state)
{
	struct nffile_finish finish = {.rename_to = final, .sequence_failures = 5};
	struct nffile_writer *writer;
	const struct geo_summary *summary;
	struct nffile_reader *reader;
	struct block block = {0};
	struct error error;
	unsigned blocks = 0;

	(void)state;
	write_file(2, 4);
	writer = create(CODEC_LZ4);
	assert_int_equal(nffile_append_file(writer, final, &error), NFGEO_OK);
	fill(&block, 50, 9000);
	assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
	assert_int_equal(nffile_totals(writer)->flows, 250);
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);
	assert_int_equal(nffile_open(&reader, final, &error), NFGEO_OK);
	while (nffile_next(reader, &block, &error) == 1)
		blocks++;
	assert_int_equal(blocks, 3);
	assert_int_equal(nffile_skipped(reader), 2); /* one run of geo blocks */
	assert_int_equal(nffile_info(reader)->totals.flows, 250);
	assert_int_equal(nffile_info(reader)->totals.sequence_failures, 9);
	summary = nffile_summary(reader);
	assert_non_null(summary);
	nffile_close(reader);
	block_fini(&block);
}

/* The file to continue is damaged: what is readable is kept, and the caller is told. */
static void test_append_damaged(void **state)
{
	struct nffile_finish finish = {.rename_to = NULL};
	struct nffile_writer *writer;
	struct error error;
	FILE *file;

	(void)state;
	write_file(3, 0);
	file = fopen(final, "r+b");
	fseek(file, 40 + 12 + 20, SEEK_SET);
	fwrite("damage", 6, 1, file);
	fclose(file);
	writer = create(CODEC_LZ4);
	assert_int_equal(nffile_append_file(writer, final, &error), NFGEO_ECORRUPT);
	assert_non_null(strstr(error.text, "block 0"));
	assert_int_equal(nffile_totals(writer)->flows, 200);
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);
	/* No file to continue. */
	writer = create(CODEC_LZ4);
	unlink(final);
	assert_int_equal(nffile_append_file(writer, final, &error), NFGEO_ENOTFOUND);
	nffile_abort(writer);
}

/* The sums file lives exactly as long as the work file. */
static void test_sums(void **state)
{
	struct nffile_writer *writer = create(CODEC_LZ4);
	struct nffile_finish finish = {.rename_to = final};
	struct block block = {0};
	struct error error;
	uint8_t *text;
	unsigned lines = 0;
	size_t len;

	(void)state;
	fill(&block, 10, 0);
	nffile_write(writer, &block, &error);
	nffile_write(writer, &block, &error);
	text = scratch_get(SUMS, &len);
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	assert_int_equal(lines, 3); /* a title and one line per block */
	free(text);
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);
	assert_false(scratch_exists(SUMS));
	writer = create(CODEC_LZ4);
	assert_true(scratch_exists(SUMS));
	nffile_abort(writer);
	assert_false(scratch_exists(SUMS));
	assert_false(scratch_exists(WORK));
	block_fini(&block);
}

/* What cannot be created or renamed is told with its name; the work file stays. */
static void test_errors(void **state)
{
	struct nffile_finish finish = {.rename_to = "/nonexistent/folder/file"};
	struct nffile_options options = {.codec = CODEC_NONE, .arrival_order = true};
	struct nffile_writer *writer;
	struct error error;

	(void)state;
	assert_int_equal(nffile_create(&writer, "/nonexistent/file", &options, &error), NFGEO_EIO);
	assert_non_null(strstr(error.text, "/nonexistent/file"));
	assert_null(writer);
	writer = create(CODEC_NONE);
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_EIO);
	assert_non_null(strstr(error.text, "/nonexistent/folder/file"));
	assert_true(scratch_exists(WORK));
	nffile_abort(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bytes_on_disk, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_empty_file, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_big_blocks_are_cut, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_append, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_append_damaged, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_sums, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_errors, make_folder, scratch_drop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
