/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks that a scan does not read, because the block index says that their countries match no
 * filter: random filters over random files, against the same records in a file without index.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "filter/blocktest.h"
#include "nffile/reader.h"
#include "nffile/writer.h"
#include "query/scan.h"
#include "tests/lib/makeflow.h"
#include "tests/lib/scratch.h"

enum { FILES = 12, BLOCKS = 10, FLOWS = 12, FILTERS = 150 };

static const uint16_t codes[] = {0, 203, 840,  156, 276, 642, CLASS_PRIVATE, CLASS_MULTICAST,
				 1, 999, 1023, 2000};
static const char *const terms[] = {
	"src ctry 203",
	"dst ctry CN",
	"ctry US",
	"src ctry in [ 203 840 166 ]",
	"dst ctry @EU",
	"ctry 0",
	"src ctry private",
	"not src ctry in [ 203 156 ]",
	"not ctry 0",
	"src ctry > 300",
	"src ctry = dst ctry",
	"src ctry != dst ctry",
	"src and dst ctry RO",
	"not dst ctry @EU",
	"proto tcp",
	"not proto tcp",
	"bytes > 500",
	"any",
};
enum { TERMS = sizeof(terms) / sizeof(*terms), CODES = sizeof(codes) / sizeof(*codes) };

static uint32_t random_state = 7;

static uint32_t below(uint32_t limit)
{
	random_state = random_state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)random_state * limit >> 32);
}

/* A block holds few countries; now and then a flow without any, or a record that is no flow. */
static void fill(struct block *block)
{
	uint16_t few[3];
	bool plain = below(4) != 0;

	block_clear(block);
	for (unsigned i = 0; i < 3; i++)
		few[i] = codes[below(CODES)];
	for (unsigned i = 0; i < FLOWS; i++) {
		struct make_flow flow = {
			.src4 = 0x01010101,
			.dst4 = 0x02020202,
			.tagged = plain || below(8) != 0,
			.src_country = few[below(3)],
			.dst_country = few[below(3)],
			.proto = below(2) ? 6 : 17,
			.bytes = below(1000),
			.packets = 1,
			.first_ms = 1000,
			.last_ms = 2000,
		};

		make_append(block, &flow);
		if (!plain && below(10) == 0) { /* some record that is not known */
			uint8_t *at = block_reserve(block, 8);

			bytes_put16(at, 77);
			bytes_put16(at + 2, 8);
			block_commit(block, 8);
		}
	}
}

static void write_both(void)
{
	struct error error;
	struct nffile_writer *writer[2];
	struct block block = {0};

	for (unsigned file = 0; file < FILES; file++) {
		for (unsigned i = 0; i < 2; i++) {
			struct nffile_options options = {
				.codec = CODEC_LZ4, .ident = "skip", .no_geo_blocks = i,
				.arrival_order = true};
			char name[20];

			snprintf(name, sizeof(name), "%s%02u", i ? "plain" : "index", file);
			assert_int_equal(
				nffile_create(&writer[i], scratch_path(name), &options, &error),
				NFGEO_OK);
		}
		for (unsigned i = 0; i < BLOCKS; i++) {
			fill(&block);
			assert_int_equal(nffile_write(writer[0], &block, &error), NFGEO_OK);
			assert_int_equal(nffile_write(writer[1], &block, &error), NFGEO_OK);
		}
		for (unsigned i = 0; i < 2; i++) {
			struct nffile_finish finish = {0};

			assert_int_equal(nffile_finish(writer[i], &finish, &error), NFGEO_OK);
		}
	}
	block_fini(&block);
}

static void *open_sink(struct scan_sink *sink)
{
	return sink;
}

static void drop_flow(void *worker, const struct flow_row *row, uint64_t order)
{
	(void)worker, (void)row, (void)order;
}

static int end_block(void *worker, struct error *error)
{
	(void)worker, (void)error;
	return NFGEO_OK;
}

static void complain(const char *text, void *arg)
{
	(void)arg;
	fail_msg("%s", text);
}

static struct scan_result scan(const struct filter *filter, const char *prefix, uint64_t limit)
{
	const char *path[FILES];
	struct inputs inputs = {.path = {path, FILES, FILES}};
	struct scan_plan plan = {.inputs = &inputs,
				 .filter = filter,
				 .to_ms = UINT64_MAX,
				 .threads = 2,
				 .need_country = filter_needs_country(filter),
				 .limit = limit,
				 .complain = complain};
	struct scan_sink sink = {.open = open_sink, .flow = drop_flow, .block_end = end_block};
	struct scan_result result;
	struct error error;
	char name[FILES][200];

