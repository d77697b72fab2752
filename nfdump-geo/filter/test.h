/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test.h - one test of a record: what the leaves of a checked tree and the steps of a compiled
 * filter are made of.
 */
#ifndef FILTER_TEST_H
#define FILTER_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "geo/group.h"

enum test_op {
	/* A number of the record: low <= (number >> shift & mask) <= high, unsigned. */
	TEST_RANGE8,
	TEST_RANGE16,
	TEST_RANGE32,
	TEST_RANGE64,
	TEST_RANGE_NET32, /* u32 in network order */
	TEST_BITS32,
	TEST_FLAGS_ALL, /* (u8 & mask) == mask; under a negation becomes TEST_FLAGS_ANY */
	TEST_FLAGS_ANY, /* (u8 & mask) != 0 */
	TEST_PORT_MAP,	/* u16 in a bit set of all ports */
	TEST_NUMBERS,	/* u16 or u32 in a sorted array */
	TEST_NET4,
	TEST_NET6,
	TEST_RANGES4, /* address in sorted, disjoint ranges */
	TEST_RANGES6,
	TEST_IS_IP4, /* the flow has addresses of this family */
	TEST_IS_IP6,
	TEST_COUNTRY,	    /* u16 in a bit set of all codes */
	TEST_COUNTRY_EQUAL, /* both known and equal */
	TEST_COUNTRY_OTHER, /* both known and different */
	/* Derived numbers in low..high. */
	TEST_FLOWS,
	TEST_DURATION,
	TEST_PPS,
	TEST_BPS,
	TEST_BPP,
	TEST_COUNT,
	TEST_FIRST_SEEN,
	TEST_MPLS_ANY, /* label in low..high at any used position */
	TEST_MPLS_END, /* at the bottom of the stack */
	TEST_TTL_EQUAL,
	TEST_IN_PBLOCK, /* u16 port within the record's NAT port block */
	TEST_IDENT,	/* of the file */
	TEST_TEXT,	/* text field equal */
	TEST_CONTENT,	/* bytes found in the payload */
	TEST_REGEX,
	TEST_COUNTRY_NOW, /* of the country that the database gives today, in a bit set */
	TEST_NOW_SAME,	  /* one side's stored and today's country are the same code */
	TEST_NOW_OTHER,
	TEST_NOW_EQUAL, /* of two sides, one or both of them today's: known and equal */
	TEST_NOW_DIFFERENT,
	TEST_LABEL, /* not a test: remember a label, go on as if true */
};

/* A country of a flow: its place in a pair, and which pair. */
enum country_place { PLACE_SRC, PLACE_DST, PLACE_NOW };

struct range4 {
	uint32_t low, high;
};

struct range6 {
	uint64_t low[2], high[2]; /* high half first */
};

struct port_map {
	uint64_t bits[65536 / 64];
};

struct test {
	uint8_t op;	 /* enum test_op */
	uint8_t element; /* enum element */
	uint8_t bytes;	 /* of the number, for TEST_NUMBERS */
	uint8_t shift;
	uint16_t offset;
	uint16_t field; /* enum field_id, for messages and other back ends */
	bool needed;	/* false without the element; else an absent number is 0 */
	uint32_t count; /* of the array, length of the text */
	union {
		struct {
			uint64_t low, high, mask;
		};
		struct {
			uint64_t net[2], net_mask[2]; /* high half first; [1] alone for IPv4 */
		};
		const struct port_map *ports;
		const uint32_t *numbers;
		const struct range4 *ranges4;
		const struct range6 *ranges6;
		const struct country_set *countries;
		uint8_t place[2]; /* PLACE_SRC or PLACE_DST, | PLACE_NOW */
		const char *text;
		const struct regex *regex;
	};
};

#endif
