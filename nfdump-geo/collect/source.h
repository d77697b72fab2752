/* SPDX-License-Identifier: BSD-3-Clause */
/* source.h - the exporters' addresses and what belongs to each: decoder, open block, data file. */
#ifndef COLLECT_SOURCE_H
#define COLLECT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "collect/slotfile.h"
#include "flow/block.h"
#include "proto/decoder.h"

enum { SOURCES_MAX = 4096 }; /* senders can be forged: -M must not fill the disk with directories */

struct source {
	struct address sender;	 /* family 0 = any */
	struct slotfile *file;	 /* owns; the writer thread works on it */
	struct decoder *decoder; /* owns */
	struct flow_sink sink;	 /* sink.block: owns */
	size_t done_bytes;	 /* of the open block that have countries */
	uint32_t done_records;
	bool busy; /* got datagrams in this batch */
};

struct source_table {
	struct source **source; /* owns them */
	size_t count, capacity;
	uint32_t *slot; /* hash table of index + 1 by sender; 0 = free; owns */
	size_t slots;	/* a power of two */
	struct source *any; /* takes every sender; borrowed from the list */
	struct source *last; /* found last time: traffic comes in runs */
};

/** The source of a sender; NULL when there is none. */
struct source *source_find(struct source_table *table, const struct address *sender);

/** Add one; the table owns it afterwards. @return NFGEO_OK, NFGEO_ENOMEM, NFGEO_EINVAL when the
 * sender has a source already, NFGEO_ELIMIT */
int source_add(struct source_table *table, struct source *source);

void source_table_fini(struct source_table *table);
void source_free(struct source *source);

#endif
