/* SPDX-License-Identifier: BSD-3-Clause */
/* scan_records.c - the records of a block: view, country, filter, sink, in one pass. */
#include <stdio.h>
#include <stdlib.h>

#include "flow/record_kind.h"
#include "geo/tag.h"
#include "include/nfgeo.h"
#include "query/scan_state.h"

const struct geo_table *scan_table(struct scan *scan)
{
	pthread_mutex_lock(&scan->lock);
	if (!scan->table_asked) {
		scan->table = scan->plan->table ? scan->plan->table(scan->plan->arg) : NULL;
		scan->table_asked = true;
	}
	pthread_mutex_unlock(&scan->lock);
	return scan->table;
}

/* Room for a pair of countries for each record of the block. @return false: the scan failed */
static bool grow_pairs(struct worker *worker, uint16_t **pair, size_t *capacity)
{
	size_t count = worker->block.record_count;
	uint16_t *grown;

	if (count <= *capacity)
		return true;
	grown = realloc(*pair, count * 2 * sizeof(*grown));
	if (!grown) {
		scan_fail_memory(worker->scan);
		return false;
	}
	*pair = grown;
	*capacity = count;
	return true;
}

/* Look up the countries of the block's untagged records, all at once. */
static void fill(struct worker *worker)
{
	const struct geo_table *table = scan_table(worker->scan);

	worker->filled = true;
	worker->filled_any |= table != NULL;
	if (table && grow_pairs(worker, &worker->pair, &worker->pair_capacity))
		tag_fill(&worker->block, table, worker->pair);
}

/* Today's countries of all records of the block; NULL when nobody asks. */
static const uint16_t *look_up_now(struct worker *worker)
{
	if (!worker->scan->need_now ||
	    !grow_pairs(worker, &worker->now, &worker->now_capacity))
		return NULL;
	tag_now(&worker->block, worker->scan->table, worker->now);
	return worker->now;
}

static inline void give_country(struct worker *worker, struct record_view *view, uint32_t index)
{
	if (!worker->filled)
		fill(worker);
	if (worker->scan->table && index < worker->pair_capacity)
		view_set_geo(view, (const uint8_t *)(worker->pair + 2 * (size_t)index));
	else
		worker->untagged++;
}

static inline void tally(struct flow_totals *totals, const struct record_view *view)
{
	uint64_t first = view_first_ms(view), last = view_last_ms(view);

	totals->flows += view_flows(view);
	totals->packets += view_packets(view);
	totals->bytes += view_bytes(view);
	if (first < totals->first_ms)
		totals->first_ms = first;
	if (last > totals->last_ms)
		totals->last_ms = last;
}

/* Numbers are given out block by block, in order. @return number of the record before */
static uint64_t number_base(struct worker *worker, uint64_t flows)
{
	struct scan *scan = worker->scan;
	uint64_t base;

	pthread_mutex_lock(&scan->lock);
	while (scan->number_turn != worker->ordinal && !scan->stop)
		pthread_cond_wait(&scan->turn_over, &scan->lock);
	base = scan->number_base;
	scan->number_base += flows;
	scan->number_turn++;
	pthread_cond_broadcast(&scan->turn_over);
	pthread_mutex_unlock(&scan->lock);
	return base;
}

static uint64_t count_flows(const struct block *block)
{
	struct block_cursor cursor = block_cursor(block);
	const uint8_t *record;
	size_t len;
	uint64_t flows = 0;

	while (block_next(&cursor, &record, &len) > 0)
		flows += bytes_get16(record) == RECORD_FLOW;
	return flows;
}

/* Records of a block that are left out: by what is wrong with them. */
struct lost {
	uint64_t bad, foreign, unknown;
	uint16_t type; /* of the first unknown one */
};

static void note_lost(struct lost *lost, const uint8_t *record, size_t len)
{
	enum record_kind kind = record_kind(record, len);

	lost->foreign += kind == RECORD_IS_FOREIGN;
	if (kind == RECORD_IS_UNKNOWN && !lost->unknown++)
		lost->type = bytes_get16(record);
}

