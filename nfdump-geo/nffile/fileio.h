/* SPDX-License-Identifier: BSD-3-Clause */
/* fileio.h - whole reads and writes at an offset, and making a file last. */
#ifndef NFFILE_FILEIO_H
#define NFFILE_FILEIO_H

#include <stddef.h>
#include <stdint.h>

/** Read exactly `len` bytes. @return NFGEO_OK, NFGEO_ETRUNCATED (file too short) or NFGEO_EIO */
int file_read_at(int fd, void *bytes, size_t len, uint64_t offset);

/** Write all of them. @return NFGEO_OK or NFGEO_EIO (errno tells) */
int file_write_at(int fd, const void *bytes, size_t len, uint64_t offset);

/** Sync the folder that holds `path`, so that a rename in it survives a crash. */
int file_sync_folder(const char *path);

#endif
