/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hooks for collectors of others (include/nfgeo_hooks.h) from block to block: the geo blocks of
 * their files, and the database when it changes or is lost.
 */
#include <pthread.h>
#include <unistd.h>

#include "nffile/geosummary.h"
#include "nffile/reader.h"
#include "nffile/writer.h"
#include "tests/lib/scratch.h"

#include "tests/lib/hook_records.h"

enum { FILE_RECORDS = 40 * LAYOUTS + 1 }; /* of a block: several windows and a piece */

static void assert_sealed_provenance(struct nffile_reader *reader, const struct geo_provenance *one)
{
	const struct geo_provenance *list[GEO_PROVENANCE_MAX];
	uint32_t count;

	assert_true(nffile_provenance(reader, list, &count));
	assert_int_equal(count, 1);
	assert_ptr_equal(list[0], one);
}

/* As a collector writes a file: blocks, seal, appendix, header. Our reader must find the geo
 * blocks, sealed. The file itself is made by our writer, without any, and cut before its appendix.
 */
static void write_file(const char *path, unsigned codec, int tagged)
{
	struct nffile_options options = {
		.codec = codec, .creator = CREATOR_NFCAPD, .no_geo_blocks = true};
	struct nffile_finish finish = {NULL, 0, 0, 0, NULL};
	struct nffile_writer *writer;
	struct nffile_reader *reader;
	struct raw_block raw = {0};
	uint32_t blocks, last = 77;
	uint64_t end;
	struct block block;
	struct error error;
	uint8_t header[40];
	int file, key = 0;

	assert_int_equal(block_init(&block, 1 << 18), NFGEO_OK);
	for (size_t i = 0; i < FILE_RECORDS; i++) {
		size_t len = build(&layouts[i % LAYOUTS], block.bytes + block.used);

		if (tagged)
			len += nfgeo_tag_record(block.bytes + block.used, BUFFER);
		block_commit(&block, len);
	}
	nfgeo_fill(block.bytes, block.used);
	assert_int_equal(nffile_create(&writer, path, &options, &error), NFGEO_OK);
	assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
	assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);

	assert_int_equal(nffile_open(&reader, path, &error), NFGEO_OK);
	for (uint32_t i = 0; nffile_next_raw(reader, &raw, &error) == 1; i++)
		nfgeo_file_block(&key, i, block.bytes, block.used, raw.stored_bytes);
	blocks = nffile_info(reader)->block_count;
	end = nffile_info(reader)->data_end;
	file = open(path, O_RDWR);
	assert_int_equal(lseek(file, (off_t)end, SEEK_SET), (off_t)end);
	{
		uint8_t appendix[4096];
		ssize_t len = pread(file, appendix, sizeof(appendix), (off_t)end);

		assert_int_equal(nfgeo_file_seal(&key, file, codec,
						 nffile_info(reader)->totals.flows, &blocks, &last),
				 NFGEO_OK);
		end = (uint64_t)lseek(file, 0, SEEK_CUR);
		assert_int_equal(write(file, appendix, (size_t)len), len);
	}
	assert_int_equal(pread(file, header, 40, 0), 40);
	bytes_put64(header + 24, end);
	bytes_put32(header + 32, last);
	bytes_put32(header + 36, blocks);
	assert_int_equal(pwrite(file, header, 40, 0), 40);
	close(file);
	assert_int_equal(blocks, tagged ? 4 : 2);
	assert_int_equal(last != 0, tagged);
	raw_block_fini(&raw);
	nffile_close(reader);
	block_fini(&block);
}

