/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h" /* _GNU_SOURCE, before all else */

#include "collect/slotfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "nffile/format.h"
#include "nffile/writer.h"

struct slotfile {
	char dir[PATH_MAX], ident[IDENT_BYTES];
	const struct slotfile_options *options; /* borrowed */
	struct slot slot;
	struct nffile_writer *writer; /* owns; NULL while there is no work file */
};

struct slotfile *slotfile_new(const char *dir, const char *ident,
			      const struct slotfile_options *options)
{
	struct slotfile *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	snprintf(file->dir, sizeof(file->dir), "%s", dir);
	snprintf(file->ident, sizeof(file->ident), "%s", ident);
	file->options = options;
	return file;
}

void slotfile_free(struct slotfile *file)
{
	if (file)
		nffile_abort(file->writer);
	free(file);
}

const char *slotfile_ident(const struct slotfile *file)
{
	return file->ident;
}

const char *slotfile_dir(const struct slotfile *file)
{
	return file->dir;
}

/* nfcapd.current.<pid><more> in the top directory, where no reader looks at it. */
static int work_path(const struct slotfile *file, const char *more, char *path,
		     struct error *error)
{
	if (snprintf(path, PATH_MAX, "%s/nfcapd.current.%ld%s", file->dir, (long)getpid(), more) >=
	    PATH_MAX)
		return error_set(error, NFGEO_EINVAL, "path is too long: '%.60s...'", file->dir);
	return NFGEO_OK;
}

static int create(struct slotfile *file, const char *path, struct nffile_writer **writer,
		  struct error *error)
{
	const struct nffile_options options = {
		.codec = file->options->codec,
		.level = file->options->level,
		.ident = file->ident,
		.creator = CREATOR_NFCAPD,
		.no_geo_blocks = file->options->no_geo_blocks,
	};

	return nffile_create(writer, path, &options, error);
}

/* The sums of its blocks go with a file that was not completed. */
static int rename_work(const char *path, const char *to)
{
	char sums[PATH_MAX], to_sums[PATH_MAX];

	if (rename(path, to))
		return -1;
	if (snprintf(sums, PATH_MAX, "%s.sum", path) < PATH_MAX &&
	    snprintf(to_sums, PATH_MAX, "%s.sum", to) < PATH_MAX)
		(void)!rename(sums, to_sums);
	return 0;
}

/* A work file of our name holds data of others: of a collector that died and had our process id
 * (in containers all have the same), or of a slot that could not be renamed. */
static int keep_leftover(const char *path, struct error *error)
{
	char aside[PATH_MAX];
	struct stat info;
	unsigned number = 0;

	if (lstat(path, &info) || info.st_size <= FILE_HEADER_BYTES)
		return NFGEO_OK;
	do
		if (snprintf(aside, PATH_MAX, "%s.left.%u", path, ++number) >= PATH_MAX)
			return error_set(error, NFGEO_EINVAL, "path is too long: '%.60s...'", path);
	while (lstat(aside, &info) == 0);
	if (rename_work(path, aside))
		return error_set_errno(error, "'%s' was left behind: cannot rename it", path);
	log_warn("'%s' was left behind: it is kept as '%s': read it with nfdump -r", path, aside);
	return NFGEO_OK;
}

static int open_work_file(struct slotfile *file, struct error *error)
{
	char path[PATH_MAX];
	int status = work_path(file, "", path, error);

	if (status == NFGEO_OK)
		status = keep_leftover(path, error);
	return status == NFGEO_OK ? create(file, path, &file->writer, error) : status;
}

int slotfile_open(struct slotfile *file, const struct slot *slot, struct error *error)
{
	file->slot = *slot;
	return open_work_file(file, error);
}

int slotfile_write(struct slotfile *file, const struct block *block, struct error *error)
{
	if (!file->writer) {
		int status = open_work_file(file, error);

		if (status != NFGEO_OK)
			return status;
	}
	return nffile_write(file->writer, block, error);
}

static int64_t disk_bytes(const char *path)
{
	struct stat info;

	return lstat(path, &info) || !S_ISREG(info.st_mode) ? -1 : (int64_t)info.st_blocks * 512;
}

/* Name of the slot, its sub-directory made where possible; else the file stays in the top. */
static int final_path(const struct slotfile *file, struct slotfile_done *done, char *path,
		      struct error *error)
{
	char subdir[SLOT_SUBDIR_BYTES];
	struct error why = {NFGEO_EINVAL, "path is too long"};

