/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo tag - stamp countries into existing flow files, stock nfcapd's or ours.
 *
 * A file is read block by block, written aside with a geo tail on every flow record that has
 * addresses, and put in the place of the old one by a rename. Every other byte of every record,
 * the records that are no flows, ident, creator, date, codec and totals stay. A file that is
 * damaged, still open or changed meanwhile is left alone, and the exit status says so.
 */
#include <errno.h>
#include <fts.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "geo/reload.h"
#include "geo/tag.h"
#include "nffile/reader.h"
#include "nffile/writer.h"
#include "programs/nfgeo.h"

static const char usage[] =
	"usage: nfgeo tag [OPTION]... FILE|DIRECTORY...\n"
	"\n"
	"Stamp the countries of both addresses into the records of flow files, in place. Records\n"
	"that have countries keep them. Also as the hook of a stock collector:\n"
	"\n"
	"  nfcapd -w /data -x 'nfgeo tag -q %d/%f'\n"
	"\n"
	"  -w, --write DIR       leave the files alone, write tagged copies below DIR\n"
	"  -r, --restamp         replace countries that are there\n"
	"  -z, --compress CODEC  none, lzo, bz2, lz4, zstd (default: as the file is)\n"
	"  -G, --geodb FILE      country database\n"
	"  -C, --config FILE     configuration file; none for no configuration\n"
	"  -q, --quiet           no progress bar and no summary\n"
	"  -h, --help            this text\n"
	"\n"
	"Exit status: 0 done, 1 nothing could be done, 2 wrong usage, 3 some files were left alone.\n";

static const struct option options[] = {
	{"write", required_argument, NULL, 'w'},    {"restamp", no_argument, NULL, 'r'},
	{"compress", required_argument, NULL, 'z'}, {"geodb", required_argument, NULL, 'G'},
	{"config", required_argument, NULL, 'C'},   {"quiet", no_argument, NULL, 'q'},
	{"help", no_argument, NULL, 'h'},	    {NULL, 0, NULL, 0},
};

enum { BAR_CELLS = 30, BAR_INTERVAL_MS = 100 };

/* A file to tag, and where the copy goes below the directory of -w. */
struct job {
	char *path;	/* owns */
	size_t shown;	/* offset of the part of the path that -w keeps */
	uint64_t bytes;
};

struct tagging {
	const char *verb, *geodb, *config, *write_dir;
	bool restamp, quiet, bar, has_codec;
	enum codec codec;
	int level;
	struct geo_source *source; /* owns */
	struct geo_table *table;   /* owns */
	struct job *job;	   /* owns */
	size_t job_count, job_capacity;
	uint64_t all_bytes, done_bytes;
	size_t done_files, unchanged_files, failed_files;
	uint64_t tagged_records;
	int64_t next_bar_ms;
	struct raw_block raw; /* memory of these three is kept from file to file */
	struct block in, out;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void show_bar(struct tagging *tagging, uint64_t bytes)
{
	double share = tagging->all_bytes ? (double)bytes / (double)tagging->all_bytes : 1;
	int cells = (int)(share * BAR_CELLS);
	int64_t now = now_ms();

