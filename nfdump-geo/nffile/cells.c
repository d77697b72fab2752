/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h" /* _GNU_SOURCE, before all else */

#include "nffile/cells.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096, GROW_GRAINS = 64, NO_GRAIN = 0xffff };

struct cell {
	uint32_t used, records;
	uint16_t first, last; /* grains; NO_GRAIN while it has none */
	uint16_t last_used;   /* bytes of the last one */
};

struct cells {
	uint8_t *map; /* owns */
	size_t map_bytes;
	uint64_t *state; /* in the mapping, of each grain */
	uint8_t *grain;	 /* in the mapping */
	unsigned grain_count;
	unsigned ready; /* grains that the file has room for */
	uint16_t *next; /* of each grain in its cell; owns */
	uint16_t *idle; /* grains without cell, a stack; owns */
	unsigned idle_count;
	struct cell *cell; /* owns */
	unsigned cell_count;
	uint8_t *gathered; /* a cell's grains in one piece; owns */
	int fd;		   /* -1 = in memory only */
	char *path;	   /* owns */
};

size_t cellfile_grains_at(unsigned count)
{
	size_t end = CELLFILE_STATES_AT + (size_t)count * sizeof(uint64_t);

	return (end + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
}

/* Bytes used and records << 32: one store, so that neither is seen without the other. */
static void publish(const struct cells *cells, unsigned grain, uint64_t state)
{
	__atomic_store_n(&cells->state[grain], state, __ATOMIC_RELEASE);
}

/* Locked as long as its writer lives, so that nobody takes it for a dead one's. */
static int open_file(struct cells *cells, const char *path, struct error *error)
{
	cells->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (cells->fd < 0)
		return error_set_errno(error, "cannot create %s", path);
	if (flock(cells->fd, LOCK_EX | LOCK_NB) != 0)
		return error_set_errno(error, "%s is another process's", path);
	cells->path = strdup(path); /* from now on it is ours to remove */
	if (!cells->path || ftruncate(cells->fd, 0) != 0)
		return error_set_errno(error, "cannot create %s", path);
	errno = posix_fallocate(cells->fd, 0, (off_t)cellfile_grains_at(cells->grain_count));
	return errno ? error_set_errno(error, "cannot create %s", path) : NFGEO_OK;
}

static int map(struct cells *cells, struct error *error)
{
	int flags = cells->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	size_t at = cellfile_grains_at(cells->grain_count);
	uint8_t *bytes;

	cells->map_bytes = at + (size_t)cells->grain_count * CELL_GRAIN_BYTES;
	bytes = mmap(NULL, cells->map_bytes, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE,
		     cells->fd, 0);
	if (bytes == MAP_FAILED)
		return error_set_errno(error, "cannot map %zu bytes for open blocks",
				       cells->map_bytes);
	/* Records go to all cells in turn, to another page each time. */
	madvise(bytes, cells->map_bytes, MADV_HUGEPAGE);
	cells->map = bytes;
	cells->state = (uint64_t *)(void *)(bytes + CELLFILE_STATES_AT);
	cells->grain = bytes + at;
	memcpy(bytes, CELLFILE_MAGIC, 8);
	bytes_put32(bytes + CELLFILE_AT_COUNT, cells->grain_count);
	return NFGEO_OK;
}

int cells_open(struct cells **out, size_t memory, const char *path, struct error *error)
{
	struct cells *cells = calloc(1, sizeof(*cells));
	int status = NFGEO_OK;

	*out = NULL;
	if (!cells)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	if (memory < CELLS_MEMORY_MIN_BYTES)
		memory = CELLS_MEMORY_MIN_BYTES;
	cells->fd = -1;
	cells->grain_count = (unsigned)(memory / CELL_GRAIN_BYTES);
	if (cells->grain_count >= NO_GRAIN)
		cells->grain_count = NO_GRAIN - 1;
	cells->next = malloc(cells->grain_count * sizeof(*cells->next));
	cells->idle = malloc(cells->grain_count * sizeof(*cells->idle));
	cells->gathered = malloc(CELL_MAX_BYTES);
	if (!cells->next || !cells->idle || !cells->gathered)
		status = error_set(error, NFGEO_ENOMEM, "out of memory");
	if (status == NFGEO_OK && path)
		status = open_file(cells, path, error);
	if (status == NFGEO_OK)
		status = map(cells, error);
	if (status != NFGEO_OK) {
		cells_close(cells, false);
		return status;
	}
	*out = cells;
	return NFGEO_OK;
}

void cells_close(struct cells *cells, bool keep)
{
	if (!cells)
		return;
	if (cells->map)
		munmap(cells->map, cells->map_bytes);
	if (cells->fd >= 0) {
		if (!keep && cells->path)
			unlink(cells->path);
		close(cells->fd);
	}
	free(cells->path);
	free(cells->next);
	free(cells->idle);
	free(cells->cell);
	free(cells->gathered);
	free(cells);
}

int cells_reset(struct cells *cells, unsigned count)
{
	struct cell *cell = realloc(cells->cell, count * sizeof(*cell));

	if (!cell)
		return NFGEO_ENOMEM;
	cells->cell = cell;
	cells->cell_count = count;
	for (unsigned i = 0; i < count; i++)
		cell[i] = (struct cell){.first = NO_GRAIN, .last = NO_GRAIN};
	/* The lowest ones are taken first: memory that was touched before. */
	cells->idle_count = cells->grain_count;
	for (unsigned i = 0; i < cells->grain_count; i++) {
		cells->idle[i] = (uint16_t)(cells->grain_count - 1 - i);
		publish(cells, i, 0);
	}
	return NFGEO_OK;
}

size_t cells_memory(const struct cells *cells)
{
	return (size_t)cells->grain_count * CELL_GRAIN_BYTES;
}

int cells_sync(const struct cells *cells)
{
	return cells->fd < 0 || fdatasync(cells->fd) == 0 ? NFGEO_OK : NFGEO_EIO;
}

/* A page of a hole that finds the disk full would end the process: ask for it before. */
static bool make_ready(struct cells *cells, unsigned grain)
{
	size_t at = cellfile_grains_at(cells->grain_count), end;

	if (cells->fd < 0 || grain < cells->ready)
		return true;
	end = grain + GROW_GRAINS < cells->grain_count ? grain + GROW_GRAINS : cells->grain_count;
	errno = posix_fallocate(cells->fd, (off_t)(at + (size_t)cells->ready * CELL_GRAIN_BYTES),
				(off_t)((end - cells->ready) * CELL_GRAIN_BYTES));
	if (errno)
		return false;
	cells->ready = (unsigned)end;
	return true;
}

/* One more grain for a cell. */
static enum cells_added take_grain(struct cells *cells, struct cell *cell)
{
	uint16_t grain;

	if (!cells->idle_count)
		return CELLS_FULL;
	grain = cells->idle[cells->idle_count - 1];
	if (!make_ready(cells, grain))
		return CELLS_NO_DISK;
	cells->idle_count--;
	cells->next[grain] = NO_GRAIN;
	if (cell->last == NO_GRAIN)
		cell->first = grain;
	else
		cells->next[cell->last] = grain;
	cell->last = grain;
	cell->last_used = 0;
	return CELLS_ADDED;
}

enum cells_added cells_add(struct cells *cells, unsigned number, const uint8_t *record, size_t len)
{
	struct cell *cell = &cells->cell[number];

	if (cell->used + len > CELL_MAX_BYTES)
		return CELL_FULL;
	if (cell->last == NO_GRAIN || cell->last_used + len > CELL_GRAIN_BYTES) {
		enum cells_added got = take_grain(cells, cell);

		if (got != CELLS_ADDED)
			return got;
	}
	memcpy(cells->grain + (size_t)cell->last * CELL_GRAIN_BYTES + cell->last_used, record, len);
	cell->last_used += (uint16_t)len;
	cell->used += (uint32_t)len;
	publish(cells, cell->last,
		((cells->state[cell->last] & ~0xffffffffull) + (1ull << 32)) | cell->last_used);
	return cell->records++ ? CELLS_ADDED : CELLS_FIRST;
}

uint32_t cells_records(const struct cells *cells, unsigned cell)
{
	return cells->cell[cell].records;
}

uint32_t cells_used(const struct cells *cells, unsigned cell)
{
	return cells->cell[cell].used;
}

unsigned cells_fullest(const struct cells *cells)
{
	unsigned fullest = 0;

	for (unsigned i = 1; i < cells->cell_count; i++)
		if (cells->cell[i].used > cells->cell[fullest].used)
			fullest = i;
	return fullest;
}

static size_t grain_used(const struct cells *cells, unsigned grain)
{
	return (uint32_t)cells->state[grain];
}

static void gather(const struct cells *cells, const struct cell *cell, struct block *block)
{
	for (unsigned grain = cell->first; grain != NO_GRAIN; grain = cells->next[grain]) {
		memcpy(block->bytes + block->used,
		       cells->grain + (size_t)grain * CELL_GRAIN_BYTES, grain_used(cells, grain));
		block->used += grain_used(cells, grain);
	}
	block->record_count += cell->records;
}

struct block cells_block(struct cells *cells, const unsigned *cell, unsigned count)
{
	struct block block = {
		.bytes = cells->gathered,
		.capacity = CELL_MAX_BYTES,
		.type = BLOCK_RECORDS,
	};

	for (unsigned i = 0; i < count; i++)
		gather(cells, &cells->cell[cell[i]], &block);
	return block;
}

void cells_clear(struct cells *cells, unsigned number)
{
	struct cell *cell = &cells->cell[number];

	for (unsigned grain = cell->first; grain != NO_GRAIN; grain = cells->next[grain]) {
		publish(cells, grain, 0);
		cells->idle[cells->idle_count++] = (uint16_t)grain;
	}
	*cell = (struct cell){.first = NO_GRAIN, .last = NO_GRAIN};
}
