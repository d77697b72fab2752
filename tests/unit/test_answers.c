/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Queries that are answered from indexes, sums of blocks and cubes of files: random files, filters,
 * windows of time and sinks, against the same scan that reads everything, and against a plain loop
 * over the records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "nffile/reader.h"
#include "nffile/writer.h"
#include "query/country_totals.h"
#include "query/statistics.h"
#include "tests/lib/makeflow.h"
#include "tests/lib/scan_sinks.h"
#include "tests/lib/scratch.h"

enum {
	ROUNDS = 40,
	QUERIES = 8,  /* of each round's files */
	FILES = 4,
	BLOCKS_MAX = 6,
	FLOWS_MAX = 40,
	RECORDS_MAX = FILES * BLOCKS_MAX * FLOWS_MAX,
	RECORD_BYTES = 256,
	KEYS = 4,
	VALUES_MAX = 4096,
};

static uint32_t random_state = 11;

static uint32_t below(uint32_t limit)
{
	random_state = random_state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)random_state * limit >> 32);
}

/* Records */

static struct {
	uint8_t bytes[RECORD_BYTES];
	size_t len;
	unsigned file;
} records[RECORDS_MAX];
static unsigned record_count;

/* What is odd in the files of a round, one flow in so many; 0 = nothing. */
static struct {
	unsigned untagged, bare, times, service;
} odd;

static bool one_in(unsigned count)
{
	return count && below(count) == 0;
}

static void set_times(struct make_flow *flow, uint64_t slot_ms)
{
	flow->first_ms = slot_ms + below(2000);
	flow->last_ms = flow->first_ms + below(1000);
	if (one_in(odd.times))
		flow->last_ms = flow->first_ms - below(500);
	if (one_in(odd.times))
		flow->first_ms = 0;
}

static size_t make_record(uint8_t *out, const uint16_t few[3], unsigned family, uint64_t slot_ms)
{
	static const uint16_t ports[] = {443, 53, 80, 40000, 40001, 0};
	static const uint8_t protos[] = {6, 6, 6, 17, 17, 1, 58, 47};
	struct make_flow flow = {
		.tagged = !one_in(odd.untagged),
		.src_country = few[below(3)],
		.dst_country = few[below(3)],
		.no_counters = one_in(odd.bare),
		.packets = below(100),
		.bytes = below(10000),
		.flows = one_in(5) ? below(3) : 0,
		.out_bytes = one_in(5) ? below(1000) : 0,
		.proto = protos[below(8)],
		.tcp_flags = below(2) ? 2 : 0x1b,
	};
	struct record_view view;
	size_t len;

	if (family == 2 ? below(2) : family)
		flow.src6 = flow.dst6 = 1 + below(9);
	else if (!one_in(odd.bare))
		flow.src4 = flow.dst4 = 0x0a000000 + below(9);
	set_times(&flow, slot_ms);
	len = make_flow(&flow, out, RECORD_BYTES);
	record_view_init(&view);
	assert_int_equal(record_view(&view, out, len), NFGEO_OK);
	if (view_has(&view, ELEMENT_GENERIC)) {
		bytes_put16(out + view.offset[ELEMENT_GENERIC] + 40, ports[below(6)]);
		bytes_put16(out + view.offset[ELEMENT_GENERIC] + 42, ports[below(6)]);
	}
	return len;
}

static void put_record(struct block *block, const uint8_t *bytes, size_t len)
{
	uint8_t *at = block_reserve(block, len);

	if (!at)
		abort();
	memcpy(at, bytes, len);
	block_commit(block, len);
}

