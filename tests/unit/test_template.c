/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The field table is sound; compiled templates store what a slow decoder stores, which knows
 * nothing of steps; the list of templates finds, replaces and limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "flow/record.h"
#include "include/nfgeo.h"
#include "proto/exporter.h"
#include "proto/flow.h"

/* Bytes of a field on the wire and the place they must reach. */
struct expectation {
	const struct ie *ie;
	const uint8_t *at;
	size_t len;
};

static uint32_t seed = 1;

static uint32_t next_random(uint32_t limit)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % limit;
}

static void table_is_sorted_and_inside(void **state)
{
	size_t count;
	const struct ie *rows = ie_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct ie *row = &rows[i];

		if (i)
			assert_true((rows[i - 1].enterprise << 16 | rows[i - 1].number) <=
				    (row->enterprise << 16 | row->number));
		assert_ptr_equal(ie_find(row->enterprise, row->number, row->protocols), row);
		if (row->kind == IE_ASIDE)
			assert_true(row->slot < SLOT_COUNT);
		else if (row->kind != IE_PAYLOAD && row->kind != IE_LIST)
			assert_true(row->offset + row->bytes <= element_table[row->element].bytes);
		assert_true(row->element <= ELEMENT_WRITE_MAX);
	}
	assert_null(ie_find(0, 9999, IE_BOTH));
	assert_null(ie_find(1, 1, IE_BOTH));
	assert_null(ie_find(0, 89, IE_IPFIX));
	assert_non_null(ie_find(0, 89, IE_IPFIX | IE_EXTENDED));
}

/* A decoder with one exporter, and a sink of one block. */
struct bench {
	struct decoder *decoder;
	struct sysid_counter sysids;
	struct block block;
	struct flow_sink sink;
	struct address sender;
	struct datagram datagram;
	struct flow_context context;
};

static int never(struct flow_sink *sink)
{
	block_clear(sink->block);
	return NFGEO_OK;
}

static void bench_init(struct bench *bench, bool v9, bool geo_tail)
{
	struct decoder_options options = {.sysids = &bench->sysids, .geo_tail = geo_tail};

	memset(bench, 0, sizeof(*bench));
	bench->sender = address_ip4(0x7f000001);
	assert_int_equal(block_init(&bench->block, BLOCK_WRITE_BYTES), NFGEO_OK);
	bench->sink = (struct flow_sink){&bench->block, never, NULL};
	bench->decoder = decoder_new(&options);
	bench->datagram = (struct datagram){.decoder = bench->decoder, .sender = &bench->sender,
					    .sink = &bench->sink};
	bench->context = (struct flow_context){.datagram = &bench->datagram, .v9 = v9};
	assert_true(exporter_enter(&bench->datagram, v9 ? 9 : 10, 7));
	block_clear(&bench->block);
}

static void bench_fini(struct bench *bench)
{
	decoder_free(bench->decoder);
	block_fini(&bench->block);
}

static struct template *compile(const struct bench *bench, const struct template_field *fields,
				unsigned count)
{
	const struct exporter *exporter = bench->datagram.exporter;
	struct template_origin origin = {
		.protocols = bench->context.v9 ? IE_V9 : IE_IPFIX,
		.v9 = bench->context.v9,
		.geo_tail = bench->decoder->options.geo_tail,
		.sysid = exporter->sysid,
		.router = exporter->router,
		.router_bytes = exporter->router_bytes,
	};
	unsigned ignored;

	return template_flow(&origin, 256, fields, count, &ignored);
}

static bool fits(const struct ie *ie, size_t len)
{
	return ie->kind == IE_IP4	? len == 4
	       : ie->kind == IE_IP6	? len == 16
	       : ie->kind == IE_MAC	? len == 6 || len == 8
	       : ie->kind == IE_NUMBER ? len >= 1 && len <= 8
					: ie->kind == IE_BYTES;
}

/* Numbers that finishing the record changes are not compared here. */
static bool is_plain(const struct ie *ie)
{
	static const uint16_t changed[] = {3, 4, 7, 11, 138, 149, 148, 230, 323, 233, 40005, 33002};

	if (ie->kind == IE_ASIDE || ie->kind == IE_LIST || ie->kind == IE_PAYLOAD)
		return false;
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++)
		if (!ie->enterprise && ie->number == changed[i])
			return false;
	return true;
}

