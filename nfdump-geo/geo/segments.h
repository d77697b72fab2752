/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * segments.h - lists of address ranges with codes, and laying one list over another.
 *
 * Both families use 128-bit numbers here; an IPv4 address is its number. A list is "flat" when its
 * segments are in order and do not overlap; what no segment covers is silent.
 */
#ifndef GEO_SEGMENTS_H
#define GEO_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 number128;

struct segment {
	number128 first, last; /* inclusive */
	uint32_t order;	       /* position in which it was added: of equal ones the last wins */
	uint16_t code;
};

struct segments {
	struct segment *item; /* owns */
	size_t count, room;
	bool unordered; /* the list is not known to be flat */
};

void segments_fini(struct segments *segments);

/** Add a segment as it is. @return NFGEO_OK or NFGEO_ENOMEM */
int segments_add(struct segments *segments, number128 first, number128 last, uint16_t code);

/**
 * Make the list flat: a segment inside another one wins, of equal ones that added last. Where two
 * overlap without one being inside the other, the one that begins later wins.
 */
int segments_flatten(struct segments *segments);

/** out = upper where it is not silent, else lower. All flat; equal neighbours become one. */
int segments_overlay(const struct segments *upper, const struct segments *lower,
		     struct segments *out);

/** Index of the first segment of a flat list that does not end before an address; count if none. */
size_t segments_reach(const struct segments *segments, number128 address);

/** The segment of a flat list that covers an address, or NULL. */
const struct segment *segments_find(const struct segments *segments, number128 address);

#endif
