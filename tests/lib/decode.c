/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * decode [OPTION...] FILE... - decode the datagrams of files in process, no network, and print all
 * records in the text form of the .records vectors, then totals; troubles to standard error.
 *
 * -s N     sampling as nfcapd's -s        -g  with blank geo tails
 * -x       keep what stock ignores        -l  log lines to standard error
 * -a ADDR  sender of the files that follow (before files; may be given again)
 * -b       a new slot begins after each file: exporter and sampler records again
 * -n       flows as one line of names and values
 * -c       only one line with the number of flows
 * -p       raw files hold several v5 or IPFIX datagrams run together
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "include/nfgeo.h"
#include "tests/lib/dgrams.h"
#include "tests/lib/dump.h"

static void to_stderr(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)arg;
	fprintf(stderr, "%s\n", line);
}

static void print_problems(const struct decoder_counts *counts)
{
	for (int i = 0; i < PROBLEM_COUNT; i++)
		if (counts->problem[i])
			fprintf(stderr, "problem: %s: %" PRIu64 "\n", decode_problem_text(i),
				counts->problem[i]);
}

struct settings {
	struct decoder_options options;
	bool split, only_count, named, borders;
	const char *sender; /* of the first files */
};

static int usage(void)
{
	fprintf(stderr, "usage: decode [-gxlbncp] [-s N] [-a ADDR] FILE... [-a ADDR FILE...]\n");
	return 2;
}

static void print(const struct dump *dump, const struct settings *settings)
{
	if (settings->only_count) {
		printf("%" PRIu64 "\n", dump->counts.flows);
		return;
	}
	if (settings->named)
		dump_print_named(dump, stdout);
	else
		dump_print(dump, stdout);
	dump_print_totals(dump, stdout);
	fflush(stdout);
	print_problems(&dump->counts);
}

/* @return 0 done, 1 failed, 2 wrong usage */
static int decode_files(int argc, char **argv, const struct settings *settings, struct dump *dump)
{
	struct decoder_counts counts;

	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "-a")) {
			if (++i == argc || address_parse(argv[i], &dump->sender) != NFGEO_OK)
				return usage();
			continue;
		}
		if (dgrams_each(argv[i], settings->split, dump_datagram, dump) < 0)
			return 1;
		if (settings->borders && i + 1 < argc) {
			decoder_slot_end(dump->decoder, &dump->sink, &counts);
			decoder_slot_begin(dump->decoder, &dump->sink);
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct settings settings = {0};
	struct dump dump;
	int c, rc;

	while ((c = getopt(argc, argv, "+gxlbncpa:s:")) != -1) {
		switch (c) {
		case 'g':
			settings.options.geo_tail = true;
			break;
		case 'x':
			settings.options.keep_extended = true;
			break;
		case 'l':
			log_to(to_stderr, NULL);
			break;
		case 'b':
			settings.borders = true;
			break;
		case 'n':
			settings.named = true;
			break;
		case 'c':
			settings.only_count = true;
			break;
		case 'p':
			settings.split = true;
			break;
		case 'a':
			settings.sender = optarg;
			break;
		case 's':
			settings.options.sampling = atoi(optarg);
			break;
		default:
			return usage();
		}
	}
	if (optind == argc)
		return usage();
	if (dump_init(&dump, &settings.options) != NFGEO_OK)
		return 1;
	if (settings.sender && address_parse(settings.sender, &dump.sender) != NFGEO_OK)
		return usage();
	rc = decode_files(argc - optind, argv + optind, &settings, &dump);
	if (!rc) {
		dump_finish(&dump);
		print(&dump, &settings);
	}
	dump_fini(&dump);
	return rc;
}
