/* SPDX-License-Identifier: BSD-3-Clause */
/* nfgeo db - look into country databases and compile them; nfgeo_update.c gets new ones. */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/sha256.h"
#include "geo/build.h"
#include "geo/census.h"
#include "geo/country.h"
#include "geo/database.h"
#include "geo/image.h"
#include "programs/nfgeo.h"
#include "programs/nfgeo_update.h"

static const char usage[] =
	"usage: nfgeo db VERB [OPTION]... FILE...\n"
	"\n"
	"Country databases: MaxMind DB files, text with ranges, and tables compiled from these.\n"
	"\n"
	"Verbs:\n";

static const char info_usage[] =
	"usage: nfgeo db info [OPTION]... FILE...\n"
	"\n"
	"What a country database is, how old, how complete. FILE may be a directory with\n"
	"country.nfgeo, or with geoip and geoip6.\n"
	"\n"
	"  -j, --json         JSON, one object per database\n"
	"  -n, --top N        countries listed (default 10)\n"
	"  -f, --field PATH   where an MMDB's records hold the country, as country.iso_code\n"
	"  -h, --help         this text\n"
	"\n"
	"Exit status: 0 done, 1 a database is not usable, 2 wrong usage.\n";

static const char compile_usage[] =
	"usage: nfgeo db compile [OPTION]... IN... OUT\n"
	"\n"
	"Compile a database (one MMDB, or one or more files of ranges) into the table OUT, which is\n"
	"ready in milliseconds. OUT is replaced as a whole or not at all.\n"
	"\n"
	"  -f, --field PATH   where an MMDB's records hold the country, as country.iso_code\n"
	"  -q, --quiet        only errors\n"
	"  -h, --help         this text\n"
	"\n"
	"Exit status: 0 done, 1 a database is not usable, 2 wrong usage.\n";

enum { TOP_DEFAULT = 10, DAY_S = 24 * 60 * 60 };

struct info {
	const char *path;
	struct database_files files;
	enum database_kind kind;
	struct geo_table *table; /* owns */
	struct geo_census census;
	uint64_t file_bytes;
	long age_days; /* -1 = unknown */
};

int db_load(const char *path, const char *field, struct geo_table **table, struct error *error)
{
	const char *paths[DATABASE_FILES_MAX];
	struct database_files files;
	int status = database_find(path, &files, error);

	for (size_t i = 0; status == NFGEO_OK && i < files.count; i++)
		paths[i] = files.path[i];
	return status == NFGEO_OK ? database_load(paths, files.count, field, NULL, table, error)
				  : status;
}

static int info_open(struct info *info, const char *path, const char *field, struct error *error)
{
	const struct geo_provenance *provenance;
	time_t now = time(NULL);
	int status = database_find(path, &info->files, error);

	info->path = path;
	if (status == NFGEO_OK)
		status = database_kind(info->files.path[0], &info->kind, error);
	if (status == NFGEO_OK)
		status = db_load(path, field, &info->table, error);
	if (status != NFGEO_OK)
		return status;
	geo_census(info->table, &info->census);
	for (size_t i = 0; i < info->files.count; i++) {
		struct stat status_buffer;

		if (stat(info->files.path[i], &status_buffer) == 0)
			info->file_bytes += (uint64_t)status_buffer.st_size;
	}
	provenance = geo_table_provenance(info->table);
	info->age_days = -1;
	if (provenance->build_epoch_s && (uint64_t)now >= provenance->build_epoch_s)
		info->age_days = (long)(((uint64_t)now - provenance->build_epoch_s) / DAY_S);
	return NFGEO_OK;
}

/* Code of the country with most IPv4 addresses among those not in `seen`; 0 = none left. */
static uint16_t next_largest(const struct geo_census *census, bool *seen)
{
	uint16_t best = 0;

	for (uint16_t code = 1; code <= COUNTRY_MAX; code++)
		if (!seen[code] && census->addresses4[code] > census->addresses4[best])
			best = code;
	seen[best] = true;
	return best;
}

/* Addresses without a class, which only a database can place. */
static double public_addresses(const struct geo_census *census)
{
	double sum = 0;

	for (uint16_t code = 0; code <= COUNTRY_MAX; code++)
		sum += (double)census->addresses4[code];
	return sum;
}

static unsigned count_countries(const struct geo_census *census)
{
	unsigned count = 0;

	for (uint16_t code = 1; code <= COUNTRY_MAX; code++)
		count += census->addresses4[code] || census->networks6[code] > 0;
	return count;
}

static void print_top(struct info *info, int top)
{
	bool seen[COUNTRY_CODES] = {true};
	double all = public_addresses(&info->census);
	uint16_t code;

	info->census.addresses4[0] = 0; /* the place that means "none" */
	for (int i = 0; i < top && (code = next_largest(&info->census, seen)); i++)
		printf("%-11s %s  %5.1f %%  %s\n", i ? "" : "top", country_alpha2(code),
		       100 * (double)info->census.addresses4[code] / all, country_name(code));
}

