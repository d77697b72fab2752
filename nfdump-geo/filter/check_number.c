/* SPDX-License-Identifier: BSD-3-Clause */
/* check_number.c - numbers, their names, units and lists; TCP flags; MAC addresses; MPLS; times. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "filter/primitive.h"
#include "include/nfgeo.h"

enum { PORT_MAP_FROM = 32 }; /* shorter lists are searched: 8 KB a list would be too much */

static unsigned digit_of(char c)
{
	return isdigit((unsigned char)c) ? (unsigned)(c - '0')
					 : (unsigned)(tolower((unsigned char)c) - 'a') + 10;
}

/* What a token of the scanner's pattern {number} says. */
bool token_number(const struct token *token, uint64_t *number)
{
	static const uint64_t scale[] = {['k' - 'a'] = 1000,	  ['m' - 'a'] = 1000000,
					 ['g' - 'a'] = 1000000000, ['t' - 'a'] = 1000000000000};
	bool hex = token->len > 2 && (token->text[1] | 32) == 'x';
	unsigned base = hex ? 16 : 10;
	uint64_t value = 0;

	if (token->kind != TOKEN_NUMBER && token->kind != TOKEN_BITS)
		return false;
	for (uint32_t i = hex ? 2 : 0; i < token->len; i++) {
		char c = token->text[i];
		bool suffix = !hex && isalpha((unsigned char)c);
		uint64_t factor = suffix ? scale[(c | 32) - 'a'] : base;

		if (__builtin_mul_overflow(value, factor, &value) ||
		    __builtin_add_overflow(value, suffix ? 0 : digit_of(c), &value))
			value = UINT64_MAX;
		if (value == UINT64_MAX)
			break;
	}
	*number = value;
	return true;
}

static void range_error(struct subject *subject, const struct token *token)
{
	const struct primitive *row = subject->row;

	parse_error(subject->parse, NFGEO_EINVAL, token, "Number for '%s' must be 0..%llu",
		    row->words, (unsigned long long)row->max);
}

bool check_value(struct subject *subject, const struct token *token, uint64_t *number)
{
	const struct primitive *row = subject->row;

	if (token_number(token, number) && token->kind == TOKEN_NUMBER) {
		if (*number > row->max) {
			range_error(subject, token);
			return false;
		}
		return true;
	}
	if (row->names && (token->kind == TOKEN_WORD || token->kind == TOKEN_STRING)) {
		if (name_find(row->names, token->text, token->len, number))
			return true;
		if (row->names == proto_names)
			parse_error(subject->parse, NFGEO_EINVAL, token, "Unknown protocol");
		else
			parse_error(subject->parse, NFGEO_EINVAL, token, "Unknown value for '%s'",
				    row->words);
		return false;
	}
	parse_error_syntax(subject->parse, token);
	return false;
}

void check_compare(struct subject *subject, uint64_t number)
{
	subject->low = 0;
	subject->high = UINT64_MAX;
	switch ((enum comparator)subject->phrase->comparator) {
	case COMPARE_NONE:
	case COMPARE_EQ:
	case COMPARE_NE: /* refused before */
		subject->low = subject->high = number;
		return;
	case COMPARE_GE:
		subject->low = number;
		return;
	case COMPARE_LE:
		subject->high = number;
		return;
	case COMPARE_GT:
		if (number == UINT64_MAX)
			break;
		subject->low = number + 1;
		return;
	case COMPARE_LT:
		if (number == 0)
			break;
		subject->high = number - 1;
		return;
	}
	subject->low = 1; /* nothing lies between 1 and 0 */
	subject->high = 0;
}

static enum test_op range_op(enum field_id field)
{
	switch (field_table[field].bytes) {
	case 1:
		return TEST_RANGE8;
	case 2:
		return TEST_RANGE16;
	case 4:
		return field_table[field].type == FIELD_TYPE_N32 ? TEST_RANGE_NET32 : TEST_RANGE32;
	default:
		return TEST_RANGE64;
	}
}

static struct node *make_range(struct subject *subject, enum field_id field)
{
	struct node *node;

	if (subject->low > subject->high)
		return check_constant(subject, false);
	node = check_test(subject, field, subject->op ? subject->op : range_op(field));
	if (node) {
		node->test->low = subject->low;
		node->test->high = subject->high;
		node->test->mask = subject->mask;
	}
	return node;
}

static struct node *make_list(struct subject *subject, enum field_id field)
{
	struct node *node = check_test(subject, field, subject->op);

