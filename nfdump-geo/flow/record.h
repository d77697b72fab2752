/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * record.h - THE flow record: the file's own V3 bytes, in memory too (doc/file-format.md).
 *
 * A record is never translated into another struct. A view remembers where each element's payload
 * lies; records of one exporter mostly share a layout, so moving a view to the next record costs
 * one compare per element. Any number in a view's record is read with view_* below.
 */
#ifndef FLOW_RECORD_H
#define FLOW_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/bytes.h"
#include "flow/field.h"
#include "include/nfgeo.h"

enum record_type {
	RECORD_FLOW_V0 = 1, /* of nfdump 1.5 */
	RECORD_EXPORTER = 7,
	RECORD_EXPORTER_STATS = 8,
	RECORD_SAMPLER_OLD = 9,
	RECORD_FLOW_COMMON = 10, /* of nfdump 1.6.18 and later */
	RECORD_FLOW = 11,
	RECORD_NBAR = 12,
	RECORD_IFNAMES = 13,
	RECORD_VRFNAMES = 14,
	RECORD_SAMPLER = 15,
	RECORD_FLOW_V4 = 16, /* reserved for versions to come */
	RECORD_SLACK = 256,  /* padding */
	RECORD_IDENT = 0x8001,
	RECORD_TOTALS = 0x8002,
};

enum {
	RECORD_HEADER_BYTES = 12, /* of a flow record: type, size, numElements, engine, sysid, .. */
	ELEMENT_HEADER_BYTES = 4, /* u16 id, u16 length with this header */
	RECORD_MAX_BYTES = 65535,
	RECORD_ELEMENTS_MAX = 44,
};

/* Record header offset 10. */
enum record_flag { RECORD_FLAG_EVENT = 1, RECORD_FLAG_SAMPLED = 2, RECORD_FLAG_ANON = 4 };

/* The geo tail of an address element: flow/geotail.h */
#define GEOTAIL_MAGIC 0x3143474eu /* bytes 4E 47 43 31, "NGC1" */
#define GEOTAIL_BLANK 0xffffffffu /* a pair that is still to be looked up; never in a file */

enum {
	GEOTAIL_BYTES = 8,
	GEOTAIL_AS_BYTES = 16, /* with both AS numbers */
	GEOTAIL_PAIR = 4,      /* offset of the two countries in the tail */
};

struct record_view {
	const uint8_t *bytes; /* the record; borrowed */
	const uint8_t *geo;   /* u16 source, u16 destination country; NULL = not tagged; borrowed */
	uint64_t present;     /* bit per enum element; RECORD always, GEO when geo is not NULL */
	uint32_t shape;	      /* the record header's size and element count as one number */
	uint16_t record_bytes;
	uint16_t geo_offset; /* of the pair in the record; 0 = the record has no geo tail */
	uint16_t tail;	     /* where the geo tail would be, by the layout; 0 = nowhere */
	bool dual;	     /* both address elements: the addresses decide whose tail counts */
	uint8_t count;	     /* elements in the record */
	uint8_t order[RECORD_ELEMENTS_MAX];    /* their ids as they come */
	uint32_t header[RECORD_ELEMENTS_MAX];  /* their 4-byte headers */
	uint16_t place[RECORD_ELEMENTS_MAX];   /* of each header in the record */
	uint16_t offset[ELEMENT_SLOTS];	       /* of each payload in the record */
	uint16_t payload_bytes[ELEMENT_SLOTS]; /* its length, geo tail included */
};

/** Start with an empty view; record_view() then remembers the layout from call to call. */
static inline void record_view_init(struct record_view *view)
{
	*view = (struct record_view){0};
}

static inline bool view_has(const struct record_view *view, enum element element)
{
	return view->present >> element & 1;
}

/** Payload of an element that is present. */
static inline const uint8_t *view_payload(const struct record_view *view, enum element element)
{
	return element == ELEMENT_GEO ? view->geo : view->bytes + view->offset[element];
}

