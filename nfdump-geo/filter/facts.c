/* SPDX-License-Identifier: BSD-3-Clause */
#include "filter/facts.h"

#include <string.h>

#include "filter/compile.h"

enum { WORDS = COUNTRY_CODES / 64, PROTO_AT = 44, SRC_PORT_AT = 40, DST_PORT_AT = 42, LAST_AT = 8 };

void facts_init(struct facts *facts)
{
	*facts = (struct facts){
		.families = FAMILY_ANY,
		.first.high = UINT64_MAX,
		.last.high = UINT64_MAX,
	};
	memset(facts->proto, 0xff, sizeof(facts->proto));
}

static enum answer either(bool yes, bool no)
{
	return (enum answer)((yes ? ANSWER_YES : 0) | (no ? ANSWER_NO : 0));
}

enum answer facts_compare(struct fact_range known, uint64_t low, uint64_t high)
{
	return either(known.low <= high && known.high >= low,
		      known.low < low || known.high > high);
}

/* Countries */

static enum answer in_set(const struct fact_country *country, const struct country_set *set)
{
	uint64_t inside = 0, outside = 0;

	if (country->is == COUNTRY_ANY)
		return ANSWER_EITHER;
	if (country->is == COUNTRY_ONE)
		return country_set_has(set, country->code) ? ANSWER_YES : ANSWER_NO;
	for (unsigned w = 0; w < WORDS; w++) {
		inside |= country->set->bits[w] & set->bits[w];
		outside |= country->set->bits[w] & ~set->bits[w];
	}
	return either(inside, outside);
}

/* Of a word of a set: the codes that equality asks for, 1..999; classes and unknown are not. */
static uint64_t real_codes(unsigned word)
{
	if (word == 0)
		return ~1ull;
	return word == COUNTRY_MAX / 64 ? (1ull << (COUNTRY_MAX % 64 + 1)) - 1 : ~0ull;
}

static void as_set(const struct fact_country *country, struct country_set *set)
{
	*set = (struct country_set){{0}};
	if (country->is == COUNTRY_ONE)
		country_set_add(set, country->code);
	else
		*set = *country->set;
}

/* Any pair of the two sets may occur. Real ones are equal or different; with another in it a pair is
 * neither. */
static enum answer compare_sides(const struct facts *facts, bool equal)
{
	struct country_set src, dst;
	uint64_t common = 0, strange = 0;
	unsigned src_count = 0, dst_count = 0;
	bool may_equal, may_differ;

	if (facts->src.is == COUNTRY_ANY || facts->dst.is == COUNTRY_ANY)
		return ANSWER_EITHER;
	as_set(&facts->src, &src);
	as_set(&facts->dst, &dst);
	for (unsigned w = 0; w < WORDS; w++) {
		uint64_t real = real_codes(w);

		strange |= (src.bits[w] | dst.bits[w]) & ~real;
		common |= src.bits[w] & dst.bits[w] & real;
		src_count += (unsigned)__builtin_popcountll(src.bits[w] & real);
		dst_count += (unsigned)__builtin_popcountll(dst.bits[w] & real);
	}
	may_equal = common != 0;
	may_differ = src_count && dst_count && !(common && src_count == 1 && dst_count == 1);
	return equal ? either(may_equal, may_differ || strange)
		     : either(may_differ, may_equal || strange);
}

/* Numbers of the generic element. */

static enum answer proto_in(const struct facts *facts, const struct test *test)
{
	bool yes = false, no = false;

	for (unsigned proto = 0; proto < 256; proto++) {
		if (!(facts->proto[proto / 64] >> (proto % 64) & 1))
			continue;
		yes |= proto >= test->low && proto <= test->high;
		no |= proto < test->low || proto > test->high;
	}
	return either(yes, no);
}

static bool test_has_port(const struct test *test, uint32_t port)
{
	if (test->op == TEST_RANGE16)
		return port >= test->low && port <= test->high;
	if (test->op == TEST_PORT_MAP)
		return test->ports->bits[port / 64] >> (port % 64) & 1;
	for (uint32_t i = 0; i < test->count; i++)
		if (test->numbers[i] == port)
			return true;
	return false;
}

/* Is there a port that the test asks for besides the two that it is not? */
static bool asks_other(const struct test *test, const struct fact_port *known)
{
	uint32_t count = test->op == TEST_NUMBERS  ? test->count
			 : test->op == TEST_RANGE16 ? (uint32_t)(test->high - test->low) + 1
						    : 65536;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t port = test->op == TEST_NUMBERS  ? test->numbers[i]
				: test->op == TEST_RANGE16 ? (uint32_t)test->low + i
							   : i;

		if (port != known->number && port != known->other && test_has_port(test, port))
			return true; /* at the third at the latest, but of a map */
	}
	return false;
}

static enum answer port_in(const struct fact_port *known, const struct test *test)
{
	if (known->is == PORT_IS)
		return test_has_port(test, known->number) ? ANSWER_YES : ANSWER_NO;
	return known->is == PORT_IS_NOT && !asks_other(test, known) ? ANSWER_NO : ANSWER_EITHER;
}

