/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/segments.h"

#include <stdlib.h>
#include <string.h>

#include "include/nfgeo.h"

enum { FIRST_ROOM = 1024 };

void segments_fini(struct segments *segments)
{
	free(segments->item);
	*segments = (struct segments){0};
}

static int reserve(struct segments *segments, size_t room)
{
	struct segment *item = reallocarray(segments->item, room, sizeof(*item));

	if (!item)
		return NFGEO_ENOMEM;
	segments->item = item;
	segments->room = room;
	return NFGEO_OK;
}

int segments_add(struct segments *segments, number128 first, number128 last, uint16_t code)
{
	if (segments->count == segments->room &&
	    reserve(segments, segments->room ? segments->room * 2 : FIRST_ROOM))
		return NFGEO_ENOMEM;
	if (segments->count && first <= segments->item[segments->count - 1].last)
		segments->unordered = true;
	segments->item[segments->count] =
		(struct segment){first, last, (uint32_t)segments->count, code};
	segments->count++;
	return NFGEO_OK;
}

/* Append to a flat list, joining equal neighbours. */
static int append(struct segments *out, number128 first, number128 last, uint16_t code)
{
	struct segment *before = out->count ? &out->item[out->count - 1] : NULL;

	if (before && before->code == code && before->last + 1 == first) {
		before->last = last;
		return NFGEO_OK;
	}
	return segments_add(out, first, last, code);
}

/* Outer before inner, so that the sweep below meets the winner last. */
static int compare_nesting(const void *left, const void *right)
{
	const struct segment *a = left, *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last > b->last ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* A stack of the segments that are open at the place the sweep has reached. */
struct sweep {
	const struct segment **open; /* borrows */
	size_t depth;
	number128 place;
	struct segments out;
};

/* Close what ends before `until`. */
static int sweep_close(struct sweep *sweep, number128 until)
{
	while (sweep->depth && sweep->open[sweep->depth - 1]->last < until) {
		const struct segment *top = sweep->open[--sweep->depth];

		if (top->last < sweep->place)
			continue;
		if (append(&sweep->out, sweep->place, top->last, top->code))
			return NFGEO_ENOMEM;
		sweep->place = top->last + 1;
	}
	return NFGEO_OK;
}

static int sweep_open(struct sweep *sweep, const struct segment *segment)
{
	if (sweep_close(sweep, segment->first))
		return NFGEO_ENOMEM;
	if (sweep->depth && sweep->place < segment->first &&
	    append(&sweep->out, sweep->place, segment->first - 1,
		   sweep->open[sweep->depth - 1]->code))
		return NFGEO_ENOMEM;
	sweep->place = segment->first;
	sweep->open[sweep->depth++] = segment;
	return NFGEO_OK;
}

/* What is still open at the end, up to the last address there is, behind which no number is. */
static int sweep_end(struct sweep *sweep)
{
	const number128 end = ~(number128)0;

	if (sweep_close(sweep, end))
		return NFGEO_ENOMEM;
	if (!sweep->depth)
		return NFGEO_OK;
	return append(&sweep->out, sweep->place, end, sweep->open[sweep->depth - 1]->code);
}

int segments_flatten(struct segments *segments)
{
	struct sweep sweep = {0};
	int code = NFGEO_ENOMEM;

	if (!segments->unordered)
		return NFGEO_OK;
	sweep.open = calloc(segments->count, sizeof(*sweep.open));
	if (!sweep.open)
		return NFGEO_ENOMEM;
	qsort(segments->item, segments->count, sizeof(*segments->item), compare_nesting);
	for (size_t i = 0; i < segments->count; i++)
		if (sweep_open(&sweep, &segments->item[i]))
			goto done;
	code = sweep_end(&sweep);
	if (code)
		goto done;
	segments_fini(segments);
	*segments = sweep.out;
	sweep.out = (struct segments){0};
done:
	segments_fini(&sweep.out);
	free(sweep.open);
	return code;
}

/* One of the two lists while they are merged: the first segment that does not end before a place */
static const struct segment *reach(const struct segments *list, size_t *at, number128 place)
{
	while (*at < list->count && list->item[*at].last < place)
		++*at;
	return *at < list->count ? &list->item[*at] : NULL;
}

int segments_overlay(const struct segments *upper, const struct segments *lower,
		     struct segments *out)
{
	size_t at_upper = 0, at_lower = 0;
	number128 place = 0;

	/* Each end of a segment can end a segment of the result, and begin one after a gap. */
	if (reserve(out, 2 * (upper->count + lower->count) + 1))
		return NFGEO_ENOMEM;
	for (;;) {
		const struct segment *u = reach(upper, &at_upper, place);
		const struct segment *l = reach(lower, &at_lower, place);
		const struct segment *from;
		number128 last;

		if (!u && !l)
			return NFGEO_OK;
		from = u && (!l || u->first <= place || u->first <= l->first) ? u : l;
		if (place < from->first)
			place = from->first;
		last = from == l && u && u->first <= l->last ? u->first - 1 : from->last;
		if (append(out, place, last, from->code))
			return NFGEO_ENOMEM;
		if (last == ~(number128)0)
			return NFGEO_OK;
		place = last + 1;
	}
}

size_t segments_reach(const struct segments *segments, number128 address)
{
	size_t low = 0, high = segments->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (segments->item[middle].last < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct segment *segments_find(const struct segments *segments, number128 address)
{
	size_t i = segments_reach(segments, address);

	return i < segments->count && segments->item[i].first <= address ? &segments->item[i]
									 : NULL;
}
