/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tree.h - a filter as it was read: and, or, not, labels, and phrases ("src or dst port > 80").
 *
 * The grammar decides no meaning: a phrase is its words, comparator and values as they stood in
 * the text. check.h finds out what they say and hangs the tests below the phrase.
 */
#ifndef FILTER_TREE_H
#define FILTER_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"

/* Text that a filter was read from: the filter itself or an included file. */
struct source {
	const char *name; /* of the file; NULL = command line */
	const char *text; /* owned by the tree's arena */
	size_t len;
};

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_NUMBER, /* decimal with or without k m g t, or 0x */
	TOKEN_STRING, /* was quoted, or stands where only a text can */
	TOKEN_CODE,   /* word at the place of a country code */
	TOKEN_GROUP,  /* @NAME at such a place */
	TOKEN_BITS,   /* number after a slash */
	TOKEN_OTHER,
};

/* A piece of a source; `text` is not NUL-terminated. */
struct token {
	const struct source *source;
	const char *text;
	uint32_t len;
	uint8_t kind;
	struct token *next; /* in a phrase */
};

struct token_list {
	struct token *first, *last;
};

enum side { SIDE_NONE, SIDE_SRC, SIDE_DST, SIDE_EITHER, SIDE_BOTH };

enum comparator { COMPARE_NONE, COMPARE_EQ, COMPARE_NE, COMPARE_GT, COMPARE_LT, COMPARE_GE, COMPARE_LE };

/* [side] words [comparator] values, or [side] words in [ values ], or a comparison of two fields:
 * [side] words comparator [now] side word. */
struct phrase {
	struct token_list words; /* without the side */
	struct token_list values;
	const struct token *side_token, *compare_token;
	const struct token *other; /* second field of a comparison, or NULL */
	const struct token *after; /* what follows the phrase */
	uint8_t side, other_side;  /* enum side */
	uint8_t comparator;	   /* enum comparator */
	bool is_list;
	bool other_now; /* the second field is today's */
};

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_LABEL, NODE_PHRASE, NODE_TEST, NODE_TRUE, NODE_FALSE };

struct test;

struct node {
	uint8_t kind;
	uint16_t depth; /* of the tree below, 0 = leaf */
	uint32_t cost;	/* of testing it, in loads; set by the check */
	struct node *child, *last, *next;
	const struct phrase *phrase; /* NODE_PHRASE; its child is what it means, once checked */
	const struct token *label;   /* NODE_LABEL */
	struct test *test;	     /* NODE_TEST */
};

enum {
	TREE_DEPTH_MAX = 2000, /* nesting of and, or, not; bounds the recursion of all passes */
	LABEL_CHARS_MAX = 16,
};

struct node *node_new(struct arena *arena, enum node_kind kind);

/** Put `child` last below `parent`. @return false when the tree gets too deep */
bool node_add(struct node *parent, struct node *child);

/** left AND/OR right; chains of one kind become one node. @return NULL: too deep or no memory */
struct node *node_join(struct arena *arena, enum node_kind kind, struct node *left,
		       struct node *right);

/** Print the tree as a filter text that means the same. */
void tree_print(const struct node *root, FILE *out);

#endif
