/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/dispatch.h"

#include <stdlib.h>
#include <string.h>

void dispatch_fini(struct dispatch *dispatch)
{
	free(dispatch->open);
	free(dispatch->by_src.number);
	free(dispatch->by_dst.number);
	*dispatch = (struct dispatch){0};
}

static const struct country_set *set_of(const struct channel *channel, bool source)
{
	return source ? &channel->gate.src : &channel->gate.dst;
}

/* Call `each` with every code of a set. */
static inline void each_code(const struct country_set *set, uint32_t number,
			     void (*each)(unsigned code, uint32_t number, void *arg), void *arg)
{
	for (unsigned word = 0; word < COUNTRY_CODES / 64; word++)
		for (uint64_t bits = set->bits[word]; bits; bits &= bits - 1)
			each(word * 64 + (unsigned)__builtin_ctzll(bits), number, arg);
}

static void count_code(unsigned code, uint32_t number, void *arg)
{
	struct channel_list *list = arg;

	(void)number;
	list->start[code + 1]++;
}

struct fill {
	uint32_t at[COUNTRY_CODES], *number;
};

static void put_number(unsigned code, uint32_t number, void *arg)
{
	struct fill *fill = arg;

	fill->number[fill->at[code]++] = number;
}

/* Count, sum up, fill: each code's channels lie side by side, in their own order. */
static int build_list(struct channel_list *list, const struct channel *channel, size_t count,
		      const bool *taken, bool source)
{
	struct fill fill;

	for (size_t i = 0; i < count; i++)
		if (taken[i])
			each_code(set_of(&channel[i], source), 0, count_code, list);
	for (unsigned code = 0; code < COUNTRY_CODES; code++)
		list->start[code + 1] += list->start[code];
	list->number = malloc((list->start[COUNTRY_CODES] + 1ull) * sizeof(*list->number));
	if (!list->number)
		return NFGEO_ENOMEM;
	memcpy(fill.at, list->start, sizeof(fill.at));
	fill.number = list->number;
	for (size_t i = 0; i < count; i++)
		if (taken[i])
			each_code(set_of(&channel[i], source), (uint32_t)i, put_number, &fill);
	return NFGEO_OK;
}

int dispatch_build(struct dispatch *dispatch, const struct channel *channel, size_t count,
		   const char *ident)
{
	bool *taken = malloc(count + 1);
	int status = taken ? NFGEO_OK : NFGEO_ENOMEM;

	dispatch_fini(dispatch);
	dispatch->channel = channel;
	dispatch->open = malloc((count + 1) * sizeof(*dispatch->open));
	if (!dispatch->open)
		status = NFGEO_ENOMEM;
	for (size_t i = 0; status == NFGEO_OK && i < count; i++) {
		bool takes = channel_takes(&channel[i], ident);

		taken[i] = takes && !channel[i].gate.open;
		if (takes && channel[i].gate.open)
			dispatch->open[dispatch->open_count++] = (uint32_t)i;
	}
	if (status == NFGEO_OK)
		status = build_list(&dispatch->by_src, channel, count, taken, true);
	if (status == NFGEO_OK)
		status = build_list(&dispatch->by_dst, channel, count, taken, false);
	free(taken);
	if (status != NFGEO_OK)
		dispatch_fini(dispatch);
	return status;
}
