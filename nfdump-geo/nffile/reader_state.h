/* SPDX-License-Identifier: BSD-3-Clause */
/* reader_state.h - what the parts of a reader share: nffile/reader_open.c, reader.c and reader_decode.c. */
#ifndef NFFILE_READER_STATE_H
#define NFFILE_READER_STATE_H

#include "nffile/cellfile.h"
#include "nffile/geoseal.h"
#include "nffile/geosummary.h"
#include "nffile/reader.h"
#include "nffile/sumfile.h"

struct nffile_reader {
	char *path; /* owns */
	int fd;
	struct nffile_info info;
	uint32_t announced_blocks, announced_appendix; /* as the header says */
	bool has_appendix;			       /* it was found and decodes */
	bool done;
	uint64_t at;	  /* of the next block */
	uint32_t ordinal; /* of the next block */
	uint32_t skipped;
	struct raw_block raw; /* of nffile_next() */
	bool looked_for_seal, looked_for_index, looked_for_runs;
	struct geo_seal *seal;	     /* owns; NULL = none found */
	struct geo_summary *summary; /* owns; NULL = none found */
	struct cellfile *cells;	     /* owns; of a file that was never closed; NULL = none */
	bool looked_for_cells, cells_begun;
	uint64_t last_at;	     /* of the last record block; 0 = there was none */
	struct geo_entry *sums;	     /* owns; of a file that was never closed (nffile/sumfile.h) */
	uint32_t sum_count;
};

struct block_head {
	uint32_t record_count, stored_bytes;
	uint16_t type;
};

/** A header that can be walked over: its payload is not empty and ends before `end`.
 * @return NFGEO_OK, _ETRUNCATED, _ECORRUPT or _EIO */
int reader_head(const struct nffile_reader *reader, uint64_t at, uint64_t end,
		struct block_head *head);

/** What the index says of a block, or the sums of a file that was never closed; NULL = nothing. */
const struct geo_entry *reader_sealed_entry(const struct nffile_reader *reader, uint32_t ordinal);

/** Read raw->stored_bytes behind the header at raw->offset. */
int reader_payload(const struct nffile_reader *reader, struct raw_block *raw);

#endif
