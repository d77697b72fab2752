/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/sumfile.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Path of the sums; false for files that have none. */
static bool sum_path(const char *work_path, char *path, size_t size)
{
	const char *slash = strrchr(work_path, '/');
	const char *name = slash ? slash + 1 : work_path;

	if (strncmp(name, "nfcapd.current", 14) != 0)
		return false;
	return (size_t)snprintf(path, size, "%s.sum", work_path) < size;
}

FILE *sumfile_create(const char *work_path)
{
	char path[PATH_MAX];
	FILE *sums;

	if (!sum_path(work_path, path, sizeof(path)))
		return NULL;
	sums = fopen(path, "we");
	if (sums)
		fputs("# nfdump-geo block sums 1: block, stored bytes, flows, CRC-32C\n", sums);
	return sums;
}

void sumfile_add(FILE *sums, const struct geo_entry *entry)
{
	if (!sums)
		return;
	fprintf(sums, "%" PRIu32 " %" PRIu32 " %" PRIu32 " %08" PRIx32 "\n", entry->ordinal,
		entry->stored_bytes, entry->flow_count, entry->crc);
	fflush(sums);
}

void sumfile_close(FILE *sums)
{
	if (sums)
		fclose(sums);
}

void sumfile_remove(const char *work_path)
{
	char path[PATH_MAX];

	if (sum_path(work_path, path, sizeof(path)))
		unlink(path);
}

uint32_t sumfile_read(const char *work_path, struct geo_entry **out)
{
	char path[PATH_MAX], line[128];
	struct geo_entry *entry = NULL, read = {.families = GEO_HAS_UNKNOWN};
	uint32_t count = 0, capacity = 0;
	int fd = -1;
	FILE *sums;

	*out = NULL;
	if (sum_path(work_path, path, sizeof(path)))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	sums = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (!sums) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (fgets(line, sizeof(line), sums)) {
		/* A line without its end was being written when the writer died. */
		if (*line == '#')
			continue;
		if (!strchr(line, '\n') ||
		    sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNx32, &read.ordinal,
			   &read.stored_bytes, &read.flow_count, &read.crc) != 4 ||
		    read.ordinal != count)
			break;
		if (count == capacity) {
			struct geo_entry *more =
				realloc(entry, (2 * capacity + 64) * sizeof(*entry));

			if (!more)
				break;
			entry = more;
			capacity = 2 * capacity + 64;
		}
		entry[count++] = read;
	}
	fclose(sums);
	*out = entry;
	return count;
}