/* Of few countries and mostly of one family; the slots of files touch. */
static void make_block(struct block *block, unsigned file)
{
	static const uint16_t codes[] = {0,   203, 840, 156, 276, 642, CLASS_PRIVATE, CLASS_MULTICAST,
					 999, 203, 840, 1023};
	static const uint8_t sampler[24] = {RECORD_SAMPLER, 0, 24};
	uint16_t few[3];
	unsigned family = below(3);

	block_clear(block);
	for (unsigned i = 0; i < 3; i++)
		few[i] = one_in(60) ? 2000 : codes[below(sizeof(codes) / sizeof(*codes))];
	if (below(3)) /* so few that the block keeps its sums */
		few[1] = few[2] = few[0];
	if (one_in(odd.service))
		put_record(block, sampler, sizeof(sampler));
	for (unsigned i = below(FLOWS_MAX) + 1; i; i--) {
		uint8_t *bytes = records[record_count].bytes;
		size_t len = make_record(bytes, few, family, 100000 + 2000 * file);

		records[record_count].len = len;
		records[record_count++].file = file;
		put_record(block, bytes, len);
	}
}

static char names[FILES][200];

static void write_file(unsigned file)
{
	struct nffile_options options = {.codec = below(2) ? CODEC_LZ4 : CODEC_NONE,
					 .ident = file % 2 ? "odd" : "even",
					 .arrival_order = below(4) != 0, /* more blocks */
					 .query_totals = below(2)};
	struct nffile_finish finish = {0};
	struct nffile_writer *writer;
	struct block block = {0};
	struct error error;

	snprintf(names[file], sizeof(names[file]), "%s%u", scratch_path("file"), file);
	assert_int_equal(nffile_create(&writer, names[file], &options, &error), NFGEO_OK);
	assert_int_equal(block_init(&block, 1 << 16), NFGEO_OK);
	for (unsigned i = below(BLOCKS_MAX) + 1; i; i--) {
		make_block(&block, file);
		assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
	}
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);
	block_fini(&block);
}

static void write_files(unsigned round)
{
	odd.untagged = round % 4 == 1 ? 1 + below(200) : 0;
	odd.bare = round % 4 == 2 ? 1 + below(100) : 0;
	odd.times = round % 4 == 3 ? 1 + below(100) : 0;
	odd.service = round % 2 ? 1 + below(8) : 0;
	record_count = 0;
	for (unsigned file = 0; file < FILES; file++)
		write_file(file);
}

/* Queries */

struct query {
	char text[300];
	struct filter *filter;
	uint64_t from_ms, to_ms;
	unsigned threads;
};

static void make_text(char *text, size_t len)
{
	static const char *const terms[] = {
		"src ctry 203", "dst ctry CN", "ctry US", "src ctry in [ 203 840 166 ]",
		"dst ctry @EU", "ctry 0", "src ctry private", "not src ctry in [ 203 156 ]",
		"src ctry > 300", "src ctry = dst ctry", "src ctry != dst ctry",
		"src and dst ctry RO", "src ctry CZ and dst ctry US", "not dst ctry @EU", "ipv4",
		"ipv6", "inet6 and src ctry CZ", "src net 10.0.0.0/8", "proto tcp", "proto udp",
		"proto icmp or proto icmp6", "proto icmp", "not proto tcp", "port 443 and proto tcp",
		"port 53", "port 53 and (proto tcp or proto udp)", "dst port 443",
		"first seen > 1970-01-01T00:01:42", "last seen < 1970-01-01T00:01:45",
		"first seen > 1970-01-01T00:01:40 and last seen < 1970-01-01T00:03:00", "ident even",
		"flags S", "bytes > 5000", "any",
	};
	size_t used = 0;

	if (one_in(6)) {
		*text = '\0';
		return;
	}
	for (unsigned i = below(3) + 1; i; i--)
		used += (size_t)snprintf(text + used, len - used, "%s(%s)%s", below(6) ? "" : "not ",
					 terms[below(sizeof(terms) / sizeof(*terms))],
					 i == 1 ? "" : below(3) ? " and " : " or ");
}

static void make_query(struct query *query)
{
	struct error error;

	make_text(query->text, sizeof(query->text));
	if (filter_compile(&query->filter, query->text, NULL, &error) != NFGEO_OK)
		fail_msg("%s: %s", query->text, error.text);
	query->from_ms = below(2) ? 0 : 100000 + below(4) * 2000 + below(2) * below(2000);
	query->to_ms = below(2) ? UINT64_MAX : 101000 + below(5) * 2000 + below(2) * below(2000);
	query->threads = 1 + below(3);
}

