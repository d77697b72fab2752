/* SPDX-License-Identifier: BSD-3-Clause */
#include "filter/check.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "filter/primitive.h"
#include "include/nfgeo.h"

#define C TAKES_C
#define L TAKES_L
#define H TAKES_H
#define T TAKES_T
#define S TAKES_S
#define NONE	    {0, 0}
#define F(field)    {FIELD_##field + 1, 0}
#define F2(one, two) {FIELD_##one + 1, FIELD_##two + 1}
#define PRIMITIVE(words_, kind_, takes_, max_, src_, dst_, ...)                                    \
	{.words = words_, .kind = KIND_##kind_, .takes = takes_, .max = max_, .src = src_,         \
	 .dst = dst_, __VA_ARGS__},

/* clang-format off */
static const struct primitive primitive_table[] = {
#include "filter/primitives.def"
};
/* clang-format on */

#undef C
#undef L
#undef H
#undef T
#undef S

enum { PRIMITIVE_COUNT = sizeof(primitive_table) / sizeof(primitive_table[0]) };

/* Words that can stand before a primitive to choose one of several fields. */
static const char *const direction_words[] = {
	"in",  "out", "prev",	"previous", "next",   "bgp", "nat", "xlate", "tun",
	"min", "max", "ingress", "egress",   "client", "server", "app", "router", "exporter",
};

bool token_is(const struct token *token, const char *word)
{
	return strncasecmp(token->text, word, token->len) == 0 && !word[token->len];
}

/* Number of tokens that the words of a primitive match, 0 = not this one. */
static unsigned match_words(const char *words, const struct token *token,
			    const struct token **rest)
{
	unsigned count = 0;

	for (; *words; token = token->next, count++) {
		size_t len = strcspn(words, " ");

		if (!token || token->len != len || strncasecmp(token->text, words, len) != 0)
			return 0;
		words += len;
		words += *words == ' ';
	}
	*rest = token;
	return count;
}

const struct primitive *primitive_find(const struct token *words, const struct token **rest)
{
	const struct primitive *found = NULL;
	int first = tolower((unsigned char)words->text[0]);
	unsigned longest = 0;

	for (size_t i = 0; i < PRIMITIVE_COUNT; i++) {
		const struct token *behind;
		unsigned count;

		if (primitive_table[i].words[0] != first)
			continue;
		count = match_words(primitive_table[i].words, words, &behind);
		if (count > longest) {
			longest = count;
			found = &primitive_table[i];
			*rest = behind;
		}
	}
	return found;
}

static bool is_direction(const struct token *token)
{
	for (size_t i = 0; i < sizeof(direction_words) / sizeof(*direction_words); i++)
		if (token_is(token, direction_words[i]))
			return true;
	return false;
}

static bool is_country_word(const struct token *token)
{
	return token_is(token, "ctry") || token_is(token, "country") || token_is(token, "geo");
}

/* The token a message names: the last one of the phrase, or what follows it. */
static const struct token *last_token(const struct phrase *phrase)
{
	if (phrase->other)
		return phrase->other;
	return phrase->values.last ? phrase->values.last : phrase->words.last;
}

static void direction_error(struct parse *parse, const struct phrase *phrase,
			    const struct token *place, const struct primitive *row)
{
	if (row->kind == KIND_COUNTRY)
		parse_error_at(parse, NFGEO_EINVAL, last_token(phrase), place,
			       "Direction not allowed for country");
	else
		parse_error_at(parse, NFGEO_EINVAL, last_token(phrase), place,
			       "Direction not allowed for '%s'", row->words);
}

/* No primitive starts with the first word: a direction that does not go with the next words, or
 * nothing known at all. */
static void unknown_words(struct parse *parse, const struct phrase *phrase)
{
	const struct token *token = phrase->words.first, *rest;
	const struct primitive *row = NULL;

	while (token && is_direction(token) && !row) {
		token = token->next;
		row = token ? primitive_find(token, &rest) : NULL;
	}
	if (row)
		direction_error(parse, phrase, phrase->words.first, row);
	else
		parse_error_syntax(parse, phrase->words.first);
}

