/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/aggregate.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "flow/geotail.h"
#include "geo/country.h"

enum { PARTITIONS = 32, MERGE_THREADS = 4, LIST_CHUNK = 4096 };

struct group {
	struct counters sum;
	uint64_t order;		/* of its first flow */
	const uint8_t *record;	/* of its first flow; NULL with AGGREGATE_KEYS; owned by the arena */
	uint16_t countries[2];	/* of its first flow */
	bool tagged;		/* they are known */
	bool turned;		/* -b: the first flow's source sorts behind its destination */
	uint8_t tcp_flags, reverse_flags;
	uint8_t nfversion;
	uint8_t blanks; /* bit per row of blank_elements that the first flow had */
};

/* See aggregate_record(). */
static const uint8_t blank_elements[] = {ELEMENT_IP6, ELEMENT_NEXT6, ELEMENT_BGP_NEXT6,
					 ELEMENT_ROUTER6};

/* With AGGREGATE_NONE groups are not hashed but listed. */
struct list_chunk {
	struct list_chunk *next;
	size_t count;
	struct group group[LIST_CHUNK];
};

struct part {
	struct aggregate *aggregate;
	struct part *next;
	struct hash table[PARTITIONS];
	struct list_chunk *list;
	size_t listed;
	struct arena arena;
	struct record_view view; /* of records being merged */
	bool failed;
};

struct aggregate {
	struct scan_sink sink;
	enum aggregate_mode mode;
	const struct keys *keys;
	size_t key_bytes;
	struct part *part; /* of each worker */
};

/* The key of -a and -b. */
struct tuple {
	uint64_t src_high, src_low, dst_high, dst_low;
	uint16_t src_port, dst_port;
	uint8_t proto, family, unused[2];
};

static struct tuple tuple_of(const struct record_view *view)
{
	struct address src = view_src(view), dst = view_dst(view);

	return (struct tuple){src.high, src.low, dst.high, dst.low,
			      view_u16(view, ELEMENT_GENERIC, 40),
			      view_u16(view, ELEMENT_GENERIC, 42), view_proto(view), src.family, {0}};
}

static bool has_directions(uint8_t proto)
{
	return proto == 6 || proto == 17;
}

/* Source and destination changed about, so that both directions have one key. */
static bool turn_tuple(struct tuple *tuple)
{
	struct tuple old = *tuple;
	bool turn;

	if (!has_directions(old.proto))
		return false;
	if (old.src_high != old.dst_high)
		turn = old.src_high > old.dst_high;
	else if (old.src_low != old.dst_low)
		turn = old.src_low > old.dst_low;
	else
		turn = old.src_port > old.dst_port;
	if (turn) {
		tuple->src_high = old.dst_high;
		tuple->src_low = old.dst_low;
		tuple->dst_high = old.src_high;
		tuple->dst_low = old.src_low;
		tuple->src_port = old.dst_port;
		tuple->dst_port = old.src_port;
	}
	return turn;
}

static struct counters counters_of(const struct record_view *view)
{
	return (struct counters){
		.first_ms = view_first_ms(view),
		.last_ms = view_last_ms(view),
		.flows = view_flows(view),
		.in_packets = view_u64(view, ELEMENT_GENERIC, 24),
		.in_bytes = view_u64(view, ELEMENT_GENERIC, 32),
		.out_packets = view_u64(view, ELEMENT_COUNTERS, 8),
		.out_bytes = view_u64(view, ELEMENT_COUNTERS, 16),
	};
}

static void turn_counters(struct counters *counters)
{
	uint64_t packets = counters->in_packets, bytes = counters->in_bytes;

	counters->in_packets = counters->out_packets;
	counters->in_bytes = counters->out_bytes;
	counters->out_packets = packets;
	counters->out_bytes = bytes;
}

/* A copy of the record; countries that were filled in become a geo tail. */
static const uint8_t *keep_record(struct part *part, const struct record_view *view)
{
	bool filled = view->geo && !view->geo_offset;
	uint8_t *copy = arena_alloc(&part->arena,
				    view->record_bytes + (filled ? 2 * GEOTAIL_BYTES : 0));

	if (!copy) {
		part->failed = true;
		return NULL;
	}
	if (!filled || !geotail_add(view, view_src_country(view), view_dst_country(view), copy))
		memcpy(copy, view->bytes, view->record_bytes);
	return copy;
}

