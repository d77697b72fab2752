/* SPDX-License-Identifier: BSD-3-Clause */
/* signals.h - signals as something to poll: no handler ever runs. */
#ifndef SYS_SIGNALS_H
#define SYS_SIGNALS_H

#include <stdbool.h>

#include "base/error.h"

struct signals {
	int fd;
	bool stop;   /* TERM or INT came */
	bool reload; /* HUP came; who acts on it clears it */
	bool child;  /* a child process changed state; who acts on it clears it */
};

/**
 * Block TERM, INT, HUP and CHLD in this thread and those it starts, ignore PIPE, and open a
 * descriptor that is readable when one of the four came. Call before threads start.
 */
int signals_open(struct signals *signals, struct error *error);
void signals_close(struct signals *signals);

/** Take what came and set the flags; never waits. */
void signals_read(struct signals *signals);

/** In a child process: everything as at the start of a program. */
void signals_restore(void);

#endif
