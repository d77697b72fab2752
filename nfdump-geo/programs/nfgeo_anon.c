/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo anon - anonymise flow files: addresses prefix-preserving, countries by a policy.
 *
 * Each file is written aside and put in place by a rename. What is damaged or still open is left
 * alone, and the exit status says so. Nobody but the caller knows what was anonymised before.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "geo/anon.h"
#include "include/nfgeo.h"
#include "nffile/host_sketches.h"
#include "nffile/reader.h"
#include "nffile/writer.h"
#include "programs/nfgeo.h"
#include "programs/nfgeo_query.h"
#include "query/inputs.h"

static const char usage[] =
	"usage: nfgeo anon -K KEY|--key-file FILE [OPTION]... -r FILE|-R RANGE|-M DIRECTORIES\n"
	"\n"
	"Replace every address in flow files; addresses of one network stay together. The same key\n"
	"gives the same addresses. Countries are never looked up from the new addresses.\n"
	"\n"
	"  -K, --key KEY       32 characters, or 0x and 64 hexadecimal digits; other users of the\n"
	"                      machine can see it while the command runs\n"
	"      --key-file FILE the same, from the first line of a file\n"
	"  -c, --country HOW   clear (default), keep, continent (UN M49 numbers: 2 Africa, 3 North\n"
	"                      and 5 South America, 9 Oceania, 142 Asia, 150 Europe), group:K (keep\n"
	"                      countries that at least K hosts of the input have)\n"
	"  -r, -R, -M          input as for nfdump\n"
	"  -w, --write PATH    file for one input, or directory; must not exist, or be a directory\n"
	"                      (default: in place)\n"
	"  -q, --quiet         no summary\n"
	"  -h, --help          this text\n"
	"\n"
	"Exit status: 0 done, 1 nothing could be done, 2 wrong usage, 3 some files were left alone.\n";

enum { OPTION_KEY_FILE = 256, LINE_MAX_BYTES = 256 };

