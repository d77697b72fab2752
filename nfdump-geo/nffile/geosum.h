/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * geosum.h - what the geo blocks say about the flows of a file: sums per country, and for each
 * block which countries and times it holds. Made record by record while the file is written.
 */
#ifndef NFFILE_GEOSUM_H
#define NFFILE_GEOSUM_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/record.h"
#include "geo/group.h"

struct geo_count {
	uint64_t flows, packets, bytes; /* as in the stat record: in plus out */
	uint64_t syn_only; /* of flows: TCP with flag S and none of A, F, R, P, U */
};

struct geo_totals {
	struct geo_count src[COUNTRY_CODES], dst[COUNTRY_CODES];
	struct geo_count untagged; /* flows without a geo tail: in no row of src and dst */
	uint64_t flow_records;	   /* tagged or not */
};

/* By their addresses, view_is_ip6(). */
enum geo_families {
	GEO_HAS_IP4 = 1,
	GEO_HAS_IP6 = 2,
	GEO_HAS_NONE = 4, /* flows without addresses */
	GEO_HAS_ANY = 7,
	/* and what else is to be known before a block is left unread */
	GEO_HAS_ODD_TIMES = 8,	 /* flows first seen at 0 (or without times), or last seen before that:
				    first_ms and last_ms are not the bounds of both times */
	GEO_HAS_OTHERS = 16,	 /* records that are no flows: exporters, samplers, names */
	GEO_HAS_UNREADABLE = 32, /* damaged flows, and records of an unknown type */
	GEO_HAS_UNKNOWN = 63,	 /* may have anything: entries of older files */
};

static inline uint8_t geo_family(const struct record_view *view)
{
	if (view_is_ip6(view))
		return GEO_HAS_IP6;
	return view_has(view, ELEMENT_IP4) ? GEO_HAS_IP4 : GEO_HAS_NONE;
}

/** What of the above a flow is. */
static inline uint8_t geo_traits(const struct record_view *view)
{
	uint64_t first = view_first_ms(view);
	bool odd = !first || view_last_ms(view) < first;

	return (uint8_t)(geo_family(view) | (odd ? GEO_HAS_ODD_TIMES : 0));
}

/* One block of records. */
struct geo_entry {
	uint32_t ordinal;      /* among all data blocks of the file */
	uint32_t stored_bytes; /* on disk, without block header; a hint once others rewrote the file */
	uint32_t flow_count, untagged_count; /* flow records; those without geo tail */
	uint32_t crc;			     /* CRC-32C of the payload before compression */
	uint32_t provenance;		     /* id: what tagged its records; 0 = unknown or mixed */
	uint64_t first_ms, last_ms;	     /* UINT64_MAX and 0 while there is no flow */
	uint8_t families; /* enum geo_families: what the block may have, tagged or not */
	const struct country_set *src, *dst; /* exact, of the tagged flows; borrowed (country_sets.h) */
};

/* The countries of flows that are being added up. */
struct geo_sides {
	struct country_set src, dst;
};

void geosum_entry_init(struct geo_entry *entry);

/**
 * Add a flow record to all of them; the entry's sets are left alone.
 *
 * @param flows  what it counts for: 1, or its flow counter (totals_collect(), totals_query())
 */
void geosum_add(struct geo_totals *totals, struct geo_entry *entry, struct geo_sides *sides,
		const struct record_view *view, uint64_t flows);

static inline void geo_count_add(struct geo_count *sum, const struct geo_count *other)
{
	sum->flows += other->flows;
	sum->packets += other->packets;
	sum->bytes += other->bytes;
	sum->syn_only += other->syn_only;
}

/** Add the sums of other flows. */
void geosum_merge(struct geo_totals *to, const struct geo_totals *from);

/** True for a TCP flow that only ever asked for a connection. ECN bits do not matter. */
static inline bool flow_is_syn_only(uint8_t proto, uint8_t tcp_flags)
{
	return proto == 6 && (tcp_flags & 0x3f) == 0x02;
}

#endif
