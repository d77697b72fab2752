/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hooks.h - what the hooks (include/nfgeo_hooks.h) share: the one database of the process, and each
 * thread's hold on it.
 */
#ifndef HOOKS_HOOKS_H
#define HOOKS_HOOKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "geo/recent.h"
#include "geo/table.h"
#include "include/nfgeo_hooks.h"
#include "nffile/sumtable.h"

/*
 * What the block at hand adds up to: made where its countries are filled in, used where it has been
 * written.
 */
struct hook_sums {
	const void *payload; /* of that block; NULL = none is at hand */
	size_t bytes;
	uint32_t crc, filled;			 /* filled: records that got countries .. */
	const struct geo_provenance *provenance; /* .. from this database */
	uint8_t families;			 /* enum geo_families */
	struct sum_table table;
	struct record_views views; /* layouts, kept from block to block */
};

/* A thread's reference to the table that is current, and the answers it was given lately. */
struct hook_local {
	uint64_t generation; /* of the table; 0 = none, as at the start */
	struct geo_table *table;
	struct geo_recent *recent; /* owns; NULL = out of memory */
	struct hook_sums *sums;	   /* owns; NULL = none yet, or out of memory */
	struct record_views *views; /* of records that get tails; owns; NULL = out of memory */
};

struct hook_books {
	/* By the thread that decodes. */
	_Atomic uint64_t tagged;   /* records that got tails for their countries */
	_Atomic uint64_t declined; /* records that had no room for them */
	/* Later, by the threads that write blocks. */
	_Atomic uint64_t looked_up; /* addresses, two to a record */
	_Atomic uint64_t unknown;   /* of these: without country */

	_Atomic uint64_t missing; /* asked for, not stored, no database */
	_Atomic bool collecting;  /* this program is a collector */
};

extern struct hook_books hook_books;
extern _Atomic uint64_t hook_generation; /* of the current table; 0 = none */
extern _Thread_local struct hook_local hook_thread;

/* For the decoder's books: no other thread adds to them. */
static inline void hook_count(_Atomic uint64_t *counter, uint64_t more)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
			      memory_order_relaxed);
}

/** Take a reference to the table that is current now. */
struct hook_local *hook_renew(struct hook_local *local);

/** This thread's hold on the current table; its table is NULL when there is none. */
static inline struct hook_local *hook_local(void)
{
	struct hook_local *local = &hook_thread;

	if (local->generation == atomic_load_explicit(&hook_generation, memory_order_acquire))
		return local;
	return hook_renew(local);
}

/** The sums of a block: those that nfgeo_fill() left in this thread, or made now. NULL when memory
 * is out. */
struct hook_sums *hook_sums_of(const void *payload, size_t bytes);

void hook_sums_free(struct hook_sums *sums);

#endif