	if (!tagging->bar || now < tagging->next_bar_ms)
		return;
	tagging->next_bar_ms = now + BAR_INTERVAL_MS;
	fprintf(stderr, "\r[%.*s%*s] %3.0f %%  %zu of %zu files", cells,
		"##############################", BAR_CELLS - cells, "", 100 * share,
		tagging->done_files + tagging->unchanged_files + tagging->failed_files,
		tagging->job_count);
}

static void clear_bar(const struct tagging *tagging)
{
	if (tagging->bar)
		fputs("\r\033[K", stderr);
}

static void complain(const struct tagging *tagging, const char *text)
{
	clear_bar(tagging);
	common_complain(tagging->verb, "%s", text);
}

/* Which files are there is the user's decision where one is named, ours in directories: those that
 * nfdump reads (nfdump(1)). */
static bool is_flow_file(const char *name)
{
	return name[0] != '.' && strncmp(name, "nfcapd.current", 14) != 0 &&
	       strncmp(name, "nfprofile.", 10) != 0 && !strstr(name, ".stat");
}

static int add_job(struct tagging *tagging, const char *path, size_t shown, uint64_t bytes)
{
	if (tagging->job_count == tagging->job_capacity) {
		size_t capacity = tagging->job_capacity ? 2 * tagging->job_capacity : 64;
		struct job *job = reallocarray(tagging->job, capacity, sizeof(*job));

		if (!job)
			return NFGEO_ENOMEM;
		tagging->job = job;
		tagging->job_capacity = capacity;
	}
	tagging->job[tagging->job_count] = (struct job){strdup(path), shown, bytes};
	tagging->all_bytes += bytes;
	return tagging->job[tagging->job_count++].path ? NFGEO_OK : NFGEO_ENOMEM;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* One entry below an argument; level 0 is the argument itself. */
static int add_entry(struct tagging *tagging, FTS *fts, FTSENT *entry, size_t root_len)
{
	char text[PATH_MAX + 100];

	if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
		snprintf(text, sizeof(text), "%s: %s", entry->fts_path, strerror(entry->fts_errno));
		complain(tagging, text);
		tagging->failed_files++;
	}
	if (entry->fts_info == FTS_D && entry->fts_level > 0 && entry->fts_name[0] == '.')
		fts_set(fts, entry, FTS_SKIP);
	if (entry->fts_info != FTS_F || (entry->fts_level > 0 && !is_flow_file(entry->fts_name)))
		return NFGEO_OK;
	return add_job(tagging, entry->fts_path,
		       entry->fts_level ? root_len
					: (size_t)entry->fts_pathlen - entry->fts_namelen,
		       (uint64_t)entry->fts_statp->st_size);
}

static int collect(struct tagging *tagging, char *argument)
{
	char *const roots[] = {argument, NULL};
	FTS *fts = fts_open(roots, FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	int status = NFGEO_OK;
	FTSENT *entry;

	if (!fts)
		return NFGEO_ENOMEM;
	while (status == NFGEO_OK && (entry = fts_read(fts)))
		status = add_entry(tagging, fts, entry, strlen(argument));
	fts_close(fts);
	return status;
}

/* All folders of a path. */
static int make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0777) != 0 && errno != EEXIST)
			return NFGEO_EIO;
		*slash = '/';
	}
	return NFGEO_OK;
}

/* Path below the directory of -w. */
static const char *copy_name(const struct job *job)
{
	const char *below = job->path + job->shown;

	return below + strspn(below, "/");
}

static int by_copy_name(const void *a, const void *b)
{
	const struct job *const *one = a, *const *other = b;

	return strcmp(copy_name(*one), copy_name(*other));
}

/* -w: of two inputs with one name below it (DIR1/x and DIR2/x) only one copy would be left. */
static int check_copies(const struct tagging *tagging)
{
	const struct job **sorted = malloc((tagging->job_count + 1) * sizeof(*sorted));
	int status = sorted ? EXIT_DONE : EXIT_FAILED;

	for (size_t i = 0; sorted && i < tagging->job_count; i++)
		sorted[i] = &tagging->job[i];
	if (sorted)
		qsort(sorted, tagging->job_count, sizeof(*sorted), by_copy_name);
	else
		common_complain(tagging->verb, "out of memory");
	for (size_t i = 1; status == EXIT_DONE && i < tagging->job_count; i++)
		if (by_copy_name(&sorted[i - 1], &sorted[i]) == 0) {
			common_complain(tagging->verb, "-w: %s and %s would have the same copy %s/%s; "
					"tag them one by one, into directories of their own",
					sorted[i - 1]->path, sorted[i]->path, tagging->write_dir,
					copy_name(sorted[i]));
			status = EXIT_FAILED;
		}
	free(sorted);
	return status;
}

/* Where the tagged file goes, links followed so that a link stays one. */
static int target_of(const struct tagging *tagging, const struct job *job, char *target,
		     struct error *error)
{
	struct stat source, there;

	if (!tagging->write_dir) {
		if (!realpath(job->path, target))
			return error_set_errno(error, "%s", job->path);
		return NFGEO_OK;
	}
	if (snprintf(target, PATH_MAX, "%s/%s", tagging->write_dir, copy_name(job)) >= PATH_MAX)
		return error_set(error, NFGEO_EINVAL, "%.200s: path too long", job->path);
	if (make_folders(target) != NFGEO_OK)
		return error_set_errno(error, "cannot create the folder of %s", target);
	if (stat(job->path, &source) == 0 && stat(target, &there) == 0 &&
	    source.st_dev == there.st_dev && source.st_ino == there.st_ino)
		return error_set(error, NFGEO_EINVAL, "%.200s: the copy of -w would be the file "
				 "itself; leave -w out to tag in place", job->path);
	return NFGEO_OK;
}

