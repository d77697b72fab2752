/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo db update - the default country database, renewed.
 *
 * Debian's tor-geoipdb holds two text files made from the IPFire Location database. The package
 * depends on the tor daemon, so it is never installed: apt-get download and dpkg-deb -x take the
 * two files out, in a folder that is removed again.
 */
#include "config.h" /* _GNU_SOURCE, for nftw */

#include "programs/nfgeo_update.h"

#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "geo/build.h"
#include "geo/census.h"
#include "geo/database.h"
#include "geo/image.h"
#include "geo/reload.h"
#include "programs/nfgeo.h"

static const char usage[] =
	"usage: nfgeo db update [OPTION]... [FILE]...\n"
	"\n"
	"Get the newest country database and compile it to country.nfgeo, where nfcapd and nfdump\n"
	"find it; a running nfcapd takes it at once. By default Debian's tor-geoipdb is downloaded\n"
	"with apt-get and unpacked, not installed. A database that is damaged or incomplete never\n"
	"replaces the one that is there.\n"
	"\n"
	"      --from FILE         take this file, directory or .deb instead (as FILE without --from)\n"
	"  -d, --directory DIR     where country.nfgeo goes (default " PKGDATADIR ")\n"
	"  -f, --field PATH        where an MMDB's records hold the country, as country.iso_code\n"
	"  -c, --min-coverage N    refuse less than N % of public IPv4 (default 50)\n"
	"  -q, --quiet             only errors\n"
	"  -h, --help              this text\n"
	"\n"
	"Exit status: 0 done, 1 failed: the old database stays, 2 wrong usage.\n";

enum { OPTION_FROM = 256, INPUTS_MAX = 16 };

