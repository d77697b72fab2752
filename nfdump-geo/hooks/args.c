/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The options of patched programs, the database they name, and its change at the end of a slot.
 *
 * A changed file is loaded by a thread that a slot change starts; the table it made is published by
 * a later slot change, so that a slot has one database but for the blocks at its ends.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/log.h"
#include "geo/group.h"
#include "geo/reload.h"
#include "hooks/hooks.h"

struct hook_books hook_books;
_Atomic uint64_t hook_generation;
_Thread_local struct hook_local hook_thread;

static struct error args_error;
static struct conf *conf;	  /* read once; the source borrows it */
static struct geo_source *source; /* NULL = no database */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct geo_table *current; /* published; under the lock */
static _Atomic bool loading;	  /* a thread looks for a changed file */

/* --- a thread's hold on the table ------------------------------------------------------------- */

static pthread_key_t thread_key;
static pthread_once_t thread_once = PTHREAD_ONCE_INIT;

static void drop_local(void *arg)
{
	struct hook_local *local = arg;

	geo_table_unref(local->table);
	geo_recent_free(local->recent);
	hook_sums_free(local->sums);
	free(local->views);
	*local = (struct hook_local){0};
}

static void make_key(void)
{
	pthread_key_create(&thread_key, drop_local);
}

struct hook_local *hook_renew(struct hook_local *local)
{
	pthread_once(&thread_once, make_key);
	pthread_setspecific(thread_key, local); /* dropped when the thread ends */
	if (local->table)
		geo_table_unref(local->table);
	if (!local->recent)
		local->recent = geo_recent_new();
	if (!local->views && (local->views = malloc(sizeof(*local->views))))
		record_views_init(local->views);
	pthread_mutex_lock(&lock);
	local->table = current ? geo_table_ref(current) : NULL;
	local->generation = atomic_load(&hook_generation);
	pthread_mutex_unlock(&lock);
	if (local->table)
		geo_recent_use(local->recent, local->table);
	return local;
}

/* Make the source's newest table the one that is used. @return true if it is another one */
static bool publish(void)
{
	struct geo_table *table = geo_source_table(source), *old;

	pthread_mutex_lock(&lock);
	old = current;
	current = table;
	if (table != old)
		atomic_fetch_add(&hook_generation, 1);
	pthread_mutex_unlock(&lock);
	geo_table_unref(old);
	return table != old;
}

/* --- the log: lines of the library wait here for the next slot change --------------------------
 */

static char messages[1024];
static pthread_mutex_t message_lock = PTHREAD_MUTEX_INITIALIZER;

static void keep_message(enum log_level level, const char *line, void *arg)
{
	size_t used;

	(void)level;
	(void)arg;
	pthread_mutex_lock(&message_lock);
	used = strlen(messages);
	snprintf(messages + used, sizeof(messages) - used, "; %s", line);
	pthread_mutex_unlock(&message_lock);
}

/* --- options ---------------------------------------------------------------------------------- */

struct option {
	const char *name;
	const char *value;
};

/* @return number of arguments that an option takes at argv[i], 0 = it is none of ours, <0 error */
static int take_option(struct option *options, size_t count, int argc, char **argv, int i)
{
	for (size_t k = 0; k < count; k++) {
		size_t len = strlen(options[k].name);

		if (strncmp(argv[i], options[k].name, len) != 0)
			continue;
		if (argv[i][len] == '=') {
			options[k].value = argv[i] + len + 1;
			return 1;
		}
		if (argv[i][len])
			continue;
		if (i + 1 == argc)
			return error_set(&args_error, NFGEO_EINVAL, "%s needs a file name, or none",
					 options[k].name);
		options[k].value = argv[i + 1];
		return 2;
	}
	return 0;
}

