/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * records [-c] FILE... - print the records of uncompressed nfdump files in the text form of the
 * .records vectors. It reads files with nothing of the product, so that it can judge both.
 *
 * -c  only the number of flow records
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "flow/record.h"
#include "tests/lib/dump.h"

enum { FILE_HEADER = 40, BLOCK_HEADER = 12 };

static uint8_t *load(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	long size;

	if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0 ||
	    fseek(file, 0, SEEK_SET) || !(bytes = malloc((size_t)size + 1)) ||
	    fread(bytes, 1, (size_t)size, file) != (size_t)size) {
		perror(path);
		exit(1);
	}
	fclose(file);
	*len = (size_t)size;
	return bytes;
}

static void broken(const char *path, const char *what)
{
	fprintf(stderr, "%s: %s\n", path, what);
	exit(1);
}

static unsigned long count_flows(const struct block *block)
{
	struct block_cursor cursor = block_cursor(block);
	unsigned long flows = 0;
	const uint8_t *record;
	size_t len;

	while (block_next(&cursor, &record, &len) > 0)
		flows += bytes_get16(record) == RECORD_FLOW;
	return flows;
}

/* All record blocks of a file; array blocks and the appendix are left out. */
static unsigned long one_file(const char *path, bool only_count)
{
	size_t len, at = FILE_HEADER;
	uint8_t *bytes = load(path, &len);
	unsigned long flows = 0;
	uint32_t blocks;

	if (len < FILE_HEADER || bytes_get16(bytes) != 0xa50c || bytes[16])
		broken(path, "no uncompressed nfdump file");
	blocks = bytes_get32(bytes + 36);
	for (uint32_t i = 0; i < blocks; i++) {
		struct dump dump = {0};

		if (len - at < BLOCK_HEADER || bytes_get32(bytes + at + 4) > len - at - BLOCK_HEADER)
			broken(path, "block beyond the end");
		dump.block.record_count = bytes_get32(bytes + at);
		dump.block.used = bytes_get32(bytes + at + 4);
		dump.block.bytes = bytes + at + BLOCK_HEADER;
		if (bytes_get16(bytes + at + 8) == BLOCK_RECORDS) {
			flows += count_flows(&dump.block);
			if (!only_count)
				dump_print(&dump, stdout);
		}
		at += BLOCK_HEADER + dump.block.used;
	}
	free(bytes);
	return flows;
}

int main(int argc, char **argv)
{
	bool only_count = argc > 1 && !strcmp(argv[1], "-c");
	unsigned long flows = 0;
	int i = only_count ? 2 : 1;

	if (i >= argc) {
		fprintf(stderr, "usage: records [-c] FILE...\n");
		return 2;
	}
	for (; i < argc; i++)
		flows += one_file(argv[i], only_count);
	if (only_count)
		printf("%lu\n", flows);
	return 0;
}