	slot_name(&file->slot, file->options->zone, done->time);
	slot_subdir(&file->slot, file->options->layout, subdir);
	if (*subdir && (snprintf(path, PATH_MAX, "%s/%s", file->dir, subdir) >= PATH_MAX ||
			directory_create(path, &why) != NFGEO_OK)) {
		log_error("%s: the file stays in '%s'", why.text, file->dir);
		*subdir = '\0';
	}
	snprintf(done->name, sizeof(done->name), "%s%snfcapd.%s", subdir, *subdir ? "/" : "",
		 done->time);
	if (snprintf(path, PATH_MAX, "%s/%s", file->dir, done->name) >= PATH_MAX)
		return error_set(error, NFGEO_EINVAL, "path is too long: '%.60s...'", file->dir);
	return NFGEO_OK;
}

static struct nffile_finish finish_of(const struct slotfile *file, const char *rename_to,
				      uint64_t sequence_failures)
{
	const struct slot *slot = &file->slot;

	return (struct nffile_finish){
		.rename_to = rename_to,
		.sequence_failures = sequence_failures,
		.empty_first_ms = (uint64_t)slot->start_s * 1000,
		.empty_last_ms = (uint64_t)(slot->start_s + slot->interval_s) * 1000,
	};
}

/* Put out of the way, under a name that readers skip, what must not be lost. */
static void keep_aside(struct slotfile *file, const char *path, const char *why)
{
	char aside[PATH_MAX], more[32 + SLOT_NAME_BYTES], time[SLOT_NAME_BYTES];
	struct error error;

	slot_name(&file->slot, file->options->zone, time);
	snprintf(more, sizeof(more), ".%s.%s", why, time);
	if (work_path(file, more, aside, &error) != NFGEO_OK || rename_work(path, aside))
		log_error("cannot rename '%s'", path);
	else
		log_error("'%s' is kept as '%s': read it with nfdump -r", path, aside);
}

/*
 * The slot has a file already: the collector was restarted, or the local clock went back. Both are
 * copied, the old one first, into a third file that replaces the old one in one step.
 */
static int join(struct slotfile *file, const char *work, const char *target,
		struct error *error)
{
	/* Both files bring their own sequence failures. */
	struct nffile_finish finish = finish_of(file, target, 0);
	struct nffile_writer *writer;
	char path[PATH_MAX];
	int status = work_path(file, ".join", path, error);

	if (status == NFGEO_OK)
		status = create(file, path, &writer, error);
	if (status != NFGEO_OK)
		return status;
	status = nffile_append_file(writer, target, error);
	if (status != NFGEO_OK) {
		/* What cannot be copied completely is kept as it is. */
		log_error("%s", error->text);
		nffile_abort(writer);
		keep_aside(file, target, "damaged");
		return rename(work, target) ? error_set_errno(error, "cannot rename '%s'", work)
					    : NFGEO_OK;
	}
	status = nffile_append_file(writer, work, error);
	if (status != NFGEO_OK) {
		nffile_abort(writer);
		return status;
	}
	status = nffile_finish(writer, &finish, error);
	if (status == NFGEO_OK)
		unlink(work);
	else
		unlink(path);
	return status;
}

int slotfile_close(struct slotfile *file, uint64_t sequence_failures, struct slotfile_done *done,
		   struct error *error)
{
	char work[PATH_MAX], target[PATH_MAX];
	struct nffile_finish finish;
	int64_t before;
	int status;

	*done = (struct slotfile_done){0};
	totals_init(&done->totals);
	if (!file->writer) {
		status = open_work_file(file, error);
		if (status != NFGEO_OK)
			return status;
	}
	done->totals = *nffile_totals(file->writer);
	status = work_path(file, "", work, error);
	if (status == NFGEO_OK)
		status = final_path(file, done, target, error);
	before = disk_bytes(target);
	done->new_file = before < 0;
	finish = finish_of(file, done->new_file ? target : NULL, sequence_failures);
	if (status == NFGEO_OK)
		status = nffile_finish(file->writer, &finish, error);
	else
		nffile_finish(file->writer, &finish, NULL);
	file->writer = NULL;
	if (status == NFGEO_OK && !done->new_file)
		status = join(file, work, target, error);
	if (status != NFGEO_OK)
		keep_aside(file, work, "unfinished");
	done->bytes = disk_bytes(target) - (done->new_file ? 0 : before);
	return status;
}
