/* SPDX-License-Identifier: BSD-3-Clause */
/* group_record.h - a group of flows, and the flow record that it is printed and written as. */
#ifndef QUERY_GROUP_RECORD_H
#define QUERY_GROUP_RECORD_H

#include "flow/counters.h"
#include "query/keys.h"

enum group_flag {
	GROUP_TAGGED = 1, /* the countries are known */
	GROUP_FILLED = 2, /* .. but not in the first flow's record */
	GROUP_TURNED = 4, /* -b: the first flow's source sorts behind its destination */
};

struct group {
	struct counters sum;
	uint64_t order;	       /* of its first flow */
	uint16_t countries[2]; /* of its first flow */
	uint8_t tcp_flags, reverse_flags;
	uint8_t nfversion;
	uint8_t flags : 4;
	uint8_t blanks : 4; /* bit per zeroed IPv6 element that the first flow had */
};

/** A group of one flow. */
struct group group_of(const struct record_view *view, uint64_t order, bool turned);

/** Add another. @return whether its first flow is the earlier one of both */
bool group_merge(struct group *into, const struct group *from);

static inline bool group_has_directions(uint8_t proto)
{
	return proto == 6 || proto == 17;
}

/**
 * The record of a group of -A: the key's fields, the sums, and the countries where they stay true.
 *
 * @param blanks  keep zeroed IPv6 elements of the first flow, so that addresses outside the key
 *                print as `::`
 * @param out     RECORD_MAX_BYTES
 * @return its size; 0 if it grew too large
 */
size_t group_record_of_keys(const struct group *group, const struct keys *keys,
			    const struct stat_value *value, bool blanks, uint8_t *out);

/** The first flow's record with the sums in it. @param guess  -B: turn it where the ports say so */
size_t group_record_of_first(const struct group *group, const uint8_t *record, bool guess,
			     uint8_t *out);

#endif
