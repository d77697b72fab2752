/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spool.h - the way from the receive thread to the disk: a bounded stock of blocks, and one thread
 * that compresses and writes them in order.
 *
 * When the disk is slower than the network all blocks are on their way; spool_block() then gives
 * none, and the receive thread counts what it cannot store. It never waits.
 */
#ifndef COLLECT_SPOOL_H
#define COLLECT_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "collect/rotate.h"
#include "collect/slotfile.h"
#include "flow/block.h"
#include "proto/decoder.h"

struct launcher;
struct spool;

struct spool_options {
	size_t blocks_max;	   /* in all hands together */
	struct launcher *launcher; /* told about each finished file; NULL = nobody; borrowed */
};

int spool_new(struct spool **spool, const struct spool_options *options, struct error *error);

/** Write everything that waits, then end the thread. What cannot be written is logged.
 * @return the number of records lost that way */
uint64_t spool_free(struct spool *spool);

/** Let there be more blocks: each source holds one. */
void spool_allow(struct spool *spool, size_t more);

/** An empty block, now the caller's; NULL when there is none to be had. */
struct block *spool_block(struct spool *spool);

/** Give an unused block back. NULL is fine. */
void spool_return(struct spool *spool, struct block *block);

/** Write a block to a source's open slot; takes the block. */
void spool_write(struct spool *spool, struct slotfile *file, struct block *block);

/** Open the first slot of a source that came later. */
int spool_open(struct spool *spool, struct slotfile *file, const struct slot *slot);

/**
 * Close a source's slot, log it, book it, tell the launcher.
 *
 * @param next  slot to open then; NULL = none, the collector stops
 */
int spool_close(struct spool *spool, struct slotfile *file, const struct decoder_counts *counts,
		const struct slot *next);

/** Once a second and source: see slotfile_tick(). */
int spool_tick(struct spool *spool, struct slotfile *file);

/** Complete what collectors that died have left, see slotfile_recover(). */
int spool_recover(struct spool *spool, struct slotfile *file);

/** A line for the log, after everything that was asked for before. */
int spool_log(struct spool *spool, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