static void test_file(void **state)
{
	(void)state;
	for (unsigned codec = CODEC_NONE; codec < CODEC_COUNT; codec++) {
		const char *path = scratch_path("nfcapd.202601010000");
		struct nffile_reader *reader;
		const struct geo_summary *summary;
		struct error error;

		write_file(path, codec, 1);
		assert_int_equal(nffile_open(&reader, path, &error), NFGEO_OK);
		summary = nffile_summary(reader);
		assert_non_null(summary);
		assert_true(summary->sealed && summary->complete);
		assert_int_equal(summary->totals.flow_records, 2 * FILE_RECORDS);
		assert_int_equal(summary->totals.untagged.flows, 0);
		assert_int_equal(summary->entry_count, 2);
		assert_int_equal(summary->provenance_count, 1);
		assert_int_equal(summary->entry[0].provenance, 1);
		assert_sealed_provenance(reader, summary->provenance[0]);
		/* The first was added up while it was filled, the second when it was written. */
		assert_int_equal(summary->entry[0].flow_count, FILE_RECORDS);
		assert_int_equal(summary->entry[0].crc, summary->entry[1].crc);
		assert_memory_equal(summary->entry[0].src, summary->entry[1].src,
				    sizeof(*summary->entry[0].src));
		assert_true(country_set_has(summary->entry[0].src, CZ));
		assert_true(country_set_has(summary->entry[0].dst, US));
		assert_false(country_set_has(summary->entry[0].dst, CZ));
		nffile_close(reader);
	}
}

/* No record has countries: the file is stock nfcapd's. */
static void test_file_untagged(void **state)
{
	const char *path = scratch_path("nfcapd.202601010005");
	struct nffile_reader *reader;
	struct error error;

	(void)state;
	write_file(path, CODEC_LZ4, 0);
	assert_int_equal(nffile_open(&reader, path, &error), NFGEO_OK);
	assert_null(nffile_summary(reader));
	nffile_close(reader);
}

static void test_file_stale(void **state)
{
	uint8_t bytes[64] = {0xc1, 0xc0, 24, 0, 'N', 'G', 'X', '1'};
	uint32_t blocks = 5, last = 77;

	(void)state;
	assert_int_equal(nfgeo_file_stale(4, bytes, sizeof(bytes)), 1);
	assert_int_equal(nfgeo_file_stale(3, bytes, sizeof(bytes)), 0);
	assert_int_equal(nfgeo_file_stale(4, bytes, 19), 0);
	bytes[4] = 'X';
	assert_int_equal(nfgeo_file_stale(4, bytes, sizeof(bytes)), 0);
	/* nothing came to this file: its header keeps what it says */
	assert_int_equal(nfgeo_file_seal(&blocks, -1, 0, 0, &blocks, &last), NFGEO_OK);
	assert_int_equal(blocks, 5);
	assert_int_equal(last, 77);
	nfgeo_file_forget(&blocks);
	nfgeo_file_forget(&blocks);
}

/* A database that is renewed is in use two slots later: one to load it, one to take it. */
static void test_rotate(void **state)
{
	static uint8_t record[BUFFER];
	const char *line = "";
	uint16_t src = 0, dst;
	size_t len;

	(void)state;
	line = nfgeo_rotate();
	assert_non_null(line);
	assert_non_null(strstr(line, "records tagged"));
	sleep(1); /* a file of another second */
	scratch_put("ranges.csv", "195.113.0.0/16,SK\n8.8.8.0/24,US\n2a00::/16,DE\n2600::/16,US\n");
	for (int i = 0; i < 100 && !strstr(line, "the new database is in use"); i++) {
		usleep(50000);
		line = nfgeo_rotate();
	}
	assert_non_null(strstr(line, "the new database is in use"));
	len = build(&layouts[9], record);
	len += tag(record, sizeof(record));
	assert_int_equal(nfgeo_record_countries(record, len, &src, &dst), 1);
	assert_int_equal(src, 703);
	assert_string_equal(nfgeo_rotate(), "Countries: 1 records tagged, 0 had no room; "
					    "2 addresses looked up, 0 without country");
}

/* The slot that a record came in counts it, whenever its block is written. */
static void test_rotate_before_fill(void **state)
{
	static uint8_t record[BUFFER];

	(void)state;
	build(&layouts[9], record);
	nfgeo_rotate();
	nfgeo_tag_record(record, sizeof(record));
	assert_string_equal(nfgeo_rotate(), "Countries: 1 records tagged, 0 had no room; "
					    "0 addresses looked up, 0 without country");
	nfgeo_fill(record, bytes_get16(record + 2));
	assert_string_equal(nfgeo_rotate(), "Countries: 0 records tagged, 0 had no room; "
					    "2 addresses looked up, 0 without country");
}

