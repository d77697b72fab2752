/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow/record_kind.h"

#include <stdbool.h>

#include "base/bytes.h"
#include "flow/record.h"

enum { AT_COUNT = 4, AT_STEP = 6 };

/* doc/file-format.md, "Records": head + number of entries * bytes of an entry, exactly. The size is
 * part of the answer because the types of a flow and of a sampler differ by one bit. Entries of
 * size 0 are a faulty form of early versions. */
static const struct shape {
	uint16_t type;
	uint8_t head;
	uint8_t count_bytes; /* of the number of entries; 0 = there are none */
	uint8_t step;	     /* bytes of an entry; 0 = u16 behind their number */
} shapes[] = {
	{RECORD_EXPORTER, 32, 0, 0}, {RECORD_EXPORTER_STATS, 8, 4, 24}, {RECORD_SAMPLER_OLD, 16, 0, 0},
	{RECORD_NBAR, 14, 2, 0},     {RECORD_IFNAMES, 12, 2, 0},	{RECORD_VRFNAMES, 12, 2, 0},
	{RECORD_SAMPLER, 24, 0, 0},
};

static bool has_shape(const struct shape *shape, const uint8_t *record, size_t len)
{
	uint64_t count = 0, step = shape->step;

	if (len < shape->head)
		return false;
	if (shape->count_bytes)
		count = shape->count_bytes == 2 ? bytes_get16(record + AT_COUNT)
						: bytes_get32(record + AT_COUNT);
	if (shape->count_bytes && !step)
		step = bytes_get16(record + AT_STEP);
	return len == shape->head + count * step || (count && !step);
}

/* Elements that fill the record to its last byte and are as many as the header says. */
static bool holds_a_flow(const uint8_t *record, size_t len)
{
	struct record_view view;

	record_view_init(&view);
	return record_view(&view, record, len) == NFGEO_OK && view.count;
}

static bool is_service(uint16_t type, const uint8_t *record, size_t len)
{
	if (type == RECORD_SLACK)
		return true;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		if (type == shapes[i].type)
			return has_shape(&shapes[i], record, len);
	return false;
}

enum record_kind record_kind(const uint8_t *record, size_t len)
{
	uint16_t type = bytes_get16(record);

	if (type == RECORD_FLOW)
		return RECORD_IS_FLOW;
	if (type == RECORD_FLOW_V0 || type == RECORD_FLOW_COMMON || type == RECORD_FLOW_V4)
		return RECORD_IS_FOREIGN;
	return is_service(type, record, len) && !holds_a_flow(record, len) ? RECORD_IS_SERVICE
									   : RECORD_IS_UNKNOWN;
}
