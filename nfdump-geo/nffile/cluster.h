/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cluster.h - records as they come, out again in blocks of the same countries (nffile/grid.h). The
 * grid is made from what is known of an earlier file, or else from the first records, which wait
 * for that: a file of less than a few thousand flows keeps its order in one cell.
 */
#ifndef NFFILE_CLUSTER_H
#define NFFILE_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/block.h"
#include "nffile/grid.h"

struct cells;

struct cluster_options {
	const struct grid_shares *shares; /* borrowed for the call; NULL = of the first records */
	uint64_t expected_flows; /* before a cell is written; 0 = not known, without `shares` only */
	size_t memory;	     /* of all cells; 0 = CELLS_MEMORY_BYTES */
	struct cells *cells; /* to be used, emptied before; borrowed; NULL = own ones, in memory */
	/** Write a block; it is the cluster's again afterwards. */
	int (*write)(void *arg, const struct block *block, struct error *error);
	void *arg;
};

struct cluster;

int cluster_new(struct cluster **cluster, const struct cluster_options *options,
		struct error *error);

/** What was not written is lost, unless the cells are borrowed. NULL is fine. */
void cluster_free(struct cluster *cluster);

/**
 * Take all records of a block; cells that get full are written.
 *
 * @return NFGEO_OK; else come again with the same block: the records already taken are remembered
 */
int cluster_add(struct cluster *cluster, const struct block *block, struct error *error);

/** Write every cell. @return NFGEO_OK; else come again */
int cluster_flush(struct cluster *cluster, struct error *error);

/** Write the cells whose first record came `age_ms` ago. */
int cluster_flush_older(struct cluster *cluster, uint32_t age_ms, struct error *error);

/** Groups a side; 1 = records stay in order of arrival. 0 = not decided yet. */
unsigned cluster_groups(const struct cluster *cluster);

#endif
