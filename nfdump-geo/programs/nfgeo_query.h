/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo_query.h - what the verbs that read flows have in common: -r -R -M, a filter, the country
 * database for records without countries, one scan, and what it could not read.
 */
#ifndef PROGRAMS_NFGEO_QUERY_H
#define PROGRAMS_NFGEO_QUERY_H

#include "geo/reload.h"
#include "programs/nfgeo.h"
#include "programs/progress.h"
#include "query/scan.h"

struct nfgeo_query {
	const char *verb; /* for messages */
	/* options */
	struct input_options input;
	const char *geodb, *config;
	/* by nfgeo_query_open() */
	struct conf *conf;
	struct inputs inputs;
	struct filter *filter; /* NULL = every flow */
	struct scan_plan plan;
	struct scan_result result;
	struct geo_source *source;
	struct geo_table *table; /* NULL until a record without countries was met */
	struct error geo_error;
	struct progress progress;
	bool incomplete;
};

/* --no-index, for those verbs that use the geo blocks of files. */
enum { NFGEO_NO_INDEX = 256, NFGEO_EXPLAIN };

/* For getopt_long(): a verb's own options go beside these. */
#define NFGEO_QUERY_LETTERS "r:R:M:G:C:h"
#define NFGEO_QUERY_OPTIONS                                                                        \
	{"read", required_argument, NULL, 'r'}, {"geodb", required_argument, NULL, 'G'},           \
		{"config", required_argument, NULL, 'C'},                                          \
	{                                                                                          \
		"help", no_argument, NULL, 'h'                                                     \
	}
#define NFGEO_QUERY_HELP                                                                           \
	"  -r FILE, -R RANGE, -M DIRS   the files to read, as nfdump(1) takes them\n"              \
	"  -G, --geodb FILE             country database for records without countries\n"          \
	"  -C, --config FILE            configuration file; none for no configuration\n"           \
	"  -h, --help                   this text\n"

/** Take -r, -R or -M, for verbs that read files in a way of their own. @return false when it is none
 * of them */
bool nfgeo_input_option(struct input_options *input, int option, const char *argument);

/** @return false, with a message, when none of them was given */
bool nfgeo_input_named(const char *verb, const struct input_options *input);

/** Take one of the options above. @return false when it is none of them */
bool nfgeo_query_option(struct nfgeo_query *query, int option, const char *argument);

/** Configuration, filter (the words, joined) and files; messages are printed.
 * @return EXIT_DONE, or the exit status */
int nfgeo_query_open(struct nfgeo_query *query, int words, char **word);
void nfgeo_query_close(struct nfgeo_query *query);

/** Scan what query->plan.inputs names, with a line of progress on a terminal when it takes long.
 * @return EXIT_DONE, EXIT_INCOMPLETE or EXIT_FAILED (also after Ctrl-C); messages are printed */
int nfgeo_query_run(struct nfgeo_query *query, struct scan_sink *sink);

#endif
