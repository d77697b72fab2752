/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/build.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "geo/country.h"
#include "geo/segments.h"
#include "geo/table_impl.h"

enum { V4, V6, FAMILIES };

struct geo_builder {
	struct segments layer[GEO_LAYERS][FAMILIES];
};

/* The last address of each family. */
static const number128 all4 = 0xffffffff, all6 = ~(number128)0;

struct geo_builder *geo_builder_new(void)
{
	return calloc(1, sizeof(struct geo_builder));
}

static void clear(struct geo_builder *builder)
{
	for (int layer = 0; layer < GEO_LAYERS; layer++)
		for (int family = 0; family < FAMILIES; family++)
			segments_fini(&builder->layer[layer][family]);
}

void geo_builder_free(struct geo_builder *builder)
{
	if (builder)
		clear(builder);
	free(builder);
}

static number128 number_of(const struct address *address)
{
	return (number128)address->high << 64 | address->low;
}

static bool in_family(const struct address *address)
{
	if (address->family == AF_INET)
		return address->high == 0 && address->low <= 0xffffffff;
	return address->family == AF_INET6;
}

static struct segments *layer_of(struct geo_builder *builder, enum geo_layer layer, int family)
{
	return &builder->layer[layer][family == AF_INET ? V4 : V6];
}

/* Last address of a prefix, whose host bits are zero. */
static number128 last_of(const struct prefix *prefix)
{
	unsigned host_bits = (prefix->address.family == AF_INET ? 32 : 128) - prefix->bits;
	number128 hosts = host_bits == 128 ? all6 : ((number128)1 << host_bits) - 1;

	return number_of(&prefix->address) | hosts;
}

static bool is_prefix(const struct prefix *prefix)
{
	struct address masked;

	if (!in_family(&prefix->address) ||
	    prefix->bits > (prefix->address.family == AF_INET ? 32 : 128))
		return false;
	masked = address_mask(prefix->address, prefix->bits);
	return number_of(&masked) == number_of(&prefix->address);
}

int geo_builder_prefix(struct geo_builder *builder, enum geo_layer layer,
		       const struct prefix *prefix, uint16_t code)
{
	if (code > CLASS_MAX || !is_prefix(prefix))
		return NFGEO_EINVAL;
	return segments_add(layer_of(builder, layer, prefix->address.family),
			    number_of(&prefix->address), last_of(prefix), code);
}

int geo_builder_range(struct geo_builder *builder, enum geo_layer layer,
		      const struct address *first, const struct address *last, uint16_t code)
{
	if (code > CLASS_MAX || first->family != last->family || !in_family(first) ||
	    !in_family(last) || number_of(first) > number_of(last))
		return NFGEO_EINVAL;
	return segments_add(layer_of(builder, layer, first->family), number_of(first),
			    number_of(last), code);
}

int geo_builder_alias4(struct geo_builder *builder, const struct prefix *prefix)
{
	if (prefix->address.family != AF_INET6 || prefix->bits > ALIAS4_BITS_MAX ||
	    !is_prefix(prefix))
		return NFGEO_EINVAL;
	return segments_add(&builder->layer[GEO_LAYER_DATABASE][V6], number_of(&prefix->address),
			    last_of(prefix), (uint16_t)(CODE_ALIAS4 + prefix->bits));
}

const struct segments *geo_builder_segments(struct geo_builder *builder, enum geo_layer layer,
					    int family)
{
	struct segments *segments = layer_of(builder, layer, family);

	return segments_flatten(segments) == NFGEO_OK ? segments : NULL;
}

int geo_builder_table(struct geo_builder *builder, enum geo_layer layer,
		      const struct geo_table *table)
{
	int code = tree4_segments(&table->v4, &builder->layer[layer][V4]);

	return code ? code : tree6_segments(&table->v6, &builder->layer[layer][V6]);
}

/* What is below the database: the classes, and 0 for the rest of the family. */
static int class_layer(int family, struct segments *out)
{
	struct prefix prefix;
	uint16_t code;

	if (segments_add(out, 0, family == V4 ? all4 : all6, COUNTRY_UNKNOWN))
		return NFGEO_ENOMEM;
	for (size_t i = 0; country_class_prefix(i, &prefix, &code); i++)
		if ((prefix.address.family == AF_INET) == (family == V4) &&
		    segments_add(out, number_of(&prefix.address), last_of(&prefix), code))
			return NFGEO_ENOMEM;
	return segments_flatten(out);
}

/*
 * Inside an alias (::/96) the IPv4 table would give the class of the IPv4 address, for example
 * reserved for ::1 as 0.0.0.1. Where the IPv4 side of the database is silent, the class of the
 * IPv6 address decides. All such classes are single addresses.
 */
static int class_inside_alias(struct geo_builder *builder, const struct segments *classes,
			      struct segments *out)
{
	const struct segments *database = builder->layer[GEO_LAYER_DATABASE];

	for (size_t i = 0; i < classes->count; i++) {
		const struct segment *class = &classes->item[i];
		const struct segment *alias;

		if (class->first != class->last)
			continue;
		alias = segments_find(&database[V6], class->first);
		if (!alias || alias->code < CODE_ALIAS4 ||
		    segments_find(&database[V4],
				  (class->first >> (96 - (alias->code - CODE_ALIAS4))) & all4))
			continue;
		if (segments_add(out, class->first, class->last, class->code))
			return NFGEO_ENOMEM;
	}
	return NFGEO_OK;
}

