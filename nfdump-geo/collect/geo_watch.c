/* SPDX-License-Identifier: BSD-3-Clause */
#include "collect/geo_watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/conf.h"
#include "base/log.h"
#include "geo/group.h"

enum { LOOK_EVERY_S = 1 };

struct geo_watch {
	struct geo_watch_options options;
	struct conf *conf; /* owns; NULL = none; the source borrows it */
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool reload, stop;	   /* under the lock */
	struct geo_source *source; /* owns; changed by the watch's thread under the lock */
};

static int open_source(const struct geo_watch_options *options, const struct conf *conf,
		       struct geo_source **source, struct error *error)
{
	const struct geo_settings settings = {options->option, options->program, conf};

	return geo_source_open(source, &settings, error);
}

int geo_watch_open(struct geo_watch **out, const struct geo_watch_options *options,
		   struct error *error)
{
	struct geo_watch *watch = calloc(1, sizeof(*watch));
	pthread_condattr_t clock;
	int status;

	*out = NULL;
	if (!watch)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	watch->options = *options;
	status = conf_open(&watch->conf, options->conf_option, error);
	if (status == NFGEO_OK)
		status = open_source(options, watch->conf, &watch->source, error);
	if (status != NFGEO_OK || !watch->source) {
		conf_free(watch->conf);
		free(watch);
		return status;
	}
	pthread_mutex_init(&watch->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&watch->wake, &clock);
	pthread_condattr_destroy(&clock);
	*out = watch;
	return NFGEO_OK;
}

struct geo_table *geo_watch_table(struct geo_watch *watch)
{
	struct geo_table *table;

	pthread_mutex_lock(&watch->lock);
	table = geo_source_table(watch->source);
	pthread_mutex_unlock(&watch->lock);
	return table;
}

/* --- the thread ------------------------------------------------------------------------------- */

struct conf_text_sum {
	uint64_t hash;
};

static int add_text(const char *key, const char *value, int line, void *arg)
{
	struct conf_text_sum *sum = arg;

	(void)line;
	for (const char *at = key; *at; at++)
		sum->hash = (sum->hash ^ (uint8_t)*at) * 1099511628211u;
	for (const char *at = value; *at; at++)
		sum->hash = (sum->hash ^ (uint8_t)*at) * 1099511628211u;
	return 0;
}

/* FNV-1a over all settings that choose or check a database. */
static uint64_t conf_sum(const struct conf *conf, const char *program)
{
	struct conf_text_sum sum = {14695981039346656037u};

	if (conf) {
		conf_each(conf, "geo", "", add_text, &sum);
		conf_each(conf, program, "geodb", add_text, &sum);
	}
	return sum.hash;
}

/* Settings changed: everything is opened anew beside what runs, then swapped. */
static int replace_source(struct geo_watch *watch, struct conf *conf, struct error *error)
{
	struct geo_source *source, *old = watch->source;
	int status = open_source(&watch->options, conf, &source, error);

	if (status != NFGEO_OK)
		return status;
	if (!source)
		return error_set(error, NFGEO_EINVAL,
				 "countries cannot be switched off while running");
	pthread_mutex_lock(&watch->lock);
	watch->source = source;
	pthread_mutex_unlock(&watch->lock);
	log_info("Country database is now '%s'", geo_source_path(source));
	geo_source_close(old);
	conf_free(watch->conf);
	watch->conf = conf;
	return NFGEO_OK;
}

static void reload(struct geo_watch *watch)
{
	const char *program = watch->options.program;
	struct conf *conf = NULL;
	struct error error;

	log_info("Reload of configuration and country database");
	if (conf_open(&conf, watch->options.conf_option, &error) != NFGEO_OK ||
	    group_configure(conf, &error) != NFGEO_OK) {
		log_error("%s: the old configuration stays in force", error.text);
	} else if (conf_sum(conf, program) != conf_sum(watch->conf, program)) {
		if (replace_source(watch, conf, &error) == NFGEO_OK)
			return;
		log_error("%s: the old country database stays in force", error.text);
	}
	conf_free(conf);
	geo_source_refresh(watch->source, true);
}

/* Sleep until it is time to look, or somebody asks. @return false = stop */
static bool wait_turn(struct geo_watch *watch, bool *asked)
{
	struct timespec until;
	bool go_on;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOK_EVERY_S;
	pthread_mutex_lock(&watch->lock);
	while (!watch->reload && !watch->stop)
		if (pthread_cond_timedwait(&watch->wake, &watch->lock, &until) == ETIMEDOUT)
			break;
	*asked = watch->reload;
	watch->reload = false;
	go_on = !watch->stop;
	pthread_mutex_unlock(&watch->lock);
	return go_on;
}

static void *watch_main(void *arg)
{
	struct geo_watch *watch = arg;
	bool asked;

	while (wait_turn(watch, &asked)) {
		if (asked)
			reload(watch);
		else
			geo_source_refresh(watch->source, false);
	}
	return NULL;
}

int geo_watch_start(struct geo_watch *watch, struct error *error)
{
	errno = pthread_create(&watch->thread, NULL, watch_main, watch);
	if (errno)
		return error_set_errno(error, "cannot start the database thread");
	watch->running = true;
	return NFGEO_OK;
}

void geo_watch_reload(struct geo_watch *watch)
{
	pthread_mutex_lock(&watch->lock);
	watch->reload = true;
	pthread_cond_signal(&watch->wake);
	pthread_mutex_unlock(&watch->lock);
}

void geo_watch_close(struct geo_watch *watch)
{
	if (!watch)
		return;
	if (watch->running) {
		pthread_mutex_lock(&watch->lock);
		watch->stop = true;
		pthread_cond_signal(&watch->wake);
		pthread_mutex_unlock(&watch->lock);
		pthread_join(watch->thread, NULL);
	}
	geo_source_close(watch->source);
	conf_free(watch->conf);
	pthread_cond_destroy(&watch->wake);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}
