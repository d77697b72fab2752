/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/order.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

static int compare(const void *a, const void *b)
{
	return before(a, b) ? -1 : before(b, a);
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

size_t rank_sort(struct ranked *ranked, size_t count, size_t top)
{
	if (!top || top > count)
		top = count;
	if (top < count) {
		for (size_t i = top / 2; i-- > 0;)
			sink_root(ranked, top, i);
		for (size_t i = top; i < count; i++) {
			if (!before(&ranked[i], &ranked[0]))
				continue;
			ranked[0] = ranked[i];
			sink_root(ranked, top, 0);
		}
	}
	qsort(ranked, top, sizeof(*ranked), compare);
	return top;
}
