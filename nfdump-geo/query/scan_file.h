/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * scan_file.h - the files of a scan: each is opened ahead of its turn by some worker, who also takes
 * from its geo blocks what they answer, and asks for the blocks that are left.
 */
#ifndef QUERY_SCAN_FILE_H
#define QUERY_SCAN_FILE_H

#include "flow/name_table.h"
#include "nffile/reader.h"
#include "query/answer.h"

enum scan_file_state {
	SCAN_FILE_OPEN,	/* blocks are to be read */
	SCAN_FILE_DONE,	/* there is nothing to read: see `way` */
	SCAN_FILE_FAILED,	/* see `error` */
};

/* A file that is open; closed by the last worker that holds one of its blocks. */
struct scan_file {
	enum scan_file_state state;
	struct error error;
	struct nffile_reader *reader; /* owns */
	unsigned references;	      /* guarded by the scan's lock */
	size_t file;		      /* number of the input, from 1 */
	bool merged;		      /* its flows are put into order of time (query/merge.h) */
	struct name_table names;
	struct databases databases; /* that gave its countries, where they are asked for */
	enum scan_way way;	 /* of SCAN_FILE_DONE */
	struct answer_sums sums; /* of the flows that were fed to the sink already */
	struct scan_books books; /* of its blocks that are not read */
	uint8_t *block_way;	 /* enum scan_way of the blocks of the index; owns; NULL = no index */
	uint32_t block_count;
};

/**
 * Open a file and answer what can be.
 *
 * @param worker  part of the sink, for sums
 * @return NULL when memory is out
 */
struct scan_file *scan_file_open(const char *path, size_t file, struct answers *answers, void *worker);
void scan_file_free(struct scan_file *source);

/** The way of the next block, when the index knows it; SCAN_TESTED else. */
enum scan_way scan_file_way(const struct scan_file *source);

/** The file is read to its end: count it, and why it had to be read. */
void scan_file_close_books(struct scan_file *source, const struct answers *answers);

#endif
