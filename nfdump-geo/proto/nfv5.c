/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A header: 0 version, 2 count, 4 uptime ms, 8 seconds, 12 nanoseconds, 16 sequence, 20 engine
 * type and id, 22 sampling (2 bits mode, 14 bits rate); v7 has four reserved bytes at 20.
 * A record: 0 source, 4 destination, 8 next hop, 12 input, 14 output, 16 packets, 20 bytes,
 * 24 first, 28 last (uptime ms), 32 source port, 34 destination port, 37 TCP flags, 38 protocol,
 * 39 tos, 40 source AS, 42 destination AS, 44 source mask, 45 destination mask.
 */
#include "proto/nfv5.h"

#include <string.h>

#include "base/bytes.h"
#include "base/wire.h"
#include "flow/geotail.h"
#include "flow/record.h"
#include "proto/exporter.h"

enum {
	HEADER_BYTES = 24,
	RECORD_BYTES_V5 = 48,
	RECORD_BYTES_V7 = 52,
	COUNT_MAX = 30,
	NFVERSION = 5,		/* in flow records, for v7 too */
	WRAP_TOLERANCE = 100000, /* ms that a flow may end after the header's uptime */
	FLOW_BYTES_MAX = 12 + 52 + 12 + GEOTAIL_BYTES + 20 + 12 + 8 + 20, /* with all elements */
	START_BYTES_MAX = 12 + 52 + 12 + GEOTAIL_BYTES, /* record header, elements 1 and 2 */
	GENERIC_AT = 12 + 4, /* payloads in the start of a record */
	IP4_AT = 12 + 52 + 4,
};

/* What all records of one header share. */
struct pdu {
	uint64_t boot_ms;
	uint32_t uptime;
	uint32_t rate; /* 1 = not sampled */
	uint8_t start[START_BYTES_MAX]; /* blank */
	unsigned start_bytes;
	const struct exporter *exporter;
};

static uint8_t *element(uint8_t *at, enum element id, unsigned payload_bytes)
{
	bytes_put32(at, id | (payload_bytes + ELEMENT_HEADER_BYTES) << 16);
	return at + ELEMENT_HEADER_BYTES;
}

/* The sampler that is in force: -s -N, else the header's rate, else -s N, else none (rate 1). */
static struct sampler choose_sampler(const struct datagram *datagram, uint16_t header)
{
	int32_t option = datagram->decoder->options.sampling;

	if (option < 0)
		return sampler_of_rate(SAMPLER_OVERRIDE, (uint32_t)-(int64_t)option, 0);
	if (header & 0x3fff)
		return sampler_of_rate(SAMPLER_GENERIC, header & 0x3fff, header >> 14);
	if (option > 1)
		return sampler_of_rate(SAMPLER_DEFAULT, (uint32_t)option, 0);
	return sampler_of_rate(SAMPLER_GENERIC, 1, 0);
}

static void log_exporter(struct datagram *datagram, const struct sampler *sampler)
{
	const struct exporter *exporter = datagram->exporter;
	char text[ADDRESS_TEXT];

	address_print(&exporter->sender, text);
	if (exporter->sampling.count)
		datagram_log(datagram,
			     "Process_v5: New exporter: SysID: %u, engine id %u, type %u, IP: %s"
			     ", algorithm: %u, packet interval: %u, packet space: %u",
			     exporter->sysid, exporter->id & 0xff, exporter->id >> 8, text,
			     sampler->algorithm, sampler->interval, sampler->space);
	else
		datagram_log(datagram,
			     "Process_v5: New exporter: SysID: %u, engine id %u, type %u, IP: %s",
			     exporter->sysid, exporter->id & 0xff, exporter->id >> 8, text);
}

/* One rate holds for all flows of an exporter, so it has at most one sampler at a time. */
static void follow_sampling(struct datagram *datagram, const uint8_t *header)
{
	struct exporter *exporter = datagram->exporter;
	uint16_t field = exporter->version == 5 ? wire_get16(header + 22) : 0;
	struct sampler sampler = choose_sampler(datagram, field);

	if (!datagram->first && field == exporter->header_sampling)
		return;
	exporter->header_sampling = field;
	if (sampler.space || exporter->sampling.count || field & 0x3fff)
		exporter_replace_sampler(datagram, &sampler);
	if (datagram->first)
		log_exporter(datagram, &sampler);
	datagram->first = false;
}

