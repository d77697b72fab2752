/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/country_totals.h"

#include <stdlib.h>

#include "nffile/geosummary.h"
#include "nffile/reader.h"

struct totals_part {
	struct totals_part *next;
	struct geo_totals sums;
	struct host_sketches *hosts; /* owns; NULL = not asked for */
	/* geosum_add() wants them; they are of no use here */
	struct geo_entry entry;
	struct geo_sides sides;
};

static void *open_part(struct scan_sink *sink)
{
	struct country_totals *totals = (struct country_totals *)sink;
	struct totals_part *part = calloc(1, sizeof(*part));

	if (part && totals->hosts)
		part->hosts = host_sketches_new();
	if (!part || (totals->hosts && !part->hosts)) {
		free(part);
		return NULL;
	}
	geosum_entry_init(&part->entry);
	part->next = totals->part;
	totals->part = part;
	return part;
}

static void take_flow(void *worker, const struct flow_row *row, uint64_t order)
{
	struct totals_part *part = worker;

	(void)order;
	geosum_add(&part->sums, &part->entry, &part->sides, row->view, view_flows(row->view));
	if (part->hosts)
		host_sketches_add(part->hosts, row->view);
}

static void add_count(struct geo_count *count, const struct cube_sum *sum)
{
	count->flows += sum->sum.flows;
	count->packets += sum->sum.in_packets + sum->sum.out_packets;
	count->bytes += sum->sum.in_bytes + sum->sum.out_bytes;
	count->syn_only += sum->syn_only;
}

static void take_sums(void *worker, const struct pair_sum *row, size_t count, enum sum_sides sides)
{
	struct totals_part *part = worker;

	for (size_t i = 0; i < count; i++) {
		if (sides & SUMS_SRC)
			add_count(&part->sums.src[row[i].src], &row[i].all);
		if (sides & SUMS_DST)
			add_count(&part->sums.dst[row[i].dst], &row[i].all);
	}
}

static int end_block(void *worker, struct error *error)
{
	(void)worker;
	(void)error;
	return NFGEO_OK;
}

int country_totals_init(struct country_totals *totals, bool hosts)
{
	*totals = (struct country_totals){
		.sink = {.open = open_part, .flow = take_flow, .block_end = end_block}};
	if (hosts) {
		totals->hosts = host_sketches_new();
		return totals->hosts ? NFGEO_OK : NFGEO_ENOMEM;
	}
	totals->sink.sums = take_sums;
	totals->sink.sums_of = SUMS_SRC | SUMS_DST;
	totals->sink.sums_counted = true;
	return NFGEO_OK;
}

static void free_parts(struct country_totals *totals)
{
	while (totals->part) {
		struct totals_part *next = totals->part->next;

		host_sketches_free(totals->part->hosts);
		free(totals->part);
		totals->part = next;
	}
}

void country_totals_fini(struct country_totals *totals)
{
	free_parts(totals);
	host_sketches_free(totals->hosts);
	totals->hosts = NULL;
}

void country_totals_provenance(struct country_totals *totals,
			       const struct geo_provenance *provenance)
{
	for (size_t i = 0; i < totals->provenance_count; i++)
		if (totals->provenance[i] == provenance)
			return;
	if (provenance && totals->provenance_count < TOTALS_PROVENANCE_MAX)
		totals->provenance[totals->provenance_count++] = provenance;
}

/* @return true when the file's own sums are all that is wanted of it. What cannot be opened is left
 * to the scan, which says so. */
static bool take_file_sums(struct country_totals *totals, const char *path, bool use_sums)
{
	const struct geo_summary *summary;
	struct nffile_reader *reader;
	bool done = false;

	if (nffile_open(&reader, path, NULL) != NFGEO_OK)
		return false;
	summary = nffile_summary(reader);
	for (uint32_t i = 0; summary && i < summary->provenance_count; i++)
		country_totals_provenance(totals, summary->provenance[i]);
	if (use_sums && summary && summary->complete && !summary->totals.untagged.flows &&
	    !nffile_info(reader)->never_closed &&
	    (!totals->hosts || nffile_add_sketches(reader, totals->hosts))) {
		geosum_merge(&totals->sums, &summary->totals);
		totals->summed.files++;
		totals->summed.blocks += nffile_record_blocks(reader);
		totals->summed.flows += summary->totals.flow_records;
		totals->summed.bytes += nffile_info(reader)->data_end;
		done = true;
	}
	nffile_close(reader);
	return done;
}

int country_totals_from_files(struct country_totals *totals, const struct inputs *inputs,
			      bool use_sums, struct input_list *left)
{
	*left = (struct input_list){.text = calloc(inputs->path.count + 1, sizeof(*left->text)),
				    .capacity = inputs->path.count + 1};
	if (!left->text)
		return NFGEO_ENOMEM;
	for (size_t i = 0; i < inputs->path.count; i++)
		if (!take_file_sums(totals, inputs->path.text[i], use_sums))
			left->text[left->count++] = inputs->path.text[i];
	return NFGEO_OK;
}

void country_totals_finish(struct country_totals *totals)
{
	for (struct totals_part *part = totals->part; part; part = part->next) {
		geosum_merge(&totals->sums, &part->sums);
		if (totals->hosts)
			host_sketches_merge(totals->hosts, part->hosts);
	}
	free_parts(totals);
}

struct geo_count country_totals_all(const struct country_totals *totals)
{
	struct geo_count all = totals->sums.untagged;

	for (unsigned code = 0; code < COUNTRY_CODES; code++)
		geo_count_add(&all, &totals->sums.src[code]);
	return all;
}
