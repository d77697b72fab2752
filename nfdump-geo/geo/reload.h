/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * reload.h - find the database, load it, keep it fresh: a new table is built aside and published
 * by one pointer swap; one that fails its checks never replaces one that works.
 */
#ifndef GEO_RELOAD_H
#define GEO_RELOAD_H

#include <stdbool.h>

#include "base/conf.h"
#include "base/error.h"
#include "geo/table.h"

/* The keys of section [geo], for conf_check() and for `nfgeo config`. */
extern const struct conf_known geo_conf_keys[];
extern const size_t geo_conf_key_count;

struct geo_settings {
	const char *option;  /* -G / --geodb; "none" = no database; NULL = not given */
	const char *program; /* section of the configuration whose own geodb.path beats [geo] */
	const struct conf *conf;
};

/* Defaults of the keys, where they are not set. Debian renews tor-geoipdb a few times a year: an age
 * limit of a quarter would nag about the newest there is. */
enum { GEO_MIN_COVERAGE = 50, GEO_MAX_CHANGE = 25, GEO_MAX_AGE_DAYS = 180 };

struct geo_source;
struct local_nets;

/* Where the database is and who said so; needs nothing to exist. */
struct geo_place {
	char path[4096];
	char whence[512]; /* "-G", "NFGEODB", "FILE:LINE", "the default" */
	bool none;	  /* switched off */
	bool is_default;
};

/** @return NFGEO_OK, or NFGEO_EINVAL when the configuration's [geo] is wrong */
int geo_place_find(struct geo_place *place, const struct geo_settings *settings,
		   struct error *error);

/**
 * Decide which database is meant: option, else environment NFGEODB, else configuration, else
 * PKGDATADIR; load it with its local networks.
 *
 * @param source  on success: NULL when switched off by "none", else owned by the caller
 * @return NFGEO_OK, NFGEO_ENODB when nothing was found (text says what was looked for), or why the
 *         database was refused
 */
int geo_source_open(struct geo_source **source, const struct geo_settings *settings,
		    struct error *error);
void geo_source_close(struct geo_source *source);

/** As geo_source_open() for those who cannot do without: "none" is NFGEO_ENODB.
 * @param table  with a reference for the caller */
int geo_source_require(struct geo_source **source, struct geo_table **table,
		       const struct geo_settings *settings, struct error *error);

/** The current table, with a reference for the caller (geo_table_unref). Thread safe. */
struct geo_table *geo_source_table(struct geo_source *source);

/**
 * Look whether the files changed (or `force`, as on SIGHUP) and if so load and publish them. Logs
 * old and new build, or why the old one stays. Call from one thread.
 *
 * @return true when a new table was published
 */
bool geo_source_refresh(struct geo_source *source, bool force);

/** Path of the database file. Borrowed. */
const char *geo_source_path(const struct geo_source *source);

/** The local networks that lie over the database, for their site names; NULL = none. Borrowed until
 * the next refresh. */
const struct local_nets *geo_source_local(const struct geo_source *source);

#endif
