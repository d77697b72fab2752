/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "include/nfgeo.h"

int file_read_at(int fd, void *bytes, size_t len, uint64_t offset)
{
	uint8_t *at = bytes;

	while (len) {
		ssize_t got = pread(fd, at, len, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? NFGEO_EIO : NFGEO_ETRUNCATED;
		at += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return NFGEO_OK;
}

int file_write_at(int fd, const void *bytes, size_t len, uint64_t offset)
{
	const uint8_t *at = bytes;

	while (len) {
		ssize_t put = pwrite(fd, at, len, (off_t)offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0) {
			if (!put)
				errno = ENOSPC;
			return NFGEO_EIO;
		}
		at += put;
		offset += (uint64_t)put;
		len -= (size_t)put;
	}
	return NFGEO_OK;
}

int file_sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	char folder[PATH_MAX] = ".";
	int fd, status;

	if (len >= sizeof(folder))
		return NFGEO_EIO;
	if (slash) {
		memcpy(folder, path, len);
		memcpy(folder + len, len ? "" : "/", len ? 1 : 2);
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return NFGEO_EIO;
	status = fsync(fd) == 0 ? NFGEO_OK : NFGEO_EIO;
	close(fd);
	return status;
}
