/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/aggregate.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "flow/geotail.h"
#include "query/group_record.h"
#include "query/groups.h"

enum { LIST_CHUNK = 4096 };

/* Of everything but -A: the first flow is kept. */
struct record_group {
	struct group group;
	const uint8_t
		*record; /* owned by an arena; borrowed from the block until it is in the table */
};

/* With AGGREGATE_NONE groups are not hashed but listed. */
struct list_chunk {
	struct list_chunk *next;
	size_t count;
	struct record_group item[LIST_CHUNK];
};

struct part {
	struct aggregate *aggregate;
	struct part *next;
	struct group_feed feed;
	struct list_chunk *list;
	size_t listed;
	struct arena arena; /* records of the list */
	bool failed;
};

struct aggregate {
	struct scan_sink sink;
	enum aggregate_mode mode;
	const struct keys *keys;
	struct groups groups;
	struct part *part; /* of each worker */
};

/* The key of -a and -b: addresses of 4 or 16 bytes, ports, protocol, family. */
struct tuple {
	struct address src, dst;
	uint16_t src_port, dst_port;
	uint8_t proto;
};

static const size_t tuple_bytes[KEY_SHAPES] = {16, 40};

static enum key_shape pack_tuple(const struct tuple *tuple, uint8_t *packed)
{
	bool wide = tuple->src.family == AF_INET6;
	uint8_t *at = packed;

	memset(packed, 0, tuple_bytes[wide]);
	if (wide) {
		bytes_put64(at, tuple->src.high);
		bytes_put64(at + 8, tuple->src.low);
		bytes_put64(at + 16, tuple->dst.high);
		bytes_put64(at + 24, tuple->dst.low);
		at += 32;
	} else {
		bytes_put32(at, (uint32_t)tuple->src.low);
		bytes_put32(at + 4, (uint32_t)tuple->dst.low);
		at += 8;
	}
	bytes_put16(at, tuple->src_port);
	bytes_put16(at + 2, tuple->dst_port);
	at[4] = tuple->proto;
	at[5] = tuple->src.family;
	return wide ? KEY_WIDE : KEY_NARROW;
}

static struct tuple tuple_of(const struct record_view *view)
{
	return (struct tuple){view_src(view), view_dst(view), view_u16(view, ELEMENT_GENERIC, 40),
			      view_u16(view, ELEMENT_GENERIC, 42), view_proto(view)};
}

/* Source and destination changed about, so that both directions have one key. */
static bool turn_tuple(struct tuple *tuple)
{
	struct tuple old = *tuple;
	bool turn;

	if (!group_has_directions(old.proto))
		return false;
	if (old.src.high != old.dst.high)
		turn = old.src.high > old.dst.high;
	else if (old.src.low != old.dst.low)
		turn = old.src.low > old.dst.low;
	else
		turn = old.src_port > old.dst_port;
	if (turn)
		*tuple = (struct tuple){old.dst, old.src, old.dst_port, old.src_port, old.proto};
	return turn;
}

/* A copy of a flow's record; countries that were filled in become a geo tail. */
static const uint8_t *keep_record(struct arena *arena, const struct record_group *from)
{
	bool filled = from->group.flags & GROUP_FILLED;
	size_t len = bytes_get16(from->record + 2);
	uint8_t *copy = arena_alloc(arena, len + (filled ? 2 * GEOTAIL_BYTES : 0));
	struct record_view view;

	if (!copy)
		return NULL;
	record_view_init(&view);
	if (filled && record_view(&view, from->record, len) == NFGEO_OK &&
	    geotail_add(&view, from->group.countries[0], from->group.countries[1], copy))
		return copy;
	return memcpy(copy, from->record, len);
}

static bool add_keys(struct group_partition *partition, void *into, const void *from, bool fresh)
{
	(void)partition;
	if (fresh)
		memcpy(into, from, sizeof(struct group));
	else
		group_merge(into, from);
	return true;
}

static bool add_record(struct group_partition *partition, void *into, const void *from, bool fresh)
{
	struct record_group *group = into;
	const struct record_group *other = from;

	if (fresh)
		group->group = other->group;
	if (!fresh && !group_merge(&group->group, &other->group))
		return true;
	group->record = keep_record(&partition->arena, other);
	return group->record != NULL;
}

static void list_flow(struct part *part, const struct record_group *flow)
{
	struct record_group *item;

	if (!part->list || part->list->count == LIST_CHUNK) {
		struct list_chunk *chunk = malloc(sizeof(*chunk));

		if (!chunk) {
			part->failed = true;
			return;
		}
		chunk->count = 0;
		chunk->next = part->list;
		part->list = chunk;
	}
	item = &part->list->item[part->list->count];
	item->group = flow->group;
	item->record = keep_record(&part->arena, flow);
	part->failed |= !item->record;
	part->list->count += item->record != NULL;
	part->listed += item->record != NULL;
}

static void take_flow(void *worker, const struct flow_row *row, uint64_t order)
{
	struct part *part = worker;
	const struct aggregate *aggregate = part->aggregate;
	const struct record_view *view = row->view;
	uint8_t packed[KEY_BYTES_MAX];
	struct stat_value value[KEYS_MAX];
	enum key_shape shape = KEY_NARROW;
	struct record_group flow;
	struct tuple tuple;
	bool turned = false;

	if (aggregate->mode == AGGREGATE_KEYS) {
		keys_values(aggregate->keys, view, value);
		shape = keys_pack(aggregate->keys, value, packed);
	} else if (aggregate->mode != AGGREGATE_NONE) {
		tuple = tuple_of(view);
		turned = aggregate->mode != AGGREGATE_FLOW && turn_tuple(&tuple);
		shape = pack_tuple(&tuple, packed);
	}
	flow.group = group_of(view, order, turned);
	flow.record = view->bytes;
	if (aggregate->mode == AGGREGATE_NONE)
		list_flow(part, &flow);
	else
		group_feed_add(&part->feed, shape, packed, &flow);
}

