/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo tag - stamp countries into existing flow files, stock nfcapd's or ours: every flow record
 * that has addresses gets a geo tail. Every other byte of every record and the records that are no
 * flows stay (programs/rewrite.h says what else).
 */
#include <getopt.h>
#include <stdio.h>

#include "geo/reload.h"
#include "geo/tag.h"
#include "programs/nfgeo.h"
#include "programs/rewrite.h"
#include "query/databases.h"

static const char usage[] =
	"usage: nfgeo tag [OPTION]... FILE|DIRECTORY...\n"
	"\n"
	"Stamp the countries of both addresses into the records of flow files, in place. Records\n"
	"that have countries keep them. Also as the hook of a stock collector:\n"
	"\n"
	"  nfcapd -w /data -x 'nfgeo tag -q %d/%f'\n"
	"\n"
	"  -w, --write DIR       leave the files alone, write tagged copies below DIR\n"
	"  -r, --restamp         replace countries that are there\n"
	"  -R, --refresh         the same, but leave files alone that this database tagged\n"
	"  -z, --compress CODEC  none, lzo, bz2, lz4, zstd (default: as the file is)\n"
	"  -G, --geodb FILE      country database\n"
	"  -C, --config FILE     configuration file; none for no configuration\n"
	"  -q, --quiet           no progress bar and no summary\n"
	"  -h, --help            this text\n"
	"\n"
	"Exit status: 0 done, 1 nothing could be done, 2 wrong usage, 3 some files were left alone.\n";

static const struct option options[] = {
	{"write", required_argument, NULL, 'w'},    {"restamp", no_argument, NULL, 'r'},
	{"refresh", no_argument, NULL, 'R'},	    {"compress", required_argument, NULL, 'z'},
	{"geodb", required_argument, NULL, 'G'},    {"config", required_argument, NULL, 'C'},
	{"quiet", no_argument, NULL, 'q'},	    {"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct tagging {
	struct rewrite rewrite; /* first, so that its functions find the rest */
	const char *geodb, *config;
	bool restamp, refresh, has_codec;
	bool restamp_file; /* the one in work */
	enum codec codec;
	int level;
	struct geo_source *source; /* owns */
	struct geo_table *table;   /* owns */
	uint64_t tagged_records;
	struct block out; /* its memory is kept from file to file */
};

static int decide(struct rewrite *rewrite, struct rewrite_file *file, struct error *error)
{
	struct tagging *tagging = (struct tagging *)rewrite;
	bool recode = tagging->has_codec && tagging->codec != file->options.codec;

	(void)error;
	if (tagging->has_codec) {
		file->options.codec = tagging->codec;
		file->options.level = tagging->level;
	}
	file->changed = recode;
	tagging->restamp_file = tagging->restamp;
	if (!tagging->refresh)
		return 1;
	switch (databases_tagged_by(file->reader, geo_table_provenance(tagging->table))) {
	case TAGGED_WHOLLY:
		return recode || rewrite->write_dir;
	case TAGGED_PARTLY:
		tagging->restamp_file = false;
		break;
	case TAGGED_OTHERWISE:
		tagging->restamp_file = true;
		break;
	}
	return 1;
}

static int tag_one(struct rewrite *rewrite, struct rewrite_file *file, const struct block *in,
		   const struct block **out, struct error *error)
{
	struct tagging *tagging = (struct tagging *)rewrite;
	uint64_t count;
	int status = tag_copy(in, tagging->table, tagging->restamp_file, &tagging->out, &count);

	if (status != NFGEO_OK)
		return error_set(error, status, "%.300s: block %u: %s", file->item->path,
				 rewrite->raw.ordinal, nfgeo_strerror(status));
	file->records += count;
	file->changed |= count != 0;
	*out = &tagging->out;
	return NFGEO_OK;
}

static void count_records(struct rewrite *rewrite, const struct rewrite_file *file)
{
	((struct tagging *)rewrite)->tagged_records += file->records;
}

static void print_summary(const struct rewrite *rewrite)
{
	const struct tagging *tagging = (const struct tagging *)rewrite;

	printf("%zu files tagged (%llu records), %zu unchanged, %zu left alone\n",
	       rewrite->done_files, (unsigned long long)tagging->tagged_records,
	       rewrite->unchanged_files, rewrite->failed_files);
}

static int open_database(struct tagging *tagging)
{
	const char *verb = tagging->rewrite.list.verb;
	struct geo_settings settings = {.option = tagging->geodb};
	struct conf *conf = NULL;
	struct error error = {.text = "nothing to tag with: the country database is switched off"};
	int status = nfgeo_conf(verb, tagging->config, &conf);

	if (status != EXIT_DONE)
		return status;
	settings.conf = conf;
	if (geo_source_open(&tagging->source, &settings, &error) == NFGEO_OK && tagging->source)
		tagging->table = geo_source_table(tagging->source);
	conf_free(conf);
	if (tagging->table)
		return EXIT_DONE;
	common_complain(verb, "%s", error.text);
	return EXIT_FAILED;
}

static int take_codec(struct tagging *tagging, const char *text)
{
	const char *verb = tagging->rewrite.list.verb;
	struct error error;

	tagging->has_codec = true;
	if (codec_parse(*text == '=' ? text + 1 : text, &tagging->codec, &tagging->level,
			&error) == NFGEO_OK)
		return EXIT_DONE;
	common_complain(verb, "%s", error.text);
	return nfgeo_usage(verb);
}

/* @return EXIT_DONE, the exit status, or -1 after -h */
static int parse_options(struct tagging *tagging, int argc, char **argv)
{
	int option, status = EXIT_DONE;

	while (status == EXIT_DONE &&
	       (option = getopt_long(argc, argv, "w:rRz:G:C:qh", options, NULL)) != -1)
		switch (option) {
		case 'w':
			tagging->rewrite.write_dir = optarg;
			break;
		case 'r':
			tagging->restamp = true;
			break;
		case 'R':
			tagging->refresh = true;
			break;
		case 'z':
			status = take_codec(tagging, optarg);
			break;
		case 'G':
			tagging->geodb = optarg;
			break;
		case 'C':
			tagging->config = optarg;
			break;
		case 'q':
			tagging->rewrite.quiet = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return -1;
		default:
			status = nfgeo_usage(argv[0]);
		}
	return status;
}

int nfgeo_tag(int argc, char **argv)
{
	struct tagging tagging = {.rewrite = {.list.verb = argv[0],
					      .word = "tag",
					      .decide = decide,
					      .block = tag_one,
					      .made = count_records,
					      .summary = print_summary}};
	struct rewrite *rewrite = &tagging.rewrite;
	int status = parse_options(&tagging, argc, argv);

	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	status = rewrite_arguments(rewrite, argc, argv);
	if (status == EXIT_DONE)
		status = open_database(&tagging);
	if (status == EXIT_DONE)
		status = rewrite_run(rewrite);
	rewrite_fini(rewrite);
	block_fini(&tagging.out);
	if (tagging.table)
		geo_table_unref(tagging.table);
	geo_source_close(tagging.source);
	return status;
}
