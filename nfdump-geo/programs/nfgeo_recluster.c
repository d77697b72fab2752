/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo recluster - files that are in order of arrival are written again by country, so that a
 * question about a country reads little more than its answer (doc/file-format.md "Clustered
 * files"). The groups are made from the file's own sums. Records stay as they are, byte for byte;
 * only their order changes.
 */
#include <stdio.h>

#include "nffile/geosummary.h"
#include "nffile/grid.h"
#include "programs/nfgeo.h"
#include "programs/rewrite.h"

static const char usage[] =
	"usage: nfgeo recluster [OPTION]... FILE|DIRECTORY...\n"
	"\n"
	"Put the records of flow files into blocks by country, in place, with fresh block index\n"
	"and sums: questions about countries then read little more than their answer, and files\n"
	"get smaller. Countries must be stored: see `nfgeo tag`.\n"
	"\n"
	"  -n, --dry-run  write each file aside, say what it would save, and drop it again\n"
	"  -f, --force    also files that are clustered\n"
	"  -q, --quiet    no progress bar and no summary\n"
	"  -h, --help     this text\n"
	"\n"
	"Exit status: 0 done, 1 nothing could be done, 2 wrong usage, 3 some files were left alone.\n";

enum { FLOWS_MIN = 2000 }; /* fewer make one cell */

struct reclustering {
	struct rewrite rewrite; /* first, so that its functions find the rest */
	struct grid_shares shares; /* of the file in work */
	double read_before;	   /* of it */
	uint64_t old_bytes, new_bytes;
	double old_read, new_read; /* bytes that a question reads, of all files */
};

/*
 * What part of a file a question about a source country reads, by its index: each country's blocks,
 * countries weighted by their flows, as people ask most about what they see most.
 */
static double part_read(const struct geo_summary *summary, uint64_t file_bytes)
{
	double read = 0, flows = 0;

	if (!summary || !summary->complete || !file_bytes)
		return 1;
	for (unsigned code = 0; code < COUNTRY_CODES; code++) {
		double weight = (double)summary->totals.src[code].flows, bytes = 0;

		if (weight == 0)
			continue;
		for (uint32_t i = 0; i < summary->entry_count; i++)
			if (country_set_has(summary->entry[i].src, (uint16_t)code))
				bytes += summary->entry[i].stored_bytes;
		read += weight * bytes / (double)file_bytes;
		flows += weight;
	}
	return flows > 0 ? read / flows : 1;
}

/* @return why a file stays as it is; NULL = it does not */
static const char *reason_to_stay(const struct reclustering *all,
				  const struct geo_summary *summary, const struct nffile_info *info)
{
	if (!info->block_count)
		return "no flows";
	if (!summary || !summary->complete)
		return NULL;
	if (summary->groups > 1 && !all->rewrite.force)
		return "clustered already";
	if (summary->totals.flow_records < FLOWS_MIN)
		return "too few flows for blocks by country";
	if (summary->totals.untagged.flows == summary->totals.flow_records)
		return "no countries stored: nfgeo tag stores them";
	return NULL;
}

static int decide(struct rewrite *rewrite, struct rewrite_file *file, struct error *error)
{
	struct reclustering *all = (struct reclustering *)rewrite;
	const struct geo_summary *summary = nffile_summary(file->reader);
	const char *why = reason_to_stay(all, summary, nffile_info(file->reader));

	(void)error;
	if (why) {
		if (rewrite->dry) {
			file_list_clear_bar(&rewrite->list);
			printf("%s: stays: %s\n", file->item->path, why);
		}
		return 0;
	}
	if (summary && summary->complete) { /* else the first records tell */
		for (unsigned code = 0; code < COUNTRY_CODES; code++) {
			all->shares.src[code] = (uint32_t)summary->totals.src[code].flows;
			all->shares.dst[code] = (uint32_t)summary->totals.dst[code].flows;
		}
		file->options.shares = &all->shares;
		file->options.expected_flows = summary->totals.flow_records;
	}
	all->read_before = part_read(summary, file->item->bytes);
	file->changed = true;
	return 1;
}

static double saved(double before, double after)
{
	return before > 0 ? 100 * (1 - after / before) : 0;
}

static void look_at_new(struct rewrite *rewrite, const struct rewrite_file *file)
{
	struct reclustering *all = (struct reclustering *)rewrite;
	struct nffile_reader *reader;
	double read = 1;

	if (nffile_open(&reader, file->work, NULL) == NFGEO_OK) {
		read = part_read(nffile_summary(reader), file->new_bytes);
		nffile_close(reader);
	}
	all->old_bytes += file->item->bytes;
	all->new_bytes += file->new_bytes;
	all->old_read += all->read_before * (double)file->item->bytes;
	all->new_read += read * (double)file->new_bytes;
	if (!rewrite->dry)
		return;
	file_list_clear_bar(&rewrite->list);
	printf("%s: %llu bytes, would be %llu (%.1f %% saved); a question about a country reads "
	       "%.1f %% of it, would read %.1f %%\n",
	       file->item->path, (unsigned long long)file->item->bytes,
	       (unsigned long long)file->new_bytes,
	       saved((double)file->item->bytes, (double)file->new_bytes), 100 * all->read_before,
	       100 * read);
}

static void print_summary(const struct rewrite *rewrite)
{
	const struct reclustering *all = (const struct reclustering *)rewrite;

	printf("%zu files %s, %zu %s, %zu left alone\n", rewrite->done_files,
	       rewrite->dry ? "would be clustered" : "clustered", rewrite->unchanged_files,
	       rewrite->dry ? "stay" : "unchanged", rewrite->failed_files);
	if (rewrite->done_files)
		printf("%llu bytes before, %llu after (%.1f %% saved); a question about a country reads "
		       "%.0f bytes, %.0f after (%.1f %% saved)\n",
		       (unsigned long long)all->old_bytes, (unsigned long long)all->new_bytes,
		       saved((double)all->old_bytes, (double)all->new_bytes), all->old_read,
		       all->new_read, saved(all->old_read, all->new_read));
}

int nfgeo_recluster(int argc, char **argv)
{
	static struct reclustering all; /* its shares are large */

	all.rewrite = (struct rewrite){.list.verb = argv[0],
				       .word = "recluster",
				       .keep_time = true,
				       .decide = decide,
				       .made = look_at_new,
				       .summary = print_summary};
	return rewrite_main(&all.rewrite, usage, argc, argv);
}