static int check_input(const struct nffile_reader *reader, struct error *error)
{
	if (nffile_info(reader)->never_closed)
		return error_set(error, NFGEO_ETRUNCATED,
				 "%.250s is still being written, or its writer died: left alone; "
				 "nfdump -r .. -w .. makes a complete file of it",
				 nffile_path(reader));
	return NFGEO_OK;
}

/* All blocks from reader to writer. */
static int copy_blocks(struct tagging *tagging, struct nffile_reader *reader,
		       struct nffile_writer *writer, uint64_t *tagged_count, struct error *error)
{
	int more;

	*tagged_count = 0;
	while ((more = nffile_next_raw(reader, &tagging->raw, error)) == 1) {
		uint64_t count;
		int status;

		if (common_stopped)
			return error_set(error, NFGEO_EIO, "%.300s: interrupted: left alone",
					 nffile_path(reader));
		if (tagging->raw.type != BLOCK_RECORDS)
			continue; /* geo blocks are written anew */
		status = nffile_decode(reader, &tagging->raw, &tagging->in, error);
		if (status != NFGEO_OK)
			return status;
		status = tag_copy(&tagging->in, tagging->table, tagging->restamp, &tagging->out,
				  &count);
		if (status != NFGEO_OK)
			return error_set(error, status, "%.300s: block %u: %s", nffile_path(reader),
					 tagging->raw.ordinal, nfgeo_strerror(status));
		status = nffile_write(writer, &tagging->out, error);
		if (status != NFGEO_OK)
			return status;
		*tagged_count += count;
		show_bar(tagging, tagging->done_bytes + tagging->raw.offset);
	}
	return more;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The new file gets mode and owner of the old one; giving it away is root's privilege only. */
static int keep_owner(const char *work, const struct stat *old, struct error *error)
{
	if (chown(work, old->st_uid, old->st_gid) != 0 && errno != EPERM)
		return error_set_errno(error, "cannot give %s its owner", work);
	if (chmod(work, old->st_mode & 07777) != 0)
		return error_set_errno(error, "cannot give %s its mode", work);
	return NFGEO_OK;
}

static int finish_file(struct tagging *tagging, const struct job *job,
		       struct nffile_writer *writer, const struct nffile_info *info,
		       const struct stat *before, const char *work, const char *target,
		       struct error *error)
{
	struct nffile_finish finish = {
		.rename_to = target,
		.totals = info->has_totals ? &info->totals : NULL,
	};
	struct stat now;
	int status = keep_owner(work, before, error);

	if (status == NFGEO_OK && !tagging->write_dir &&
	    (stat(job->path, &now) != 0 || !is_same_file(before, &now)))
		status = error_set(error, NFGEO_EIO, "%.300s changed while it was read: left alone; "
				   "run again", job->path);
	if (status != NFGEO_OK) {
		nffile_abort(writer);
		return status;
	}
	status = nffile_finish(writer, &finish, error);
	if (status != NFGEO_OK)
		nffile_remove(work);
	return status;
}

static int tag_opened(struct tagging *tagging, const struct job *job,
		      struct nffile_reader *reader, const struct stat *before, const char *target,
		      struct error *error)
{
	const struct nffile_info *info = nffile_info(reader);
	struct nffile_options writer_options = {
		.codec = tagging->has_codec ? tagging->codec : info->codec,
		.level = tagging->level,
		.ident = info->ident,
		.creator = info->creator,
		.query_totals = info->creator == CREATOR_NFDUMP,
		.created_s = info->created_s,
	};
	struct nffile_writer *writer;
	char work[PATH_MAX];
	uint64_t count;
	int status;

