/* SPDX-License-Identifier: BSD-3-Clause */
/* nfgeo - the verbs of this project: a table of name, help and function. */
#include "programs/nfgeo.h"

#include <stdbool.h>
#include <string.h>

static const struct verb verbs[] = {
	{"lookup", "country of addresses, from one database or two", nfgeo_lookup},
	{"db", "look into country databases, get and compile them", nfgeo_db},
	{"totals", "sums of every country over flow files", nfgeo_totals},
	{"scans", "sources of SYN-only flows to many destinations or ports", nfgeo_scans},
	{"tag", "stamp countries into existing flow files", nfgeo_tag},
	{"verify", "are files as they were written, and countries as a database has them?", nfgeo_verify},
	{"index", "block index and sums by country for files without fresh ones", nfgeo_index},
	{"recluster", "records of files put into blocks by country", nfgeo_recluster},
	{"anon", "replace the addresses in flow files, prefixes preserved", nfgeo_anon},
	{"replay", "send the flows of files to a collector", nfgeo_replay},
	{"countries", "the table of countries: numbers, letters, names", nfgeo_countries},
	{"config", "show the settings in force and where they come from", nfgeo_config},
};

static const char usage[] =
	"usage: nfgeo VERB [OPTION]... [ARGUMENT]...\n"
	"       nfgeo VERB --help\n"
	"\n"
	"Countries for NetFlow: what nfcapd and nfdump leave to a tool of its own.\n"
	"\n"
	"Verbs:\n";

static void print_usage(FILE *out, const struct verb *table, size_t count, const char *text)
{
	fputs(text, out);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "  %-9s %s\n", table[i].name, table[i].help);
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

int verb_run(const struct verb *table, size_t count, const char *text, int argc, char **argv)
{
	char name[64];

	if (argc < 2) {
		print_usage(stderr, table, count, text);
		return EXIT_USAGE;
	}
	if (is_one_of(argv[1], "help", "-h", "--help")) {
		print_usage(stdout, table, count, text);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < count; i++)
		if (strcmp(argv[1], table[i].name) == 0) {
			snprintf(name, sizeof(name), "%s %s", argv[0], argv[1]);
			argv[1] = name;
			return table[i].run(argc - 1, argv + 1);
		}
	common_complain(argv[0], "there is no verb '%s'; the verbs are:", argv[1]);
	print_usage(stderr, table, count, "");
	return EXIT_USAGE;
}

int nfgeo_usage(const char *verb)
{
	fprintf(stderr, "Try '%s --help'.\n", verb);
	return EXIT_USAGE;
}

int nfgeo_conf(const char *verb, const char *option, struct conf **conf)
{
	struct error error;

	if (conf_open(conf, option, &error) == NFGEO_OK)
		return EXIT_DONE;
	common_complain(verb, "%s", error.text);
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	static char name[] = "nfgeo";

	common_log_stderr(name, LOG_LEVEL_WARN);
	if (argc > 0)
		argv[0] = name;
	if (argc > 1 && (strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "--version") == 0)) {
		printf("nfgeo: nfdump-geo %s\n", nfgeo_version());
		return common_finish(name, EXIT_DONE);
	}
	return common_finish(name, verb_run(verbs, sizeof(verbs) / sizeof(*verbs), usage, argc,
					    argv));
}
