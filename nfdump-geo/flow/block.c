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

/* A block was last touched by the writer's processor: ask for the lines of the records that come
 * next, ready to be written. */
static inline void prefetch_ahead(const uint8_t *at)
{
	enum { AHEAD_BYTES = 1024, LINE_BYTES = 64 };

	for (size_t i = 0; i < 3; i++)
		__builtin_prefetch(at + AHEAD_BYTES + i * LINE_BYTES, 1);
}

uint8_t *flow_sink_reserve(struct flow_sink *sink, size_t len)
{
	uint8_t *at = block_reserve(sink->block, len);

	if (at) {
		prefetch_ahead(at);
		return at;
	}
	if (sink->block->used && sink->flush(sink) != NFGEO_OK)
		return NULL;
	return block_reserve(sink->block, len);
}
