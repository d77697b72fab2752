/* SPDX-License-Identifier: BSD-3-Clause */
/* The hash table, keys of -A, ranking, limits, and groups against a naive count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "query/aggregate.h"
#include "query/statistics.h"
#include "tests/lib/makeflow.h"

static void hash_counts(void **state)
{
	static uint32_t naive[5000];
	struct hash hash;
	uint64_t seed = 1;

	(void)state;
	hash_init(&hash, 16, sizeof(uint32_t));
	for (unsigned i = 0; i < 200000; i++) {
		uint64_t key[2];
		bool fresh;
		uint32_t *value;

		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		key[0] = (seed >> 33) % 5000;
		key[1] = key[0] * 0x0101010101010101ull;
		value = hash_upsert(&hash, key, hash_bytes(key, 16), &fresh);
		assert_non_null(value);
		assert_int_equal(fresh, naive[key[0]] == 0);
		assert_int_equal(*value, naive[key[0]]);
		naive[key[0]] = ++*value;
	}
	for (uint32_t i = 0; i < hash.count; i++) {
		uint64_t key;

		memcpy(&key, hash_key(&hash, i), 8);
		assert_int_equal(*(uint32_t *)hash_value(&hash, i), naive[key]);
		naive[key] = 0;
	}
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(naive[i], 0);
	hash_fini(&hash);
}

static const struct {
	const char *text, *format; /* NULL = refused */
} key_texts[] = {
	{"srcip", "%sa"},
	{"srcip4/16,dstport", "%sa %dp"},
	{"SrcIP6/48,proto", "%sa %pr"},
	{"srcctry,dstctry", "%sccan %dccan"},
	{"srcgeo,mpls10", "%sc %mpls10"},
	{"srcip4/16,srcip,srcip6/32", "%sa %key2 %key3"},
	{"srccont,dstport,dstclass", "%key1 %dp %key3"},
	{"srcgroup:EU,SRCGROUP:EEA", "%key1 %key2"},
	{"ctrypair,end_reason", "%sccan %dccan %key3"},
	{"srcgroup", NULL},
	{"srcgroup:nosuch", NULL},
	{"srcgroup:EU,srcgroup:eu", NULL},
	{"ip", NULL},
	{"ctry", NULL},
	{"label", NULL},
	{"srcip4", NULL},
	{"srcip/8", NULL},
	{"srcip4/0", NULL},
	{"srcip4/33", NULL},
	{"srcip6/129", NULL},
	{"srcip4/8x", NULL},
	{"srcip4/", NULL},
	{"srcip,srcip", NULL},
	{"srcip,", NULL},
	{"", NULL},
	{"nosuch", NULL},
};

static void keys_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(key_texts) / sizeof(*key_texts); i++) {
		struct keys keys;
		struct error error = {0};
		int status = keys_parse(&keys, key_texts[i].text, &error);

		if (!key_texts[i].format) {
			assert_int_equal(status, NFGEO_EINVAL);
			assert_true(*error.text);
			continue;
		}
		assert_int_equal(status, NFGEO_OK);
		assert_string_equal(keys.format, key_texts[i].format);
	}
}