static size_t random_length(const struct ie *ie)
{
	static const uint8_t lengths[] = {1, 2, 3, 4, 4, 4, 5, 6, 7, 8, 8, 16, 12, 0, 20};

	if (next_random(3) == 0)
		return lengths[next_random(sizeof(lengths))];
	return ie->kind == IE_BYTES ? 12 : ie->kind == IE_MAC ? 6 : ie->bytes;
}

/* The value that the expectation's field must have in the record: byte by byte. */
static void check_value(const struct record_view *view, const struct expectation *expected)
{
	const struct ie *ie = expected->ie;
	const uint8_t *got;
	size_t bytes = expected->len < ie->bytes ? expected->len : ie->bytes;

	assert_true(view_has(view, ie->element));
	got = view_payload(view, ie->element) + ie->offset;
	if (ie->kind == IE_BYTES) {
		assert_memory_equal(got, expected->at, bytes);
	} else if (ie->kind == IE_IP6) {
		for (unsigned i = 0; i < 16; i++)
			assert_int_equal(got[i], expected->at[(i & 8) + 7 - (i & 7)]);
	} else {
		for (unsigned i = 0; i < ie->bytes; i++)
			assert_int_equal(got[i],
					 i < bytes ? expected->at[expected->len - 1 - i] : 0);
	}
}

/* Variable fields carry their length in front, in one or three bytes. */
static size_t put_field(uint8_t *wire, size_t len, bool variable, struct expectation *expected)
{
	size_t head = 0;

	if (variable && next_random(2)) {
		wire[head++] = 255;
		wire[head++] = 0;
		wire[head++] = (uint8_t)len;
	} else if (variable) {
		wire[head++] = (uint8_t)len;
	}
	for (size_t i = 0; i < len; i++)
		wire[head + i] = (uint8_t)next_random(256);
	expected->at = wire + head;
	expected->len = len;
	return head + len;
}

/* Often the row before or after the last one: neighbours become one step. */
static size_t random_row(size_t last, size_t count)
{
	size_t row = next_random(2) ? next_random((uint32_t)count)
				    : last + count + next_random(3) - 1;

	return row % count;
}

static unsigned random_fields(bool v9, struct template_field *fields, const struct ie **ies)
{
	unsigned count = 1 + next_random(24);
	size_t rows_count, at = 0;
	const struct ie *rows = ie_rows(&rows_count);

	for (unsigned i = 0; i < count; i++) {
		const struct ie *row;

		at = random_row(at, rows_count);
		row = &rows[at];

		ies[i] = is_plain(row) && row->protocols & (v9 ? IE_V9 : IE_IPFIX) ? row : NULL;
		fields[i] = (struct template_field){row->enterprise, row->number,
						    (uint16_t)random_length(row)};
		if (i && next_random(2))
			fields[i].length = fields[i - 1].length;
		if (!ies[i]) /* something unknown in between */
			fields[i] = (struct template_field){0, 9999, (uint16_t)next_random(9)};
	}
	return count;
}

static void one_random_template(struct bench *bench, bool variable)
{
	struct template_field fields[32];
	struct expectation expected[32] = {0};
	const struct ie *ies[32];
	unsigned count = random_fields(bench->context.v9, fields, ies);
	uint8_t wire_bytes[2048];
	size_t used = 0;
	struct template *template;
	struct record_view view;
	struct wire wire;

	for (unsigned i = 0; i < count; i++) {
		bool varies = variable && next_random(3) == 0;

		expected[i].ie = ies[i] && fits(ies[i], fields[i].length) ? ies[i] : NULL;
		used += put_field(wire_bytes + used, fields[i].length, varies, &expected[i]);
		if (varies)
			fields[i].length = FIELD_VARIABLE;
	}
	template = compile(bench, fields, count);
	assert_non_null(template);
	wire = wire_init(wire_bytes, used);
	block_clear(&bench->block);
	if (used && template->kind == TEMPLATE_FLOW)
		assert_int_equal(flow_set(&bench->context, template, &wire), 1);
	if (bench->block.record_count == 1) {
		record_view_init(&view);
		assert_int_equal(record_view(&view, bench->block.bytes, bench->block.used),
				 NFGEO_OK);
		for (unsigned i = 0; i < count; i++) {
			bool last = expected[i].ie != NULL; /* of this place in the record */

			for (unsigned j = i + 1; j < count && last; j++)
				last = !expected[j].ie ||
				       expected[j].ie->element != expected[i].ie->element ||
				       expected[j].ie->offset != expected[i].ie->offset;
			if (last)
				check_value(&view, &expected[i]);
		}
	}
	template_free(template);
}

