/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * facts.h - does a filter match records of which only a part is known? Of a block by what the block
 * index lists of it, of a sum of flows by what they have in common: all of them match, none does,
 * or the records must be asked.
 */
#ifndef FILTER_FACTS_H
#define FILTER_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "filter/paths.h"
#include "geo/group.h"

/* What the records' countries of one side are. Codes beyond the table count as unknown, everywhere. */
struct fact_country {
	enum { COUNTRY_ANY, COUNTRY_ONE, COUNTRY_OF_SET } is; /* any: or no geo tail */
	uint16_t code;
	const struct country_set *set; /* all its codes occur; borrowed */
};

enum fact_family { FAMILY_IP4 = 1, FAMILY_IP6 = 2, FAMILY_NONE = 4, FAMILY_ANY = 7 };

struct fact_range {
	uint64_t low, high;
};

/* One port of the two, or what it is not. */
struct fact_port {
	enum { PORT_ANY, PORT_IS, PORT_IS_NOT } is;
	uint16_t number, other; /* IS_NOT: neither of the two */
};

struct facts {
	struct fact_country src, dst;
	uint8_t families;		/* that may occur */
	struct fact_range first, last;	/* of view_first_ms(), view_last_ms() */
	uint64_t proto[256 / 64];	/* that may occur; 0 of records without one */
	struct fact_port src_port, dst_port;
	const char *ident; /* of the file; NULL = not known; borrowed */
};

/** Nothing is known. */
void facts_init(struct facts *facts);

/** An answer_function. */
enum answer facts_answer(const struct test *test, const void *facts);

/** @return ANSWER_YES: every such record matches; ANSWER_NO: none does; ANSWER_EITHER */
enum answer facts_decide(struct paths *paths, const struct facts *facts);

/** Likewise for low <= number <= high. */
enum answer facts_compare(struct fact_range known, uint64_t low, uint64_t high);

/** The filter asks for nothing that differs between files whose countries, protocols and ports are the
 * same: times, idents. */
bool facts_are_fixed(const struct paths *paths);

/** The filter has a test of a time. */
bool facts_ask_time(const struct paths *paths);

/** Every test of the filter is about facts. When not, what is known of a group of flows can rule it out
 * but hardly ever decide it, so looking at many groups is wasted. */
bool facts_suffice(const struct paths *paths);

#endif
