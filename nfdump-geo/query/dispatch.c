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

/* Count, sum up, fill: each code's channels lie side by side, in their own order. */
static int build_list(struct channel_list *list, const struct channel *channel, size_t count,
		      const bool *taken, bool source)
{
	uint32_t total = 0, at[COUNTRY_CODES];

	for (unsigned code = 0; code < COUNTRY_CODES; code++) {
		list->start[code] = total;
		at[code] = total;
		for (size_t i = 0; i < count; i++)
			total += taken[i] && country_set_has(set_of(&channel[i], source), (uint16_t)code);
	}
	list->start[COUNTRY_CODES] = total;
	list->number = malloc((total + 1ull) * sizeof(*list->number));
	if (!list->number)
		return NFGEO_ENOMEM;
	for (size_t i = 0; i < count; i++)
		for (unsigned code = 0; taken[i] && code < COUNTRY_CODES; code++)
			if (country_set_has(set_of(&channel[i], source), (uint16_t)code))
				list->number[at[code]++] = (uint32_t)i;
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
