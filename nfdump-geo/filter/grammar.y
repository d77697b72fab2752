/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * grammar.y - tokens -> tree; no meaning decided here.
 *
 * A phrase is words, maybe with a side (src, dst, src or dst ..) in front of one of them, then
 * values. Which words there are and what they take is check.c's table (primitives.def).
 */
%code top {
#include "config.h"
}
%code requires {
#include "filter/parse.h"
typedef void *yyscan_t;
}
%code {
#pragma GCC diagnostic ignored "-Wshadow"

/* Stack of the parser; a filter nested deeper ends with an error. */
#define YYMAXDEPTH 8000

int filter_yylex(FILTER_YYSTYPE *value, yyscan_t scanner);
static void filter_yyerror(yyscan_t scanner, struct parse *parse, const char *reason);

static struct phrase *new_phrase(struct parse *parse);
static void append(struct token_list *list, struct token *token);
static bool set_side(struct parse *parse, struct phrase *phrase, enum side side,
		     const struct token *token);
static struct node *join(struct parse *parse, enum node_kind kind, struct node *left,
			 struct node *right);
static struct node *wrap(struct parse *parse, enum node_kind kind, struct node *child,
			 const struct token *label);
static struct node *phrase_node(struct parse *parse, struct phrase *phrase);

/* Stop when memory or nesting ended; the message is set. */
#define NEED(value)                                                                                \
	do {                                                                                       \
		if (!(value))                                                                      \
			YYABORT;                                                                   \
	} while (0)
}

%define api.pure full
%define api.prefix {filter_yy}
%expect 0
%param {yyscan_t scanner}
%parse-param {struct parse *parse}

%union {
	struct token *token;
	struct token_list list;
	struct { const struct token *token; enum side side; } side;
	struct { const struct token *token; enum comparator kind; } compare;
	struct phrase *phrase;
	struct node *node;
}

%token <token> WORD NUMBER STRING VALUE LABEL SRC DST AND OR NOT
%token <token> EQ NE GT LT GE LE NOW UNKNOWN
%token <token> '(' ')' '[' ']' ','
%type <side> side
%type <compare> comparator
%type <phrase> phrase words
%type <list> values items operand
%type <token> value any_value
%type <node> expression

%left OR
%left AND
%precedence NOT

%%

filter:
	%empty				{ NEED(parse->root = node_new(parse->arena, NODE_TRUE)); }
	| expression			{ parse->root = $1; }
	;

expression:
	phrase				{ NEED($$ = phrase_node(parse, $1)); }
	| NOT expression		{ NEED($$ = wrap(parse, NODE_NOT, $2, NULL)); }
	| expression AND expression	{ NEED($$ = join(parse, NODE_AND, $1, $3)); }
	| expression OR expression	{ NEED($$ = join(parse, NODE_OR, $1, $3)); }
	| '(' expression ')'		{ $$ = $2; }
	| LABEL '(' expression ')'	{ NEED($$ = wrap(parse, NODE_LABEL, $3, $1)); }
	| '(' expression ')' LABEL	{ NEED($$ = wrap(parse, NODE_LABEL, $2, $4)); }
	;

phrase:
	words
	| words values			{ $$ = $1; $$->values = $2; }
	| words comparator operand	{ $$ = $1; $$->comparator = $2.kind;
					  $$->compare_token = $2.token; $$->values = $3; }
	| words comparator side WORD	{ $$ = $1; $$->comparator = $2.kind;
					  $$->compare_token = $2.token;
					  $$->other_side = $3.side; $$->other = $4; }
	| words comparator NOW WORD	{ $$ = $1; $$->comparator = $2.kind;
					  $$->compare_token = $2.token;
					  $$->other_now = true; $$->other = $4; }
	| words comparator NOW side WORD	{ $$ = $1; $$->comparator = $2.kind;
					  $$->compare_token = $2.token; $$->other_now = true;
					  $$->other_side = $4.side; $$->other = $5; }
	| words '[' items ']'		{ $$ = $1; $$->is_list = true; $$->values = $3; }
	| words '[' ']'			{ $$ = $1; $$->is_list = true; }
	;