/* Up to "--", as getopt(3) reads them. */
static int take_options(struct option *options, size_t count, int *argc, char **argv)
{
	int kept = 1, i = 1;

	if (*argc < 1)
		return NFGEO_OK;
	while (i < *argc && strcmp(argv[i], "--") != 0) {
		int taken = take_option(options, count, *argc, argv, i);

		if (taken < 0)
			return taken;
		if (!taken)
			argv[kept++] = argv[i++];
		i += taken;
	}
	while (i < *argc)
		argv[kept++] = argv[i++];
	argv[kept] = NULL;
	*argc = kept;
	return NFGEO_OK;
}

/* Never by NFCONF: that variable names a configuration of stock nfdump's. */
static int read_conf(const char *option)
{
	static const char standard[] = SYSCONFDIR "/nfdump-geo.conf";
	int status;

	if (option)
		return conf_open(&conf, option, &args_error);
	status = conf_load(&conf, standard, &args_error);
	return status == NFGEO_ENOTFOUND ? NFGEO_OK : status;
}

/* A daemon changes its directory; a changed file must be found all the same. */
static int load(const char *path)
{
	char *absolute = realpath(path, NULL);
	struct geo_settings settings = {.option = absolute ? absolute : path, .conf = conf};
	int status = geo_source_open(&source, &settings, &args_error);

	free(absolute);
	if (status == NFGEO_OK && source)
		publish();
	return status;
}

int nfgeo_args(int *argc, char **argv)
{
	struct option options[] = {{"--geodb", NULL}, {"--geoconf", NULL}};
	int status = take_options(options, sizeof(options) / sizeof(*options), argc, argv);

	if (source || conf) /* a second call finds nothing new */
		return status;
	if (status == NFGEO_OK)
		status = read_conf(options[1].value);
	if (status == NFGEO_OK)
		status = group_configure(conf, &args_error);
	if (status == NFGEO_OK && options[0].value && strcmp(options[0].value, "none") != 0)
		status = load(options[0].value);
	log_to(keep_message, NULL);
	return status;
}

const char *nfgeo_args_error(void)
{
	return args_error.text;
}

uint64_t nfgeo_missing(void)
{
	return atomic_load(&hook_books.missing);
}

/* --- slot change ------------------------------------------------------------------------------ */

static void *look_for_change(void *arg)
{
	(void)arg;
	geo_source_refresh(source, false);
	atomic_store(&loading, false);
	return NULL;
}

static void start_loading(void)
{
	pthread_t thread;

	if (atomic_exchange(&loading, true))
		return;
	errno = pthread_create(&thread, NULL, look_for_change, NULL);
	if (errno) {
		atomic_store(&loading, false);
		log_warn("cannot look for a new country database: %s", strerror(errno));
		return;
	}
	pthread_detach(thread);
}

/* What was counted since the last call. */
static struct counted {
	uint64_t tagged, declined, looked_up, unknown;
} counted_before;

static struct counted count_since(void)
{
	struct counted now = {atomic_load(&hook_books.tagged), atomic_load(&hook_books.declined),
			      atomic_load(&hook_books.looked_up), atomic_load(&hook_books.unknown)};
	struct counted before = counted_before;

	counted_before = now;
	return (struct counted){now.tagged - before.tagged, now.declined - before.declined,
				now.looked_up - before.looked_up, now.unknown - before.unknown};
}

const char *nfgeo_rotate(void)
{
	static char line[1400];
	struct counted counted;
	bool changed = false;

	if (!source)
		return NULL;
	if (!atomic_load(&loading))
		changed = publish();
	start_loading();
	counted = count_since();
	pthread_mutex_lock(&message_lock);
	snprintf(line, sizeof(line),
		 "Countries: %" PRIu64 " records tagged, %" PRIu64 " had no room; %" PRIu64
		 " addresses looked up, %" PRIu64 " without country%s%s",
		 counted.tagged, counted.declined, counted.looked_up, counted.unknown,
		 changed ? "; the new database is in use" : "", messages);
	messages[0] = '\0';
	pthread_mutex_unlock(&message_lock);
	return line;
}
