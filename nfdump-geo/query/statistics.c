/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/statistics.h"

#include <stdlib.h>
#include <string.h>

#include "query/distinct.h"
#include "query/groups.h"

enum { DENSE_MAX = 1 << 18 /* places: 16 MiB, of which those in use take memory */ };

/* In an array. The table of groups holds the sum alone: with a key of 8 bytes, one cache line. */
struct entry {
	struct counters sum;
	bool seen; /* there was a flow */
};

/* One -s. Where values are few enough, each worker has an array with a place for every one;
 * otherwise all share a table of groups. */
struct statistic {
	struct statistic_request request;
	struct keys keys; /* its key, and the protocol where that counts */
	unsigned domain;  /* places of the array; 0 = groups */
	unsigned protos;  /* places for each value: one, or one a protocol */
	struct groups groups;
	struct entry *dense;	   /* sums of all workers, after the scan; borrowed from a part */
	struct distinct *distinct; /* likewise */
};

struct part {
	struct statistics *statistics;
	struct part *next;
	struct entry *dense[STATISTICS_MAX]; /* owns; NULL where groups are used */
	struct group_feed feed[STATISTICS_MAX];
	struct distinct *distinct[STATISTICS_MAX]; /* owns; NULL where nobody asks */
	bool failed;
};

struct statistics {
	struct scan_sink sink;
	unsigned count;
	struct part *part;
	struct statistic statistic[STATISTICS_MAX];
};

static inline void add_entry(struct entry *entry, const struct entry *value)
{
	if (entry->seen)
		counters_merge(&entry->sum, &value->sum);
	else
		*entry = *value;
}

static bool add_to_group(struct group_partition *partition, void *group, const void *value,
			 bool fresh)
{
	(void)partition;
	if (fresh)
		memcpy(group, value, sizeof(struct counters));
	else
		counters_merge(group, value);
	return true;
}

/* Which side's hosts a statistic is about; what has no side is about both. */
static enum distinct_side side_of(const struct key *key, enum field_id field)
{
	const char *word = field_table[field].json;

	if (key->source == KEY_PAIR)
		return DISTINCT_BOTH;
	if (strncmp(word, "src", 3) == 0 || field == FIELD_INPUT)
		return DISTINCT_SRC;
	return strncmp(word, "dst", 3) == 0 || field == FIELD_OUTPUT ? DISTINCT_DST : DISTINCT_BOTH;
}

/* In the array, which has as many places as key_domain() says, each protocol its own where that
 * counts. */
static inline struct entry *place_of(struct part *part, unsigned number, uint64_t value,
				     const struct record_view *view)
{
	unsigned protos = part->statistics->statistic[number].protos;

	return &part->dense[number][protos == 1 ? value : value * protos + view_proto(view)];
}

/* One side of a flow. */
static void take_side(struct part *part, unsigned number, enum field_id field,
		      const struct record_view *view, const struct entry *flow)
{
	const struct statistic *statistic = &part->statistics->statistic[number];
	const struct key *key = &statistic->keys.key[0];
	struct stat_value value[2] = {key_value(key, field, view)};
	uint8_t packed[KEY_BYTES_MAX];

	if (part->distinct[number]) {
		struct stat_value member = value[0];

		member.proto = statistic->request.by_proto ? view_proto(view) : 0;
		part->failed |=
			!distinct_flow(part->distinct[number], &member, view, side_of(key, field));
	}
	if (statistic->keys.count > 1)
		value[1].low = view_proto(view);
	if (statistic->domain) { /* with distinct counts: see take_small() */
		add_entry(place_of(part, number, value[0].low, view), flow);
		return;
	}
	group_feed_add(&part->feed[number], keys_pack(&statistic->keys, value, packed), packed,
		       &flow->sum);
}

/* Most statistics by a small number need no more than this. */
static inline bool take_small(struct part *part, unsigned number, enum field_id field,
			      const struct record_view *view, const struct entry *flow)
{
	const struct statistic *statistic = &part->statistics->statistic[number];

	if (!statistic->domain || part->distinct[number])
		return false;
	add_entry(place_of(part, number, key_number(&statistic->keys.key[0], field, view), view),
		  flow);
	return true;
}

