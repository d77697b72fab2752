/* SPDX-License-Identifier: BSD-3-Clause */
/* A database of AS numbers from anybody: refused, or read to the end; then every question has an
 * answer of a size that output is made for. */
#define _GNU_SOURCE /* memfd_create() */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "geo/asdb.h"
#include "include/nfgeo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(uint64_t high, uint64_t low)
{
	const char *name = asdb_name(asdb_number(high, low));

	if (strlen(name) > ASDB_NAME_MAX || strpbrk(name, "\n\t\r\033"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("asdb", 0);
	struct error error;
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (asdb_open(path, &error) == NFGEO_OK) {
		for (unsigned i = 0; i < 64; i++) {
			ask(0, 1u << i % 32);
			ask(1ull << i, 7);
			ask(0, ~(1ull << i) & 0xffffffff);
		}
		asdb_close();
	} else if (asdb_is_open()) {
		abort();
	}
	close(fd);
	return 0;
}
