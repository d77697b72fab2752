/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo index - geo blocks (block index, sums by country, cube) for files that have none, or whose
 * are outdated: of stock collectors, of older versions, or changed by programs that do not know
 * them. Not one byte of a record changes, and their order stays.
 */
#include <stdio.h>

#include "nffile/geocube.h"
#include "nffile/geosummary.h"
#include "nffile/host_sketches.h"
#include "programs/nfgeo.h"
#include "programs/rewrite.h"

static const char usage[] =
	"usage: nfgeo index [OPTION]... FILE|DIRECTORY...\n"
	"\n"
	"Give flow files a fresh block index and sums by country, in place: for archives of stock\n"
	"collectors and files that other programs changed. Records and their order stay as they\n"
	"are, and so do the countries in them; `nfgeo tag` stores countries.\n"
	"\n"
	"  -n, --dry-run   say what would be done, and why, and do nothing\n"
	"  -f, --force     also where all is well\n"
	"  -s, --sketches  with sketches of the hosts of each country, for nfgeo totals --hosts\n"
	"  -q, --quiet     no progress bar and no summary\n"
	"  -h, --help      this text\n"
	"\n"
	"Exit status: 0 done, 1 nothing could be done, 2 wrong usage, 3 some files were left alone.\n";

struct indexing {
	struct rewrite rewrite; /* first, so that its functions find the rest */
	size_t wanting; /* files that -n would have indexed */
	uint64_t old_bytes, new_bytes;
};

/* @return why a file wants fresh geo blocks; NULL = it does not */
static const char *what_is_missing(struct nffile_reader *reader, bool sketches)
{
	const struct nffile_info *info = nffile_info(reader);
	const struct geo_summary *summary = nffile_summary(reader);
	struct cube_sum untagged = {0};

	if (!info->block_count)
		return NULL; /* no records, no geo blocks */
	if (!summary)
		return info->geo_bytes ? "its index is outdated" : "no index";
	if (!summary->sealed || !summary->complete)
		return "its index is outdated";
	if (!nffile_add_cube(reader, NULL, &untagged))
		return "no cube";
	return sketches && !nffile_add_sketches(reader, NULL) ? "no sketches of hosts" : NULL;
}

static int decide(struct rewrite *rewrite, struct rewrite_file *file, struct error *error)
{
	struct indexing *indexing = (struct indexing *)rewrite;
	const struct geo_summary *summary = nffile_summary(file->reader);
	const char *why = what_is_missing(file->reader, rewrite->sketches);

	(void)error;
	if (!why && rewrite->force)
		why = "forced";
	if (!why)
		return 0;
	if (rewrite->dry) {
		file_list_clear_bar(&rewrite->list);
		printf("%s: %s\n", file->item->path, why);
		indexing->wanting++;
		return 0;
	}
	file->options.arrival_order = true; /* block by block as they are .. */
	file->options.groups = summary ? summary->groups : 0; /* .. also of a clustered file */
	file->options.sketches |= rewrite->sketches;
	file->changed = true;
	return 1;
}

static void add_sizes(struct rewrite *rewrite, const struct rewrite_file *file)
{
	struct indexing *indexing = (struct indexing *)rewrite;

	indexing->old_bytes += file->item->bytes;
	indexing->new_bytes += file->new_bytes;
}

static void print_summary(const struct rewrite *rewrite)
{
	const struct indexing *indexing = (const struct indexing *)rewrite;

	if (rewrite->dry)
		printf("%zu files would be indexed, %zu are as they should be, %zu cannot be\n",
		       indexing->wanting, rewrite->unchanged_files - indexing->wanting,
		       rewrite->failed_files);
	else
		printf("%zu files indexed (%llu bytes before, %llu now), %zu unchanged, "
		       "%zu left alone\n",
		       rewrite->done_files, (unsigned long long)indexing->old_bytes,
		       (unsigned long long)indexing->new_bytes, rewrite->unchanged_files,
		       rewrite->failed_files);
}

int nfgeo_index(int argc, char **argv)
{
	struct indexing indexing = {.rewrite = {.list.verb = argv[0],
						.word = "index",
						.has_sketches = true,
						.keep_time = true,
						.decide = decide,
						.made = add_sizes,
						.summary = print_summary}};

	return rewrite_main(&indexing.rewrite, usage, argc, argv);
}
