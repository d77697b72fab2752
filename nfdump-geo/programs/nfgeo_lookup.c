/* SPDX-License-Identifier: BSD-3-Clause */
/* nfgeo lookup - country of addresses, from the database in force, from one named, or from two. */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/sha256.h"
#include "geo/country.h"
#include "geo/database.h"
#include "geo/local.h"
#include "geo/reload.h"
#include "programs/nfgeo.h"

static const char usage[] =
	"usage: nfgeo lookup [OPTION]... [ADDRESS]...\n"
	"\n"
	"Print the country of each address; without an ADDRESS, of the first word of each line\n"
	"of standard input.\n"
	"\n"
	"  -G, --geodb FILE   the database, as nfcapd and nfdump take it, with local networks\n"
	"      --db FILE      this database alone; twice: both answers, and where they differ\n"
	"  -d, --differ       with two databases: only addresses where they differ\n"
	"  -j, --json         JSON, one object per address\n"
	"  -C, --config FILE  configuration file; none for no configuration\n"
	"  -h, --help         this text\n"
	"\n"
	"Exit status: 0 done, 1 an address or a database could not be read, 2 wrong usage.\n";

enum { OPTION_DB = 256, DATABASES_MAX = 2, STDIN_WIDTH = 15 };

static const struct option options[] = {
	{"geodb", required_argument, NULL, 'G'},  {"db", required_argument, NULL, OPTION_DB},
	{"differ", no_argument, NULL, 'd'},	  {"json", no_argument, NULL, 'j'},
	{"config", required_argument, NULL, 'C'}, {"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct lookup {
	const char *name; /* of the verb, for messages */
	const char *geodb, *config, *db[DATABASES_MAX];
	size_t db_count;
	bool json, only_differing;
	struct geo_source *source;		/* owns; without --db */
	struct geo_table *table[DATABASES_MAX]; /* owns */
	const char *path[DATABASES_MAX];
	size_t table_count;
	int width;	       /* of the address column */
	size_t count, differ_count, bad_count;
};

static int parse_options(struct lookup *lookup, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "G:djC:h", options, NULL)) != -1)
		switch (option) {
		case 'G':
			lookup->geodb = optarg;
			break;
		case OPTION_DB:
			if (lookup->db_count == DATABASES_MAX) {
				common_complain(lookup->name, "at most two --db");
				return nfgeo_usage(lookup->name);
			}
			lookup->db[lookup->db_count++] = optarg;
			break;
		case 'd':
			lookup->only_differing = true;
			break;
		case 'j':
			lookup->json = true;
			break;
		case 'C':
			lookup->config = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return -1;
		default:
			return nfgeo_usage(lookup->name);
		}
	if (lookup->geodb && lookup->db_count) {
		common_complain(lookup->name, "-G and --db exclude each other: -G lays the local "
				"networks over the database, --db takes it alone");
		return nfgeo_usage(lookup->name);
	}
	if (lookup->only_differing && lookup->db_count != DATABASES_MAX) {
		common_complain(lookup->name, "--differ needs two --db");
		return nfgeo_usage(lookup->name);
	}
	return EXIT_DONE;
}

static int open_named(struct lookup *lookup, const struct conf *conf, struct error *error)
{
	for (size_t i = 0; i < lookup->db_count; i++) {
		const char *path[DATABASE_FILES_MAX];
		struct database_files files;
		int status = database_find(lookup->db[i], &files, error);

		for (size_t j = 0; status == NFGEO_OK && j < files.count; j++)
			path[j] = files.path[j];
		if (status == NFGEO_OK)
			status = database_load(path, files.count,
					       conf_text(conf, "geo", "geodb.field"), NULL,
					       &lookup->table[i], error);
		if (status != NFGEO_OK)
			return status;
		lookup->path[i] = lookup->db[i];
		lookup->table_count++;
	}
	return NFGEO_OK;
}

static int open_source(struct lookup *lookup, const struct conf *conf, struct error *error)
{
	struct geo_settings settings = {.option = lookup->geodb, .conf = conf};
	int status = geo_source_open(&lookup->source, &settings, error);

	if (status != NFGEO_OK)
		return status;
	if (!lookup->source)
		return error_set(error, NFGEO_ENODB, "the country database is switched off: name "
				 "one with -G FILE");
	lookup->table[lookup->table_count++] = geo_source_table(lookup->source);
	lookup->path[0] = geo_source_path(lookup->source);
	return NFGEO_OK;
}

static int open_databases(struct lookup *lookup)
{
	struct conf *conf;
	struct error error;
	int status = nfgeo_conf(lookup->name, lookup->config, &conf);

	if (status != EXIT_DONE)
		return status;
	if ((lookup->db_count ? open_named : open_source)(lookup, conf, &error) != NFGEO_OK) {
		common_complain(lookup->name, "%s", error.text);
		status = EXIT_FAILED;
	}
	conf_free(conf);
	return status;
}

static void print_text(const struct lookup *lookup, const char *text, uint16_t code,
		       const struct local_net *net)
{
	const char *class = country_class_word(code);

	printf("%-*s  %s  %3u  %s", lookup->width, text, country_alpha2(code), country_number(code),
	       *class ? class : country_name(code));
	if (net) {
		char prefix[PREFIX_TEXT];

		prefix_print(&net->prefix, prefix);
		printf("  %s%s%s", prefix, *net->site ? "  " : "", net->site);
	}
	putchar('\n');
}

