/* SPDX-License-Identifier: BSD-3-Clause */
/* check_country.c - country codes, groups and lists; comparison of a flow's two countries. */
#ifndef __unused
#define __unused __attribute__((__unused__)) /* tree.h wants it */
#endif
#include <bsd/sys/tree.h>

#include <ctype.h>
#include <string.h>
#include <strings.h>

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

struct code_list {
	struct code_tree tree;
	unsigned count;
	struct code_node pool[COUNTRY_CODES + 1];
};

/* A code that is there already leaves its node to the next one: the pool is large enough. */
static void insert_code(struct code_list *list, unsigned code)
{
	struct code_node *node = &list->pool[list->count];

	node->code = (uint16_t)code;
	if (!RB_INSERT(code_tree, &list->tree, node))
		list->count++;
}

/* Codes low..high. */
static void insert_range(struct code_list *list, unsigned low, unsigned high)
{
	for (unsigned code = low; code <= high; code++)
		insert_code(list, code);
}

static void insert_set(struct code_list *list, const struct country_set *set)
{
	for (unsigned word = 0; word < COUNTRY_CODES / 64; word++)
		for (uint64_t bits = set->bits[word]; bits; bits &= bits - 1)
			insert_code(list, word * 64 + (unsigned)__builtin_ctzll(bits));
}

/* Unknown: a stored 0 and every address class, as they are printed alike. */
static void insert_unknown(struct code_list *list)
{
	insert_code(list, COUNTRY_UNKNOWN);
	insert_range(list, CLASS_PRIVATE, CLASS_MAX);
}

static bool plain_decimal(const struct token *token)
{
	for (uint32_t i = 0; i < token->len; i++)
		if (!isdigit((unsigned char)token->text[i]))
			return false;
	return true;
}

/* An ordering compares known countries only: 1..999. */
static void insert_ordered(struct subject *subject, struct code_list *list, uint64_t number)
{
	check_compare(subject, number);
	if (subject->low < 1)
		subject->low = 1;
	if (subject->high > COUNTRY_MAX)
		subject->high = COUNTRY_MAX;
	insert_range(list, (unsigned)subject->low, (unsigned)subject->high);
}

static bool insert_number(struct subject *subject, struct code_list *list,
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
		insert_ordered(subject, list, number);
	else if (number)
		insert_code(list, (unsigned)number);
	else
		insert_unknown(list);
	return true;
}

/* A group is looked up once while terms repeat it: that takes longer than the rest. */
static bool insert_group(struct subject *subject, struct code_list *list,
			 const struct token *token)
{
	struct group_cache *cache = &subject->parse->group;

	if (token->len != cache->len || strncasecmp(token->text, cache->text, token->len) != 0) {
		cache->len = 0;
		cache->set = (struct country_set){{0}};
		if (group_find(token->text + 1, token->len - 1, &cache->set) != NFGEO_OK) {
			parse_error(subject->parse, NFGEO_EINVAL, token,
				    "Unknown country group '%.*s'",
				    token->len < 40 ? (int)token->len : 40, token->text);
			return false;
		}
		cache->text = token->text;
		cache->len = token->len;
	}
	insert_set(list, &cache->set);
	return true;
}

static bool insert_letters(struct subject *subject, struct code_list *list,
			   const struct token *token)
{
	const struct country *country = country_by_letters(token->text, token->len);
	uint16_t class = country_class_by_word(token->text, token->len);
	const char *successors;

	if (token_is(token, "unknown") || token_is(token, "zz") || token_is(token, "..")) {
		insert_unknown(list);
		return true;
	}
	if (country || class) {
		insert_code(list, country ? country->number : class);
		return true;
	}
	successors = country_successors(token->text, token->len);
	parse_error(subject->parse, NFGEO_EINVAL, token, "Unknown country code '%.*s'%s%s%s",
		    token->len < 40 ? (int)token->len : 40, token->text,
		    successors ? " - did you mean " : "", successors ? successors : "",
		    successors ? "?" : "");
	return false;
}

static bool insert_item(struct subject *subject, struct code_list *list,
			const struct token *token)
{
	enum comparator comparator = subject->phrase->comparator;

	if (token->kind == TOKEN_NUMBER)
		return insert_number(subject, list, token);
	if (token->kind == TOKEN_BITS) {
		parse_error_syntax(subject->parse, token);
		return false;
	}
	if (comparator != COMPARE_NONE && comparator != COMPARE_EQ) {
		parse_error(subject->parse, NFGEO_EINVAL, token,
			    "Country names can only be compared for equality");
		return false;
	}
	return token->kind == TOKEN_GROUP ? insert_group(subject, list, token)
					  : insert_letters(subject, list, token);
}

