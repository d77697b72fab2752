/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * table.h - the lookup table: address -> 16-bit country code, one and in batches.
 *
 * Built once, immutable afterwards, in private memory (never a mapped database file), reference
 * counted. The answer is exact for every address, longer-than-/64 IPv6 prefixes included. What
 * decides: local networks, then the database, then the address class, then 0 (geo/country.h).
 * Addresses inside ::ffff:0:0/96, 2001::/32 and 2002::/16 are answered as the database answers
 * them: where its tree aliases them onto IPv4, by the IPv4 part.
 */
#ifndef GEO_TABLE_H
#define GEO_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "geo/provenance.h"

struct geo_table;

struct geo_table *geo_table_ref(struct geo_table *table);
void geo_table_unref(struct geo_table *table);

/** Borrowed, valid for the life of the process. */
const struct geo_provenance *geo_table_provenance(const struct geo_table *table);

/** A number that no other table of this process has or had, from 1: for those who remember answers. */
uint64_t geo_table_serial(const struct geo_table *table);

/** IPv4 address as a host-order number. Cannot fail. */
uint16_t geo_lookup4(const struct geo_table *table, uint32_t address);

/** IPv6 address as two host-order numbers, high half first. Cannot fail. */
uint16_t geo_lookup6(const struct geo_table *table, uint64_t high, uint64_t low);

uint16_t geo_lookup(const struct geo_table *table, const struct address *address);

/** Many at once: faster, same answers. */
void geo_lookup4_batch(const struct geo_table *table, const uint32_t *address, uint16_t *code,
		       size_t count);
void geo_lookup6_batch(const struct geo_table *table, const uint64_t (*address)[2], uint16_t *code,
		       size_t count);

#endif
