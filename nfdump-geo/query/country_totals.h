/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * country_totals.h - flows, packets, bytes and SYN-only flows of every country, as source and as
 * destination; and its hosts, estimated, when they are asked for. Files whose geo blocks have all of
 * this already are not read.
 */
#ifndef QUERY_COUNTRY_TOTALS_H
#define QUERY_COUNTRY_TOTALS_H

#include "geo/provenance.h"
#include "nffile/geosum.h"
#include "nffile/host_sketches.h"
#include "query/scan.h"

enum { TOTALS_PROVENANCE_MAX = 64 };

struct totals_part;

struct country_totals {
	struct scan_sink sink; /* for scan_run() over the files that must be read */
	struct geo_totals sums;
	struct host_sketches *hosts; /* owns; NULL = not asked for */
	/* What tagged the flows, each once; what is beyond the limit is not named. */
	const struct geo_provenance *provenance[TOTALS_PROVENANCE_MAX];
	size_t provenance_count;
	struct scan_count summed; /* files that were not read */
	struct totals_part *part; /* of the workers; owns */
};

/** @param hosts  estimate the hosts of each country, too. @return NFGEO_OK or NFGEO_ENOMEM;
 * country_totals_fini() in either case */
int country_totals_init(struct country_totals *totals, bool hosts);
void country_totals_fini(struct country_totals *totals);

/**
 * Add the sums that the files' geo blocks have, and note what tagged them.
 *
 * @param use_sums  false: only note what tagged them (a filter wants the records)
 * @param left      the files that must be read; paths are borrowed from `inputs`. Free left->text.
 * @return NFGEO_OK or NFGEO_ENOMEM
 */
int country_totals_from_files(struct country_totals *totals, const struct inputs *inputs,
			      bool use_sums, struct input_list *left);

void country_totals_provenance(struct country_totals *totals,
			       const struct geo_provenance *provenance);

/** After the scan: the workers' sums into `sums` and `hosts`, whose `failed` may be set then. */
void country_totals_finish(struct country_totals *totals);

/** Every flow once: those of all source countries, and those without. */
struct geo_count country_totals_all(const struct country_totals *totals);

#endif
