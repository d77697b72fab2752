/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/anon.h"

#include <string.h>

#include "base/bytes.h"
#include "flow/geotail.h"
#include "flow/record_kind.h"
#include "flow/record.h"
#include "geo/group.h"
#include "include/nfgeo.h"

/* Elements that begin with addresses (doc/file-format.md "Elements"). */
static const struct {
	uint8_t element, count;
	bool ip6;
} places[] = {
	{ELEMENT_IP4, 2, false},       {ELEMENT_IP6, 2, true},	 {ELEMENT_BGP_NEXT4, 1, false},
	{ELEMENT_BGP_NEXT6, 1, true},  {ELEMENT_NEXT4, 1, false}, {ELEMENT_NEXT6, 1, true},
	{ELEMENT_ROUTER4, 1, false},   {ELEMENT_ROUTER6, 1, true}, {ELEMENT_NAT4, 2, false},
	{ELEMENT_NAT6, 2, true},       {ELEMENT_TUNNEL4, 2, false}, {ELEMENT_TUNNEL6, 2, true},
};

enum {
	EXPORTER_BYTES = 32,
	EXPORTER_ADDRESS = 8, /* two halves; IPv4 in the low one */
	EXPORTER_FAMILY = 24, /* 2 = IPv4, 10 = IPv6, 0 = newer form, 16 bytes in network order */
	FAMILY_IP4 = 2,
	FAMILY_IP6 = 10,
};

int anon_init(struct anon *anon, const uint8_t key[CRYPTOPAN_KEY_BYTES])
{
	*anon = (struct anon){0};
	hash_init(&anon->seen, 24, 8);
	return cryptopan_init(&anon->pan, key);
}

void anon_fini(struct anon *anon)
{
	hash_fini(&anon->seen);
	cryptopan_fini(&anon->pan);
}

static int count_host(struct anon *anon, const struct address *address, uint16_t code)
{
	uint64_t key[3] = {0, 0, code};
	bool fresh;

	if (!code || code >= COUNTRY_CODES)
		return NFGEO_OK;
	memcpy(key, address, sizeof(*address) < 16 ? sizeof(*address) : 16);
	if (!hash_upsert(&anon->seen, key, hash_bytes(key, sizeof(key)), &fresh))
		return NFGEO_ENOMEM;
	anon->hosts[code] += fresh;
	return NFGEO_OK;
}

int anon_count(struct anon *anon, const struct block *block)
{
	struct block_cursor cursor = block_cursor(block);
	struct record_view view;
	const uint8_t *record;
	size_t len;
	int more;

	record_view_init(&view);
	while ((more = block_next(&cursor, &record, &len)) == 1) {
		struct address src, dst;

		if (bytes_get16(record) != RECORD_FLOW)
			continue;
		if (record_view(&view, record, len) != NFGEO_OK)
			return NFGEO_ECORRUPT;
		src = view_src(&view);
		dst = view_dst(&view);
		if (count_host(anon, &src, view_src_country(&view)) != NFGEO_OK ||
		    count_host(anon, &dst, view_dst_country(&view)) != NFGEO_OK)
			return NFGEO_ENOMEM;
	}
	return more;
}

uint16_t anon_continent(uint16_t code)
{
	static const struct {
		char letters[3];
		uint16_t number;
	} m49[] = {{"AF", 2}, {"NA", 3}, {"SA", 5}, {"OC", 9}, {"AS", 142}, {"EU", 150}};
	const char *continent;

	if (code > COUNTRY_MAX)
		return code;
	continent = country_continent(code);
	for (unsigned i = 0; i < sizeof(m49) / sizeof(*m49); i++)
		if (strcmp(continent, m49[i].letters) == 0)
			return m49[i].number;
	return COUNTRY_UNKNOWN;
}

static uint16_t new_country(const struct anon *anon, uint16_t code)
{
	switch (anon->country) {
	case ANON_KEEP:
		return code;
	case ANON_CONTINENT:
		return anon_continent(code);
	case ANON_GROUP:
		return code > COUNTRY_MAX || anon->hosts[code] >= anon->hosts_min ? code : 0;
	case ANON_CLEAR:
		return COUNTRY_UNKNOWN;
	}
	return COUNTRY_UNKNOWN;
}

