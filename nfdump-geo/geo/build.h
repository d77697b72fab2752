/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * build.h - collect prefixes and ranges with their codes, then make an immutable lookup table.
 *
 * Layers, first match wins: overrides (local networks), feed (geofeeds), database, address class,
 * 0. Within a layer the more specific prefix wins, and of equal ones the one added last.
 */
#ifndef GEO_BUILD_H
#define GEO_BUILD_H

#include "base/address.h"
#include "base/error.h"
#include "geo/table.h"

enum geo_layer { GEO_LAYER_DATABASE, GEO_LAYER_FEED, GEO_LAYER_LOCAL, GEO_LAYERS };

struct geo_builder;

struct geo_builder *geo_builder_new(void);
void geo_builder_free(struct geo_builder *builder);

/** @return NFGEO_OK, NFGEO_ENOMEM, or NFGEO_EINVAL for a code above CLASS_MAX */
int geo_builder_prefix(struct geo_builder *builder, enum geo_layer layer,
		       const struct prefix *prefix, uint16_t code);

/** An inclusive range of one family. @return also NFGEO_EINVAL when first > last */
int geo_builder_range(struct geo_builder *builder, enum geo_layer layer,
		      const struct address *first, const struct address *last, uint16_t code);

/**
 * The database answers `prefix` (IPv6, at most 96 bits) as the IPv4 address that starts behind its
 * last bit: ::ffff:0:0/96, 2002::/16, and 2001::/32, where a MaxMind-style tree has aliases.
 */
int geo_builder_alias4(struct geo_builder *builder, const struct prefix *prefix);

/** All answers of a table as one layer: to put others on top of a table that came from an image. */
int geo_builder_table(struct geo_builder *builder, enum geo_layer layer,
		      const struct geo_table *table);

struct segments;

/** What a layer holds of a family, as a flat list (geo/segments.h): an alias has a code above
 * CLASS_MAX. Borrowed until the builder is used again. NULL when out of memory. */
const struct segments *geo_builder_segments(struct geo_builder *builder, enum geo_layer layer,
					    int family);

/** Make the table; the builder is emptied. */
int geo_builder_finish(struct geo_builder *builder, const struct geo_provenance *provenance,
		       struct geo_table **table, struct error *error);

/** Share of public IPv4 addresses that the database layer knows, 0..1. */
double geo_table_coverage4(const struct geo_table *table);

#endif
