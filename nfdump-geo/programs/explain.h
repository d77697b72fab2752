/* SPDX-License-Identifier: BSD-3-Clause */
/* explain.h - `--explain`: what a query read, what it passed over, and what sums answered. */
#ifndef PROGRAMS_EXPLAIN_H
#define PROGRAMS_EXPLAIN_H

#include <stdio.h>

#include "query/scan.h"

void explain_print(const struct scan_result *result, FILE *out);

#endif