static enum answer number_in(const struct facts *facts, const struct test *test)
{
	if (test->element != ELEMENT_GENERIC)
		return ANSWER_EITHER;
	if (test->op == TEST_RANGE8 && test->offset == PROTO_AT)
		return proto_in(facts, test);
	if (test->op == TEST_RANGE64 && test->offset == LAST_AT)
		return facts_compare(facts->last, test->low, test->high);
	if (test->op == TEST_RANGE64 || test->op == TEST_RANGE8)
		return ANSWER_EITHER;
	if (test->offset == SRC_PORT_AT)
		return port_in(&facts->src_port, test);
	if (test->offset == DST_PORT_AT)
		return port_in(&facts->dst_port, test);
	return ANSWER_EITHER;
}

/* Addresses */

static enum answer is_family(const struct facts *facts, uint8_t family)
{
	return either(facts->families & family, facts->families & ~family);
}

/* Of the flow's own addresses only those of its family count; others say nothing of it. */
static enum answer address_in(const struct facts *facts, const struct test *test)
{
	if (test->element == ELEMENT_IP4 && !(facts->families & FAMILY_IP4))
		return ANSWER_NO;
	if (test->element == ELEMENT_IP6 && !(facts->families & FAMILY_IP6))
		return ANSWER_NO;
	return ANSWER_EITHER;
}

static enum answer ask(const struct facts *facts, const struct test *test)
{
	switch (test->op) {
	case TEST_COUNTRY:
		return in_set(test->offset == 0 ? &facts->src : &facts->dst, test->countries);
	case TEST_COUNTRY_EQUAL:
	case TEST_COUNTRY_OTHER:
		return compare_sides(facts, test->op == TEST_COUNTRY_EQUAL);
	case TEST_IS_IP4:
		return is_family(facts, FAMILY_IP4);
	case TEST_IS_IP6:
		return is_family(facts, FAMILY_IP6);
	case TEST_NET4:
	case TEST_NET6:
	case TEST_RANGES4:
	case TEST_RANGES6:
		return address_in(facts, test);
	case TEST_RANGE8:
	case TEST_RANGE16:
	case TEST_RANGE64:
	case TEST_PORT_MAP:
	case TEST_NUMBERS:
		return number_in(facts, test);
	case TEST_FIRST_SEEN: /* 0 is another time: see the test */
		return facts->first.low ? facts_compare(facts->first, test->low, test->high)
					: ANSWER_EITHER;
	case TEST_IDENT:
		if (facts->ident)
			return strcmp(facts->ident, test->text) == 0 ? ANSWER_YES : ANSWER_NO;
		return ANSWER_EITHER;
	default:
		return ANSWER_EITHER;
	}
}

/* Where a test wants its element, and the record may have none, even a sure yes is a maybe. */
enum answer facts_answer(const struct test *test, const void *known)
{
	const struct facts *facts = known;
	enum answer answer = ask(facts, test);
	bool there = (test->element == ELEMENT_GEO && facts->src.is != COUNTRY_ANY) ||
		     (test->element == ELEMENT_GENERIC && facts->first.low);

	return test->needed && !there ? answer | ANSWER_NO : answer;
}

enum answer facts_decide(struct paths *paths, const struct facts *facts)
{
	paths_can_match(paths, facts_answer, facts);
	return either(paths->match, paths->fail);
}

static bool is_about_time(const struct test *test)
{
	return test->op == TEST_FIRST_SEEN ||
	       (test->op == TEST_RANGE64 && test->element == ELEMENT_GENERIC &&
		test->offset == LAST_AT);
}

static bool is_about_file(const struct test *test)
{
	return test->op == TEST_IDENT;
}

static bool any_test(const struct paths *paths, bool (*is)(const struct test *test))
{
	for (uint32_t i = 0; i < paths->program->count; i++)
		if (is(&paths->program->steps[i].test))
			return true;
	return false;
}

bool facts_are_fixed(const struct paths *paths)
{
	return !any_test(paths, is_about_time) && !any_test(paths, is_about_file);
}

bool facts_ask_time(const struct paths *paths)
{
	return any_test(paths, is_about_time);
}

/* Not decided although all that there can be is known: of a flow of IPv4, or one of IPv6. */
static bool is_beyond(const struct test *test)
{
	struct facts all = {
		.src = {.is = COUNTRY_ONE, .code = 1},
		.dst = {.is = COUNTRY_ONE, .code = 1},
		.first = {1, 1},
		.last = {1, 1},
		.proto = {1},
		.src_port = {.is = PORT_IS},
		.dst_port = {.is = PORT_IS},
		.ident = "",
	};

	for (all.families = FAMILY_IP4; all.families <= FAMILY_IP6; all.families <<= 1)
		if (facts_answer(test, &all) == ANSWER_EITHER)
			return true;
	return false;
}

bool facts_suffice(const struct paths *paths)
{
	return !any_test(paths, is_beyond);
}
