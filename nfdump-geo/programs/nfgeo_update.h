/* SPDX-License-Identifier: BSD-3-Clause */
/* nfgeo_update.h - compile databases into the table that programs find by themselves. */
#ifndef PROGRAMS_NFGEO_UPDATE_H
#define PROGRAMS_NFGEO_UPDATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "geo/table.h"

struct update_request {
	const char *verb;	/* for messages */
	const char *const *in;	/* databases: files or directories */
	size_t in_count;
	const char *out;	/* file to write */
	const char *field;	/* of an MMDB; NULL = find out */
	double min_coverage;	/* per cent of public IPv4 */
	bool quiet;
};

/** Load, check, save, say so. @return exit status */
int update_compile(const struct update_request *request);

/** nfgeo db update. */
int update_main(int argc, char **argv);

/** Table of a database file or directory (nfgeo_db.c). */
int db_load(const char *path, const char *field, struct geo_table **table, struct error *error);

#endif
