/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * databases.h - which country databases gave the countries of flow files: as a set, for a query that
 * wants to name them, and as a list with all that each has tagged.
 */
#ifndef QUERY_DATABASES_H
#define QUERY_DATABASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "geo/provenance.h"

struct nffile_reader;

enum { DATABASES_MAX = 64 };

/* The databases behind an answer, each once; what is beyond the limit is not named. */
struct databases {
	const struct geo_provenance *provenance[DATABASES_MAX];
	size_t count;
	bool unknown; /* and countries of blocks that have several, or of nobody knows which */
};

void databases_add(struct databases *databases, const struct geo_provenance *provenance);

/** Those of an open file, by its geo blocks. Before its blocks are read; not thread safe. */
void databases_add_file(struct databases *databases, struct nffile_reader *reader);

/** Add those of another set. */
void databases_merge(struct databases *to, const struct databases *from);

enum tagged_by { TAGGED_WHOLLY, TAGGED_PARTLY, TAGGED_OTHERWISE };

/**
 * Are the stored countries of a file all of this very database? Those of blocks of nobody knows
 * whom, and of files without a block index, are not. Partly: all that are stored, but some flows
 * have none; maybe they have no addresses.
 */
enum tagged_by databases_tagged_by(struct nffile_reader *reader,
				   const struct geo_provenance *provenance);

enum { DATABASES_TEXT = 1024 };

/** "2 databases: TYPE 2026-01-31 0123456789ab, ..", as many as fit; "" when it is one or none. */
void databases_print(const struct databases *databases, char text[DATABASES_TEXT]);

/* What one of them tagged. */
struct tagged {
	const struct geo_provenance *provenance; /* NULL in the two rows without one */
	uint64_t files, blocks, flows;
	uint64_t first_ms, last_ms; /* of the flows; UINT64_MAX and 0 without */
	size_t last_file;	    /* for counting files */
};

struct tagged_list {
	struct tagged *row; /* owns; in order of appearance */
	size_t count, capacity;
	struct tagged unknown;	/* countries of nobody knows which database, or of several in a block */
	struct tagged untagged; /* flows without stored countries */
	uint64_t files, flows;
	uint64_t blocks_read; /* whose file does not say what is in them */
};

void tagged_list_init(struct tagged_list *list);
void tagged_list_fini(struct tagged_list *list);

/**
 * Add a file: by its block index, and where it has none, or an outdated one, by its records.
 *
 * @param complain  gets each damage; what is readable counts
 * @return NFGEO_OK; NFGEO_ECORRUPT when there was damage; another error when nothing was added
 */
int tagged_list_add(struct tagged_list *list, const char *path,
		    void (*complain)(const char *text, void *arg), void *arg);

/** Most flows first. */
void tagged_list_sort(struct tagged_list *list);

/** First 12 digits of a hash; "none" for zeros. */
enum { HASH_SHORT_TEXT = 13 };
void hash_print_short(const uint8_t hash[SHA256_BYTES], char text[HASH_SHORT_TEXT]);

#endif
