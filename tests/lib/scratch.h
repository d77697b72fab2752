/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * scratch.h - a folder of a unit test's own, and small files in it. Fixtures for cmocka: the folder
 * is made before a test (or a group of tests) and removed with all that is in it afterwards.
 */
#ifndef TESTS_LIB_SCRATCH_H
#define TESTS_LIB_SCRATCH_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* cmocka.h wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static char scratch_folder[32];

/** Path of a file in the folder; good for the next 15 calls. */
static inline const char *scratch_path(const char *name)
{
	static char path[16][160];
	static unsigned next;
	char *out = path[next++ % 16];

	snprintf(out, sizeof(path[0]), "%s/%s", scratch_folder, name);
	return out;
}

static inline int scratch_make(void **state)
{
	(void)state;
	strcpy(scratch_folder, "/tmp/nfgeo-unit-XXXXXX");
	return mkdtemp(scratch_folder) ? 0 : -1;
}

/* The name is ours: nothing in it needs quoting. */
static inline int scratch_drop(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", scratch_folder);
	return system(command);
}

/** Write a whole file. @return its path */
static inline const char *scratch_put_bytes(const char *name, const void *bytes, size_t len)
{
	const char *path = scratch_path(name);
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	return path;
}

static inline const char *scratch_put(const char *name, const char *text)
{
	return scratch_put_bytes(name, text, strlen(text));
}

/** Read a whole file; the caller frees. */
static inline uint8_t *scratch_get(const char *name, size_t *len)
{
	FILE *file = fopen(scratch_path(name), "rb");
	struct stat info;
	uint8_t *bytes;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &info), 0);
	*len = (size_t)info.st_size;
	bytes = malloc(*len + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, *len, file), *len);
	fclose(file);
	return bytes;
}

/** Change one byte in place: rewriting the file for each of many would be slow. */
static inline void scratch_put_byte(const char *name, size_t at, uint8_t byte)
{
	int fd = open(scratch_path(name), O_WRONLY);

	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
	close(fd);
}

static inline int scratch_exists(const char *name)
{
	return access(scratch_path(name), F_OK) == 0;
}

#endif
