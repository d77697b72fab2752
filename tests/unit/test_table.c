/* SPDX-License-Identifier: BSD-3-Clause */
/* The lookup table against a list of prefixes that is searched from end to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "geo/build.h"
#include "geo/country.h"
#include "geo/table_impl.h"

enum { MAX_ENTRIES = 6000, BATCH = 1000 };

struct entry {
	enum geo_layer layer;
	struct prefix prefix;
	uint16_t code;
};

struct model {
	struct entry entry[MAX_ENTRIES];
	size_t count;
	struct geo_builder *builder;
	struct geo_table *table;
};

static uint64_t random_state = 1;

static uint64_t random64(void)
{
	uint64_t x = random_state += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static struct model *model_new(void)
{
	struct model *model = calloc(1, sizeof(*model));

	model->builder = geo_builder_new();
	return model;
}

static void model_free(struct model *model)
{
	geo_builder_free(model->builder);
	geo_table_unref(model->table);
	free(model);
}

static void add(struct model *model, enum geo_layer layer, struct prefix prefix, uint16_t code)
{
	prefix.address = address_mask(prefix.address, prefix.bits);
	assert_int_equal(geo_builder_prefix(model->builder, layer, &prefix, code), NFGEO_OK);
	model->entry[model->count++] = (struct entry){layer, prefix, code};
}

static void add_text(struct model *model, enum geo_layer layer, const char *text, uint16_t code)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), NFGEO_OK);
	add(model, layer, prefix, code);
}

static void finish(struct model *model)
{
	struct geo_provenance provenance = {"test"};
	struct error error = {0};

	if (geo_builder_finish(model->builder, &provenance, &model->table, &error))
		fail_msg("%s", error.text);
}

static uint16_t model_lookup(const struct model *model, const struct address *address)
{
	for (int layer = GEO_LAYER_LOCAL; layer >= 0; layer--) {
		const struct entry *best = NULL;

		for (size_t i = 0; i < model->count; i++) {
			const struct entry *entry = &model->entry[i];

			if ((int)entry->layer == layer &&
			    prefix_contains(&entry->prefix, address) &&
			    (!best || entry->prefix.bits >= best->prefix.bits))
				best = entry;
		}
		if (best)
			return best->code;
	}
	return country_class_of(address);
}

static struct address step(struct address address, int by)
{
	number128 number = (number128)address.high << 64 | address.low;

	number = by < 0 ? number - 1 : number + (unsigned)by;
	if (address.family == AF_INET)
		return address_ip4((uint32_t)number);
	return address_ip6((uint64_t)(number >> 64), (uint64_t)number);
}

static struct address last_of(const struct prefix *prefix)
{
	struct address last = prefix->address;

	if (last.family == AF_INET) {
		last.low |= prefix->bits == 32 ? 0 : 0xffffffffu >> prefix->bits;
	} else if (prefix->bits < 64) {
		last.high |= ~0ull >> prefix->bits;
		last.low = ~0ull;
	} else {
		last.low |= prefix->bits == 128 ? 0 : ~0ull >> (prefix->bits - 64);
	}
	return last;
}

/* In every variant, one by one and in a batch whose length is no multiple of the group. */
static void expect(struct geo_table *table, const struct address *address, const uint16_t *want,
		   size_t count)
{
	const struct lookup_variant *usual = table->variant;
	uint32_t ip4[BATCH];
	uint64_t ip6[BATCH][2];
	uint16_t got[BATCH];

	for (size_t v = 0; v < lookup_variant_count; v++) {
		size_t count4 = 0, count6 = 0;

		if (!lookup_variants[v]->usable())
			continue;
		table->variant = lookup_variants[v];
		for (size_t i = 0; i < count; i++) {
			char text[ADDRESS_TEXT];

			address_print(&address[i], text);
			if (geo_lookup(table, &address[i]) != want[i])
				fail_msg("%s: %s is %u, not %u", table->variant->name, text,
					 geo_lookup(table, &address[i]), want[i]);
			if (address[i].family == AF_INET) {
				ip4[count4++] = (uint32_t)address[i].low;
			} else {
				ip6[count6][0] = address[i].high;
				ip6[count6++][1] = address[i].low;
			}
		}
		geo_lookup4_batch(table, ip4, got, count4);
		for (size_t i = 0, at = 0; i < count; i++)
			if (address[i].family == AF_INET)
				assert_int_equal(got[at++], want[i]);
		geo_lookup6_batch(table, ip6, got, count6);
		for (size_t i = 0, at = 0; i < count; i++)
			if (address[i].family == AF_INET6)
				assert_int_equal(got[at++], want[i]);
	}
	table->variant = usual;
}

