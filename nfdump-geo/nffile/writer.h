/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * writer.h - write a file block by block; complete it with geo blocks, appendix and header, sync
 * and rename it. Nobody sees an incomplete file under its final name.
 */
#ifndef NFFILE_WRITER_H
#define NFFILE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/block.h"
#include "flow/totals.h"
#include "nffile/compress.h"
#include "nffile/grid.h"

enum nffile_creator { CREATOR_NFCAPD = 1, CREATOR_NFDUMP = 4, CREATOR_NFANON = 5, CREATOR_NFPROFILE = 6 };

struct nffile_options {
	enum codec codec;
	int level;	   /* 0 = default */
	const char *ident; /* NULL or "" = "none" */
	uint8_t creator;   /* enum nffile_creator */
	bool query_totals; /* totals by totals_query() instead of totals_collect() */
	bool no_geo_blocks; /* write the stock form only, in order of arrival */
	/* Records are put into blocks by country (nffile/cluster.h) unless: */
	bool arrival_order;
	uint32_t groups; /* with arrival_order: of the file whose blocks these are, one by one; 0 = none */
	const struct grid_shares *shares; /* of an earlier file like this; NULL = of the first records */
	uint64_t expected_flows;	  /* between two writings of an open block; 0 = not known */
	size_t cell_memory;		  /* of all open blocks together; 0 = 64 MiB */
	struct cells *cells; /* for the open blocks (nffile/cells.h); borrowed; NULL = own ones */
	bool no_pairs; /* no sums by pair of countries; else where they are small for the file */
	bool sketches; /* of the hosts of each country (nffile/host_sketches.h) */
	int64_t created_s;  /* a rewritten file keeps its date; 0 = now */
};

struct cells;
struct nffile_writer;

/** Create (truncate) `path` and write the header placeholder. */
int nffile_create(struct nffile_writer **writer, const char *path,
		  const struct nffile_options *options, struct error *error);

/**
 * Take the records of a block: into open blocks by country, which are compressed and appended when
 * they are full; or, in order of arrival, compress and append this one. An empty block is ignored.
 * Totals, country totals and the block index are taken from the records when their block is
 * appended; block->provenance goes into the index.
 *
 * @return NFGEO_OK; else come again with the same block, which goes on where this call stopped
 */
int nffile_write(struct nffile_writer *writer, const struct block *block, struct error *error);

/** Append all open blocks. nffile_finish() does it, too. @return NFGEO_OK; else come again */
int nffile_flush(struct nffile_writer *writer, struct error *error);

/** Append the open blocks whose first record came `age_ms` ago. */
int nffile_flush_older(struct nffile_writer *writer, uint32_t age_ms, struct error *error);

/** Append all blocks of another file unchanged in content (restart within a slot). */
int nffile_append_file(struct nffile_writer *writer, const char *path, struct error *error);

/** Totals of the blocks that were appended; first_ms is UINT64_MAX while there is no flow. */
const struct flow_totals *nffile_totals(const struct nffile_writer *writer);

/** Flows by country in the blocks that were appended. False when the file counts none. */
bool nffile_shares(const struct nffile_writer *writer, struct grid_shares *shares);

struct nffile_finish {
	const char *rename_to;	    /* NULL = keep the name */
	uint64_t sequence_failures; /* of the slot */
	uint64_t empty_first_ms, empty_last_ms; /* time range of a file without flows */
	const struct flow_totals *totals; /* stat record of a rewritten file; NULL = own sums */
};

/**
 * Open blocks, geo blocks, appendix, header, fsync, rename; frees the writer in every case. On error
 * the file stays under its work name; open blocks are lost unless options.cells has them.
 */
int nffile_finish(struct nffile_writer *writer, const struct nffile_finish *finish,
		  struct error *error);

/** Remove a work file that nffile_finish() left, and what lies beside it. */
void nffile_remove(const char *work_path);

/** Drop everything: the file is removed. NULL is fine. */
void nffile_abort(struct nffile_writer *writer);

#endif
