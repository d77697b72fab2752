/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo verify - whole archives as `nfdump -v` verifies a file: structure, checksums, block index
 * and sums against the records; and with -G, the stored countries against a database. What was
 * tagged by that very database must agree with it: if not, it is damage.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "geo/reload.h"
#include "geo/tag.h"
#include "programs/file_list.h"
#include "programs/moved_report.h"
#include "programs/nfdump_verify.h"
#include "programs/nfgeo.h"

static const char usage[] =
	"usage: nfgeo verify [OPTION]... FILE|DIRECTORY...\n"
	"\n"
	"Read flow files to their last byte and compare what they say of themselves with the\n"
	"records that are in them. Damage is named; what is readable is read.\n"
	"\n"
	"  -G, --geodb FILE   compare the stored countries with those of this database, too\n"
	"  -C, --config FILE  configuration file; none for no configuration\n"
	"  -n, --top N        with -G: N lines of what differs (default 20, 0 = all)\n"
	"  -v, --verbose      a line for every file\n"
	"  -q, --quiet        no progress bar and no summary\n"
	"  -h, --help         this text\n"
	"\n"
	"Exit status: 0 all is well, 1 nothing could be done, 2 wrong usage, 3 damage, or a file that\n"
	"was never closed.\n";

static const struct option options[] = {
	{"geodb", required_argument, NULL, 'G'}, {"config", required_argument, NULL, 'C'},
	{"top", required_argument, NULL, 'n'},	 {"verbose", no_argument, NULL, 'v'},
	{"quiet", no_argument, NULL, 'q'},	 {"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

enum { TOP_DEFAULT = 20 };

struct verifying {
	struct file_list list;
	const char *geodb, *config;
	bool verbose, quiet;
	uint64_t top;
	struct geo_source *source; /* owns; NULL without -G */
	struct geo_table *table;   /* owns; NULL without -G */
	struct moved moved;
	uint16_t *now; /* owns; of the block in work */
	size_t now_capacity;
	struct record_views views;
	uint64_t wrong; /* flows of the file in work that are not as its database has them */
	size_t good, damaged, open, unreadable, unindexed; /* files */
	uint64_t flows;
};

/* Was the block tagged by the very database of -G? */
static bool is_of_table(const struct verifying *verifying, const struct block *block)
{
	return block->provenance &&
	       geo_provenance_same_data(block->provenance, geo_table_provenance(verifying->table));
}

static bool grow(struct verifying *verifying, size_t count)
{
	uint16_t *now;

	if (count <= verifying->now_capacity)
		return true;
	now = reallocarray(verifying->now, count, 2 * sizeof(*now));
	if (!now)
		return false;
	verifying->now = now;
	verifying->now_capacity = count;
	return true;
}

static void compare_countries(struct verifying *verifying, const struct block *block)
{
	struct block_cursor cursor = block_cursor(block);
	bool same = is_of_table(verifying, block);
	const uint8_t *record;
	size_t len;

	if (!grow(verifying, block->record_count)) {
		verifying->moved.failed = true;
		return;
	}
	tag_now(block, verifying->table, verifying->now);
	for (size_t i = 0; block_next(&cursor, &record, &len) == 1; i++) {
		const struct record_view *view;

		if (bytes_get16(record) == RECORD_FLOW &&
		    (view = record_views_look(&verifying->views, record, len)) &&
		    moved_add(&verifying->moved, view, verifying->now + 2 * i))
			verifying->wrong += same;
	}
}

static void on_block(const struct block *block, uint64_t read, void *arg)
{
	struct verifying *verifying = arg;

	if (verifying->table)
		compare_countries(verifying, block);
	file_list_progress(&verifying->list, read);
}

static void complain(const char *text, void *arg)
{
	file_list_complain(&((struct verifying *)arg)->list, text);
}

static void verify_one(struct verifying *verifying, const struct file_item *item)
{
	const struct verify_watch watch = {complain, on_block, verifying};
	struct verify_found found;
	bool bad;

	verifying->wrong = 0;
	if (!verify_look(item->path, &watch, &found)) {
		verifying->unreadable++;
		return;
	}
	if (verifying->wrong) {
		file_list_clear_bar(&verifying->list);
		common_complain(verifying->list.verb,
				"%s: the stored countries of %" PRIu64
				" flows are not those of the database that tagged them",
				item->path, verifying->wrong);
	}
	bad = found.damage || verifying->wrong;
	verifying->damaged += bad;
	verifying->open += !bad && found.never_closed;
	verifying->good += !bad && !found.never_closed;
	verifying->unindexed += found.geo_blocks == 0 || *found.index != 'c';
	verifying->flows += found.flows;
	if (!verifying->verbose)
		return;
	file_list_clear_bar(&verifying->list);
	printf("%s: %s: %" PRIu64 " blocks, %" PRIu64 " flows, index: %s\n", item->path,
	       bad		    ? "damaged"
	       : found.never_closed ? "never closed"
				    : "ok",
	       found.blocks, found.flows, found.index);
}

static void print_summary(const struct verifying *verifying)
{
	printf("%zu files, %" PRIu64 " flows: %zu ok, %zu damaged, %zu never closed, %zu unreadable; "
	       "%zu without a complete index\n",
	       verifying->list.done, verifying->flows, verifying->good, verifying->damaged,
	       verifying->open, verifying->unreadable + verifying->list.missing,
	       verifying->unindexed);
}

static bool print_moved(const struct verifying *verifying)
{
	const struct moved_report report = {.moved = &verifying->moved,
					    .now = geo_table_provenance(verifying->table),
					    .top = verifying->top};

	return moved_print(&report);
}

static int verify_all(struct verifying *verifying)
{
	struct file_list *list = &verifying->list;
	bool bad;

	common_catch_stop();
	for (size_t i = 0; i < list->count && !common_stopped; i++) {
		verify_one(verifying, &list->item[i]);
		file_list_next(list, &list->item[i]);
	}
	file_list_clear_bar(list);
	if (common_stopped)
		common_complain(list->verb, "interrupted: %zu of %zu files verified", list->done,
				list->count);
	if (!verifying->quiet)
		print_summary(verifying);
	if (verifying->table && !verifying->quiet && !print_moved(verifying)) {
		common_complain(list->verb, "out of memory");
		return EXIT_FAILED;
	}
	bad = verifying->damaged || verifying->open || verifying->unreadable || list->missing ||
	      common_stopped;
	if (!bad)
		return EXIT_DONE;
	return verifying->good + verifying->damaged + verifying->open ? EXIT_INCOMPLETE
								       : EXIT_FAILED;
}

static int open_database(struct verifying *verifying)
{
	struct geo_settings settings = {.option = verifying->geodb};
	struct conf *conf = NULL;
	struct error error;
	int status = EXIT_DONE;

	if (!verifying->geodb)
		return EXIT_DONE;
	status = nfgeo_conf(verifying->list.verb, verifying->config, &conf);
	if (status != EXIT_DONE)
		return status;
	settings.conf = conf;
	if (geo_source_require(&verifying->source, &verifying->table, &settings, &error) !=
	    NFGEO_OK) {
		common_complain(verifying->list.verb, "%s", error.text);
		status = EXIT_FAILED;
	}
	conf_free(conf);
	return status;
}

/* @return EXIT_DONE, the exit status, or -1 after -h */
static int parse_options(struct verifying *verifying, int argc, char **argv)
{
	char *end;
	int option;

	while ((option = getopt_long(argc, argv, "G:C:n:vqh", options, NULL)) != -1)
		switch (option) {
		case 'G':
			verifying->geodb = optarg;
			break;
		case 'C':
			verifying->config = optarg;
			break;
		case 'n':
			verifying->top = strtoull(optarg, &end, 10);
			if (*optarg >= '0' && *optarg <= '9' && !*end)
				break;
			common_complain(argv[0], "-n %s: use a number of lines, 0 = all", optarg);
			return EXIT_USAGE;
		case 'v':
			verifying->verbose = true;
			break;
		case 'q':
			verifying->quiet = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return -1;
		default:
			return nfgeo_usage(argv[0]);
		}
	return EXIT_DONE;
}

static void verifying_fini(struct verifying *verifying)
{
	free(verifying->now);
	moved_fini(&verifying->moved);
	file_list_fini(&verifying->list);
	if (verifying->table)
		geo_table_unref(verifying->table);
	geo_source_close(verifying->source);
}

int nfgeo_verify(int argc, char **argv)
{
	static struct verifying verifying; /* its views point into themselves */
	int status;

	verifying.list.verb = argv[0];
	verifying.top = TOP_DEFAULT;
	moved_init(&verifying.moved);
	record_views_init(&verifying.views);
	status = parse_options(&verifying, argc, argv);
	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	verifying.list.bar = !verifying.quiet && isatty(STDERR_FILENO);
	status = file_list_arguments(&verifying.list, argc - optind, argv + optind);
	if (status == EXIT_DONE)
		status = open_database(&verifying);
	if (status == EXIT_DONE)
		status = verify_all(&verifying);
	verifying_fini(&verifying);
	return status;
}
