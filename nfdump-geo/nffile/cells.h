/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cells.h - the open blocks of a clustered file, one for each cell of its grid. Their memory is one
 * piece, cut into grains which a cell takes as it grows, so the whole is bounded whatever the
 * traffic, and busy cells have most of it.
 *
 * In a collector the piece is a file beside the work file, mapped and shared with the kernel: when
 * the process dies, whatever way, its open blocks are still there, and a reader of the work file
 * reads them too (nffile/cellfile.h). A grain's length is published after the record that it
 * counts. One thread at a time.
 */
#ifndef NFFILE_CELLS_H
#define NFFILE_CELLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/block.h"

enum {
	CELL_MAX_BYTES = 262144,	 /* a block of a clustered file */
	CELL_MIN_BYTES = 65536,		 /* room that each cell should have */
	CELLS_MEMORY_BYTES = 64 << 20,	 /* unless said otherwise */
	CELLS_MEMORY_MIN_BYTES = 524288,
	CELL_GRAIN_BYTES = 16384,	 /* longer records have no room in a cell */
};

struct cells;

/**
 * @param memory  for all together
 * @param path    file to keep them in, created and locked; NULL = in memory only
 */
int cells_open(struct cells **cells, size_t memory, const char *path, struct error *error);

/** Unmap, and remove the file unless `keep`: what is in it is still needed. NULL is fine. */
void cells_close(struct cells *cells, bool keep);

/** Forget all content; there are `count` cells now. @return NFGEO_OK or NFGEO_ENOMEM */
int cells_reset(struct cells *cells, unsigned count);

/** For all cells together. */
size_t cells_memory(const struct cells *cells);

/** Sync the file to the disk. */
int cells_sync(const struct cells *cells);

enum cells_added {
	CELLS_FIRST = 1,  /* it is the first of its cell */
	CELLS_ADDED = 0,
	CELL_FULL = -1,	  /* the cell must be written first */
	CELLS_FULL = -2,  /* some cell must be written first, the fullest best */
	CELLS_NO_DISK = -3, /* the file cannot grow; errno tells */
};

/** Append a record of CELL_GRAIN_BYTES at most. */
enum cells_added cells_add(struct cells *cells, unsigned cell, const uint8_t *record, size_t len);

/** Records in a cell. */
uint32_t cells_records(const struct cells *cells, unsigned cell);

/** The cell with most bytes. */
unsigned cells_fullest(const struct cells *cells);

/** Bytes of them. */
uint32_t cells_used(const struct cells *cells, unsigned cell);

/** Cells of CELL_MAX_BYTES together, one behind the other, as a block; borrowed, until the next call of
 * any. record_count 0 = empty. */
struct block cells_block(struct cells *cells, const unsigned *cell, unsigned count);

/** The cell was written. */
void cells_clear(struct cells *cells, unsigned cell);

/*
 * The file: a page with magic and u32 number of grains; per grain a u64, bytes used and records
 * << 32; the grains. Host order: the file never leaves the host.
 */
#define CELLFILE_MAGIC "NGCELLS1"

enum { CELLFILE_AT_COUNT = 8, CELLFILE_STATES_AT = 4096 };

/** Offset of grain 0. */
size_t cellfile_grains_at(unsigned count);

#endif
