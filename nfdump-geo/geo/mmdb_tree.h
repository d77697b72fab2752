/* SPDX-License-Identifier: BSD-3-Clause */
/* mmdb_tree.h - the binary search tree of a MaxMind DB: check all of it, walk its prefixes. */
#ifndef GEO_MMDB_TREE_H
#define GEO_MMDB_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/wire.h"
#include "geo/segments.h"

enum { MMDB_SEPARATOR = 16 }; /* zero bytes between tree and data */

struct mmdb_tree {
	const char *name;     /* for messages; borrowed */
	const uint8_t *nodes; /* borrowed */
	uint32_t node_count;
	uint32_t record_bits; /* 24, 28 or 32 */
	uint32_t bits;	      /* of an address: 32 or 128 */
	size_t data_len;
	uint8_t *height; /* owns; longest way from a node down to its last records */
};

static inline uint32_t mmdb_get24(const uint8_t *at)
{
	return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

/** A node's record: below node_count a node, equal to it nothing, above it data. */
static inline uint32_t mmdb_record(const struct mmdb_tree *tree, uint32_t node, unsigned side)
{
	const uint8_t *at = tree->nodes + (size_t)node * (tree->record_bits / 4);

	if (tree->record_bits == 24)
		return mmdb_get24(at + 3 * side);
	if (tree->record_bits == 32)
		return wire_get32(at + 4 * side);
	if (side == 0) /* 28 bits: the top four of both records share the byte in the middle */
		return (at[3] & 0xf0u) << 20 | mmdb_get24(at);
	return (at[3] & 0x0fu) << 24 | mmdb_get24(at + 4);
}

/** Where in the data section a record above node_count points. */
static inline size_t mmdb_record_data(const struct mmdb_tree *tree, uint32_t record)
{
	return (size_t)record - tree->node_count - MMDB_SEPARATOR;
}

/**
 * Check that every record of every node points to a node, to nothing, or into the data section,
 * and that no way is longer than an address. Sets height.
 */
int mmdb_tree_check(struct mmdb_tree *tree, struct error *error);
void mmdb_tree_fini(struct mmdb_tree *tree);

/* What a walk finds, in the order of addresses within each family. */
struct mmdb_visitor {
	void *arg;
	/* addresses first..last of a family (32 or 128 bits) have the data at an offset */
	int (*data)(void *arg, unsigned bits, number128 first, number128 last, size_t offset);
	/* the IPv6 prefix leads to the IPv4 part of the tree */
	int (*alias)(void *arg, number128 first, unsigned prefix_bits);
};

/** Walk a checked tree. @return what a visitor function returned, or NFGEO_ELIMIT */
int mmdb_tree_walk(const struct mmdb_tree *tree, const struct mmdb_visitor *visitor);

#endif
