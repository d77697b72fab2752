/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * synscan.c - the flows become combinations (source, destination, port, exporter) in a hash table.
 * Sorted by source, then by country, each group is a run, its targets are runs inside of that, and
 * the ports of a target runs inside of those.
 */
#include "query/synscan.h"

#include <stdlib.h>

#include "nffile/geosum.h"

enum { KEY_BYTES = 40, PORTS = 65536, SAMPLER_BYTES = 24, EXPORTER_BYTES = 32 };

struct syn_tuple { /* an entry of the table: key, value */
	uint64_t src_high, src_low, dst_high, dst_low;
	uint16_t port;
	uint8_t family, unused;
	uint32_t exporter; /* index */
	uint64_t flows;
	uint32_t as;
	uint16_t country;
};

/* What the sources tell about their country. */
struct syn_country {
	uint32_t sources;
	unsigned top_sources;
	struct syn_peer top_source[SYN_TOP];
};

/* --- while flows come ------------------------------------------------------------------------- */

static struct syn_exporter *exporter_of(struct synscan *scan, uint16_t sysid)
{
	uint64_t key = (uint64_t)scan->file << 16 | sysid;
	bool fresh;
	uint64_t *number =
		hash_upsert(&scan->exporter_number, &key, hash_bytes(&key, sizeof(key)), &fresh);

	if (number && fresh && scan->exporter_count == scan->exporter_capacity) {
		uint32_t capacity = scan->exporter_capacity ? scan->exporter_capacity * 2 : 16;
		struct syn_exporter *list = realloc(scan->exporter, capacity * sizeof(*list));

		if (!list) {
			scan->failed = true;
			return NULL;
		}
		scan->exporter = list;
		scan->exporter_capacity = capacity;
	}
	if (!number) {
		scan->failed = true;
		return NULL;
	}
	if (fresh) {
		*number = scan->exporter_count;
		scan->exporter[scan->exporter_count++] =
			(struct syn_exporter){.sysid = sysid, .rate = 1};
	}
	return &scan->exporter[*number];
}

static void *open_worker(struct scan_sink *sink)
{
	return sink; /* one worker: the scan itself */
}

static void begin_block(void *worker, size_t file)
{
	struct synscan *scan = worker;

	scan->file = file;
}

/* doc/file-format.md "Exporter records". With several samplers the coarsest one decides. */
static void take_other(void *worker, const uint8_t *record, size_t len)
{
	struct synscan *scan = worker;
	uint16_t type = bytes_get16(record);
	struct syn_exporter *exporter;

	if (type == RECORD_EXPORTER && len >= EXPORTER_BYTES &&
	    (exporter = exporter_of(scan, bytes_get16(record + 26)))) {
		exporter->address =
			bytes_get16(record + 24) == AF_INET6
				? address_ip6(bytes_get64(record + 8), bytes_get64(record + 16))
				: address_ip4(bytes_get32(record + 16));
	} else if (type == RECORD_SAMPLER && len >= SAMPLER_BYTES &&
		   (exporter = exporter_of(scan, bytes_get16(record + 4)))) {
		uint64_t interval = bytes_get32(record + 16), space = bytes_get32(record + 20);
		uint64_t rate = interval ? (interval + space) / interval : 0;

		if (rate > exporter->rate || exporter->rate == 0)
			exporter->rate = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate;
	}
}

static void put_addresses(struct syn_tuple *key, const struct record_view *view)
{
	key->family = view_is_ip6(view) ? AF_INET6 : AF_INET;
	if (key->family == AF_INET6) {
		key->src_high = view_u64(view, ELEMENT_IP6, 0);
		key->src_low = view_u64(view, ELEMENT_IP6, 8);
		key->dst_high = view_u64(view, ELEMENT_IP6, 16);
		key->dst_low = view_u64(view, ELEMENT_IP6, 24);
	} else {
		key->src_low = view_u32(view, ELEMENT_IP4, 0);
		key->dst_low = view_u32(view, ELEMENT_IP4, 4);
	}
}

static void take_flow(void *worker, const struct flow_row *row, uint64_t order)
{
	struct synscan *scan = worker;
	const struct record_view *view = row->view;
	struct syn_tuple key = {.port = (uint16_t)view_number(view, FIELD_DST_PORT)}, *tuple;
	struct syn_exporter *exporter;
	bool fresh;

	(void)order;
	if (scan->failed || !flow_is_syn_only(view_proto(view), view_tcp_flags(view)) ||
	    !view_has_addresses(view))
		return;
	exporter = exporter_of(scan, bytes_get16(view->bytes + 8));
	if (!exporter)
		return;
	if (view->bytes[10] & RECORD_FLAG_SAMPLED && exporter->rate == 1)
		exporter->rate = 0;
	exporter->flows += view_flows(view);
	if (scan->combinations.count >= scan->max_combinations) {
		scan->dropped_flows += view_flows(view);
		return;
	}
	put_addresses(&key, view);
	key.exporter = (uint32_t)(exporter - scan->exporter);
	tuple = hash_upsert(&scan->combinations, &key, hash_bytes(&key, KEY_BYTES), &fresh);
	if (!tuple) {
		scan->failed = true;
		return;
	}
	tuple = (struct syn_tuple *)((uint8_t *)tuple - KEY_BYTES);
	tuple->flows += view_flows(view);
	tuple->country = view_src_country(view);
	tuple->as = (uint32_t)view_number(view, FIELD_SRC_AS);
}