/* Boundaries of every entry and as many addresses near them and anywhere. */
static void compare(struct model *model)
{
	struct address address[BATCH];
	uint16_t want[BATCH];
	size_t count = 0;

	for (size_t i = 0; i < model->count; i++) {
		const struct prefix *prefix = &model->entry[i].prefix;
		struct address last = last_of(prefix), any = prefix->address;

		any.low ^= any.family == AF_INET ? random64() & 0xffff : random64();
		address[count++] = prefix->address;
		address[count++] = last;
		address[count++] = step(prefix->address, -1);
		address[count++] = step(last, 1);
		address[count++] = any;
		address[count++] = any.family == AF_INET ? address_ip4((uint32_t)random64())
							 : address_ip6(random64(), random64());
		if (count + 6 <= BATCH && i + 1 < model->count)
			continue;
		for (size_t k = 0; k < count; k++)
			want[k] = model_lookup(model, &address[k]);
		expect(model->table, address, want, count);
		count = 0;
	}
}

static void expect_text(struct model *model, const char *text, uint16_t want)
{
	struct address address;

	assert_int_equal(address_parse(text, &address), NFGEO_OK);
	expect(model->table, &address, &want, 1);
}

static void empty_table_knows_classes(void **state)
{
	static const struct {
		const char *address;
		uint16_t code;
	} cases[] = {
		{"0.0.0.0", CLASS_RESERVED},
		{"0.255.255.255", CLASS_RESERVED},
		{"1.0.0.0", 0},
		{"9.255.255.255", 0},
		{"10.0.0.0", CLASS_PRIVATE},
		{"10.255.255.255", CLASS_PRIVATE},
		{"11.0.0.0", 0},
		{"100.64.0.0", CLASS_SHARED},
		{"127.0.0.1", CLASS_LOOPBACK},
		{"169.254.1.1", CLASS_LINKLOCAL},
		{"192.0.2.255", CLASS_DOCUMENTATION},
		{"239.255.255.255", CLASS_MULTICAST},
		{"240.0.0.0", CLASS_RESERVED},
		{"255.255.255.255", CLASS_RESERVED},
		{"::", CLASS_RESERVED},
		{"::1", CLASS_LOOPBACK},
		{"::2", 0},
		{"::ffff:10.0.0.1", 0},
		{"100::1", CLASS_RESERVED},
		{"100:0:0:1::", 0},
		{"2001:db8::1", CLASS_DOCUMENTATION},
		{"fd00::1", CLASS_PRIVATE},
		{"fe80::1", CLASS_LINKLOCAL},
		{"fec0::", 0},
		{"ff02::1", CLASS_MULTICAST},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", CLASS_MULTICAST},
	};
	struct model *model = model_new();

	(void)state;
	finish(model);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect_text(model, cases[i].address, cases[i].code);
	assert_true(geo_table_coverage4(model->table) == 0);
	model_free(model);
}