static struct scan_result run(const struct query *query, struct scan_sink *sink, bool country,
			      bool read_all)
{
	const char *path[FILES];
	struct inputs inputs = {.path = {path, FILES, FILES}};
	struct scan_plan plan = {
		.inputs = &inputs,
		.filter = filter_is_any(query->filter) ? NULL : query->filter,
		.from_ms = query->from_ms,
		.to_ms = query->to_ms,
		.threads = query->threads,
		.need_country = country || filter_needs_country(query->filter),
		.read_all = read_all,
		.complain = scan_must_not_complain,
	};
	struct scan_result result;
	struct error error;

	for (unsigned i = 0; i < FILES; i++)
		path[i] = names[i];
	assert_int_equal(scan_run(&plan, sink, &result, &error), NFGEO_OK);
	return result;
}

/* The plain loop */

struct plain_value {
	uint64_t value;
	struct counters sum;
};

struct plain {
	uint64_t processed, passed;
	struct counters sum;
	unsigned count[KEYS];
	struct plain_value value[KEYS][VALUES_MAX];
};

static void add_value(struct plain *plain, unsigned key, uint64_t value, const struct counters *sum)
{
	unsigned i = 0;

	while (i < plain->count[key] && plain->value[key][i].value != value)
		i++;
	if (i < plain->count[key]) {
		counters_merge(&plain->value[key][i].sum, sum);
		return;
	}
	assert_true(i < VALUES_MAX);
	plain->value[key][i] = (struct plain_value){value, *sum};
	plain->count[key]++;
}

static bool is_outside(const struct query *query, unsigned file)
{
	struct nffile_reader *reader;
	const struct flow_totals *totals;
	bool outside;

	assert_int_equal(nffile_open(&reader, names[file], NULL), NFGEO_OK);
	totals = &nffile_info(reader)->totals;
	outside = totals->flows &&
		  (totals->first_ms > query->to_ms || totals->last_ms < query->from_ms);
	nffile_close(reader);
	return outside;
}

static void run_plain(const struct query *query, struct plain *plain)
{
	bool outside[FILES];

	memset(plain, 0, sizeof(*plain));
	for (unsigned i = 0; i < FILES; i++)
		outside[i] = is_outside(query, i);
	for (unsigned i = 0; i < record_count; i++) {
		struct filter_context context = {.ident = records[i].file % 2 ? "odd" : "even"};
		struct record_view view;
		struct counters sum;
		uint16_t src, dst;

		if (outside[records[i].file])
			continue;
		plain->processed++;
		record_view_init(&view);
		assert_int_equal(record_view(&view, records[i].bytes, records[i].len), NFGEO_OK);
		if (view_first_ms(&view) < query->from_ms || view_last_ms(&view) > query->to_ms ||
		    !filter_match(query->filter, &view, &context, NULL))
			continue;
		sum = counters_of(&view);
		if (plain->passed++)
			counters_merge(&plain->sum, &sum);
		else
			plain->sum = sum;
		src = country_number(view_src_country(&view));
		dst = country_number(view_dst_country(&view));
		add_value(plain, 0, src, &sum);
		add_value(plain, 1, dst, &sum);
		add_value(plain, 2, src, &sum);
		add_value(plain, 2, dst, &sum);
		add_value(plain, 3, (uint64_t)src << 16 | dst, &sum);
	}
}

/* Comparisons */

static struct scan_books books; /* of all scans that were not told to read everything */

