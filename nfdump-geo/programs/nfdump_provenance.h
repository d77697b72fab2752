/* SPDX-License-Identifier: BSD-3-Clause */
/* nfdump_provenance.h - nfdump --provenance: which databases gave the countries of the files. */
#ifndef PROGRAMS_NFDUMP_PROVENANCE_H
#define PROGRAMS_NFDUMP_PROVENANCE_H

#include "programs/nfdump_options.h"

/** A table, or with -o json an object. @return exit status: 3 when something could not be read */
int provenance_report(const struct nfdump_options *options, const struct inputs *inputs);

#endif
