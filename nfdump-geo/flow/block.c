/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow/block.h"

#include <stdlib.h>

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

uint8_t *flow_sink_reserve(struct flow_sink *sink, size_t len)
{
	uint8_t *at = block_reserve(sink->block, len);

	if (at)
		return at;
	if (sink->block->used && sink->flush(sink) != NFGEO_OK)
		return NULL;
	return block_reserve(sink->block, len);
}