static void compare_results(const struct query *query, const struct scan_result *one,
			    const struct scan_result *other)
{
	if (one->processed == other->processed && one->passed == other->passed &&
	    one->untagged_count == other->untagged_count &&
	    one->blocks_skipped == other->blocks_skipped &&
	    memcmp(&one->selected, &other->selected, sizeof(one->selected)) == 0 &&
	    one->window_first_ms == other->window_first_ms &&
	    one->window_last_ms == other->window_last_ms)
		return;
	fail_msg("%s, %lu..%lu: %lu of %lu, all read: %lu of %lu; %lu flows, %lu packets, "
		 "%lu bytes, %lu..%lu, all read: %lu, %lu, %lu, %lu..%lu; skipped %lu, %lu",
		 query->text, query->from_ms, query->to_ms, one->passed, one->processed,
		 other->passed, other->processed, one->selected.flows, one->selected.packets,
		 one->selected.bytes, one->selected.first_ms, one->selected.last_ms,
		 other->selected.flows, other->selected.packets, other->selected.bytes,
		 other->selected.first_ms, other->selected.last_ms, one->blocks_skipped,
		 other->blocks_skipped);
}

static void compare_plain(const struct query *query, const struct scan_result *result,
			  const struct plain *plain)
{
	const struct flow_totals *selected = &result->selected;

	if (result->processed != plain->processed || result->passed != plain->passed)
		fail_msg("%s: %lu of %lu, plain: %lu of %lu", query->text, result->passed,
			 result->processed, plain->passed, plain->processed);
	if (!plain->passed)
		return;
	assert_int_equal(selected->flows, plain->sum.flows);
	assert_int_equal(selected->packets, plain->sum.in_packets + plain->sum.out_packets);
	assert_int_equal(selected->bytes, plain->sum.in_bytes + plain->sum.out_bytes);
	assert_int_equal(selected->first_ms, plain->sum.first_ms);
	assert_int_equal(selected->last_ms, plain->sum.last_ms);
}

static void note_books(const struct scan_result *result)
{
	for (unsigned i = 0; i < SCAN_WAYS; i++) {
		books.way[i].files += result->books.way[i].files;
		books.way[i].blocks += result->books.way[i].blocks;
		books.way[i].flows += result->books.way[i].flows;
	}
}

static void compare_tables(const struct query *query, const struct stat_table *one,
			   const struct stat_table *other)
{
	if (one->count != other->count ||
	    memcmp(one->row, other->row, one->count * sizeof(*one->row)) != 0)
		fail_msg("%s, %lu..%lu: -s %s differs: %zu rows, %zu when all is read", query->text,
			 query->from_ms, query->to_ms, one->name, one->count, other->count);
}

static void compare_values(const struct query *query, const struct stat_table *table,
			   const struct plain *plain, unsigned key)
{
	if (table->count != plain->count[key])
		fail_msg("%s: -s %s has %zu rows, plain %u", query->text, table->name, table->count,
			 plain->count[key]);
	for (size_t i = 0; i < table->count; i++) {
		const struct stat_row *row = &table->row[i];
		const struct counters *sum = NULL;

		for (unsigned n = 0; n < plain->count[key]; n++)
			if (plain->value[key][n].value == row->value.low)
				sum = &plain->value[key][n].sum;
		assert_non_null(sum);
		if (row->flows != sum->flows || row->in_bytes != sum->in_bytes ||
		    row->out_bytes != sum->out_bytes || row->in_packets != sum->in_packets ||
		    row->first_ms != sum->first_ms || row->last_ms != sum->last_ms)
			fail_msg("%s: -s %s, value %lu: %lu flows, plain %lu", query->text,
				 table->name, row->value.low, row->flows, sum->flows);
	}
}

/* Sinks */

enum { REQUESTS = 3 };

static const char *const keys[] = {"srcctry", "dstctry", "ctry", "ctrypair", "srccont", "dstclass",
				   "srcgroup:EU", "dstgeo"};

/* One to three statistics at once, now and then one that wants the records. @return countries are
 * asked for */
static unsigned make_requests(struct statistic_request request[REQUESTS], unsigned key[REQUESTS])
{
	unsigned count = 1 + below(REQUESTS);
	struct error error;

	for (unsigned i = 0; i < count; i++) {
		key[i] = below(sizeof(keys) / sizeof(*keys));
		assert_int_equal(statistic_parse(&request[i], keys[key[i]], &error), NFGEO_OK);
	}
	if (one_in(8))
		assert_int_equal(statistic_parse(&request[count - 1], "srcctry:p", &error), NFGEO_OK);
	return count;
}

