/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs/rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "include/nfgeo.h"
#include "nffile/fileio.h"
#include "nffile/host_sketches.h"
#include "programs/common.h"
#include "programs/nfgeo.h"

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

static int by_copy_name(const void *a, const void *b)
{
	const struct file_item *const *one = a, *const *other = b;

	return strcmp(file_item_below(*one), file_item_below(*other));
}

/* Of two inputs with one name below the directory (DIR1/x and DIR2/x) only one copy would be left. */
static int check_copies(const struct rewrite *rewrite)
{
	const struct file_list *list = &rewrite->list;
	const struct file_item **sorted = malloc((list->count + 1) * sizeof(*sorted));
	int status = sorted ? EXIT_DONE : EXIT_FAILED;

	for (size_t i = 0; sorted && i < list->count; i++)
		sorted[i] = &list->item[i];
	if (sorted)
		qsort(sorted, list->count, sizeof(*sorted), by_copy_name);
	else
		common_complain(list->verb, "out of memory");
	for (size_t i = 1; status == EXIT_DONE && i < list->count; i++)
		if (by_copy_name(&sorted[i - 1], &sorted[i]) == 0) {
			common_complain(list->verb, "-w: %s and %s would have the same copy %s/%s; "
					"%s them one by one, into directories of their own",
					sorted[i - 1]->path, sorted[i]->path, rewrite->write_dir,
					file_item_below(sorted[i]), rewrite->word);
			status = EXIT_FAILED;
		}
	free(sorted);
	return status;
}

/* Where the new file goes, links followed so that a link stays one. */
static int find_target(const struct rewrite *rewrite, struct rewrite_file *file,
		       struct error *error)
{
	const struct file_item *item = file->item;
	struct stat there;

	if (!rewrite->write_dir) {
		if (!realpath(item->path, file->target))
			return error_set_errno(error, "%s", item->path);
		return NFGEO_OK;
	}
	if (snprintf(file->target, PATH_MAX, "%s/%s", rewrite->write_dir, file_item_below(item)) >=
	    PATH_MAX)
		return error_set(error, NFGEO_EINVAL, "%.200s: path too long", item->path);
	if (make_folders(file->target) != NFGEO_OK)
		return error_set_errno(error, "cannot create the folder of %s", file->target);
	if (stat(file->target, &there) == 0 && file->before.st_dev == there.st_dev &&
	    file->before.st_ino == there.st_ino)
		return error_set(error, NFGEO_EINVAL, "%.200s: the copy of -w would be the file "
				 "itself; leave -w out to %s in place", item->path, rewrite->word);
	return NFGEO_OK;
}

/* All blocks from reader to writer; geo blocks are made anew. */
static int copy_blocks(struct rewrite *rewrite, struct rewrite_file *file,
		       struct nffile_writer *writer, struct error *error)
{
	int more;