static void layers_decide_in_order(void **state)
{
	struct model *model = model_new();

	(void)state;
	add_text(model, GEO_LAYER_DATABASE, "10.0.0.0/16", 0); /* unknown beats the class */
	add_text(model, GEO_LAYER_DATABASE, "20.0.0.0/8", 203);
	add_text(model, GEO_LAYER_DATABASE, "20.1.2.0/24", 276);
	add_text(model, GEO_LAYER_FEED, "20.1.0.0/16", 703);
	add_text(model, GEO_LAYER_LOCAL, "20.1.2.3/32", CLASS_PRIVATE);
	add_text(model, GEO_LAYER_LOCAL, "10.0.1.0/24", 203);
	add_text(model, GEO_LAYER_DATABASE, "30.0.0.0/8", 1);
	add_text(model, GEO_LAYER_DATABASE, "30.0.0.0/8", 2);
	add_text(model, GEO_LAYER_DATABASE, "2a00::/12", 203);
	add_text(model, GEO_LAYER_DATABASE, "2a00:1:2:3::/64", 276);
	add_text(model, GEO_LAYER_DATABASE, "2a00:1:2:3::80/121", 40);
	add_text(model, GEO_LAYER_LOCAL, "2a00:1:2:3::80/128", 0);
	finish(model);
	expect_text(model, "10.0.0.1", 0);
	expect_text(model, "10.0.1.1", 203);
	expect_text(model, "10.1.0.0", CLASS_PRIVATE);
	expect_text(model, "20.1.2.4", 703);
	expect_text(model, "20.1.2.3", CLASS_PRIVATE);
	expect_text(model, "20.2.0.0", 203);
	expect_text(model, "30.1.1.1", 2);
	expect_text(model, "2a00:1:2:3::7f", 276);
	expect_text(model, "2a00:1:2:3::80", 0);
	expect_text(model, "2a00:1:2:3::81", 40);
	expect_text(model, "2a00:1:2:3::100", 276);
	compare(model);
	model_free(model);
}

/* Random prefixes of all lengths, crowded so that they nest. */
static void random_prefixes(struct model *model, size_t count, bool crowded)
{
	for (size_t i = 0; i < count; i++) {
		enum geo_layer layer = random64() % 8 ? GEO_LAYER_DATABASE
						      : (enum geo_layer)(random64() % GEO_LAYERS);
		uint16_t code = (uint16_t)(random64() % 20);
		uint64_t high = random64(), low = random64();

		if (crowded)
			high = 0x20010db800000000 | (high & 0x0000000f0000000f);
		if (random64() % 2)
			add(model, layer,
			    (struct prefix){
				    address_ip4((uint32_t)(crowded ? 0x14000000 | (low & 0xf0f0f)
								   : low)),
				    (uint8_t)(random64() % 33)},
			    code);
		else
			add(model, layer,
			    (struct prefix){
				    address_ip6(high, crowded ? low & 0xf00000000000000f : low),
				    (uint8_t)(random64() % 129)},
			    code);
	}
}

static void random_tables(void **state)
{
	static const size_t counts[] = {1, 2, 7, 15, 16, 17, 33, 100, 300, 1500};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(counts) / sizeof(*counts); i++) {
		struct model *model = model_new();

		random_prefixes(model, counts[i / 2], i % 2);
		finish(model);
		compare(model);
		model_free(model);
	}
}

/* Range counts around the sizes at which the trees get another node or level. */
static void tree_shapes(void **state)
{
	static const size_t counts[] = {1,  8,	 9,   15,  16,	17,  71,  72,  73,
					81, 271, 272, 273, 289, 647, 648, 649, 2000};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct model *model = model_new();

		for (size_t k = 0; k < counts[i]; k++) {
			uint16_t code = (uint16_t)(1 + k % 2);

			add(model, GEO_LAYER_LOCAL,
			    (struct prefix){address_ip4((uint32_t)k << 8), 24}, code);
			add(model, GEO_LAYER_LOCAL, (struct prefix){address_ip6(k, 0), 64}, code);
		}
		finish(model);
		compare(model);
		model_free(model);
	}
}

