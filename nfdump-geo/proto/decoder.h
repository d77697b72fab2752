/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * decoder.h - datagram bytes -> flow records, for one source (one file): NetFlow v5, v7, v9, IPFIX.
 *
 * A decoder holds the state of all exporters of its source: templates, sequence numbers, samplers.
 * No sockets, no clocks: everything comes in as arguments, so tests and fuzzers drive it from bytes.
 */
#ifndef PROTO_DECODER_H
#define PROTO_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "flow/block.h"

/* System ids count 1, 2, 3 .. over the whole process, whatever the source. */
struct sysid_counter {
	uint32_t last;
};

struct decoder_options {
	int32_t sampling; /* nfcapd -s: 0 or 1 none, > 1 default rate, < 0 overrides announced ones */
	bool geo_tail;	  /* leave a blank geo tail on address elements for tag_block() */
	struct sysid_counter *sysids; /* shared by all decoders of the process; borrowed */
	bool keep_extended; /* also store IPFIX fields that stock ignores (89, 128, 129, 243, ..) */
};

/* Every kind of trouble with packets: proto/problem.def. */
enum decode_problem {
#define PROBLEM(symbol, text) PROBLEM_##symbol,
#include "proto/problem.def"
#undef PROBLEM
	PROBLEM_COUNT
};

/* What happened since the last slot border. Every datagram and record is counted somewhere. */
struct decoder_counts {
	uint64_t datagrams, bytes;
	uint64_t bad_datagrams;	      /* too short for a version, or an unknown version */
	uint64_t flows;		      /* records stored as flows */
	uint64_t sequence_failures;
	uint64_t no_template_sets;    /* data sets without a template */
	uint64_t malformed;	      /* sets, records or headers dropped for contradicting themselves */
	uint64_t dropped_flows;	      /* decoded, but there was no room for them */
	uint64_t options_records;     /* data records of options templates */
	uint64_t problem[PROBLEM_COUNT]; /* the same troubles and some harmless ones, by kind */
};

/** What a problem is; static text. */
const char *decode_problem_text(enum decode_problem problem);

struct decoder;

struct decoder *decoder_new(const struct decoder_options *options);
void decoder_free(struct decoder *decoder);

/**
 * Decode one datagram; records (flows, exporters, samplers, names) go to the sink in order.
 *
 * @param sender       address of the exporter; the port plays no part
 * @param received_ms  collector clock when it was read
 */
void decoder_datagram(struct decoder *decoder, const uint8_t *bytes, size_t len,
		      const struct address *sender, uint64_t received_ms, struct flow_sink *sink);

/** A new file begins: repeat exporter and sampler records, in order of appearance. */
void decoder_slot_begin(struct decoder *decoder, struct flow_sink *sink);

/** A file ends: append the exporter statistics record, give the counts of the slot, start anew. */
void decoder_slot_end(struct decoder *decoder, struct flow_sink *sink,
		      struct decoder_counts *counts);

#endif