	if (!common_work_name(target, "tag", work))
		return error_set(error, NFGEO_EINVAL, "%.200s: path too long", target);
	status = nffile_create(&writer, work, &writer_options, error);
	if (status != NFGEO_OK)
		return status;
	status = copy_blocks(tagging, reader, writer, &count, error);
	if (status != NFGEO_OK || (!count && !tagging->write_dir &&
				   writer_options.codec == info->codec)) {
		nffile_abort(writer);
		tagging->unchanged_files += status == NFGEO_OK;
		return status;
	}
	status = finish_file(tagging, job, writer, info, before, work, target, error);
	if (status == NFGEO_OK) {
		tagging->done_files++;
		tagging->tagged_records += count;
	}
	return status;
}

static int tag_file(struct tagging *tagging, const struct job *job, struct error *error)
{
	struct nffile_reader *reader = NULL;
	char target[PATH_MAX];
	struct stat before;
	int status;

	if (stat(job->path, &before) != 0)
		return error_set_errno(error, "%s", job->path);
	status = nffile_open(&reader, job->path, error);
	if (status == NFGEO_OK)
		status = check_input(reader, error);
	if (status == NFGEO_OK)
		status = target_of(tagging, job, target, error);
	if (status == NFGEO_OK)
		status = tag_opened(tagging, job, reader, &before, target, error);
	nffile_close(reader);
	return status;
}

static void tag_all(struct tagging *tagging)
{
	for (size_t i = 0; i < tagging->job_count && !common_stopped; i++) {
		struct error error;

		if (tag_file(tagging, &tagging->job[i], &error) != NFGEO_OK) {
			complain(tagging, error.text);
			tagging->failed_files++;
		}
		tagging->done_bytes += tagging->job[i].bytes;
		show_bar(tagging, tagging->done_bytes);
	}
	clear_bar(tagging);
	if (tagging->quiet)
		return;
	printf("%zu files tagged (%llu records), %zu unchanged, %zu left alone\n",
	       tagging->done_files, (unsigned long long)tagging->tagged_records,
	       tagging->unchanged_files, tagging->failed_files);
}

static int open_database(struct tagging *tagging)
{
	struct geo_settings settings = {.option = tagging->geodb};
	struct conf *conf = NULL;
	struct error error = {.text = "nothing to tag with: the country database is switched off"};
	int status = nfgeo_conf(tagging->verb, tagging->config, &conf);

	if (status != EXIT_DONE)
		return status;
	settings.conf = conf;
	if (geo_source_open(&tagging->source, &settings, &error) == NFGEO_OK && tagging->source)
		tagging->table = geo_source_table(tagging->source);
	conf_free(conf);
	if (tagging->table)
		return EXIT_DONE;
	common_complain(tagging->verb, "%s", error.text);
	return EXIT_FAILED;
}

static int parse_options(struct tagging *tagging, int argc, char **argv)
{
	struct error error;
	int option;

	while ((option = getopt_long(argc, argv, "w:rz:G:C:qh", options, NULL)) != -1)
		switch (option) {
		case 'w':
			tagging->write_dir = optarg;
			break;
		case 'r':
			tagging->restamp = true;
			break;
		case 'z':
			tagging->has_codec = true;
			if (codec_parse(*optarg == '=' ? optarg + 1 : optarg, &tagging->codec,
					&tagging->level, &error) == NFGEO_OK)
				break;
			common_complain(tagging->verb, "%s", error.text);
			return nfgeo_usage(tagging->verb);
		case 'G':
			tagging->geodb = optarg;
			break;
		case 'C':
			tagging->config = optarg;
			break;
		case 'q':
			tagging->quiet = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return -1;
		default:
			return nfgeo_usage(tagging->verb);
		}
	if (optind < argc)
		return EXIT_DONE;
	common_complain(tagging->verb, "name flow files or directories of them");
	return nfgeo_usage(tagging->verb);
}

static void tagging_fini(struct tagging *tagging)
{
	for (size_t i = 0; i < tagging->job_count; i++)
		free(tagging->job[i].path);
	free(tagging->job);
	raw_block_fini(&tagging->raw);
	block_fini(&tagging->in);
	block_fini(&tagging->out);
	if (tagging->table)
		geo_table_unref(tagging->table);
	geo_source_close(tagging->source);
}

static int exit_status(const struct tagging *tagging)
{
	if (!tagging->failed_files && !common_stopped)
		return EXIT_DONE;
	return tagging->done_files + tagging->unchanged_files ? EXIT_INCOMPLETE : EXIT_FAILED;
}

int nfgeo_tag(int argc, char **argv)
{
	struct tagging tagging = {.verb = argv[0]};
	int status = parse_options(&tagging, argc, argv);

	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	tagging.bar = !tagging.quiet && isatty(STDERR_FILENO);
	status = open_database(&tagging);
	for (int i = optind; status == EXIT_DONE && i < argc; i++)
		if (collect(&tagging, argv[i]) != NFGEO_OK) {
			common_complain(tagging.verb, "out of memory");
			status = EXIT_FAILED;
		}
	if (status == EXIT_DONE && tagging.write_dir)
		status = check_copies(&tagging);
	if (status == EXIT_DONE) {
		common_catch_stop();
		tag_all(&tagging);
		status = exit_status(&tagging);
	}
	tagging_fini(&tagging);
	return status;
}
