/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/statistics.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/parallel.h"
#include "geo/country.h"
#include "geo/group.h"
#include "query/distinct.h"

enum { FIELD_NONE = FIELD_COUNT };

enum source { SOURCE_NUM, SOURCE_LABEL, SOURCE_ADDR, SOURCE_IP4, SOURCE_IP6, SOURCE_NBAR,
	       SOURCE_CTRY, SOURCE_PAIR, SOURCE_CONT,
	      SOURCE_CLASS, SOURCE_GROUP };

struct statistic {
	const char *names, *header;
	enum stat_kind kind;
	enum source source;
	uint8_t field, also;
};

static const struct statistic statistic_table[] = {
#define STATISTIC(names, header, kind, source, field, also)                                        \
	{names, header, STAT_##kind, SOURCE_##source, FIELD_##field, FIELD_##also},
#include "query/statistics.def"
#undef STATISTIC
/* Any other field, by the name it has in JSON. Text and bytes are no keys: names "". */
#define FIELD_U8(json) json, json, STAT_NUMBER, SOURCE_NUM
#define FIELD_U16(json) json, json, STAT_NUMBER, SOURCE_NUM
#define FIELD_U32(json) json, json, STAT_NUMBER, SOURCE_NUM
#define FIELD_U64(json) json, json, STAT_NUMBER, SOURCE_NUM
#define FIELD_TIME(json) json, json, STAT_LATENCY, SOURCE_NUM /* seconds.mmm */
#define FIELD_IP4(json) json, json, STAT_ADDRESS, SOURCE_IP4
#define FIELD_IP6(json) json, json, STAT_ADDRESS, SOURCE_IP6
#define FIELD_MAC(json) json, json, STAT_MAC, SOURCE_NUM
#define FIELD_MPLS(json) json, json, STAT_MPLS, SOURCE_LABEL
#define FIELD_COUNTRY(json) json, json, STAT_COUNTRY, SOURCE_CTRY
#define FIELD_TEXT(json) "", json, STAT_NUMBER, SOURCE_NUM
#define FIELD_BYTES(json) "", json, STAT_NUMBER, SOURCE_NUM
#define FIELD(symbol, type, element, offset, ipfix, word, json, sql)                               \
	{FIELD_##type(json), FIELD_##symbol, FIELD_NONE},
#include "flow/fields.def"
#undef FIELD
};

/* The key is a stat_value: 8 + 8 + 1 + 1 bytes, zero padded to 24. */
enum { KEY_BYTES = 24 };
_Static_assert(sizeof(struct stat_value) == KEY_BYTES, "stat_value is hashed as it lies");

struct entry {
	struct counters sum;
	uint64_t order; /* of its first flow */
};

enum { PARTITIONS = 32, MERGE_THREADS = 4, QUEUE = 32, MERGE_AHEAD = 8 };

/* One statistic of one worker; an entry's partition is told by the low bits of its hash. */
struct tables {
	struct hash of[PARTITIONS];
};

/* An addition that waits until memory has come: see queue_add(). */
struct waiting {
	struct stat_value value;
	struct counters counters;
	uint64_t order, code;
	struct hash *table;
};

struct part {
	struct statistics *statistics;
	struct part *next;
	struct tables table[STATISTICS_MAX];
	struct waiting queue[QUEUE];
	unsigned waiting;
	struct distinct *distinct[STATISTICS_MAX]; /* NULL where nobody asks */
	bool failed;
};

struct statistics {
	struct scan_sink sink;
	struct statistic_request request[STATISTICS_MAX];
	struct country_set group[STATISTICS_MAX];
	unsigned count;
	struct part *part;
};

static bool name_matches(const char *names, const char *text, size_t len)
{
	while (*names) {
		size_t name_len = strcspn(names, "|");

		if (name_len == len && strncasecmp(names, text, len) == 0)
			return true;
		names += name_len + (names[name_len] == '|');
	}
	return false;
}

static int unknown(const char *text, struct error *error)
{
	return error_set(error, NFGEO_EINVAL,
			 "Unknown stat: '%s': use NAME[:p][/ORDER...], NAME one of record srcip dstip "
			 "ip port srcport dstport proto as srcas dstas srcctry dstctry ctry ctrypair "
			 "srccont inif outif and others, or a field's name in JSON, ORDER one of flows "
			 "packets bytes pps bps bpp hosts as ports",
			 text);
}

static int parse_name(struct statistic_request *request, const char *text, size_t len,
		      const char *whole, struct error *error)
{
	const char *colon = memchr(text, ':', len);
	size_t name_len = colon ? (size_t)(colon - text) : len;
	size_t more = colon ? len - name_len - 1 : 0;

	request->statistic = -1;
	snprintf(request->name, sizeof(request->name), "%.*s", (int)name_len, text);
	for (char *letter = request->name; *letter; letter++)
		*letter = (char)tolower((unsigned char)*letter);
	if (strcmp(request->name, "record") == 0)
		return more ? unknown(whole, error) : NFGEO_OK;
	for (unsigned i = 0; request->statistic < 0 &&
			     i < sizeof(statistic_table) / sizeof(*statistic_table); i++)
		if (name_matches(statistic_table[i].names, text, name_len))
			request->statistic = (int)i;
	if (request->statistic < 0)
		return unknown(whole, error);
	request->by_proto = statistic_table[request->statistic].kind == STAT_PROTO;
	if (statistic_table[request->statistic].source == SOURCE_GROUP) {
		struct country_set set;

		snprintf(request->group, sizeof(request->group), "%.*s", (int)more, colon ? colon + 1 : "");
		if (!more || group_find(request->group, strlen(request->group), &set) != NFGEO_OK)
			return error_set(error, NFGEO_EINVAL, "-s %s: unknown country group '%s'", whole,
					 request->group);
	} else if (more == 1 && (colon[1] == 'p' || colon[1] == 'P')) {
		request->by_proto = true;
	} else if (colon) {
		return unknown(whole, error);
	}
	return NFGEO_OK;
}

int statistic_parse(struct statistic_request *request, const char *text, struct error *error)
{
	size_t len = strcspn(text, "/");
	const char *rest = text + len;
	int status;

	*request = (struct statistic_request){0};
	status = parse_name(request, text, len, text, error);
	if (status != NFGEO_OK)
		return status;
	if (!*rest)
		request->orders = 1; /* flows */
	while (*rest) {
		unsigned order;
		bool ascending;

		rest++;
		len = strcspn(rest, "/");
		if (order_parse(rest, len, &order, &ascending) != NFGEO_OK ||
		    !order_table[order].for_stat ||
		    (request->statistic < 0 && !order_table[order].value))
			return unknown(text, error);
		request->orders |= 1u << order;
		request->ascending |= (uint32_t)ascending << order;
		rest += len;
	}
	return NFGEO_OK;
}

bool statistic_needs_country(const struct statistic_request *request)
{
	return request->statistic >= 0 &&
	       statistic_table[request->statistic].source >= SOURCE_CTRY;
}

int statistic_limit_parse(const char *text, struct statistic_limit *limit, struct error *error)
{
	const char *digits = text + (*text == '+' || *text == '-');
	char *end;
	unsigned long long value = strtoull(digits, &end, 10);
	uint64_t factor = 1;

	switch (toupper((unsigned char)*end)) {
	case 'G':
		factor *= 1000;
		/* fall through */
	case 'M':
		factor *= 1000;
		/* fall through */
	case 'K':
		factor *= 1000;
		end++;
	}
	if (!isdigit((unsigned char)*digits) || *end || value > UINT64_MAX / factor)
		return error_set(error, NFGEO_EINVAL, "Limit '%s': use [+|-]N[K|M|G]", text);
	*limit = (struct statistic_limit){*text == '-' ? -1 : 1, value * factor};
	return NFGEO_OK;
}

/* Values of a record */

static struct stat_value word_value(const char *word)
{
	struct stat_value value = {0};
	char text[17] = {0};

	snprintf(text, sizeof(text), "%s", word);
	memcpy(&value.high, text, 8);
	memcpy(&value.low, text + 8, 8);
	return value;
}

/* Two fields next to each other in fields.def order: NAME4, and its IPv6 partner. */
static enum field_id partner(enum field_id field)
{
	switch (field) {
	case FIELD_SRC_IP4:
		return FIELD_SRC_IP6;
	case FIELD_DST_IP4:
		return FIELD_DST_IP6;
	case FIELD_NAT_SRC4:
		return FIELD_NAT_SRC6;
	case FIELD_NAT_DST4:
		return FIELD_NAT_DST6;
	default: /* next hops and router: the next row of flow/fields.def */
		return field + 1;
	}
}

static struct stat_value address_value(const struct record_view *view, enum field_id field)
{
	const struct field *four = &field_table[field], *six = &field_table[partner(field)];
	const uint8_t *at;
	bool use6 = four->element == ELEMENT_IP4 ? view_is_ip6(view)
						 : !view_has(view, four->element);

	if (use6 && view_has(view, six->element)) {
		at = view_payload(view, six->element) + six->offset;
		return (struct stat_value){.high = bytes_get64(at),
					   .low = bytes_get64(at + 8),
					   .family = AF_INET6};
	}
	return (struct stat_value){.low = view_number(view, field), .family = AF_INET};
}

static struct stat_value ip6_value(const struct record_view *view, enum field_id field)
{
	struct stat_value value = {.family = AF_INET6};
	const uint8_t *at;

	if (view_has(view, field_table[field].element)) {
		at = view_payload(view, field_table[field].element) + field_table[field].offset;
		value.high = bytes_get64(at);
		value.low = bytes_get64(at + 8);
	}
	return value;
}

/* Engine in the first byte, selector behind it in network order. */
static uint64_t nbar_value(const struct record_view *view)
{
	const uint8_t *byte;
	uint64_t selector = 0;

	if (!view_has(view, ELEMENT_APP_ID) || !view->payload_bytes[ELEMENT_APP_ID])
		return 0;
	byte = view_payload(view, ELEMENT_APP_ID);
	for (unsigned i = 1; i < view->payload_bytes[ELEMENT_APP_ID] && i < 8; i++)
		selector = selector << 8 | byte[i];
	return (uint64_t)byte[0] << 56 | selector;
}

static uint16_t country_of(const struct record_view *view, enum field_id field)
{
	return field == FIELD_SRC_COUNTRY ? view_src_country(view) : view_dst_country(view);
}

static struct stat_value value_of(const struct statistics *statistics, unsigned number,
				  enum field_id field, const struct record_view *view)
{
	const struct statistic *statistic =
		&statistic_table[statistics->request[number].statistic];
	uint16_t code;

	switch (statistic->source) {
	case SOURCE_NUM:
		return (struct stat_value){.low = view_number(view, field)};
	case SOURCE_LABEL:
		return (struct stat_value){.low = view_number(view, field) & ~15ull};
	case SOURCE_ADDR:
		return address_value(view, field);
	case SOURCE_IP4:
		return (struct stat_value){.low = view_number(view, field), .family = AF_INET};
	case SOURCE_IP6:
		return ip6_value(view, field);
	case SOURCE_NBAR:
		return (struct stat_value){.low = nbar_value(view)};
	case SOURCE_CTRY: /* unknown and all classes are one row */
		return (struct stat_value){.low = country_number(country_of(view, field))};
	case SOURCE_PAIR:
		return (struct stat_value){.low = (uint32_t)country_number(view_src_country(view)) << 16 |
						  country_number(view_dst_country(view))};
	case SOURCE_CONT:
		code = country_number(country_of(view, field));
		return word_value(*country_continent(code) ? country_continent(code) : "..");
	case SOURCE_CLASS:
		code = country_of(view, field);
		return word_value(*country_class_word(code) ? country_class_word(code)
				  : code		   ? "public"
							   : "unknown");
	case SOURCE_GROUP:
		code = country_of(view, field);
		return word_value(country_set_has(&statistics->group[number], code) ? "in" : "out");
	}
	return (struct stat_value){0};
}

static void add(struct part *part, const struct waiting *waiting)
{
	bool fresh;
	struct entry *entry = hash_upsert(waiting->table, &waiting->value, waiting->code, &fresh);

	if (!entry) {
		part->failed = true;
	} else if (fresh) {
		entry->sum = waiting->counters;
		entry->order = waiting->order;
	} else {
		counters_merge(&entry->sum, &waiting->counters);
	}
}

static void run_queue(struct part *part)
{
	for (unsigned i = 0; i < part->waiting; i++)
		hash_prefetch_entry(part->queue[i].table, part->queue[i].code);
	for (unsigned i = 0; i < part->waiting; i++)
		add(part, &part->queue[i]);
	part->waiting = 0;
}

/* With millions of entries each addition waits for memory twice, for the slot and for the entry.
 * Some dozen are collected so that they wait together. */
static void queue_add(struct part *part, unsigned number, const struct stat_value *value,
		      const struct counters *counters, uint64_t order)
{
	uint64_t code = hash_bytes(value, KEY_BYTES);
	struct hash *table = &part->table[number].of[code % PARTITIONS];

	hash_prefetch(table, code);
	part->queue[part->waiting++] = (struct waiting){*value, *counters, order, code, table};
	if (part->waiting == QUEUE)
		run_queue(part);
}

/* Which side's hosts a statistic is about; what has no side is about both. */
static enum distinct_side side_of(enum field_id field, enum source source)
{
	const char *word = field_table[field].json;

	if (source == SOURCE_PAIR)
		return DISTINCT_BOTH;
	if (strncmp(word, "src", 3) == 0 || field == FIELD_INPUT)
		return DISTINCT_SRC;
	return strncmp(word, "dst", 3) == 0 || field == FIELD_OUTPUT ? DISTINCT_DST : DISTINCT_BOTH;
}

static void take_distinct(struct part *part, unsigned number, const struct stat_value *value,
			  enum field_id field, const struct record_view *view)
{
	enum source source = statistic_table[part->statistics->request[number].statistic].source;

	if (part->distinct[number] &&
	    !distinct_flow(part->distinct[number], value, view, side_of(field, source)))
		part->failed = true;
}

static void take_flow(void *worker, const struct flow_row *row, uint64_t order)
{
	struct part *part = worker;
	const struct statistics *statistics = part->statistics;
	const struct record_view *view = row->view;
	struct counters counters = {
		.first_ms = view_first_ms(view),
		.last_ms = view_last_ms(view),
		.flows = view_flows(view),
		.in_packets = view_u64(view, ELEMENT_GENERIC, 24),
		.in_bytes = view_u64(view, ELEMENT_GENERIC, 32),
		.out_packets = view_u64(view, ELEMENT_COUNTERS, 8),
		.out_bytes = view_u64(view, ELEMENT_COUNTERS, 16),
	};

	for (unsigned i = 0; i < statistics->count; i++) {
		const struct statistic *statistic =
			&statistic_table[statistics->request[i].statistic];
		struct stat_value value = value_of(statistics, i, statistic->field, view);

		value.proto = statistics->request[i].by_proto ? view_proto(view) : 0;
		queue_add(part, i, &value, &counters, order);
		take_distinct(part, i, &value, statistic->field, view);
		if (statistic->also == FIELD_NONE)
			continue;
		value = value_of(statistics, i, statistic->also, view);
		value.proto = statistics->request[i].by_proto ? view_proto(view) : 0;
		queue_add(part, i, &value, &counters, order);
		take_distinct(part, i, &value, statistic->also, view);
	}
}

static void *open_part(struct scan_sink *sink)
{
	struct statistics *statistics = (struct statistics *)sink;
	struct part *part = calloc(1, sizeof(*part));

	if (!part)
		return NULL;
	for (unsigned i = 0; i < statistics->count; i++) {
		for (unsigned k = 0; k < PARTITIONS; k++)
			hash_init(&part->table[i].of[k], KEY_BYTES, sizeof(struct entry));
		if (statistics->request[i].orders >> ORDER_DISTINCT)
			part->failed |= !(part->distinct[i] = distinct_new());
	}
	part->statistics = statistics;
	part->next = statistics->part;
	statistics->part = part;
	return part;
}

static int end_block(void *worker, struct error *error)
{
	struct part *part = worker;

	run_queue(part);
	return part->failed ? error_set(error, NFGEO_ENOMEM, "out of memory") : NFGEO_OK;
}

struct statistics *statistics_new(const struct statistic_request *request, unsigned count,
				  struct error *error)
{
	struct statistics *statistics = calloc(1, sizeof(*statistics));

	if (!statistics) {
		error_set(error, NFGEO_ENOMEM, "out of memory");
		return NULL;
	}
	statistics->sink = (struct scan_sink){open_part, take_flow, NULL, end_block, false, NULL};
	for (unsigned i = 0; i < count && statistics->count < STATISTICS_MAX; i++) {
		if (request[i].statistic < 0)
			continue;
		if (*request[i].group)
			group_find(request[i].group, strlen(request[i].group),
				   &statistics->group[statistics->count]);
		statistics->request[statistics->count++] = request[i];
	}
	return statistics;
}

void statistics_free(struct statistics *statistics)
{
	if (!statistics)
		return;
	while (statistics->part) {
		struct part *next = statistics->part->next;

		for (unsigned i = 0; i < statistics->count; i++) {
			for (unsigned k = 0; k < PARTITIONS; k++)
				hash_fini(&statistics->part->table[i].of[k]);
			distinct_free(statistics->part->distinct[i]);
		}
		free(statistics->part);
		statistics->part = next;
	}
	free(statistics);
}

struct scan_sink *statistics_sink(struct statistics *statistics)
{
	return &statistics->sink;
}

static bool merge_table(struct hash *into, struct hash *from)
{
	for (uint32_t i = 0; i < from->count; i++) {
		const struct entry *other = hash_value(from, i);
		const void *key = hash_key(from, i);
		bool fresh;
		struct entry *entry;

		if (i + MERGE_AHEAD < from->count)
			hash_prefetch(into, hash_bytes(hash_key(from, i + MERGE_AHEAD), KEY_BYTES));
		entry = hash_upsert(into, key, hash_bytes(key, KEY_BYTES), &fresh);
		if (!entry)
			return false;
		if (fresh) {
			*entry = *other;
			continue;
		}
		counters_merge(&entry->sum, &other->sum);
		if (other->order < entry->order)
			entry->order = other->order;
	}
	hash_fini(from);
	return true;
}

/* A share of the partitions: the tables of all workers into those of the first. */
static bool merge_some(void *arg, unsigned share)
{
	struct statistics *statistics = arg;
	struct part *first = statistics->part;
	bool done = true;

	for (unsigned i = 0; i < statistics->count; i++)
		for (unsigned k = share; k < PARTITIONS; k += MERGE_THREADS)
			for (struct part *part = first->next; part; part = part->next)
				done &= merge_table(&first->table[i].of[k], &part->table[i].of[k]);
	return done;
}

/* What the other workers have seen, into the first one's. */
static bool merge_distinct(struct statistics *statistics)
{
	struct part *first = statistics->part;

	for (struct part *part = first->next; part; part = part->next)
		for (unsigned i = 0; i < statistics->count; i++)
			if (first->distinct[i] &&
			    !distinct_merge(first->distinct[i], part->distinct[i]))
				return false;
	return true;
}

int statistics_finish(struct statistics *statistics, struct error *error)
{
	if (!statistics->part || !statistics->part->next)
		return NFGEO_OK;
	if (!parallel_run(MERGE_THREADS, merge_some, statistics) || !merge_distinct(statistics))
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	return NFGEO_OK;
}

static bool within(const struct statistic_limit *limit, uint64_t value)
{
	return !limit->sign || (limit->sign > 0 ? value > limit->value : value < limit->value);
}

static uint64_t sort_value(unsigned order, const struct counters *sum, struct distinct *distinct,
			   const void *key)
{
	uint64_t counts[STAT_DISTINCT_COUNT];

	if (order < ORDER_DISTINCT)
		return order_table[order].value(sum);
	distinct_counts(distinct, key, counts);
	return counts[order - ORDER_DISTINCT];
}

static size_t rank_entries(const struct hash *hash, struct distinct *distinct,
			   const struct statistic_request *request, unsigned order, const struct statistic_cut *cut, struct ranked *ranked)
{
	bool ascending = request->ascending >> order & 1;
	size_t count = 0;

	for (uint32_t i = 0; i < hash->count; i++) {
		const struct entry *entry = hash_value(hash, i);
		const struct counters *sum = &entry->sum;

		if (!within(&cut->packets, sum->in_packets + sum->out_packets) ||
		    !within(&cut->bytes, sum->in_bytes + sum->out_bytes))
			continue;
		ranked[count++] =
			(struct ranked){rank_value(sort_value(order, sum, distinct, hash_key(hash, i)),
						   ascending),
					entry->order, hash_key(hash, i), entry};
	}
	return count;
}

static void row_of(const struct ranked *ranked, struct distinct *distinct, struct stat_row *row)
{
	const struct entry *entry = ranked->group;

	memcpy(&row->value, ranked->key, KEY_BYTES);
	row->first_ms = entry->sum.first_ms;
	row->last_ms = entry->sum.last_ms;
	row->flows = entry->sum.flows;
	row->in_packets = entry->sum.in_packets;
	row->in_bytes = entry->sum.in_bytes;
	row->out_packets = entry->sum.out_packets;
	row->out_bytes = entry->sum.out_bytes;
	if (distinct)
		distinct_counts(distinct, &row->value, row->distinct);
}

int statistics_table(const struct statistics *statistics, unsigned number, unsigned order,
		     const struct statistic_cut *cut, struct stat_table *table)
{
	const struct statistic_request *request = &statistics->request[number];
	const struct statistic *statistic = &statistic_table[request->statistic];
	const struct tables *tables = statistics->part ? &statistics->part->table[number] : NULL;
	struct ranked *ranked;
	struct distinct *distinct = statistics->part ? statistics->part->distinct[number] : NULL;
	struct stat_row *row;
	size_t count = 0;

	for (unsigned k = 0; tables && k < PARTITIONS; k++)
		count += tables->of[k].count;
	ranked = malloc((count + 1) * sizeof(*ranked));
	if (!ranked)
		return NFGEO_ENOMEM;
	count = 0;
	for (unsigned k = 0; tables && k < PARTITIONS; k++)
		count += rank_entries(&tables->of[k], distinct, request, order, cut,
				      ranked + count);
	count = rank_sort(ranked, count, cut->top);
	row = calloc(count + 1, sizeof(*row));
	if (!row) {
		free(ranked);
		return NFGEO_ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		row_of(&ranked[i], distinct, &row[i]);
	free(ranked);
	*table = (struct stat_table){
		.name = request->name,
		.header = statistic->header,
		.order = order_table[order].name,
		.kind = statistic->kind,
		.direction = order_table[order].direction,
		.by_proto = request->by_proto,
		.distinct = distinct,
		.top = cut->top,
		.row = row,
		.count = count,
	};
	return NFGEO_OK;
}
