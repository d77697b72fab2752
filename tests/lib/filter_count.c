/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: filter_count [-d | -a] [FILE...] <FILTERS
 *
 * For each line of standard input, a filter: print how many flow records of the files match, or
 * the first line of the error. -d: print the compiled steps instead of the number. -a: all of
 * standard input is one filter, errors are printed whole.
 * Each file is a run of its own: "count" starts again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"
#include "flow/block.h"
#include "nffile/reader.h"


enum { FILES_MAX = 16 };

struct file {
	char ident[256];
	struct block *blocks;
	size_t count;
};

static struct file files[FILES_MAX];

static void die(const struct error *error)
{
	fprintf(stderr, "filter_count: %s\n", error->text);
	exit(1);
}

static void load(struct file *file, const char *path)
{
	struct error error = {0};
	struct nffile_reader *reader;
	int result;

	if (nffile_open(&reader, path, &error) != NFGEO_OK)
		die(&error);
	snprintf(file->ident, sizeof(file->ident), "%s", nffile_info(reader)->ident);
	do {
		file->blocks = realloc(file->blocks, (file->count + 1) * sizeof(*file->blocks));
		if (!file->blocks)
			abort();
		if (block_init(&file->blocks[file->count], BLOCK_WRITE_BYTES) != NFGEO_OK)
			abort();
		result = nffile_next(reader, &file->blocks[file->count++], &error);
		if (result < 0)
			die(&error);
	} while (result);
	nffile_close(reader);
}

static uint64_t count_block(const struct filter *filter, const struct block *block,
			    struct filter_context *context)
{
	struct block_cursor cursor = block_cursor(block);
	struct record_view view;
	const uint8_t *record;
	uint64_t matches = 0;
	size_t len;

	record_view_init(&view);
	while (block_next(&cursor, &record, &len) > 0) {
		if (bytes_get16(record) != RECORD_FLOW || record_view(&view, record, len) != NFGEO_OK)
			continue;
		context->record_count++;
		matches += filter_match(filter, &view, context, NULL);
	}
	return matches;
}

static uint64_t count_files(const struct filter *filter)
{
	uint64_t matches = 0;

	for (int i = 0; i < FILES_MAX; i++) {
		struct filter_context context = {.ident = files[i].ident};

		for (size_t k = 0; k < files[i].count; k++)
			matches += count_block(filter, &files[i].blocks[k], &context);
	}
	return matches;
}

int main(int argc, char **argv)
{
	bool dump = argc > 1 && strcmp(argv[1], "-d") == 0;
	bool whole = argc > 1 && strcmp(argv[1], "-a") == 0;
	char *line = NULL;
	size_t capacity = 0;
	ssize_t len;

	for (int i = 1 + (dump || whole); i < argc && i <= FILES_MAX; i++)
		load(&files[i - 1], argv[i]);
	while ((len = getdelim(&line, &capacity, whole ? 0 : '\n', stdin)) > 0) {
		struct error error = {0};
		struct filter *filter;

		if (line[len - 1] == '\n' && !whole)
			line[len - 1] = '\0';
		if (filter_compile(&filter, line, NULL, &error) != NFGEO_OK)
			printf("%.*s\n", whole ? (int)sizeof(error.text) : (int)strcspn(error.text, "\n"),
			       error.text);
		else if (dump)
			filter_dump(filter, stdout);
		else
			printf("%llu\n", (unsigned long long)count_files(filter));
		filter_free(filter);
	}
	free(line);
	return 0;
}
