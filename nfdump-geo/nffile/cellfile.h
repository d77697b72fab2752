/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cellfile.h - the open blocks of a collector, read by somebody else: because it died, or while it
 * collects. Grains of a cell are read one by one, each holds whole records.
 */
#ifndef NFFILE_CELLFILE_H
#define NFFILE_CELLFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/block.h"

struct cellfile;

/** The cells of a work file, in WORK_PATH.cells. NULL when there are none. */
struct cellfile *cellfile_open(const char *work_path);

/** NULL is fine. */
void cellfile_close(struct cellfile *file);

/** The grains that were written already, just before the writer died: those whose records are
 * found in the last block of the work file. They are not given any more. */
void cellfile_drop_written(struct cellfile *file, const struct block *last);

/**
 * The next grain with records.
 *
 * @param block  grown as needed, cleared before
 * @return 1 a grain, 0 the end, NFGEO_ECORRUPT, NFGEO_ENOMEM, NFGEO_EIO
 */
int cellfile_next(struct cellfile *file, struct block *block);

#endif
