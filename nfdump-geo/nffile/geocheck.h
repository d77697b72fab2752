/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * geocheck.h - do cube, pairs, sketches and totals of blocks say what the records say? For programs
 * that verify files: each flow is added up again, in the plain way of counters_of(), and compared.
 */
#ifndef NFFILE_GEOCHECK_H
#define NFFILE_GEOCHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/record.h"

struct geo_check;
struct nffile_reader;

/** Of one file, which is open in `reader`. NULL when out of memory. */
struct geo_check *geo_check_new(struct nffile_reader *reader);
void geo_check_free(struct geo_check *check);

/** Add a flow record of the block in work. */
void geo_check_add(struct geo_check *check, const struct record_view *view);

/** All records of a block were added: compare them with what the file says of it. The next block
 * begins. @return false when it says anything else */
bool geo_check_block(struct geo_check *check, struct nffile_reader *reader, uint32_t ordinal);

/** All blocks were added: compare them with the sums of the file.
 * @return NULL when all is well (or nothing is said), else what is wrong */
const char *geo_check_file(struct geo_check *check, struct nffile_reader *reader);

#endif