static void take_flow(void *worker, const struct flow_row *row, uint64_t order)
{
	struct part *part = worker;
	struct entry flow = {.sum = counters_of(row->view), .seen = true};

	(void)order; /* equal values come in the order of their keys, whoever was first */
	for (unsigned i = 0; i < part->statistics->count; i++) {
		const struct key *key = &part->statistics->statistic[i].keys.key[0];

		if (!take_small(part, i, key->field, row->view, &flow))
			take_side(part, i, key->field, row->view, &flow);
		if (key->also == FIELD_COUNT)
			continue;
		if (!take_small(part, i, key->also, row->view, &flow))
			take_side(part, i, key->also, row->view, &flow);
	}
}

/* Flows between two countries, by one of them or both. */
static void take_sum(struct part *part, unsigned number, enum field_id field,
		     const struct pair_sum *row)
{
	const struct statistic *statistic = &part->statistics->statistic[number];
	struct entry sum = {.sum = row->all.sum, .seen = true};
	uint64_t value = key_country(&statistic->keys.key[0], field, row->src, row->dst);
	struct stat_value values[1] = {{.low = value}};
	uint8_t packed[KEY_BYTES_MAX];

	if (statistic->domain)
		add_entry(&part->dense[number][value], &sum);
	else
		group_feed_add(&part->feed[number], keys_pack(&statistic->keys, values, packed),
			       packed, &sum.sum);
}

static unsigned sides_of(const struct key *key, enum field_id field)
{
	if (key->source == KEY_PAIR)
		return SUMS_PAIR;
	return field == FIELD_SRC_COUNTRY ? SUMS_SRC : SUMS_DST;
}

static void take_sums(void *worker, const struct pair_sum *row, size_t count, enum sum_sides sides)
{
	struct part *part = worker;

	for (unsigned i = 0; i < part->statistics->count; i++) {
		const struct key *key = &part->statistics->statistic[i].keys.key[0];
		bool one = sides_of(key, key->field) & sides;
		bool other = key->also != FIELD_COUNT && (sides_of(key, key->also) & sides);

		for (size_t n = 0; n < count; n++) {
			if (one)
				take_sum(part, i, key->field, &row[n]);
			if (other)
				take_sum(part, i, key->also, &row[n]);
		}
	}
}

/* Sums will do when every statistic counts by countries and nothing else. */
static void offer_sums(struct statistics *statistics)
{
	unsigned of = 0;

	for (unsigned i = 0; i < statistics->count; i++) {
		const struct statistic *statistic = &statistics->statistic[i];
		const struct key *key = &statistic->keys.key[0];

		if (!key_needs_country(key) || statistic->request.by_proto ||
		    statistic->request.orders >> ORDER_DISTINCT)
			return;
		of |= sides_of(key, key->field);
		of |= key->also != FIELD_COUNT ? sides_of(key, key->also) : 0;
	}
	statistics->sink.sums = take_sums;
	statistics->sink.sums_of = of;
}

static int end_block(void *worker, struct error *error)
{
	struct part *part = worker;

	for (unsigned i = 0; i < part->statistics->count; i++)
		part->failed |= part->feed[i].failed;
	return part->failed ? error_set(error, NFGEO_ENOMEM, "out of memory") : NFGEO_OK;
}

static bool open_counts(struct part *part, unsigned number)
{
	struct statistic *statistic = &part->statistics->statistic[number];

	if (statistic->request.orders >> ORDER_DISTINCT &&
	    !(part->distinct[number] = distinct_new()))
		return false;
	if (!statistic->domain)
		return group_feed_init(&part->feed[number], &statistic->groups);
	part->dense[number] = calloc(statistic->domain, sizeof(struct entry));
	return part->dense[number] != NULL;
}

static void *open_part(struct scan_sink *sink)
{
	struct statistics *statistics = (struct statistics *)sink;
	struct part *part = calloc(1, sizeof(*part));

	if (!part)
		return NULL;
	part->statistics = statistics;
	part->next = statistics->part;
	statistics->part = part;
	for (unsigned i = 0; i < statistics->count; i++)
		part->failed |= !open_counts(part, i);
	return part->failed ? NULL : part;
}

