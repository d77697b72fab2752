/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/reload.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/log.h"
#include "base/sha256.h"
#include "geo/build.h"
#include "geo/country.h"
#include "geo/database.h"

enum {
	FEEDS_MAX = 64,
	SAMPLES = 65536,      /* IPv4 addresses compared between two tables */
	DAY_S = 24 * 60 * 60,
};

const struct conf_known geo_conf_keys[] = {
	{"geo", "geodb.path", CONF_TEXT},
	{"geo", "geodb.field", CONF_TEXT},
	{"geo", "min_coverage", CONF_NUMBER, 0, 100},
	{"geo", "max_change", CONF_NUMBER, 0, 100},
	{"geo", "max_age_days", CONF_NUMBER, 0, 100000},
	{"geo", "localnets", CONF_TEXT},
	{"geo", "geofeed", CONF_LIST},
	{"geo", "ctrygroup.", CONF_LIST},
};
const size_t geo_conf_key_count = sizeof(geo_conf_keys) / sizeof(*geo_conf_keys);

/* What tells a changed file from the one that was loaded. */
struct stamp {
	uint64_t device, inode, bytes;
	struct timespec modified;
};

/* Everything that loading makes; replaced as a whole. */
struct loaded {
	struct geo_table *table;   /* one reference */
	struct local_nets *local;  /* owns; NULL = none */
};

struct geo_source {
	struct geo_place place;
	char *field, *local_path, *feed_path[FEEDS_MAX]; /* owned; NULL = none */
	size_t feed_count;
	double min_coverage, max_change; /* per cent */
	int64_t max_age_days;
	char *conf_path;
	struct stamp tried; /* of all files when they were last loaded, well or not */
	pthread_mutex_t lock; /* guards loaded.table against refresh in another thread */
	struct loaded loaded;
};

static int conf_place(struct geo_place *place, const struct conf *conf, const char *section,
		      struct error *error)
{
	const struct conf_known known = {section, "geodb.path", CONF_TEXT};
	const char *path = conf_text(conf, section, "geodb.path");
	int status = conf_check(conf, &known, 1, error);

	if (status != NFGEO_OK || !path)
		return status;
	if (!*path)
		return error_set(error, NFGEO_EINVAL,
				 "%.200s:%d: geodb.path is empty: name a database, or none",
				 conf_path(conf), conf_line(conf, section, "geodb.path"));
	snprintf(place->path, sizeof(place->path), "%s", path);
	snprintf(place->whence, sizeof(place->whence), "%.400s:%d", conf_path(conf),
		 conf_line(conf, section, "geodb.path"));
	return NFGEO_OK;
}

static int find_in_conf(struct geo_place *place, const struct geo_settings *settings,
			struct error *error)
{
	int status = NFGEO_OK;

	if (settings->program)
		status = conf_place(place, settings->conf, settings->program, error);
	if (status == NFGEO_OK && !*place->path)
		status = conf_place(place, settings->conf, "geo", error);
	if (status != NFGEO_OK || *place->path)
		return status;
	snprintf(place->path, sizeof(place->path), "%s", PKGDATADIR);
	snprintf(place->whence, sizeof(place->whence), "the default");
	place->is_default = true;
	return NFGEO_OK;
}

int geo_place_find(struct geo_place *place, const struct geo_settings *settings,
		   struct error *error)
{
	const char *environment = getenv("NFGEODB");
	const char *path = settings->option ? settings->option : environment;
	int status = NFGEO_OK;

	*place = (struct geo_place){{0}};
	if (settings->option && !*settings->option)
		return error_set(error, NFGEO_EINVAL,
				 "-G needs a country database, or none for no countries");
	if (path && *path) {
		if (strlen(path) >= sizeof(place->path))
			return error_set(error, NFGEO_EINVAL, "the path of the country database "
					 "is longer than %zu bytes", sizeof(place->path) - 1);
		snprintf(place->path, sizeof(place->path), "%s", path);
		snprintf(place->whence, sizeof(place->whence), "%s",
			 settings->option ? "-G" : "NFGEODB");
	} else {
		status = find_in_conf(place, settings, error);
	}
	place->none = strcmp(place->path, "none") == 0;
	return status;
}

