/* SPDX-License-Identifier: BSD-3-Clause */
/* check_text.c - idents, labels, user names, payload strings and regular expressions. */
#include <string.h>

#include "filter/primitive.h"
#include "filter/regex.h"
#include "include/nfgeo.h"

static bool check_length(struct subject *subject)
{
	const struct primitive *row = subject->row;

	if (subject->value->len == 0 || subject->value->len > row->max) {
		parse_error(subject->parse, NFGEO_EINVAL, subject->value,
			    "Text for '%s' must have 1..%u characters", row->words,
			    (unsigned)row->max);
		return false;
	}
	return true;
}

static struct node *make_text(struct subject *subject, enum field_id field)
{
	struct node *node = check_test(subject, field, subject->row->op);

	if (node) {
		node->test->text = subject->set;
		node->test->count = subject->set_count;
	}
	return node;
}

struct node *check_text(struct subject *subject)
{
	const struct token *token = subject->value;

	if (!check_shape(subject, 1) || !check_length(subject))
		return NULL;
	subject->set = arena_strndup(subject->parse->arena, token->text, token->len);
	subject->set_count = token->len;
	if (!subject->set) {
		parse_error_memory(subject->parse);
		return NULL;
	}
	return check_sides(subject, make_text);
}

static struct node *make_regex(struct subject *subject, enum field_id field)
{
	struct node *node = check_test(subject, field, TEST_REGEX);

	if (node)
		node->test->regex = subject->set;
	return node;
}

/* payload regex S [flags] */
struct node *check_regex(struct subject *subject)
{
	const struct token *token = subject->value;
	const struct token *flags = token ? token->next : NULL;
	struct regex_list *link = arena_alloc(subject->parse->arena, sizeof(*link));
	char reason[128];

	if (!check_shape(subject, 2) || !check_length(subject))
		return NULL;
	if (!link) {
		parse_error_memory(subject->parse);
		return NULL;
	}
	link->regex = regex_new(token->text, token->len, flags ? flags->text : "",
				flags ? flags->len : 0, reason, sizeof(reason));
	if (!link->regex) {
		parse_error(subject->parse, NFGEO_EINVAL, token, "Invalid regular expression: %s",
			    reason);
		return NULL;
	}
	link->next = subject->parse->regexes;
	subject->parse->regexes = link;
	subject->set = link->regex;
	return check_sides(subject, make_regex);
}
