/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * exporter.h - per-exporter state of one source: identity, sequence, samplers, templates, counters.
 *
 * An exporter is known by its address, its protocol version and the id in its datagrams: engine
 * tag (v5, v7), source id (v9), observation domain (IPFIX). The UDP port plays no part.
 */
#ifndef PROTO_EXPORTER_H
#define PROTO_EXPORTER_H

#include "base/address.h"
#include "proto/decoder.h"
#include "proto/sampling.h"
#include "proto/template.h"

enum {
	EXPORTERS_MAX = 65535,	  /* per source */
	LOG_LINES_PER_MINUTE = 200, /* per source: spoofed senders must not fill the log */
};

struct exporter {
	struct address sender;
	uint32_t id;
	uint16_t version;
	uint16_t sysid; /* 0 = the 16-bit numbers are used up; flows are kept */

	/* Since the last slot border. */
	uint64_t datagrams, flows;
	uint32_t sequence_failures;

	bool sequence_known;
	uint32_t sequence_next; /* expected in the next header */

	uint16_t header_sampling; /* v5: the header field in force */
	struct sampling sampling;
	struct template_list templates; /* v9, IPFIX */
	uint64_t boot_ms;		/* IPFIX element 160 of an options record; 0 = unknown */

	uint8_t router[20]; /* the complete element 12 or 13 with the sender's address */
	uint8_t router_bytes;

	uint32_t logged_minute[PROBLEM_COUNT]; /* when each problem was last logged */
};

struct decoder {
	struct decoder_options options;
	struct decoder_counts counts;
	struct exporter **exporters; /* owns; in order of appearance */
	uint32_t count, capacity;
	uint32_t *slots; /* hash table: place in exporters + 1; 0 = free */
	uint32_t slot_count; /* a power of two */
	struct exporter *recent;
	size_t template_bytes; /* memory held by all templates */
	uint32_t log_minute, log_lines;
	uint32_t logged_minute[PROBLEM_COUNT]; /* problems before an exporter is known */
};

/* One datagram on its way through a decoder. */
struct datagram {
	struct decoder *decoder;
	struct exporter *exporter; /* NULL until the header was read */
	bool first;		   /* this is the exporter's first datagram */
	const struct address *sender;
	uint64_t received_ms;
	struct flow_sink *sink;
};

/**
 * The exporter of this datagram, counted as heard. A new one gets its sysid, its record and its
 * log line.
 *
 * @return false when there are too many; then it is counted and logged
 */
bool exporter_enter(struct datagram *datagram, uint16_t version, uint32_t id);

/** Insert or update a sampler: record and log line when something changed. */
void exporter_sampler(struct datagram *datagram, const struct sampler *sampler);

/** Make this the only sampler (v5); a record is written when something changed, no log line. */
void exporter_replace_sampler(struct datagram *datagram, const struct sampler *sampler);

/** Samplers that option -s asks for; at creation of a v9 or IPFIX exporter. */
void exporter_default_samplers(struct datagram *datagram);

void exporter_sequence_failure(struct datagram *datagram);

/** Count a problem, and log it unless its kind was logged within this minute. */
void datagram_problem(struct datagram *datagram, enum decode_problem problem, uint64_t detail);

/** Log an event that is no problem, within the limit of lines per minute. */
void datagram_log(struct datagram *datagram, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void exporter_write(const struct exporter *exporter, struct flow_sink *sink);
void exporter_write_samplers(const struct exporter *exporter, struct flow_sink *sink);
void exporter_free(struct exporter *exporter);

#endif