	for (unsigned i = 0; i < FILES; i++) {
		snprintf(name[i], sizeof(name[i]), "%s%02u", scratch_path(prefix), i);
		path[i] = name[i];
	}
	assert_int_equal(scan_run(&plan, &sink, &result, &error), NFGEO_OK);
	return result;
}

static void make_filter(char *text, size_t len)
{
	size_t used = 0;

	for (unsigned i = below(3) + 1; i; i--)
		used += (size_t)snprintf(text + used, len - used, "%s(%s)%s",
					 below(5) ? "" : "not ", terms[below(TERMS)],
					 i == 1	    ? ""
					 : below(2) ? " and "
						    : " or ");
}

static void same_answers(void **state)
{
	uint64_t unread = 0;

	(void)state;
	write_both();
	for (unsigned i = 0; i < FILTERS; i++) {
		struct scan_result index, plain;
		struct filter *filter;
		struct error error;
		char text[300];

		make_filter(text, sizeof(text));
		if (filter_compile(&filter, text, NULL, &error) != NFGEO_OK)
			fail_msg("%s: %s", text, error.text);
		for (uint64_t limit = 0; limit < 400; limit += 133) {
			index = scan(filter, "index", limit);
			plain = scan(filter, "plain", limit);
			if (index.processed != plain.processed || index.passed != plain.passed ||
			    index.selected.bytes != plain.selected.bytes)
				fail_msg("%s: %lu of %lu, %lu of %lu without index", text,
					 index.passed, index.processed, plain.passed,
					 plain.processed);
			assert_int_equal(plain.blocks_unread, 0);
			assert_int_equal(index.untagged_count, plain.untagged_count);
			unread += index.blocks_unread;
		}
		filter_free(filter);
	}
	print_message("# %lu blocks were not read\n", (unsigned long)unread);
	assert_true(unread > 1000);
}

/* What the sets of a block say of one filter. */
static void sets(void **state)
{
	static const struct {
		const char *filter;
		uint16_t src[3], dst[3]; /* 0 ends */
		bool unknown;		 /* 0 is in both sets too */
		bool may;
	} cases[] = {
		{"src ctry 203", {203, 840}, {156}, false, true},
		{"src ctry 203", {840}, {203}, false, false},
		{"ctry 203", {840}, {203}, false, true},
		{"not src ctry 203", {203}, {840}, false, false},
		{"not src ctry 203", {203}, {840}, true, true},
		{"not ctry 203", {203}, {840, 156}, false, false},
		{"src ctry 203 and not dst ctry in [ 203 840 166 ]",
		 {203},
		 {203, 840},
		 false,
		 false},
		{"src ctry 203 and not dst ctry in [ 203 840 166 ]",
		 {203},
		 {203, 156},
		 false,
		 true},
		{"src ctry 0", {203}, {203}, false, false},
		{"src ctry 0", {203}, {203}, true, true},
		{"not src ctry 0", {0}, {0}, true, true}, /* may be a number that cannot be */
		{"src ctry = dst ctry", {203, 840}, {156, 276}, false, false},
		{"src ctry = dst ctry", {203, 840}, {156, 840}, false, true},
		{"src ctry = dst ctry", {203}, {840}, true, false},
		{"src ctry != now src ctry", {203}, {840}, false, true},
		{"not src ctry != now src ctry", {203}, {840}, false, true},
		{"now src ctry 156", {203}, {840}, false, true},
		{"not now ctry 203", {203}, {203}, false, true},
		{"now src ctry 156 and src ctry 840", {203}, {840}, false, false},
		{"now src ctry != now dst ctry", {203}, {203}, false, true},
		{"src ctry = now dst ctry", {203}, {840}, false, true},
		{"port 80", {203}, {840}, false, true},
		{"port 80 and src ctry 840", {203}, {840}, false, false},
		{"port 80 or src ctry 840", {203}, {840}, false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct country_set src = {{0}}, dst = {{0}};
		struct block_test *test;
		struct filter *filter;

		for (unsigned n = 0; n < 3; n++) {
			if (cases[i].src[n])
				country_set_add(&src, cases[i].src[n]);
			if (cases[i].dst[n])
				country_set_add(&dst, cases[i].dst[n]);
		}
		if (cases[i].unknown) {
			country_set_add(&src, 0);
			country_set_add(&dst, 0);
		}
		assert_int_equal(filter_compile(&filter, cases[i].filter, NULL, NULL), NFGEO_OK);
		test = block_test_new(filter);
		assert_non_null(test);
		print_message("# %s\n", cases[i].filter);
		assert_int_equal(block_test_may_match(test, &src, &dst), cases[i].may);
		block_test_free(test);
		filter_free(filter);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets),
		cmocka_unit_test_setup_teardown(same_answers, scratch_make, scratch_drop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("skip", tests, NULL, NULL);
}
