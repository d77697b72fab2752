/* SPDX-License-Identifier: BSD-3-Clause */
/* primitive.h - the table of primitives (primitives.def) and the pieces their checks share. */
#ifndef FILTER_PRIMITIVE_H
#define FILTER_PRIMITIVE_H

#include "filter/names.h"
#include "filter/parse.h"
#include "filter/test.h"
#include "flow/field.h"

enum kind {
	KIND_ANY,
	KIND_FAMILY,
	KIND_ADDRESS,
	KIND_NET,
	KIND_NUMBER,
	KIND_TIME,
	KIND_TCPFLAGS,
	KIND_MAC,
	KIND_MPLS,
	KIND_TEXT,
	KIND_REGEX,
	KIND_PRESENT, /* takes no value */
	KIND_COUNTRY,
	KIND_REFUSED,
	KIND_COUNT,
};

enum takes { TAKES_C = 1, TAKES_L = 2, TAKES_H = 4, TAKES_T = 8, TAKES_S = 16 };

enum implies { IMPLIES_NOTHING, IMPLIES_TCP, IMPLIES_ICMP, IMPLIES_DENIED };

struct primitive {
	const char *words;
	uint8_t kind, takes, implies, shift;
	uint8_t op; /* enum test_op; 0 = a range of the field's number */
	uint64_t max;
	uint16_t src[2], dst[2]; /* enum field_id + 1; 0 = none */
	const struct name *names;
};

/* A phrase that is being checked. */
struct subject {
	struct parse *parse;
	const struct phrase *phrase;
	const struct primitive *row;
	const struct token *value; /* first operand, NULL = none */
	uint64_t low, high;	   /* what is tested, for ranges */
	uint64_t mask;
	const void *set; /* any other operand of the kind's own */
	uint32_t set_count;
	uint8_t op;
};

/** The primitive whose words start the phrase. @param rest  gets the first word behind them */
const struct primitive *primitive_find(const struct token *words, const struct token **rest);

bool token_is(const struct token *token, const char *word);

/* check_*.c: one handler per kind; NULL after an error. */
struct node *check_number(struct subject *subject);
struct node *check_time(struct subject *subject);
struct node *check_tcpflags(struct subject *subject);
struct node *check_mac(struct subject *subject);
struct node *check_mpls(struct subject *subject);
struct node *check_text(struct subject *subject);
struct node *check_regex(struct subject *subject);
struct node *check_address(struct subject *subject);
struct node *check_net(struct subject *subject);
struct node *check_country(struct subject *subject);

/* check.c: building the nodes of a phrase. */

typedef struct node *make_test(struct subject *subject, enum field_id field);

/** Nodes for the fields of the phrase's side or sides. @return NULL: out of memory (reported) */
struct node *check_sides(struct subject *subject, make_test *make);

/** A test of one field with nothing but its place and op filled in. */
struct node *check_test(struct subject *subject, enum field_id field, enum test_op op);

struct node *check_constant(struct subject *subject, bool value);

/** Put subject->low..high to what the phrase's comparator makes of a number. */
void check_compare(struct subject *subject, uint64_t number);

/** Error if the phrase has a comparator or list that its primitive does not take, another number
 * of values than `count`, or none. */
bool check_shape(struct subject *subject, unsigned count);

/** A number as written, saturating; false if the token is none. */
bool token_number(const struct token *token, uint64_t *number);

/** Number or name within the primitive's range; false after an error. */
bool check_value(struct subject *subject, const struct token *token, uint64_t *number);

#endif
