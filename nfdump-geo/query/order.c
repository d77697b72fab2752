/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/order.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "output/emit.h"

static uint64_t duration(const struct counters *c)
{
	return c->last_ms > c->first_ms ? c->last_ms - c->first_ms : 0;
}

static uint64_t per_packet(uint64_t bytes, uint64_t packets)
{
	return packets ? bytes / packets : 0;
}

#define VALUE(name, expression)                                                                    \
	static uint64_t by_##name(const struct counters *c)                                        \
	{                                                                                          \
		return expression;                                                                 \
	}

VALUE(flows, c->flows)
VALUE(packets, c->in_packets + c->out_packets)
VALUE(ipkg, c->in_packets)
VALUE(opkg, c->out_packets)
VALUE(bytes, c->in_bytes + c->out_bytes)
VALUE(ibyte, c->in_bytes)
VALUE(obyte, c->out_bytes)
VALUE(pps, rate(by_packets(c), 1, duration(c)))
VALUE(ipps, rate(c->in_packets, 1, duration(c)))
VALUE(opps, rate(c->out_packets, 1, duration(c)))
VALUE(bps, rate(by_bytes(c), 8, duration(c)))
VALUE(ibps, rate(c->in_bytes, 8, duration(c)))
VALUE(obps, rate(c->out_bytes, 8, duration(c)))
VALUE(bpp, per_packet(by_bytes(c), by_packets(c)))
VALUE(ibpp, per_packet(c->in_bytes, c->in_packets))
VALUE(obpp, per_packet(c->out_bytes, c->out_packets))
VALUE(tstart, c->first_ms)
VALUE(tend, c->last_ms)
VALUE(duration, duration(c))

const struct order order_table[ORDER_COUNT] = {
	{"flows", NULL, by_flows, STAT_IN, true, false},
	{"packets", NULL, by_packets, STAT_BOTH, true, false},
	{"ipkg", "ipackets", by_ipkg, STAT_IN, true, false},
	{"opkg", "opackets", by_opkg, STAT_OUT, true, false},
	{"bytes", NULL, by_bytes, STAT_BOTH, true, false},
	{"ibyte", "ibytes", by_ibyte, STAT_IN, true, false},
	{"obyte", "obytes", by_obyte, STAT_OUT, true, false},
	{"pps", NULL, by_pps, STAT_BOTH, true, false},
	{"ipps", NULL, by_ipps, STAT_IN, true, false},
	{"opps", NULL, by_opps, STAT_OUT, true, false},
	{"bps", NULL, by_bps, STAT_BOTH, true, false},
	{"ibps", NULL, by_ibps, STAT_IN, true, false},
	{"obps", NULL, by_obps, STAT_OUT, true, false},
	{"bpp", NULL, by_bpp, STAT_BOTH, true, false},
	{"ibpp", NULL, by_ibpp, STAT_IN, true, false},
	{"obpp", NULL, by_obpp, STAT_OUT, true, false},
	{"tstart", NULL, by_tstart, STAT_BOTH, false, true},
	{"tend", NULL, by_tend, STAT_BOTH, false, true},
	{"duration", NULL, by_duration, STAT_BOTH, false, false},
	{"hosts", NULL, NULL, STAT_BOTH, true, false},
	{"as", NULL, NULL, STAT_BOTH, true, false},
	{"ports", NULL, NULL, STAT_BOTH, true, false},
};

static bool same_word(const char *word, const char *text, size_t len)
{
	return word && strlen(word) == len && strncasecmp(word, text, len) == 0;
}

int order_parse(const char *text, size_t len, unsigned *number, bool *ascending)
{
	char direction = 0;

	if (len > 2 && text[len - 2] == ':') {
		direction = text[len - 1];
		len -= 2;
	}
	if (direction && direction != 'a' && direction != 'd')
		return NFGEO_EINVAL;
	for (unsigned i = 0; i < ORDER_COUNT; i++) {
		if (!same_word(order_table[i].name, text, len) &&
		    !same_word(order_table[i].other_name, text, len))
			continue;
		*number = i;
		*ascending = direction ? direction == 'a' : order_table[i].ascending;
		return NFGEO_OK;
	}
	return NFGEO_EINVAL;
}

/* a comes before b */
static inline bool before(const struct ranked *a, const struct ranked *b)
{
	return a->value != b->value ? a->value > b->value : a->order < b->order;
}