static const struct option options[] = {
	{"from", required_argument, NULL, OPTION_FROM},
	{"directory", required_argument, NULL, 'd'},
	{"field", required_argument, NULL, 'f'},
	{"min-coverage", required_argument, NULL, 'c'},
	{"quiet", no_argument, NULL, 'q'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* All files that the inputs mean. */
struct inputs {
	struct database_files *found; /* owns; one per input */
	const char *path[INPUTS_MAX * DATABASE_FILES_MAX];
	size_t count;
};

static int find_inputs(const struct update_request *request, struct inputs *inputs,
		       struct error *error)
{
	inputs->found = calloc(request->in_count, sizeof(*inputs->found));
	if (!inputs->found || request->in_count > INPUTS_MAX)
		return error_set(error, NFGEO_ELIMIT, "at most %d files", INPUTS_MAX);
	for (size_t i = 0; i < request->in_count; i++) {
		int status = database_find(request->in[i], &inputs->found[i], error);

		if (status != NFGEO_OK)
			return status;
		for (size_t j = 0; j < inputs->found[i].count; j++)
			inputs->path[inputs->count++] = inputs->found[i].path[j];
	}
	return NFGEO_OK;
}

static int check_and_save(const struct update_request *request, const struct geo_table *table,
			  struct error *error)
{
	double per_cent = 100 * geo_table_coverage4(table);

	if (per_cent < request->min_coverage)
		return error_set(error, NFGEO_EINVAL,
				 "%.200s knows the country of only %.1f %% of the public IPv4 "
				 "addresses: refused; --min-coverage 0 takes it anyway",
				 request->in[0], per_cent);
	return image_save(table, request->out, error);
}

static void report(const struct update_request *request, const struct geo_table *table)
{
	const struct geo_provenance *provenance = geo_table_provenance(table);
	char date[DATE_TEXT];

	if (request->quiet)
		return;
	common_date(provenance->build_epoch_s, date);
	printf("%s: %s of %s, %.1f %% of the public IPv4 addresses\n", request->out,
	       *provenance->type ? provenance->type : "database", date,
	       100 * geo_table_coverage4(table));
}

int update_compile(const struct update_request *request)
{
	struct inputs inputs = {0};
	struct geo_table *table = NULL;
	struct error error;
	int status = find_inputs(request, &inputs, &error);

	if (status == NFGEO_OK)
		status = database_load(inputs.path, inputs.count, request->field, NULL, &table,
				       &error);
	if (status == NFGEO_OK)
		status = check_and_save(request, table, &error);
	if (status == NFGEO_OK)
		report(request, table);
	else
		common_complain(request->verb, "%s", error.text);
	if (table)
		geo_table_unref(table);
	free(inputs.found);
	return status == NFGEO_OK ? EXIT_DONE : EXIT_FAILED;
}

/* Run a program in `folder`, without a shell. @return its exit status, -1 if it could not run */
static int run_in(const char *folder, char *const argv[])
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -1;
	if (child == 0) {
		/* What the helper prints is for people: our standard output is for data. */
		if (chdir(folder) == 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
			execvp(argv[0], argv);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status) : -1;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
	(void)status;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void remove_folder(const char *folder)
{
	nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Unpack a .deb into folder/x; *found gets folder/x/usr/share/tor. */
static int unpack(const char *verb, const char *folder, const char *package, char *found)
{
	char absolute[PATH_MAX];
	char *const argv[] = {"dpkg-deb", "-x", absolute, "x", NULL};
	int status;

	if (!realpath(package, absolute)) {
		common_complain(verb, "%s: %s", package, strerror(errno));
		return EXIT_FAILED;
	}
	status = run_in(folder, argv);
	if (status != 0) {
		common_complain(verb, "dpkg-deb -x %s failed%s", package,
				status < 0 ? ": no dpkg-deb on this system" : "");
		return EXIT_FAILED;
	}
	snprintf(found, PATH_MAX, "%.200s/x/usr/share/tor", folder);
	return EXIT_DONE;
}

static int download(const char *verb, const char *folder, char *found)
{
	/* The folder is ours alone, so apt cannot use its own user for the download. */
	char *const argv[] = {"apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download",
			      "tor-geoipdb", NULL};
	char pattern[PATH_MAX];
	glob_t matches;
	int status = run_in(folder, argv);

	if (status != 0) {
		common_complain(verb, status < 0 ?
				"no apt-get on this system: name a database, for example an MMDB, "
				"or tor's geoip and geoip6, as argument" :
				"apt-get download tor-geoipdb failed: is the machine online, and "
				"was apt-get update run? Or name a database as argument");
		return EXIT_FAILED;
	}
	snprintf(pattern, sizeof(pattern), "%.200s/tor-geoipdb_*.deb", folder);
	if (glob(pattern, 0, NULL, &matches) != 0) {
		common_complain(verb, "apt-get download tor-geoipdb left no package in %s", folder);
		return EXIT_FAILED;
	}
	status = unpack(verb, folder, matches.gl_pathv[0], found);
	globfree(&matches);
	return status;
}

static bool is_package(const char *path)
{
	size_t len = strlen(path);

	return len > 4 && strcmp(path + len - 4, ".deb") == 0;
}

/* With a folder for what is unpacked: nothing named = download; one .deb = unpack; else as it is. */
static int update_in(struct update_request *request, const char *folder)
{
	char found[PATH_MAX];
	const char *one[] = {found};
	int status = EXIT_DONE;

	if (!request->in_count)
		status = download(request->verb, folder, found);
	else if (is_package(request->in[0]))
		status = unpack(request->verb, folder, request->in[0], found);
	else
		return update_compile(request);
	if (status != EXIT_DONE)
		return status;
	request->in = one;
	request->in_count = 1;
	return update_compile(request);
}

static int update(struct update_request *request, const char *directory)
{
	const char *temp = getenv("TMPDIR");
	char folder[PATH_MAX], out[PATH_MAX];
	int status;

	snprintf(out, sizeof(out), "%.4000s/country.nfgeo", directory);
	request->out = out;
	snprintf(folder, sizeof(folder), "%.150s/nfgeo-XXXXXX", temp && *temp ? temp : "/tmp");
	if (mkdir(directory, 0755) != 0 && errno != EEXIST) {
		common_complain(request->verb, "cannot create %s: %s", directory, strerror(errno));
		return EXIT_FAILED;
	}
	if (!mkdtemp(folder)) {
		common_complain(request->verb, "cannot create %s: %s", folder, strerror(errno));
		return EXIT_FAILED;
	}
	status = update_in(request, folder);
	remove_folder(folder);
	return status;
}

static int parse_per_cent(const char *verb, const char *text, double *per_cent)
{
	char *end;

	*per_cent = strtod(text, &end);
	if (end != text && !*end && *per_cent >= 0 && *per_cent <= 100)
		return EXIT_DONE;
	common_complain(verb, "--min-coverage %s: a number from 0 to 100", text);
	return nfgeo_usage(verb);
}

int update_main(int argc, char **argv)
{
	struct update_request request = {.verb = argv[0], .min_coverage = GEO_MIN_COVERAGE};
	const char *in[INPUTS_MAX], *directory = PKGDATADIR;
	int option;

	while ((option = getopt_long(argc, argv, "d:f:c:qh", options, NULL)) != -1)
		switch (option) {
		case OPTION_FROM:
			if (request.in_count < INPUTS_MAX)
				in[request.in_count++] = optarg;
			break;
		case 'd':
			directory = optarg;
			break;
		case 'f':
			request.field = optarg;
			break;
		case 'c':
			if (parse_per_cent(argv[0], optarg, &request.min_coverage) != EXIT_DONE)
				return EXIT_USAGE;
			break;
		case 'q':
			request.quiet = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_DONE;
		default:
			return nfgeo_usage(argv[0]);
		}
	for (; optind < argc; optind++) {
		if (request.in_count == INPUTS_MAX) {
			common_complain(argv[0], "at most %d files", INPUTS_MAX);
			return nfgeo_usage(argv[0]);
		}
		in[request.in_count++] = argv[optind];
	}
	request.in = in;
	return update(&request, directory);
}