static void start_group(struct part *part, struct group *group, const struct record_view *view,
			uint64_t order, bool turned)
{
	group->sum = counters_of(view);
	group->order = order;
	group->turned = turned;
	group->tcp_flags = view_tcp_flags(view);
	group->reverse_flags = view_u8(view, ELEMENT_MISC, 14);
	group->nfversion = view->bytes[11];
	for (unsigned i = 0; i < sizeof(blank_elements); i++)
		group->blanks |= (uint8_t)(view_has(view, blank_elements[i]) << i);
	group->tagged = view->geo != NULL;
	group->countries[0] = view_src_country(view);
	group->countries[1] = view_dst_country(view);
	group->record = part->aggregate->mode == AGGREGATE_KEYS ? NULL : keep_record(part, view);
}

static void add_flow(struct group *group, const struct record_view *view, bool turned)
{
	struct counters counters = counters_of(view);

	if (turned == group->turned) {
		group->tcp_flags |= view_tcp_flags(view);
		group->reverse_flags |= view_u8(view, ELEMENT_MISC, 14);
	} else {
		turn_counters(&counters);
		group->reverse_flags |= view_tcp_flags(view);
	}
	counters_merge(&group->sum, &counters);
}

static void group_flow(struct part *part, const struct record_view *view, uint64_t order,
		       const void *key, bool turned)
{
	uint64_t code = hash_bytes(key, part->aggregate->key_bytes);
	bool fresh;
	struct group *group =
		hash_upsert(&part->table[code % PARTITIONS], key, code, &fresh);

	if (!group)
		part->failed = true;
	else if (fresh)
		start_group(part, group, view, order, turned);
	else
		add_flow(group, view, turned);
}

static void list_flow(struct part *part, const struct record_view *view, uint64_t order)
{
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
	start_group(part, &part->list->group[part->list->count++], view, order, false);
	part->listed++;
}

static void take_flow(void *worker, const struct flow_row *row, uint64_t order)
{
	struct part *part = worker;
	const struct record_view *view = row->view;
	struct tuple tuple;
	bool turned;

	switch (part->aggregate->mode) {
	case AGGREGATE_NONE:
		list_flow(part, view, order);
		break;
	case AGGREGATE_FLOW:
		tuple = tuple_of(view);
		group_flow(part, view, order, &tuple, false);
		break;
	case AGGREGATE_BIDIR:
	case AGGREGATE_GUESS:
		tuple = tuple_of(view);
		turned = turn_tuple(&tuple);
		group_flow(part, view, order, &tuple, turned);
		break;
	case AGGREGATE_KEYS: {
		uint8_t key[KEY_BYTES_MAX] = {0};

		keys_of(part->aggregate->keys, view, key);
		group_flow(part, view, order, key, false);
		break;
	}
	}
}

static void *open_part(struct scan_sink *sink)
{
	struct aggregate *aggregate = (struct aggregate *)sink;
	struct part *part = calloc(1, sizeof(*part));

	if (!part)
		return NULL;
	for (unsigned i = 0; i < PARTITIONS; i++)
		hash_init(&part->table[i], aggregate->key_bytes, sizeof(struct group));
	part->aggregate = aggregate;
	part->next = aggregate->part;
	aggregate->part = part;
	return part;
}

static int end_block(void *worker, struct error *error)
{
	struct part *part = worker;

	return part->failed ? error_set(error, NFGEO_ENOMEM, "out of memory") : NFGEO_OK;
}

struct aggregate *aggregate_new(enum aggregate_mode mode, const struct keys *keys)
{
	struct aggregate *aggregate = calloc(1, sizeof(*aggregate));

	if (!aggregate)
		return NULL;
	aggregate->sink = (struct scan_sink){open_part, take_flow, NULL, end_block, false, NULL};
	aggregate->mode = mode;
	aggregate->keys = keys;
	aggregate->key_bytes = mode == AGGREGATE_KEYS ? keys->bytes : sizeof(struct tuple);
	return aggregate;
}

static void free_part(struct part *part)
{
	for (unsigned i = 0; i < PARTITIONS; i++)
		hash_fini(&part->table[i]);
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
	free(aggregate);
}

struct scan_sink *aggregate_sink(struct aggregate *aggregate)
{
	return &aggregate->sink;
}

/* Two parts of one group: the earlier flow decides direction and everything that is not summed. */
static void merge_group(struct group *into, const struct group *from)
{
	struct group early = into->order < from->order ? *into : *from;
	struct group late = into->order < from->order ? *from : *into;

	if (early.turned != late.turned) {
		turn_counters(&late.sum);
		early.tcp_flags |= late.reverse_flags;
		early.reverse_flags |= late.tcp_flags;
	} else {
		early.tcp_flags |= late.tcp_flags;
		early.reverse_flags |= late.reverse_flags;
	}
	counters_merge(&early.sum, &late.sum);
	*into = early;
}

