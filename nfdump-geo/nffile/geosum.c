/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/geosum.h"

void geosum_entry_init(struct geo_entry *entry)
{
	*entry = (struct geo_entry){.first_ms = UINT64_MAX};
}

static inline void count(struct geo_count *at, uint64_t flows, uint64_t packets, uint64_t bytes,
			 uint64_t syn_only)
{
	at->flows += flows;
	at->packets += packets;
	at->bytes += bytes;
	at->syn_only += syn_only;
}

/* On the collection path: no branch that depends on the traffic but the ones that are needed. */
void geosum_add(struct geo_totals *totals, struct geo_entry *entry, struct geo_sides *sides,
		const struct record_view *view, uint64_t flows)
{
	uint64_t packets = view_packets(view), bytes = view_bytes(view);
	bool has_counters = view_has(view, ELEMENT_GENERIC);
	uint64_t syn_only =
		flow_is_syn_only(view_proto(view), view_tcp_flags(view)) ? flows : 0;

	entry->flow_count++;
	entry->families |= geo_traits(view);
	totals->flow_records++;
	if (!has_counters) /* not in the stat record either */
		flows = packets = bytes = 0;
	else {
		uint64_t first = view_first_ms(view), last = view_last_ms(view);

		entry->first_ms = first < entry->first_ms ? first : entry->first_ms;
		entry->last_ms = last > entry->last_ms ? last : entry->last_ms;
	}
	if (view->geo) {
		/* A code beyond the table cannot be: count it as unknown rather than lose it. */
		unsigned src = view_src_country(view), dst = view_dst_country(view);

		src = src < COUNTRY_CODES ? src : COUNTRY_UNKNOWN;
		dst = dst < COUNTRY_CODES ? dst : COUNTRY_UNKNOWN;
		country_set_add(&sides->src, (uint16_t)src);
		country_set_add(&sides->dst, (uint16_t)dst);
		count(&totals->src[src], flows, packets, bytes, syn_only);
		count(&totals->dst[dst], flows, packets, bytes, syn_only);
	} else {
		entry->untagged_count++;
		count(&totals->untagged, flows, packets, bytes, syn_only);
	}
}

void geosum_merge(struct geo_totals *to, const struct geo_totals *from)
{
	for (unsigned code = 0; code < COUNTRY_CODES; code++) {
		geo_count_add(&to->src[code], &from->src[code]);
		geo_count_add(&to->dst[code], &from->dst[code]);
	}
	geo_count_add(&to->untagged, &from->untagged);
	to->flow_records += from->flow_records;
}
