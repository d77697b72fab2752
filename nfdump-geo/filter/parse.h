/* SPDX-License-Identifier: BSD-3-Clause */
/* parse.h - what scanner, grammar and check share while one filter is read. */
#ifndef FILTER_PARSE_H
#define FILTER_PARSE_H

#include "base/error.h"
#include "filter/filter.h"
#include "filter/tree.h"
#include "geo/group.h"

enum {
	INCLUDE_DEPTH_MAX = 10,
	FILTER_TEXT_MAX = 16 << 20, /* bytes, all included files together */
};

/* Regular expressions own memory of their library; the filter frees them. */
struct regex_list {
	struct regex *regex;
	struct regex_list *next;
};

/* The country group that was looked up last. */
struct group_cache {
	const char *text; /* with its @ */
	uint32_t len;	  /* 0 = none */
	struct country_set set;
};

struct parse {
	struct arena *arena;
	const struct filter_options *options;
	struct error *error;
	int result; /* of the first error, which alone is reported */
	struct node *root;
	struct source *source; /* being scanned */
	size_t offset;	       /* of the next character in it */
	size_t text_bytes;     /* of all sources so far */
	struct token last;     /* the token read last, for messages */
	struct {
		struct source *source;
		size_t offset;
	} outer[INCLUDE_DEPTH_MAX]; /* sources that wait for the end of an included one */
	unsigned include_depth;
	struct regex_list *regexes;
	struct group_cache group;
};

/** Report `reason` at a token, the place underlined; only the first error counts. @return code */
int parse_error(struct parse *parse, int code, const struct token *token, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** As parse_error() with another place underlined than the token named. */
int parse_error_at(struct parse *parse, int code, const struct token *token,
		   const struct token *place, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/** Out of memory. */
int parse_error_memory(struct parse *parse);

/** "syntax error at 'token'". */
int parse_error_syntax(struct parse *parse, const struct token *token);

/** Read a file as a source. */
struct source *parse_read_file(struct parse *parse, const char *path, const struct token *token);

/** Text -> tree in parse->root. */
int parse_run(struct parse *parse, struct source *source);

#endif
