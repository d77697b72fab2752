/* SPDX-License-Identifier: BSD-3-Clause */
#include "filter/tree.h"

#include <string.h>

struct node *node_new(struct arena *arena, enum node_kind kind)
{
	struct node *node = arena_alloc(arena, sizeof(*node));

	if (node)
		node->kind = (uint8_t)kind;
	return node;
}

bool node_add(struct node *parent, struct node *child)
{
	if (child->depth >= TREE_DEPTH_MAX)
		return false;
	if (parent->depth <= child->depth)
		parent->depth = (uint16_t)(child->depth + 1);
	if (parent->last)
		parent->last->next = child;
	else
		parent->child = child;
	parent->last = child;
	return true;
}

struct node *node_join(struct arena *arena, enum node_kind kind, struct node *left,
		       struct node *right)
{
	struct node *node = left;

	if (left->kind != kind) {
		node = node_new(arena, kind);
		if (!node || !node_add(node, left))
			return NULL;
	}
	return node_add(node, right) ? node : NULL;
}

static void print_tokens(const struct token_list *list, FILE *out)
{
	for (const struct token *token = list->first; token; token = token->next) {
		char quote = memchr(token->text, '\'', token->len) ? '"' : '\'';

		if (token->kind == TOKEN_BITS)
			fprintf(out, "/%.*s", (int)token->len, token->text);
		else if (token->kind == TOKEN_STRING)
			fprintf(out, " %c%.*s%c", quote, (int)token->len, token->text, quote);
		else
			fprintf(out, " %.*s", (int)token->len, token->text);
		if (token == list->last) /* the check may have chained another list behind */
			return;
	}
}

static const char *const side_text[] = {
	[SIDE_NONE] = "",	 [SIDE_SRC] = " src", [SIDE_DST] = " dst", [SIDE_EITHER] = " src or dst",
	[SIDE_BOTH] = " src and dst",
};

static const char *const comparator_text[] = {
	[COMPARE_NONE] = "", [COMPARE_EQ] = " =", [COMPARE_NE] = " !=", [COMPARE_GT] = " >",
	[COMPARE_LT] = " <", [COMPARE_GE] = " >=", [COMPARE_LE] = " <=",
};

/* The side goes before the last word of the primitive: "in src mac", not "src in mac"; either is
 * read back the same. */
static void print_phrase(const struct phrase *phrase, FILE *out)
{
	fputs(side_text[phrase->side], out);
	print_tokens(&phrase->words, out);
	fputs(comparator_text[phrase->comparator], out);
	if (phrase->other) {
		fprintf(out, "%s%s %.*s", phrase->other_now ? " now" : "",
			side_text[phrase->other_side], (int)phrase->other->len,
			phrase->other->text);
		return;
	}
	if (phrase->is_list)
		fputs(" [", out);
	print_tokens(&phrase->values, out);
	if (phrase->is_list)
		fputs(" ]", out);
}

static void print_children(const struct node *node, const char *between, FILE *out)
{
	for (const struct node *child = node->child; child; child = child->next) {
		bool group = child->kind == NODE_AND || child->kind == NODE_OR;

		fputs(group ? " (" : "", out);
		tree_print(child, out);
		fputs(group ? " )" : "", out);
		if (child->next)
			fputs(between, out);
	}
}

void tree_print(const struct node *root, FILE *out)
{
	switch ((enum node_kind)root->kind) {
	case NODE_AND:
		print_children(root, " and", out);
		return;
	case NODE_OR:
		print_children(root, " or", out);
		return;
	case NODE_NOT:
		fputs(" not", out);
		print_children(root, "", out);
		return;
	case NODE_LABEL:
		fprintf(out, " %%%.*s (", (int)root->label->len, root->label->text);
		print_children(root, "", out);
		fputs(" )", out);
		return;
	case NODE_PHRASE:
		print_phrase(root->phrase, out);
		return;
	case NODE_TRUE:
		fputs(" any", out);
		return;
	case NODE_FALSE:
		fputs(" not any", out);
		return;
	case NODE_TEST: /* hangs below a phrase, which prints itself */
		return;
	}
}
