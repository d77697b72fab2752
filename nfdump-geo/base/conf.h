/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * conf.h - configuration text -> settings: the TOML subset of nfdump-geo.conf(5): [section], then
 * key = "text" | number | true | false | [ "text", ... ], dotted keys, # comments. Errors carry
 * file and line. As in TOML, [geo] with ctrygroup.X, [geo.ctrygroup] with X and geo.ctrygroup.X
 * before any section are the same key.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct conf;

/** Read a file. @return NFGEO_OK, NFGEO_ENOTFOUND, NFGEO_EIO or NFGEO_EINVAL */
int conf_load(struct conf **conf, const char *path, struct error *error);

/** Parse text; `name` is for messages. */
int conf_parse(struct conf **conf, const char *name, const char *text, struct error *error);

/**
 * What every program does: `-C option` ("none" = nothing), else NFCONF, else
 * SYSCONFDIR/nfdump-geo.conf, which alone may be missing. *conf is NULL when there is none.
 */
int conf_open(struct conf **conf, const char *option, struct error *error);
void conf_free(struct conf *conf);

/** Values; NULL or `otherwise` when the key is absent. conf may be NULL. Text is borrowed. */
const char *conf_text(const struct conf *conf, const char *section, const char *key);
bool conf_bool(const struct conf *conf, const char *section, const char *key, bool otherwise);
int64_t conf_int(const struct conf *conf, const char *section, const char *key, int64_t otherwise);
double conf_number(const struct conf *conf, const char *section, const char *key, double otherwise);

/** Path of the file; "" if none. Line of a key for messages; 0 if absent. */
const char *conf_path(const struct conf *conf);
int conf_line(const struct conf *conf, const char *section, const char *key);

enum conf_kind {
	CONF_TEXT,
	CONF_NUMBER,
	CONF_BOOL,
	CONF_LIST, /* of texts; a single text will do */
};

/* A key that a program knows. */
struct conf_known {
	const char *section;
	const char *key; /* ends in '.' when a name of the user's choice follows */
	enum conf_kind kind;
	double minimum, maximum; /* of a CONF_NUMBER */
};

/**
 * Check the values of known keys: kind and range, by the first row that knows the key. A key that is
 * set but not in the table is left alone: another program may know it.
 *
 * @return NFGEO_OK or NFGEO_EINVAL, the text naming file and line
 */
int conf_check(const struct conf *conf, const struct conf_known *known, size_t count,
	       struct error *error);

/** Is this key, dotted with its section, the one (or one of those) that `known` means? */
bool conf_is_known(const struct conf_known *known, const char *path);

/**
 * Walk all keys in file order, dotted with their section in front ("geo.min_coverage").
 * @return the first non-zero result of `each`, else 0
 */
int conf_walk(const struct conf *conf,
	      int (*each)(const char *path, const char *value, int line, void *arg), void *arg);

/**
 * Walk the keys of a section that start with `prefix` (for example "ctrygroup."), in file order.
 * A list's items come as one call each with the same key.
 * @return the first non-zero result of `each`, else 0
 */
int conf_each(const struct conf *conf, const char *section, const char *prefix,
	      int (*each)(const char *key, const char *value, int line, void *arg), void *arg);

#endif