static void last_address_of_all(void **state)
{
	struct model *model = model_new();

	(void)state;
	add_text(model, GEO_LAYER_LOCAL, "255.255.255.255/32", 7);
	add_text(model, GEO_LAYER_LOCAL, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", 8);
	add_text(model, GEO_LAYER_LOCAL, "ffff:ffff:ffff:ffff::/65", 9);
	finish(model);
	compare(model);
	model_free(model);
}

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), NFGEO_OK);
	return prefix;
}

static void aliases_follow_ip4(void **state)
{
	static const char *const aliases[] = {"::/96", "::ffff:0:0/96", "2001::/32", "2002::/16"};
	struct model *model = model_new();

	(void)state;
	add_text(model, GEO_LAYER_DATABASE, "1.2.3.0/24", 203);
	add_text(model, GEO_LAYER_DATABASE, "2001:100::/24", 276);
	add_text(model, GEO_LAYER_LOCAL, "1.2.3.4/32", 40);
	add_text(model, GEO_LAYER_LOCAL, "2002:102:304:5::/64", 703);
	for (size_t i = 0; i < sizeof(aliases) / sizeof(*aliases); i++) {
		struct prefix prefix = prefix_of(aliases[i]);

		assert_int_equal(geo_builder_alias4(model->builder, &prefix), NFGEO_OK);
	}
	finish(model);
	expect_text(model, "::ffff:1.2.3.1", 203);
	expect_text(model, "::1.2.3.1", 203);
	expect_text(model, "::1.2.3.4", 40);
	expect_text(model, "::ffff:1.2.4.0", 0);
	expect_text(model, "::fffe:1.2.3.1", 0);
	expect_text(model, "::ffff:10.1.1.1", CLASS_PRIVATE);
	expect_text(model, "::1", CLASS_LOOPBACK);
	expect_text(model, "::", CLASS_RESERVED);
	expect_text(model, "2001:0:102:301:ffff::", 203);
	expect_text(model, "2001:1:102:301:ffff::", 0);
	expect_text(model, "2001:100::", 276);
	expect_text(model, "2002:102:301::1", 203);
	expect_text(model, "2002:102:304:4::", 40);
	expect_text(model, "2002:102:304:5::", 703);
	expect_text(model, "2002:909:304:5::", 0);
	model_free(model);
}

/* Where the IPv4 side of an aliasing database has an answer for 0.0.0.1, it is the one for ::1. */
static void alias_answers_before_class(void **state)
{
	struct model *model = model_new();
	struct prefix prefix = prefix_of("::/96");

	(void)state;
	add_text(model, GEO_LAYER_DATABASE, "0.0.0.0/31", 203);
	assert_int_equal(geo_builder_alias4(model->builder, &prefix), NFGEO_OK);
	finish(model);
	expect_text(model, "::1", 203);
	expect_text(model, "::2", CLASS_RESERVED);
	model_free(model);
}

/* A finished table is a layer for another one: same answers, with local networks on top. */
static void table_as_layer(void **state)
{
	struct model *model = model_new();
	struct geo_builder *builder = geo_builder_new();
	struct geo_provenance provenance = {"again"};
	struct geo_table *first;

	(void)state;
	random_prefixes(model, 500, true);
	finish(model);
	first = model->table;
	geo_builder_free(model->builder);
	model->builder = builder;
	assert_int_equal(geo_builder_table(builder, GEO_LAYER_DATABASE, first), NFGEO_OK);
	assert_int_equal(geo_builder_finish(builder, &provenance, &model->table, NULL), NFGEO_OK);
	geo_table_unref(first);
	compare(model);

	first = geo_table_ref(model->table);
	assert_int_equal(geo_builder_table(builder, GEO_LAYER_DATABASE, first), NFGEO_OK);
	geo_table_unref(first);
	geo_table_unref(first);
	add_text(model, GEO_LAYER_LOCAL, "20.0.0.0/12", 703);
	assert_int_equal(geo_builder_finish(builder, &provenance, &model->table, NULL), NFGEO_OK);
	expect_text(model, "20.0.0.0", 703);
	expect_text(model, "20.15.255.255", 703);
	model_free(model);
}

