/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * geo_watch.h - the country database of a daemon, kept fresh by a thread of its own: the receive
 * thread only picks up the table that is current, and never waits for one to be loaded.
 */
#ifndef COLLECT_GEO_WATCH_H
#define COLLECT_GEO_WATCH_H

#include "base/error.h"
#include "geo/reload.h"

struct geo_watch_options {
	const char *option;	 /* -G; NULL = not given */
	const char *conf_option; /* -C; NULL = not given; read again on reload */
	const char *program;	 /* section of the configuration */
};

struct geo_watch;

/**
 * Find and load the database. Texts are borrowed for the life of the watch.
 *
 * @param watch  on success: NULL when countries are switched off
 */
int geo_watch_open(struct geo_watch **watch, const struct geo_watch_options *options,
		   struct error *error);

/** Start the thread that looks for changed files each second. Call after the last fork. */
int geo_watch_start(struct geo_watch *watch, struct error *error);

/** Ask it to read configuration and database anew, as on SIGHUP. Returns at once. */
void geo_watch_reload(struct geo_watch *watch);

/** The current table, with a reference for the caller. */
struct geo_table *geo_watch_table(struct geo_watch *watch);

void geo_watch_close(struct geo_watch *watch);

#endif