	if (node && subject->op == TEST_PORT_MAP)
		node->test->ports = subject->set;
	else if (node)
		node->test->numbers = subject->set;
	if (node)
		node->test->count = subject->set_count;
	return node;
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, two = *(const uint32_t *)b;

	return one < two ? -1 : one > two;
}

static bool build_port_map(struct subject *subject, const uint32_t *numbers, uint32_t count)
{
	struct port_map *map = arena_alloc(subject->parse->arena, sizeof(*map));

	if (!map)
		return false;
	for (uint32_t i = 0; i < count; i++)
		map->bits[numbers[i] / 64] |= 1ull << (numbers[i] % 64);
	subject->set = map;
	subject->op = TEST_PORT_MAP;
	return true;
}

/* Lists are for numbers of at most 32 bits. */
static struct node *check_list(struct subject *subject)
{
	uint32_t count = 0, used = 0, *numbers;
	uint64_t number;

	for (const struct token *token = subject->value; token; token = token->next)
		count++;
	numbers = arena_alloc(subject->parse->arena, count * sizeof(*numbers));
	if (!numbers) {
		parse_error_memory(subject->parse);
		return NULL;
	}
	for (const struct token *token = subject->value; token; token = token->next) {
		if (!check_value(subject, token, &number))
			return NULL;
		numbers[used++] = (uint32_t)number;
	}
	qsort(numbers, count, sizeof(*numbers), compare_numbers);
	subject->op = TEST_NUMBERS;
	subject->set = numbers;
	subject->set_count = count;
	if (subject->row->max == 65535 && count >= PORT_MAP_FROM &&
	    !build_port_map(subject, numbers, count)) {
		parse_error_memory(subject->parse);
		return NULL;
	}
	return check_sides(subject, make_list);
}

struct node *check_number(struct subject *subject)
{
	uint64_t number;

	if (!check_shape(subject, 1))
		return NULL;
	if (subject->phrase->is_list)
		return check_list(subject);
	if (!check_value(subject, subject->value, &number))
		return NULL;
	check_compare(subject, number);
	subject->mask = subject->row->max;
	return check_sides(subject, make_range);
}

/* Upper case letters, each at most once; X is all six of the first. */
static bool flag_letters(struct subject *subject, const struct token *token, uint64_t *mask)
{
	static const char letters[] = "FSRPAUEC";
	bool all_six = false;

	*mask = 0;
	for (uint32_t i = 0; i < token->len; i++) {
		const char *at = strchr(letters, token->text[i]);
		uint64_t bit = at && *at ? 1ull << (at - letters) : 0;
		bool repeated = token->text[i] == 'X' ? all_six : (*mask & bit) != 0;

		if ((!bit && token->text[i] != 'X') || repeated) {
			parse_error(subject->parse, NFGEO_EINVAL, token,
				    "TCP flags are letters of FSRPAUECX, upper case, each once");
			return false;
		}
		all_six |= token->text[i] == 'X';
		*mask |= bit;
	}
	*mask |= all_six ? 63 : 0;
	return true;
}

struct node *check_tcpflags(struct subject *subject)
{
	enum comparator comparator = subject->phrase->comparator;
	uint64_t number;

	if (!check_shape(subject, 1))
		return NULL;
	if (subject->value->kind == TOKEN_NUMBER) {
		if (!check_value(subject, subject->value, &number))
			return NULL;
		check_compare(subject, number);
	} else {
		if (comparator != COMPARE_NONE && comparator != COMPARE_EQ) {
			parse_error_syntax(subject->parse, subject->value);
			return NULL;
		}
		if (!flag_letters(subject, subject->value, &number))
			return NULL;
		subject->low = subject->high = subject->mask = number;
		if (comparator == COMPARE_NONE)
			subject->op = TEST_FLAGS_ALL;
	}
	return check_sides(subject, make_range);
}

/* Six pairs of hexadecimal digits with colons. */
static bool mac_number(const struct token *token, uint64_t *number)
{
	*number = 0;
	if (token->len != 17)
		return false;
	for (uint32_t i = 0; i < token->len; i++) {
		if (i % 3 == 2) {
			if (token->text[i] != ':')
				return false;
		} else if (isxdigit((unsigned char)token->text[i])) {
			*number = *number << 4 | digit_of(token->text[i]);
		} else {
			return false;
		}
	}
	return true;
}

struct node *check_mac(struct subject *subject)
{
	uint64_t number;