static void open_statistic(struct statistic *statistic, const struct statistic_request *request)
{
	static const char proto[] = "proto";
	struct key key;

	statistic->request = *request;
	keys_append(&statistic->keys, &request->key);
	if (request->by_proto && request->key.kind != STAT_PROTO &&
	    key_parse(&key, proto, strlen(proto), NULL) == NFGEO_OK)
		keys_append(&statistic->keys, &key);
	statistic->protos = statistic->keys.count > 1 ? 256 : 1;
	if (key_domain(&request->key) <= DENSE_MAX / statistic->protos)
		statistic->domain = key_domain(&request->key) * statistic->protos;
	groups_init(&statistic->groups, statistic->keys.bytes, sizeof(struct counters),
		    add_to_group);
}

struct statistics *statistics_new(const struct statistic_request *request, unsigned count,
				  struct error *error)
{
	struct statistics *statistics = calloc(1, sizeof(*statistics));

	if (!statistics) {
		error_set(error, NFGEO_ENOMEM, "out of memory");
		return NULL;
	}
	statistics->sink = (struct scan_sink){
		.open = open_part, .flow = take_flow, .block_end = end_block};
	for (unsigned i = 0; i < count && statistics->count < STATISTICS_MAX; i++)
		if (!request[i].record)
			open_statistic(&statistics->statistic[statistics->count++], &request[i]);
	offer_sums(statistics);
	return statistics;
}

void statistics_free(struct statistics *statistics)
{
	if (!statistics)
		return;
	while (statistics->part) {
		struct part *part = statistics->part;

		statistics->part = part->next;
		for (unsigned i = 0; i < statistics->count; i++) {
			free(part->dense[i]);
			group_feed_fini(&part->feed[i]);
			distinct_free(part->distinct[i]);
		}
		free(part);
	}
	for (unsigned i = 0; i < statistics->count; i++)
		groups_fini(&statistics->statistic[i].groups);
	free(statistics);
}

struct scan_sink *statistics_sink(struct statistics *statistics)
{
	return &statistics->sink;
}

/* What a worker still holds, and its arrays into those of the first. */
static bool finish_part(struct statistic *statistic, struct part *part, unsigned number)
{
	if (part->feed[number].item && !group_feed_flush(&part->feed[number]))
		return false;
	for (unsigned i = 0; i < statistic->domain && statistic->dense; i++)
		if (part->dense[number][i].seen)
			add_entry(&statistic->dense[i], &part->dense[number][i]);
	if (statistic->distinct && !distinct_merge(statistic->distinct, part->distinct[number]))
		return false;
	if (!statistic->dense)
		statistic->dense = part->dense[number];
	if (!statistic->distinct)
		statistic->distinct = part->distinct[number];
	return true;
}

int statistics_finish(struct statistics *statistics, struct error *error)
{
	for (unsigned i = 0; i < statistics->count; i++)
		for (struct part *part = statistics->part; part; part = part->next)
			if (!finish_part(&statistics->statistic[i], part, i))
				return error_set(error, NFGEO_ENOMEM, "out of memory");
	return NFGEO_OK;
}

/* Tables */

/* A table in the making. */
struct making {
	const struct statistic *statistic;
	const struct statistic_cut *cut;
	unsigned order;
	struct ranking ranking;
};

static bool within(const struct statistic_limit *limit, uint64_t value)
{
	return !limit->sign || (limit->sign > 0 ? value > limit->value : value < limit->value);
}

/* By the counters that the order is about, as stock does it. */
static bool is_left(const struct statistic_cut *cut, unsigned order, const struct counters *sum)
{
	enum stat_direction direction = order_table[order].direction;
	bool in = direction != STAT_OUT, out = direction != STAT_IN;

	return within(&cut->packets, (in ? sum->in_packets : 0) + (out ? sum->out_packets : 0)) &&
	       within(&cut->bytes, (in ? sum->in_bytes : 0) + (out ? sum->out_bytes : 0));
}

