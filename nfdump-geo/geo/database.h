/* SPDX-License-Identifier: BSD-3-Clause */
/* database.h - from files of any kind we read, told apart by their content, to a lookup table. */
#ifndef GEO_DATABASE_H
#define GEO_DATABASE_H

#include <limits.h>
#include <stddef.h>

#include "base/error.h"
#include "geo/local.h"
#include "geo/table.h"

enum database_kind {
	DATABASE_IMAGE,	 /* compiled by nfgeo db update (geo/image.h) */
	DATABASE_MMDB,	 /* MaxMind DB of any vendor (geo/mmdb.h) */
	DATABASE_RANGES, /* text with ranges (geo/ranges.h) */
};

enum { DATABASE_FILES_MAX = 2 };

/* The files that a path means: itself, or of a directory its country.nfgeo, else geoip + geoip6. */
struct database_files {
	char path[DATABASE_FILES_MAX][PATH_MAX];
	size_t count;
};

/* What is laid over a database. All borrowed. */
struct geo_overlay {
	const struct local_nets *local; /* NULL = none */
	struct local_nets *const *feed;
	size_t feed_count;
};

/** @return NFGEO_OK, or NFGEO_ENODB with a text that names what was looked for */
int database_find(const char *path, struct database_files *files, struct error *error);

/** Look at the content of a file. Refuses stock nfdump's own database format and archives by name. */
int database_kind(const char *path, enum database_kind *kind, struct error *error);

/** For messages: "MaxMind DB". */
const char *database_kind_name(enum database_kind kind);

/**
 * Read database files and what lies over them into a new table, owned by the caller. Several
 * files must be ranges.
 *
 * @param field  where a record of an MMDB holds the country; NULL = find out (geo/mmdb.h)
 * @param overlay  NULL = nothing
 */
int database_load(const char *const path[], size_t count, const char *field,
		  const struct geo_overlay *overlay, struct geo_table **table,
		  struct error *error);

#endif
