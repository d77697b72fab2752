/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow/record.h"

#include <string.h>

#include "flow/geotail.h"
#include "include/nfgeo.h"

/* Where the geo tail of an element would be; 0 when its length leaves no room for one. */
static unsigned tail_place(const struct record_view *view, enum element element)
{
	size_t extra = view->payload_bytes[element] - element_table[element].bytes;

	if (!view_has(view, element) || (extra != GEOTAIL_BYTES && extra != GEOTAIL_AS_BYTES))
		return 0;
	return view->offset[element] + element_table[element].bytes;
}

/* Part of the layout, but in records with both families, where the addresses decide (below). */
static void learn_tail(struct record_view *view)
{
	view->dual = view_has(view, ELEMENT_IP4) && view_has(view, ELEMENT_IP6);
	view->tail =
		(uint16_t)tail_place(view, view_has(view, ELEMENT_IP6) ? ELEMENT_IP6 : ELEMENT_IP4);
}

/* A non-zero pair of element 3's addresses beats element 2 (file format section 14.2). */
unsigned record_dual_tail(const struct record_view *view)
{
	return tail_place(view, view_is_ip6(view) ? ELEMENT_IP6 : ELEMENT_IP4);
}

static int learn_layout(struct record_view *view, size_t record_bytes)
{
	size_t at = RECORD_HEADER_BYTES;

	view->record_bytes = (uint16_t)record_bytes;
	view->shape = bytes_get32(view->bytes + 2);
	view->present = 1ull << ELEMENT_RECORD;
	view->count = 0;
	while (at + ELEMENT_HEADER_BYTES <= record_bytes) {
		unsigned id = bytes_get16(view->bytes + at);
		size_t len = bytes_get16(view->bytes + at + 2);
		bool known = id > 0 && id < ELEMENT_GEO;

		if (len < ELEMENT_HEADER_BYTES || len > record_bytes - at ||
		    view->count == RECORD_ELEMENTS_MAX)
			return NFGEO_ECORRUPT;
		view->header[view->count] = bytes_get32(view->bytes + at);
		view->place[view->count] = (uint16_t)at;
		view->order[view->count++] = known ? (uint8_t)id : 0;
		if (known && !(view->present >> id & 1) &&
		    len - ELEMENT_HEADER_BYTES >= element_table[id].bytes) {
			view->present |= 1ull << id;
			view->offset[id] = (uint16_t)(at + ELEMENT_HEADER_BYTES);
			view->payload_bytes[id] = (uint16_t)(len - ELEMENT_HEADER_BYTES);
		}
		at += len;
	}
	if (at != record_bytes || view->count != bytes_get16(view->bytes + 4))
		return NFGEO_ECORRUPT;
	learn_tail(view);
	return NFGEO_OK;
}

int record_view_other(struct record_view *view, const uint8_t *bytes, size_t left)
{
	size_t record_bytes = left < RECORD_HEADER_BYTES ? 0 : bytes_get16(bytes + 2);

	view->bytes = bytes;
	if (record_bytes < RECORD_HEADER_BYTES || record_bytes > left ||
	    learn_layout(view, record_bytes) != NFGEO_OK) {
		record_view_init(view);
		return NFGEO_ECORRUPT;
	}
	view_find_geo(view);
	return NFGEO_OK;
}

struct record_view *record_views_other(struct record_views *views, const uint8_t *bytes,
				       size_t left)
{
	struct record_view *view = views->view;

	if (left < RECORD_HEADER_BYTES || bytes_get16(bytes + 2) > left)
		return NULL;
	for (unsigned i = 0; i < views->used; i++, view++)
		if (view_same_layout(view, bytes))
			break;
	if (view == views->view + views->used) {
		view = &views->view[views->next];
		record_view_init(view);
		views->next = (views->next + 1) % RECORD_LAYOUTS;
		if (views->used < RECORD_LAYOUTS)
			views->used++;
	}
	views->last = view;
	return record_view(view, bytes, left) == NFGEO_OK ? view : NULL;
}

uint64_t view_number(const struct record_view *view, enum field_id id)
{
	const struct field *field = &field_table[id];
	const uint8_t *at;

	if (!view_has(view, field->element))
		return 0;
	at = view_payload(view, field->element) + field->offset;
	switch (field->bytes) {
	case 1:
		return *at;
	case 2:
		return bytes_get16(at);
	case 4:
		return field->type == FIELD_TYPE_N32 ? bytes_get_net32(at) : bytes_get32(at);
	case 8:
		return bytes_get64(at);
	}
	return 0;
}

static struct address view_address(const struct record_view *view, unsigned side)
{
	const uint8_t *at;

	if (view_is_ip6(view)) {
		at = view_payload(view, ELEMENT_IP6) + 16 * side;
		return address_ip6(bytes_get64(at), bytes_get64(at + 8));
	}
	if (!view_has(view, ELEMENT_IP4))
		return (struct address){0};
	return address_ip4(bytes_get32(view_payload(view, ELEMENT_IP4) + 4 * side));
}

struct address view_src(const struct record_view *view)
{
	return view_address(view, 0);
}

struct address view_dst(const struct record_view *view)
{
	return view_address(view, 1);
}

void record_begin(struct record_builder *builder, void *bytes, size_t capacity)
{
	*builder = (struct record_builder){bytes, RECORD_HEADER_BYTES, capacity, false};
	if (capacity > RECORD_MAX_BYTES)
		builder->capacity = RECORD_MAX_BYTES;
	if (builder->capacity < RECORD_HEADER_BYTES) {
		builder->full = true;
		return;
	}
	memset(bytes, 0, RECORD_HEADER_BYTES);
	bytes_put16(builder->bytes, RECORD_FLOW);
}

uint8_t *record_element(struct record_builder *builder, enum element element, size_t payload_bytes)
{
	size_t len = ELEMENT_HEADER_BYTES + payload_bytes;
	uint8_t *at = builder->bytes + builder->used;

	if (builder->full || len > builder->capacity - builder->used) {
		builder->full = true;
		return NULL;
	}
	memset(at, 0, len);
	bytes_put16(at, (uint16_t)element);
	bytes_put16(at + 2, (uint16_t)len);
	bytes_put16(builder->bytes + 4, (uint16_t)(bytes_get16(builder->bytes + 4) + 1));
	builder->used += len;
	return at + ELEMENT_HEADER_BYTES;
}

size_t record_end(struct record_builder *builder)
{
	if (builder->full)
		return 0;
	bytes_put16(builder->bytes + 2, (uint16_t)builder->used);
	return builder->used;
}