/* Entries of the array have no key but their place. */
static struct stat_value value_of(const struct statistic *statistic, const void *packed,
				  const struct counters *sum)
{
	struct stat_value value[2];
	size_t key_bytes;

	if (statistic->domain) {
		size_t place = (size_t)((const struct entry *)sum - statistic->dense);

		value[0] = (struct stat_value){.low = place / statistic->protos};
		value[1] = (struct stat_value){.low = place % statistic->protos};
	} else {
		key_bytes = (size_t)((const uint8_t *)sum - (const uint8_t *)packed);
		keys_unpack(&statistic->keys, keys_shape(&statistic->keys, key_bytes), packed,
			    value);
	}
	if (statistic->keys.count > 1)
		value[0].proto = (uint8_t)value[1].low;
	else if (statistic->request.by_proto)
		value[0].proto = (uint8_t)value[0].low;
	return value[0];
}

/* Where equal values stand: by their keys, long ones by a hash of them. */
static uint64_t key_order(const struct statistic *statistic, enum key_shape shape, const void *key)
{
	size_t bytes = statistic->keys.bytes[shape];

	return bytes == 8 ? bytes_get64(key) : hash_bytes(key, bytes) | 1ull << 63;
}

static void rank_sum(struct making *making, const void *key, const struct counters *sum,
		     uint64_t order)
{
	const struct statistic *statistic = making->statistic;
	uint64_t counts[STAT_DISTINCT_COUNT], number;

	if (!is_left(making->cut, making->order, sum))
		return;
	if (making->order < ORDER_DISTINCT) {
		number = order_table[making->order].value(sum);
	} else {
		struct stat_value member = value_of(statistic, key, sum);

		distinct_counts(statistic->distinct, &member, counts);
		number = counts[making->order - ORDER_DISTINCT];
	}
	number = rank_value(number, statistic->request.ascending >> making->order & 1);
	ranking_add(&making->ranking, &(struct ranked){number, order, key, sum});
}

static void rank_group(void *arg, enum key_shape shape, const void *key, const void *value)
{
	struct making *making = arg;

	rank_sum(making, key, value, key_order(making->statistic, shape, key));
}

static void row_of(const struct statistic *statistic, const struct ranked *ranked,
		   struct stat_row *row)
{
	const struct counters *sum = ranked->group;
	struct stat_value value = value_of(statistic, ranked->key, sum);

	row->value = key_shown(&statistic->keys.key[0], value);
	row->value.proto = value.proto;
	row->first_ms = sum->first_ms;
	row->last_ms = sum->last_ms;
	row->flows = sum->flows;
	row->in_packets = sum->in_packets;
	row->in_bytes = sum->in_bytes;
	row->out_packets = sum->out_packets;
	row->out_bytes = sum->out_bytes;
	if (statistic->distinct)
		distinct_counts(statistic->distinct, &value, row->distinct);
}

static struct stat_row *make_rows(struct making *making)
{
	const struct statistic *statistic = making->statistic;
	struct stat_row *row;

	for (unsigned i = 0; i < statistic->domain && statistic->dense; i++)
		if (statistic->dense[i].seen)
			rank_sum(making, NULL, &statistic->dense[i].sum, i);
	groups_each(&statistic->groups, rank_group, making);
	ranking_sort(&making->ranking);
	row = calloc(making->ranking.count + 1, sizeof(*row));
	for (size_t i = 0; row && i < making->ranking.count; i++)
		row_of(statistic, &making->ranking.item[i], &row[i]);
	return row;
}

int statistics_table(const struct statistics *statistics, unsigned number, unsigned order,
		     const struct statistic_cut *cut, struct stat_table *table)
{
	const struct statistic *statistic = &statistics->statistic[number];
	struct making making = {.statistic = statistic, .cut = cut, .order = order};
	struct stat_row *row;

	if (!ranking_init(&making.ranking, groups_count(&statistic->groups) + statistic->domain,
			  cut->top))
		return NFGEO_ENOMEM;
	row = make_rows(&making);
	*table = (struct stat_table){
		.name = statistic->request.name,
		.header = statistic->keys.key[0].header,
		.order = order_table[order].name,
		.kind = statistic->keys.key[0].kind,
		.direction = order_table[order].direction,
		.by_proto = statistic->request.by_proto,
		.distinct = statistic->distinct,
		.top = cut->top,
		.row = row,
		.count = making.ranking.count,
	};
	ranking_fini(&making.ranking);
	return row ? NFGEO_OK : NFGEO_ENOMEM;
}
