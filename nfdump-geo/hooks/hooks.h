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

/* A thread's reference to the table that is current, and the answers it was given lately. */
struct hook_local {
	uint64_t generation; /* of the table; 0 = none, as at the start */
	struct geo_table *table;
	struct geo_recent *recent;
	bool filled; /* the block at hand got its countries from the table */
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

#endif