static int end_block(void *worker, struct error *error)
{
	struct synscan *scan = worker;

	return scan->failed ? error_set(error, NFGEO_ENOMEM, "out of memory") : NFGEO_OK;
}

void synscan_init(struct synscan *scan)
{
	*scan = (struct synscan){
		.sink = {.open = open_worker,
			 .flow = take_flow,
			 .other = take_other,
			 .block_end = end_block,
			 .block_begin = begin_block},
		.max_combinations = SYN_COMBINATIONS_MAX,
	};
	hash_init(&scan->combinations, KEY_BYTES, sizeof(struct syn_tuple) - KEY_BYTES);
	hash_init(&scan->exporter_number, 8, 8);
}

void synscan_fini(struct synscan *scan)
{
	hash_fini(&scan->combinations);
	hash_fini(&scan->exporter_number);
	free(scan->exporter);
	free(scan->tuple);
	free(scan->country);
	free(scan->port_targets);
	free(scan->port_flows);
}

/* --- after the scan --------------------------------------------------------------------------- */

static int order_of(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_source(const struct syn_tuple *a, const struct syn_tuple *b)
{
	int order = order_of(a->family, b->family);

	order = order ? order : order_of(a->src_high, b->src_high);
	return order ? order : order_of(a->src_low, b->src_low);
}

static int compare_target(const struct syn_tuple *a, const struct syn_tuple *b)
{
	int order = order_of(a->family, b->family);

	order = order ? order : order_of(a->dst_high, b->dst_high);
	return order ? order : order_of(a->dst_low, b->dst_low);
}

static int compare_country(const struct syn_tuple *a, const struct syn_tuple *b)
{
	return order_of(a->country, b->country);
}

static int by_source(const void *a, const void *b)
{
	const struct syn_tuple *x = *(const struct syn_tuple *const *)a;
	const struct syn_tuple *y = *(const struct syn_tuple *const *)b;
	int order = compare_source(x, y);

	order = order ? order : compare_target(x, y);
	return order ? order : order_of(x->port, y->port);
}

static int by_country(const void *a, const void *b)
{
	const struct syn_tuple *x = *(const struct syn_tuple *const *)a;
	const struct syn_tuple *y = *(const struct syn_tuple *const *)b;
	int order = compare_country(x, y);

	order = order ? order : compare_target(x, y);
	return order ? order : order_of(x->port, y->port);
}

/* A sampled exporter shows few packets of a connection: often the SYN alone. */
static bool is_used(const struct synscan *scan, const struct syn_exporter *exporter)
{
	return !scan->max_rate || (exporter->rate && exporter->rate <= scan->max_rate);
}

int synscan_finish(struct synscan *scan, struct error *error)
{
	scan->tuple = calloc(scan->combinations.count + 1, sizeof(*scan->tuple));
	scan->country = calloc(COUNTRY_CODES, sizeof(*scan->country));
	scan->port_targets = calloc(PORTS, sizeof(*scan->port_targets));
	scan->port_flows = calloc(PORTS, sizeof(*scan->port_flows));
	if (!scan->tuple || !scan->country || !scan->port_targets || !scan->port_flows)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	for (uint32_t i = 0; i < scan->exporter_count; i++)
		scan->exporter[i].used = is_used(scan, &scan->exporter[i]);
	for (uint32_t i = 0; i < scan->combinations.count; i++) {
		const struct syn_tuple *tuple = hash_key(&scan->combinations, i);

		if (scan->exporter[tuple->exporter].used) {
			scan->tuple[scan->tuple_count++] = tuple;
			scan->used_flows += tuple->flows;
		} else {
			scan->unused_flows += tuple->flows;
		}
	}
	return NFGEO_OK;
}

/* Keep the SYN_TOP largest, largest first. */
static void offer_peer(struct syn_peer *top, unsigned *count, const struct syn_peer *peer)
{
	unsigned at;

	if (*count == SYN_TOP && top[SYN_TOP - 1].flows >= peer->flows)
		return;
	*count += *count < SYN_TOP;
	for (at = *count - 1; at > 0 && top[at - 1].flows < peer->flows; at--)
		top[at] = top[at - 1];
	top[at] = *peer;
}

static void offer_port(struct syn_group *group, const struct syn_port *port)
{
	struct syn_port *top = group->top_port;
	unsigned at;

	if (group->top_ports == SYN_TOP && top[SYN_TOP - 1].flows >= port->flows)
		return;
	group->top_ports += group->top_ports < SYN_TOP;
	for (at = group->top_ports - 1; at > 0 && top[at - 1].flows < port->flows; at--)
		top[at] = top[at - 1];
	top[at] = *port;
}

static void offer_service(struct syn_group *group, const struct address *target, uint16_t port,
			  uint64_t flows)
{
	uint64_t *top = group->service_flows;
	unsigned at;

	if (flows > top[0]) {
		group->busiest = (struct syn_peer){.address = *target, .flows = flows};
		group->busiest_port = port;
	}
	if (flows <= top[SYN_TOP - 1])
		return;
	for (at = SYN_TOP - 1; at > 0 && top[at - 1] < flows; at--)
		top[at] = top[at - 1];
	top[at] = flows;
}

uint64_t syn_concentrated(const struct syn_group *group)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < SYN_TOP; i++)
		sum += group->service_flows[i];
	return sum;
}

