/* SPDX-License-Identifier: BSD-3-Clause */
/* scan_merged.c - country-clustered files whose flows are wanted in the order in which they came. */
#include "query/scan_state.h"

enum { MERGED_ROWS = 4096 /* are given to the sink like a block */ };

bool merged_begin(struct worker *worker)
{
	const struct scan_plan *plan = worker->scan->plan;

	if (worker->merge_file == worker->source->file)
		return true;
	worker->merge_file = worker->source->file;
	if (!worker->merge)
		worker->merge = merge_new(plan->merge_bytes ? plan->merge_bytes : MERGE_BYTES);
	if (worker->merge)
		merge_begin(worker->merge, plan->limit ? plan->limit - worker->passed : 0);
	else
		scan_fail_memory(worker->scan);
	return worker->merge != NULL;
}

bool merged_block(struct worker *worker, uint64_t number)
{
	if (worker->again || merge_block(worker->merge, &worker->raw, number))
		return true;
	scan_fail_memory(worker->scan);
	return false;
}

bool merged_hold(struct worker *worker, const struct flow_row *row, uint32_t index)
{
	if (merge_add(worker->merge, row->view, row->now, index, row->number))
		return true;
	scan_fail_memory(worker->scan);
	return false;
}

/* Some of the sorted flows. @return false when there are no more, or no more wanted */
static bool give_some(struct worker *worker, struct flow_row *row)
{
	struct merged_flow flow;

	for (uint32_t index = 0; index < MERGED_ROWS; index++) {
		struct record_view *view;

		if (!merge_next(worker->merge, &flow))
			return false;
		view = record_views_look(&worker->views, flow.record, flow.len);
		if (flow.pair)
			view_set_geo(view, flow.pair);
		row->view = view;
		row->number = flow.number;
		row->now = flow.now;
		if (!scan_give(worker, row, index))
			return false;
	}
	return true;
}

static void give_all(struct worker *worker)
{
	struct scan *scan = worker->scan;
	struct flow_row row = {.ident = nffile_info(worker->source->reader)->ident,
			       .names = &worker->source->names,
			       .clock = &worker->clock,
			       .utc = &worker->utc};
	bool more = true;

	while (more && !scan_is_over(scan)) {
		worker->ordinal = scan->next_ordinal++;
		scan->number_turn++;
		if (scan->sink->block_begin)
			scan->sink->block_begin(worker->sink, worker->source->file);
		more = give_some(worker, &row);
		scan_end_block(worker);
	}
}

/* Read what the next pass needs; it was counted, and its damage told, by the first one. */
static void read_again(struct worker *worker)
{
	uint64_t processed = worker->processed, untagged = worker->untagged, offset;
	struct error ignored;

	worker->again = true;
	worker->untested = false;
	while (!scan_is_over(worker->scan) &&
	       merge_block_again(worker->merge, &offset, &worker->raw.ordinal,
				 &worker->again_number)) {
		if (!nffile_head_at(worker->source->reader, offset, &worker->raw))
			continue;
		scan_load(worker, &ignored);
		worker->bytes_read += worker->block.used;
		scan_records(worker);
	}
	worker->again = false;
	worker->processed = processed;
	worker->untagged = untagged;
}

void merged_end(struct worker *worker)
{
	struct scan *scan = worker->scan;
	bool more = true;

	while (more && !scan_is_over(scan)) {
		merge_sort(worker->merge);
		give_all(worker);
		more = !scan_is_over(scan) && merge_again(worker->merge);
		if (more)
			read_again(worker);
	}
	scan_let_go(worker);
	if (!scan_is_over(scan)) /* else the file counts as not read to its end */
		scan_leave_file(worker);
}
