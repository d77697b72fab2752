/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/merge.h"

#include <stdlib.h>
#include <string.h>

#include "query/order.h"

enum {
	INDEX_BITS = 24, /* records of a block, at 4 bytes each at least */
	KEEP_AT_LEAST = 4096,
	SMALLEST_BYTES = 4 * (RECORD_MAX_BYTES + 64),
};

/* In front of each record that is kept. */
struct kept {
	uint64_t number;
	uint32_t rank; /* place in ranking.item; DROPPED */
	uint16_t len;  /* of the record, which follows */
	bool filled, has_now;
	uint16_t pair[2], now[2]; /* countries */
};

enum { DROPPED = UINT32_MAX };

/* Of the flows that were selected from a block. */
struct span {
	uint64_t offset, number;
	uint64_t least_ms, most_ms;
	uint32_t ordinal;
};

struct merge {
	uint8_t *bytes; /* owns; records with their `kept` */
	size_t used, capacity;
	struct ranking ranking;	  /* of them; item: owns */
	struct ranked after;	  /* flows up to this one were given away */
	struct ranked bound;	  /* flows behind this one do not fit into this pass */
	bool has_after, has_bound;
	uint64_t limit, given;
	struct span *span; /* owns */
	size_t span_count, span_capacity;
	size_t at;	/* merge_next(): of ranking.item; */
	size_t at_span; /* merge_block_again() */
	struct span *now; /* the block that is being read */
};

struct merge *merge_new(size_t bytes)
{
	struct merge *merge = calloc(1, sizeof(*merge));

	if (!merge)
		return NULL;
	merge->capacity = bytes < SMALLEST_BYTES ? SMALLEST_BYTES : bytes;
	merge->bytes = malloc(merge->capacity);
	if (merge->bytes)
		return merge;
	free(merge);
	return NULL;
}

void merge_free(struct merge *merge)
{
	if (!merge)
		return;
	ranking_fini(&merge->ranking);
	free(merge->bytes);
	free(merge->span);
	free(merge);
}

static void start_pass(struct merge *merge)
{
	merge->used = 0;
	merge->ranking.count = 0;
	merge->has_bound = false;
	merge->at = merge->at_span = 0;
}

void merge_begin(struct merge *merge, uint64_t limit)
{
	merge->limit = limit;
	merge->given = 0;
	merge->span_count = 0;
	merge->has_after = false;
	start_pass(merge);
}

bool merge_block(struct merge *merge, const struct raw_block *raw, uint64_t number)
{
	if (merge->span_count == merge->span_capacity) {
		size_t capacity = 2 * merge->span_capacity + 256;
		struct span *span = realloc(merge->span, capacity * sizeof(*span));

		if (!span)
			return false;
		merge->span = span;
		merge->span_capacity = capacity;
	}
	merge->now = &merge->span[merge->span_count++];
	*merge->now = (struct span){raw->offset, number, UINT64_MAX, 0, raw->ordinal};
	return true;
}

/* a comes before b. Values are inverted times. */
static inline bool before(const struct ranked *a, const struct ranked *b)
{
	return a->value != b->value ? a->value > b->value : a->order < b->order;
}

static inline void swap(struct ranked *a, struct ranked *b)
{
	struct ranked held = *a;

	*a = *b;
	*b = held;
}

static void median_first(struct ranked *item, size_t low, size_t high)
{
	size_t middle = low + (high - low) / 2;

	if (before(&item[middle], &item[low]))
		swap(&item[middle], &item[low]);
	if (before(&item[high], &item[low]))
		swap(&item[high], &item[low]);
	if (before(&item[high], &item[middle]))
		swap(&item[high], &item[middle]);
	swap(&item[low], &item[middle]);
}

/* Bring the first `want` items to the front, in any order but with the last of them at its place
 * (Hoare's selection). No two items are equal. */
static void select_first(struct ranked *item, size_t count, size_t want)
{
	size_t low = 0, high = count - 1, target = want - 1;

	while (low < high) {
		size_t left = low, right = high + 1;
		struct ranked pivot;

		median_first(item, low, high);
		pivot = item[low];
		for (;;) {
			while (before(&item[++left], &pivot) && left < high)
				;
			while (before(&pivot, &item[--right]))
				;
			if (left >= right)
				break;
			swap(&item[left], &item[right]);
		}
		swap(&item[low], &item[right]);
		if (right == target)
			return;
		if (right < target)
			low = right + 1;
		else
			high = right - 1;
	}
}

static size_t kept_bytes(const struct kept *kept)
{
	return (sizeof(*kept) + kept->len + 7) & ~(size_t)7;
}

/* Records of the ranking's first `count` items move together; all others are forgotten. */
static void squeeze(struct merge *merge, size_t count)
{
	struct ranked *item = merge->ranking.item;
	size_t from = 0, to = 0;

	for (size_t i = 0; i < merge->ranking.count; i++) {
		struct kept *kept = (struct kept *)(uintptr_t)item[i].key;

		kept->rank = i < count ? (uint32_t)i : DROPPED;
	}
	while (from < merge->used) {
		const struct kept *kept = (const struct kept *)(merge->bytes + from);
		size_t len = kept_bytes(kept);
		uint32_t rank = kept->rank;

		if (rank != DROPPED) {
			memmove(merge->bytes + to, merge->bytes + from, len);
			item[rank].key = merge->bytes + to;
			to += len;
		}
		from += len;
	}
	merge->used = to;
	merge->ranking.count = count;
}

