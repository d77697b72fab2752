/* SPDX-License-Identifier: BSD-3-Clause */
/* What the encoders send, our decoder reads: every field that has a number comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "include/nfgeo.h"
#include "proto/decoder.h"
#include "proto/encode_tmpl.h"
#include "proto/encode_v5.h"
#include "tests/lib/makeflow.h"

enum { NOW_S = 1767225700, FLOWS = 500 };

struct way {
	struct decoder *decoder;
	struct sysid_counter sysids;
	struct block block;
	struct flow_sink sink;
	struct decoder_counts counts;
	unsigned datagrams, flows;
};

static int no_flush(struct flow_sink *sink)
{
	(void)sink;
	return NFGEO_ENOMEM;
}

static int receive(const uint8_t *datagram, size_t len, unsigned flow_count, void *arg)
{
	struct way *way = arg;
	struct address sender = address_ip4(0x7f000001);

	assert_true(len <= ENCODE_DATAGRAM_MAX);
	way->datagrams++;
	way->flows += flow_count;
	decoder_datagram(way->decoder, datagram, len, &sender, NOW_S * UINT64_C(1000), &way->sink);
	return NFGEO_OK;
}

static struct encode_sink way_open(struct way *way)
{
	struct decoder_options options = {.sysids = &way->sysids, .keep_extended = true};

	*way = (struct way){.sink = {.block = &way->block, .flush = no_flush}};
	way->decoder = decoder_new(&options);
	assert_non_null(way->decoder);
	assert_int_equal(block_init(&way->block, 1 << 20), NFGEO_OK);
	return (struct encode_sink){receive, way};
}

/* Everything arrived, nothing was out of order. */
static void way_check(struct way *way, unsigned flows)
{
	decoder_slot_end(way->decoder, &way->sink, &way->counts);
	assert_int_equal(way->flows, flows);
	assert_int_equal(way->counts.flows, flows);
	assert_int_equal(way->counts.sequence_failures, 0);
	assert_int_equal(way->counts.no_template_sets + way->counts.malformed, 0);
}

static void way_close(struct way *way)
{
	decoder_free(way->decoder);
	block_fini(&way->block);
}

static struct make_flow flow_number(unsigned i, bool with_ip6)
{
	struct make_flow flow = {
		.first_ms = 1767225600123 + i * 977, .last_ms = 1767225601456 + i * 977,
		.packets = 3 + i, .bytes = 1500 + 7 * i, .proto = i % 5 ? 6 : 1,
		.tcp_flags = (uint8_t)i, .tagged = i % 2, .src_country = 203, .dst_country = 276,
	};

	if (with_ip6 && i % 3 == 0) {
		flow.src6 = 0x1122334455667788 + i;
		flow.dst6 = 1;
	} else {
		flow.src4 = 0x0a000001 + i;
		flow.dst4 = 0xc0000201;
	}
	if (with_ip6 && i % 7 == 0) {
		flow.out_packets = 5000000000 + i;
		flow.out_bytes = 6000000000000 + i;
	}
	return flow;
}

static const enum field_id checked[] = {
	FIELD_FIRST, FIELD_LAST, FIELD_IN_PACKETS, FIELD_IN_BYTES, FIELD_PROTO, FIELD_TCP_FLAGS,
	FIELD_SRC_PORT, FIELD_DST_PORT, FIELD_SRC_IP4, FIELD_DST_IP4, FIELD_OUT_PACKETS,
	FIELD_OUT_BYTES,
};

static void compare(const struct record_view *a, const struct record_view *b)
{
	struct address src_a = view_src(a), src_b = view_src(b);

	for (unsigned i = 0; i < sizeof(checked) / sizeof(*checked); i++)
		assert_int_equal(view_number(a, checked[i]), view_number(b, checked[i]));
	assert_int_equal(src_a.high, src_b.high);
	assert_int_equal(src_a.low, src_b.low);
	assert_int_equal(src_a.family, src_b.family);
	assert_null(b->geo);
}