static struct node *make_set(struct subject *subject, enum field_id field)
{
	struct node *node =
		check_test(subject, field, subject->row->op ? subject->row->op : TEST_COUNTRY);

	if (node)
		node->test->countries = subject->set;
	if (node)
		node->test->count = subject->set_count;
	return node;
}

static bool is_now(const struct primitive *row)
{
	return row->op == TEST_COUNTRY_NOW;
}

/* Stored and today's country of one side, of any or of both sides. The phrase's words may be either
 * of them. */
static struct node *make_moved(struct subject *subject, enum field_id field)
{
	bool same = subject->phrase->comparator == COMPARE_EQ;
	struct node *node = check_test(subject, field, same ? TEST_NOW_SAME : TEST_NOW_OTHER);

	if (node) {
		node->test->place[0] = field == FIELD_DST_COUNTRY ? PLACE_DST : PLACE_SRC;
		node->test->place[1] = node->test->place[0] | PLACE_NOW;
	}
	return node;
}

/* Two sides, one or both of them today's. */
static struct node *make_now_pair(struct subject *subject)
{
	const struct phrase *phrase = subject->phrase;
	struct node *node = check_test(subject, FIELD_SRC_COUNTRY,
				       phrase->comparator == COMPARE_EQ ? TEST_NOW_EQUAL
									: TEST_NOW_DIFFERENT);

	if (node) {
		node->test->place[0] = (uint8_t)((phrase->side == SIDE_DST ? PLACE_DST : PLACE_SRC) |
						 (is_now(subject->row) ? PLACE_NOW : 0));
		node->test->place[1] =
			(uint8_t)((phrase->other_side == SIDE_DST ? PLACE_DST : PLACE_SRC) |
				  (phrase->other_now ? PLACE_NOW : 0));
	}
	return node;
}

/* The second side may be left out behind now: it is that of the first. Without now the two must be
 * the two sides; with it on both, too: a country is always what it is. */
static bool compares_time(const struct subject *subject)
{
	const struct phrase *phrase = subject->phrase;

	return is_now(subject->row) != phrase->other_now &&
	       (phrase->other_side == phrase->side || phrase->other_side == SIDE_NONE);
}

/* src ctry = dst ctry; src ctry = now src ctry */
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
	if (compares_time(subject))
		return check_sides(subject, make_moved);
	if (phrase->side + phrase->other_side != SIDE_SRC + SIDE_DST || !phrase->side ||
	    !phrase->other_side) {
		parse_error(subject->parse, NFGEO_EINVAL, phrase->other,
			    is_now(subject->row) || phrase->other_now
				    ? "Compare one side with itself, as in 'src ctry != now src ctry', "
				      "or with the other side"
				    : "Compare 'src ctry' with 'dst ctry'");
		return NULL;
	}
	if (is_now(subject->row) || phrase->other_now)
		return make_now_pair(subject);
	return check_test(subject, FIELD_SRC_COUNTRY,
			  phrase->comparator == COMPARE_EQ ? TEST_COUNTRY_EQUAL
							   : TEST_COUNTRY_OTHER);
}

/* The tree's codes as a bit set. */
static bool build_set(struct subject *subject, struct code_list *list)
{
	struct country_set *set = arena_alloc(subject->parse->arena, sizeof(*set));
	struct code_node *node;

	if (!set) {
		parse_error_memory(subject->parse);
		return false;
	}
	RB_FOREACH(node, code_tree, &list->tree)
		country_set_add(set, node->code);
	subject->set = set;
	subject->set_count = list->count;
	return true;
}

struct node *check_country(struct subject *subject)
{
	struct code_list list; /* its pool is written before it is read */

	if (!check_shape(subject, 1))
		return NULL;
	if (subject->phrase->other)
		return check_two_fields(subject);
	RB_INIT(&list.tree);
	list.count = 0;
	for (const struct token *token = subject->value; token; token = token->next)
		if (!insert_item(subject, &list, token))
			return NULL;
	return build_set(subject, &list) ? check_sides(subject, make_set) : NULL;
}
