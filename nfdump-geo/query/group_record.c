/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/group_record.h"

#include <string.h>

#include "flow/geotail.h"

static const uint8_t blank_elements[] = {ELEMENT_IP6, ELEMENT_NEXT6, ELEMENT_BGP_NEXT6,
					 ELEMENT_ROUTER6};

struct group group_of(const struct record_view *view, uint64_t order, bool turned)
{
	struct group group = {
		.sum = counters_of(view),
		.order = order,
		.countries = {view_src_country(view), view_dst_country(view)},
		.tcp_flags = view_tcp_flags(view),
		.reverse_flags = view_u8(view, ELEMENT_MISC, 14),
		.nfversion = view->bytes[11],
	};
	unsigned blanks = 0;

	for (unsigned i = 0; i < sizeof(blank_elements); i++)
		blanks |= (unsigned)view_has(view, blank_elements[i]) << i;
	group.blanks = blanks & 15;
	group.flags = (view->geo ? GROUP_TAGGED : 0) |
		      (view->geo && !view->geo_offset ? GROUP_FILLED : 0) |
		      (turned ? GROUP_TURNED : 0);
	return group;
}

/* Two parts of one group: the earlier flow decides direction and everything that is not summed. */
bool group_merge(struct group *into, const struct group *from)
{
	bool earlier = from->order < into->order;
	struct group early = earlier ? *from : *into, late = earlier ? *into : *from;

	if ((early.flags ^ late.flags) & GROUP_TURNED) {
		counters_turn(&late.sum);
		early.tcp_flags |= late.reverse_flags;
		early.reverse_flags |= late.tcp_flags;
	} else {
		early.tcp_flags |= late.tcp_flags;
		early.reverse_flags |= late.reverse_flags;
	}
	counters_merge(&early.sum, &late.sum);
	*into = early;
	return earlier;
}

/* Groups as records */

static void put_generic(uint8_t *payload, const struct counters *sum)
{
	bytes_put64(payload, sum->first_ms);
	bytes_put64(payload + 8, sum->last_ms);
	bytes_put64(payload + 24, sum->in_packets);
	bytes_put64(payload + 32, sum->in_bytes);
}

static void put_counters(uint8_t *payload, const struct counters *sum)
{
	bytes_put64(payload, sum->flows);
	bytes_put64(payload + 8, sum->out_packets);
	bytes_put64(payload + 16, sum->out_bytes);
}

static bool needs_counters(const struct counters *sum)
{
	return sum->flows != 1 || sum->out_packets || sum->out_bytes;
}

size_t group_record_of_keys(const struct group *group, const struct keys *keys,
			    const struct stat_value *value, bool blanks, uint8_t *out)
{
	struct record_builder builder;
	uint8_t *place[ELEMENT_SLOTS] = {0};
	uint16_t countries[2] = {keys->whole_src ? group->countries[0] : 0,
				 keys->whole_dst ? group->countries[1] : 0};
	bool tail = keys->has_country ||
		    (group->flags & GROUP_TAGGED && (keys->whole_src || keys->whole_dst));
	struct record_view view;
	uint8_t plain[4096];
	size_t len;

	record_begin(&builder, tail ? plain : out, sizeof(plain));
	builder.bytes[11] = group->nfversion;
	place[ELEMENT_GENERIC] = record_element(&builder, ELEMENT_GENERIC, 48);
	keys_restore(keys, value, &builder, place, countries);
	if (tail && !place[ELEMENT_IP4] && !place[ELEMENT_IP6])
		place[ELEMENT_IP4] = record_element(&builder, ELEMENT_IP4, 8);
	for (unsigned i = 0; blanks && i < sizeof(blank_elements); i++) {
		unsigned id = blank_elements[i];

		/* the IPv4 form of an element is always the one before */
		if (group->blanks >> i & 1 && !place[id] && !place[id - 1])
			record_element(&builder, id, element_table[id].bytes);
	}
	put_generic(place[ELEMENT_GENERIC], &group->sum);
	if (needs_counters(&group->sum))
		put_counters(record_element(&builder, ELEMENT_COUNTERS, 24), &group->sum);
	len = record_end(&builder);
	if (!tail)
		return len;
	record_view_init(&view);
	if (record_view(&view, plain, len) != NFGEO_OK)
		return 0;
	return geotail_add(&view, countries[0], countries[1], out);
}

