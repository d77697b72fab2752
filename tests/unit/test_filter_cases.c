/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_filter_cases.c - run the *.test files of tests/filter and print TAP.
 *
 * A case is three lines: filter, flow (tests/lib/flow_text.h; "same" as in the case before), true
 * or false. After "FAIL" it is two lines: a filter and the first line of the message it must be refused with. Blank lines
 * separate cases; a line that starts with "## " is a comment.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"
#include "tests/lib/flow_text.h"

struct reader {
	FILE *file;
	const char *name;
	unsigned line;
};

static unsigned tests, failures;

static void result(bool ok, const struct reader *reader, const char *what)
{
	tests++;
	failures += !ok;
	printf("%s %u - %s:%u %s\n", ok ? "ok" : "not ok", tests, reader->name, reader->line, what);
}

/* Next line without its newline; NULL at the end. Comments are passed over. */
static char *next_line(struct reader *reader, char *text, int capacity)
{
	do {
		if (!fgets(text, capacity, reader->file))
			return NULL;
		reader->line++;
		text[strcspn(text, "\n")] = '\0';
	} while (strncmp(text, "## ", 3) == 0);
	return text;
}

static void run_match(const struct reader *reader, const char *text, const char *flow,
		      const char *expected)
{
	uint8_t record[4096];
	struct filter_context context;
	struct error error = {0};
	struct record_view view;
	struct filter *filter;
	char ident[64];
	size_t len = flow_text_record(flow, record, sizeof(record), ident, &context, &error);
	bool want = strcmp(expected, "true") == 0;

	record_view_init(&view);
	if (!len || record_view(&view, record, len) != NFGEO_OK ||
	    (!want && strcmp(expected, "false") != 0) ||
	    filter_compile(&filter, text, NULL, &error) != NFGEO_OK) {
		result(false, reader, text);
		printf("# %s\n", error.text);
		return;
	}
	result(filter_match(filter, &view, &context, NULL) == want, reader, text);
	filter_free(filter);
}

static void run_refused(const struct reader *reader, const char *text, const char *message)
{
	struct error error = {0};
	struct filter *filter;
	int code = filter_compile(&filter, text, NULL, &error);

	error.text[strcspn(error.text, "\n")] = '\0';
	result(code != NFGEO_OK && strcmp(error.text, message) == 0, reader, text);
	if (code == NFGEO_OK || strcmp(error.text, message) != 0)
		printf("# wanted: %s\n# got:    %s\n", message,
		       code == NFGEO_OK ? "a filter" : error.text);
	filter_free(filter);
}

static void run_file(const char *path)
{
	char first[1024], second[1024], third[1024], flow[1024] = "";
	const char *slash = strrchr(path, '/');
	struct reader reader = {fopen(path, "r"), slash ? slash + 1 : path, 0};

	if (!reader.file) {
		result(false, &reader, "cannot be read");
		return;
	}
	while (next_line(&reader, first, sizeof(first))) {
		bool refused = strcmp(first, "FAIL") == 0;

		if (!*first)
			continue;
		if (!next_line(&reader, second, sizeof(second)) ||
		    !next_line(&reader, third, sizeof(third))) {
			result(false, &reader, "the last case is cut short");
			break;
		}
		if (refused) {
			run_refused(&reader, second, third);
			continue;
		}
		if (strcmp(second, "same") != 0)
			strcpy(flow, second);
		run_match(&reader, first, flow, third);
	}
	fclose(reader.file);
}

int main(void)
{
	const char *source = getenv("srcdir");
	char pattern[4096];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/tests/filter/*.test", source ? source : ".");
	if (glob(pattern, 0, NULL, &found) != 0) {
		printf("1..1\nnot ok 1 - no cases: %s\n", pattern);
		return 1;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		run_file(found.gl_pathv[i]);
	globfree(&found);
	printf("1..%u\n", tests);
	return failures ? 1 : 0;
}