/* A key becomes a record with the key's fields and nothing else. */
static void keys_and_back(void **state)
{
	struct make_flow flow = {.src6 = 0x1234,
				 .dst6 = 0x5678,
				 .proto = 17,
				 .tagged = true,
				 .src_country = 203,
				 .dst_country = 1001,
				 .packets = 1};
	uint8_t record[512], again[512], key[KEY_BYTES_MAX];
	struct stat_value value[KEYS_MAX];
	uint8_t *place[ELEMENT_SLOTS] = {0};
	uint16_t countries[2] = {0};
	struct record_builder builder;
	struct record_view view;
	struct keys keys;

	(void)state;
	assert_int_equal(keys_parse(&keys, "dstip,proto,srcctry,dstctry,outif", NULL), NFGEO_OK);
	record_view_init(&view);
	assert_int_equal(record_view(&view, record, make_flow(&flow, record, sizeof(record))),
			 NFGEO_OK);
	keys_values(&keys, &view, value);
	assert_int_equal(keys_pack(&keys, value, key), KEY_WIDE);
	memset(value, 0xee, sizeof(value));
	keys_unpack(&keys, keys_shape(&keys, keys.bytes[KEY_WIDE]), key, value);
	record_begin(&builder, again, sizeof(again));
	place[ELEMENT_GENERIC] = record_element(&builder, ELEMENT_GENERIC, 48);
	keys_restore(&keys, value, &builder, place, countries);
	assert_int_equal(countries[0], 203);
	assert_int_equal(countries[1], 0); /* classes are one key with unknown */
	assert_int_equal(record_view(&view, again, record_end(&builder)), NFGEO_OK);
	assert_true(view_is_ip6(&view));
	assert_int_equal(view_src(&view).low, 0);
	assert_int_equal(view_dst(&view).low, 0x5678);
	assert_int_equal(view_proto(&view), 17);
}

static void assert_in_order(const struct ranking *ranking)
{
	for (size_t i = 1; i < ranking->count; i++) {
		const struct ranked *one = &ranking->item[i - 1], *next = &ranking->item[i];

		assert_true(one->value > next->value ||
			    (one->value == next->value && one->order < next->order));
	}
}

static void ranks(void **state)
{
	(void)state;
	for (size_t top = 0; top <= 1100; top += 100) {
		struct ranking ranking;

		assert_true(ranking_init(&ranking, 1000, top));
		for (unsigned i = 0; i < 1000; i++)
			ranking_add(&ranking,
				    &(struct ranked){.value = i * 7919 % 100, .order = 999 - i});
		ranking_sort(&ranking);
		assert_int_equal(ranking.count, top && top < 1000 ? top : 1000);
		assert_in_order(&ranking);
		assert_int_equal(ranking.item[0].value, 99);
		/* ten items have each value: the last one kept is of the right value too */
		assert_int_equal(ranking.item[ranking.count - 1].value,
				 99 - (ranking.count - 1) / 10);
		ranking_fini(&ranking);
	}
}

/* Enough for threads and for several splits: skewed, inverted, few and equal values. */
static void ranks_many(void **state)
{
	enum { COUNT = 200000 };
	uint64_t random = 1;

	(void)state;
	for (unsigned shape = 0; shape < 5; shape++) {
		struct ranking ranking;

		assert_true(ranking_init(&ranking, COUNT, 0));
		for (unsigned i = 0; i < COUNT; i++) {
			struct ranked item = {0};
			uint64_t value;

			random = random * 6364136223846793005u + 1442695040888963407u;
			value = random >> (random >> 32) % 64;
			item.value = shape == 0	  ? value
				     : shape == 1 ? ~value
				     : shape == 2 ? value % 3
				     : shape == 3 ? 7
						  : i;
			item.order = shape == 3 ? random : (i * 7919ull) % COUNT;
			ranking_add(&ranking, &item);
		}
		ranking_sort(&ranking);
		assert_int_equal(ranking.count, COUNT);
		assert_in_order(&ranking);
		ranking_fini(&ranking);
	}
}

static const struct {
	const char *text;
	int sign;
	uint64_t value; /* sign 0 = refused */
} limits[] = {
	{"10", 1, 10},
	{"+10k", 1, 10000},
	{"-1M", -1, 1000000},
	{"2G", 1, 2000000000},
	{"18446744073709551615k", 0, 0},
	{"", 0, 0},
	{"k", 0, 0},
	{"10x", 0, 0},
	{"+-1", 0, 0},
};

static void limit_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct statistic_limit limit = {0};
		int status = statistic_limit_parse(limits[i].text, &limit, NULL);

		assert_int_equal(status, limits[i].sign ? NFGEO_OK : NFGEO_EINVAL);
		assert_int_equal(limit.sign, limits[i].sign);
		assert_int_equal(limit.value, limits[i].value);
	}
}

