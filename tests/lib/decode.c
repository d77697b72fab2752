/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * decode [-s N] [-g] [-l] [--split] FILE... - decode the datagrams of files in process, no network,
 * and print all records in the text form of the .records vectors, then totals and troubles.
 *
 * -s N  sampling as nfcapd's -s; -g  with blank geo tails; -l  log lines to standard error;
 * -c  only one line with the number of flows
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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

int main(int argc, char **argv)
{
	bool split = false, tail = false, only_count = false;
	int sampling = 0, i;
	struct dump dump;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "-s") && i + 1 < argc)
			sampling = atoi(argv[++i]);
		else if (!strcmp(argv[i], "-g"))
			tail = true;
		else if (!strcmp(argv[i], "-c"))
			only_count = true;
		else if (!strcmp(argv[i], "-l"))
			log_to(to_stderr, NULL);
		else if (!strcmp(argv[i], "--split"))
			split = true;
		else
			break;
	}
	if (i == argc || argv[i][0] == '-') {
		fprintf(stderr, "usage: decode [-s N] [-g] [-l] [-c] [--split] FILE...\n");
		return 2;
	}
	if (dump_init(&dump, sampling, tail) != NFGEO_OK)
		return 1;
	for (; i < argc; i++)
		if (dgrams_each(argv[i], split, dump_datagram, &dump) < 0)
			return 1;
	dump_finish(&dump);
	if (only_count) {
		printf("%" PRIu64 "\n", dump.counts.flows);
	} else {
		dump_print(&dump, stdout);
		dump_print_totals(&dump, stdout);
		print_problems(&dump.counts);
	}
	dump_fini(&dump);
	return 0;
}