/* The unit is flows: each header says how many went before it. */
static void check_sequence(struct datagram *datagram, const uint8_t *header)
{
	struct exporter *exporter = datagram->exporter;
	uint32_t sequence = wire_get32(header + 16);

	if (exporter->sequence_known && sequence != exporter->sequence_next)
		exporter_sequence_failure(datagram);
	exporter->sequence_known = true;
	exporter->sequence_next = sequence + wire_get16(header + 2);
}

static struct pdu pdu_begin(const struct datagram *datagram, const uint8_t *header)
{
	const struct exporter *exporter = datagram->exporter;
	bool tail = datagram->decoder->options.geo_tail;
	struct pdu pdu = {.uptime = wire_get32(header + 4), .rate = 1, .exporter = exporter};
	uint8_t *addresses;

	pdu.boot_ms = wire_get32(header + 8) * UINT64_C(1000) + wire_get32(header + 12) / 1000000 -
		      pdu.uptime;
	if (exporter->sampling.count)
		pdu.rate = exporter->sampling.list[0].space + 1;
	bytes_put16(pdu.start, RECORD_FLOW);
	pdu.start[6] = header[20];
	pdu.start[7] = header[21];
	bytes_put16(pdu.start + 8, exporter->sysid);
	pdu.start[10] = pdu.rate > 1 ? RECORD_FLAG_SAMPLED : 0;
	pdu.start[11] = NFVERSION;
	element(pdu.start + RECORD_HEADER_BYTES, ELEMENT_GENERIC, 48);
	addresses = element(pdu.start + IP4_AT - 4, ELEMENT_IP4, 8 + (tail ? GEOTAIL_BYTES : 0));
	pdu.start_bytes = IP4_AT + 8;
	if (tail) {
		geotail_write(addresses + 8, 0, 0);
		pdu.start_bytes += GEOTAIL_BYTES;
	}
	bytes_put64(pdu.start + GENERIC_AT + 16, datagram->received_ms);
	return pdu;
}

static void put_times(const struct pdu *pdu, const uint8_t *in, uint8_t *generic)
{
	uint32_t first = wire_get32(in + 24), last = wire_get32(in + 28);
	uint64_t start = pdu->boot_ms + first, end = pdu->boot_ms + last;

	if (first > last) /* the counter wrapped inside the flow */
		start -= UINT64_C(1) << 32;
	if (last > (uint64_t)pdu->uptime + WRAP_TOLERANCE) { /* or between the flow and its export */
		start -= UINT64_C(1) << 32;
		end -= UINT64_C(1) << 32;
	}
	bytes_put64(generic, start);
	bytes_put64(generic + 8, end);
}

static void put_generic(const struct pdu *pdu, const uint8_t *in, uint8_t *generic)
{
	uint16_t src_port = wire_get16(in + 32), dst_port = wire_get16(in + 34);
	uint8_t proto = in[38];

	put_times(pdu, in, generic);
	bytes_put64(generic + 24, (uint64_t)wire_get32(in + 16) * pdu->rate);
	bytes_put64(generic + 32, (uint64_t)wire_get32(in + 20) * pdu->rate);
	if (proto == 1 && src_port) { /* some exporters have ICMP type and code here, swapped */
		dst_port = __builtin_bswap16(src_port);
		src_port = 0;
	}
	bytes_put16(generic + 40, src_port);
	bytes_put16(generic + 42, dst_port);
	generic[44] = proto;
	generic[45] = in[37];
	generic[47] = in[39];
}

