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
#include <string.h>

#include "filter/facts.h"
#include "nffile/reader.h"
#include "nffile/writer.h"
#include "query/scan.h"
#include "tests/lib/makeflow.h"
#include "tests/lib/scan_sinks.h"
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
		if (!plain && below(10) == 0) { /* some record that is no flow */
			uint8_t *at = block_reserve(block, 24);

			if (!at)
				abort();
			memset(at, 0, 24);
			bytes_put16(at, RECORD_SAMPLER);
			bytes_put16(at + 2, 24);
			block_commit(block, 24);
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
				 .complain = scan_must_not_complain};
	struct scan_sink sink = {.open = sink_open, .flow = sink_drop_flow, .block_end = sink_end_block};
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
			assert_int_equal(plain.books.way[SCAN_COUNTRY].blocks, 0);
			assert_int_equal(index.untagged_count, plain.untagged_count);
			unread += index.books.way[SCAN_COUNTRY].blocks;
		}
		filter_free(filter);
	}
	print_message("# %lu blocks were not read\n", (unsigned long)unread);
	assert_true(unread > 1000);
}

#define NO  ANSWER_NO
#define YES ANSWER_YES
#define MAY ANSWER_EITHER

static enum answer decide(const char *text, const struct facts *facts)
{
	struct filter *filter;
	struct paths paths;
	enum answer answer;

	print_message("# %s\n", text);
	assert_int_equal(filter_compile(&filter, text, NULL, NULL), NFGEO_OK);
	assert_int_equal(paths_init(&paths, filter), NFGEO_OK);
	answer = facts_decide(&paths, facts);
	paths_fini(&paths);
	filter_free(filter);
	return answer;
}

/* What the sets of a block say of a filter. */
static void sets(void **state)
{
	static const struct {
		const char *filter;
		uint16_t src[3], dst[3]; /* 0 ends */
		bool unknown;		 /* 0 is in both sets too */
		enum answer answer;
	} cases[] = {
		{"src ctry 203", {203, 840}, {156}, false, MAY},
		{"src ctry 203", {840}, {203}, false, NO},
		{"src ctry 203", {203}, {840, 156}, false, YES},
		{"ctry 203", {840}, {203}, false, YES},
		{"not src ctry 203", {203}, {840}, false, NO},
		{"not src ctry 203", {203}, {840}, true, MAY},
		{"not ctry 203", {203}, {840, 156}, false, NO},
		{"not ctry 203", {276}, {840, 156}, true, YES},
		{"src ctry 203 and not dst ctry in [ 203 840 166 ]",
		 {203},
		 {203, 840},
		 false,
		 NO},
		{"src ctry 203 and not dst ctry in [ 203 840 166 ]",
		 {203},
		 {203, 156},
		 false,
		 MAY},
		{"src ctry 0", {203}, {203}, false, NO},
		{"src ctry 0", {203}, {203}, true, MAY},
		{"src ctry 0", {0}, {0}, true, YES},
		{"not src ctry 0", {0}, {0}, true, NO},
		{"src ctry = dst ctry", {203, 840}, {156, 276}, false, NO},
		{"src ctry = dst ctry", {203, 840}, {156, 840}, false, MAY},
		{"src ctry = dst ctry", {203}, {203}, false, YES},
		{"src ctry = dst ctry", {203}, {203}, true, MAY},
		{"src ctry = dst ctry", {203}, {840}, true, NO},
		{"src ctry = dst ctry", {CLASS_PRIVATE}, {CLASS_PRIVATE}, false, NO},
		{"src ctry != dst ctry", {203}, {203}, false, NO},
		{"src ctry != dst ctry", {203}, {203, 840}, false, MAY},
		{"src ctry != dst ctry", {203}, {156, 840}, false, YES},
		{"src ctry != dst ctry", {203}, {156, 840}, true, MAY},
		{"src ctry != now src ctry", {203}, {840}, false, MAY},
		{"not src ctry != now src ctry", {203}, {840}, false, MAY},
		{"now src ctry 156", {203}, {840}, false, MAY},
		{"not now ctry 203", {203}, {203}, false, MAY},
		{"now src ctry 156 and src ctry 840", {203}, {840}, false, NO},
		{"now src ctry != now dst ctry", {203}, {203}, false, MAY},
		{"src ctry = now dst ctry", {203}, {840}, false, MAY},
		{"port 80", {203}, {840}, false, MAY},
		{"port 80 and src ctry 840", {203}, {840}, false, NO},
		{"port 80 or src ctry 840", {203}, {840}, false, MAY},
		{"port 80 or not src ctry 840", {203}, {840}, false, YES},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct country_set src = {{0}}, dst = {{0}};
		struct facts facts;

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
		facts_init(&facts);
		facts.src = (struct fact_country){.is = COUNTRY_OF_SET, .set = &src};
		facts.dst = (struct fact_country){.is = COUNTRY_OF_SET, .set = &dst};
		assert_int_equal(decide(cases[i].filter, &facts), cases[i].answer);
	}
}

