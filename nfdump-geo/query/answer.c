/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/answer.h"

#include <stdlib.h>

#include "include/nfgeo.h"

/* Numbers of records, and the N-th one, are known only to who reads them all. */
int answers_init(struct answers *answers, const struct scan_plan *plan, const struct scan_sink *sink)
{
	*answers = (struct answers){
		.plan = plan,
		.sink = sink,
		.country = plan->need_country || plan->want_country,
		.skip = !plan->read_all && !plan->numbered,
	};
	answers->sum =
		answers->skip && sink->sums && !sink->other && !plan->limit && !plan->want_now;
	answers->timed = plan->from_ms || plan->to_ms != UINT64_MAX;
	facts_init(&answers->block);
	answers->suffices = true;
	if (!plan->filter)
		return NFGEO_OK;
	if (paths_init(&answers->paths, plan->filter) != NFGEO_OK)
		return NFGEO_ENOMEM;
	answers->timed |= facts_ask_time(&answers->paths);
	answers->suffices = facts_suffice(&answers->paths);
	return NFGEO_OK;
}

void answers_fini(struct answers *answers)
{
	if (answers->paths.program)
		paths_fini(&answers->paths);
	free(answers->rows.row);
	free(answers->cells);
	*answers = (struct answers){0};
}

void answer_rows_add(struct answer_rows *rows, uint16_t src, uint16_t dst,
		     const struct cube_sum *sum)
{
	if (rows->count == rows->capacity) {
		size_t capacity = 2 * rows->capacity + 64;
		struct pair_sum *row = realloc(rows->row, capacity * sizeof(*row));

		if (!row) {
			rows->failed = true;
			return;
		}
		rows->row = row;
		rows->capacity = capacity;
	}
	rows->row[rows->count++] = (struct pair_sum){src, dst, *sum};
}

static enum answer both(enum answer a, enum answer b)
{
	if (a == ANSWER_NO || b == ANSWER_NO)
		return ANSWER_NO;
	return a | b;
}

enum answer answers_window(const struct answers *answers, const struct facts *facts)
{
	return both(facts_compare(facts->first, answers->plan->from_ms, UINT64_MAX),
		    facts_compare(facts->last, 0, answers->plan->to_ms));
}

static enum answer decide(struct answers *answers, const struct facts *facts)
{
	enum answer window = answers->timed ? answers_window(answers, facts) : ANSWER_YES;

	if (window == ANSWER_NO || !answers->plan->filter)
		return window;
	return both(window, facts_decide(&answers->paths, facts));
}

/* first_ms and last_ms of an entry are bounds of both times unless a flow has none, or the two the
 * wrong way around. */
static void take_times(struct facts *facts, const struct geo_entry *entry)
{
	if (entry->families & GEO_HAS_ODD_TIMES) {
		facts->first = (struct fact_range){0, UINT64_MAX};
		facts->last = (struct fact_range){0, entry->last_ms};
	} else {
		facts->first = facts->last = (struct fact_range){entry->first_ms, entry->last_ms};
	}
}

static void take_countries(struct facts *facts, const struct geo_entry *entry)
{
	if (entry->untagged_count) {
		facts->src.is = facts->dst.is = COUNTRY_ANY;
		return;
	}
	facts->src = (struct fact_country){.is = COUNTRY_OF_SET, .set = entry->src};
	facts->dst = (struct fact_country){.is = COUNTRY_OF_SET, .set = entry->dst};
}

static const struct facts *facts_of(struct answers *answers, const struct geo_entry *entry,
				    const char *ident)
{
	struct facts *facts = &answers->block;

	facts->ident = ident;
	facts->families = entry->families & FAMILY_ANY;
	if (answers->timed)
		take_times(facts, entry);
	take_countries(facts, entry);
	return facts;
}