static struct address target_address(const struct syn_tuple *tuple)
{
	return (struct address){tuple->dst_high, tuple->dst_low, tuple->family};
}

/* Tuples of one target: its ports are runs. */
static void add_target(struct synscan *scan, struct syn_group *group,
		       const struct syn_tuple *const *tuple, size_t count)
{
	struct syn_peer peer = {.address = target_address(tuple[0])};

	for (size_t i = 0, end; i < count; i = end) {
		uint16_t port = tuple[i]->port;
		uint64_t flows = 0;

		for (end = i; end < count && tuple[end]->port == port; end++)
			flows += tuple[end]->flows;
		group->ports += scan->port_targets[port] == 0;
		scan->port_targets[port]++;
		scan->port_flows[port] += flows;
		peer.ports++;
		peer.flows += flows;
		offer_service(group, &peer.address, port, flows);
	}
	group->targets++;
	group->flows += peer.flows;
	if (peer.ports > group->widest.ports)
		group->widest = peer;
	offer_peer(group->top_target, &group->top_targets, &peer);
}

/* Tuples of one group, sorted by target and port. */
static void add_group(struct synscan *scan, struct syn_group *group,
		      const struct syn_tuple *const *tuple, size_t count)
{
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i; end < count && compare_target(tuple[end], tuple[i]) == 0;)
			end++;
		add_target(scan, group, tuple + i, end - i);
	}
	for (size_t i = 0; i < count; i++) {
		uint16_t port = tuple[i]->port;

		if (!scan->port_targets[port])
			continue;
		offer_port(group, &(struct syn_port){port, scan->port_flows[port],
						     scan->port_targets[port]});
		scan->port_targets[port] = 0;
		scan->port_flows[port] = 0;
	}
}

static void note_country(struct synscan *scan, const struct syn_group *group)
{
	struct syn_country *country = &scan->country[group->country % COUNTRY_CODES];
	struct syn_peer peer = {group->address, group->country, group->as,
				group->flows,	group->targets, group->ports};

	country->sources++;
	offer_peer(country->top_source, &country->top_sources, &peer);
}

void synscan_sources(struct synscan *scan, void (*each)(const struct syn_group *, void *arg),
		     void *arg)
{
	qsort(scan->tuple, scan->tuple_count, sizeof(*scan->tuple), by_source);
	for (size_t i = 0, end; i < scan->tuple_count; i = end) {
		const struct syn_tuple *first = scan->tuple[i];
		struct syn_group group = {
			.address = {first->src_high, first->src_low, first->family},
			.country = first->country,
			.as = first->as,
			.sources = 1,
		};

		for (end = i;
		     end < scan->tuple_count && compare_source(scan->tuple[end], first) == 0;)
			end++;
		add_group(scan, &group, scan->tuple + i, end - i);
		note_country(scan, &group);
		each(&group, arg);
	}
}

void synscan_countries(struct synscan *scan, void (*each)(const struct syn_group *, void *arg),
		       void *arg)
{
	qsort(scan->tuple, scan->tuple_count, sizeof(*scan->tuple), by_country);
	for (size_t i = 0, end; i < scan->tuple_count; i = end) {
		const struct syn_tuple *first = scan->tuple[i];
		const struct syn_country *country = &scan->country[first->country % COUNTRY_CODES];
		struct syn_group group = {.country = first->country,
					  .sources = country->sources,
					  .top_sources = country->top_sources};

		memcpy(group.top_source, country->top_source, sizeof(group.top_source));
		for (end = i;
		     end < scan->tuple_count && compare_country(scan->tuple[end], first) == 0;)
			end++;
		add_group(scan, &group, scan->tuple + i, end - i);
		each(&group, arg);
	}
}
