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

enum nffile_creator { CREATOR_NFCAPD = 1, CREATOR_NFDUMP = 4, CREATOR_NFANON = 5, CREATOR_NFPROFILE = 6 };

struct nffile_options {
	enum codec codec;
	int level;	   /* 0 = default */
	const char *ident; /* NULL or "" = "none" */
	uint8_t creator;   /* enum nffile_creator */
	bool query_totals; /* totals by totals_query() instead of totals_collect() */
	bool no_geo_blocks; /* write the stock form only */
	int64_t created_s;  /* a rewritten file keeps its date; 0 = now */
};

struct nffile_writer;

/** Create (truncate) `path` and write the header placeholder. */
int nffile_create(struct nffile_writer **writer, const char *path,
		  const struct nffile_options *options, struct error *error);

/**
 * Compress one record block and append it. An empty block is ignored. Totals, country totals and
 * the block index are taken from its records here; block->provenance goes into the index.
 */
int nffile_write(struct nffile_writer *writer, const struct block *block, struct error *error);

/** Append all blocks of another file unchanged in content (restart within a slot). */
int nffile_append_file(struct nffile_writer *writer, const char *path, struct error *error);

/** Totals so far; first_ms is UINT64_MAX while there is no flow. */
const struct flow_totals *nffile_totals(const struct nffile_writer *writer);

struct nffile_finish {
	const char *rename_to;	    /* NULL = keep the name */
	uint64_t sequence_failures; /* of the slot */
	uint64_t empty_first_ms, empty_last_ms; /* time range of a file without flows */
	const struct flow_totals *totals; /* stat record of a rewritten file; NULL = own sums */
};

/**
 * Geo blocks, appendix, header, fsync, rename; frees the writer in every case. On error the file
 * stays under its work name.
 */
int nffile_finish(struct nffile_writer *writer, const struct nffile_finish *finish,
		  struct error *error);

/** Drop everything: the file is removed. NULL is fine. */
void nffile_abort(struct nffile_writer *writer);

#endif