static void table_as_layer_keeps_aliases(void **state)
{
	struct model *model = model_new();
	struct prefix prefix = prefix_of("2002::/16");
	struct geo_table *first;

	(void)state;
	add_text(model, GEO_LAYER_DATABASE, "1.2.3.0/24", 203);
	assert_int_equal(geo_builder_alias4(model->builder, &prefix), NFGEO_OK);
	finish(model);
	first = model->table;
	assert_int_equal(geo_builder_table(model->builder, GEO_LAYER_DATABASE, first), NFGEO_OK);
	add_text(model, GEO_LAYER_LOCAL, "1.2.3.4/32", 40);
	finish(model);
	assert_true(geo_table_coverage4(first) == geo_table_coverage4(model->table));
	geo_table_unref(first);
	expect_text(model, "2002:102:303::", 203);
	expect_text(model, "2002:102:304::", 40);
	model_free(model);
}

static void wrong_input_is_refused(void **state)
{
	struct geo_builder *builder = geo_builder_new();
	struct prefix host_bits = {address_ip4(1), 24}, long4 = {address_ip4(0), 33};
	struct prefix good = {address_ip4(0), 0}, alias97 = {address_ip6(0, 0), 97};
	struct address low = address_ip4(1), high = address_ip4(2), other = address_ip6(9, 9);

	(void)state;
	assert_int_equal(geo_builder_prefix(builder, 0, &host_bits, 1), NFGEO_EINVAL);
	assert_int_equal(geo_builder_prefix(builder, 0, &long4, 1), NFGEO_EINVAL);
	assert_int_equal(geo_builder_prefix(builder, 0, &good, CLASS_MAX + 1), NFGEO_EINVAL);
	assert_int_equal(geo_builder_prefix(builder, 0, &good, CLASS_MAX), NFGEO_OK);
	assert_int_equal(geo_builder_range(builder, 0, &high, &low, 1), NFGEO_EINVAL);
	assert_int_equal(geo_builder_range(builder, 0, &low, &other, 1), NFGEO_EINVAL);
	assert_int_equal(geo_builder_range(builder, 0, &low, &high, 1), NFGEO_OK);
	assert_int_equal(geo_builder_alias4(builder, &alias97), NFGEO_EINVAL);
	assert_int_equal(geo_builder_alias4(builder, &good), NFGEO_EINVAL);
	geo_builder_free(builder);
}

static void coverage_counts_public_countries(void **state)
{
	struct model *model = model_new();

	(void)state;
	add_text(model, GEO_LAYER_DATABASE, "0.0.0.0/1", 203); /* some of it is private */
	add_text(model, GEO_LAYER_DATABASE, "64.0.0.0/4", 0);
	add_text(model, GEO_LAYER_LOCAL, "128.0.0.0/1", 203); /* does not count */
	finish(model);
	/* 2^31 - 0/8 - 10/8 - 100.64/10 - 127/8 - 64/4 = 1824522240
	 * of 2^32 - 0/8 - 10/8 - 127/8 - 100.64/10 - 172.16/12 - 192.168/16 - 169.254/16 -
	 * 198.18/15 - 4 * /24 - 224/3 = 3702258688 */
	assert_true(geo_table_coverage4(model->table) == 1824522240.0 / 3702258688.0);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_table_knows_classes),
		cmocka_unit_test(layers_decide_in_order),
		cmocka_unit_test(random_tables),
		cmocka_unit_test(tree_shapes),
		cmocka_unit_test(last_address_of_all),
		cmocka_unit_test(aliases_follow_ip4),
		cmocka_unit_test(alias_answers_before_class),
		cmocka_unit_test(table_as_layer),
		cmocka_unit_test(table_as_layer_keeps_aliases),
		cmocka_unit_test(wrong_input_is_refused),
		cmocka_unit_test(coverage_counts_public_countries),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
