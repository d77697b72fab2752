/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/nfv9.h"

#include "base/wire.h"
#include "proto/sets.h"

/* Version, count (not used), uptime ms, seconds, sequence, source id: RFC 3954 section 5.1. */
enum { HEADER_BYTES = 20 };

static void log_exporter(struct datagram *datagram)
{
	const struct exporter *exporter = datagram->exporter;
	char text[ADDRESS_TEXT];

	address_print(&exporter->sender, text);
	datagram_log(datagram, "Process_v9: New v9 exporter: SysID: %u, Domain: %u, IP: %s",
		     exporter->sysid, exporter->id, text);
}

/* The unit is datagrams. */
static void check_sequence(struct datagram *datagram, uint32_t sequence)
{
	struct exporter *exporter = datagram->exporter;

	if (exporter->sequence_known && sequence != exporter->sequence_next)
		exporter_sequence_failure(datagram);
	exporter->sequence_known = true;
	exporter->sequence_next = sequence + 1;
}

void nfv9_datagram(struct datagram *datagram, const uint8_t *bytes, size_t len)
{
	struct flow_context context = {.datagram = datagram, .v9 = true};
	struct wire wire = wire_init(bytes, len);

	if (len < HEADER_BYTES) {
		datagram_problem(datagram, PROBLEM_SHORT_HEADER, len);
		return;
	}
	wire_skip(&wire, HEADER_BYTES);
	if (!exporter_enter(datagram, 9, wire_get32(bytes + 16)))
		return;
	if (datagram->first) {
		log_exporter(datagram);
		exporter_default_samplers(datagram);
	}
	context.uptime = wire_get32(bytes + 4);
	context.export_ms = wire_get32(bytes + 8) * UINT64_C(1000);
	check_sequence(datagram, wire_get32(bytes + 12));
	sets_decode(&context, &wire);
}
