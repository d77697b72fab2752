/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow/block.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "include/nfgeo.h"

int block_init(struct block *block, size_t capacity)
{
	*block = (struct block){.type = BLOCK_RECORDS};
	return block_grow(block, capacity);
}

void block_fini(struct block *block)
{
	free(block->bytes);
	*block = (struct block){0};
}

int block_grow(struct block *block, size_t capacity)
{
	uint8_t *bytes;

	if (capacity <= block->capacity)
		return NFGEO_OK;
	bytes = realloc(block->bytes, capacity);
	if (!bytes)
		return NFGEO_ENOMEM;
	block->bytes = bytes;
	block->capacity = capacity;
	return NFGEO_OK;
}

int block_next(struct block_cursor *cursor, const uint8_t **record, size_t *record_bytes)
{
	const struct block *block = cursor->block;
	size_t left = block->used - cursor->at;
	size_t len;

	if (!cursor->left)
		return 0;
	if (left < 4)
		return NFGEO_ECORRUPT;
	len = bytes_get16(block->bytes + cursor->at + 2);
	if (len < 4 || len > left)
		return NFGEO_ECORRUPT;
	*record = block->bytes + cursor->at;
	*record_bytes = len;
	cursor->at += len;
	cursor->left--;
	return 1;
}

uint8_t *flow_sink_reserve(struct flow_sink *sink, size_t len)
{
	uint8_t *at = block_reserve(sink->block, len);

	if (at)
		return at;
	if (sink->block->used && sink->flush(sink) != NFGEO_OK)
		return NULL;
	return block_reserve(sink->block, len);
}
