/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo totals - sums of every country over flow files, for programs: tab-separated lines. The
 * last line says that nothing is missing behind it.
 */
#include <getopt.h>
#include <stdlib.h>

#include "base/sha256.h"
#include "geo/country.h"
#include "programs/explain.h"
#include "programs/nfgeo_query.h"
#include "query/country_totals.h"

static const char usage[] =
	"usage: nfgeo totals [OPTION]... [FILTER]\n"
	"\n"
	"Flows, packets, bytes and SYN-only flows of every country, as destination (in) and as\n"
	"source (out). Files whose own sums answer this are not read.\n"
	"\n" NFGEO_QUERY_HELP
	"      --hosts                  and how many different hosts, estimated to 2.3 %\n"
	"      --explain                what was read, passed over, and answered from sums\n"
	"      --no-index               read everything, for comparison\n\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage, 3 something was left out.\n";

enum { OPTION_HOSTS = 512 };

static const struct option options[] = {{"explain", no_argument, NULL, NFGEO_EXPLAIN},
					{"no-index", no_argument, NULL, NFGEO_NO_INDEX},
					{"hosts", no_argument, NULL, OPTION_HOSTS},
					NFGEO_QUERY_OPTIONS,
					{NULL, 0, NULL, 0}};

static void print_count(const struct geo_count *count)
{
	printf("\t%llu\t%llu\t%llu\t%llu", (unsigned long long)count->flows,
	       (unsigned long long)count->packets, (unsigned long long)count->bytes,
	       (unsigned long long)count->syn_only);
}

static void print_hosts(uint64_t dst, uint64_t src)
{
	printf("\t%llu\t%llu", (unsigned long long)dst, (unsigned long long)src);
}

static void print_database(const struct geo_provenance *provenance)
{
	char hash[SHA256_TEXT];

	sha256_print(provenance->sha256, hash);
	printf("database\t%llu\t%s\t", (unsigned long long)provenance->build_epoch_s, hash);
	for (const char *at = provenance->type; *at; at++)
		putchar(*at < ' ' ? ' ' : *at);
	putchar('\n');
}

static void print_countries(const struct country_totals *totals)
{
	const struct host_sketches *hosts = totals->hosts;

	for (unsigned code = 0; code < COUNTRY_CODES; code++) {
		const struct geo_count *in = &totals->sums.dst[code],
				       *out = &totals->sums.src[code];

		if (!in->flows && !out->flows)
			continue;
		printf("country\t%u\t%s", code, country_alpha2((uint16_t)code));
		print_count(in);
		print_count(out);
		if (hosts)
			print_hosts(host_sketches_count(hosts->dst, (uint16_t)code),
				    host_sketches_count(hosts->src, (uint16_t)code));
		putchar('\n');
	}
}

static void print(const struct country_totals *totals, size_t files)
{
	struct geo_count all = country_totals_all(totals);

	for (size_t i = 0; i < totals->provenance_count; i++)
		print_database(totals->provenance[i]);
	printf("total");
	print_count(&all);
	if (totals->hosts)
		print_hosts(host_sketches_all(totals->hosts->dst),
			    host_sketches_all(totals->hosts->src));
	printf("\nuntagged");
	print_count(&totals->sums.untagged);
	putchar('\n');
	print_countries(totals);
	printf("end\t%zu\t%llu\n", files, (unsigned long long)totals->summed.files);
}

/* Files from whose sums the scan took what matches count with those that were summed before it. */
static void note_summed(struct nfgeo_query *query, struct country_totals *totals)
{
	struct scan_count *way = &query->result.books.way[SCAN_CUBE], scanned = *way;

	way->files += totals->summed.files;
	way->blocks += totals->summed.blocks;
	way->flows += totals->summed.flows;
	way->bytes += totals->summed.bytes;
	totals->summed.files += scanned.files;
}

static int sum_up(struct nfgeo_query *query, bool hosts, bool explain)
{
	struct country_totals totals;
	struct inputs left = {0};
	int status = EXIT_FAILED;

	if (country_totals_init(&totals, hosts) == NFGEO_OK &&
	    country_totals_from_files(&totals, &query->inputs,
				      !query->plan.filter && !query->plan.read_all,
				      &left.path) == NFGEO_OK) {
		query->plan.inputs = &left;
		status = nfgeo_query_run(query, &totals.sink);
	} else {
		common_complain(query->verb, "out of memory");
	}
	country_totals_finish(&totals);
	if (totals.hosts && totals.hosts->failed) {
		common_complain(query->verb, "out of memory for the hosts of each country");
		status = EXIT_FAILED;
	}
	if (query->table)
		country_totals_provenance(&totals, geo_table_provenance(query->table));
	note_summed(query, &totals);
	if (status != EXIT_FAILED)
		print(&totals, query->inputs.path.count);
	if (status != EXIT_FAILED && explain) {
		fflush(stdout);
		explain_print(&query->result, stderr);
	}
	country_totals_fini(&totals);
	free(left.path.text);
	return status;
}

int nfgeo_totals(int argc, char **argv)
{
	struct nfgeo_query query = {.verb = argv[0]};
	bool explain = false, no_index = false, hosts = false;
	int option, status;

	while ((option = getopt_long(argc, argv, NFGEO_QUERY_LETTERS, options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return EXIT_DONE;
		}
		explain |= option == NFGEO_EXPLAIN;
		no_index |= option == NFGEO_NO_INDEX;
		hosts |= option == OPTION_HOSTS;
		if (option != NFGEO_EXPLAIN && option != NFGEO_NO_INDEX && option != OPTION_HOSTS &&
		    !nfgeo_query_option(&query, option, optarg))
			return nfgeo_usage(query.verb);
	}
	status = nfgeo_query_open(&query, argc - optind, argv + optind);
	query.plan.read_all = no_index;
	if (status == EXIT_DONE)
		status = sum_up(&query, hosts, explain);
	nfgeo_query_close(&query);
	return status;
}