/* "in ctry", "if ctry": a direction before a country word. @return true if it was an error */
static bool country_direction(struct parse *parse, const struct phrase *phrase)
{
	const struct token *token = phrase->words.first, *rest;

	while (token->next && (is_direction(token) || token_is(token, "if"))) {
		token = token->next;
		if (is_country_word(token)) {
			direction_error(parse, phrase, phrase->words.first,
					primitive_find(token, &rest));
			return true;
		}
	}
	return false;
}

struct node *check_constant(struct subject *subject, bool value)
{
	struct node *node = node_new(subject->parse->arena, value ? NODE_TRUE : NODE_FALSE);

	if (!node)
		parse_error_memory(subject->parse);
	return node;
}

/* Loads and compares that a test takes, roughly; what needs a search or a scan counts more. */
static uint32_t cost_of(enum test_op op)
{
	switch (op) {
	case TEST_CONTENT:
		return 100;
	case TEST_REGEX:
		return 1000;
	case TEST_MPLS_ANY:
	case TEST_MPLS_END:
	case TEST_NUMBERS:
	case TEST_RANGES4:
	case TEST_RANGES6:
	case TEST_TEXT:
		return 8;
	case TEST_DURATION:
	case TEST_IDENT:
		return 3;
	case TEST_PPS:
	case TEST_BPS:
	case TEST_BPP:
		return 12;
	default:
		return (op >= TEST_NET4 && op <= TEST_COUNTRY_OTHER) || op >= TEST_COUNTRY_NOW ? 2 : 1;
	}
}

struct node *check_test(struct subject *subject, enum field_id field, enum test_op op)
{
	struct node *node = node_new(subject->parse->arena, NODE_TEST);
	struct test *test = arena_alloc(subject->parse->arena, sizeof(*test));

	if (!node || !test) {
		parse_error_memory(subject->parse);
		return NULL;
	}
	*test = (struct test){
		.op = (uint8_t)op,
		.element = field_table[field].element,
		.bytes = field_table[field].bytes,
		.shift = subject->row->shift,
		.offset = field_table[field].offset,
		.field = (uint16_t)field,
		.needed = subject->row->takes & TAKES_T,
	};
	node->test = test;
	node->cost = cost_of(op);
	return node;
}

/* Join two nodes, either of which may be NULL. */
static struct node *join(struct subject *subject, enum node_kind kind, struct node *one,
			 struct node *two)
{
	struct node *node;

	if (!one || !two)
		return one ? one : two;
	node = node_new(subject->parse->arena, kind);
	if (!node || !node_add(node, one) || !node_add(node, two)) {
		parse_error_memory(subject->parse);
		return NULL;
	}
	node->cost = one->cost + two->cost;
	return node;
}

/* One of the fields; NULL if the operand can be in none of them. */
static struct node *any_field(struct subject *subject, const uint16_t field[2], make_test *make)
{
	struct node *node = NULL;

	for (int i = 0; i < 2 && field[i]; i++)
		node = join(subject, NODE_OR, node, make(subject, (enum field_id)(field[i] - 1)));
	return node ? node : check_constant(subject, false);
}

struct node *check_sides(struct subject *subject, make_test *make)
{
	const struct primitive *row = subject->row;
	enum side side = subject->phrase->side;
	struct node *src, *dst;

	if (!row->dst[0] || side == SIDE_SRC || (side == SIDE_NONE && row->takes & TAKES_S))
		return any_field(subject, row->src, make);
	if (side == SIDE_DST)
		return any_field(subject, row->dst, make);
	src = any_field(subject, row->src, make);
	dst = any_field(subject, row->dst, make);
	return join(subject, side == SIDE_BOTH ? NODE_AND : NODE_OR, src, dst);
}

/* A range of one field that is no operand of the phrase. */
static struct node *implied_range(struct subject *subject, enum field_id field, uint64_t number)
{
	struct node *node = check_test(subject, field, TEST_RANGE8);

