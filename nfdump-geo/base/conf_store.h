/* SPDX-License-Identifier: BSD-3-Clause */
/* conf_store.h - how conf.c holds what conf_parse.c reads. For these two files only. */
#ifndef BASE_CONF_STORE_H
#define BASE_CONF_STORE_H

#include <bsd/sys/tree.h>

#include "base/arena.h"
#include "base/conf.h"

enum { CONF_PATH_MAX = 256 }; /* longest dotted key with its section, NUL included */

struct conf_value {
	const char *text;
	struct conf_value *next; /* in a list */
	int line;
	enum conf_kind kind; /* TEXT, NUMBER or BOOL */
};

struct conf_entry {
	RB_ENTRY(conf_entry) node;
	struct conf_entry *next;  /* in file order */
	const char *path;	  /* "section.key" */
	struct conf_value *value; /* NULL = empty list */
	int line;
	enum conf_kind kind;
};

RB_HEAD(conf_tree, conf_entry);

struct conf {
	struct arena arena; /* owns everything below */
	struct conf_tree tree;
	struct conf_entry *first, **last;
	const char *name;
};

struct conf *conf_new(const char *name);

/** @return NULL, or the entry that has this path already (nothing is inserted then) */
struct conf_entry *conf_insert(struct conf *conf, struct conf_entry *entry);

#endif