static void print_info(struct info *info, int top)
{
	const struct geo_provenance *provenance = geo_table_provenance(info->table);
	char date[DATE_TEXT], hash[SHA256_TEXT];

	common_date(provenance->build_epoch_s, date);
	sha256_print(provenance->sha256, hash);
	for (size_t i = 0; i < info->files.count; i++)
		printf("%-11s %s\n", i ? "" : "file", info->files.path[i]);
	printf("kind        %s, %.1f MB\n", database_kind_name(info->kind),
	       (double)info->file_bytes / 1e6);
	printf("type        %s\n", *provenance->type ? provenance->type : "unknown");
	printf("built       %s", date);
	if (info->age_days >= 0)
		printf(", %ld days old", info->age_days);
	printf("\nSHA-256     %s\n", hash);
	if (info->kind == DATABASE_IMAGE)
		printf("compiled by %s\n", provenance->program);
	printf("ranges      %zu IPv4, %zu IPv6\n", info->census.ranges4, info->census.ranges6);
	printf("coverage    %.1f %% of the public IPv4 addresses, %u countries\n",
	       100 * geo_table_coverage4(info->table), count_countries(&info->census));
	print_top(info, top);
}

static void print_info_json(struct info *info, int top)
{
	const struct geo_provenance *provenance = geo_table_provenance(info->table);
	bool seen[COUNTRY_CODES] = {true};
	char hash[SHA256_TEXT];
	uint16_t code;

	sha256_print(provenance->sha256, hash);
	fputs("{\"file\":", stdout);
	common_json_text(stdout, info->path);
	printf(",\"kind\":\"%s\",\"type\":", database_kind_name(info->kind));
	common_json_text(stdout, provenance->type);
	printf(",\"built\":%llu,", (unsigned long long)provenance->build_epoch_s);
	if (info->age_days >= 0)
		printf("\"age_days\":%ld,", info->age_days);
	printf("\"sha256\":\"%s\",\"bytes\":%llu,\"ranges4\":%zu,\"ranges6\":%zu,"
	       "\"coverage4\":%.4f,\"countries\":%u,\"top\":[",
	       hash, (unsigned long long)info->file_bytes, info->census.ranges4,
	       info->census.ranges6, geo_table_coverage4(info->table),
	       count_countries(&info->census));
	info->census.addresses4[0] = 0;
	for (int i = 0; i < top && (code = next_largest(&info->census, seen)); i++)
		printf("%s{\"country\":\"%s\",\"number\":%u,\"addresses4\":%llu}", i ? "," : "",
		       country_alpha2(code), code,
		       (unsigned long long)info->census.addresses4[code]);
	puts("]}");
}

static int parse_top(const char *verb, const char *text, int *top)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || end == text || value < 0 || value > COUNTRY_CODES) {
		common_complain(verb, "--top %s: a number from 0 to %d", text, COUNTRY_CODES);
		return nfgeo_usage(verb);
	}
	*top = (int)value;
	return EXIT_DONE;
}

static int db_info(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},	  {"top", required_argument, NULL, 'n'},
		{"field", required_argument, NULL, 'f'}, {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option, top = TOP_DEFAULT, status = EXIT_DONE;
	const char *field = NULL;
	bool json = false;

	while ((option = getopt_long(argc, argv, "jn:f:h", options, NULL)) != -1)
		switch (option) {
		case 'j':
			json = true;
			break;
		case 'n':
			if (parse_top(argv[0], optarg, &top) != EXIT_DONE)
				return EXIT_USAGE;
			break;
		case 'f':
			field = optarg;
			break;
		case 'h':
			fputs(info_usage, stdout);
			return EXIT_DONE;
		default:
			return nfgeo_usage(argv[0]);
		}
	if (optind == argc) {
		common_complain(argv[0], "name a database");
		return nfgeo_usage(argv[0]);
	}
	for (int i = optind; i < argc; i++) {
		struct info *info = calloc(1, sizeof(*info));
		struct error error = {.text = "out of memory"};

		if (!info || info_open(info, argv[i], field, &error) != NFGEO_OK) {
			common_complain(argv[0], "%s", error.text);
			status = EXIT_FAILED;
		} else {
			(json ? print_info_json : print_info)(info, top);
		}
		if (info && info->table)
			geo_table_unref(info->table);
		free(info);
		if (!json && i + 1 < argc)
			putchar('\n');
	}
	return status;
}

static int db_compile(int argc, char **argv)
{
	static const struct option options[] = {
		{"field", required_argument, NULL, 'f'},
		{"quiet", no_argument, NULL, 'q'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct update_request request = {.verb = argv[0]};
	int option;

	while ((option = getopt_long(argc, argv, "f:qh", options, NULL)) != -1)
		switch (option) {
		case 'f':
			request.field = optarg;
			break;
		case 'q':
			request.quiet = true;
			break;
		case 'h':
			fputs(compile_usage, stdout);
			return EXIT_DONE;
		default:
			return nfgeo_usage(argv[0]);
		}
	if (argc - optind < 2) {
		common_complain(argv[0], "name one database or more, and the file to write");
		return nfgeo_usage(argv[0]);
	}
	request.in = (const char *const *)argv + optind;
	request.in_count = (size_t)(argc - optind - 1);
	request.out = argv[argc - 1];
	return update_compile(&request);
}

int nfgeo_db(int argc, char **argv)
{
	static const struct verb verbs[] = {
		{"info", "type, age, SHA-256, coverage and top countries", db_info},
		{"update", "get Debian's tor-geoipdb, or take given files, and compile it",
		 update_main},
		{"compile", "compile databases into one table", db_compile},
	};

	return verb_run(verbs, sizeof(verbs) / sizeof(*verbs), usage, argc, argv);
}
