/* SPDX-License-Identifier: BSD-3-Clause */
/* name_table.h - names that a file holds for interfaces, VRFs and applications (record types 12-14). */
#ifndef FLOW_NAME_TABLE_H
#define FLOW_NAME_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct name_entry {
	uint64_t number;
	const char *text; /* owned by the arena */
	uint16_t kind;	  /* type of its record */
};

struct name_table {
	struct name_entry *entry; /* owns */
	size_t count, capacity;
	struct arena arena;
};

void name_table_fini(struct name_table *table);

/** Add the names of a record; other records, and damaged ones, are passed over. A later name of the
 * same number wins. */
void name_table_add(struct name_table *table, const uint8_t *record, size_t len);

/** @param kind  RECORD_NBAR, RECORD_IFNAMES or RECORD_VRFNAMES
 * @param number  of the interface or VRF; application ids in network order
 * @return the name, NULL when there is none; `table` may be NULL */
const char *name_table_find(const struct name_table *table, uint16_t kind, uint64_t number);

#endif