/* Parts of record_view(). */

/** The next record of the same layout: the same size and element count, the same element headers.
 */
static inline bool view_same_layout(const struct record_view *view, const uint8_t *bytes)
{
	if (bytes_get32(bytes + 2) != view->shape)
		return false;
	for (unsigned i = 0; i < view->count; i++)
		if (bytes_get32(bytes + view->place[i]) != view->header[i])
			return false;
	return view->count != 0;
}

/** A record whose layout is not the last one. */
int record_view_other(struct record_view *view, const uint8_t *bytes, size_t left);

/** Where the tail lies in a record with both families. */
unsigned record_dual_tail(const struct record_view *view);

/* A tail counts only where its magic says so, which the element headers do not tell: look at each
 * record. */
static inline void view_find_geo(struct record_view *view)
{
	unsigned tail = view->dual ? record_dual_tail(view) : view->tail;

	if (tail && bytes_get32(view->bytes + tail) == GEOTAIL_MAGIC) {
		view->geo_offset = (uint16_t)(tail + GEOTAIL_PAIR);
		view->geo = view->bytes + view->geo_offset;
		view->present |= 1ull << ELEMENT_GEO;
	} else {
		view->geo_offset = 0;
		view->geo = NULL;
		view->present &= ~(1ull << ELEMENT_GEO);
	}
}

/**
 * Look at one flow record (type 11). Everything is bounds-checked; elements that are unknown, null
 * or shorter than the table says are skipped, longer ones are accepted. The elements must be as
 * many as the header says and fill the record to its last byte.
 *
 * @param view   initialised by record_view_init(); afterwards valid while `bytes` is
 * @param bytes  the record, starting at its header; borrowed
 * @param left   bytes that may be read
 * @return NFGEO_OK, or NFGEO_ECORRUPT when sizes contradict each other (the view is then empty)
 */
static inline int record_view(struct record_view *view, const uint8_t *bytes, size_t left)
{
	if (left < RECORD_HEADER_BYTES || view->record_bytes > left ||
	    !view_same_layout(view, bytes))
		return record_view_other(view, bytes, left);
	view->bytes = bytes;
	view_find_geo(view);
	return NFGEO_OK;
}

static inline uint8_t view_u8(const struct record_view *view, enum element element, unsigned offset)
{
	return view_has(view, element) ? view_payload(view, element)[offset] : 0;
}

static inline uint16_t view_u16(const struct record_view *view, enum element element,
				unsigned offset)
{
	return view_has(view, element) ? bytes_get16(view_payload(view, element) + offset) : 0;
}

static inline uint32_t view_u32(const struct record_view *view, enum element element,
				unsigned offset)
{
	return view_has(view, element) ? bytes_get32(view_payload(view, element) + offset) : 0;
}

static inline uint64_t view_u64(const struct record_view *view, enum element element,
				unsigned offset)
{
	return view_has(view, element) ? bytes_get64(view_payload(view, element) + offset) : 0;
}

/*
 * Views for records whose layouts come in turns (IPv4 and IPv6, with and without next hop): each
 * layout is learnt once and keeps its view. No views must be copied: `last` points into them.
 */
enum { RECORD_LAYOUTS = 16 };

struct record_views {
	struct record_view view[RECORD_LAYOUTS];
	struct record_view *last;
	unsigned used, next; /* next: to be replaced */
};

/** Start without a layout. */
static inline void record_views_init(struct record_views *views)
{
	views->used = views->next = 0;
	views->last = &views->view[0];
	record_view_init(views->last);
}

/** The view for a record whose layout is not the last one. */
struct record_view *record_views_other(struct record_views *views, const uint8_t *bytes,
				       size_t left);

/** record_view() of the view that knows the layout. @return it, or NULL for NFGEO_ECORRUPT */
static inline struct record_view *record_views_look(struct record_views *views,
						    const uint8_t *bytes, size_t left)
{
	struct record_view *view = views->last;

	if (left < RECORD_HEADER_BYTES || view->record_bytes > left ||
	    !view_same_layout(view, bytes))
		return record_views_other(views, bytes, left);
	view->bytes = bytes;
	view_find_geo(view);
	return view;
}

