/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * output.h - the table of output formats. A format prints what comes before the flows, a flow,
 * a statistics table, and what comes after; each is one file of this folder.
 */
#ifndef OUTPUT_OUTPUT_H
#define OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/error.h"
#include "flow/totals.h"
#include "output/format.h"
#include "output/stat.h"
#include "output/text.h"

/* What a run did, for the lines after the flows. */
struct summary {
	struct flow_totals selected;
	uint64_t window_first_ms, window_last_ms; /* of the files read; first 0 = unknown */
	uint64_t processed, passed, blocks_skipped, bytes_read;
	double system_s, user_s, wall_s;
	bool interrupted; /* by Ctrl-C: files_read of file_count were read to their end */
	uint64_t files_read, file_count;
	const char *databases; /* that gave the countries of the answer; "" = one, or none asked for */
};

struct output;

struct output_format {
	const char *name;
	const char *line; /* text formats: their tokens; NULL = the functions below do it */
	void (*begin)(const struct output *output, struct text *text);
	void (*flow)(const struct output *output, struct text *text, const struct flow_row *row);
	/* flows in their order, before they are printed; may hold them back until close; or NULL */
	void (*page)(const struct output *output, struct text *text);
	void (*close)(const struct output *output, struct text *text); /* behind the last flow */
	void (*stat)(const struct output *output, struct text *text, const struct stat_table *table);
	void (*end)(const struct output *output, struct text *text, const struct summary *summary);
	uint8_t separator_bytes; /* in front of each flow; the very first one is dropped */
	bool silent;		 /* prints no flows, so nothing has to come in order */
	bool machine;		 /* "No matching flows" must not get in between */
	bool wants_country;	 /* shows countries if they are to be had, does not insist */
};

struct output {
	const struct output_format *kind;
	struct format format; /* text formats and csv: */
	struct format_options options;
	bool quiet;
	bool country;	    /* csv+ctry */
	bool class_members; /* json+class */
	bool pipe_seconds;  /* pipe: seconds and milliseconds are two fields */
	struct terminal terminal;
	struct layout *layout; /* of table; owns */
};

struct output_settings {
	const char *name; /* -o; NULL = line */
	const char *columns; /* of table: tokens; NULL = those of a flow */
	struct terminal terminal;
	struct format_options options;
	bool quiet;
	const struct conf *conf; /* fmt.NAME and csv.NAME of [nfdump]; may be NULL; borrowed */
};

/** @return NFGEO_OK, or NFGEO_EINVAL: unknown name, or an error in a user format */
int output_open(struct output *output, const struct output_settings *settings, struct error *error);
void output_close(struct output *output);

/** Countries must be known for what is printed (json is content without). */
bool output_needs_country(const struct output *output);
/** Today's countries are printed. */
static inline bool output_needs_now(const struct output *output)
{
	return output->format.needs_now;
}

/** Names that the files hold are printed. */
static inline bool output_needs_names(const struct output *output)
{
	return output->format.needs_names;
}

/** Record numbers are printed. */
bool output_needs_number(const struct output *output);

/* The formats, each in its file. */
extern const struct output_format output_csv, output_csv_fast, output_json, output_ndjson,
	output_pipe, output_raw, output_table;

/** What standard output can show, by TERM, NO_COLOR and the locale. */
struct terminal terminal_detect(void);

/** @param all show all columns, however narrow the terminal: the user named them */
int table_open(struct output *output, const char *columns, bool all, struct error *error);
void table_close(struct output *output);

/* Shared by text formats. */
void text_begin(const struct output *output, struct text *text);
void text_flow(const struct output *output, struct text *text, const struct flow_row *row);
void text_end(const struct output *output, struct text *text, const struct summary *summary);
void text_stat(const struct output *output, struct text *text, const struct stat_table *table);
void nothing_to_close(const struct output *output, struct text *text);

/** Averages over the selected flows; 0 where the time range is empty, as stock prints them. */
struct averages {
	uint64_t bps, pps, bpp;
};
struct averages summary_averages(const struct summary *summary);

#endif
