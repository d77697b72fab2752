/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo scans - sources that send SYN-only flows to many destinations or ports, and the countries
 * they are in, with the evidence. For programs: tab-separated lines; the last one is `end`.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>

#include "geo/country.h"
#include "programs/nfgeo_query.h"
#include "query/synscan.h"

static const char usage[] =
	"usage: nfgeo scans [OPTION]... [FILTER]\n"
	"\n"
	"Look at the SYN-only flows (TCP with flag S and none of A F R P U): sources that reached\n"
	"many destinations, or many ports of one destination, and the countries of all sources.\n"
	"\n"
	"  -t, --targets N       name sources with at least N destinations (default 100)\n"
	"  -p, --ports N         ... or with at least N ports of one destination (default 100)\n"
	"  -f, --flows N         name countries with at least N flows (default 1000)\n"
	"  -s, --max-sampling N  leave out exporters that sample more coarsely than 1 in "
	"N\n" NFGEO_QUERY_HELP "\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage, 3 something was left out.\n";

static const struct option options[] = {
	{"targets", required_argument, NULL, 't'},
	{"ports", required_argument, NULL, 'p'},
	{"flows", required_argument, NULL, 'f'},
	{"max-sampling", required_argument, NULL, 's'},
	NFGEO_QUERY_OPTIONS,
	{NULL, 0, NULL, 0},
};

struct limits {
	uint32_t targets, ports, flows, max_sampling;
};

static void print_evidence(const struct syn_group *group)
{
	char text[ADDRESS_TEXT];

	for (unsigned i = 0; i < group->top_sources; i++) {
		const struct syn_peer *peer = &group->top_source[i];

		address_print(&peer->address, text);
		printf("from\t%s\t%u\t%s\t%u\t%llu\t%u\t%u\n", text, peer->country,
		       country_alpha2(peer->country), peer->as, (unsigned long long)peer->flows,
		       peer->targets, peer->ports);
	}
	for (unsigned i = 0; i < group->top_targets; i++) {
		address_print(&group->top_target[i].address, text);
		printf("target\t%s\t%llu\t%u\n", text,
		       (unsigned long long)group->top_target[i].flows, group->top_target[i].ports);
	}
	for (unsigned i = 0; i < group->top_ports; i++)
		printf("port\t%u\t%llu\t%u\n", group->top_port[i].port,
		       (unsigned long long)group->top_port[i].flows, group->top_port[i].targets);
}

static void print_source(const struct syn_group *group, void *arg)
{
	const struct limits *limits = arg;
	char text[ADDRESS_TEXT], widest[ADDRESS_TEXT];

	if (group->targets < limits->targets && group->widest.ports < limits->ports)
		return;
	address_print(&group->address, text);
	address_print(&group->widest.address, widest);
	printf("source\t%s\t%u\t%s\t%u\t%llu\t%u\t%u\t%s\t%u\n", text, group->country,
	       country_alpha2(group->country), group->as, (unsigned long long)group->flows,
	       group->targets, group->ports, widest, group->widest.ports);
	print_evidence(group);
}

static void print_country(const struct syn_group *group, void *arg)
{
	const struct limits *limits = arg;
	char text[ADDRESS_TEXT];

	if (group->flows < limits->flows)
		return;
	address_print(&group->busiest.address, text);
	printf("country\t%u\t%s\t%llu\t%u\t%u\t%u\t%s\t%u\t%llu\t%llu\n", group->country,
	       country_alpha2(group->country), (unsigned long long)group->flows, group->sources,
	       group->targets, group->ports, text, group->busiest_port,
	       (unsigned long long)group->busiest.flows,
	       (unsigned long long)syn_concentrated(group));
	print_evidence(group);
}

static void print_exporters(const struct synscan *scan)
{
	char text[ADDRESS_TEXT];

	for (uint32_t i = 0; i < scan->exporter_count; i++) {
		const struct syn_exporter *exporter = &scan->exporter[i];

		if (!exporter->flows)
			continue;
		if (exporter->address.family)
			address_print(&exporter->address, text);
		else
			snprintf(text, sizeof(text), "-");
		printf("exporter\t%u\t%s\t%u\t%llu\t%s\n", exporter->sysid, text, exporter->rate,
		       (unsigned long long)exporter->flows, exporter->used ? "yes" : "no");
	}
}

static int look(struct nfgeo_query *query, struct limits *limits)
{
	struct synscan scan;
	struct error error = {0};
	int status;

	synscan_init(&scan);
	scan.max_rate = limits->max_sampling;
	query->plan.threads = 1;
	status = nfgeo_query_run(query, &scan.sink);
	if (status != EXIT_FAILED && synscan_finish(&scan, &error) != NFGEO_OK) {
		common_complain(query->verb, "%s", error.text);
		status = EXIT_FAILED;
	}
	if (status != EXIT_FAILED) {
		print_exporters(&scan);
		synscan_sources(&scan, print_source, limits);
		synscan_countries(&scan, print_country, limits);
		if (scan.dropped_flows) {
			common_complain(query->verb,
					"%llu flows are not in the counts: more than %d "
					"different combinations of source, destination and port",
					(unsigned long long)scan.dropped_flows,
					SYN_COMBINATIONS_MAX);
			status = EXIT_INCOMPLETE;
		}
		printf("end\t%llu\t%llu\t%llu\n", (unsigned long long)scan.used_flows,
		       (unsigned long long)scan.unused_flows,
		       (unsigned long long)scan.dropped_flows);
	}
	synscan_fini(&scan);
	return status;
}

static bool parse_number(const struct nfgeo_query *query, int option, const char *text,
			 uint32_t *number)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno && value <= UINT32_MAX) {
		*number = (uint32_t)value;
		return true;
	}
	common_complain(query->verb, "-%c %s: use a number from 0 to %u", option, text, UINT32_MAX);
	return false;
}

static uint32_t *limit_of(struct limits *limits, int option)
{
	switch (option) {
	case 't':
		return &limits->targets;
	case 'p':
		return &limits->ports;
	case 'f':
		return &limits->flows;
	case 's':
		return &limits->max_sampling;
	}
	return NULL;
}

int nfgeo_scans(int argc, char **argv)
{
	struct nfgeo_query query = {.verb = argv[0]};
	struct limits limits = {.targets = 100, .ports = 100, .flows = 1000};
	int option, status;

	while ((option = getopt_long(argc, argv, "t:p:f:s:" NFGEO_QUERY_LETTERS, options, NULL)) !=
	       -1) {
		uint32_t *number = limit_of(&limits, option);

		if (option == 'h') {
			fputs(usage, stdout);
			return EXIT_DONE;
		}
		if (number ? !parse_number(&query, option, optarg, number)
			   : !nfgeo_query_option(&query, option, optarg))
			return nfgeo_usage(query.verb);
	}
	status = nfgeo_query_open(&query, argc - optind, argv + optind);
	if (status == EXIT_DONE)
		status = look(&query, &limits);
	nfgeo_query_close(&query);
	return status;
}
