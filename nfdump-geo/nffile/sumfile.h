/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sumfile.h - checksums of a file that is still open, one line per finished block, in
 * nfcapd.current.<suffix>.sum beside it. The block index is written when a file is completed; if
 * the writer dies before, these lines let a reader verify what is there.
 */
#ifndef NFFILE_SUMFILE_H
#define NFFILE_SUMFILE_H

#include <stdint.h>
#include <stdio.h>

#include "nffile/geosum.h"

/** Start the sums of a work file. @return NULL when its name is not nfcapd.current.*, whose prefix
 * alone keeps directory readers away, or when it cannot be created */
FILE *sumfile_create(const char *work_path);

/** Add a finished block. A failure is ignored: the sums are a second line of defence. */
void sumfile_add(FILE *sums, const struct geo_entry *entry);

/** NULL is fine. */
void sumfile_close(FILE *sums);

/** Remove the sums of a work file that is complete or dropped. */
void sumfile_remove(const char *work_path);

/**
 * Read the sums of a work file. Only ordinal, stored_bytes, flow_count and crc are set.
 * @param entry  new array, owned by the caller; entry i is block i
 * @return number of entries from the first block on; 0 when there is no such file
 */
uint32_t sumfile_read(const char *work_path, struct geo_entry **entry);

#endif