/* Put `upper` on top of `*below`, which is replaced. */
static int put_on(const struct segments *upper, struct segments *below)
{
	struct segments both = {0};
	int code;

	if (upper->count == 0)
		return NFGEO_OK;
	code = segments_overlay(upper, below, &both);
	segments_fini(below);
	*below = both;
	return code;
}

/* All layers of a family as one flat list without silence. */
static int stack_layers(struct geo_builder *builder, int family, struct segments *out)
{
	struct segments inside = {0};
	int code = class_layer(family, out);

	if (!code && family == V6)
		code = class_inside_alias(builder, out, &inside);
	if (!code)
		code = put_on(&builder->layer[GEO_LAYER_DATABASE][family], out);
	if (!code)
		code = put_on(&inside, out);
	for (int layer = GEO_LAYER_FEED; !code && layer < GEO_LAYERS; layer++)
		code = put_on(&builder->layer[layer][family], out);
	segments_fini(&inside);
	return code;
}

static bool is_country(const struct segment *segment)
{
	return segment->code >= 1 && segment->code <= COUNTRY_MAX;
}

/* How many addresses of first..last a flat list names a country for. */
static double count_known(const struct segments *segments, number128 first, number128 last)
{
	double known = 0;

	for (size_t i = segments_reach(segments, first);
	     i < segments->count && segments->item[i].first <= last; i++) {
		const struct segment *segment = &segments->item[i];
		number128 from = segment->first > first ? segment->first : first;
		number128 to = segment->last < last ? segment->last : last;

		if (is_country(segment))
			known += (double)(to - from + 1);
	}
	return known;
}

/* Share of the addresses without a class for which the database names a country. */
static double measure_coverage(const struct segments *database)
{
	double known = count_known(database, 0, all4), public = (double)all4 + 1;
	struct prefix prefix;
	uint16_t class;

	for (size_t i = 0; country_class_prefix(i, &prefix, &class); i++) {
		number128 first = number_of(&prefix.address), last = last_of(&prefix);

		if (prefix.address.family != AF_INET)
			continue;
		known -= count_known(database, first, last);
		public -= (double)(last - first + 1);
	}
	return known / public;
}

enum { SELF_TEST_STEPS = 4096 };

static bool agrees(const struct geo_table *table, int family, const struct segment *segment,
		   number128 address)
{
	uint64_t high = (uint64_t)(address >> 64), low = (uint64_t)address;
	uint16_t got, want = segment->code;

	got = family == V4 ? geo_lookup4(table, (uint32_t)low) : geo_lookup6(table, high, low);
	if (want >= CODE_ALIAS4)
		want = geo_lookup4(table, (uint32_t)(address >> (96 - (want - CODE_ALIAS4))));
	return got == want;
}

/* Both ends of ranges all over the list are answered by the table as the list says. */
static bool self_test(const struct geo_table *table, int family, const struct segments *segments)
{
	size_t step = segments->count / SELF_TEST_STEPS + 1;

	for (size_t i = 0; i < segments->count; i += step) {
		const struct segment *segment = &segments->item[i];

		if (!agrees(table, family, segment, segment->first) ||
		    !agrees(table, family, segment, segment->last))
			return false;
	}
	return true;
}

static int make_table(struct geo_builder *builder, struct geo_table *table, struct error *error)
{
	struct segments v4 = {0}, v6 = {0};
	int code = NFGEO_OK;

	for (int layer = 0; !code && layer < GEO_LAYERS; layer++)
		for (int family = 0; !code && family < FAMILIES; family++)
			code = segments_flatten(&builder->layer[layer][family]);
	if (!code)
		code = stack_layers(builder, V4, &v4);
	if (!code)
		code = stack_layers(builder, V6, &v6);
	if (!code)
		table->coverage4 = measure_coverage(&builder->layer[GEO_LAYER_DATABASE][V4]);
	if (!code)
		code = tree4_init(&table->v4, &v4);
	if (!code)
		code = tree6_init(&table->v6, &v6);
	if (code)
		error_set(error, code, "cannot make the country table: %s", nfgeo_strerror(code));
	else if (!self_test(table, V4, &v4) || !self_test(table, V6, &v6))
		code = error_set(error, NFGEO_ECORRUPT,
				 "the country table contradicts its source: a fault in this "
				 "program or in the machine's memory");
	segments_fini(&v4);
	segments_fini(&v6);
	return code;
}

int geo_builder_finish(struct geo_builder *builder, const struct geo_provenance *provenance,
		       struct geo_table **table, struct error *error)
{
	struct geo_table *made = table_alloc();
	int code = NFGEO_ENOMEM;

	*table = NULL;
	if (made)
		made->provenance = geo_provenance_intern(provenance);
	if (!made || !made->provenance)
		error_set(error, code, "cannot make the country table: out of memory");
	else
		code = make_table(builder, made, error);
	if (code)
		geo_table_unref(made);
	else
		*table = made;
	clear(builder);
	malloc_trim(0); /* building took ten times what the table takes, and not for long */
	return code;
}
