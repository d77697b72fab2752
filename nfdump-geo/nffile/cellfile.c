/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h" /* _GNU_SOURCE, before all else */

#include "nffile/cellfile.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nffile/cells.h"
#include "nffile/fileio.h"

struct cellfile {
	int fd;
	unsigned count, next;
	bool *dropped; /* of each grain; owns */
};

struct cellfile *cellfile_open(const char *work_path)
{
	struct cellfile *file = calloc(1, sizeof(*file));
	char path[PATH_MAX];
	uint8_t head[16];

	if (!file)
		return NULL;
	file->fd = -1;
	if (snprintf(path, sizeof(path), "%s.cells", work_path) < (int)sizeof(path))
		file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (file->fd < 0 || file_read_at(file->fd, head, sizeof(head), 0) != NFGEO_OK ||
	    memcmp(head, CELLFILE_MAGIC, 8) != 0)
		goto none;
	file->count = bytes_get32(head + CELLFILE_AT_COUNT);
	if (file->count > UINT16_MAX)
		goto none;
	file->dropped = calloc(file->count + 1, sizeof(*file->dropped));
	if (file->dropped)
		return file;
none:
	cellfile_close(file);
	return NULL;
}

void cellfile_close(struct cellfile *file)
{
	if (!file)
		return;
	if (file->fd >= 0)
		close(file->fd);
	free(file->dropped);
	free(file);
}

static int read_state(const struct cellfile *file, unsigned grain, uint64_t *state)
{
	return file_read_at(file->fd, state, sizeof(*state),
			    CELLFILE_STATES_AT + grain * sizeof(*state));
}

/* The length is read before and after the records: they may have been written meanwhile. */
static int read_grain(const struct cellfile *file, unsigned grain, struct block *block)
{
	uint64_t state, now;
	size_t used;
	int status = read_state(file, grain, &state);

	block_clear(block);
	used = (uint32_t)state;
	if (status != NFGEO_OK || !used)
		return status;
	if (used > CELL_GRAIN_BYTES)
		return NFGEO_ECORRUPT;
	status = block_grow(block, CELL_GRAIN_BYTES);
	if (status == NFGEO_OK)
		status = file_read_at(file->fd, block->bytes, used,
				      cellfile_grains_at(file->count) +
					      (uint64_t)grain * CELL_GRAIN_BYTES);
	if (status == NFGEO_OK)
		status = read_state(file, grain, &now);
	if (status != NFGEO_OK || (uint32_t)now < used)
		return status;
	block->used = used;
	block->record_count = (uint32_t)(state >> 32);
	return NFGEO_OK;
}

/* Grains lie in a block one behind the other, so one begins where a record does. */
static bool is_in(const struct block *grain, const struct block *last)
{
	struct block_cursor cursor = block_cursor(last);
	const uint8_t *record;
	size_t len;

	while (block_next(&cursor, &record, &len) == 1) {
		size_t left = last->used - (size_t)(record - last->bytes);

		if (grain->used <= left && memcmp(record, grain->bytes, grain->used) == 0)
			return true;
	}
	return false;
}

void cellfile_drop_written(struct cellfile *file, const struct block *last)
{
	struct block grain = {0};

	for (unsigned i = 0; i < file->count; i++)
		file->dropped[i] = read_grain(file, i, &grain) == NFGEO_OK && grain.used &&
				   is_in(&grain, last);
	block_fini(&grain);
}

int cellfile_next(struct cellfile *file, struct block *block)
{
	while (file->next < file->count) {
		unsigned grain = file->next++;
		int status = file->dropped[grain] ? NFGEO_OK : read_grain(file, grain, block);

		if (status != NFGEO_OK)
			return status;
		if (!file->dropped[grain] && block->record_count)
			return 1;
	}
	block_clear(block);
	return 0;
}
