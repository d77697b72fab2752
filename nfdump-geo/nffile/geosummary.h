/* SPDX-License-Identifier: BSD-3-Clause */
/* geosummary.h - what the geo blocks of a file say, found and checked against the file. */
#ifndef NFFILE_GEOSUMMARY_H
#define NFFILE_GEOSUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "nffile/geosection.h"

struct geo_seal;
struct nffile_reader;

struct geo_summary {
	/* The header leads to the run; NumBlocks and the stat record's flows are as they were when it
	 * was written: nothing was added or taken away since, so a wrong checksum is damage. */
	bool sealed;
	/* Every record block of the file has an entry, and the sums are the sums of all flows. */
	bool complete;
	/* More than one: some of the blocks hold flows of one cell of a grid of countries each, so the
	 * file is not in order of arrival. */
	uint32_t groups;
	struct geo_totals totals;
	struct geo_entry *entry; /* in the order of the file; owns */
	struct country_sets sets; /* of the entries */
	uint32_t entry_count;
	const struct geo_provenance *provenance[GEO_PROVENANCE_MAX]; /* id - 1; interned */
	uint32_t provenance_count;
};

/** By the last geo block: a few reads. NULL when anything disagrees. */
struct geo_summary *geo_summary_sealed(const struct nffile_reader *reader, struct geo_seal *seal);

/**
 * By walking all block headers: for files that somebody else added to or recompressed. Runs whose
 * counts do not match the blocks they follow are ignored. NULL when nothing is left.
 */
struct geo_summary *geo_summary_walk(const struct nffile_reader *reader);

void geo_summary_free(struct geo_summary *summary);

#endif
