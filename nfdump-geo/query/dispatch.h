/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dispatch.h - which channels may want a flow, from the flow's countries: two look-ups, however many
 * channels there are.
 */
#ifndef QUERY_DISPATCH_H
#define QUERY_DISPATCH_H

#include "query/channel.h"

struct channel_list {
	uint32_t start[COUNTRY_CODES + 1]; /* of each code's channels in `number` */
	uint32_t *number;		   /* owns */
};

struct dispatch {
	const struct channel *channel; /* borrowed */
	uint32_t *open;		       /* those that countries do not decide; owns */
	uint32_t open_count;
	struct channel_list by_src, by_dst;
};

/** Index the channels that take a source's flows. Frees what was there. @return NFGEO_OK or
 * NFGEO_ENOMEM (nothing is indexed then) */
int dispatch_build(struct dispatch *dispatch, const struct channel *channel, size_t count,
		   const char *ident);
void dispatch_fini(struct dispatch *dispatch);

/** Call `each` with every channel that may match a flow, once; its filter decides. */
static inline void dispatch_each(const struct dispatch *dispatch, uint16_t src, uint16_t dst,
				 void (*each)(uint32_t number, void *arg), void *arg)
{
	for (uint32_t i = 0; i < dispatch->open_count; i++)
		each(dispatch->open[i], arg);
	src = src < COUNTRY_CODES ? src : COUNTRY_UNKNOWN; /* as the filter has it */
	dst = dst < COUNTRY_CODES ? dst : COUNTRY_UNKNOWN;
	for (uint32_t i = dispatch->by_src.start[src]; i < dispatch->by_src.start[src + 1]; i++)
		each(dispatch->by_src.number[i], arg);
	for (uint32_t i = dispatch->by_dst.start[dst]; i < dispatch->by_dst.start[dst + 1]; i++) {
		uint32_t number = dispatch->by_dst.number[i];

		if (!country_set_has(&dispatch->channel[number].gate.src_named, src))
			each(number, arg);
	}
}

#endif