static struct statistics *count_up(const struct query *query,
				   const struct statistic_request *request, unsigned count,
				   bool read_all, struct scan_result *result)
{
	struct error error;
	struct statistics *statistics = statistics_new(request, count, &error);

	assert_non_null(statistics);
	*result = run(query, statistics_sink(statistics), true, read_all);
	assert_int_equal(statistics_finish(statistics, &error), NFGEO_OK);
	return statistics;
}

static void check_statistics(const struct query *query, const struct plain *plain)
{
	static const struct statistic_cut all = {0};
	struct statistic_request request[REQUESTS];
	unsigned key[REQUESTS], count = make_requests(request, key);
	struct scan_result result[2];
	struct statistics *statistics[2];

	for (unsigned i = 0; i < 2; i++)
		statistics[i] = count_up(query, request, count, i, &result[i]);
	note_books(&result[0]);
	compare_results(query, &result[0], &result[1]);
	if (!odd.untagged)
		compare_plain(query, &result[0], plain);
	for (unsigned i = 0; i < count; i++) {
		struct stat_table table[2];

		for (unsigned n = 0; n < 2; n++)
			assert_int_equal(statistics_table(statistics[n], i, 0, &all, &table[n]),
					 NFGEO_OK);
		compare_tables(query, &table[0], &table[1]);
		if (key[i] < KEYS && !request[i].by_proto && !odd.untagged)
			compare_values(query, &table[0], plain, key[i]);
		for (unsigned n = 0; n < 2; n++)
			free((void *)(uintptr_t)table[n].row);
	}
	statistics_free(statistics[0]);
	statistics_free(statistics[1]);
}

static void check_totals(const struct query *query)
{
	struct country_totals totals[2];
	struct scan_result result[2];

	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(country_totals_init(&totals[i], false), NFGEO_OK);
		result[i] = run(query, &totals[i].sink, true, i);
		country_totals_finish(&totals[i]);
	}
	note_books(&result[0]);
	compare_results(query, &result[0], &result[1]);
	totals[0].sums.flow_records = totals[1].sums.flow_records = 0; /* of files only */
	if (memcmp(&totals[0].sums, &totals[1].sums, sizeof(totals[0].sums)) != 0)
		fail_msg("%s, %lu..%lu: totals of countries differ", query->text, query->from_ms,
			 query->to_ms);
	country_totals_fini(&totals[0]);
	country_totals_fini(&totals[1]);
}

static void drop_sums(void *worker, const struct pair_sum *row, size_t count, enum sum_sides sides)
{
	(void)worker, (void)row, (void)count, (void)sides;
}

static void check_counts(const struct query *query, const struct plain *plain)
{
	struct scan_sink sums = {
		.open = sink_open, .flow = sink_drop_flow, .block_end = sink_end_block, .sums = drop_sums};
	struct scan_sink flows = {.open = sink_open, .flow = sink_drop_flow, .block_end = sink_end_block};
	struct scan_result result[3];

	result[0] = run(query, &sums, false, false);
	result[1] = run(query, &flows, false, false);
	result[2] = run(query, &flows, false, true);
	note_books(&result[0]);
	note_books(&result[1]);
	compare_results(query, &result[0], &result[2]);
	compare_results(query, &result[1], &result[2]);
	if (!odd.untagged)
		compare_plain(query, &result[0], plain);
}

static void same_answers(void **state)
{
	static struct plain plain;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		write_files(round);
		for (unsigned i = 0; i < QUERIES; i++) {
			struct query query;

			make_query(&query);
			run_plain(&query, &plain);
			check_statistics(&query, &plain);
			check_totals(&query);
			check_counts(&query, &plain);
			filter_free(query.filter);
		}
	}
	for (unsigned i = 0; i < SCAN_WAYS; i++) {
		print_message("# way %u: %lu files, %lu blocks, %lu flows\n", i, books.way[i].files,
			      books.way[i].blocks, books.way[i].flows);
		assert_true(books.way[i].blocks > 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(same_answers, scratch_make, scratch_drop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