static void steps_store_what_a_slow_decoder_stores(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct bench bench;

		bench_init(&bench, i & 1, i & 2);
		for (unsigned n = 0; n < 3000; n++)
			one_random_template(&bench, n & 1);
		bench_fini(&bench);
	}
}

static void neighbours_become_one_step(void **state)
{
	static const struct {
		struct template_field fields[4];
		unsigned count, steps;
	} cases[] = {
		{{{0, 8, 4}, {0, 12, 4}}, 2, 1},	      /* addresses */
		{{{0, 7, 2}, {0, 11, 2}}, 2, 1},	      /* ports */
		{{{0, 9, 1}, {0, 13, 1}}, 2, 1},	      /* masks */
		{{{0, 2, 4}, {0, 1, 4}}, 2, 1},		      /* packets, bytes */
		{{{0, 1, 4}, {0, 2, 4}}, 2, 2},		      /* not in the record's order */
		{{{0, 8, 4}, {0, 9999, 1}, {0, 12, 4}}, 3, 2}, /* something in between */
		{{{0, 70, 4}, {0, 71, 4}, {0, 72, 4}, {0, 73, 4}}, 4, 2},
	};
	struct bench bench;

	(void)state;
	bench_init(&bench, true, false);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct template *template = compile(&bench, cases[i].fields, cases[i].count);

		assert_int_equal(template->step_count, cases[i].steps);
		template_free(template);
	}
	bench_fini(&bench);
}

static void refuses_what_cannot_be(void **state)
{
	static struct template_field fields[TEMPLATE_FIELDS_MAX + 1];
	struct bench bench;

	(void)state;
	bench_init(&bench, true, false);
	for (unsigned i = 0; i <= TEMPLATE_FIELDS_MAX; i++)
		fields[i] = (struct template_field){0, 9999, 1};
	assert_null(compile(&bench, fields, TEMPLATE_FIELDS_MAX + 1));
	fields[0].length = fields[1].length = 40000; /* together more than a set can hold */
	assert_null(compile(&bench, fields, 2));
	fields[0] = (struct template_field){0, 95, 65530}; /* no flow record can hold it */
	assert_null(compile(&bench, fields, 1));
	bench_fini(&bench);
}

static struct template *small(uint16_t id, bool options)
{
	static const struct template_field field = {0, 8, 4};
	struct template *template = template_options(true, id, &field, 1, 0);

	template->kind = options ? TEMPLATE_OPTIONS : TEMPLATE_FLOW;
	return template;
}

static void list_finds_replaces_and_forgets(void **state)
{
	struct template_list list;
	struct template *newer;
	size_t memory = 0;

	(void)state;
	template_list_init(&list, &memory);
	for (unsigned i = 0; i < 500; i++)
		assert_true(template_put(&list, small((uint16_t)(256 + i * 7919 % 1000), i & 1)));
	assert_int_equal(list.count, 500);
	newer = small(256, false);
	assert_true(template_put(&list, newer));
	assert_int_equal(list.count, 500);
	assert_ptr_equal(template_find(&list, 256), newer);
	for (unsigned i = 1; i < list.count; i++)
		assert_true(list.list[i - 1]->id < list.list[i]->id);
	template_forget_all(&list, true);
	assert_int_equal(list.count, 250);
	template_forget(&list, 256);
	assert_null(template_find(&list, 256));
	template_list_fini(&list);
	assert_int_equal(memory, 0);
}

static void list_has_a_limit(void **state)
{
	struct template_list list;
	size_t memory = 0;

	(void)state;
	template_list_init(&list, &memory);
	for (unsigned i = 0; i < TEMPLATES_MAX; i++) {
		assert_true(template_room(&list, (uint16_t)(256 + i)));
		assert_true(template_put(&list, small((uint16_t)(256 + i), false)));
	}
	assert_false(template_room(&list, 60000));
	assert_true(template_room(&list, 256)); /* replacing is always possible */
	template_list_fini(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_sorted_and_inside),
		cmocka_unit_test(steps_store_what_a_slow_decoder_stores),
		cmocka_unit_test(neighbours_become_one_step),
		cmocka_unit_test(refuses_what_cannot_be),
		cmocka_unit_test(list_finds_replaces_and_forgets),
		cmocka_unit_test(list_has_a_limit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
