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
#include "collect/history.h"
#include "collect/recover.h"
#include "nffile/cells.h"
#include "nffile/format.h"
#include "nffile/reader.h"
#include "nffile/writer.h"

enum { LOOK_BACK_SLOTS = 288 };

struct slotfile {
	char dir[PATH_MAX], ident[IDENT_BYTES];
	const struct slotfile_options *options; /* borrowed */
	struct slot slot;
	struct nffile_writer *writer; /* owns; NULL while there is no work file */
	struct cells *cells;	      /* open blocks, kept from slot to slot; owns; NULL = none */
	struct slot_history history;
	bool looked_back; /* for the file before, at the start */
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
	history_init(&file->history);
	return file;
}

void slotfile_free(struct slotfile *file)
{
	if (file) {
		nffile_abort(file->writer);
		cells_close(file->cells, false);
	}
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

static bool is_clustered(const struct slotfile *file)
{
	return !file->options->no_geo_blocks && !file->options->arrival_order;
}

/* @param cells  NULL: the file is made of finished ones */
static int create(struct slotfile *file, const char *path, struct cells *cells,
		  struct nffile_writer **writer, struct error *error)
{
	const struct nffile_options options = {
		.codec = file->options->codec,
		.level = file->options->level,
		.ident = file->ident,
		.creator = CREATOR_NFCAPD,
		.no_geo_blocks = file->options->no_geo_blocks,
		.arrival_order = file->options->arrival_order,
		.sketches = file->options->sketches,
		.shares = cells ? &file->history.shares : NULL,
		.expected_flows = file->history.expected_flows,
		.cells = cells,
	};

	return nffile_create(writer, path, &options, error);
}

static void rename_beside(const char *path, const char *to, const char *suffix)
{
	char from[PATH_MAX], target[PATH_MAX];

	if (snprintf(from, PATH_MAX, "%s%s", path, suffix) < PATH_MAX &&
	    snprintf(target, PATH_MAX, "%s%s", to, suffix) < PATH_MAX)
		(void)!rename(from, target);
}

/* The sums of its blocks, and its open ones, go with a file that was not completed. */
static int rename_work(const char *path, const char *to)
{
	if (rename(path, to))
		return -1;
	rename_beside(path, to, ".sum");
	rename_beside(path, to, ".cells");
	return 0;
}

static bool has_cells(const char *path)
{
	char cells[PATH_MAX];
	struct stat info;

	return snprintf(cells, PATH_MAX, "%s.cells", path) < PATH_MAX && lstat(cells, &info) == 0;
}

/* A work file of our name holds data of others: of a collector that died and had our process id
 * (in containers all have the same), or of a slot that could not be renamed. */
static int keep_leftover(const char *path, struct error *error)
{
	char aside[PATH_MAX];
	struct stat info;
	unsigned number = 0;

	if (lstat(path, &info) || (info.st_size <= FILE_HEADER_BYTES && !has_cells(path)))
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

/* Name and path of the slot's file. */
static bool name_path(const struct slotfile *file, struct slotfile_done *done, char *path)
{
	char subdir[SLOT_SUBDIR_BYTES];

	slot_name(&file->slot, file->options->zone, done->time);
	slot_subdir(&file->slot, file->options->layout, subdir);
	snprintf(done->name, sizeof(done->name), "%s%snfcapd.%s", subdir, *subdir ? "/" : "",
		 done->time);
	return snprintf(path, PATH_MAX, "%s/%s", file->dir, done->name) < PATH_MAX;
}

/* The same, its sub-directory made where possible; else the file stays in the top. */
static int final_path(const struct slotfile *file, struct slotfile_done *done, char *path,
		      struct error *error)
{
	struct error why = {NFGEO_EINVAL, "path is too long"};
	bool fits = name_path(file, done, path);
	char *slash = strrchr(done->name, '/');

	if (slash) {
		char subdir[PATH_MAX];

		if (snprintf(subdir, sizeof(subdir), "%s/%.*s", file->dir, (int)(slash - done->name),
			     done->name) >= PATH_MAX ||
		    directory_create(subdir, &why) != NFGEO_OK) {
			log_error("%s: the file stays in '%s'", why.text, file->dir);
			snprintf(done->name, sizeof(done->name), "nfcapd.%s", done->time);
			fits = snprintf(path, PATH_MAX, "%s/%s", file->dir, done->name) < PATH_MAX;
		}
	}
	return fits ? NFGEO_OK
		    : error_set(error, NFGEO_EINVAL, "path is too long: '%.60s...'", file->dir);
}

/* Which countries there are, by the newest file of the slots before. */
static void look_back(struct slotfile *file)
{
	const struct slot now = file->slot;
	struct slotfile_done done;
	char path[PATH_MAX];
	bool found = false;

	file->looked_back = true;
	for (unsigned i = 1; i <= LOOK_BACK_SLOTS && !found; i++) {
		file->slot.start_s = now.start_s - (int64_t)i * now.interval_s;
		found = name_path(file, &done, path) &&
			history_from_file(&file->history, path, now.interval_s);
	}
	file->slot = now;
}

static int open_work_file(struct slotfile *file, struct error *error)
{
	char path[PATH_MAX], cells[PATH_MAX];
	int status = work_path(file, "", path, error);

	if (status == NFGEO_OK)
		status = work_path(file, ".cells", cells, error);
	if (status == NFGEO_OK && !file->cells)
		status = keep_leftover(path, error);
	if (status == NFGEO_OK && is_clustered(file) && !file->looked_back)
		look_back(file);
	if (status == NFGEO_OK && is_clustered(file) && !file->cells)
		status = cells_open(&file->cells,
				    file->options->cell_memory ? file->options->cell_memory
							       : CELLS_MEMORY_BYTES,
				    cells, error);
	return status == NFGEO_OK ? create(file, path, file->cells, &file->writer, error) : status;
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

int slotfile_tick(struct slotfile *file, struct error *error)
{
	int status = NFGEO_OK;

	if (file->writer)
		status = nffile_flush_older(file->writer, CELL_AGE_S * 1000, error);
	if (status == NFGEO_OK && file->cells && file->options->sync_cells &&
	    cells_sync(file->cells) != NFGEO_OK)
		return error_set_errno(error, "cannot sync the open blocks in %s", file->dir);
	return status;
}

static int64_t disk_bytes(const char *path)
{
	struct stat info;

	return lstat(path, &info) || !S_ISREG(info.st_mode) ? -1 : (int64_t)info.st_blocks * 512;
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
		status = create(file, path, NULL, &writer, error);
	if (status != NFGEO_OK)
		return status;
	if (disk_bytes(target) >= 0)
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
	status = nffile_flush(file->writer, error);
	done->totals = *nffile_totals(file->writer);
	history_from_writer(&file->history, file->writer, file->slot.interval_s);
	if (status == NFGEO_OK)
		status = work_path(file, "", work, error);
	else
		work_path(file, "", work, NULL);
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
	if (status != NFGEO_OK) {
		cells_close(file->cells, true); /* what they hold goes with the work file */
		file->cells = NULL;
		keep_aside(file, work, "unfinished");
	}
	done->bytes = disk_bytes(target) - (done->new_file ? 0 : before);
	return status;
}

/* What a dead collector left becomes the file of its slot, behind what that has already. */
static int recover(struct slotfile *file, const char *work, struct slotfile_done *done,
		   struct error *error)
{
	struct nffile_reader *reader;
	const struct slot now = file->slot;
	char target[PATH_MAX];
	int64_t before = -1;
	int status = nffile_open(&reader, work, error);

	if (status != NFGEO_OK)
		return status;
	file->slot = slot_at(nffile_info(reader)->created_s, now.interval_s);
	nffile_close(reader);
	status = final_path(file, done, target, error);
	if (status == NFGEO_OK) {
		before = disk_bytes(target);
		done->new_file = before < 0;
		status = join(file, work, target, error);
	}
	done->bytes = disk_bytes(target) - (before < 0 ? 0 : before);
	if (status != NFGEO_OK)
		keep_aside(file, work, "damaged");
	file->slot = now;
	return status;
}

int slotfile_recover(struct slotfile *file, struct slotfile_done *done, struct error *error)
{
	struct leftover leftover;
	int status;

	*done = (struct slotfile_done){0};
	if (!leftover_find(file->dir, &leftover))
		return 0;
	status = recover(file, leftover.path, done, error);
	/* Without a work file: it died between two slots, and all was written. */
	leftover_close(&leftover, status == NFGEO_OK || status == NFGEO_ENOTFOUND);
	if (status == NFGEO_ENOTFOUND)
		return slotfile_recover(file, done, error);
	return status == NFGEO_OK ? 1 : status;
}
