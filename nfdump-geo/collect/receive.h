/* SPDX-License-Identifier: BSD-3-Clause */
/* receive.h - the receive loop of a daemon: socket and signals in, pipeline out. */
#ifndef COLLECT_RECEIVE_H
#define COLLECT_RECEIVE_H

#include <stddef.h>

#include "base/error.h"

struct geo_watch;
struct pipeline;
struct signals;

enum { REPEATERS_MAX = 8 };

struct receive {
	int socket;
	struct signals *signals;
	struct pipeline *pipeline;
	struct geo_watch *geo; /* NULL = no countries */
	int repeater[REPEATERS_MAX]; /* sockets that get a copy of every datagram */
	size_t repeater_count;
};

/** Open the first slot. */
int receive_begin(const struct receive *receive, struct error *error);

/** Collect until TERM or INT comes; what waits in the socket then is still taken. */
int receive_run(const struct receive *receive, struct error *error);

#endif
