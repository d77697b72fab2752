/* SPDX-License-Identifier: BSD-3-Clause */
/* nfdump_options.h - the command line of nfdump(1) as a struct. */
#ifndef PROGRAMS_NFDUMP_OPTIONS_H
#define PROGRAMS_NFDUMP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "nffile/compress.h"
#include "query/aggregate.h"
#include "query/inputs.h"
#include "query/statistics.h"

/* What to do besides running a query. */
enum nfdump_task {
	TASK_QUERY,
	TASK_TOTALS,	   /* -I */
	TASK_CHECK_FILTER, /* -Z */
	TASK_DUMP_FILTER,  /* -X */
	TASK_VERIFY,	   /* -v file */
	TASK_EXPORTERS,	   /* -E file */
	TASK_PLOT,	   /* -g */
	TASK_PROVENANCE,   /* --provenance */
	TASK_RECODE,	   /* -J */
	TASK_IDENT,	   /* -i */
	TASK_HELP,
	TASK_VERSION,
};

struct nfdump_options {
	enum nfdump_task task;
	struct input_options input;
	const char *write_path;	  /* -w */
	const char *filter_file;  /* -f */
	const char *after_filter; /* -P */
	const char *window;	  /* -t */
	const char *format;	  /* -o */
	const char *task_file;	  /* of -v, -E */
	const char *ident;	  /* -i */
	const char *conf_path;	  /* -C */
	const char *geodb;	  /* -G */
	const char *asdb;	  /* --asdb: names of AS */
	char *filter_text;	  /* the arguments, joined; owns; NULL if there are none */
	uint64_t limit;		  /* -c */
	int64_t top;		  /* -n; -1 = not given */
	bool quiet, plain, long6, tag;
	bool arrival_order; /* of what -w writes */
	bool geo_compare;   /* stored against today's countries */
	struct statistic_request stat[STATISTICS_MAX + 1];
	unsigned stat_count;
	bool stat_record, stat_element;
	bool aggregate; /* -a, -A, -b or -B */
	enum aggregate_mode mode;
	bool has_keys;
	struct keys keys;
	int order; /* -O: row of order_table; -1 = none */
	bool ascending;
	struct statistic_limit packets, bytes; /* -l, -L */
	bool codec_given;
	enum codec codec; /* -z, -j, -y, -J */
	int level;
	unsigned threads; /* -W; 0 = one a processor */
	bool explain, no_index;
};

/** Parse and check. Messages and notices go to standard error.
 * @return 0, or the exit status */
int nfdump_options_parse(struct nfdump_options *options, int argc, char **argv);
void nfdump_options_fini(struct nfdump_options *options);

void nfdump_help(void);

#endif
