/* SPDX-License-Identifier: BSD-3-Clause */
/* nfdump_files.h - what nfdump does with whole files: totals, exporters, rewrite. */
#ifndef PROGRAMS_NFDUMP_FILES_H
#define PROGRAMS_NFDUMP_FILES_H

#include "programs/nfdump_options.h"
#include "query/inputs.h"

/* Each returns the exit status. */
int files_totals(const struct inputs *inputs);
int files_plot(const struct inputs *inputs);
int files_rewrite(const struct nfdump_options *options, const struct inputs *inputs);
int files_exporters(const char *path);

#endif