static int no_database(const struct geo_source *source, const struct error *why,
		       struct error *error)
{
	const struct geo_place *place = &source->place;

	if (!place->is_default)
		return error_set(error, NFGEO_ENODB,
				 "no country database: %.250s (named by %.100s); name another with "
				 "-G FILE, or go without countries: --no-geo", why->text,
				 place->whence);
	return error_set(error, NFGEO_ENODB,
			 "no country database: no -G FILE, no NFGEODB in the environment, no "
			 "geodb.path in %.80s, and %.120s; get one with `nfgeo db update`, or go "
			 "without countries: --no-geo",
			 *source->conf_path ? source->conf_path : "a configuration file", why->text);
}

/* All files of a source in one number each way: a change of any shows. */
static void mix(struct stamp *stamp, const char *path)
{
	struct stat status;

	stamp->device *= 31;
	if (stat(path, &status) != 0)
		return;
	stamp->device += (uint64_t)status.st_dev + 1;
	stamp->inode = stamp->inode * 31 + (uint64_t)status.st_ino;
	stamp->bytes = stamp->bytes * 31 + (uint64_t)status.st_size;
	stamp->modified.tv_sec = (time_t)((uint64_t)stamp->modified.tv_sec * 31 +
					  (uint64_t)status.st_mtim.tv_sec);
	stamp->modified.tv_nsec = (long)((uint64_t)stamp->modified.tv_nsec * 31 +
					 (uint64_t)status.st_mtim.tv_nsec);
}

static struct stamp stamp_of(const struct geo_source *source)
{
	struct database_files files;
	struct stamp stamp = {0};

	if (database_find(source->place.path, &files, NULL) == NFGEO_OK)
		for (size_t i = 0; i < files.count; i++)
			mix(&stamp, files.path[i]);
	if (source->local_path)
		mix(&stamp, source->local_path);
	for (size_t i = 0; i < source->feed_count; i++)
		mix(&stamp, source->feed_path[i]);
	return stamp;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes &&
	       a->modified.tv_sec == b->modified.tv_sec &&
	       a->modified.tv_nsec == b->modified.tv_nsec;
}

static int check_coverage(const struct geo_source *source, const struct geo_table *table,
			  struct error *error)
{
	double per_cent = 100 * geo_table_coverage4(table);

	if (per_cent >= source->min_coverage)
		return NFGEO_OK;
	return error_set(error, NFGEO_EINVAL,
			 "%.200s knows the country of only %.1f %% of the public IPv4 addresses: "
			 "wrong or incomplete? Less than min_coverage = %g is refused; for a "
			 "database that is small on purpose set min_coverage = 0 in [geo] of "
			 "nfdump-geo.conf", source->place.path, per_cent, source->min_coverage);
}

/* Addresses of which the old table knows the country and the new one says something else. */
static int check_change(const struct geo_source *source, const struct geo_table *old,
			const struct geo_table *table, struct error *error)
{
	unsigned known = 0, changed = 0;
	double per_cent;

	for (uint32_t i = 0; i < SAMPLES; i++) {
		uint32_t address = i * 2654435769u; /* golden ratio: evenly spread, never twice */
		uint16_t before = geo_lookup4(old, address);

		if (before == COUNTRY_UNKNOWN || before > COUNTRY_MAX)
			continue;
		known++;
		changed += geo_lookup4(table, address) != before;
	}
	per_cent = known ? 100.0 * changed / known : 0;
	if (per_cent <= source->max_change)
		return NFGEO_OK;
	return error_set(error, NFGEO_EINVAL,
			 "%.200s gives %.1f %% of the addresses another country than the database "
			 "in use: more than max_change = %g is refused; restart to take it anyway",
			 source->place.path, per_cent, source->max_change);
}

static void free_feeds(struct local_nets **feed, size_t count)
{
	for (size_t i = 0; i < count; i++)
		local_free(feed[i]);
}

