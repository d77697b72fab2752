/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * replay.c - main() of a fuzz harness in a plain build: every file of its corpus, and that file cut
 * at up to 64 places, goes through LLVMFuzzerTestOneInput. Prints TAP.
 *
 * Each input lies in a heap block of exactly its size, so that a sanitizer sees a read past its end.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CUTS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void feed(const uint8_t *bytes, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	if (!exact)
		abort();
	if (len)
		memcpy(exact, bytes, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

/* @return 0, or -1 when the file cannot be read */
static int replay_file(const char *path)
{
	struct stat st;
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	size_t len, step;
	int result = -1;

	if (!file || fstat(fileno(file), &st) || !S_ISREG(st.st_mode))
		goto done;
	len = (size_t)st.st_size;
	bytes = malloc(len ? len : 1);
	if (!bytes || fread(bytes, 1, len, file) != len)
		goto done;
	feed(bytes, len);
	step = len / CUTS + 1;
	for (size_t cut = 0; cut < len; cut += step)
		feed(bytes, cut);
	result = 0;
done:
	free(bytes);
	if (file)
		fclose(file);
	return result;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	struct dirent **entry;
	char path[4096];
	int count, failed = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
		return 2;
	}
	count = scandir(argv[1], &entry, visible, alphasort);
	if (count <= 0) {
		printf("1..1\nnot ok 1 - no corpus in %s\n", argv[1]);
		return 1;
	}
	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		int bad;

		snprintf(path, sizeof(path), "%s/%s", argv[1], entry[i]->d_name);
		bad = replay_file(path);
		printf("%s %d - %s\n", bad ? "not ok" : "ok", i + 1, entry[i]->d_name);
		fflush(stdout); /* what a crash was about stands last */
		failed |= bad;
		free(entry[i]);
	}
	free(entry);
	return failed ? 1 : 0;
}