static void put_ip4(struct anon *anon, uint8_t *at)
{
	uint32_t address = bytes_get32(at);

	if (address) /* 0 is no address: absent next hops and the like */
		bytes_put32(at, cryptopan_ip4(&anon->pan, address));
}

static void put_ip6(struct anon *anon, uint8_t *at)
{
	uint64_t high = bytes_get64(at), low = bytes_get64(at + 8);

	if (!high && !low)
		return;
	cryptopan_ip6(&anon->pan, &high, &low);
	bytes_put64(at, high);
	bytes_put64(at + 8, low);
}

/* The AS numbers of a long tail would give prefixes away. */
static void clear_tail_as(const struct anon *anon, enum element element, uint8_t *payload,
			  size_t len)
{
	unsigned tail = geotail_find(element, payload, len);

	if (tail && len - tail == GEOTAIL_AS_BYTES && anon->country != ANON_KEEP)
		memset(payload + tail + GEOTAIL_BYTES, 0, GEOTAIL_AS_BYTES - GEOTAIL_BYTES);
}

static void put_addresses(struct anon *anon, const struct record_view *view, uint8_t *copy)
{
	for (unsigned i = 0; i < sizeof(places) / sizeof(*places); i++) {
		enum element element = places[i].element;
		uint8_t *at = copy + view->offset[element];

		if (!view_has(view, element))
			continue;
		for (unsigned j = 0; j < places[i].count; j++)
			places[i].ip6 ? put_ip6(anon, at + 16 * j) : put_ip4(anon, at + 4 * j);
		if (element == ELEMENT_IP4 || element == ELEMENT_IP6)
			clear_tail_as(anon, element, at, view->payload_bytes[element]);
	}
}

/* Every record with addresses gets a tail: one without would have its countries looked up at query
 * time, from addresses that are no longer true. */
static size_t put_flow(struct anon *anon, struct record_view *view, const uint8_t *record,
		       size_t len, uint8_t *copy)
{
	size_t new_len;

	if (record_view(view, record, len) != NFGEO_OK)
		return 0;
	new_len = geotail_add(view, new_country(anon, view_src_country(view)),
			      new_country(anon, view_dst_country(view)), copy);
	if (!new_len) {
		memcpy(copy, record, len);
		new_len = len;
	}
	if (record_view(view, copy, new_len) != NFGEO_OK)
		return 0;
	put_addresses(anon, view, copy);
	copy[10] |= RECORD_FLAG_ANON;
	return new_len;
}

static void put_exporter(struct anon *anon, uint8_t *copy)
{
	uint8_t *at = copy + EXPORTER_ADDRESS;
	uint16_t family = bytes_get16(copy + EXPORTER_FAMILY);

	if (family == FAMILY_IP4)
		put_ip4(anon, at + 8);
	else if (family == FAMILY_IP6)
		put_ip6(anon, at);
	else
		memset(at, 0, 16); /* a form that only newer tools write: rather nothing */
}

int anon_copy(struct anon *anon, const struct block *block, struct block *out,
	      uint64_t *flow_count)
{
	struct block_cursor cursor = block_cursor(block);
	struct record_view view;
	const uint8_t *record;
	size_t len;
	int more;

	block_clear(out);
	if (block_grow(out, block->used + (size_t)block->record_count * 2 * GEOTAIL_BYTES) !=
	    NFGEO_OK)
		return NFGEO_ENOMEM;
	if (anon->country == ANON_KEEP)
		out->provenance = block->provenance;
	record_view_init(&view);
	while ((more = block_next(&cursor, &record, &len)) == 1) {
		uint8_t *copy = block_reserve(out, len + 2 * GEOTAIL_BYTES);
		enum record_kind kind = record_kind(record, len);

		if (!copy)
			return NFGEO_ENOMEM;
		if (kind == RECORD_IS_FOREIGN || kind == RECORD_IS_UNKNOWN)
			return NFGEO_ECORRUPT; /* it may hold addresses that nobody can find */
		if (kind == RECORD_IS_FLOW) {
			len = put_flow(anon, &view, record, len, copy);
			if (!len)
				return NFGEO_ECORRUPT;
			++*flow_count;
		} else {
			memcpy(copy, record, len);
			if (bytes_get16(record) == RECORD_EXPORTER && len >= EXPORTER_BYTES)
				put_exporter(anon, copy);
		}
		block_commit(out, len);
	}
	return more;
}
