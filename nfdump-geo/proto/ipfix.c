/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/ipfix.h"

#include "base/wire.h"
#include "proto/sets.h"

/* Version, length (the datagram's own counts), seconds, sequence, domain: RFC 7011 section 3.1. */
enum { HEADER_BYTES = 16 };

static void log_exporter(struct datagram *datagram)
{
	const struct exporter *exporter = datagram->exporter;
	char text[ADDRESS_TEXT];

	address_print(&exporter->sender, text);
	datagram_log(datagram,
		     "Process_ipfix: New ipfix exporter: SysID: %u, Observation domain %u from: %s",
		     exporter->sysid, exporter->id, text);
}

/*
 * The unit is data records of all kinds, counted before this message. The number is only expected
 * after data was decoded, and not after a set that could not be counted.
 */
static void check_sequence(struct datagram *datagram, uint32_t sequence)
{
	struct exporter *exporter = datagram->exporter;

	if (exporter->sequence_known && sequence != exporter->sequence_next)
		exporter_sequence_failure(datagram);
	exporter->sequence_next = sequence;
}

static void expect_sequence(struct exporter *exporter, const struct set_counts *counts)
{
	exporter->sequence_next += (uint32_t)counts->records;
	if (counts->records)
		exporter->sequence_known = true;
	if (counts->unknown)
		exporter->sequence_known = false;
}

void ipfix_datagram(struct datagram *datagram, const uint8_t *bytes, size_t len)
{
	struct flow_context context = {.datagram = datagram};
	struct wire wire = wire_init(bytes, len);
	struct set_counts counts;

	if (len < HEADER_BYTES) {
		datagram_problem(datagram, PROBLEM_SHORT_HEADER, len);
		return;
	}
	wire_skip(&wire, HEADER_BYTES);
	if (!exporter_enter(datagram, 10, wire_get32(bytes + 12)))
		return;
	if (datagram->first) {
		log_exporter(datagram);
		exporter_default_samplers(datagram);
	}
	context.export_ms = wire_get32(bytes + 4) * UINT64_C(1000);
	check_sequence(datagram, wire_get32(bytes + 8));
	counts = sets_decode(&context, &wire);
	expect_sequence(datagram->exporter, &counts);
}
