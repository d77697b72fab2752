/* SPDX-License-Identifier: BSD-3-Clause */
/* conf_keys.h - the keys of the programs' own sections in the configuration. */
#ifndef PROGRAMS_CONF_KEYS_H
#define PROGRAMS_CONF_KEYS_H

#include <stdbool.h>

#include "base/conf.h"

/** Is the key, dotted with its section, one of [geo] or of a program's section? */
bool conf_keys_known(const char *path);

/** Is it in a section of ours, or in none at all, which is easily done by mistake? Sections of other
 * programs may hold anything. */
bool conf_keys_ours(const char *path);

/** Kinds of the values in the programs' sections. @return NFGEO_OK or NFGEO_EINVAL */
int conf_keys_check(const struct conf *conf, struct error *error);

/** A program starts: name the keys that nobody knows in its section, in [geo] and in no section. */
void conf_keys_warn(const struct conf *conf, const char *program);

/** One key that nobody knows. */
void conf_keys_complain(const struct conf *conf, const char *program, const char *path, int line);

#endif
