/* SPDX-License-Identifier: BSD-3-Clause */
/* value.h - the value of a statistics row as text. */
#ifndef OUTPUT_VALUE_H
#define OUTPUT_VALUE_H

#include <stdbool.h>

#include "output/stat.h"

enum { STAT_VALUE_MAX = 64 };

/** At most STAT_VALUE_MAX characters. @param plain  country numbers instead of letters */
char *put_stat_value(char *at, enum stat_kind kind, const struct stat_value *value, bool plain);

/** The same without the padding that labels have. */
char *put_stat_value_bare(char *at, enum stat_kind kind, const struct stat_value *value, bool plain);

/** Width of a column of such values. */
unsigned stat_kind_width(enum stat_kind kind);

#endif