static void *open_part(struct scan_sink *sink)
{
	struct aggregate *aggregate = (struct aggregate *)sink;
	struct part *part = calloc(1, sizeof(*part));

	if (!part)
		return NULL;
	part->aggregate = aggregate;
	part->next = aggregate->part;
	aggregate->part = part;
	return aggregate->mode == AGGREGATE_NONE || group_feed_init(&part->feed, &aggregate->groups)
		       ? part
		       : NULL;
}

/* Records that wait point into the block that ends here. */
static int end_block(void *worker, struct error *error)
{
	struct part *part = worker;
	bool records =
		part->aggregate->mode != AGGREGATE_KEYS && part->aggregate->mode != AGGREGATE_NONE;

	if (part->failed || part->feed.failed || (records && !group_feed_flush(&part->feed)))
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	return NFGEO_OK;
}

struct aggregate *aggregate_new(enum aggregate_mode mode, const struct keys *keys)
{
	struct aggregate *aggregate = calloc(1, sizeof(*aggregate));

	if (!aggregate)
		return NULL;
	aggregate->sink = (struct scan_sink){
		.open = open_part, .flow = take_flow, .block_end = end_block};
	aggregate->mode = mode;
	aggregate->keys = keys;
	if (mode == AGGREGATE_KEYS)
		groups_init(&aggregate->groups, keys->bytes, sizeof(struct group), add_keys);
	else
		groups_init(&aggregate->groups, tuple_bytes, sizeof(struct record_group),
			    add_record);
	return aggregate;
}

static void free_part(struct part *part)
{
	group_feed_fini(&part->feed);
	while (part->list) {
		struct list_chunk *next = part->list->next;

		free(part->list);
		part->list = next;
	}
	arena_fini(&part->arena);
	free(part);
}

void aggregate_free(struct aggregate *aggregate)
{
	if (!aggregate)
		return;
	while (aggregate->part) {
		struct part *next = aggregate->part->next;

		free_part(aggregate->part);
		aggregate->part = next;
	}
	groups_fini(&aggregate->groups);
	free(aggregate);
}

struct scan_sink *aggregate_sink(struct aggregate *aggregate)
{
	return &aggregate->sink;
}

int aggregate_finish(struct aggregate *aggregate, struct error *error)
{
	for (struct part *part = aggregate->part; part; part = part->next)
		if (part->feed.item && !group_feed_flush(&part->feed))
			return error_set(error, NFGEO_ENOMEM, "out of memory");
	return NFGEO_OK;
}

size_t aggregate_count(const struct aggregate *aggregate)
{
	size_t count = groups_count(&aggregate->groups);

	for (struct part *part = aggregate->part; part; part = part->next)
		count += part->listed;
	return count;
}

/* A ranking in the making. */
struct making {
	int order;
	bool ascending;
	struct ranking *ranking;
};

static void rank_group(void *arg, enum key_shape shape, const void *key, const void *value)
{
	const struct making *making = arg;
	const struct group *group = value;
	uint64_t number = making->order < 0 ? 0 : order_table[making->order].value(&group->sum);

	(void)shape;
	ranking_add(making->ranking, &(struct ranked){rank_value(number, making->ascending),
						      group->order, key, group});
}

void aggregate_rank(const struct aggregate *aggregate, int order, bool ascending,
		    struct ranking *ranking)
{
	struct making making = {order, ascending, ranking};

	for (struct part *part = aggregate->part; part; part = part->next)
		for (const struct list_chunk *chunk = part->list; chunk; chunk = chunk->next)
			for (size_t i = 0; i < chunk->count; i++)
				rank_group(&making, KEY_NARROW, NULL, &chunk->item[i]);
	groups_each(&aggregate->groups, rank_group, &making);
	ranking_sort(ranking);
}

static void unpack(const struct aggregate *aggregate, const struct ranked *ranked,
		   struct stat_value *value)
{
	size_t key_bytes = (size_t)((const uint8_t *)ranked->group - (const uint8_t *)ranked->key);

	keys_unpack(aggregate->keys, keys_shape(aggregate->keys, key_bytes), ranked->key, value);
}

bool aggregate_values(const struct aggregate *aggregate, const struct ranked *ranked,
		      struct stat_value value[KEYS_MAX])
{
	if (aggregate->mode != AGGREGATE_KEYS)
		return false;
	unpack(aggregate, ranked, value);
	for (unsigned i = 0; i < aggregate->keys->count; i++)
		value[i] = key_shown(&aggregate->keys->key[i], value[i]);
	return true;
}

size_t aggregate_record(const struct aggregate *aggregate, const struct ranked *ranked, bool blanks,
			uint8_t *out)
{
	const struct record_group *first = ranked->group;
	struct stat_value value[KEYS_MAX];

	if (aggregate->mode == AGGREGATE_KEYS) {
		unpack(aggregate, ranked, value);
		return group_record_of_keys(ranked->group, aggregate->keys, value, blanks, out);
	}
	if (aggregate->mode == AGGREGATE_NONE) {
		memcpy(out, first->record, bytes_get16(first->record + 2));
		return bytes_get16(first->record + 2);
	}
	return group_record_of_first(&first->group, first->record,
				     aggregate->mode == AGGREGATE_GUESS, out);
}