	while ((more = nffile_next_raw(file->reader, &rewrite->raw, error)) == 1) {
		const struct block *out = &rewrite->in;
		int status;

		if (common_stopped)
			return error_set(error, NFGEO_EIO, "%.300s: interrupted: left alone",
					 file->item->path);
		if (rewrite->raw.type != BLOCK_RECORDS)
			continue;
		status = nffile_decode(file->reader, &rewrite->raw, &rewrite->in, error);
		if (status == NFGEO_OK && rewrite->block)
			status = rewrite->block(rewrite, file, &rewrite->in, &out, error);
		if (status == NFGEO_OK)
			status = nffile_write(writer, out, error);
		if (status != NFGEO_OK)
			return status;
		file_list_progress(&rewrite->list, rewrite->raw.offset);
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

static int check_unchanged(const struct rewrite *rewrite, const struct rewrite_file *file,
			   struct error *error)
{
	struct stat now;

	if (rewrite->write_dir ||
	    (stat(file->item->path, &now) == 0 && is_same_file(&file->before, &now)))
		return NFGEO_OK;
	return error_set(error, NFGEO_EIO, "%.300s changed while it was read: left alone; run again",
			 file->item->path);
}

/* Complete under its work name, then with all that a file has under the name of the old one. */
static int put_in_place(struct rewrite *rewrite, struct rewrite_file *file,
			struct error *error)
{
	const struct timespec times[2] = {file->before.st_atim, file->before.st_mtim};
	struct stat made;
	int status = check_unchanged(rewrite, file, error);

	if (status != NFGEO_OK)
		return status;
	if (stat(file->work, &made) != 0 ||
	    (rewrite->keep_time && utimensat(AT_FDCWD, file->work, times, 0) != 0))
		return error_set_errno(error, "%s", file->work);
	file->new_bytes = (uint64_t)made.st_size;
	if (rewrite->made)
		rewrite->made(rewrite, file);
	if (rewrite->dry)
		return unlink(file->work) == 0 ? NFGEO_OK : error_set_errno(error, "%s", file->work);
	if (rename(file->work, file->target) != 0)
		return error_set_errno(error, "cannot rename %s to %s", file->work, file->target);
	return file_sync_folder(file->target) == NFGEO_OK
		       ? NFGEO_OK
		       : error_set_errno(error, "cannot sync the folder of %s", file->target);
}

static int finish(struct rewrite *rewrite, struct rewrite_file *file,
		  struct nffile_writer *writer, struct error *error)
{
	const struct nffile_info *info = nffile_info(file->reader);
	struct nffile_finish finish = {.totals = info->has_totals ? &info->totals : NULL};
	int status = keep_owner(file->work, &file->before, error);

	if (status != NFGEO_OK) {
		nffile_abort(writer);
		return status;
	}
	status = nffile_finish(writer, &finish, error);
	if (status == NFGEO_OK)
		status = put_in_place(rewrite, file, error);
	if (status != NFGEO_OK)
		nffile_remove(file->work);
	return status;
}

static void take_options(struct rewrite_file *file)
{
	const struct nffile_info *info = nffile_info(file->reader);

	file->options = (struct nffile_options){
		.codec = info->codec,
		.ident = info->ident,
		.creator = info->creator,
		.query_totals = info->creator == CREATOR_NFDUMP,
		.created_s = info->created_s,
		.expected_flows = info->totals.flows,
		.sketches = nffile_add_sketches(file->reader, NULL),
	};
}

/* The file is open and there is something to do. */
static int write_aside(struct rewrite *rewrite, struct rewrite_file *file, struct error *error)
{
	struct nffile_writer *writer;
	int status = nffile_create(&writer, file->work, &file->options, error);

	if (status != NFGEO_OK)
		return status;
	status = copy_blocks(rewrite, file, writer, error);
	if (status != NFGEO_OK || (!file->changed && !rewrite->write_dir)) {
		nffile_abort(writer);
		rewrite->unchanged_files += status == NFGEO_OK;
		return status;
	}
	status = finish(rewrite, file, writer, error);
	if (status != NFGEO_OK)
		return status;
	rewrite->done_files++;
	return NFGEO_OK;
}

static int rewrite_opened(struct rewrite *rewrite, struct rewrite_file *file, struct error *error)
{
	int status = NFGEO_OK, wanted;

	if (nffile_info(file->reader)->never_closed)
		return error_set(error, NFGEO_ETRUNCATED,
				 "%.250s is still being written, or its writer died: left alone; "
				 "nfdump -r .. -w .. makes a complete file of it",
				 file->item->path);
	status = find_target(rewrite, file, error);
	if (status != NFGEO_OK)
		return status;
	if (!common_work_name(file->target, rewrite->word, file->work))
		return error_set(error, NFGEO_EINVAL, "%.200s: path too long", file->target);
	take_options(file);
	wanted = rewrite->decide ? rewrite->decide(rewrite, file, error) : 1;
	if (wanted <= 0) {
		rewrite->unchanged_files += wanted == 0;
		return wanted;
	}
	return write_aside(rewrite, file, error);
}

static int rewrite_one(struct rewrite *rewrite, const struct file_item *item, struct error *error)
{
	struct rewrite_file file = {.item = item};
	int status;

	if (stat(item->path, &file.before) != 0)
		return error_set_errno(error, "%s", item->path);
	status = nffile_open(&file.reader, item->path, error);
	if (status == NFGEO_OK)
		status = rewrite_opened(rewrite, &file, error);
	nffile_close(file.reader);
	return status;
}

static int run_all(struct rewrite *rewrite)
{
	struct file_list *list = &rewrite->list;

	if (rewrite->write_dir && check_copies(rewrite) != EXIT_DONE)
		return EXIT_FAILED;
	common_catch_stop();
	rewrite->failed_files = list->missing;
	for (size_t i = 0; i < list->count && !common_stopped; i++) {
		struct error error;

		if (rewrite_one(rewrite, &list->item[i], &error) != NFGEO_OK) {
			file_list_complain(list, error.text);
			rewrite->failed_files++;
		}
		file_list_next(list, &list->item[i]);
	}
	file_list_clear_bar(list);
	if (!rewrite->failed_files && !common_stopped)
		return EXIT_DONE;
	return rewrite->done_files + rewrite->unchanged_files ? EXIT_INCOMPLETE : EXIT_FAILED;
}

int rewrite_run(struct rewrite *rewrite)
{
	int status = run_all(rewrite);

	if (!rewrite->quiet)
		rewrite->summary(rewrite);
	return status;
}

int rewrite_arguments(struct rewrite *rewrite, int argc, char **argv)
{
	rewrite->list.bar = !rewrite->quiet && isatty(STDERR_FILENO);
	return file_list_arguments(&rewrite->list, argc - optind, argv + optind);
}

/* @return EXIT_DONE, the exit status, or -1 after -h */
static int parse_options(struct rewrite *rewrite, const char *usage, int argc, char **argv)
{
	static const struct option options[] = {
		{"dry-run", no_argument, NULL, 'n'}, {"force", no_argument, NULL, 'f'},
		{"quiet", no_argument, NULL, 'q'},   {"help", no_argument, NULL, 'h'},
		{"sketches", no_argument, NULL, 's'}, {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "nfqhs", options, NULL)) != -1)
		switch (option) {
		case 's':
			if (!rewrite->has_sketches) {
				common_complain(argv[0], "there is no option -s");
				return nfgeo_usage(argv[0]);
			}
			rewrite->sketches = true;
			break;
		case 'n':
			rewrite->dry = true;
			break;
		case 'f':
			rewrite->force = true;
			break;
		case 'q':
			rewrite->quiet = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return -1;
		default:
			return nfgeo_usage(argv[0]);
		}
	return EXIT_DONE;
}

int rewrite_main(struct rewrite *rewrite, const char *usage, int argc, char **argv)
{
	int status = parse_options(rewrite, usage, argc, argv);

	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	status = rewrite_arguments(rewrite, argc, argv);
	if (status == EXIT_DONE)
		status = rewrite_run(rewrite);
	rewrite_fini(rewrite);
	return status;
}

void rewrite_fini(struct rewrite *rewrite)
{
	raw_block_fini(&rewrite->raw);
	block_fini(&rewrite->in);
	file_list_fini(&rewrite->list);
}
