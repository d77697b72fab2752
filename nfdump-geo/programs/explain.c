/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs/explain.h"

#include <inttypes.h>
#include <string.h>

static const char *const ways[SCAN_WAYS] = {
	[SCAN_TESTED] = "read, every record tested",
	[SCAN_UNTESTED] = "read, every record matches",
	[SCAN_TOTALS] = "answered from sums of blocks",
	[SCAN_CUBE] = "answered from sums of files",
	[SCAN_COUNTRY] = "not read: other countries",
	[SCAN_FAMILY] = "not read: other address family",
	[SCAN_TIME] = "not read: other times",
};

/* Of one file, of several, and what to do about it. */
static const struct gap {
	const char *one, *many;
} gaps[SCAN_GAPS] = {
	[GAP_NEVER_CLOSED] = {"file was never closed: its collector still runs, or died",
			      "files were never closed: their collectors still run, or died"},
	[GAP_NO_INDEX] = {"file has no geo blocks: another program wrote it",
			  "files have no geo blocks: other programs wrote them"},
	[GAP_CHANGED] = {"file was changed by another program since its geo blocks were written",
			 "files were changed by other programs since their geo blocks were written"},
	[GAP_UNTAGGED] = {"file has flows without stored countries: `nfgeo tag` stores them",
			  "files have flows without stored countries: `nfgeo tag` stores them"},
	[GAP_NO_SUMS] = {"file has blocks without sums, of too many pairs of countries",
			 "files have blocks without sums, of too many pairs of countries"},
};

enum { NUMBER_BYTES = 32 };

/* 1,234,567; nothing for 0. */
static const char *number(uint64_t value, char *out)
{
	char digits[NUMBER_BYTES];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, value);
	char *at = out;

	for (int i = 0; i < len && value; i++) {
		*at++ = digits[i];
		if ((len - 1 - i) % 3 == 0 && i < len - 1)
			*at++ = ',';
	}
	*at = '\0';
	return out;
}

static const char *size(uint64_t bytes, char *out)
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	unsigned i = 0;

	for (; value >= 1000 && i < 4; i++)
		value /= 1024;
	*out = '\0';
	if (bytes)
		snprintf(out, NUMBER_BYTES, i ? "%.1f %s" : "%.0f %s", value, unit[i]);
	return out;
}

static void print_row(const char *what, const struct scan_count *count, uint64_t all_bytes, FILE *out)
{
	char files[NUMBER_BYTES], blocks[NUMBER_BYTES], flows[NUMBER_BYTES], bytes[NUMBER_BYTES];

	fprintf(out, "%-31s %8s %10s %15s %11s %6.1f%%\n", what, number(count->files, files),
		number(count->blocks, blocks), number(count->flows, flows),
		size(count->bytes, bytes),
		all_bytes ? 100 * (double)count->bytes / (double)all_bytes : 0);
}

static struct scan_count sum_up(const struct scan_books *books)
{
	struct scan_count all = {0};

	for (unsigned i = 0; i < SCAN_WAYS; i++) {
		all.files += books->way[i].files;
		all.blocks += books->way[i].blocks;
		all.flows += books->way[i].flows;
		all.bytes += books->way[i].bytes;
	}
	return all;
}

static bool is_empty(const struct scan_count *count)
{
	return !count->files && !count->blocks;
}

void explain_print(const struct scan_result *result, FILE *out)
{
	const struct scan_books *books = &result->books;
	struct scan_count all = sum_up(books);
	unsigned rows = 0;

	fprintf(out, "%-31s %8s %10s %15s %11s %7s\n", "How this was answered", "Files", "Blocks",
		"Flows", "On disk", "Share");
	for (unsigned i = 0; i < SCAN_WAYS; i++) {
		if (is_empty(&books->way[i]))
			continue;
		print_row(ways[i], &books->way[i], all.bytes, out);
		rows++;
	}
	if (rows > 1)
		print_row("together", &all, all.bytes, out);
	for (unsigned i = 0; i < SCAN_GAPS; i++) {
		char text[NUMBER_BYTES];

		if (books->gap[i])
			fprintf(out, "%s %s\n", number(books->gap[i], text),
				books->gap[i] == 1 ? gaps[i].one : gaps[i].many);
	}
}
