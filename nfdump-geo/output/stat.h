/* SPDX-License-Identifier: BSD-3-Clause */
/* stat.h - a finished statistics table (-s), ready to print. */
#ifndef OUTPUT_STAT_H
#define OUTPUT_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/totals.h"

/* How the value of a statistic is written. */
enum stat_kind {
	STAT_NUMBER,
	STAT_ADDRESS,
	STAT_MAC,
	STAT_MPLS,
	STAT_LATENCY, /* microseconds, printed as ms */
	STAT_HEX,
	STAT_PROTO,
	STAT_COUNTRY,
	STAT_COUNTRY_PAIR,
	STAT_WORD, /* continent, class: up to 16 characters in the value itself */
	STAT_NSEL_EVENT,
	STAT_NAT_EVENT,
	STAT_NBAR,
	STAT_AS, /* a number; text and tables for people also have the name */
};

struct stat_value {
	uint64_t high, low;
	uint8_t family; /* of an address */
	uint8_t proto;	/* with :p, and of `proto` */
	uint8_t unused[6]; /* zero: values are hashed as they lie */
};

/* Different members behind a value, counted when an order asks for one of them. */
enum stat_distinct { STAT_DISTINCT_HOSTS, STAT_DISTINCT_AS, STAT_DISTINCT_PORTS, STAT_DISTINCT_COUNT };

/* A key of -A, as output shows it. */
struct key_column {
	char name[80];
	const char *header;
	enum stat_kind kind;
	bool extra; /* in no field of the record: formats with fixed columns add one for it */
};

enum { ROW_KEYS_MAX = 20 };

struct row_keys {
	unsigned count;
	struct key_column column[ROW_KEYS_MAX];
};

struct stat_row {
	struct stat_value value;
	uint64_t first_ms, last_ms;
	uint64_t flows, in_packets, in_bytes, out_packets, out_bytes;
	uint64_t distinct[STAT_DISTINCT_COUNT];
};

enum stat_direction { STAT_IN, STAT_OUT, STAT_BOTH };

struct stat_table {
	const char *name, *header, *order; /* of the statistic; of the order */
	enum stat_kind kind;
	enum stat_direction direction; /* which counters the order is about: those are printed */
	bool by_proto;
	bool distinct; /* rows have distinct counts: columns `hosts`, `as`, `ports` */
	uint64_t top; /* 0 = all */
	const struct stat_row *row;
	size_t count;
	const struct flow_totals *totals; /* of all selected flows, for the percentages */
};

/* The counters of a row that a table shows. */
static inline uint64_t stat_packets(const struct stat_table *table, const struct stat_row *row)
{
	return (table->direction != STAT_OUT ? row->in_packets : 0) +
	       (table->direction != STAT_IN ? row->out_packets : 0);
}

static inline uint64_t stat_bytes(const struct stat_table *table, const struct stat_row *row)
{
	return (table->direction != STAT_OUT ? row->in_bytes : 0) +
	       (table->direction != STAT_IN ? row->out_bytes : 0);
}

static inline uint64_t stat_duration_ms(const struct stat_row *row)
{
	return row->last_ms > row->first_ms ? row->last_ms - row->first_ms : 0;
}

#endif