static void loaded_fini(struct loaded *loaded)
{
	if (loaded->table)
		geo_table_unref(loaded->table);
	local_free(loaded->local);
	*loaded = (struct loaded){0};
}

static int load_over(const struct geo_source *source, struct loaded *loaded,
		     struct local_nets **feed, struct error *error)
{
	struct geo_overlay overlay = {loaded->local, feed, source->feed_count};
	const char *path[DATABASE_FILES_MAX];
	struct database_files files;
	struct error why;
	int status = database_find(source->place.path, &files, &why);

	if (status == NFGEO_ENODB)
		return no_database(source, &why, error);
	if (status != NFGEO_OK)
		return error_set(error, status, "%s", why.text);
	for (size_t i = 0; i < files.count; i++)
		path[i] = files.path[i];
	return database_load(path, files.count, source->field, &overlay, &loaded->table, error);
}

/* Build everything aside and check it. */
static int load(const struct geo_source *source, const struct geo_table *old,
		struct loaded *loaded, struct error *error)
{
	struct local_nets *feed[FEEDS_MAX] = {0};
	int status = NFGEO_OK;

	*loaded = (struct loaded){0};
	if (source->local_path)
		status = local_load(&loaded->local, source->local_path, error);
	for (size_t i = 0; status == NFGEO_OK && i < source->feed_count; i++)
		status = geofeed_load(&feed[i], source->feed_path[i], error);
	if (status == NFGEO_OK)
		status = load_over(source, loaded, feed, error);
	if (status == NFGEO_OK)
		status = check_coverage(source, loaded->table, error);
	if (status == NFGEO_OK && old)
		status = check_change(source, old, loaded->table, error);
	free_feeds(feed, source->feed_count);
	if (status != NFGEO_OK)
		loaded_fini(loaded);
	return status;
}

/* "GeoLite2-Country of 2026-01-31, SHA-256 0123456789ab" */
static void describe(const struct geo_table *table, char *out, size_t len)
{
	const struct geo_provenance *provenance = geo_table_provenance(table);
	time_t built = (time_t)provenance->build_epoch_s;
	char hash[SHA256_TEXT], date[32] = "unknown date";
	struct tm parts;

	if (built && gmtime_r(&built, &parts))
		strftime(date, sizeof(date), "%Y-%m-%d", &parts);
	sha256_print(provenance->sha256, hash);
	snprintf(out, len, "%.64s of %s, SHA-256 %.12s",
		 *provenance->type ? provenance->type : "database", date, hash);
}

static void warn_if_old(const struct geo_source *source)
{
	uint64_t built = geo_table_provenance(source->loaded.table)->build_epoch_s;
	time_t now = time(NULL);
	int64_t age_days;

	if (!source->max_age_days || !built || now < 0 || built > (uint64_t)now)
		return;
	age_days = (int64_t)(((uint64_t)now - built) / DAY_S);
	if (age_days > source->max_age_days)
		log_warn("country database %s is %lld days old (max_age_days = %lld): get a new "
			 "one, for example with `nfgeo db update`", source->place.path,
			 (long long)age_days, (long long)source->max_age_days);
}

static int add_feed(const char *key, const char *value, int line, void *arg)
{
	struct geo_source *source = arg;

	(void)line;
	if (strcmp(key, "geofeed") != 0)
		return 0;
	if (source->feed_count == FEEDS_MAX)
		return NFGEO_ELIMIT;
	source->feed_path[source->feed_count] = strdup(value);
	return source->feed_path[source->feed_count++] ? 0 : NFGEO_ENOMEM;
}

/* A copy of an optional text; the configuration may go away before the source does. */
static int copy_text(const struct conf *conf, const char *key, char **copy)
{
	const char *text = conf_text(conf, "geo", key);

	if (!text || !*text)
		return NFGEO_OK;
	*copy = strdup(text);
	return *copy ? NFGEO_OK : NFGEO_ENOMEM;
}

