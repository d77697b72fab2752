/* SPDX-License-Identifier: BSD-3-Clause */
/* file.h - whole files at once: read into private memory, written complete or not at all. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct file_bytes {
	uint8_t *bytes; /* owns; a NUL stands behind the last byte */
	size_t len;
	int64_t modified_s; /* Unix time */
};

/** Read a regular file. @return NFGEO_OK, NFGEO_ENOTFOUND, NFGEO_EIO, NFGEO_ENOMEM, NFGEO_EINVAL
 * for what is no regular file */
int file_read(const char *path, struct file_bytes *file, struct error *error);
void file_bytes_fini(struct file_bytes *file);

struct file_part {
	const void *bytes; /* borrowed */
	size_t len;
};

/** Write the parts one after the other to a file beside `path`, then rename it to `path`. */
int file_replace(const char *path, const struct file_part *part, size_t count, struct error *error);

#endif
