/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * geotail.h - the country pair at the end of an address element (file format section 14.2).
 *
 * Elements 2 and 3 carry, after the stock payload: u32 magic, u16 source country, u16 destination
 * country, and optionally u32 source AS, u32 destination AS. Stock tools ignore the extra bytes.
 */
#ifndef FLOW_GEOTAIL_H
#define FLOW_GEOTAIL_H

#include <stddef.h>
#include <stdint.h>

#include "flow/record.h"

/** Offset of the tail in an address element's payload, 0 when there is none: the extra length must
 * be exactly 8 or 16 and the magic must match. */
unsigned geotail_find(enum element element, const uint8_t *payload, size_t payload_bytes);

static inline void geotail_write(uint8_t *tail, uint16_t src, uint16_t dst)
{
	bytes_put32(tail, GEOTAIL_MAGIC);
	bytes_put16(tail + 4, src);
	bytes_put16(tail + 6, dst);
}

/**
 * Copy a record, with a geo tail on each of its address elements. A tail that is there is
 * overwritten in place (its AS numbers stay); every other byte of the record is kept.
 *
 * @param view      the record
 * @param out       room for view->record_bytes + 2 * GEOTAIL_BYTES
 * @return size of the new record; 0 when it would pass RECORD_MAX_BYTES or has no address element
 *         that can take a tail
 */
size_t geotail_add(const struct record_view *view, uint16_t src, uint16_t dst, uint8_t *out);

/** Copy a record without its geo tails. @param out  room for view->record_bytes @return new size */
size_t geotail_remove(const struct record_view *view, uint8_t *out);

#endif
