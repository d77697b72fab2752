/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * format.h - user formats: `fmt:` and `csv:` text compiled once into an array of steps, one per
 * token or piece of literal text (doc: nfdump(1), "OUTPUT FORMATS").
 */
#ifndef OUTPUT_FORMAT_H
#define OUTPUT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/name_table.h"
#include "flow/record.h"
#include "output/print.h"
#include "output/stat.h"
#include "output/text.h"

/* One line to print. */
struct flow_row {
	const struct record_view *view; /* borrowed */
	uint64_t number;		/* of the flow record in the run, from 1 */
	const char *ident;		/* of its file */
	const struct name_table *names; /* of its file; NULL = none */
	struct clock_cache *clock, *utc; /* of the worker; borrowed */
	const struct stat_value *key;	 /* a group of -A: values of its keys; else NULL */
	const uint16_t *now; /* both countries as the database has them today; NULL = not asked */
	bool inner; /* what a tunnel carries: no flow of its own */
};

/* What standard output can show; all false unless it is a terminal. */
struct terminal {
	bool colour;
	bool utf8;  /* arrows and lines */
	bool flags; /* pairs of regional indicator symbols */
	bool names; /* wide enough for names of countries */
	unsigned columns; /* 0 = not known */
};

struct format_options {
	bool plain; /* -N: no scaling, protocol as number, duration in seconds */
	bool long6; /* -6 */
	bool tag;   /* -T */
	struct terminal terminal; /* of the table format */
	const struct row_keys *keys; /* of -A; NULL = none; borrowed */
};

struct step;
typedef char *emit_function(char *at, const struct step *step, const struct flow_row *row);

struct step {
	emit_function *emit;
	const char *text; /* literal; or what the token's row says */
	uint16_t len, width, offset;
	uint8_t element, bytes; /* of the field */
	uint8_t arg;
	bool plain, long6, tag;
	struct terminal terminal;
	const struct key_column *key; /* of %key1, .. */
};

struct format {
	struct step *step; /* these three: owned by the arena */
	const char *header;
	size_t header_len;
	size_t count;
	size_t fixed_bytes;    /* most that the steps without variable text write */
	unsigned variable;     /* steps that may write as much as the record holds, hex dumped */
	bool csv;	       /* columns lose their padding */
	bool quotes;	       /* names with commas are put in quotes */
	bool needs_country;    /* a token prints countries */
	bool needs_number;     /* a token prints the record number */
	const char *blank;     /* the last token that has no values here; NULL = none */
	const char *as_name;   /* the last that needs names of AS (geo/asdb.h); NULL = none */
	bool needs_now;	       /* a token prints today's countries */
	bool needs_names;      /* a token prints names that the file holds */
	struct arena arena;
};

/** Looks up a format by its name for `%NAME` inside a format. @return its text or NULL */
typedef const char *format_finder(const char *name, size_t len, void *arg);

/**
 * Compile a format: text with %tokens, without the `fmt:` in front.
 *
 * @param find  embedded formats (`%line`); may be NULL
 * @return NFGEO_OK, NFGEO_ENOMEM, or NFGEO_EINVAL with the rest of the text from the bad token on
 */
int format_compile(struct format *format, const char *text, const struct format_options *options,
		   format_finder *find, void *arg, struct error *error);

/** `csv:` of newer nfdump versions: tokens separated by commas. */
int format_compile_csv(struct format *format, const char *text, const struct row_keys *keys,
		       struct error *error);

/** Columns for a layout: tokens separated by commas or blanks, in cells that end with `end`. */
int format_compile_columns(struct format *format, const char *text, char end,
			   const struct format_options *options, struct error *error);
void format_fini(struct format *format);

/** One line, newline included. */
void format_row(const struct format *format, struct text *text, const struct flow_row *row);

#endif
