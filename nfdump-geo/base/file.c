/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_NONBLOCK: opening a named pipe nobody writes to must not hang. */
static int open_regular(const char *path, struct stat *status, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return error_set(error, NFGEO_ENOTFOUND, "%s: no such file", path);
	if (fd < 0 || fstat(fd, status) < 0) {
		error_set_errno(error, "cannot open %s", path);
		if (fd >= 0)
			close(fd);
		return NFGEO_EIO;
	}
	if (!S_ISREG(status->st_mode)) {
		close(fd);
		return error_set(error, NFGEO_EINVAL, "%s is not a regular file", path);
	}
	return fd;
}

static int read_all(int fd, const char *path, struct file_bytes *file, struct error *error)
{
	size_t done = 0;

	while (done < file->len) {
		ssize_t got = read(fd, file->bytes + done, file->len - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(error, "cannot read %s", path);
		if (got == 0)
			return error_set(error, NFGEO_ETRUNCATED,
					 "%s became shorter while it was read: try again", path);
		done += (size_t)got;
	}
	return NFGEO_OK;
}

int file_read(const char *path, struct file_bytes *file, struct error *error)
{
	struct stat status;
	int fd = open_regular(path, &status, error), code;

	*file = (struct file_bytes){0};
	if (fd < 0)
		return fd;
	file->len = (size_t)status.st_size;
	file->modified_s = status.st_mtime;
	file->bytes = malloc(file->len + 1);
	if (file->bytes) {
		file->bytes[file->len] = '\0';
		code = read_all(fd, path, file, error);
	} else {
		code = error_set(error, NFGEO_ENOMEM, "%s: no memory for its %zu bytes", path,
				 file->len);
	}
	close(fd);
	if (code)
		file_bytes_fini(file);
	return code;
}

void file_bytes_fini(struct file_bytes *file)
{
	free(file->bytes);
	*file = (struct file_bytes){0};
}

static int write_all(int fd, const struct file_part *part)
{
	size_t done = 0;

	while (done < part->len) {
		ssize_t put = write(fd, (const uint8_t *)part->bytes + done, part->len - done);

		if (put < 0 && errno != EINTR)
			return NFGEO_EIO;
		if (put > 0)
			done += (size_t)put;
	}
	return NFGEO_OK;
}

static int write_parts(int fd, const struct file_part *part, size_t count)
{
	int code = NFGEO_OK;

	for (size_t i = 0; !code && i < count; i++)
		code = write_all(fd, &part[i]);
	if (!code && fsync(fd) < 0)
		code = NFGEO_EIO;
	if (close(fd) < 0)
		code = NFGEO_EIO;
	return code;
}

int file_replace(const char *path, const struct file_part *part, size_t count, struct error *error)
{
	char *beside;
	int fd, code;

	if (asprintf(&beside, "%s.%ld.tmp", path, (long)getpid()) < 0)
		return error_set(error, NFGEO_ENOMEM, "cannot write %s: out of memory", path);
	unlink(beside); /* of a process that died and had our number */
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0) {
		code = error_set_errno(error, "cannot create a file beside %s", path);
	} else if (write_parts(fd, part, count) || rename(beside, path) < 0) {
		code = error_set_errno(error, "cannot write %s", path);
		unlink(beside);
	} else {
		code = NFGEO_OK;
	}
	free(beside);
	return code;
}