/* A thread that writes: looks up what another one tagged. */
static void *fill_block(void *arg)
{
	struct block *block = arg;

	nfgeo_fill(block->bytes, block->used);
	return NULL;
}

/* Blanks of all layouts, filled by a thread of its own. */
static void fill_layouts(struct block *block)
{
	pthread_t thread;

	assert_int_equal(block_init(block, 1 << 16), NFGEO_OK);
	for (size_t i = 0; i < LAYOUTS; i++) {
		size_t len = build(&layouts[i], block->bytes + block->used);

		len += nfgeo_tag_record(block->bytes + block->used, BUFFER);
		block_commit(block, len);
	}
	assert_int_equal(pthread_create(&thread, NULL, fill_block, block), 0);
	pthread_join(thread, NULL);
}

/* @return records of the block that say so, in every tail */
static size_t count_pairs(const struct block *block, uint16_t src, uint16_t dst)
{
	struct block_cursor cursor = block_cursor(block);
	const uint8_t *record;
	size_t len, count = 0;

	while (block_next(&cursor, &record, &len) == 1) {
		bool all = true, any = false;

		for (size_t at = RECORD_HEADER_BYTES; at < len;
		     at += bytes_get16(record + at + 2)) {
			const uint8_t *payload = record + at + ELEMENT_HEADER_BYTES;
			enum element element = bytes_get16(record + at);
			uint16_t pair[2];

			if (element != ELEMENT_IP4 && element != ELEMENT_IP6)
				continue;
			assert_int_equal(nfgeo_tagged(element == ELEMENT_IP4 ? payload : NULL,
						      element == ELEMENT_IP6 ? payload : NULL,
						      pair),
					 1);
			any = true;
			all = all && pair[0] == src && pair[1] == dst;
		}
		count += any && all;
	}
	return count;
}

/* A file that replaced the database and is none: the old one goes on, in new threads too. */
static void test_refused_database(void **state)
{
	struct block block;
	const char *line = "";

	(void)state;
	sleep(1);
	scratch_put("ranges.csv", "this is no database\n");
	for (int i = 0; i < 100 && !strstr(line, "ranges.csv"); i++) {
		usleep(50000);
		line = nfgeo_rotate();
	}
	assert_non_null(strstr(line, "ranges.csv"));
	nfgeo_rotate();
	fill_layouts(&block);
	assert_int_equal(count_pairs(&block, DE, US), 5);
	assert_int_equal(count_pairs(&block, 703, US), 5);
	block_fini(&block);
}

/* No table at all where the block is written: unknown, and no blank reaches a file. */
static void test_lost_database(void **state)
{
	struct hook_local kept;
	struct block block;

	(void)state;
	nfgeo_rotate();
	assert_int_equal(block_init(&block, 1 << 16), NFGEO_OK);
	for (size_t i = 0; i < LAYOUTS; i++) {
		size_t len = build(&layouts[i], block.bytes + block.used);

		len += nfgeo_tag_record(block.bytes + block.used, BUFFER);
		block_commit(&block, len);
	}
	assert_int_equal(count_pairs(&block, 0xffff, 0xffff), LAYOUTS);
	kept = *hook_local();
	hook_thread.table = NULL;
	nfgeo_fill(block.bytes, block.used);
	assert_int_equal(count_pairs(&block, 0, 0), LAYOUTS);
	assert_int_equal(hook_thread.sums->filled, 0);
	hook_thread = kept;
	assert_string_equal(nfgeo_rotate(), "Countries: 10 records tagged, 0 had no room; "
					    "0 addresses looked up, 0 without country");
	block_fini(&block);
}

static int load(void **state)
{
	char *argv[16];
	int argc;

	if (scratch_make(state))
		return -1;
	return take((const char *[]){"p", "--geodb", scratch_put("ranges.csv", hook_ranges), "--geoconf",
				     scratch_put("nfdump-geo.conf", hook_conf), NULL},
		    &argc, argv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_untagged),
		cmocka_unit_test(test_file_stale),
		cmocka_unit_test(test_rotate),
		cmocka_unit_test(test_rotate_before_fill),
		cmocka_unit_test(test_refused_database),
		cmocka_unit_test(test_lost_database),
	};

	return cmocka_run_group_tests(tests, load, scratch_drop);
}
