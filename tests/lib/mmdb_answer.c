/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmdb_answer DATABASE - libmaxminddb's own answer for each address on standard input, to compare
 * ours with: "ADDRESS CODE" a line, CODE being country.iso_code or country_code, else "-".
 */
#include <maxminddb.h>
#include <stdio.h>
#include <string.h>

static const char *const nested[] = {"country", "iso_code", NULL};
static const char *const flat[] = {"country_code", NULL};

static void print_answer(MMDB_s *mmdb, const char *text)
{
	const char *const *const path[] = {nested, flat};
	MMDB_lookup_result_s result;
	MMDB_entry_data_s entry;
	int gai_error, mmdb_error;

	result = MMDB_lookup_string(mmdb, text, &gai_error, &mmdb_error);
	for (int i = 0; i < 2 && result.found_entry && !gai_error && !mmdb_error; i++) {
		if (MMDB_aget_value(&result.entry, &entry, path[i]) != MMDB_SUCCESS)
			continue;
		if (entry.has_data && entry.type == MMDB_DATA_TYPE_UTF8_STRING) {
			printf("%s %.*s\n", text, (int)entry.data_size, entry.utf8_string);
			return;
		}
	}
	printf("%s -\n", text);
}

int main(int argc, char **argv)
{
	char line[128];
	MMDB_s mmdb;
	int status;

	if (argc != 2) {
		fprintf(stderr, "usage: mmdb_answer DATABASE <ADDRESSES\n");
		return 2;
	}
	status = MMDB_open(argv[1], MMDB_MODE_MMAP, &mmdb);
	if (status != MMDB_SUCCESS) {
		fprintf(stderr, "mmdb_answer: %s: %s\n", argv[1], MMDB_strerror(status));
		return 1;
	}
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		print_answer(&mmdb, line);
	}
	MMDB_close(&mmdb);
	return 0;
}
