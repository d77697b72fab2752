/* SPDX-License-Identifier: BSD-3-Clause */
/* history.h - what the slot before tells about the one that begins: flows by country, and how many,
 * from which the grid of its file is made (nffile/grid.h). */
#ifndef COLLECT_HISTORY_H
#define COLLECT_HISTORY_H

#include "nffile/grid.h"
#include "nffile/writer.h"

enum { CELL_AGE_S = 30 }; /* an open block is not kept longer */

struct slot_history {
	struct grid_shares shares; /* all 0 = nothing is known: even groups */
	uint64_t expected_flows;   /* in CELL_AGE_S */
};

/** Nothing is known yet. */
void history_init(struct slot_history *history);

/** From a file of the same collector. @return false when it has no sums by country */
bool history_from_file(struct slot_history *history, const char *path, int32_t interval_s);

/** From the writer of a slot, all of whose blocks are written. */
void history_from_writer(struct slot_history *history, const struct nffile_writer *writer,
			 int32_t interval_s);

#endif