static void print_text_pair(const struct lookup *lookup, const char *text, const uint16_t *code)
{
	printf("%-*s", lookup->width, text);
	for (size_t i = 0; i < DATABASES_MAX; i++) {
		const char *class = country_class_word(code[i]);

		printf("  %-13s", *class ? class : country_alpha2(code[i]));
	}
	puts(code[0] != code[1] ? "  differs" : "");
}

static void print_json_country(uint16_t code)
{
	const struct country *country = country_by_number(code);

	printf("\"country\":\"%s\",\"alpha3\":\"%s\",\"number\":%u,\"name\":",
	       country ? country->alpha2 : "", country ? country->alpha3 : "",
	       country_number(code));
	common_json_text(stdout, country_name(code));
	printf(",\"class\":\"%s\"", country_class_word(code));
}

static void print_json_database(const struct lookup *lookup, size_t i)
{
	const struct geo_provenance *provenance = geo_table_provenance(lookup->table[i]);
	char hash[SHA256_TEXT];

	sha256_print(provenance->sha256, hash);
	fputs("\"database\":{\"path\":", stdout);
	common_json_text(stdout, lookup->path[i]);
	fputs(",\"type\":", stdout);
	common_json_text(stdout, provenance->type);
	printf(",\"built\":%llu,\"sha256\":\"%s\"}", (unsigned long long)provenance->build_epoch_s,
	       hash);
}

static void print_json(const struct lookup *lookup, const char *text, const uint16_t *code,
		       const struct local_net *net)
{
	char prefix[PREFIX_TEXT];

	printf("%s\n{\"address\":\"%s\",", lookup->count > 1 ? "," : "[", text);
	if (lookup->table_count == 1) {
		print_json_country(code[0]);
		if (net) {
			prefix_print(&net->prefix, prefix);
			printf(",\"prefix\":\"%s\",\"site\":", prefix);
			common_json_text(stdout, net->site);
		}
		putchar(',');
		print_json_database(lookup, 0);
	} else {
		printf("\"differs\":%s,\"answers\":[", code[0] != code[1] ? "true" : "false");
		for (size_t i = 0; i < lookup->table_count; i++) {
			fputs(i ? ",{" : "{", stdout);
			print_json_country(code[i]);
			putchar(',');
			print_json_database(lookup, i);
			putchar('}');
		}
		putchar(']');
	}
	putchar('}');
}

static void lookup_one(struct lookup *lookup, const char *word)
{
	uint16_t code[DATABASES_MAX] = {0};
	const struct local_net *net = NULL;
	struct address address;
	char text[ADDRESS_TEXT];

	if (address_parse(word, &address) != NFGEO_OK) {
		common_complain(lookup->name, "'%.60s' is no IP address", word);
		lookup->bad_count++;
		return;
	}
	for (size_t i = 0; i < lookup->table_count; i++)
		code[i] = geo_lookup(lookup->table[i], &address);
	if (lookup->table_count == DATABASES_MAX && code[0] != code[1])
		lookup->differ_count++;
	else if (lookup->only_differing)
		return;
	lookup->count++;
	if (lookup->source)
		net = local_find(geo_source_local(lookup->source), &address);
	address_print(&address, text);
	if (lookup->json)
		print_json(lookup, text, code, net);
	else if (lookup->table_count == DATABASES_MAX)
		print_text_pair(lookup, text, code);
	else
		print_text(lookup, text, code[0], net);
}

/* Whole lines, however long: a piece of one could look like an address. */
static void lookup_stdin(struct lookup *lookup)
{
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) >= 0) {
		char *word = line + strspn(line, " \t\r\n");

		word[strcspn(word, " \t\r\n,")] = '\0';
		if (*word && *word != '#')
			lookup_one(lookup, word);
	}
	free(line);
}

static void lookup_arguments(struct lookup *lookup, int count, char **words)
{
	for (int i = 0; i < count; i++)
		if ((int)strlen(words[i]) > lookup->width)
			lookup->width = (int)strlen(words[i]);
	for (int i = 0; i < count; i++)
		lookup_one(lookup, words[i]);
}

/* "# GeoLite2-Country of 2026-01-31, /path" */
static void print_databases(const struct lookup *lookup)
{
	for (size_t i = 0; i < lookup->table_count; i++) {
		const struct geo_provenance *provenance = geo_table_provenance(lookup->table[i]);
		char date[DATE_TEXT];

		common_date(provenance->build_epoch_s, date);
		fputs("# ", stdout);
		if (lookup->table_count > 1)
			printf("%zu: ", i + 1);
		printf("%s of %s, %s\n", *provenance->type ? provenance->type : "database", date,
		       lookup->path[i]);
	}
}

static void print_end(const struct lookup *lookup)
{
	if (lookup->json)
		puts(lookup->count ? "\n]" : "[]");
	else if (lookup->table_count == DATABASES_MAX)
		printf("# %zu of the addresses differ\n", lookup->differ_count);
}

static void close_databases(struct lookup *lookup)
{
	for (size_t i = 0; i < lookup->table_count; i++)
		geo_table_unref(lookup->table[i]);
	geo_source_close(lookup->source);
}

int nfgeo_lookup(int argc, char **argv)
{
	struct lookup lookup = {.name = argv[0], .width = STDIN_WIDTH};
	int status = parse_options(&lookup, argc, argv);

	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	status = open_databases(&lookup);
	if (status == EXIT_DONE) {
		if (!lookup.json)
			print_databases(&lookup);
		if (optind < argc)
			lookup_arguments(&lookup, argc - optind, argv + optind);
		else
			lookup_stdin(&lookup);
		print_end(&lookup);
		status = lookup.bad_count ? EXIT_FAILED : EXIT_DONE;
	}
	close_databases(&lookup);
	return status;
}
