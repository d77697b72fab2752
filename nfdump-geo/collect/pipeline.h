/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pipeline.h - datagrams -> records -> countries -> blocks -> files, in time slots.
 *
 * One thread calls everything here; writing happens in the spool's thread. The clock comes in as an
 * argument and may jump.
 */
#ifndef COLLECT_PIPELINE_H
#define COLLECT_PIPELINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "collect/slotfile.h"
#include "collect/spool.h"
#include "proto/decoder.h"
#include "sys/udp.h"

struct geo_watch;

struct pipeline_options {
	struct slotfile_options file;
	struct spool *spool;	 /* borrowed */
	struct geo_watch *geo;	 /* borrowed; NULL = no countries */
	int32_t sampling;	 /* -s */
	int32_t interval_s;	 /* -t */
	const char *dynamic_dir; /* -M: a source for every new sender; NULL = senders are known */
};

struct pipeline;

/** NULL when out of memory. */
struct pipeline *pipeline_new(const struct pipeline_options *options);

/**
 * Add a source.
 *
 * @param sender  its address; NULL = every sender, then there can be no other source
 */
int pipeline_add(struct pipeline *pipeline, const char *ident, const struct address *sender,
		 const char *dir, struct error *error);

/** Open the first slot. On error no data could be stored: do not start. */
int pipeline_begin(struct pipeline *pipeline, int64_t now_ms, struct error *error);

/** Close slots that are over. Call before datagrams of this moment are handed in. */
void pipeline_clock(struct pipeline *pipeline, int64_t now_ms, bool traffic);

void pipeline_datagrams(struct pipeline *pipeline, const struct udp_datagram *datagrams,
			size_t count, int64_t now_ms);

/** The kernel's counter of datagrams dropped at the socket; what came since goes into the log. */
void pipeline_kernel_drops(struct pipeline *pipeline, uint32_t counter);

/** How long the receive thread may sleep. */
int pipeline_wait_ms(const struct pipeline *pipeline, int64_t now_ms);

/** Close the running slot. */
void pipeline_end(struct pipeline *pipeline);

/** After the spool has ended: its thread works on files that belong to the sources. */
void pipeline_free(struct pipeline *pipeline);

#endif
