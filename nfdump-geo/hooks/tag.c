/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Countries in records that others build: tag, read, exchange, store, clear.
 *
 * A record that contradicts itself (record_view()) is left as it is. A tail has the layout of
 * flow/geotail.h.
 */
#include <string.h>

#include "base/bytes.h"
#include "flow/geotail.h"
#include "geo/country.h"
#include "hooks/hooks.h"

/* The header of an element lies before its payload. */
static inline uint16_t payload_bytes(const uint8_t *payload)
{
	uint16_t len = bytes_get16(payload - 2);

	return len < ELEMENT_HEADER_BYTES ? 0 : len - ELEMENT_HEADER_BYTES;
}

/* The pair of codes in an element's tail; NULL when it has none. */
static inline uint8_t *stored_pair(enum element element, const uint8_t *payload)
{
	unsigned tail = payload ? geotail_find(element, payload, payload_bytes(payload)) : 0;

	return tail ? (uint8_t *)payload + tail + GEOTAIL_PAIR : NULL;
}

/* Whose addresses are the flow's: as view_is_ip6() decides. */
static inline bool is_ip6(const uint8_t *el2, const uint8_t *el3)
{
	if (!el3 || !el2)
		return el3 != NULL;
	return (bytes_get64(el3) | bytes_get64(el3 + 8) | bytes_get64(el3 + 16) |
		bytes_get64(el3 + 24)) != 0;
}

static uint16_t lookup4(struct hook_local *local, uint32_t address)
{
	uint16_t code;

	if (local->recent && recent4_get(local->recent, address, &code))
		return code;
	code = geo_lookup4(local->table, address);
	if (local->recent)
		recent4_put(local->recent, address, code);
	return code;
}

static uint16_t lookup6(struct hook_local *local, uint64_t high, uint64_t low)
{
	uint16_t code;

	if (local->recent && recent6_get(local->recent, high, low, &code))
		return code;
	code = geo_lookup6(local->table, high, low);
	if (local->recent)
		recent6_put(local->recent, high, low, code);
	return code;
}

static void look_up(struct hook_local *local, const uint8_t *el2, const uint8_t *el3,
		    uint16_t pair[2])
{
	if (is_ip6(el2, el3)) {
		pair[0] = lookup6(local, bytes_get64(el3), bytes_get64(el3 + 8));
		pair[1] = lookup6(local, bytes_get64(el3 + 16), bytes_get64(el3 + 24));
	} else {
		pair[0] = lookup4(local, bytes_get32(el2));
		pair[1] = lookup4(local, bytes_get32(el2 + 4));
	}
}

/* --- a whole record --------------------------------------------------------------------------- */

/* Offsets of a record's address elements; 0 = not there, or too short. */
struct addresses {
	size_t el2, el3;
};

static inline const uint8_t *payload_at(const uint8_t *record, size_t offset)
{
	return offset ? record + offset + ELEMENT_HEADER_BYTES : NULL;
}

static struct addresses addresses_of(const struct record_view *view)
{
	struct addresses at = {0, 0};

	if (view_has(view, ELEMENT_IP4))
		at.el2 = view->offset[ELEMENT_IP4] - ELEMENT_HEADER_BYTES;
	if (view_has(view, ELEMENT_IP6))
		at.el3 = view->offset[ELEMENT_IP6] - ELEMENT_HEADER_BYTES;
	return at;
}

static inline bool is_flow(const uint8_t *record, size_t room)
{
	return room >= RECORD_HEADER_BYTES && bytes_get16(record) == RECORD_FLOW;
}

/* Make room for a tail behind the payload of the element at `at`, and put it there. */
static inline void insert_tail(uint8_t *record, size_t at, const uint16_t pair[2])
{
	uint16_t size = bytes_get16(record + 2), len = bytes_get16(record + at + 2);
	size_t end = at + len;

	memmove(record + end + GEOTAIL_BYTES, record + end, size - end);
	geotail_write(record + end, pair[0], pair[1]);
	bytes_put16(record + at + 2, (uint16_t)(len + GEOTAIL_BYTES));
	bytes_put16(record + 2, (uint16_t)(size + GEOTAIL_BYTES));
}

