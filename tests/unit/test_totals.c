/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow/totals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/makeflow.h"

/* Expected numbers by the rules of doc/file-format.md "Stat record". */
static const struct {
	const char *name;
	struct make_flow flow;
	enum proto_class class;
	struct {
		uint64_t flows, packets, bytes, class_packets, class_bytes;
	} collect, query;
} flow_case[] = {
	{"tcp", {.proto = 6, .packets = 3, .bytes = 100}, PROTO_TCP, {1, 3, 100, 3, 100},
	 {1, 3, 100, 3, 100}},
	{"udp with out counters",
	 {.proto = 17, .packets = 3, .bytes = 100, .out_packets = 4, .out_bytes = 50},
	 PROTO_UDP, {1, 7, 150, 3, 100}, {1, 7, 150, 7, 150}},
	{"aggregated", {.proto = 6, .packets = 3, .bytes = 100, .flows = 9}, PROTO_TCP,
	 {1, 3, 100, 3, 100}, {9, 3, 100, 3, 100}},
	{"icmp", {.proto = 1, .packets = 1, .bytes = 64}, PROTO_ICMP, {1, 1, 64, 1, 64},
	 {1, 1, 64, 1, 64}},
	{"icmp6", {.proto = 58, .nfversion = 9, .packets = 1, .bytes = 64}, PROTO_ICMP,
	 {1, 1, 64, 1, 64}, {1, 1, 64, 1, 64}},
	{"58 in v5", {.proto = 58, .nfversion = 5, .packets = 1, .bytes = 64}, PROTO_OTHER,
	 {1, 1, 64, 1, 64}, {1, 1, 64, 1, 64}},
	{"gre", {.proto = 47, .packets = 1, .bytes = 64}, PROTO_OTHER, {1, 1, 64, 1, 64},
	 {1, 1, 64, 1, 64}},
	{"no counters", {.src4 = 1, .no_counters = true}, PROTO_OTHER, {1}, {0}},
};

static void check(const char *name, const struct flow_totals *totals, enum proto_class class,
		  const uint64_t want[5])
{
	const uint64_t got[5] = {totals->flows, totals->packets, totals->bytes,
				 totals->class_packets[class], totals->class_bytes[class]};

	for (int i = 0; i < 5; i++)
		if (got[i] != want[i])
			fail_msg("%s: number %d is %llu, not %llu", name, i,
				 (unsigned long long)got[i], (unsigned long long)want[i]);
	assert_int_equal(totals->class_flows[class], want[0]);
}

static void test_rules(void **state)
{
	struct record_view view;
	uint8_t record[256];

	(void)state;
	record_view_init(&view);
	for (size_t i = 0; i < sizeof(flow_case) / sizeof(flow_case[0]); i++) {
		struct flow_totals collect, query;
		uint64_t want[5];

		totals_init(&collect);
		totals_init(&query);
		assert_int_equal(record_view(&view, record,
					     make_flow(&flow_case[i].flow, record, sizeof(record))),
				 NFGEO_OK);
		totals_collect(&collect, &view);
		totals_query(&query, &view);
		memcpy(want, &flow_case[i].collect, sizeof(want));
		check(flow_case[i].name, &collect, flow_case[i].class, want);
		memcpy(want, &flow_case[i].query, sizeof(want));
		check(flow_case[i].name, &query, flow_case[i].class, want);
	}
}

static void test_times_and_merge(void **state)
{
	const struct make_flow flow[] = {{.first_ms = 500, .last_ms = 900},
					 {.first_ms = 300, .last_ms = 400}};
	struct flow_totals one, two, sum;
	struct record_view view;
	uint8_t record[256];

	(void)state;
	record_view_init(&view);
	totals_init(&one);
	totals_init(&two);
	totals_init(&sum);
	assert_true(sum.first_ms == UINT64_MAX);
	record_view(&view, record, make_flow(&flow[0], record, sizeof(record)));
	totals_collect(&one, &view);
	record_view(&view, record, make_flow(&flow[1], record, sizeof(record)));
	totals_collect(&two, &view);
	one.sequence_failures = 2;
	two.sequence_failures = 3;
	totals_merge(&sum, &one);
	totals_merge(&sum, &two);
	assert_int_equal(sum.flows, 2);
	assert_int_equal(sum.first_ms, 300);
	assert_int_equal(sum.last_ms, 900);
	assert_int_equal(sum.sequence_failures, 5);
}

/* The order on disk: 18 numbers, here each its own position. */
static void test_bytes(void **state)
{
	uint8_t in[TOTALS_BYTES], out[TOTALS_BYTES];
	struct flow_totals totals;

	(void)state;
	for (unsigned i = 0; i < TOTALS_BYTES / 8; i++)
		bytes_put64(in + 8 * i, i);
	totals_decode(in, &totals);
	assert_int_equal(totals.flows, 0);
	assert_int_equal(totals.bytes, 1);
	assert_int_equal(totals.packets, 2);
	assert_int_equal(totals.class_flows[PROTO_TCP], 3);
	assert_int_equal(totals.class_flows[PROTO_OTHER], 6);
	assert_int_equal(totals.class_bytes[PROTO_UDP], 8);
	assert_int_equal(totals.class_packets[PROTO_ICMP], 13);
	assert_int_equal(totals.first_ms, 15);
	assert_int_equal(totals.last_ms, 16);
	assert_int_equal(totals.sequence_failures, 17);
	totals_encode(&totals, out);
	assert_memory_equal(in, out, sizeof(in));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_times_and_merge),
		cmocka_unit_test(test_bytes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
