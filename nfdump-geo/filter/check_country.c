/* SPDX-License-Identifier: BSD-3-Clause */
/* check_country.c - country codes, groups and lists; comparison of a flow's two countries. */
#ifndef __unused
#define __unused __attribute__((__unused__)) /* tree.h wants it */
#endif
#include <bsd/sys/tree.h>

#include <ctype.h>
#include <string.h>

#include "filter/primitive.h"
#include "geo/country.h"
#include "geo/group.h"
#include "include/nfgeo.h"

/* A list while it is built: a red-black tree of codes, so that repeated ones fall out and the
 * number of different codes is known. The test reads a bit set made of it. */
struct code_node {
	RB_ENTRY(code_node) link;
	uint16_t code;
};

RB_HEAD(code_tree, code_node);

static int compare_codes(struct code_node *a, struct code_node *b)
{
	return a->code < b->code ? -1 : a->code > b->code;
}

RB_GENERATE_STATIC(code_tree, code_node, link, compare_codes)

static bool insert_code(struct subject *subject, struct code_tree *tree, uint16_t code)
{
	struct code_node *node = arena_alloc(subject->parse->arena, sizeof(*node));

	if (!node) {
		parse_error_memory(subject->parse);
		return false;
	}
	node->code = code;
	RB_INSERT(code_tree, tree, node);
	return true;
}

/* Codes low..high. */
static bool insert_range(struct subject *subject, struct code_tree *tree, unsigned low,
			 unsigned high)
{
	for (unsigned code = low; code <= high; code++)
		if (!insert_code(subject, tree, (uint16_t)code))
			return false;
	return true;
}

static bool insert_set(struct subject *subject, struct code_tree *tree,
		       const struct country_set *set)
{
	for (unsigned code = 0; code < COUNTRY_CODES; code++)
		if (country_set_has(set, (uint16_t)code) &&
		    !insert_code(subject, tree, (uint16_t)code))
			return false;
	return true;
}

/* Unknown: a stored 0 and every address class, as they are printed alike. */
static bool insert_unknown(struct subject *subject, struct code_tree *tree)
{
	return insert_code(subject, tree, COUNTRY_UNKNOWN) &&
	       insert_range(subject, tree, CLASS_PRIVATE, CLASS_MAX);
}

static bool plain_decimal(const struct token *token)
{
	for (uint32_t i = 0; i < token->len; i++)
		if (!isdigit((unsigned char)token->text[i]))
			return false;
	return true;
}

/* An ordering compares known countries only: 1..999. */
static bool insert_ordered(struct subject *subject, struct code_tree *tree, uint64_t number)
{
	check_compare(subject, number);
	if (subject->low < 1)
		subject->low = 1;
	if (subject->high > COUNTRY_MAX)
		subject->high = COUNTRY_MAX;
	return insert_range(subject, tree, (unsigned)subject->low, (unsigned)subject->high);
}

static bool insert_number(struct subject *subject, struct code_tree *tree,
			  const struct token *token)
{
	enum comparator comparator = subject->phrase->comparator;
	uint64_t number = 0;

	if (!plain_decimal(token)) {
		parse_error(subject->parse, NFGEO_EINVAL, token,
			    "Country number must be a plain decimal number");
		return false;
	}
	if (!token_number(token, &number) || number > COUNTRY_MAX) {
		parse_error(subject->parse, NFGEO_EINVAL, token, "Country number must be 0..%d",
			    COUNTRY_MAX);
		return false;
	}
	if (comparator != COMPARE_NONE && comparator != COMPARE_EQ)
		return insert_ordered(subject, tree, number);
	return number ? insert_code(subject, tree, (uint16_t)number)
		      : insert_unknown(subject, tree);
}

static bool insert_group(struct subject *subject, struct code_tree *tree,
			 const struct token *token)
{
	struct country_set set = {{0}};

	if (group_find(token->text + 1, token->len - 1, &set) != NFGEO_OK) {
		parse_error(subject->parse, NFGEO_EINVAL, token, "Unknown country group '%.*s'",
			    token->len < 40 ? (int)token->len : 40, token->text);
		return false;
	}
	return insert_set(subject, tree, &set);
}