/* Put a tail behind an element's payload, or over the pair it has. @return bytes added */
static uint32_t put_tail(uint8_t *record, enum element element, size_t at, const uint16_t pair[2])
{
	uint8_t *stored = stored_pair(element, record + at + ELEMENT_HEADER_BYTES);

	if (stored) {
		bytes_put16(stored, pair[0]);
		bytes_put16(stored + 2, pair[1]);
		return 0;
	}
	if (bytes_get16(record + at + 2) != ELEMENT_HEADER_BYTES + element_table[element].bytes)
		return 0; /* longer for a reason of its own */
	insert_tail(record, at, pair);
	return GEOTAIL_BYTES;
}

/* The later element first: the earlier one's tail would move it. */
static uint32_t put_tails(uint8_t *record, const struct addresses *at, const uint16_t pair[2])
{
	uint32_t added = 0;

	if (at->el2 > at->el3)
		added += put_tail(record, ELEMENT_IP4, at->el2, pair);
	if (at->el3)
		added += put_tail(record, ELEMENT_IP6, at->el3, pair);
	if (at->el2 && at->el2 < at->el3)
		added += put_tail(record, ELEMENT_IP4, at->el2, pair);
	return added;
}

static bool has_room(const uint8_t *record, size_t room, const struct addresses *at)
{
	size_t size =
		bytes_get16(record + 2) + (size_t)GEOTAIL_BYTES * ((at->el2 != 0) + (at->el3 != 0));

	return size <= room && size <= RECORD_MAX_BYTES;
}

static const uint16_t blank[2] = {GEOTAIL_BLANK & 0xffff, GEOTAIL_BLANK >> 16};

/* Of a record with both families, or with something behind its addresses. @return bytes added */
static uint32_t tag_unusual(uint8_t *record, size_t room, const struct record_view *view)
{
	struct addresses at = addresses_of(view);

	if ((!at.el2 && !at.el3) ||
	    nfgeo_tagged(payload_at(record, at.el2), payload_at(record, at.el3), NULL))
		return 0;
	if (has_room(record, room, &at))
		return put_tails(record, &at, blank);
	hook_count(&hook_books.declined, 1);
	return 0;
}

/* Where the address element starts, if there is one, of stock length; else 0. */
static inline size_t usual_address(const struct record_view *view)
{
	enum element element = view_has(view, ELEMENT_IP6) ? ELEMENT_IP6 : ELEMENT_IP4;

	if (view->dual || !view_has(view, element) ||
	    view->payload_bytes[element] != element_table[element].bytes)
		return 0;
	return view->offset[element] - ELEMENT_HEADER_BYTES;
}

uint32_t nfgeo_tag_record(void *record, size_t room)
{
	struct hook_local *local = hook_local();
	const struct record_view *view;
	uint32_t added = GEOTAIL_BYTES;
	size_t at;

	atomic_store_explicit(&hook_books.collecting, true, memory_order_relaxed);
	if (!local->table || !local->views || !is_flow(record, room) ||
	    !(view = record_views_look(local->views, record, room)))
		return 0;
	at = usual_address(view);
	if (at && view->record_bytes + (size_t)GEOTAIL_BYTES <= room &&
	    view->record_bytes + GEOTAIL_BYTES <= RECORD_MAX_BYTES)
		insert_tail(record, at, blank);
	else
		added = tag_unusual(record, room, view);
	hook_count(&hook_books.tagged, added > 0);
	return added;
}

