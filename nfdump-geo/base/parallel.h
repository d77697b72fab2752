/* SPDX-License-Identifier: BSD-3-Clause */
/* parallel.h - cut work into shares, one thread each, and wait for all. */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include <stdbool.h>

enum { PARALLEL_SHARES_MAX = 16 };

/** Does one share of the work. @return false when it failed */
typedef bool parallel_function(void *arg, unsigned share);

/**
 * Run `function` for shares 0 .. count - 1, side by side. A share for which no thread can be had
 * is done by the caller.
 *
 * @return true when none failed
 */
bool parallel_run(unsigned count, parallel_function *function, void *arg);

#endif