/** Any numeric field (not IP6, TEXT, BYTES); 0 when its element is absent. */
uint64_t view_number(const struct record_view *view, enum field_id field);

/** A time, counter or small number that every program needs. */
static inline uint64_t view_first_ms(const struct record_view *view)
{
	return view_u64(view, ELEMENT_GENERIC, 0);
}

static inline uint64_t view_last_ms(const struct record_view *view)
{
	return view_u64(view, ELEMENT_GENERIC, 8);
}

static inline uint8_t view_proto(const struct record_view *view)
{
	return view_u8(view, ELEMENT_GENERIC, 44);
}

static inline uint8_t view_tcp_flags(const struct record_view *view)
{
	return view_u8(view, ELEMENT_GENERIC, 45);
}

/** Flow counter of element 5; 1 when that is absent or 0. */
static inline uint64_t view_flows(const struct record_view *view)
{
	uint64_t flows = view_u64(view, ELEMENT_COUNTERS, 0);

	return flows ? flows : 1;
}

/** In plus out. */
static inline uint64_t view_packets(const struct record_view *view)
{
	return view_u64(view, ELEMENT_GENERIC, 24) + view_u64(view, ELEMENT_COUNTERS, 8);
}

/** In plus out. */
static inline uint64_t view_bytes(const struct record_view *view)
{
	return view_u64(view, ELEMENT_GENERIC, 32) + view_u64(view, ELEMENT_COUNTERS, 16);
}

/** True when the flow's addresses are those of element 3: it is there, and element 2 is not, or
 * one of element 3's addresses is non-zero (file format section 14.2). */
static inline bool view_is_ip6(const struct record_view *view)
{
	const uint8_t *at;

	if (!view_has(view, ELEMENT_IP6))
		return false;
	if (!view_has(view, ELEMENT_IP4))
		return true;
	at = view_payload(view, ELEMENT_IP6);
	return (bytes_get64(at) | bytes_get64(at + 8) | bytes_get64(at + 16) |
		bytes_get64(at + 24)) != 0;
}

static inline bool view_has_addresses(const struct record_view *view)
{
	return (view->present & (1ull << ELEMENT_IP4 | 1ull << ELEMENT_IP6)) != 0;
}

/** Source or destination address; family 0 when the record has none. */
struct address view_src(const struct record_view *view);
struct address view_dst(const struct record_view *view);

/** Stored or filled-in country; 0 when the record has none (ask view_has(ELEMENT_GEO)). */
static inline uint16_t view_src_country(const struct record_view *view)
{
	return view->geo ? bytes_get16(view->geo) : 0;
}

static inline uint16_t view_dst_country(const struct record_view *view)
{
	return view->geo ? bytes_get16(view->geo + 2) : 0;
}

/**
 * Countries from outside the record (filled in at query time) for the current record only. The
 * next record_view() forgets them. Never call it for a record that has a geo tail.
 *
 * @param pair  u16 source, u16 destination; borrowed
 */
static inline void view_set_geo(struct record_view *view, const uint8_t *pair)
{
	view->geo = pair;
	view->present |= 1ull << ELEMENT_GEO;
}

/* Building a record from nothing: a file writer's tests, aggregation, conversion. */

struct record_builder {
	uint8_t *bytes; /* borrowed */
	size_t used, capacity;
	bool full; /* something did not fit */
};

/** Start a flow record with a zeroed header of type 11. */
void record_begin(struct record_builder *builder, void *bytes, size_t capacity);

/** Append an element with a zeroed payload. @return the payload, or NULL when it does not fit */
uint8_t *record_element(struct record_builder *builder, enum element element, size_t payload_bytes);

/** Write size and element count. @return size of the record, 0 when something did not fit */
size_t record_end(struct record_builder *builder);

#endif