/* An IPv4 element of zeros at the end of a record that has no addresses. @return bytes added */
static uint32_t add_element(uint8_t *record, struct addresses *at)
{
	uint16_t size = bytes_get16(record + 2);
	uint16_t len = (uint16_t)(ELEMENT_HEADER_BYTES + element_table[ELEMENT_IP4].bytes);

	memset(record + size, 0, len);
	bytes_put16(record + size, ELEMENT_IP4);
	bytes_put16(record + size + 2, len);
	bytes_put16(record + 2, (uint16_t)(size + len));
	bytes_put16(record + 4, (uint16_t)(bytes_get16(record + 4) + 1));
	at->el2 = size;
	return len;
}

uint32_t nfgeo_put_pair(void *record, size_t room, uint16_t src, uint16_t dst)
{
	const uint16_t pair[2] = {src, dst};
	struct record_view view;
	struct addresses at;
	uint32_t added = 0;
	size_t most;

	record_view_init(&view);
	if (!is_flow(record, room) || record_view(&view, record, room) != NFGEO_OK)
		return 0;
	at = addresses_of(&view);
	most = bytes_get16((uint8_t *)record + 2) + (size_t)NFGEO_PUT_ROOM;
	if (most > room || most > RECORD_MAX_BYTES)
		return 0;
	if (!at.el2 && !at.el3)
		added = add_element(record, &at);
	return added + put_tails(record, &at, pair);
}

/* --- one flow's elements ---------------------------------------------------------------------- */

int nfgeo_tagged(const void *el2, const void *el3, uint16_t pair[2])
{
	const uint8_t *four = stored_pair(ELEMENT_IP4, el2), *six = stored_pair(ELEMENT_IP6, el3);
	const uint8_t *stored = four;

	if (six && (!four || is_ip6(el2, el3)))
		stored = six;
	if (stored && pair) {
		pair[0] = bytes_get16(stored);
		pair[1] = bytes_get16(stored + 2);
	}
	return stored != NULL;
}

int nfgeo_known(const void *el2, const void *el3, uint16_t pair[2])
{
	struct hook_local *local;

	if (nfgeo_tagged(el2, el3, pair))
		return 1;
	pair[0] = pair[1] = COUNTRY_UNKNOWN;
	local = hook_local();
	if (!local->table || (!el2 && !el3))
		return 0;
	look_up(local, el2, el3, pair);
	return 1;
}

void nfgeo_pair(const void *el2, const void *el3, uint16_t pair[2])
{
	if (!nfgeo_known(el2, el3, pair) && (el2 || el3))
		atomic_fetch_add_explicit(&hook_books.missing, 1, memory_order_relaxed);
}

uint16_t nfgeo_src(const void *el2, const void *el3)
{
	uint16_t pair[2];

	nfgeo_pair(el2, el3, pair);
	return pair[0];
}

uint16_t nfgeo_dst(const void *el2, const void *el3)
{
	uint16_t pair[2];

	nfgeo_pair(el2, el3, pair);
	return pair[1];
}

static void swap_stored(uint8_t *pair)
{
	uint16_t src;

	if (!pair)
		return;
	src = bytes_get16(pair);
	bytes_put16(pair, bytes_get16(pair + 2));
	bytes_put16(pair + 2, src);
}

void nfgeo_swap(void *el2, void *el3)
{
	swap_stored(stored_pair(ELEMENT_IP4, el2));
	swap_stored(stored_pair(ELEMENT_IP6, el3));
}

void nfgeo_swap_pair(uint16_t pair[2])
{
	uint16_t src = pair[0];

	pair[0] = pair[1];
	pair[1] = src;
}

/* An element of which kind? Its header says. */
void nfgeo_clear_sides(void *payload, int src, int dst)
{
	enum element element = bytes_get16((uint8_t *)payload - 4);
	uint8_t *pair = stored_pair(element, payload);

	if (pair && src)
		bytes_put16(pair, COUNTRY_UNKNOWN);
	if (pair && dst)
		bytes_put16(pair + 2, COUNTRY_UNKNOWN);
}

void nfgeo_clear(void *payload)
{
	nfgeo_clear_sides(payload, 1, 1);
}