/* Interfaces and masks, AS numbers, next hop: each only when it is not zero. */
static uint8_t *put_optional(const uint8_t *in, uint8_t *at, uint16_t *elements)
{
	uint32_t interfaces = wire_get32(in + 12), as = wire_get32(in + 40);
	uint32_t next_hop = wire_get32(in + 8);

	if (interfaces || in[44] || in[45]) {
		at = element(at, ELEMENT_MISC, 16);
		bytes_put32(at, interfaces >> 16);
		bytes_put32(at + 4, interfaces & 0xffff);
		bytes_put64(at + 8, 0);
		at[8] = in[44];
		at[9] = in[45];
		at += 16;
		++*elements;
	}
	if (as) {
		at = element(at, ELEMENT_AS, 8);
		bytes_put32(at, as >> 16);
		bytes_put32(at + 4, as & 0xffff);
		at += 8;
		++*elements;
	}
	if (next_hop) {
		at = element(at, ELEMENT_NEXT4, 4);
		bytes_put32(at, next_hop);
		at += 4;
		++*elements;
	}
	return at;
}

static size_t put_flow(const struct pdu *pdu, const uint8_t *in, uint8_t *record)
{
	const struct exporter *exporter = pdu->exporter;
	uint16_t elements = 3; /* generic, addresses, exporter address */
	uint8_t *at;

	memcpy(record, pdu->start, START_BYTES_MAX); /* a constant size is copied inline */
	put_generic(pdu, in, record + GENERIC_AT);
	bytes_put32(record + IP4_AT, wire_get32(in));
	bytes_put32(record + IP4_AT + 4, wire_get32(in + 4));
	at = put_optional(in, record + pdu->start_bytes, &elements);
	memcpy(at, exporter->router, exporter->router_bytes);
	at += exporter->router_bytes;
	bytes_put16(record + 2, (uint16_t)(at - record));
	bytes_put16(record + 4, elements);
	return (size_t)(at - record);
}

static void store_flows(struct datagram *datagram, const uint8_t *header, unsigned record_bytes)
{
	unsigned count = wire_get16(header + 2);
	const uint8_t *in = header + HEADER_BYTES;
	struct pdu pdu = pdu_begin(datagram, header);

	for (unsigned i = 0; i < count; i++, in += record_bytes) {
		uint8_t *record = flow_sink_reserve(datagram->sink, FLOW_BYTES_MAX);

		if (!record) {
			datagram_problem(datagram, PROBLEM_NO_ROOM, FLOW_BYTES_MAX);
			continue;
		}
		block_commit(datagram->sink->block, put_flow(&pdu, in, record));
		datagram->exporter->flows++;
		datagram->decoder->counts.flows++;
	}
}

/*
 * Some exporters put several headers with their records into one datagram. What follows the first
 * is only taken for a header when it can be one: trailing bytes are no sequence failure.
 */
static bool another_header(const struct wire *wire, uint16_t version)
{
	if (wire_left(wire) < HEADER_BYTES || wire_get16(wire->at) != version)
		return false;
	return wire_get16(wire->at + 2) >= 1 && wire_get16(wire->at + 2) <= COUNT_MAX;
}

void nfv5_datagram(struct datagram *datagram, const uint8_t *bytes, size_t len)
{
	uint16_t version = wire_get16(bytes);
	unsigned record_bytes = version == 7 ? RECORD_BYTES_V7 : RECORD_BYTES_V5;
	struct wire wire = wire_init(bytes, len);

	if (len < HEADER_BYTES) {
		datagram_problem(datagram, PROBLEM_SHORT_HEADER, len);
		return;
	}
	if (!exporter_enter(datagram, version, wire_get16(bytes + 20)))
		return;
	do {
		const uint8_t *header = wire_slice(&wire, HEADER_BYTES);
		unsigned count = wire_get16(header + 2);

		follow_sampling(datagram, header);
		if (count > COUNT_MAX || wire_left(&wire) < (size_t)count * record_bytes) {
			datagram_problem(datagram, PROBLEM_RECORD_COUNT, count);
			return;
		}
		check_sequence(datagram, header);
		store_flows(datagram, header, record_bytes);
		wire_skip(&wire, (size_t)count * record_bytes);
	} while (another_header(&wire, version));
}