/* A heap whose root is the last of those kept. */
static void sink_root(struct ranked *heap, size_t count, size_t at)
{
	struct ranked moved = heap[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= count)
			break;
		if (child + 1 < count && before(&heap[child], &heap[child + 1]))
			child++;
		if (!before(&moved, &heap[child]))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

/*
 * Sorting everything. Values are spread over many orders of magnitude and crowd at one end: items
 * are moved in place (American flag sort) into buckets by exponent and leading bits of the distance
 * from that end, or by order of appearance where values are all equal. Threads then take the
 * buckets, which are sorted in the same way until they are short.
 */
enum { MANTISSA_BITS = 5, BUCKETS = 64 << MANTISSA_BITS, SHORT = 24, SORT_THREADS = 8,
       WORTH_THREADS = 65536 };

struct split {
	bool by_order; /* all values are equal */
	bool from_most; /* values crowd at the largest, as inverted ones do */
	uint64_t least, most; /* of the values, or of the orders */
	size_t end[BUCKETS]; /* of each bucket */
};

struct bucket_sort {
	struct ranked *ranked;
	struct split split;
	atomic_uint next;
};

static inline uint64_t sort_number(const struct split *split, const struct ranked *item)
{
	return split->by_order ? item->order : item->value;
}

/* Monotone: a small floating point number. */
static inline unsigned magnitude(uint64_t number)
{
	unsigned exponent;

	if (number < 2u << MANTISSA_BITS)
		return (unsigned)number;
	exponent = 63 - (unsigned)__builtin_clzll(number) - MANTISSA_BITS;
	return (exponent << MANTISSA_BITS) + (unsigned)(number >> exponent);
}

/* Large values and early items come first. */
static inline unsigned bucket_of(const struct split *split, const struct ranked *item)
{
	if (split->by_order)
		return magnitude(item->order - split->least);
	if (split->from_most)
		return magnitude(split->most - item->value);
	return BUCKETS - 1 - magnitude(item->value - split->least);
}

static void insertion_sort(struct ranked *ranked, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct ranked moved = ranked[i];
		size_t at = i;

		for (; at > 0 && before(&moved, &ranked[at - 1]); at--)
			ranked[at] = ranked[at - 1];
		ranked[at] = moved;
	}
}

/* What to split by. @return false when all items are equal */
static bool plan_split(struct split *split, const struct ranked *ranked, size_t count)
{
	uint64_t middle;

	split->by_order = true;
	for (size_t i = 1; i < count && split->by_order; i++)
		split->by_order = ranked[i].value == ranked[0].value;
	split->least = UINT64_MAX;
	split->most = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t number = sort_number(split, &ranked[i]);

		if (number < split->least)
			split->least = number;
		if (number > split->most)
			split->most = number;
	}
	middle = sort_number(split, &ranked[count / 2]);
	split->from_most = split->most - middle < middle - split->least;
	return split->most > split->least;
}

static void split_items(struct split *split, struct ranked *ranked, size_t count)
{
	size_t at[BUCKETS] = {0}, sum = 0;

	for (size_t i = 0; i < count; i++)
		at[bucket_of(split, &ranked[i])]++;
	for (unsigned k = 0; k < BUCKETS; k++) {
		size_t len = at[k];

		at[k] = sum;
		split->end[k] = sum += len;
	}
	for (unsigned k = 0; k < BUCKETS; k++) {
		while (at[k] < split->end[k]) {
			struct ranked moved = ranked[at[k]];
			unsigned to = bucket_of(split, &moved);

			while (to != k) {
				struct ranked other = ranked[at[to]];

				ranked[at[to]++] = moved;
				moved = other;
				to = bucket_of(split, &moved);
			}
			ranked[at[k]++] = moved;
		}
	}
}

static int compare(const void *a, const void *b)
{
	return before(a, b) ? -1 : before(b, a);
}

/* One bucket of the first split. A second split pays for large ones only. */
static void sort_bucket(struct ranked *ranked, size_t count)
{
	struct split split;
	size_t start = 0;

	if (count <= SHORT) {
		insertion_sort(ranked, count);
		return;
	}
	if (count < 2 * BUCKETS) {
		qsort(ranked, count, sizeof(*ranked), compare);
		return;
	}
	if (!plan_split(&split, ranked, count))
		return;
	split_items(&split, ranked, count);
	for (unsigned k = 0; k < BUCKETS; k++) {
		sort_bucket(ranked + start, split.end[k] - start);
		start = split.end[k];
	}
}

static void *sort_some(void *arg)
{
	struct bucket_sort *sort = arg;
	unsigned k;

	while ((k = atomic_fetch_add(&sort->next, 1)) < BUCKETS) {
		size_t start = k ? sort->split.end[k - 1] : 0;

		sort_bucket(sort->ranked + start, sort->split.end[k] - start);
	}
	return NULL;
}

static void sort_all(struct ranked *ranked, size_t count)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	struct bucket_sort sort = {.ranked = ranked};
	pthread_t thread[SORT_THREADS];
	unsigned started = 0;

	if (count < WORTH_THREADS || !plan_split(&sort.split, ranked, count)) {
		sort_bucket(ranked, count);
		return;
	}
	split_items(&sort.split, ranked, count);
	while (started + 1 < online && started < SORT_THREADS &&
	       pthread_create(&thread[started], NULL, sort_some, &sort) == 0)
		started++;
	sort_some(&sort);
	while (started > 0)
		pthread_join(thread[--started], NULL);
}

bool ranking_init(struct ranking *ranking, size_t most, size_t top)
{
	*ranking = (struct ranking){.capacity = top && top < most ? top : most};
	ranking->top = ranking->capacity < most ? top : 0;
	ranking->item = malloc((ranking->capacity + 1) * sizeof(*ranking->item));
	return ranking->item != NULL;
}

void ranking_fini(struct ranking *ranking)
{
	free(ranking->item);
}

void ranking_add(struct ranking *ranking, const struct ranked *item)
{
	if (ranking->count < ranking->capacity) {
		ranking->item[ranking->count++] = *item;
		if (ranking->top && ranking->count == ranking->capacity)
			for (size_t i = ranking->count / 2; i-- > 0;)
				sink_root(ranking->item, ranking->count, i);
	} else if (ranking->top && before(item, &ranking->item[0])) {
		ranking->item[0] = *item;
		sink_root(ranking->item, ranking->count, 0);
	}
}

void ranking_sort(struct ranking *ranking)
{
	sort_all(ranking->item, ranking->count);
}
