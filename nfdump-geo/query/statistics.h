/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * statistics.h - `-s name[:p][/order...]`: flows counted by the values of one field, several
 * statistics in one pass.
 */
#ifndef QUERY_STATISTICS_H
#define QUERY_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "output/stat.h"
#include "query/order.h"
#include "query/scan.h"

enum { STATISTICS_MAX = 8 };

/* -s */
struct statistic_request {
	int statistic; /* row of query/statistics.def; -1 = `record` */
	char name[32]; /* as typed, group included */
	bool by_proto;
	uint32_t orders; /* bit per row of order_table */
	uint32_t ascending;
	char group[40]; /* of srcgroup:NAME */
};

/** @return NFGEO_OK, or NFGEO_EINVAL: unknown name, order or group */
int statistic_parse(struct statistic_request *request, const char *text, struct error *error);
bool statistic_needs_country(const struct statistic_request *request);

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