static bool insert_letters(struct subject *subject, struct code_tree *tree,
			   const struct token *token)
{
	const struct country *country = country_by_letters(token->text, token->len);
	uint16_t class = country_class_by_word(token->text, token->len);
	const char *successors;

	if (token_is(token, "unknown") || token_is(token, "zz") || token_is(token, ".."))
		return insert_unknown(subject, tree);
	if (country || class)
		return insert_code(subject, tree, country ? country->number : class);
	successors = country_successors(token->text, token->len);
	parse_error(subject->parse, NFGEO_EINVAL, token, "Unknown country code '%.*s'%s%s%s",
		    token->len < 40 ? (int)token->len : 40, token->text,
		    successors ? " - did you mean " : "", successors ? successors : "",
		    successors ? "?" : "");
	return false;
}

static bool insert_item(struct subject *subject, struct code_tree *tree,
			const struct token *token)
{
	enum comparator comparator = subject->phrase->comparator;

	if (token->kind == TOKEN_NUMBER)
		return insert_number(subject, tree, token);
	if (token->kind == TOKEN_BITS) {
		parse_error_syntax(subject->parse, token);
		return false;
	}
	if (comparator != COMPARE_NONE && comparator != COMPARE_EQ) {
		parse_error(subject->parse, NFGEO_EINVAL, token,
			    "Country names can only be compared for equality");
		return false;
	}
	return token->kind == TOKEN_GROUP ? insert_group(subject, tree, token)
					  : insert_letters(subject, tree, token);
}

static struct node *make_set(struct subject *subject, enum field_id field)
{
	struct node *node = check_test(subject, field, TEST_COUNTRY);

	if (node)
		node->test->countries = subject->set;
	if (node)
		node->test->count = subject->set_count;
	return node;
}

/* src ctry = dst ctry */
static struct node *check_two_fields(struct subject *subject)
{
	const struct phrase *phrase = subject->phrase;
	const struct token *rest;
	const struct primitive *other = primitive_find(phrase->other, &rest);

	if (!other || other->kind != KIND_COUNTRY) {
		parse_error(subject->parse, NFGEO_EINVAL, phrase->other,
			    "Only countries can be compared with each other");
		return NULL;
	}
	if (phrase->comparator != COMPARE_EQ && phrase->comparator != COMPARE_NE) {
		parse_error(subject->parse, NFGEO_EINVAL, phrase->compare_token,
			    "Two countries can only be compared with = and !=");
		return NULL;
	}
	if (phrase->side + phrase->other_side != SIDE_SRC + SIDE_DST || !phrase->side ||
	    !phrase->other_side) {
		parse_error(subject->parse, NFGEO_EINVAL, phrase->other,
			    "Compare 'src ctry' with 'dst ctry'");
		return NULL;
	}
	return check_test(subject, FIELD_SRC_COUNTRY,
			  phrase->comparator == COMPARE_EQ ? TEST_COUNTRY_EQUAL
							   : TEST_COUNTRY_OTHER);
}

struct node *check_country(struct subject *subject)
{
	struct country_set *set = arena_alloc(subject->parse->arena, sizeof(*set));
	struct code_tree tree = RB_INITIALIZER(&tree);
	struct code_node *node;

	if (!check_shape(subject, 1))
		return NULL;
	if (subject->phrase->other)
		return check_two_fields(subject);
	for (const struct token *token = subject->value; token; token = token->next)
		if (!insert_item(subject, &tree, token))
			return NULL;
	if (!set) {
		parse_error_memory(subject->parse);
		return NULL;
	}
	RB_FOREACH(node, code_tree, &tree) {
		country_set_add(set, node->code);
		subject->set_count++;
	}
	subject->set = set;
	return check_sides(subject, make_set);
}
