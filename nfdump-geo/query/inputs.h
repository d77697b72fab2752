/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inputs.h - which files a query reads: -r, -R and -M expanded to paths in the order in which they
 * are read (nfdump(1), "INPUT").
 */
#ifndef QUERY_INPUTS_H
#define QUERY_INPUTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct input_options {
	const char *file;  /* -r */
	const char *range; /* -R */
	const char *dirs;  /* -M */
};

struct input_list {
	const char **text; /* owned by the arena */
	size_t count, capacity;
};

struct inputs {
	struct input_list path;
	struct input_list problem; /* what is missing, a message each; the rest is there */
	struct arena arena;
};

/**
 * Expand to paths.
 *
 * @return NFGEO_OK; NFGEO_EINVAL for options that contradict each other; NFGEO_EIO when there is
 *         nothing to read; NFGEO_ENOTFOUND when the first file of a range is missing
 */
int inputs_expand(struct inputs *inputs, const struct input_options *options, struct error *error);
void inputs_fini(struct inputs *inputs);

/** Sub-directory of a file `nfcapd.YYYYMMDDhhmm` in layout 1..8 of nfcapd -S: "2024/03/05".
 * @return NFGEO_OK or NFGEO_EINVAL (no time in the name, no such layout) */
int inputs_subdir(unsigned layout, const char *name, char *subdir, size_t len);

/**
 * Time of `-t`: `YYYY/MM/dd.hh:mm:ss`, trailing parts may be left out.
 * @param end  set to the first character that is not part of it
 */
int inputs_time(const char *text, const char **end, uint64_t *ms);

#endif