	if (node)
		node->test->low = node->test->high = number;
	return node;
}

static struct node *imply(struct subject *subject, struct node *node)
{
	struct node *condition = NULL;

	switch ((enum implies)subject->row->implies) {
	case IMPLIES_NOTHING:
		return node;
	case IMPLIES_TCP:
		condition = implied_range(subject, FIELD_PROTO, 6);
		break;
	case IMPLIES_ICMP:
		condition = join(subject, NODE_OR, implied_range(subject, FIELD_PROTO, 1),
				 implied_range(subject, FIELD_PROTO, 58));
		break;
	case IMPLIES_DENIED:
		condition = implied_range(subject, FIELD_EVENT, 3);
		break;
	}
	return node ? join(subject, NODE_AND, condition, node) : NULL;
}

static struct node *check_any(struct subject *subject)
{
	return check_constant(subject, true);
}

static struct node *make_plain(struct subject *subject, enum field_id field)
{
	return check_test(subject, field, subject->row->op);
}

static struct node *check_family(struct subject *subject)
{
	return check_test(subject, FIELD_SRC_IP4, subject->row->op);
}

static struct node *check_present(struct subject *subject)
{
	return check_sides(subject, make_plain);
}

static struct node *check_refused(struct subject *subject)
{
	parse_error(subject->parse, NFGEO_EINVAL, last_token(subject->phrase),
		    "'%s' is not supported: flow files hold no data for it", subject->row->words);
	return NULL;
}

static struct node *(*const handler[KIND_COUNT])(struct subject *) = {
	[KIND_ANY] = check_any,	       [KIND_FAMILY] = check_family,
	[KIND_ADDRESS] = check_address, [KIND_NET] = check_net,
	[KIND_NUMBER] = check_number,  [KIND_TIME] = check_time,
	[KIND_TCPFLAGS] = check_tcpflags, [KIND_MAC] = check_mac,
	[KIND_MPLS] = check_mpls,      [KIND_TEXT] = check_text,
	[KIND_REGEX] = check_regex,    [KIND_PRESENT] = check_present,
	[KIND_COUNTRY] = check_country, [KIND_REFUSED] = check_refused,
};

/* Kinds that take no value. */
static bool takes_value(enum kind kind)
{
	return kind != KIND_ANY && kind != KIND_FAMILY && kind != KIND_PRESENT &&
	       kind != KIND_REFUSED;
}

bool check_shape(struct subject *subject, unsigned count)
{
	const struct phrase *phrase = subject->phrase;
	const struct token *token = subject->value;

	if (phrase->is_list && !(subject->row->takes & TAKES_L)) {
		parse_error(subject->parse, NFGEO_EINVAL, phrase->words.last,
			    "No list allowed for '%s'", subject->row->words);
	} else if (phrase->is_list && !phrase->values.first) {
		parse_error(subject->parse, NFGEO_EINVAL, phrase->words.last,
			    subject->row->kind == KIND_COUNTRY ? "Empty country list" : "Empty list");
	} else if (phrase->compare_token && !(subject->row->takes & TAKES_C)) {
		parse_error_syntax(subject->parse, phrase->compare_token);
	} else if (phrase->other && subject->row->kind != KIND_COUNTRY) {
		parse_error(subject->parse, NFGEO_EINVAL, phrase->other,
			    "Only countries can be compared with each other");
	} else if (phrase->comparator == COMPARE_NE && !phrase->other) {
		parse_error(subject->parse, NFGEO_EINVAL, phrase->compare_token,
			    "'!=' only compares two fields; write 'not ...'");
	} else if (!token && !phrase->other && count) {
		parse_error_syntax(subject->parse, phrase->after);
	} else if (!phrase->is_list) {
		for (; token && count; count--)
			token = token->next;
		if (token)
			parse_error_syntax(subject->parse, token);
	}
	return subject->parse->result == NFGEO_OK;
}

/* The operands: what the primitive's words left over, then the values. A list's words end with
 * "in". @return false after an error */
