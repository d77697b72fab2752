/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/distinct.h"

#include <stdlib.h>

/* A pair of a statistic's value and one of its members, hashed as it lies. */
struct pair {
	struct stat_value value;
	uint64_t kind; /* enum stat_distinct; address family above it */
	uint64_t high, low;
};

struct distinct *distinct_new(void)
{
	struct distinct *distinct = calloc(1, sizeof(*distinct));

	if (!distinct)
		return NULL;
	hash_init(&distinct->seen, sizeof(struct pair), 8);
	hash_init(&distinct->counts, sizeof(struct stat_value),
		  STAT_DISTINCT_COUNT * sizeof(uint64_t));
	return distinct;
}

void distinct_free(struct distinct *distinct)
{
	if (!distinct)
		return;
	hash_fini(&distinct->seen);
	hash_fini(&distinct->counts);
	free(distinct);
}

static bool add(struct distinct *distinct, const struct pair *pair)
{
	bool fresh;
	uint64_t *counts;

	if (!hash_upsert(&distinct->seen, pair, hash_bytes(pair, sizeof(*pair)), &fresh))
		return false;
	if (!fresh)
		return true;
	counts = hash_upsert(&distinct->counts, &pair->value,
			     hash_bytes(&pair->value, sizeof(pair->value)), &fresh);
	if (counts)
		counts[pair->kind & 0xff]++;
	return counts;
}

static bool add_side(struct distinct *distinct, struct pair *pair, const struct record_view *view,
		     bool dst)
{
	struct address address = dst ? view_dst(view) : view_src(view);

	if (address.family) {
		pair->kind = STAT_DISTINCT_HOSTS | (uint64_t)address.family << 8;
		pair->high = address.high;
		pair->low = address.low;
		if (!add(distinct, pair))
			return false;
	}
	pair->kind = STAT_DISTINCT_AS;
	pair->high = 0;
	pair->low = view_number(view, dst ? FIELD_DST_AS : FIELD_SRC_AS);
	return !pair->low || add(distinct, pair); /* 0 is "not known" */
}

bool distinct_flow(struct distinct *distinct, const struct stat_value *value,
		   const struct record_view *view, enum distinct_side side)
{
	struct pair pair = {.value = *value, .kind = STAT_DISTINCT_PORTS};
	uint8_t proto = view_proto(view);

	if (side & DISTINCT_SRC && !add_side(distinct, &pair, view, false))
		return false;
	if (side & DISTINCT_DST && !add_side(distinct, &pair, view, true))
		return false;
	if (proto == 1 || proto == 58) /* ICMP: type and code are no port */
		return true;
	pair.kind = STAT_DISTINCT_PORTS;
	pair.high = 0;
	pair.low = view_number(view, FIELD_DST_PORT);
	return add(distinct, &pair);
}

bool distinct_merge(struct distinct *into, const struct distinct *from)
{
	for (uint32_t i = 0; i < from->seen.count; i++)
		if (!add(into, hash_key(&from->seen, i)))
			return false;
	return true;
}

void distinct_counts(struct distinct *distinct, const struct stat_value *value,
		     uint64_t counts[STAT_DISTINCT_COUNT])
{
	bool fresh;
	const void *found = hash_upsert(&distinct->counts, value, hash_bytes(value, sizeof(*value)),
					&fresh);

	memset(counts, 0, STAT_DISTINCT_COUNT * sizeof(*counts));
	if (found)
		memcpy(counts, found, STAT_DISTINCT_COUNT * sizeof(*counts));
}
