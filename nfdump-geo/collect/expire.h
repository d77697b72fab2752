/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * expire.h - the books of a data directory in its .nfstat, and expiry by the limits kept there.
 *
 * .nfstat is shared with nfexpire, nfprofile and NfSen: "key=value" lines, locked with fcntl()
 * while it is read and rewritten. Sizes are disk blocks (of 512 bytes) in bytes.
 */
#ifndef COLLECT_EXPIRE_H
#define COLLECT_EXPIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct nfstat {
	int64_t first_s, last_s; /* slots of the oldest and the newest file */
	uint64_t size_bytes, max_bytes; /* limit 0 = none */
	uint64_t file_count;
	uint64_t lifetime_s;  /* limit; 0 = none */
	uint64_t watermark;   /* percent of a limit to come down to; 0 = EXPIRE_WATERMARK */
	uint64_t status;      /* 0 = the sums are right, else nfexpire counts the files anew */
};

enum {
	EXPIRE_WATERMARK = 95,
	NFSTAT_REBUILD = 3, /* status: made without looking at the files that were there */
};

/** Read .nfstat of a directory. @return NFGEO_OK, NFGEO_ENOTFOUND when missing or empty */
int nfstat_read(const char *dir, struct nfstat *stat, struct error *error);

/**
 * Book one finished file.
 *
 * @param bytes     disk space it takes, or by how much it grew
 * @param new_file  false when it replaces one of the same name
 */
int expire_book(const char *dir, int64_t slot_s, int64_t bytes, bool new_file,
		struct error *error);

struct expire_result {
	uint64_t file_count, bytes; /* removed */
};

/**
 * Count the files of a directory and remove the oldest ones when a limit of .nfstat is passed,
 * until it is below the limit's watermark. The newest file always stays.
 */
int expire_run(const char *dir, int64_t now_s, struct expire_result *result, struct error *error);

#endif
