/* SPDX-License-Identifier: BSD-3-Clause */
/* A block of records, seen by one view, tagged and untagged again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "flow/block.h"
#include "flow/geotail.h"
#include "flow/record.h"
#include "flow/record_kind.h"
#include "include/nfgeo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Adding a tail keeps the record readable, and makes its countries those that were given. */
static void tag_and_look(const struct record_view *view)
{
	uint8_t *out = malloc(view->record_bytes + 2 * GEOTAIL_BYTES);
	size_t len = out ? geotail_add(view, 203, 756, out) : 0;
	struct record_view tagged;

	record_view_init(&tagged);
	if (len && record_view(&tagged, out, len) != NFGEO_OK)
		abort();
	if (len && view_has(&tagged, ELEMENT_GEO) &&
	    (view_src_country(&tagged) != 203 || view_dst_country(&tagged) != 756))
		abort();
	if (out && geotail_remove(view, out) > view->record_bytes)
		abort();
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct block block = {.used = size, .capacity = size, .record_count = UINT32_MAX};
	struct block_cursor cursor;
	struct record_view view;
	const uint8_t *record;
	size_t len;

	block.bytes = malloc(size ? size : 1);
	if (!block.bytes)
		return 0;
	if (size)
		memcpy(block.bytes, data, size);
	cursor = block_cursor(&block);
	record_view_init(&view);
	while (block_next(&cursor, &record, &len) == 1) {
		(void)record_kind(record, len);
		if (record_view(&view, record, len) != NFGEO_OK)
			continue;
		for (int id = 0; id < FIELD_COUNT; id++)
			(void)view_number(&view, (enum field_id)id);
		(void)view_src(&view);
		tag_and_look(&view);
	}
	free(block.bytes);
	return 0;
}
