/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h" /* _GNU_SOURCE, before all else */

#include "collect/expire.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/rotate.h"

/* --- the file --------------------------------------------------------------------------------- */

static const struct {
	const char *key;
	size_t offset; /* of an 8-byte number in struct nfstat */
} row[] = {
	{"first", offsetof(struct nfstat, first_s)},
	{"last", offsetof(struct nfstat, last_s)},
	{"size", offsetof(struct nfstat, size_bytes)},
	{"maxsize", offsetof(struct nfstat, max_bytes)},
	{"numfiles", offsetof(struct nfstat, file_count)},
	{"lifetime", offsetof(struct nfstat, lifetime_s)},
	{"watermark", offsetof(struct nfstat, watermark)},
	{"status", offsetof(struct nfstat, status)},
};
enum { ROWS = sizeof(row) / sizeof(row[0]), NFSTAT_TEXT = 1024 };

static int nfstat_path(const char *dir, char *path, struct error *error)
{
	if (snprintf(path, PATH_MAX, "%s/.nfstat", dir) >= PATH_MAX)
		return error_set(error, NFGEO_EINVAL, "path is too long: '%.60s...'", dir);
	return NFGEO_OK;
}

/* Open, created when missing, and lock; closing the descriptor unlocks. */
static int nfstat_lock(const char *dir, int *fd, struct error *error)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[PATH_MAX];
	int status = nfstat_path(dir, path, error);

	if (status != NFGEO_OK)
		return status;
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (*fd < 0)
		return error_set_errno(error, "cannot open '%s'", path);
	while (fcntl(*fd, F_SETLKW, &lock))
		if (errno != EINTR) {
			error_set_errno(error, "cannot lock '%s'", path);
			close(*fd);
			return NFGEO_EIO;
		}
	return NFGEO_OK;
}

static void parse_line(struct nfstat *stat, const char *line, size_t len)
{
	for (size_t i = 0; i < ROWS; i++) {
		size_t key_len = strlen(row[i].key);
		uint64_t value;

		if (len <= key_len || line[key_len] != '=' || memcmp(line, row[i].key, key_len))
			continue;
		value = strtoull(line + key_len + 1, NULL, 10);
		memcpy((char *)stat + row[i].offset, &value, sizeof(value));
	}
}

/* Unknown keys and lines are passed over. @return false when there is nothing in the file */
static bool nfstat_parse(int fd, struct nfstat *stat)
{
	char text[NFSTAT_TEXT];
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

	*stat = (struct nfstat){0};
	if (len <= 0)
		return false;
	text[len] = '\0';
	for (const char *line = text; *line;) {
		size_t line_len = strcspn(line, "\n");

		parse_line(stat, line, line_len);
		line += line_len + (line[line_len] == '\n');
	}
	return true;
}

static int nfstat_store(int fd, const struct nfstat *stat, struct error *error)
{
	char text[NFSTAT_TEXT];
	int len = 0;

	for (size_t i = 0; i < ROWS; i++) {
		uint64_t value;

		memcpy(&value, (const char *)stat + row[i].offset, sizeof(value));
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s=%" PRIu64 "\n",
				row[i].key, value);
	}
	/* Longer first, then cut: a reader that does not lock never sees an empty file. */
	if (pwrite(fd, text, (size_t)len, 0) != len || ftruncate(fd, len))
		return error_set_errno(error, "cannot write .nfstat");
	return NFGEO_OK;
}

int nfstat_read(const char *dir, struct nfstat *stat, struct error *error)
{
	char path[PATH_MAX];
	int fd, status = nfstat_path(dir, path, error);

	if (status != NFGEO_OK)
		return status;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return error_set(error, NFGEO_ENOTFOUND, "'%s' does not exist", path);
	if (fd < 0)
		return error_set_errno(error, "cannot open '%s'", path);
	if (!nfstat_parse(fd, stat))
		status = error_set(error, NFGEO_ENOTFOUND, "'%s' is empty", path);
	close(fd);
	return status;
}

int expire_book(const char *dir, int64_t slot_s, int64_t bytes, bool new_file, struct error *error)
{
	struct nfstat stat;
	int fd, status = nfstat_lock(dir, &fd, error);

	if (status != NFGEO_OK)
		return status;
	if (!nfstat_parse(fd, &stat))
		stat = (struct nfstat){.first_s = slot_s, .watermark = EXPIRE_WATERMARK,
				       .status = NFSTAT_REBUILD};
	if (!stat.file_count || slot_s < stat.first_s)
		stat.first_s = slot_s;
	if (slot_s > stat.last_s)
		stat.last_s = slot_s;
	stat.file_count += new_file;
	stat.size_bytes = bytes < 0 && stat.size_bytes < (uint64_t)-bytes
				  ? 0
				  : stat.size_bytes + (uint64_t)bytes;
	status = nfstat_store(fd, &stat, error);
	close(fd);
	return status;
}

/* --- expiry ----------------------------------------------------------------------------------- */

struct data_file {
	char *path; /* owns */
	int64_t slot_s;
	uint64_t bytes;
};

