/* SPDX-License-Identifier: BSD-3-Clause */
/* nfdump_run.h - one run of nfdump, and its stages: plan (before anything is read), report (after). */
#ifndef PROGRAMS_NFDUMP_RUN_H
#define PROGRAMS_NFDUMP_RUN_H

#include <limits.h>
#include <stdbool.h>
#include <time.h>

#include "base/conf.h"
#include "filter/filter.h"
#include "geo/reload.h"
#include "nffile/writer.h"
#include "programs/common.h"
#include "programs/nfdump_compare.h"
#include "programs/nfdump_options.h"
#include "programs/nfdump_sinks.h"
#include "programs/progress.h"

enum { STATUS_NO_DATA = 250, TOP_DEFAULT = 10, STATUS_INTERRUPTED = 130 /* as a shell says it */ };

/* One run of the program. */
struct run {
	struct nfdump_options options;
	struct conf *conf;
	struct filter *filter, *after;
	struct inputs inputs;
	struct output output;
	struct scan_plan plan;
	struct scan_result result;
	struct geo_source *source;
	struct geo_table *table;
	struct error geo_error; /* why there is no table */
	struct aggregate *aggregate;
	struct statistics *statistics;
	struct print_sink print;
	struct write_sink write;
	struct compare_sink compare;
	struct nffile_writer *writer;
	char work_name[PATH_MAX];
	struct text text;
	struct timespec started;
	struct progress progress;
	bool incomplete;
	unsigned tables; /* printed */
};

/* All functions give an exit status; what is wrong was told on standard error. */

int run_failed(const struct error *error);

/* plan: nfdump_plan.c */
int run_compile_filters(struct run *run);
int run_expand_inputs(struct run *run);
int run_open_output(struct run *run);
int run_plan(struct run *run);

/** Flows are merged into groups before they are printed or written. */
bool run_is_grouped(const struct run *run);

/** Flows are printed or written one by one, as they come. */
bool run_is_listed(const struct run *run);

/* report: nfdump_report.c */
int run_flush(struct run *run);

/** Print what the scan found: the end of a listing, groups, statistics. */
int run_report(struct run *run);
void run_print_summary(struct run *run);

#endif
