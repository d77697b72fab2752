/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * block.h - one data block in memory: append records, iterate over them.
 *
 * A collector may have several blocks open at once (one per cell of a grid), so nothing assumes
 * that a file is in arrival order.
 */
#ifndef FLOW_BLOCK_H
#define FLOW_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "include/nfgeo.h"

/* Half of what stock writes: what was decompressed is then still in a processor's second cache when
 * it is read (doc/benchmarks.md), and the block index tells countries twice as finely. */
enum {
	BLOCK_WRITE_BYTES = 524288,	/* a writer starts a new block before passing this */
	BLOCK_READ_MAX_BYTES = 5242880, /* a reader refuses more, compressed or not */
};

enum block_type { BLOCK_RECORDS = 3, BLOCK_ARRAY = 4 };

struct geo_provenance;

struct block {
	uint8_t *bytes; /* owns */
	size_t used, capacity;
	uint32_t record_count;
	uint16_t type;				 /* enum block_type */
	const struct geo_provenance *provenance; /* what tagged its records; NULL = unknown */
};

/** Prepare an empty record block. @return NFGEO_OK or NFGEO_ENOMEM */
int block_init(struct block *block, size_t capacity);
void block_fini(struct block *block);

/** Forget the content, keep the memory. */
static inline void block_clear(struct block *block)
{
	block->used = 0;
	block->record_count = 0;
	block->type = BLOCK_RECORDS;
	block->provenance = NULL;
}

/** Grow the memory to at least `capacity`; content stays. @return NFGEO_OK or NFGEO_ENOMEM */
int block_grow(struct block *block, size_t capacity);

/** Room for `len` bytes at the end, or NULL when the block is full. */
static inline uint8_t *block_reserve(struct block *block, size_t len)
{
	return len <= block->capacity - block->used ? block->bytes + block->used : NULL;
}

/** The record written at the reserved place is complete and has `len` bytes. */
static inline void block_commit(struct block *block, size_t len)
{
	block->used += len;
	block->record_count++;
}

/* Iterate over the records of a block, whatever their type. */
struct block_cursor {
	const struct block *block; /* borrowed */
	size_t at;
	uint32_t left; /* records */
};

static inline struct block_cursor block_cursor(const struct block *block)
{
	return (struct block_cursor){block, 0, block->record_count};
}

/**
 * The next record: its header is complete and its size lies within the block.
 *
 * @param record  borrowed from the block
 * @return 1 a record, 0 the end, NFGEO_ECORRUPT when a size contradicts the block
 */
static inline int block_next(struct block_cursor *cursor, const uint8_t **record,
			     size_t *record_bytes)
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

/*
 * Where decoded records go: a block, and somebody who takes it away when it is full.
 * flow_sink_reserve() gives NULL only when memory is out or the record could never fit.
 */
struct flow_sink {
	struct block *block; /* the open block; replaced or emptied by flush() */
	/** Hand the full block over and provide an empty one in sink->block. */
	int (*flush)(struct flow_sink *sink);
	void *arg;
};

uint8_t *flow_sink_reserve(struct flow_sink *sink, size_t len);

#endif
