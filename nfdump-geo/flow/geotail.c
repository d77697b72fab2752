/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow/geotail.h"

#include <string.h>

static bool is_address_element(unsigned id)
{
	return id == ELEMENT_IP4 || id == ELEMENT_IP6;
}

unsigned geotail_find(enum element element, const uint8_t *payload, size_t payload_bytes)
{
	size_t stock = element_table[element].bytes;

	if (!is_address_element(element))
		return 0;
	if (payload_bytes != stock + GEOTAIL_BYTES && payload_bytes != stock + GEOTAIL_AS_BYTES)
		return 0;
	return bytes_get32(payload + stock) == GEOTAIL_MAGIC ? (unsigned)stock : 0;
}

/* Copy one element at `at`, as it is. */
static size_t copy_element(const uint8_t *at, uint8_t *out)
{
	size_t len = bytes_get16(at + 2);

	memcpy(out, at, len);
	return len;
}

/* Up to 3 bytes behind the last element, which some writers leave. */
static size_t copy_rest(const struct record_view *view, uint8_t *out)
{
	size_t end = RECORD_HEADER_BYTES;

	if (view->count)
		end = view->place[view->count - 1] +
		      bytes_get16(view->bytes + view->place[view->count - 1] + 2);
	memcpy(out, view->bytes + end, view->record_bytes - end);
	return view->record_bytes - end;
}

size_t geotail_add(const struct record_view *view, uint16_t src, uint16_t dst, uint8_t *out)
{
	size_t used = RECORD_HEADER_BYTES;
	bool tagged = false;

	if (view->record_bytes + 2 * GEOTAIL_BYTES > RECORD_MAX_BYTES)
		return 0;
	memcpy(out, view->bytes, RECORD_HEADER_BYTES);
	for (unsigned i = 0; i < view->count; i++) {
		const uint8_t *at = view->bytes + view->place[i];
		uint8_t *copy = out + used;
		size_t len = copy_element(at, copy);
		unsigned id = view->order[i];
		unsigned tail = is_address_element(id) ? geotail_find(id, at + 4, len - 4) : 0;

		/* An element that is longer for a reason of its own cannot take a tail: nobody
		 * would find it behind the foreign bytes. */
		if (tail || (is_address_element(id) && len - 4 == element_table[id].bytes)) {
			if (!tail) {
				tail = (unsigned)len - 4;
				len += GEOTAIL_BYTES;
				bytes_put16(copy + 2, (uint16_t)len);
			}
			geotail_write(copy + 4 + tail, src, dst);
			tagged = true;
		}
		used += len;
	}
	used += copy_rest(view, out + used);
	bytes_put16(out + 2, (uint16_t)used);
	return tagged ? used : 0;
}

size_t geotail_remove(const struct record_view *view, uint8_t *out)
{
	size_t used = RECORD_HEADER_BYTES;

	memcpy(out, view->bytes, RECORD_HEADER_BYTES);
	for (unsigned i = 0; i < view->count; i++) {
		const uint8_t *at = view->bytes + view->place[i];
		size_t len = copy_element(at, out + used);
		unsigned tail = geotail_find(view->order[i], at + 4, len - 4);

		if (tail) {
			len = 4 + tail;
			bytes_put16(out + used + 2, (uint16_t)len);
		}
		used += len;
	}
	used += copy_rest(view, out + used);
	bytes_put16(out + 2, (uint16_t)used);
	return used;
}