	if (!check_shape(subject, 1))
		return NULL;
	if (!mac_number(subject->value, &number)) {
		parse_error(subject->parse, NFGEO_EINVAL, subject->value, "Invalid MAC address");
		return NULL;
	}
	subject->low = subject->high = number;
	return check_sides(subject, make_range);
}

/* Position 1..10 behind "label" or "exp"; 0 = none. */
static unsigned mpls_position(const struct token *token, const char *word)
{
	size_t skip = strlen(word);
	unsigned position = 0;

	if (token->len <= skip || token->len > skip + 2 || strncasecmp(token->text, word, skip) != 0)
		return 0;
	for (; skip < token->len; skip++) {
		if (!isdigit((unsigned char)token->text[skip]))
			return 0;
		position = position * 10 + (unsigned)(token->text[skip] - '0');
	}
	return position <= 10 ? position : 0;
}

/* mpls labelK N, mpls expK N, mpls eos N, mpls any N. An entry is label << 4 | exp << 1 | end. */
struct node *check_mpls(struct subject *subject)
{
	const struct token *what = subject->phrase->words.first->next;
	const struct primitive *table_row = subject->row;
	struct primitive row = *table_row; /* with position and bits of this phrase */
	struct node *node;
	unsigned position = 0;

	if (!what) {
		parse_error_syntax(subject->parse,
				   subject->value ? subject->value : subject->phrase->after);
		return NULL;
	}
	row.op = TEST_BITS32;
	row.shift = 4;
	if ((position = mpls_position(what, "exp"))) {
		row.max = 7;
		row.shift = 1;
	} else if (token_is(what, "eos")) {
		row.op = TEST_MPLS_END;
	} else if (token_is(what, "any")) {
		row.op = TEST_MPLS_ANY;
	} else if (!(position = mpls_position(what, "label"))) {
		parse_error(subject->parse, NFGEO_EINVAL, what,
			    "MPLS takes label1..label10, exp1..exp10, eos or any");
		return NULL;
	}
	row.src[0] = (uint16_t)(FIELD_MPLS1 + 1 + (position ? position - 1 : 0));
	subject->row = &row;
	subject->op = row.op;
	node = check_number(subject);
	subject->row = table_row;
	return node;
}

/* Digits of a part of a time: "-03", ":00" .. @return characters, 0 = not there, -1 = wrong */
static int time_part(const char *text, char before, int digits, int low, int high, int *part)
{
	int value = 0;

	if (!*text)
		return 0;
	if (before && *text++ != before)
		return -1;
	for (int i = 0; i < digits; i++, text++) {
		if (!isdigit((unsigned char)*text))
			return -1;
		value = value * 10 + (*text - '0');
	}
	*part = value;
	return value >= low && value <= high ? digits + (before != 0) : -1;
}

/* Local time, parts may be missing at the end. @return false if it is no time */
static bool time_number(const char *text, uint64_t *ms)
{
	struct tm tm = {.tm_mday = 1, .tm_isdst = -1};
	int month = 1, milli = 0;
	struct {
		char before;
		int digits, low, high, *part;
	} parts[] = {
		{0, 4, 1970, 9999, &tm.tm_year}, {'-', 2, 1, 12, &month},
		{'-', 2, 1, 31, &tm.tm_mday},	  {'T', 2, 0, 23, &tm.tm_hour},
		{':', 2, 0, 59, &tm.tm_min},	  {':', 2, 0, 60, &tm.tm_sec},
		{'.', 3, 0, 999, &milli},
	};
	time_t seconds;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		int len = time_part(text, parts[i].before, parts[i].digits, parts[i].low,
				    parts[i].high, parts[i].part);

		if (len < 0 || (len == 0 && i == 0))
			return false;
		text += len;
	}
	tm.tm_year -= 1900;
	tm.tm_mon = month - 1;
	seconds = mktime(&tm);
	*ms = (uint64_t)seconds * 1000 + (uint64_t)milli;
	return !*text && seconds >= 0 && tm.tm_mon == month - 1;
}

struct node *check_time(struct subject *subject)
{
	const struct token *token = subject->value;
	char text[32];
	uint64_t ms;

	if (!check_shape(subject, 1))
		return NULL;
	snprintf(text, sizeof(text), "%.*s", token->len < 31 ? (int)token->len : 31, token->text);
	if (!time_number(text, &ms)) {
		parse_error(subject->parse, NFGEO_EINVAL, token,
			    "Time must be like 2024-03-05T10:00:00.500");
		return NULL;
	}
	check_compare(subject, ms);
	return check_sides(subject, make_range);
}