/* Keep only the first so many. */
static void cut(struct merge *merge, size_t count)
{
	if (count >= merge->ranking.count)
		return;
	select_first(merge->ranking.item, merge->ranking.count, count);
	merge->bound = merge->ranking.item[count - 1];
	merge->has_bound = true;
	squeeze(merge, count);
}

/* What is still wanted of the file, as a number of items. */
static size_t wanted(const struct merge *merge)
{
	uint64_t left = merge->limit - merge->given;

	return merge->limit && left < SIZE_MAX / 4 ? (size_t)left : SIZE_MAX / 4;
}

static bool grow_ranking(struct ranking *ranking)
{
	size_t capacity = 2 * ranking->capacity + 1024;
	struct ranked *item = realloc(ranking->item, capacity * sizeof(*item));

	if (!item)
		return false;
	ranking->item = item;
	ranking->capacity = capacity;
	return true;
}

/* Room for one more record, by letting go of flows that come late. */
static bool make_room(struct merge *merge, size_t len)
{
	size_t want = wanted(merge);

	if (merge->ranking.count >= 2 * want + KEEP_AT_LEAST)
		cut(merge, want);
	while (len > merge->capacity - merge->used && merge->ranking.count > 1) {
		size_t most = merge->ranking.count - (merge->ranking.count + 3) / 4;

		cut(merge, most < want ? most : want);
	}
	if (len > merge->capacity - merge->used)
		return false;
	return merge->ranking.count < merge->ranking.capacity || grow_ranking(&merge->ranking);
}

static void note_time(struct span *span, uint64_t time_ms)
{
	if (time_ms < span->least_ms)
		span->least_ms = time_ms;
	if (time_ms > span->most_ms)
		span->most_ms = time_ms;
}

static void put(struct merge *merge, struct ranked *item, const struct record_view *view,
		const uint16_t now[2], uint64_t number)
{
	struct kept *kept = (struct kept *)(merge->bytes + merge->used);

	*kept = (struct kept){.number = number,
			      .len = view->record_bytes,
			      .filled = view->geo && !view->geo_offset,
			      .has_now = now != NULL};
	memcpy(kept + 1, view->bytes, view->record_bytes);
	if (kept->filled)
		memcpy(kept->pair, view->geo, sizeof(kept->pair));
	if (now)
		memcpy(kept->now, now, sizeof(kept->now));
	merge->used += kept_bytes(kept);
	item->key = kept;
	merge->ranking.item[merge->ranking.count++] = *item;
}

bool merge_add(struct merge *merge, const struct record_view *view, const uint16_t now[2],
	       uint32_t index, uint64_t number)
{
	uint64_t time_ms = merge_time_ms(view);
	struct ranked item = {.value = rank_value(time_ms, true),
			      .order = (uint64_t)merge->now->ordinal << INDEX_BITS | index};
	size_t most = sizeof(struct kept) + view->record_bytes + 8u;

	note_time(merge->now, time_ms);
	if (merge->has_after && !before(&merge->after, &item))
		return true;
	if (merge->has_bound && !before(&item, &merge->bound))
		return true;
	if (!make_room(merge, most))
		return false;
	if (merge->has_bound && !before(&item, &merge->bound))
		return true; /* just now */
	put(merge, &item, view, now, number);
	return true;
}

void merge_sort(struct merge *merge)
{
	cut(merge, wanted(merge));
	ranking_sort(&merge->ranking);
	merge->at = 0;
}

bool merge_next(struct merge *merge, struct merged_flow *flow)
{
	const struct ranked *item = &merge->ranking.item[merge->at];
	const struct kept *kept;

	if (merge->at == merge->ranking.count)
		return false;
	kept = item->key;
	flow->record = (const uint8_t *)(kept + 1);
	flow->len = kept->len;
	flow->number = kept->number;
	flow->pair = kept->filled ? (const uint8_t *)kept->pair : NULL;
	flow->now = kept->has_now ? kept->now : NULL;
	merge->after = *item;
	merge->has_after = true;
	merge->at++;
	merge->given++;
	return true;
}

static int by_time(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->least_ms != y->least_ms)
		return x->least_ms < y->least_ms ? -1 : 1;
	return x->ordinal < y->ordinal ? -1 : x->ordinal > y->ordinal;
}

bool merge_again(struct merge *merge)
{
	bool more = merge->has_bound && (!merge->limit || merge->given < merge->limit);

	if (!more)
		return false;
	qsort(merge->span, merge->span_count, sizeof(*merge->span), by_time);
	start_pass(merge);
	return true;
}

/* Blocks come by their earliest flow, so that the first ones fill the room and the bound that they
 * set spares the rest. */
bool merge_block_again(struct merge *merge, uint64_t *offset, uint32_t *ordinal, uint64_t *number)
{
	while (merge->at_span < merge->span_count) {
		struct span *span = &merge->span[merge->at_span++];

		if (merge->has_bound && rank_value(span->least_ms, true) < merge->bound.value)
			return false;
		if (rank_value(span->most_ms, true) > merge->after.value ||
		    span->least_ms > span->most_ms)
			continue;
		merge->now = span;
		*offset = span->offset;
		*ordinal = span->ordinal;
		*number = span->number;
		return true;
	}
	return false;
}