static int configure(struct geo_source *source, const struct conf *conf, struct error *error)
{
	int status = conf_check(conf, geo_conf_keys, geo_conf_key_count, error);

	if (status != NFGEO_OK)
		return status;
	source->min_coverage = conf_number(conf, "geo", "min_coverage", GEO_MIN_COVERAGE);
	source->max_change = conf_number(conf, "geo", "max_change", GEO_MAX_CHANGE);
	source->max_age_days = conf_int(conf, "geo", "max_age_days", GEO_MAX_AGE_DAYS);
	source->conf_path = strdup(conf_path(conf));
	status = source->conf_path ? NFGEO_OK : NFGEO_ENOMEM;
	if (status == NFGEO_OK)
		status = copy_text(conf, "geodb.field", &source->field);
	if (status == NFGEO_OK)
		status = copy_text(conf, "localnets", &source->local_path);
	if (status == NFGEO_OK)
		status = conf_each(conf, "geo", "geofeed", add_feed, source);
	if (status == NFGEO_ELIMIT)
		return error_set(error, status, "%.200s:%d: more than %d geofeeds",
				 conf_path(conf), conf_line(conf, "geo", "geofeed"), FEEDS_MAX);
	return status == NFGEO_OK ? status : error_set(error, status, "out of memory");
}

int geo_source_open(struct geo_source **out, const struct geo_settings *settings,
		    struct error *error)
{
	struct geo_source *source = calloc(1, sizeof(*source));
	char text[160];
	int status;

	*out = NULL;
	if (!source)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	pthread_mutex_init(&source->lock, NULL);
	status = geo_place_find(&source->place, settings, error);
	if (status != NFGEO_OK || source->place.none)
		goto failed;
	status = configure(source, settings->conf, error);
	if (status != NFGEO_OK)
		goto failed;
	source->tried = stamp_of(source);
	status = load(source, NULL, &source->loaded, error);
	if (status != NFGEO_OK)
		goto failed;
	describe(source->loaded.table, text, sizeof(text));
	log_info("country database %s: %s", source->place.path, text);
	warn_if_old(source);
	*out = source;
	return NFGEO_OK;
failed:
	geo_source_close(source);
	return status;
}

int geo_source_require(struct geo_source **source, struct geo_table **table,
		       const struct geo_settings *settings, struct error *error)
{
	int status = geo_source_open(source, settings, error);

	if (status == NFGEO_OK && !*source)
		return error_set(error, NFGEO_ENODB, "the country database is switched off");
	if (status == NFGEO_OK)
		*table = geo_source_table(*source);
	return status;
}

void geo_source_close(struct geo_source *source)
{
	if (!source)
		return;
	loaded_fini(&source->loaded);
	pthread_mutex_destroy(&source->lock);
	free(source->field);
	free(source->local_path);
	free(source->conf_path);
	for (size_t i = 0; i < source->feed_count; i++)
		free(source->feed_path[i]);
	free(source);
}

struct geo_table *geo_source_table(struct geo_source *source)
{
	struct geo_table *table;

	pthread_mutex_lock(&source->lock);
	table = geo_table_ref(source->loaded.table);
	pthread_mutex_unlock(&source->lock);
	return table;
}

bool geo_source_refresh(struct geo_source *source, bool force)
{
	struct stamp stamp = stamp_of(source);
	char before[160], after[160];
	struct loaded fresh, old;
	struct error error;

	if (!force && same_stamp(&stamp, &source->tried))
		return false;
	source->tried = stamp;
	describe(source->loaded.table, before, sizeof(before));
	if (load(source, source->loaded.table, &fresh, &error) != NFGEO_OK) {
		log_error("%s", error.text);
		log_warn("country database stays: %s", before);
		return false;
	}
	describe(fresh.table, after, sizeof(after));
	pthread_mutex_lock(&source->lock);
	old = source->loaded;
	source->loaded = fresh;
	pthread_mutex_unlock(&source->lock);
	loaded_fini(&old);
	log_info("country database %s: was %s; now %s", source->place.path, before, after);
	warn_if_old(source);
	return true;
}

const char *geo_source_path(const struct geo_source *source)
{
	return source->place.path;
}

const struct local_nets *geo_source_local(const struct geo_source *source)
{
	return source->loaded.local;
}
