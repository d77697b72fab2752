/* SPDX-License-Identifier: BSD-3-Clause */
/* recover.h - find the work files of collectors that died: what they hold belongs to the slots. */
#ifndef COLLECT_RECOVER_H
#define COLLECT_RECOVER_H

#include <limits.h>
#include <stdbool.h>

struct leftover {
	char path[PATH_MAX]; /* of the work file */
	int lock;	     /* on its open blocks, so that nobody else takes it */
};

/** The next one in a directory: it has open blocks (PATH.cells), and no process holds them. Those
 * that were put aside as damaged do not count. @return false when there is none */
bool leftover_find(const char *dir, struct leftover *leftover);

/** It is done with: let go of the lock, and remove all of it when `remove`. */
void leftover_close(struct leftover *leftover, bool remove);

#endif
