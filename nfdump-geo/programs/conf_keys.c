/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs/conf_keys.h"

#include <string.h>

#include "geo/reload.h"
#include "programs/common.h"

static const struct conf_known program_keys[] = {
	{"nfdump", "geodb.path", CONF_TEXT},
	{"nfdump", "tordb.path", CONF_TEXT}, /* of stock; there is no tor database here */
	{"nfdump", "fmt.", CONF_TEXT},
	{"nfdump", "csv.country", CONF_BOOL},
	{"nfdump", "csv.", CONF_TEXT},
	{"nfdump", "pipe.seconds", CONF_BOOL},
	{"nfcapd", "geodb.path", CONF_TEXT},
	{"nfcapd", "exporter.", CONF_LIST},
	{"nfprofile", "geodb.path", CONF_TEXT},
	{"geo", "asdb.path", CONF_TEXT}, /* of nfdump */
	{"geo", "sketches", CONF_BOOL}, /* of whoever writes files; the others are of the database */
};

enum { PROGRAM_KEYS = sizeof(program_keys) / sizeof(*program_keys) };

bool conf_keys_known(const char *path)
{
	for (size_t i = 0; i < geo_conf_key_count; i++)
		if (conf_is_known(&geo_conf_keys[i], path))
			return true;
	for (size_t i = 0; i < PROGRAM_KEYS; i++)
		if (conf_is_known(&program_keys[i], path))
			return true;
	return false;
}

static bool is_in(const char *path, const char *section)
{
	size_t len = strlen(section);

	return strncmp(path, section, len) == 0 && path[len] == '.';
}

/* geodb.path and ctrygroup.X in no section. */
static bool is_in_none(const char *path)
{
	return !strchr(path, '.') || is_in(path, "geodb") || is_in(path, "ctrygroup");
}

bool conf_keys_ours(const char *path)
{
	return is_in_none(path) || is_in(path, "geo") || is_in(path, "nfdump") ||
	       is_in(path, "nfcapd") || is_in(path, "nfprofile");
}

int conf_keys_check(const struct conf *conf, struct error *error)
{
	return conf_check(conf, program_keys, PROGRAM_KEYS, error);
}

void conf_keys_complain(const struct conf *conf, const char *program, const char *path, int line)
{
	common_complain(program, "%s:%d: %s is no key of nfdump-geo: see nfdump-geo.conf(5)",
			conf_path(conf), line, path);
}

struct warning {
	const struct conf *conf;
	const char *program;
	const char *last; /* a list comes item by item */
};

static int warn(const char *path, const char *value, int line, void *arg)
{
	struct warning *warning = arg;

	(void)value;
	if (path != warning->last && (is_in(path, warning->program) || is_in(path, "geo") || is_in_none(path)) &&
	    !conf_keys_known(path))
		conf_keys_complain(warning->conf, warning->program, path, line);
	warning->last = path;
	return 0;
}

void conf_keys_warn(const struct conf *conf, const char *program)
{
	struct warning warning = {conf, program, NULL};

	conf_walk(conf, warn, &warning);
}
