/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/decoder.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/wire.h"
#include "flow/record.h"
#include "proto/exporter.h"
#include "proto/ipfix.h"
#include "proto/nfv5.h"
#include "proto/nfv9.h"

typedef void version_decoder(struct datagram *datagram, const uint8_t *bytes, size_t len);

static const struct {
	uint16_t version;
	version_decoder *decode;
} versions[] = {
	{5, nfv5_datagram},
	{7, nfv5_datagram},
	{9, nfv9_datagram},
	{10, ipfix_datagram},
};

struct decoder *decoder_new(const struct decoder_options *options)
{
	struct decoder *decoder = calloc(1, sizeof(*decoder));

	if (decoder)
		decoder->options = *options;
	return decoder;
}

void decoder_free(struct decoder *decoder)
{
	if (!decoder)
		return;
	for (uint32_t i = 0; i < decoder->count; i++)
		exporter_free(decoder->exporters[i]);
	free(decoder->exporters);
	free(decoder->slots);
	free(decoder);
}

static version_decoder *decoder_of(uint16_t version)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (versions[i].version == version)
			return versions[i].decode;
	return NULL;
}

void decoder_datagram(struct decoder *decoder, const uint8_t *bytes, size_t len,
		      const struct address *sender, uint64_t received_ms, struct flow_sink *sink)
{
	struct datagram datagram = {.decoder = decoder, .sender = sender,
				    .received_ms = received_ms, .sink = sink};
	version_decoder *decode;

	if (!len)
		return;
	decoder->counts.datagrams++;
	decoder->counts.bytes += len;
	if (len < 4) {
		datagram_problem(&datagram, PROBLEM_SHORT_DATAGRAM, len);
		return;
	}
	decode = decoder_of(wire_get16(bytes));
	if (decode)
		decode(&datagram, bytes, len);
	else
		datagram_problem(&datagram, PROBLEM_UNKNOWN_VERSION, wire_get16(bytes));
}

void decoder_slot_begin(struct decoder *decoder, struct flow_sink *sink)
{
	for (uint32_t i = 0; i < decoder->count; i++) {
		exporter_write(decoder->exporters[i], sink);
		exporter_write_samplers(decoder->exporters[i], sink);
	}
}

/*
 * Exporter statistics: u32 count, then per exporter u32 sysid, u32 sequence failures, u64
 * datagrams, u64 flows (file format section 7.2). A record holds 2730 of them; more exporters
 * take more records.
 */
enum { STATS_HEADER = 8, STATS_ENTRY = 24,
       STATS_MAX = (RECORD_MAX_BYTES - STATS_HEADER) / STATS_ENTRY };

static void put_stats_entry(uint8_t *at, const struct exporter *exporter)
{
	bytes_put32(at, exporter->sysid);
	bytes_put32(at + 4, exporter->sequence_failures);
	bytes_put64(at + 8, exporter->datagrams);
	bytes_put64(at + 16, exporter->flows);
}

/* One record for the next exporters from `first` on. @return the exporter after them */
static uint32_t write_stats(const struct decoder *decoder, uint32_t first, struct flow_sink *sink)
{
	uint32_t left = decoder->count - first, n = 0, at = first;
	uint32_t room = left < STATS_MAX ? left : STATS_MAX;
	uint8_t *record = flow_sink_reserve(sink, STATS_HEADER + room * STATS_ENTRY);

	if (!record)
		return decoder->count;
	for (; at < decoder->count && n < room; at++) {
		if (!decoder->exporters[at]->sysid)
			continue;
		put_stats_entry(record + STATS_HEADER + n * STATS_ENTRY, decoder->exporters[at]);
		n++;
	}
	if (!n)
		return at;
	bytes_put16(record, RECORD_EXPORTER_STATS);
	bytes_put16(record + 2, (uint16_t)(STATS_HEADER + n * STATS_ENTRY));
	bytes_put32(record + 4, n);
	block_commit(sink->block, STATS_HEADER + n * STATS_ENTRY);
	return at;
}

void decoder_slot_end(struct decoder *decoder, struct flow_sink *sink,
		      struct decoder_counts *counts)
{
	for (uint32_t at = 0; at < decoder->count;)
		at = write_stats(decoder, at, sink);
	for (uint32_t i = 0; i < decoder->count; i++) {
		decoder->exporters[i]->sequence_failures = 0;
		decoder->exporters[i]->datagrams = 0;
		decoder->exporters[i]->flows = 0;
	}
	*counts = decoder->counts;
	decoder->counts = (struct decoder_counts){0};
}