/* The flows that arrived, in order, are those that were sent. */
static void compare_all(const struct way *way, bool with_ip6)
{
	struct block_cursor cursor = block_cursor(&way->block);
	struct record_view sent = {0}, came = {0};
	const uint8_t *record;
	uint8_t bytes[512];
	unsigned i = 0;
	size_t len;

	while (block_next(&cursor, &record, &len) == 1) {
		struct make_flow flow = flow_number(i, with_ip6);

		if (bytes_get16(record) != RECORD_FLOW)
			continue;
		assert_int_equal(record_view(&came, record, len), NFGEO_OK);
		assert_int_equal(record_view(&sent, bytes, make_flow(&flow, bytes, sizeof(bytes))),
				 NFGEO_OK);
		compare(&sent, &came);
		i++;
	}
	assert_int_equal(i, FLOWS);
}

static void templates(unsigned version)
{
	struct way way;
	struct encode_sink sink = way_open(&way);
	struct tmpl_encoder *encoder = tmpl_encoder_new(version, &sink);
	struct record_view view = {0};
	uint8_t bytes[512];

	assert_non_null(encoder);
	for (unsigned i = 0; i < FLOWS; i++) {
		struct make_flow flow = flow_number(i, true);

		assert_int_equal(record_view(&view, bytes, make_flow(&flow, bytes, sizeof(bytes))),
				 NFGEO_OK);
		assert_int_equal(tmpl_encode(encoder, &view, NOW_S * UINT64_C(1000)), ENCODED);
	}
	assert_int_equal(tmpl_flush(encoder), NFGEO_OK);
	way_check(&way, FLOWS);
	compare_all(&way, true);
	tmpl_encoder_free(encoder);
	way_close(&way);
}

static void v9(void **state)
{
	(void)state;
	templates(9);
}

static void ipfix(void **state)
{
	(void)state;
	templates(10);
}

static void v5(void **state)
{
	static struct v5_encoder encoder;
	struct way way;
	struct encode_sink sink = way_open(&way);
	struct make_flow ip6 = {.src6 = 1, .packets = 1};
	struct record_view view = {0};
	uint8_t bytes[512];

	(void)state;
	v5_encoder_init(&encoder, &sink);
	for (unsigned i = 0; i < FLOWS; i++) {
		struct make_flow flow = flow_number(i, false);

		record_view(&view, bytes, make_flow(&flow, bytes, sizeof(bytes)));
		assert_int_equal(v5_encode(&encoder, &view), ENCODED);
	}
	assert_int_equal(v5_flush(&encoder), NFGEO_OK);
	way_check(&way, FLOWS);
	assert_int_equal(way.datagrams, (FLOWS + 27) / 28);
	compare_all(&way, false);
	record_view(&view, bytes, make_flow(&ip6, bytes, sizeof(bytes)));
	assert_int_equal(v5_encode(&encoder, &view), ENCODED_NOT_IP6);
	way_close(&way);
}

/* A collector that starts late gets the templates all the same. */
static void templates_again(void **state)
{
	struct way way;
	struct encode_sink sink = way_open(&way);
	struct tmpl_encoder *encoder = tmpl_encoder_new(9, &sink);
	struct record_view view = {0};
	struct make_flow flow = flow_number(1, true);
	uint8_t bytes[512];
	struct decoder_options options = {.sysids = &way.sysids};

	(void)state;
	record_view(&view, bytes, make_flow(&flow, bytes, sizeof(bytes)));
	tmpl_encode(encoder, &view, 1000);
	tmpl_flush(encoder);
	decoder_free(way.decoder);
	way.decoder = decoder_new(&options);
	for (unsigned i = 0; i < 64; i++) {
		tmpl_encode(encoder, &view, 1000);
		tmpl_flush(encoder);
	}
	decoder_slot_end(way.decoder, &way.sink, &way.counts);
	assert_int_equal(way.counts.no_template_sets, 63);
	assert_int_equal(way.counts.flows, 1);
	tmpl_encoder_free(encoder);
	way_close(&way);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v5),
		cmocka_unit_test(v9),
		cmocka_unit_test(ipfix),
		cmocka_unit_test(templates_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
