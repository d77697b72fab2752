/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * reader.h - a file as a sequence of blocks. Tolerant where the format allows it, and never silent:
 * damage is reported, what is readable is given (doc/file-format.md "Reading").
 */
#ifndef NFFILE_READER_H
#define NFFILE_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/block.h"
#include "flow/totals.h"
#include "nffile/appendix.h"
#include "nffile/compress.h"

struct nffile_info {
	enum codec codec;
	uint8_t creator; /* program id, 0 = unknown */
	int64_t created_s;
	uint32_t block_count; /* from the header; counted when the file was never closed */
	bool never_closed;    /* no appendix: still being written, or its writer died */
	bool has_totals;
	char ident[IDENT_TEXT]; /* "" if the file has none */
	struct flow_totals totals;
	uint64_t file_bytes;
	uint64_t data_end;  /* offset behind the last data block, as far as the file tells */
	uint32_t geo_bytes; /* on disk, of the last geo block; 0 = the header knows of none */
};

/* One block as it lies in the file. */
struct raw_block {
	uint64_t offset;	/* of its 12-byte header */
	uint32_t stored_bytes;	/* payload on disk */
	uint32_t record_count;
	uint16_t type; /* enum block_type or anything else */
	uint32_t ordinal; /* 0 .. block_count - 1 */
	bool open;	  /* of a collector's open blocks (nffile/cellfile.h): loaded, and not coded */
	uint8_t *bytes;	  /* stored payload; owns; NULL until read */
	size_t capacity;
};

struct nffile_reader;
struct geo_summary;

/** Open and check header and appendix. Layout 1, encryption, unknown codecs are refused by name. */
int nffile_open(struct nffile_reader **reader, const char *path, struct error *error);
void nffile_close(struct nffile_reader *reader);

const struct nffile_info *nffile_info(const struct nffile_reader *reader);
const char *nffile_path(const struct nffile_reader *reader);

/**
 * Read the next block of type 3 or 4 as stored. Damage, and blocks of any other type, are reported
 * once each; the next call goes on behind that place, so call until 0.
 *
 * @return 1 a block, 0 the end, <0 damage, described in *error
 */
int nffile_next_raw(struct nffile_reader *reader, struct raw_block *raw, struct error *error);
void raw_block_fini(struct raw_block *raw);

/**
 * Decompress into `block` (grown as needed, cleared before). The sizes of its records are checked
 * against the block, not their insides: record_view() does that. Where the file has a sealed block
 * index, the payload's checksum is compared too, and block->provenance is set. Thread safe.
 *
 * @return NFGEO_OK; or <0, described in *error: then `block` holds the records that are readable
 *         all the same, possibly none
 */
int nffile_decode(const struct nffile_reader *reader, const struct raw_block *raw,
		  struct block *block, struct error *error);

/**
 * Both steps, record blocks only; blocks of type 4 are counted and passed over.
 * @return 1 a block, 0 the end, <0 damage: `block` holds what is readable of it, go on until 0
 */
int nffile_next(struct nffile_reader *reader, struct block *block, struct error *error);

/*
 * The two halves of nffile_next_raw(), for readers that decide by the header, or by the block
 * index, which blocks they want.
 */

/** Header of the next block only. @return as nffile_next_raw() */
int nffile_next_head(struct nffile_reader *reader, struct raw_block *raw, struct error *error);

/** Load the payload of the block at raw->offset. Thread safe. @return NFGEO_OK or an error */
int nffile_load(const struct nffile_reader *reader, struct raw_block *raw, struct error *error);

/** Header of the block at an offset, wherever the reader is. Thread safe.
 * @return true when it is complete and its payload lies within the data blocks */
bool nffile_head_at(const struct nffile_reader *reader, uint64_t offset, struct raw_block *raw);

/**
 * The file's geo blocks: provenance, sums per country, block index. NULL when it has none. Borrowed
 * until the file is closed. Looks through the block headers if it must; not thread safe.
 */
const struct geo_summary *nffile_summary(struct nffile_reader *reader);

struct geo_provenance;

/** What tagged the file's flows, when its last geo block tells that it was nothing else: the index is
 * not read for it. @param list  room for GEO_PROVENANCE_MAX (geosection.h); interned */
bool nffile_provenance(struct nffile_reader *reader, const struct geo_provenance **list,
		       uint32_t *count);

struct geo_entry;

/** What the block index says of the block of the last nffile_next_head(); NULL when the file has no
 * index, or was changed since. Borrowed until the file is closed. Thread safe. */
const struct geo_entry *nffile_entry(const struct nffile_reader *reader,
				     const struct raw_block *raw);

/*
 * For readers that know from the block index which blocks they want.
 */

/** The block index and the sums of a file that is as its writer left it; NULL otherwise. Borrowed
 * until the file is closed; not thread safe. */
const struct geo_summary *nffile_index(struct nffile_reader *reader);

/** Number of the next block. */
uint32_t nffile_ordinal(const struct nffile_reader *reader);

/** Go behind the next block, which the index has, without a look at it. @return its entry */
const struct geo_entry *nffile_pass(struct nffile_reader *reader);

/** Blocks of records, when the file has an index; of all types otherwise. */
uint32_t nffile_record_blocks(const struct nffile_reader *reader);

/** Bytes from..to will be read soon: the kernel may fetch them now, all at once. Thread safe. */
void nffile_will_read(const struct nffile_reader *reader, uint64_t from, uint64_t to);

/** Its flows lie in blocks by country, so that the order of the file is not the order in which they
 * came; as its writer says, if nobody changed it since. */
bool nffile_is_clustered(struct nffile_reader *reader);

/** Blocks of other types met so far ("Blocks skipped"). */
uint32_t nffile_skipped(const struct nffile_reader *reader);

#endif