static void complain_lost(struct worker *worker, uint64_t count, const char *one, const char *kind)
{
	struct error error;

	if (!count)
		return;
	error_set(&error, NFGEO_ECORRUPT, "%s: block %u: %llu %s%s%s left out",
		  nffile_path(worker->source->reader), worker->raw.ordinal,
		  (unsigned long long)count, one, count == 1 ? "" : "s", kind);
	scan_complain(worker->scan, &error);
}

static void complain_all(struct worker *worker, const struct lost *lost)
{
	char kind[40];

	complain_lost(worker, lost->bad, "damaged record", "");
	complain_lost(worker, lost->foreign, "flow", " in a form that is not known here");
	snprintf(kind, sizeof(kind), " of unknown type (%u)", lost->type);
	complain_lost(worker, lost->unknown, "record", kind);
}

static inline bool is_selected(const struct scan_plan *plan, const struct record_view *view,
			       const struct filter_context *context)
{
	if (view_first_ms(view) < plan->from_ms || view_last_ms(view) > plan->to_ms)
		return false;
	return !plan->filter || filter_match(plan->filter, view, context, NULL);
}

static inline bool give_flow(struct worker *worker, const struct flow_row *row, uint32_t index)
{
	struct scan *scan = worker->scan;

	worker->passed++;
	tally(&worker->selected, row->view);
	scan->sink->flow(worker->sink, row, worker->ordinal << ORDER_SHIFT | index);
	if (!scan->plan->limit || worker->passed != scan->plan->limit)
		return true;
	scan->stop = true; /* there is one worker only */
	return false;
}

bool scan_give(struct worker *worker, const struct flow_row *row, uint32_t index)
{
	return give_flow(worker, row, index);
}

/* Number of the record before the block's first one. */
static uint64_t first_number(struct worker *worker)
{
	if (worker->again)
		return worker->again_number;
	return worker->scan->plan->numbered ? number_base(worker, count_flows(&worker->block)) : 0;
}

void scan_records(struct worker *worker)
{
	struct scan *scan = worker->scan;
	const struct scan_plan *plan = scan->plan;
	struct block_cursor cursor = block_cursor(&worker->block);
	const char *ident = nffile_info(worker->source->reader)->ident;
	struct filter_context context = {.ident = ident};
	struct flow_row row = {.ident = ident,
			       .names = &worker->source->names,
			       .clock = &worker->clock,
			       .utc = &worker->utc};
	bool country = plan->need_country || plan->want_country;
	bool merged = worker->source->merged;
	const uint16_t *now = look_up_now(worker);
	const uint8_t *record;
	struct lost lost = {0};
	uint32_t index = 0;
	size_t len;

	worker->filled = false;
	if (scan->sink->block_begin)
		scan->sink->block_begin(worker->sink, worker->source->file);
	row.number = first_number(worker);
	if (merged && !merged_block(worker, row.number))
		return;
	for (; block_next(&cursor, &record, &len) > 0; index++) {
		struct record_view *view;

		if (bytes_get16(record) != RECORD_FLOW) {
			note_lost(&lost, record, len);
			if (scan->sink->other && !worker->again)
				scan->sink->other(worker->sink, record, len);
			continue;
		}
		row.number++;
		worker->processed++;
		view = record_views_look(&worker->views, record, len);
		if (!view) {
			lost.bad++;
			continue;
		}
		if (country && !view->geo && view_has_addresses(view))
			give_country(worker, view, index);
		context.record_count = row.number;
		if (now)
			context.now = row.now = now + 2 * (size_t)index;
		if (!worker->untested && !is_selected(plan, view, &context))
			continue;
		row.view = view;
		if (merged ? !merged_hold(worker, &row, index) : !give_flow(worker, &row, index))
			break;
	}
	if (!worker->again)
		complain_all(worker, &lost);
}