/* What else may be known of a block, or of a sum. Times are in ms. */
static void other_facts(void **state)
{
	static const struct {
		const char *filter;
		uint8_t families;
		uint64_t first, last; /* bounds of both; 0 = not known */
		uint8_t proto;	      /* 0 = any */
		uint16_t src_port, dst_port, not_port;
		enum answer answer;
	} cases[] = {
		{"ipv4", FAMILY_IP4, 0, 0, 0, 0, 0, 0, YES},
		{"ipv4", FAMILY_IP4 | FAMILY_NONE, 0, 0, 0, 0, 0, 0, MAY},
		{"ipv6", FAMILY_IP4 | FAMILY_NONE, 0, 0, 0, 0, 0, 0, NO},
		{"src net 10.0.0.0/8", FAMILY_IP6, 0, 0, 0, 0, 0, 0, NO},
		{"ip 2001::1", FAMILY_IP4, 0, 0, 0, 0, 0, 0, NO},
		{"not ip 2001::1", FAMILY_IP4, 0, 0, 0, 0, 0, 0, YES},
		{"xip 2001::1", FAMILY_IP4, 0, 0, 0, 0, 0, 0, MAY}, /* of the NAT */
		{"proto tcp", FAMILY_ANY, 0, 0, 6, 0, 0, 0, YES},
		{"proto tcp", FAMILY_ANY, 0, 0, 17, 0, 0, 0, NO},
		{"not proto 6", FAMILY_ANY, 0, 0, 17, 0, 0, 0, YES},
		{"port 443", FAMILY_ANY, 0, 0, 6, 443, 0, 0, YES},
		{"port 443", FAMILY_ANY, 0, 0, 6, 0, 443, 0, YES},
		{"port 443", FAMILY_ANY, 0, 0, 6, 0, 0, 443, NO},
		{"port in [ 443 443 ]", FAMILY_ANY, 0, 0, 6, 0, 0, 443, NO},
		{"port in [ 443 80 ]", FAMILY_ANY, 0, 0, 6, 0, 0, 443, MAY},
		{"port in [ 443 80 ]", FAMILY_ANY, 0, 0, 6, 443, 0, 0, YES},
		{"port > 442", FAMILY_ANY, 0, 0, 6, 0, 0, 443, MAY},
		{"src port 443", FAMILY_ANY, 0, 0, 6, 0, 443, 0, MAY},
		{"port 443 and proto tcp", FAMILY_ANY, 0, 0, 17, 443, 0, 0, NO},
		{"flags S", FAMILY_ANY, 0, 0, 17, 0, 0, 0, NO},
		{"first seen > 1970-01-01T00:00:10", FAMILY_ANY, 20000, 30000, 0, 0, 0, 0, YES},
		{"first seen > 1970-01-01T00:00:10", FAMILY_ANY, 2000, 30000, 0, 0, 0, 0, MAY},
		{"first seen > 1970-01-01T00:00:10", FAMILY_ANY, 2000, 9000, 0, 0, 0, 0, NO},
		{"first seen > 1970-01-01T00:00:10", FAMILY_ANY, 0, 0, 0, 0, 0, 0, MAY},
		{"last seen > 1970-01-01T00:00:10", FAMILY_ANY, 2000, 9000, 0, 0, 0, 0, NO},
		{"last seen < 1970-01-01T00:00:10", FAMILY_ANY, 2000, 9000, 0, 0, 0, 0, YES},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct facts facts;

		facts_init(&facts);
		facts.families = cases[i].families;
		if (cases[i].last)
			facts.first = facts.last =
				(struct fact_range){cases[i].first, cases[i].last};
		if (cases[i].proto) {
			memset(facts.proto, 0, sizeof(facts.proto));
			facts.proto[0] = 1ull << cases[i].proto;
		}
		if (cases[i].src_port)
			facts.src_port = (struct fact_port){PORT_IS, cases[i].src_port, 0};
		if (cases[i].dst_port)
			facts.dst_port = (struct fact_port){PORT_IS, cases[i].dst_port, 0};
		if (cases[i].not_port)
			facts.src_port = facts.dst_port = (struct fact_port){
				PORT_IS_NOT, cases[i].not_port, cases[i].not_port};
		assert_int_equal(decide(cases[i].filter, &facts), cases[i].answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets),
		cmocka_unit_test(other_facts),
		cmocka_unit_test_setup_teardown(same_answers, scratch_make, scratch_drop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("skip", tests, NULL, NULL);
}