static const struct {
	const char *text;
	bool good;
} requests[] = {
	{"srcip", true},	  {"srcip:p/bytes", true},     {"ip/packets/bytes:a", true},
	{"record/flows", true},	  {"record:p/flows", true},    {"record:q", false},
	{"ctry", true},		  {"srcgroup:EU/bytes", true}, {"natsrcip/bpp", true},
	{"srcip/ipackets", true}, {"nosuch", false},	       {"srcip/nosuch", false},
	{"srcip/tstart", false},  {"srcip:q", false},	       {"srcgroup", false},
	{"srcgroup:NATO", false}, {"srcip/", false},
};

static void request_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		struct statistic_request request;

		assert_int_equal(statistic_parse(&request, requests[i].text, NULL),
				 requests[i].good ? NFGEO_OK : NFGEO_EINVAL);
	}
}

/* Feed flows to two parts, as two workers do; the merged groups must not depend on the split. */
static void feed(struct aggregate *aggregate, void *part[2], unsigned split)
{
	static uint8_t block[7][512];
	struct scan_sink *sink = aggregate_sink(aggregate);

	part[0] = sink->open(sink);
	part[1] = sink->open(sink);
	for (unsigned i = 0; i < 600; i++) {
		bool back = i % 3 == 0;
		struct make_flow flow = {.src4 = back ? 2 : 1,
					 .dst4 = back ? 1 : 2,
					 .proto = 6,
					 .first_ms = 1000 + i,
					 .last_ms = 2000 + i,
					 .packets = 1,
					 .bytes = back ? 1000 : 10,
					 .tcp_flags = back ? 2 : 16};
		uint8_t *record = block[i % 7];
		struct record_view view;
		struct flow_row row = {.view = &view, .ident = ""};
		size_t len = make_flow(&flow, record, sizeof(block[0]));

		record_view_init(&view);
		assert_int_equal(record_view(&view, record, len), NFGEO_OK);
		sink->flow(part[i % split == 0 ? 0 : 1], &row, i);
		/* blocks of seven flows */
		for (unsigned k = 0; i % 7 == 6 && k < 2; k++)
			assert_int_equal(sink->block_end(part[k], NULL), NFGEO_OK);
	}
	assert_int_equal(aggregate_finish(aggregate, NULL), NFGEO_OK);
}

static void both_directions(void **state)
{
	(void)state;
	for (unsigned split = 1; split < 6; split++) {
		struct aggregate *aggregate = aggregate_new(AGGREGATE_BIDIR, NULL);
		struct record_view view;
		struct ranking ranking;
		uint8_t record[1024];
		void *part[2];
		size_t len;

		feed(aggregate, part, split);
		assert_int_equal(aggregate_count(aggregate), 1);
		assert_true(ranking_init(&ranking, 1, 0));
		aggregate_rank(aggregate, -1, false, &ranking);
		len = aggregate_record(aggregate, ranking.item, false, record);
		ranking_fini(&ranking);
		record_view_init(&view);
		assert_int_equal(record_view(&view, record, len), NFGEO_OK);
		assert_int_equal(view_src(&view).low, 2); /* the first flow decides */
		assert_int_equal(view_flows(&view), 600);
		assert_int_equal(view_u64(&view, ELEMENT_GENERIC, 32), 200 * 1000);
		assert_int_equal(view_u64(&view, ELEMENT_COUNTERS, 16), 400 * 10);
		assert_int_equal(view_first_ms(&view), 1000);
		assert_int_equal(view_last_ms(&view), 2599);
		assert_int_equal(view_tcp_flags(&view), 2);
		aggregate_free(aggregate);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_counts),	 cmocka_unit_test(keys_texts),
		cmocka_unit_test(keys_and_back), cmocka_unit_test(ranks),
		cmocka_unit_test(ranks_many),	 cmocka_unit_test(limit_texts),
		cmocka_unit_test(request_texts), cmocka_unit_test(both_directions),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