static bool merge_table(struct hash *into, struct hash *from)
{
	for (uint32_t i = 0; i < from->count; i++) {
		const void *key = hash_key(from, i);
		bool fresh;
		struct group *group =
			hash_upsert(into, key, hash_bytes(key, from->key_bytes), &fresh);

		if (!group)
			return false;
		if (fresh)
			*group = *(const struct group *)hash_value(from, i);
		else
			merge_group(group, hash_value(from, i));
	}
	hash_fini(from);
	return true;
}

/* A share of the partitions: the tables of all workers into those of the first. */
static bool merge_some(void *arg, unsigned share)
{
	struct part *first = ((struct aggregate *)arg)->part;
	bool done = true;

	for (unsigned k = share; k < PARTITIONS; k += MERGE_THREADS)
		for (struct part *part = first->next; part; part = part->next)
			done &= merge_table(&first->table[k], &part->table[k]);
	return done;
}

int aggregate_finish(struct aggregate *aggregate, struct error *error)
{
	if (!aggregate->part || !aggregate->part->next || aggregate->mode == AGGREGATE_NONE)
		return NFGEO_OK;
	if (!parallel_run(MERGE_THREADS, merge_some, aggregate))
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	return NFGEO_OK;
}

size_t aggregate_count(const struct aggregate *aggregate)
{
	size_t count = 0;

	for (struct part *part = aggregate->part; part; part = part->next) {
		count += part->listed;
		for (unsigned i = 0; i < PARTITIONS; i++)
			count += part->table[i].count;
	}
	return count;
}

static void rank_one(struct ranked *ranked, const struct group *group, const void *key, int order,
		     bool ascending)
{
	uint64_t value = order < 0 ? 0 : order_table[order].value(&group->sum);

	*ranked = (struct ranked){rank_value(value, ascending), group->order, key, group};
}

void aggregate_rank(const struct aggregate *aggregate, int order, bool ascending,
		    struct ranked *ranked)
{
	for (struct part *part = aggregate->part; part; part = part->next) {
		for (const struct list_chunk *chunk = part->list; chunk; chunk = chunk->next)
			for (size_t i = 0; i < chunk->count; i++)
				rank_one(ranked++, &chunk->group[i], NULL, order, ascending);
		for (unsigned k = 0; k < PARTITIONS; k++)
			for (uint32_t i = 0; i < part->table[k].count; i++)
				rank_one(ranked++, hash_value(&part->table[k], i),
					 hash_key(&part->table[k], i), order, ascending);
	}
}

/* Groups as records */

static void put_generic(uint8_t *payload, const struct counters *sum)
{
	bytes_put64(payload, sum->first_ms);
	bytes_put64(payload + 8, sum->last_ms);
	bytes_put64(payload + 24, sum->in_packets);
	bytes_put64(payload + 32, sum->in_bytes);
}

static void put_counters(uint8_t *payload, const struct counters *sum)
{
	bytes_put64(payload, sum->flows);
	bytes_put64(payload + 8, sum->out_packets);
	bytes_put64(payload + 16, sum->out_bytes);
}

static bool needs_counters(const struct counters *sum)
{
	return sum->flows != 1 || sum->out_packets || sum->out_bytes;
}

/* A record of -A: the key's fields, the sums, and the countries where they stay true. */
static size_t record_of_key(const struct keys *keys, const uint8_t *key, const struct group *group,
			    bool blanks, uint8_t *out)
{
	struct record_builder builder;
	uint8_t *place[ELEMENT_SLOTS] = {0};
	uint16_t countries[2] = {keys->whole_src ? group->countries[0] : 0,
				 keys->whole_dst ? group->countries[1] : 0};
	bool tail = keys->has_country || (group->tagged && (keys->whole_src || keys->whole_dst));
	struct record_view view;
	uint8_t plain[4096];
	size_t len;

	record_begin(&builder, tail ? plain : out, sizeof(plain));
	builder.bytes[11] = group->nfversion;
	place[ELEMENT_GENERIC] = record_element(&builder, ELEMENT_GENERIC, 48);
	keys_restore(keys, key, &builder, place, countries);
	if (tail && !place[ELEMENT_IP4] && !place[ELEMENT_IP6])
		place[ELEMENT_IP4] = record_element(&builder, ELEMENT_IP4, 8);
	for (unsigned i = 0; blanks && i < sizeof(blank_elements); i++) {
		unsigned id = blank_elements[i];

		/* the IPv4 form of an element is always the one before */
		if (group->blanks >> i & 1 && !place[id] && !place[id - 1])
			record_element(&builder, id, element_table[id].bytes);
	}
	put_generic(place[ELEMENT_GENERIC], &group->sum);
	if (needs_counters(&group->sum))
		put_counters(record_element(&builder, ELEMENT_COUNTERS, 24), &group->sum);
	len = record_end(&builder);
	if (!tail)
		return len;
	record_view_init(&view);
	if (record_view(&view, plain, len) != NFGEO_OK)
		return 0;
	return geotail_add(&view, countries[0], countries[1], out);
}