static bool find_operands(struct subject *subject, const struct token *rest)
{
	const struct phrase *phrase = subject->phrase;

	if (phrase->is_list) {
		if (!rest || rest->next || !token_is(rest, "in")) {
			parse_error_syntax(subject->parse, rest ? rest : phrase->words.last);
			return false;
		}
		subject->value = phrase->values.first;
		return true;
	}
	if (rest && subject->row->kind == KIND_MPLS) /* label1, exp1 .. belong to the primitive */
		rest = rest->next;
	/* Words left over lie before the values: chain them, unless a comparator is between. */
	if (rest && phrase->comparator != COMPARE_NONE) {
		parse_error_syntax(subject->parse, rest);
		return false;
	}
	if (rest)
		phrase->words.last->next = phrase->values.first;
	subject->value = rest ? rest : phrase->values.first;
	return true;
}

static struct node *check_phrase(struct parse *parse, const struct phrase *phrase)
{
	struct subject subject = {.parse = parse, .phrase = phrase};
	const struct token *rest = NULL;

	if (country_direction(parse, phrase))
		return NULL;
	subject.row = primitive_find(phrase->words.first, &rest);
	if (!subject.row) {
		unknown_words(parse, phrase);
		return NULL;
	}
	subject.op = subject.row->op;
	if (!find_operands(&subject, rest))
		return NULL;
	if (!takes_value(subject.row->kind) && subject.row->kind != KIND_REFUSED &&
	    !check_shape(&subject, 0))
		return NULL;
	if (phrase->side != SIDE_NONE && !subject.row->dst[0] &&
	    subject.row->kind != KIND_REFUSED) {
		direction_error(parse, phrase, phrase->side_token, subject.row);
		return NULL;
	}
	return imply(&subject, handler[subject.row->kind](&subject));
}

/* Merge sort of a chain of siblings by cost; equal ones keep their order. */
static struct node *sort_by_cost(struct node *first, unsigned count)
{
	struct node *one = first, *two, *sorted = NULL, **end = &sorted;
	unsigned half = count / 2;

	if (count < 2)
		return first;
	for (unsigned i = 1; i < half; i++)
		first = first->next;
	two = first->next;
	first->next = NULL;
	one = sort_by_cost(one, half);
	two = sort_by_cost(two, count - half);
	while (one && two) {
		struct node **from = two->cost < one->cost ? &two : &one;

		*end = *from;
		end = &(*end)->next;
		*from = (*from)->next;
	}
	*end = one ? one : two;
	return sorted;
}

/* A label depends on which group matched first, so what holds one keeps its order. */
static bool has_label(const struct node *node)
{
	if (node->kind == NODE_LABEL)
		return true;
	for (const struct node *child = node->child; child; child = child->next)
		if (has_label(child))
			return true;
	return false;
}

static void order_children(struct node *node, bool keep_order)
{
	unsigned count = 0;

	node->cost = 0;
	for (struct node *child = node->child; child; child = child->next, count++)
		node->cost += child->cost;
	if (keep_order || (node->kind != NODE_AND && node->kind != NODE_OR))
		return;
	node->child = sort_by_cost(node->child, count);
	for (node->last = node->child; node->last->next;)
		node->last = node->last->next;
}

static int check_node(struct parse *parse, struct node *node, bool keep_order)
{
	if (node->kind == NODE_PHRASE) {
		struct node *meaning = check_phrase(parse, node->phrase);

		if (parse->result == NFGEO_OK && (!meaning || !node_add(node, meaning)))
			parse_error_memory(parse);
	}
	for (struct node *child = node->kind == NODE_PHRASE ? NULL : node->child;
	     child && parse->result == NFGEO_OK; child = child->next)
		check_node(parse, child, keep_order);
	if (parse->result == NFGEO_OK)
		order_children(node, keep_order);
	return parse->result;
}

int check_tree(struct parse *parse, struct node *root)
{
	return check_node(parse, root, has_label(root));
}