struct data_files {
	struct data_file *file; /* owns */
	size_t count, capacity;
	uint64_t bytes;
};

static void data_files_fini(struct data_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->file[i].path);
	free(files->file);
}

static int add_file(struct data_files *files, const FTSENT *entry, int64_t slot_s)
{
	struct data_file *file;

	if (files->count == files->capacity) {
		size_t capacity = files->capacity ? files->capacity * 2 : 256;

		file = realloc(files->file, capacity * sizeof(*file));
		if (!file)
			return NFGEO_ENOMEM;
		files->file = file;
		files->capacity = capacity;
	}
	file = &files->file[files->count];
	file->path = strdup(entry->fts_accpath);
	if (!file->path)
		return NFGEO_ENOMEM;
	file->slot_s = slot_s;
	file->bytes = (uint64_t)entry->fts_statp->st_blocks * 512;
	files->bytes += file->bytes;
	files->count++;
	return NFGEO_OK;
}

static int by_slot(const void *a, const void *b)
{
	const struct data_file *left = a, *right = b;

	if (left->slot_s != right->slot_s)
		return left->slot_s < right->slot_s ? -1 : 1;
	return strcmp(left->path, right->path);
}

/* All files of finished slots below a directory, oldest first. Everything else is not ours. */
static int scan(const char *dir, struct data_files *files, struct error *error)
{
	char *const root[] = {(char *)dir, NULL};
	FTS *tree = fts_open(root, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	int status = NFGEO_OK;
	FTSENT *entry;
	int64_t slot_s;

	if (!tree)
		return error_set_errno(error, "cannot read directory '%s'", dir);
	while (status == NFGEO_OK && (entry = fts_read(tree)) != NULL)
		if (entry->fts_info == FTS_F && slot_parse(entry->fts_name, &slot_s) == NFGEO_OK)
			status = add_file(files, entry, slot_s);
	fts_close(tree);
	if (status != NFGEO_OK)
		return error_set(error, status, "out of memory expiring '%s'", dir);
	if (files->count)
		qsort(files->file, files->count, sizeof(*files->file), by_slot);
	return NFGEO_OK;
}

/* Remove the directories of a sub-directory layout that have become empty. */
static void remove_empty_above(const char *dir, const char *path)
{
	size_t dir_len = strlen(dir);
	char part[PATH_MAX];
	char *slash;

	snprintf(part, sizeof(part), "%s", path);
	while ((slash = strrchr(part, '/')) != NULL && (size_t)(slash - part) > dir_len) {
		*slash = '\0';
		if (rmdir(part))
			return;
	}
}

/* The oldest files go until the size is at most `bytes` and the oldest slot is `oldest_s`. */
static size_t remove_old(const char *dir, struct data_files *files, uint64_t bytes,
			 int64_t oldest_s, struct expire_result *result)
{
	size_t i;

	for (i = 0; i + 1 < files->count; i++) {
		const struct data_file *file = &files->file[i];

		if (files->bytes <= bytes && file->slot_s >= oldest_s)
			break;
		if (unlink(file->path) && errno != ENOENT)
			break;
		remove_empty_above(dir, file->path);
		files->bytes -= file->bytes;
		result->bytes += file->bytes;
		result->file_count++;
	}
	return i;
}

static uint64_t below(uint64_t limit, uint64_t watermark)
{
	return watermark && watermark <= 100 ? limit / 100 * watermark + limit % 100 * watermark / 100
					     : below(limit, EXPIRE_WATERMARK);
}

static void apply_limits(const char *dir, struct nfstat *stat, struct data_files *files,
			 int64_t now_s, struct expire_result *result)
{
	uint64_t bytes = UINT64_MAX;
	int64_t oldest_s = INT64_MIN;
	size_t removed;

	if (stat->max_bytes && files->bytes >= stat->max_bytes)
		bytes = below(stat->max_bytes, stat->watermark);
	if (stat->lifetime_s && stat->lifetime_s <= INT64_MAX && files->count &&
	    now_s - files->file[0].slot_s > (int64_t)stat->lifetime_s)
		oldest_s = now_s - (int64_t)below(stat->lifetime_s, stat->watermark);
	removed = remove_old(dir, files, bytes, oldest_s, result);
	stat->size_bytes = files->bytes;
	stat->file_count = files->count - removed;
	stat->status = 0;
	if (files->count) {
		stat->first_s = files->file[removed].slot_s;
		stat->last_s = files->file[files->count - 1].slot_s;
	}
}

int expire_run(const char *dir, int64_t now_s, struct expire_result *result, struct error *error)
{
	struct data_files files = {0};
	struct nfstat stat;
	int fd, status = nfstat_lock(dir, &fd, error);

	*result = (struct expire_result){0};
	if (status != NFGEO_OK)
		return status;
	if (!nfstat_parse(fd, &stat))
		stat = (struct nfstat){.watermark = EXPIRE_WATERMARK};
	status = scan(dir, &files, error);
	if (status == NFGEO_OK) {
		apply_limits(dir, &stat, &files, now_s, result);
		status = nfstat_store(fd, &stat, error);
	}
	data_files_fini(&files);
	close(fd);
	return status;
}
