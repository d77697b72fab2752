/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/mmdb_tree.h"

#include <stdlib.h>

enum {
	IP4_DEPTH = 96,	     /* ::/96 holds the IPv4 part of an IPv6 tree */
	IN_PROGRESS = 0xff,  /* height of a node that is just being measured */
	REPEATS = 8,	     /* a tree whose parts are shared may make us visit this often ... */
	FREE_VISITS = 65536, /* ... and a small one this much more */
};

static bool points_somewhere(const struct mmdb_tree *tree, uint32_t record)
{
	if (record <= tree->node_count)
		return true;
	return record - tree->node_count >= MMDB_SEPARATOR &&
	       mmdb_record_data(tree, record) < tree->data_len;
}

static int check_records(const struct mmdb_tree *tree, struct error *error)
{
	for (uint32_t node = 0; node < tree->node_count; node++)
		for (unsigned side = 0; side < 2; side++)
			if (!points_somewhere(tree, mmdb_record(tree, node, side)))
				return error_set(error, NFGEO_ECORRUPT,
						 "%s is damaged: node %u of its search tree points "
						 "outside of the file: get it again",
						 tree->name, node);
	return NFGEO_OK;
}

/* Depth first. The way here is never longer than an address, so neither is the recursion. */
static bool measure(struct mmdb_tree *tree, uint32_t node, unsigned depth)
{
	unsigned height = 0;

	if (tree->height[node])
		return tree->height[node] != IN_PROGRESS &&
		       depth + tree->height[node] <= tree->bits;
	if (depth >= tree->bits)
		return false;
	tree->height[node] = IN_PROGRESS;
	for (unsigned side = 0; side < 2; side++) {
		uint32_t record = mmdb_record(tree, node, side);

		if (record >= tree->node_count)
			continue;
		if (!measure(tree, record, depth + 1))
			return false;
		if (tree->height[record] > height)
			height = tree->height[record];
	}
	tree->height[node] = (uint8_t)(height + 1);
	return true;
}

int mmdb_tree_check(struct mmdb_tree *tree, struct error *error)
{
	int code = check_records(tree, error);

	if (code)
		return code;
	tree->height = calloc(tree->node_count, sizeof(*tree->height));
	if (!tree->height)
		return error_set(error, NFGEO_ENOMEM, "%s: out of memory", tree->name);
	if (!measure(tree, 0, 0))
		return error_set(error, NFGEO_ECORRUPT,
				 "%s is damaged: a way through its search tree is longer than an "
				 "address: get it again",
				 tree->name);
	return NFGEO_OK;
}

void mmdb_tree_fini(struct mmdb_tree *tree)
{
	free(tree->height);
	tree->height = NULL;
}

struct walk {
	const struct mmdb_tree *tree;
	const struct mmdb_visitor *visitor;
	unsigned bits;	   /* of the family that is walked */
	uint32_t ip4_root; /* record at which the IPv4 part begins */
	uint64_t visits_left;
};

/* The record of ::/96, or of a prefix around it: usually the node that all aliases lead to. */
static uint32_t find_ip4_record(const struct mmdb_tree *tree)
{
	uint32_t record = 0;

	for (unsigned depth = 0; depth < IP4_DEPTH && record < tree->node_count; depth++)
		record = mmdb_record(tree, record, 0);
	return record;
}

static int walk_record(struct walk *walk, uint32_t record, unsigned depth, number128 first);

static int walk_node(struct walk *walk, uint32_t node, unsigned depth, number128 first)
{
	int code;

	if (walk->visits_left == 0)
		return NFGEO_ELIMIT;
	walk->visits_left--;
	code = walk_record(walk, mmdb_record(walk->tree, node, 0), depth + 1, first);
	if (code)
		return code;
	return walk_record(walk, mmdb_record(walk->tree, node, 1), depth + 1,
			   first | (number128)1 << (walk->bits - depth - 1));
}

/* ::/96 itself counts as an alias, too: the IPv4 part is walked on its own. */
static bool is_alias(const struct walk *walk, uint32_t node, unsigned depth)
{
	return walk->bits == 128 && node == walk->ip4_root && depth <= IP4_DEPTH &&
	       walk->tree->height[node] <= 32;
}

static int walk_record(struct walk *walk, uint32_t record, unsigned depth, number128 first)
{
	number128 hosts;

	if (record == walk->tree->node_count)
		return NFGEO_OK;
	if (record < walk->tree->node_count) {
		if (is_alias(walk, record, depth))
			return walk->visitor->alias(walk->visitor->arg, first, depth);
		return walk_node(walk, record, depth, first);
	}
	hosts = ((number128)1 << (walk->bits - depth)) - 1;
	return walk->visitor->data(walk->visitor->arg, walk->bits, first, first | hosts,
				   mmdb_record_data(walk->tree, record));
}

int mmdb_tree_walk(const struct mmdb_tree *tree, const struct mmdb_visitor *visitor)
{
	struct walk walk = {.tree = tree, .visitor = visitor, .bits = 32};
	int code;

	walk.visits_left = (uint64_t)tree->node_count * REPEATS + FREE_VISITS;
	walk.ip4_root = tree->bits == 128 ? find_ip4_record(tree) : 0;
	code = walk_record(&walk, walk.ip4_root, 0, 0);
	if (code || tree->bits != 128)
		return code;
	walk.bits = 128;
	return walk_record(&walk, 0, 0, 0);
}