static const struct option options[] = {
	{"key", required_argument, NULL, 'K'},	 {"key-file", required_argument, NULL, OPTION_KEY_FILE},
	{"country", required_argument, NULL, 'c'}, {"write", required_argument, NULL, 'w'},
	{"quiet", no_argument, NULL, 'q'},	 {"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct anonymising {
	const char *verb, *write_path;
	bool quiet, has_key, to_directory;
	uint8_t key[CRYPTOPAN_KEY_BYTES];
	enum anon_country country;
	uint64_t hosts_min;
	struct anon anon;
	struct block in, out; /* memory is kept from file to file */
	size_t done_files, failed_files;
	uint64_t flows;
};

static int target_of(const struct anonymising *run, const char *path, char *target,
		     struct error *error)
{
	const char *slash = strrchr(path, '/');
	int len;

	if (!run->write_path)
		return realpath(path, target) ? NFGEO_OK : error_set_errno(error, "%s", path);
	len = run->to_directory ? snprintf(target, PATH_MAX, "%s/%s", run->write_path,
					   slash ? slash + 1 : path)
				: snprintf(target, PATH_MAX, "%s", run->write_path);
	if (len >= PATH_MAX)
		return error_set(error, NFGEO_EINVAL, "%.200s: path too long", path);
	if (access(target, F_OK) == 0)
		return error_set(error, NFGEO_EINVAL, "%.250s exists: left alone; name another place",
				 target);
	return NFGEO_OK;
}

/* Open a file that may be used: complete. */
static int open_input(struct nffile_reader **reader, const char *path, struct error *error)
{
	int status = nffile_open(reader, path, error);

	if (status == NFGEO_OK && nffile_info(*reader)->never_closed)
		return error_set(error, NFGEO_ETRUNCATED,
				 "%.250s is still being written, or its writer died: left alone",
				 path);
	return status;
}

static int copy_blocks(struct anonymising *run, struct nffile_reader *reader,
		       struct nffile_writer *writer, uint64_t *flows, struct error *error)
{
	int more;

	while ((more = nffile_next(reader, &run->in, error)) == 1) {
		int status;

		if (common_stopped)
			return error_set(error, NFGEO_EIO, "%.300s: interrupted: left alone",
					 nffile_path(reader));
		status = anon_copy(&run->anon, &run->in, &run->out, flows);
		if (status != NFGEO_OK)
			return error_set(error, status, "%.300s: %s", nffile_path(reader),
					 nfgeo_strerror(status));
		status = nffile_write(writer, &run->out, error);
		if (status != NFGEO_OK)
			return status;
	}
	return more;
}

/* Never more readable than the original was. */
static int write_file(struct anonymising *run, struct nffile_reader *reader, const struct stat *old,
		      const char *target, struct error *error)
{
	const struct nffile_info *info = nffile_info(reader);
	struct nffile_options writer_options = {
		.codec = info->codec, .ident = info->ident, .creator = CREATOR_NFANON,
		.created_s = info->created_s,
		.expected_flows = info->totals.flows,
		.sketches = nffile_add_sketches(reader, NULL),
	};
	struct nffile_finish finish = {
		.rename_to = target, .totals = info->has_totals ? &info->totals : NULL,
	};
	struct nffile_writer *writer;
	char work[PATH_MAX];
	uint64_t flows = 0;
	int status;

	if (!common_work_name(target, "anon", work))
		return error_set(error, NFGEO_EINVAL, "%.200s: path too long", target);
	status = nffile_create(&writer, work, &writer_options, error);
	if (status != NFGEO_OK)
		return status;
	status = copy_blocks(run, reader, writer, &flows, error);
	if (status == NFGEO_OK && ((chown(work, old->st_uid, old->st_gid) && errno != EPERM) ||
				   chmod(work, old->st_mode & 07777)))
		status = error_set_errno(error, "cannot give %s owner and mode", work);
	if (status != NFGEO_OK) {
		nffile_abort(writer);
		return status;
	}
	status = nffile_finish(writer, &finish, error);
	if (status != NFGEO_OK)
		nffile_remove(work);
	else
		run->flows += flows;
	return status;
}

static int anonymise_file(struct anonymising *run, const char *path, struct error *error)
{
	struct nffile_reader *reader = NULL;
	char target[PATH_MAX];
	struct stat old;
	int status;

	if (stat(path, &old) != 0)
		return error_set_errno(error, "%s", path);
	status = open_input(&reader, path, error);
	if (status == NFGEO_OK)
		status = target_of(run, path, target, error);
	if (status == NFGEO_OK)
		status = write_file(run, reader, &old, target, error);
	nffile_close(reader);
	return status;
}

/* The first pass of group:K. */
static int count_file(struct anonymising *run, const char *path, struct error *error)
{
	struct nffile_reader *reader = NULL;
	int more, status = open_input(&reader, path, error);

	while (status == NFGEO_OK && !common_stopped &&
	       (more = nffile_next(reader, &run->in, error)) != 0) {
		status = more < 0 ? more : anon_count(&run->anon, &run->in);
		if (more > 0 && status != NFGEO_OK)
			error_set(error, status, "%.300s: %s", path, nfgeo_strerror(status));
	}
	nffile_close(reader);
	return status;
}

static void each_file(struct anonymising *run, const struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->path.count && !common_stopped; i++) {
		struct error error;

		if (anonymise_file(run, inputs->path.text[i], &error) == NFGEO_OK) {
			run->done_files++;
			continue;
		}
		common_complain(run->verb, "%s", error.text);
		run->failed_files++;
	}
}

/* Hosts are counted over all files, so all must be readable before any is written. */
static int count_all(struct anonymising *run, const struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->path.count; i++) {
		struct error error;

		if (count_file(run, inputs->path.text[i], &error) == NFGEO_OK)
			continue;
		common_complain(run->verb, "%s", error.text);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static int anonymise(struct anonymising *run, const struct inputs *inputs)
{
	struct stat there;
	int status = EXIT_DONE;

	run->to_directory = run->write_path && stat(run->write_path, &there) == 0 &&
			    S_ISDIR(there.st_mode);
	if (run->write_path && !run->to_directory && inputs->path.count > 1) {
		common_complain(run->verb, "-w %s: several files need a directory, and it must be "
				"there", run->write_path);
		return EXIT_USAGE;
	}
	common_catch_stop();
	if (run->country == ANON_GROUP)
		status = count_all(run, inputs);
	if (status != EXIT_DONE)
		return status;
	each_file(run, inputs);
	if (!run->quiet)
		printf("%zu files anonymised (%llu flows), %zu left alone\n", run->done_files,
		       (unsigned long long)run->flows, run->failed_files);
	if (!run->failed_files && !common_stopped && !inputs->problem.count)
		return EXIT_DONE;
	return run->done_files ? EXIT_INCOMPLETE : EXIT_FAILED;
}

static bool parse_country(struct anonymising *run, const char *text)
{
	static const char *const words[] = {"keep", "continent", NULL, "clear"};
	char *end;

	for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i] && strcmp(text, words[i]) == 0) {
			run->country = (enum anon_country)i;
			return true;
		}
	if (strncmp(text, "group:", 6) != 0 || text[6] < '0' || text[6] > '9')
		return false;
	run->country = ANON_GROUP;
	run->hosts_min = strtoull(text + 6, &end, 10);
	return *end == '\0' && run->hosts_min > 0;
}