static void exchange(uint8_t *a, uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = a[i];

		a[i] = b[i];
		b[i] = byte;
	}
}

/* Pairs of fields that change places with the direction. */
static void turn_record(uint8_t *record, const struct record_view *view)
{
	static const struct {
		uint8_t element, a, b, len;
	} pair[] = {
		{ELEMENT_IP4, 0, 4, 4},	    {ELEMENT_IP6, 0, 16, 16}, {ELEMENT_GENERIC, 40, 42, 2},
		{ELEMENT_MISC, 0, 4, 4},    {ELEMENT_MISC, 8, 9, 1},  {ELEMENT_AS, 0, 4, 4},
		{ELEMENT_VLAN, 0, 4, 4},    {ELEMENT_NAT4, 0, 4, 4},  {ELEMENT_NAT6, 0, 16, 16},
		{ELEMENT_NAT_PORT, 0, 2, 2},
	};

	for (size_t i = 0; i < sizeof(pair) / sizeof(*pair); i++) {
		uint8_t *payload = record + view->offset[pair[i].element];

		if (view_has(view, pair[i].element))
			exchange(payload + pair[i].a, payload + pair[i].b, pair[i].len);
	}
	for (unsigned id = ELEMENT_IP4; id <= ELEMENT_IP6; id++) {
		unsigned tail = view_has(view, id) ? geotail_find(id, view_payload(view, id),
								  view->payload_bytes[id])
						   : 0;
		uint8_t *at = record + view->offset[id] + tail + GEOTAIL_PAIR;

		if (tail)
			exchange(at, at + 2, 2);
	}
}

/* -B: what looks like a server's port belongs to the destination. */
static bool looks_turned(const struct record_view *view)
{
	static const uint16_t border[] = {1024, 32768, 49152};
	uint16_t src = view_u16(view, ELEMENT_GENERIC, 40), dst = view_u16(view, ELEMENT_GENERIC, 42);

	if (!has_directions(view_proto(view)))
		return false;
	for (unsigned i = 0; i < 3; i++)
		if (src < border[i] && dst >= border[i])
			return true;
	return false;
}

/* A record of everything but -A: the first flow's, with the sums in it. */
static size_t record_of_first(enum aggregate_mode mode, const struct group *group, uint8_t *out)
{
	size_t len = bytes_get16(group->record + 2);
	struct counters sum = group->sum;
	uint8_t flags = group->tcp_flags, reverse = group->reverse_flags;
	struct record_view view;

	memcpy(out, group->record, len);
	record_view_init(&view);
	if (mode == AGGREGATE_NONE || record_view(&view, out, len) != NFGEO_OK)
		return len;
	if (mode == AGGREGATE_GUESS && looks_turned(&view)) {
		turn_record(out, &view);
		turn_counters(&sum);
		if (reverse) {
			flags = group->reverse_flags;
			reverse = group->tcp_flags;
		}
	}
	if (view_has(&view, ELEMENT_GENERIC)) {
		put_generic(out + view.offset[ELEMENT_GENERIC], &sum);
		out[view.offset[ELEMENT_GENERIC] + 45] = flags;
	}
	if (view_has(&view, ELEMENT_MISC))
		out[view.offset[ELEMENT_MISC] + 14] = reverse;
	if (view_has(&view, ELEMENT_COUNTERS)) {
		put_counters(out + view.offset[ELEMENT_COUNTERS], &sum);
	} else if (needs_counters(&sum)) {
		if (len + 28 > RECORD_MAX_BYTES)
			return 0;
		bytes_put16(out + len, ELEMENT_COUNTERS);
		bytes_put16(out + len + 2, 28);
		put_counters(out + len + 4, &sum);
		bytes_put16(out + 4, (uint16_t)(bytes_get16(out + 4) + 1));
		len += 28;
		bytes_put16(out + 2, (uint16_t)len);
	}
	return len;
}

size_t aggregate_record(const struct aggregate *aggregate, const struct ranked *ranked, bool blanks,
			uint8_t *out)
{
	if (aggregate->mode == AGGREGATE_KEYS)
		return record_of_key(aggregate->keys, ranked->key, ranked->group, blanks, out);
	return record_of_first(aggregate->mode, ranked->group, out);
}
