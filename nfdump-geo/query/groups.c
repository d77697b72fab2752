/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/groups.h"

#include <stdlib.h>
#include <string.h>

void groups_init(struct groups *groups, const size_t key_bytes[KEY_SHAPES], size_t value_bytes,
		 bool (*add)(struct group_partition *, void *, const void *, bool))
{
	*groups = (struct groups){.value_bytes = value_bytes, .add = add};
	for (unsigned shape = 0; shape < KEY_SHAPES; shape++)
		groups->key_bytes[shape] = key_bytes[shape];
	for (unsigned k = 0; k < GROUP_PARTITIONS; k++) {
		struct group_partition *partition = &groups->partition[k];

		pthread_mutex_init(&partition->lock, NULL);
		for (unsigned shape = 0; shape < KEY_SHAPES; shape++)
			hash_init(&partition->table[shape], key_bytes[shape], value_bytes);
	}
}

void groups_fini(struct groups *groups)
{
	for (unsigned k = 0; groups->add && k < GROUP_PARTITIONS; k++) {
		struct group_partition *partition = &groups->partition[k];

		for (unsigned shape = 0; shape < KEY_SHAPES; shape++)
			hash_fini(&partition->table[shape]);
		arena_fini(&partition->arena);
		pthread_mutex_destroy(&partition->lock);
	}
	groups->add = NULL;
}

size_t groups_count(const struct groups *groups)
{
	size_t count = 0;

	for (unsigned k = 0; k < GROUP_PARTITIONS; k++)
		for (unsigned shape = 0; shape < KEY_SHAPES; shape++)
			count += groups->partition[k].table[shape].count;
	return count;
}

void groups_each(const struct groups *groups,
		 void (*each)(void *arg, enum key_shape shape, const void *key, const void *value),
		 void *arg)
{
	for (unsigned k = 0; k < GROUP_PARTITIONS; k++)
		for (unsigned shape = 0; shape < KEY_SHAPES; shape++) {
			const struct hash *table = &groups->partition[k].table[shape];

			for (uint32_t i = 0; i < table->count; i++)
				each(arg, shape, hash_key(table, i), hash_value(table, i));
		}
}

/* An item: hash, key, value. */
bool group_feed_init(struct group_feed *feed, struct groups *groups)
{
	size_t bytes = 0;

	*feed = (struct group_feed){.groups = groups};
	for (unsigned shape = 0; shape < KEY_SHAPES; shape++) {
		feed->item_bytes[shape] = 8 + groups->key_bytes[shape] + groups->value_bytes;
		feed->start[shape] = bytes;
		bytes += GROUP_PARTITIONS * GROUP_BATCH * feed->item_bytes[shape];
	}
	feed->item = malloc(bytes);
	return feed->item != NULL;
}

void group_feed_fini(struct group_feed *feed)
{
	free(feed->item);
	feed->item = NULL;
}

static uint8_t *items_of(const struct group_feed *feed, enum key_shape shape, unsigned number)
{
	return feed->item + feed->start[shape] + number * GROUP_BATCH * feed->item_bytes[shape];
}

static void run_batch(struct group_feed *feed, enum key_shape shape, unsigned number)
{
	struct groups *groups = feed->groups;
	struct group_partition *partition = &groups->partition[number];
	struct hash *table = &partition->table[shape];
	const size_t bytes = feed->item_bytes[shape], key_bytes = groups->key_bytes[shape];
	const uint8_t *item = items_of(feed, shape, number);
	unsigned count = feed->count[shape][number];

	pthread_mutex_lock(&partition->lock);
	for (unsigned i = 0; i < count; i++)
		hash_prefetch(table, bytes_get64(item + i * bytes));
	for (unsigned i = 0; i < count; i++)
		hash_prefetch_entry(table, bytes_get64(item + i * bytes));
	for (unsigned i = 0; i < count; i++, item += bytes) {
		bool fresh;
		void *group = hash_upsert(table, item + 8, bytes_get64(item), &fresh);

		if (!group || !groups->add(partition, group, item + 8 + key_bytes, fresh))
			feed->failed = true;
	}
	pthread_mutex_unlock(&partition->lock);
	feed->count[shape][number] = 0;
}

/* The slot is told by the upper half of the hash, the partition by the lowest bits. */
void group_feed_add(struct group_feed *feed, enum key_shape shape, const void *key,
		    const void *value)
{
	size_t key_bytes = feed->groups->key_bytes[shape];
	uint64_t code = hash_bytes(key, key_bytes);
	unsigned number = code % GROUP_PARTITIONS;
	uint8_t *item = items_of(feed, shape, number) +
			feed->count[shape][number] * feed->item_bytes[shape];

	bytes_put64(item, code);
	memcpy(item + 8, key, key_bytes);
	memcpy(item + 8 + key_bytes, value, feed->groups->value_bytes);
	if (++feed->count[shape][number] == GROUP_BATCH)
		run_batch(feed, shape, number);
}

bool group_feed_flush(struct group_feed *feed)
{
	for (unsigned shape = 0; shape < KEY_SHAPES; shape++)
		for (unsigned k = 0; k < GROUP_PARTITIONS; k++)
			if (feed->count[shape][k])
				run_batch(feed, shape, k);
	return !feed->failed;
}