static int take_key(struct anonymising *run, const char *text)
{
	struct error error;

	run->has_key = cryptopan_key(text, run->key, &error) == NFGEO_OK;
	if (run->has_key)
		return EXIT_DONE;
	common_complain(run->verb, "%s", error.text);
	return nfgeo_usage(run->verb);
}

static int read_key(struct anonymising *run, const char *path)
{
	char line[LINE_MAX_BYTES];
	FILE *file = fopen(path, "re");
	int status;

	if (!file || !fgets(line, sizeof(line), file)) {
		common_complain(run->verb, "cannot read a key from %s: %s", path,
				file ? "it is empty" : strerror(errno));
		if (file)
			fclose(file);
		return EXIT_FAILED;
	}
	fclose(file);
	line[strcspn(line, "\r\n")] = '\0';
	status = take_key(run, line);
	explicit_bzero(line, sizeof(line));
	return status;
}

static int parse_options(struct anonymising *run, struct input_options *input, int argc,
			 char **argv)
{
	int option, status = EXIT_DONE;

	while (status == EXIT_DONE &&
	       (option = getopt_long(argc, argv, "K:c:r:R:M:w:qh", options, NULL)) != -1)
		switch (option) {
		case 'K':
			status = take_key(run, optarg);
			break;
		case OPTION_KEY_FILE:
			status = read_key(run, optarg);
			break;
		case 'c':
			if (parse_country(run, optarg))
				break;
			common_complain(run->verb, "--country '%s': keep, continent, group:K or clear",
					optarg);
			return nfgeo_usage(run->verb);
		case 'w':
			run->write_path = optarg;
			break;
		case 'q':
			run->quiet = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return -1;
		default:
			if (!nfgeo_input_option(input, option, optarg))
				return nfgeo_usage(run->verb);
		}
	if (status != EXIT_DONE)
		return status;
	if (!run->has_key)
		common_complain(run->verb, "a key is needed: -K or --key-file");
	else if (optind < argc)
		common_complain(run->verb, "'%s': inputs are named with -r, -R or -M", argv[optind]);
	else if (nfgeo_input_named(run->verb, input))
		return EXIT_DONE;
	return nfgeo_usage(run->verb);
}

int nfgeo_anon(int argc, char **argv)
{
	struct anonymising run = {.verb = argv[0], .country = ANON_CLEAR};
	struct input_options input = {0};
	struct inputs inputs = {0};
	struct error error;
	int status = parse_options(&run, &input, argc, argv);

	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	if (inputs_expand(&inputs, &input, &error) != NFGEO_OK) {
		common_complain(run.verb, "%s", error.text);
		inputs_fini(&inputs);
		return EXIT_FAILED;
	}
	for (size_t i = 0; i < inputs.problem.count; i++)
		common_complain(run.verb, "%s", inputs.problem.text[i]);
	if (anon_init(&run.anon, run.key) == NFGEO_OK) {
		run.anon.country = run.country;
		run.anon.hosts_min = run.hosts_min;
		status = anonymise(&run, &inputs);
	} else {
		common_complain(run.verb, "out of memory");
		status = EXIT_FAILED;
	}
	anon_fini(&run.anon);
	explicit_bzero(run.key, sizeof(run.key));
	block_fini(&run.in);
	block_fini(&run.out);
	inputs_fini(&inputs);
	return status;
}
