/* SPDX-License-Identifier: BSD-3-Clause */
/* nfgeo config - the settings in force, and who said so. */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "geo/group.h"
#include "geo/reload.h"
#include "programs/conf_keys.h"
#include "programs/nfgeo.h"

static const char usage[] =
	"usage: nfgeo config [OPTION]...\n"
	"\n"
	"Print the settings in force and where each comes from, and check them.\n"
	"\n"
	"  -G, --geodb FILE   as if given to a program\n"
	"      --no-geo       same as -G none\n"
	"  -C, --config FILE  configuration file; none for no configuration\n"
	"  -h, --help         this text\n"
	"\n"
	"Exit status: 0 all is well, 1 the configuration is wrong, 2 wrong usage.\n";

enum { OPTION_NO_GEO = 256 };

static const struct option options[] = {
	{"geodb", required_argument, NULL, 'G'},
	{"no-geo", no_argument, NULL, OPTION_NO_GEO},
	{"config", required_argument, NULL, 'C'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* What the keys of [geo] are when nobody sets them. */
static const struct {
	const char *key, *value;
} defaults[] = {
	{"geodb.field", "found by itself"},
	{"min_coverage", "50"},
	{"max_change", "25"},
	{"max_age_days", "180"},
	{"localnets", "none"},
	{"geofeed", "none"},
	{"sketches", "false"},
};
_Static_assert(GEO_MIN_COVERAGE == 50 && GEO_MAX_CHANGE == 25 && GEO_MAX_AGE_DAYS == 180,
	       "the texts above");

static void print_row(const char *key, const char *value, const char *whence)
{
	printf("%-24s %-32s %s\n", key, value, whence);
}

static void print_place(const struct geo_settings *settings, const char *key,
			const struct geo_place *first)
{
	struct geo_place place;

	if (geo_place_find(&place, settings, NULL) != NFGEO_OK ||
	    (first && strcmp(first->path, place.path) == 0))
		return;
	print_row(key, place.none ? "none (no countries)" : place.path, place.whence);
}

static int print_key(const char *path, const char *value, int line, void *arg)
{
	const struct conf *conf = arg;
	char whence[4200];

	if (strcmp(path, "geo.geodb.path") == 0) /* printed as what it leads to */
		return 0;
	snprintf(whence, sizeof(whence), "%s:%d", conf_path(conf), line);
	if (conf_keys_known(path))
		print_row(path, value, whence);
	else if (conf_keys_ours(path))
		conf_keys_complain(conf, "nfgeo config", path, line);
	return 0;
}

static void print_defaults(const struct conf *conf)
{
	for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++)
		if (!conf_line(conf, "geo", defaults[i].key)) {
			char key[64];

			snprintf(key, sizeof(key), "geo.%s", defaults[i].key);
			print_row(key, defaults[i].value, "the default");
		}
}

static const char *config_whence(const char *option)
{
	const char *environment = getenv("NFCONF");

	if (option)
		return "-C";
	return environment && *environment ? "NFCONF" : "the default";
}

static void print_all(const struct conf *conf, const char *config, const char *geodb)
{
	struct geo_settings settings = {.option = geodb, .conf = conf};
	struct geo_place place = {{0}};
	static const char *const programs[] = {"nfcapd", "nfdump", "nfprofile"};

	print_row("configuration", conf ? conf_path(conf) : "none", config_whence(config));
	geo_place_find(&place, &settings, NULL);
	print_place(&settings, "geo.geodb.path", NULL);
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		char key[64];

		snprintf(key, sizeof(key), "%s, in force", programs[i]);
		settings.program = programs[i];
		print_place(&settings, key, &place);
	}
	conf_walk(conf, print_key, (void *)conf);
	print_defaults(conf);
}

static int check(const struct conf *conf, const char *geodb, struct error *error)
{
	struct geo_settings settings = {.option = geodb, .conf = conf};
	struct geo_place place;
	int status = conf_check(conf, geo_conf_keys, geo_conf_key_count, error);

	if (status == NFGEO_OK)
		status = conf_keys_check(conf, error);
	if (status == NFGEO_OK)
		status = geo_place_find(&place, &settings, error);
	if (status == NFGEO_OK)
		status = group_configure(conf, error);
	return status;
}

int nfgeo_config(int argc, char **argv)
{
	const char *geodb = NULL, *config = NULL;
	struct error error;
	struct conf *conf;
	int option, status;

	while ((option = getopt_long(argc, argv, "G:C:h", options, NULL)) != -1)
		switch (option) {
		case 'G':
			geodb = optarg;
			break;
		case OPTION_NO_GEO:
			geodb = "none";
			break;
		case 'C':
			config = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_DONE;
		default:
			return nfgeo_usage(argv[0]);
		}
	if (optind < argc) {
		common_complain(argv[0], "'%s': no arguments are expected", argv[optind]);
		return nfgeo_usage(argv[0]);
	}
	status = nfgeo_conf(argv[0], config, &conf);
	if (status != EXIT_DONE)
		return status;
	print_all(conf, config, geodb);
	if (check(conf, geodb, &error) != NFGEO_OK) {
		common_complain(argv[0], "%s", error.text);
		status = EXIT_FAILED;
	}
	conf_free(conf);
	return status;
}