static void exchange(uint8_t *a, uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = a[i];

		a[i] = b[i];
		b[i] = byte;
	}
}

/* Pairs of fields that change places with the direction. */
static void turn_record(uint8_t *record, const struct record_view *view)
{
	static const struct {
		uint8_t element, a, b, len;
	} pair[] = {
		{ELEMENT_IP4, 0, 4, 4},	     {ELEMENT_IP6, 0, 16, 16}, {ELEMENT_GENERIC, 40, 42, 2},
		{ELEMENT_MISC, 0, 4, 4},     {ELEMENT_MISC, 8, 9, 1},  {ELEMENT_AS, 0, 4, 4},
		{ELEMENT_VLAN, 0, 4, 4},     {ELEMENT_NAT4, 0, 4, 4},  {ELEMENT_NAT6, 0, 16, 16},
		{ELEMENT_NAT_PORT, 0, 2, 2},
	};

	for (size_t i = 0; i < sizeof(pair) / sizeof(*pair); i++) {
		uint8_t *payload = record + view->offset[pair[i].element];

		if (view_has(view, pair[i].element))
			exchange(payload + pair[i].a, payload + pair[i].b, pair[i].len);
	}
	for (unsigned id = ELEMENT_IP4; id <= ELEMENT_IP6; id++) {
		unsigned tail = view_has(view, id) ? geotail_find(id, view_payload(view, id),
								  view->payload_bytes[id])
						   : 0;
		uint8_t *at = record + view->offset[id] + tail + GEOTAIL_PAIR;

		if (tail)
			exchange(at, at + 2, 2);
	}
}

/* -B: what looks like a server's port belongs to the destination. */
static bool looks_turned(const struct record_view *view)
{
	static const uint16_t border[] = {1024, 32768, 49152};
	uint16_t src = view_u16(view, ELEMENT_GENERIC, 40),
		 dst = view_u16(view, ELEMENT_GENERIC, 42);

	if (!group_has_directions(view_proto(view)))
		return false;
	for (unsigned i = 0; i < 3; i++)
		if (src < border[i] && dst >= border[i])
			return true;
	return false;
}

size_t group_record_of_first(const struct group *group, const uint8_t *record, bool guess,
			     uint8_t *out)
{
	size_t len = bytes_get16(record + 2);
	struct counters sum = group->sum;
	uint8_t flags = group->tcp_flags, reverse = group->reverse_flags;
	struct record_view view;

	memcpy(out, record, len);
	record_view_init(&view);
	if (record_view(&view, out, len) != NFGEO_OK)
		return len;
	if (guess && looks_turned(&view)) {
		turn_record(out, &view);
		counters_turn(&sum);
		if (reverse) {
			flags = group->reverse_flags;
			reverse = group->tcp_flags;
		}
	}
	if (view_has(&view, ELEMENT_GENERIC)) {
		put_generic(out + view.offset[ELEMENT_GENERIC], &sum);
		out[view.offset[ELEMENT_GENERIC] + 45] = flags;
	}
	if (view_has(&view, ELEMENT_MISC))
		out[view.offset[ELEMENT_MISC] + 14] = reverse;
	if (view_has(&view, ELEMENT_COUNTERS)) {
		put_counters(out + view.offset[ELEMENT_COUNTERS], &sum);
	} else if (needs_counters(&sum)) {
		if (len + 28 > RECORD_MAX_BYTES)
			return 0;
		bytes_put16(out + len, ELEMENT_COUNTERS);
		bytes_put16(out + len + 2, 28);
		put_counters(out + len + 4, &sum);
		bytes_put16(out + 4, (uint16_t)(bytes_get16(out + 4) + 1));
		len += 28;
		bytes_put16(out + 2, (uint16_t)len);
	}
	return len;
}
