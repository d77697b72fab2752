/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * groups.h - sums of flows by packed key, made by many workers at once.
 *
 * The table is cut into partitions by bits of the keys' hash. A worker does not touch it flow by
 * flow: it collects some dozen additions for a partition, then takes that partition's lock and adds
 * them all, asking for the memory of every one before it needs the first. So a group is stored
 * once, whatever the number of workers, there is nothing to merge at the end, and cache misses
 * overlap.
 */
#ifndef QUERY_GROUPS_H
#define QUERY_GROUPS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/hash.h"
#include "query/keys.h"

enum { GROUP_PARTITIONS = 64, GROUP_BATCH = 32 };

struct group_partition {
	pthread_mutex_t lock;
	struct hash table[KEY_SHAPES];
	struct arena arena; /* of what values point to */
};

struct groups {
	struct group_partition partition[GROUP_PARTITIONS];
	size_t key_bytes[KEY_SHAPES], value_bytes;
	/** Add a value to a group, fresh or not; called with the partition's lock held.
	 * @return false when out of memory */
	bool (*add)(struct group_partition *partition, void *group, const void *value, bool fresh);
};

/** @param key_bytes  of each shape, multiples of 8; the same for the value */
void groups_init(struct groups *groups, const size_t key_bytes[KEY_SHAPES], size_t value_bytes,
		 bool (*add)(struct group_partition *, void *, const void *, bool));
void groups_fini(struct groups *groups);
size_t groups_count(const struct groups *groups);

/** Visit every group, in no particular order. */
void groups_each(const struct groups *groups,
		 void (*each)(void *arg, enum key_shape shape, const void *key, const void *value),
		 void *arg);

/* What one worker has not yet added. */
struct group_feed {
	struct groups *groups; /* borrowed */
	uint8_t *item;	       /* owns; GROUP_BATCH items for each partition and shape */
	size_t item_bytes[KEY_SHAPES];
	size_t start[KEY_SHAPES];
	uint8_t count[KEY_SHAPES][GROUP_PARTITIONS];
	bool failed; /* out of memory */
};

/** @return false when out of memory */
bool group_feed_init(struct group_feed *feed, struct groups *groups);
void group_feed_fini(struct group_feed *feed);
void group_feed_add(struct group_feed *feed, enum key_shape shape, const void *key,
		    const void *value);

/** Add everything that waits. @return false when memory ran out, now or before */
bool group_feed_flush(struct group_feed *feed);

#endif