static bool is_out_of_time(struct answers *answers, const struct geo_entry *entry)
{
	struct facts facts;

	if (!answers->timed)
		return false;
	facts_init(&facts);
	take_times(&facts, entry);
	return decide(answers, &facts) == ANSWER_NO;
}

static enum scan_way by_family(struct answers *answers, uint8_t families)
{
	struct facts facts;

	facts_init(&facts);
	facts.families = families;
	return decide(answers, &facts) == ANSWER_NO ? SCAN_FAMILY : SCAN_COUNTRY;
}

/* What alone would have been enough; countries, when only all together are. */
static enum scan_way reason(struct answers *answers, const struct geo_entry *entry)
{
	uint8_t families = entry->families & FAMILY_ANY;

	if (is_out_of_time(answers, entry))
		return SCAN_TIME;
	if (families == FAMILY_ANY)
		return SCAN_COUNTRY;
	if (!answers->family_way[families])
		answers->family_way[families] = (uint8_t)by_family(answers, families);
	return (enum scan_way)answers->family_way[families];
}

/* Something in the block is of interest even if none of its flows is: what others are there (damage
 * that is to be told, records that the sink wants), and flows whose countries are looked for. */
static bool must_be_seen(const struct answers *answers, const struct geo_entry *entry)
{
	return (entry->families & GEO_HAS_UNREADABLE) ||
	       ((entry->families & GEO_HAS_OTHERS) && answers->sink->other) ||
	       (entry->untagged_count && answers->country) || !entry->flow_count;
}

enum block_way answers_block(struct answers *answers, const struct geo_entry *entry,
			     const char *ident, enum scan_way *why)
{
	switch (decide(answers, facts_of(answers, entry, ident))) {
	case ANSWER_YES:
		return BLOCK_UNTESTED;
	case ANSWER_NO:
		if (must_be_seen(answers, entry))
			return BLOCK_READ;
		if (why)
			*why = reason(answers, entry);
		return BLOCK_PASSED;
	default:
		return BLOCK_READ;
	}
}

/* Flows without counters count for nothing in some sinks, and are in the sums of all flows. They have
 * no times either. */
static bool sink_takes(const struct answers *answers, const struct cube_sum *sum)
{
	return !answers->sink->sums_counted || sum->sum.first_ms;
}

static enum answer decide_row(struct answers *answers, struct facts *facts,
			      const struct geo_entry *entry, const struct pair_sum *row)
{
	facts->src = (struct fact_country){.is = COUNTRY_ONE, .code = row->src};
	facts->dst = (struct fact_country){.is = COUNTRY_ONE, .code = row->dst};
	facts->first.low = row->all.sum.first_ms;
	facts->last.high = row->all.sum.last_ms;
	if (!(entry->families & GEO_HAS_ODD_TIMES)) {
		facts->first.high = facts->last.high;
		facts->last.low = facts->first.low;
	}
	return decide(answers, facts);
}

bool answers_from_totals(struct answers *answers, void *worker, const struct geo_entry *entry,
			 const struct block_totals *totals, const char *ident,
			 struct answer_sums *sums)
{
	struct answer_rows *rows = &answers->rows;
	struct facts facts;

	if (!answers->sum || !totals->known || entry->untagged_count || must_be_seen(answers, entry))
		return false;
	*sums = (struct answer_sums){.processed = entry->flow_count};
	facts = *facts_of(answers, entry, ident);
	rows->count = 0;
	for (uint32_t i = 0; i < totals->count; i++) {
		const struct pair_sum *row = &totals->row[i];
		enum answer answer = decide_row(answers, &facts, entry, row);

		if (answer == ANSWER_EITHER || !sink_takes(answers, &row->all))
			return false;
		if (answer == ANSWER_NO)
			continue;
		answer_rows_add(rows, row->src, row->dst, &row->all);
		cube_sum_merge(&sums->all, &row->all);
	}
	if (rows->failed)
		return false;
	answers->sink->sums(worker, rows->row, rows->count, SUMS_BOTH);
	return true;
}
