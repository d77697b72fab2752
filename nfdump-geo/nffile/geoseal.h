/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * geoseal.h - the geo blocks of a file that is as its writer left it: the header leads to the last
 * one, and that to the others. Sections are read one by one, when somebody asks for them.
 */
#ifndef NFFILE_GEOSEAL_H
#define NFFILE_GEOSEAL_H

#include "flow/block.h"
#include "nffile/cubesection.h"
#include "nffile/geoblock.h"
#include "nffile/reader.h"

struct geo_seal {
	struct geo_cover cover;
	struct geo_part part;	/* place of the last one: how many, which run */
	uint64_t begin;		/* offset of the run in the file */
	struct geo_stream last; /* sections of the last part */
	bool has_directory;	/* else the parts must all be read to find anything */
	struct geo_directory directory;
	struct raw_block raw; /* work space */
	uint8_t *payload;     /* work space; owns */
	/* What nffile/geocube.h gives out, once it was asked for. */
	bool asked_totals, asked_pairs;
	struct block_totals *totals; /* one per entry of the index; owns; NULL = not known */
	struct pair_sum *rows;	     /* of all; owns */
	struct pair_row *pairs;	     /* owns; NULL = not known */
	uint32_t pair_count;
};

/** NULL when the header knows of no geo blocks, or anything disagrees with the file. */
struct geo_seal *geo_seal_open(const struct nffile_reader *reader);
void geo_seal_free(struct geo_seal *seal);

/** What tagged the file's flows, when the last part tells that it was nothing else.
 * @param list  room for GEO_PROVENANCE_MAX; interned */
bool geo_seal_provenance(const struct geo_seal *seal, const struct geo_provenance **list,
			 uint32_t *count);

/** Read a section of the leading parts, by the directory.
 * @param stream  gets the bytes of it; the caller frees it
 * @return false when there is none, or not a whole one that is understood here */
bool geo_seal_section(struct geo_seal *seal, const struct nffile_reader *reader,
		      enum geo_section_type type, struct geo_stream *stream,
		      struct geo_section *section);

/** nffile/reader.h's own, for the modules of geo blocks. NULL as above. Not thread safe. */
struct geo_seal *nffile_seal(struct nffile_reader *reader);

#endif
