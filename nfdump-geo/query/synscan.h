/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * synscan.h - who asks for connections that never come about: SYN-only flows by source and by
 * source country, with the number of different destinations and ports, and the largest of each as
 * evidence. Counts are exact: every combination of source, destination and destination port is kept
 * once.
 */
#ifndef QUERY_SYNSCAN_H
#define QUERY_SYNSCAN_H

#include "base/hash.h"
#include "query/scan.h"

enum { SYN_TOP = 10, SYN_COMBINATIONS_MAX = 4000000 /* about 90 bytes each */ };

/* An exporter of one file, and how many packets it looks at. */
struct syn_exporter {
	struct address address; /* family 0: the file does not tell */
	uint16_t sysid;
	uint32_t rate;	/* one packet of so many; 1 = all; 0 = sampled, nobody says how */
	uint64_t flows; /* SYN-only */
	bool used;	/* set by synscan_finish() */
};

struct syn_peer {
	struct address address;
	uint16_t country;
	uint32_t as;
	uint64_t flows;
	uint32_t targets, ports; /* of a target: its ports */
};

struct syn_port {
	uint16_t port;
	uint64_t flows;
	uint32_t targets;
};

/* Flows of one source, or of one country's sources (address.family 0). */
struct syn_group {
	struct address address;
	uint16_t country;
	uint32_t as; /* of the source; 0 = not known */
	uint64_t flows;
	uint32_t sources, targets, ports;
	struct syn_peer widest; /* the target with most ports */
	/* A service is a target and a port. */
	struct syn_peer busiest; /* the target of the service with most flows */
	uint16_t busiest_port;
	uint64_t service_flows[SYN_TOP]; /* of the services with most flows */
	/* most flows first */
	struct syn_peer top_source[SYN_TOP], top_target[SYN_TOP];
	struct syn_port top_port[SYN_TOP];
	unsigned top_sources, top_targets, top_ports;
};

struct synscan {
	struct scan_sink sink; /* for scan_run() with one thread */
	uint32_t max_rate;     /* exporters that sample more coarsely do not count; 0 = all count */
	size_t max_combinations;
	struct hash combinations, exporter_number;
	struct syn_exporter *exporter; /* owns; in order of appearance */
	uint32_t exporter_count, exporter_capacity;
	size_t file; /* in work */
	bool failed;
	/* by synscan_finish() */
	uint64_t used_flows, unused_flows, dropped_flows; /* unused: of exporters beyond max_rate */
	const struct syn_tuple **tuple;			  /* owns */
	size_t tuple_count;
	struct syn_country *country; /* owns */
	uint32_t *port_targets;	     /* owns; work space */
	uint64_t *port_flows;	     /* owns; work space */
};

void synscan_init(struct synscan *scan);
void synscan_fini(struct synscan *scan);

/** Flows to the services with most flows: of a crowd nearly all, of a scan nearly none. */
uint64_t syn_concentrated(const struct syn_group *group);

/** After the scan, before the two below. @return NFGEO_OK or NFGEO_ENOMEM */
int synscan_finish(struct synscan *scan, struct error *error);

/** Call `each` with every source, ordered by address; then with every country by number. */
void synscan_sources(struct synscan *scan, void (*each)(const struct syn_group *, void *arg),
		     void *arg);
void synscan_countries(struct synscan *scan, void (*each)(const struct syn_group *, void *arg),
		       void *arg);

#endif