words:
	WORD				{ NEED($$ = new_phrase(parse)); append(&$$->words, $1); }
	| side WORD			{ NEED($$ = new_phrase(parse)); append(&$$->words, $2);
					  NEED(set_side(parse, $$, $1.side, $1.token)); }
	| words WORD			{ $$ = $1; append(&$$->words, $2); }
	| words side WORD		{ $$ = $1; append(&$$->words, $3);
					  NEED(set_side(parse, $$, $2.side, $2.token)); }
	;

side:
	SRC				{ $$.token = $1; $$.side = SIDE_SRC; }
	| DST				{ $$.token = $1; $$.side = SIDE_DST; }
	| SRC OR DST			{ $$.token = $1; $$.side = SIDE_EITHER; }
	| DST OR SRC			{ $$.token = $1; $$.side = SIDE_EITHER; }
	| SRC AND DST			{ $$.token = $1; $$.side = SIDE_BOTH; }
	| DST AND SRC			{ $$.token = $1; $$.side = SIDE_BOTH; }
	;

comparator:
	EQ				{ $$.token = $1; $$.kind = COMPARE_EQ; }
	| NE				{ $$.token = $1; $$.kind = COMPARE_NE; }
	| GT				{ $$.token = $1; $$.kind = COMPARE_GT; }
	| LT				{ $$.token = $1; $$.kind = COMPARE_LT; }
	| GE				{ $$.token = $1; $$.kind = COMPARE_GE; }
	| LE				{ $$.token = $1; $$.kind = COMPARE_LE; }
	;

/* A word right behind the others belongs to them; check.c knows where the primitive ends. */
values:
	value				{ $$.first = $$.last = NULL; append(&$$, $1); }
	| values any_value		{ $$ = $1; append(&$$, $2); }
	;

operand:
	any_value			{ $$.first = $$.last = NULL; append(&$$, $1); }
	| operand any_value		{ $$ = $1; append(&$$, $2); }
	;

items:
	any_value			{ $$.first = $$.last = NULL; append(&$$, $1); }
	| items any_value		{ $$ = $1; append(&$$, $2); }
	| items ',' any_value		{ $$ = $1; append(&$$, $3); }
	;

value: NUMBER | STRING | VALUE ;
any_value: value | WORD ;

%%

static void filter_yyerror(yyscan_t scanner, struct parse *parse, const char *reason)
{
	(void)scanner;
	if (strcmp(reason, "memory exhausted") == 0)
		parse_error(parse, NFGEO_ELIMIT, &parse->last, "Filter is nested too deeply");
	else
		parse_error_syntax(parse, &parse->last);
}

static struct phrase *new_phrase(struct parse *parse)
{
	struct phrase *phrase = arena_alloc(parse->arena, sizeof(*phrase));

	if (!phrase)
		parse_error_memory(parse);
	return phrase;
}

static void append(struct token_list *list, struct token *token)
{
	token->next = NULL;
	if (list->last)
		list->last->next = token;
	else
		list->first = token;
	list->last = token;
}

static bool set_side(struct parse *parse, struct phrase *phrase, enum side side,
		     const struct token *token)
{
	if (phrase->side != SIDE_NONE) {
		parse_error_syntax(parse, token);
		return false;
	}
	phrase->side = (uint8_t)side;
	phrase->side_token = token;
	return true;
}

static struct node *checked(struct parse *parse, struct node *node)
{
	if (!node)
		parse_error(parse, NFGEO_ELIMIT, &parse->last, "Filter is nested too deeply");
	return node;
}

static struct node *join(struct parse *parse, enum node_kind kind, struct node *left,
			 struct node *right)
{
	return checked(parse, node_join(parse->arena, kind, left, right));
}

static struct node *wrap(struct parse *parse, enum node_kind kind, struct node *child,
			 const struct token *label)
{
	struct node *node = node_new(parse->arena, kind);

	if (label && label->len > LABEL_CHARS_MAX) {
		parse_error(parse, NFGEO_EINVAL, label, "Label is longer than %d characters",
			    LABEL_CHARS_MAX);
		return NULL;
	}
	if (node)
		node->label = label;
	return checked(parse, node && node_add(node, child) ? node : NULL);
}

static struct node *phrase_node(struct parse *parse, struct phrase *phrase)
{
	struct node *node = node_new(parse->arena, NODE_PHRASE);
	struct token *after = arena_alloc(parse->arena, sizeof(*after));

	if (!node || !after)
		return checked(parse, NULL);
	*after = parse->last;
	phrase->after = after;
	node->phrase = phrase;
	return node;
}
