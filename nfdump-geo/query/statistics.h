/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * statistics.h - `-s name[:p][/order...]`: flows counted by the values of one key, several
 * statistics in one pass.
 */
#ifndef QUERY_STATISTICS_H
#define QUERY_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "output/stat.h"
#include "query/key.h"
#include "query/order.h"
#include "query/scan.h"

enum { STATISTICS_MAX = 8 };

/* -s */
struct statistic_request {
	bool record;   /* `-s record`: flows merged, not counted by a key */
	char name[32]; /* as typed, without what follows */
	struct key key;
	bool by_proto;
	uint32_t orders; /* bit per row of order_table */
	uint32_t ascending;
};

/** @return NFGEO_OK, or NFGEO_EINVAL: unknown name, order, mask bits or group */
int statistic_parse(struct statistic_request *request, const char *text, struct error *error);

static inline bool statistic_needs_country(const struct statistic_request *request)
{
	return !request->record && key_needs_country(&request->key);
}

/* -l and -L: only entries with more, or with less, than so many. */
struct statistic_limit {
	int sign; /* 0 = none, > 0 more, < 0 less */
	uint64_t value;
};

/** `[+|-]N[K|M|G]`, factor 1000 */
int statistic_limit_parse(const char *text, struct statistic_limit *limit, struct error *error);

struct statistics;

/** @param request  copied */
struct statistics *statistics_new(const struct statistic_request *request, unsigned count,
				  struct error *error);
void statistics_free(struct statistics *statistics);

/** Feed scan_run() with this. */
struct scan_sink *statistics_sink(struct statistics *statistics);
int statistics_finish(struct statistics *statistics, struct error *error);

/* What is left of a table; limits look at the counters that its order is about. */
struct statistic_cut {
	uint64_t top; /* 0 = all */
	struct statistic_limit packets, bytes;
};

/**
 * One table of a request.
 *
 * @param order  row of order_table
 * @param table  table->row is the caller's, free() it
 */
int statistics_table(const struct statistics *statistics, unsigned request, unsigned order,
		     const struct statistic_cut *cut, struct stat_table *table);

#endif
