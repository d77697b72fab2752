/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/moved.h"

#include <stdlib.h>

void moved_init(struct moved *moved)
{
	*moved = (struct moved){0};
	hash_init(&moved->pair, sizeof(uint64_t), sizeof(struct moved_count));
}

void moved_fini(struct moved *moved)
{
	hash_fini(&moved->pair);
}

static void add(struct moved_count *to, const struct moved_count *count)
{
	to->flows += count->flows;
	to->packets += count->packets;
	to->bytes += count->bytes;
}

static uint64_t make_key(bool dst, uint16_t stored, uint16_t now)
{
	return (uint64_t)dst << 32 | (uint32_t)stored << 16 | now;
}

static void add_pair(struct moved *moved, uint64_t key, const struct moved_count *count)
{
	bool fresh;
	struct moved_count *sum =
		hash_upsert(&moved->pair, &key, hash_bytes(&key, sizeof(key)), &fresh);

	if (sum)
		add(sum, count);
	else
		moved->failed = true;
}

bool moved_add(struct moved *moved, const struct record_view *view, const uint16_t *now)
{
	struct moved_count count = {view_flows(view), view_packets(view), view_bytes(view)};
	uint16_t src = view_src_country(view), dst = view_dst_country(view);

	if (!view->geo) {
		add(&moved->untagged, &count);
		return false;
	}
	add(&moved->all, &count);
	if (src == now[0] && dst == now[1])
		return false;
	add(&moved->changed, &count);
	if (src != now[0])
		add_pair(moved, make_key(false, src, now[0]), &count);
	if (dst != now[1])
		add_pair(moved, make_key(true, dst, now[1]), &count);
	return true;
}

void moved_merge(struct moved *to, const struct moved *from)
{
	add(&to->all, &from->all);
	add(&to->changed, &from->changed);
	add(&to->untagged, &from->untagged);
	to->failed |= from->failed;
	for (uint32_t i = 0; i < from->pair.count; i++) {
		uint64_t key;

		memcpy(&key, hash_key(&from->pair, i), sizeof(key));
		add_pair(to, key, hash_value(&from->pair, i));
	}
}

/* Equal ones in the order of their keys, so that the answer does not depend on threads. */
static int by_flows(const void *a, const void *b)
{
	const struct moved_row *one = a, *other = b;
	uint64_t first = make_key(one->dst, one->stored, one->now);
	uint64_t second = make_key(other->dst, other->stored, other->now);

	if (one->count.flows != other->count.flows)
		return one->count.flows < other->count.flows ? 1 : -1;
	return first < second ? -1 : first > second;
}

struct moved_row *moved_rows(const struct moved *moved, size_t *count)
{
	struct moved_row *row = calloc(moved->pair.count + 1u, sizeof(*row));

	*count = row ? moved->pair.count : 0;
	for (uint32_t i = 0; i < *count; i++) {
		uint64_t key;

		memcpy(&key, hash_key(&moved->pair, i), sizeof(key));
		row[i].stored = (uint16_t)(key >> 16);
		row[i].now = (uint16_t)key;
		row[i].dst = key >> 32;
		memcpy(&row[i].count, hash_value(&moved->pair, i), sizeof(row[i].count));
	}
	if (row)
		qsort(row, *count, sizeof(*row), by_flows);
	return row;
}
