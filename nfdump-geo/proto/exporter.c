/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/exporter.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "flow/record.h"

/* File format sections 7.1 and 7.3. */
enum { EXPORTER_RECORD_BYTES = 32, SAMPLER_RECORD_BYTES = 24, FAMILY_IP4 = 2, FAMILY_IP6 = 10 };

static const char *const problem_text[PROBLEM_COUNT] = {
#define PROBLEM(symbol, text) text,
#include "proto/problem.def"
#undef PROBLEM
};

const char *decode_problem_text(enum decode_problem problem)
{
	return problem_text[problem];
}

/* How a problem shows in the books; most are contradictions in the packets. */
static uint64_t *books_of(struct decoder_counts *counts, enum decode_problem problem)
{
	switch (problem) {
	case PROBLEM_UNKNOWN_VERSION:
	case PROBLEM_SHORT_DATAGRAM:
		return &counts->bad_datagrams;
	case PROBLEM_NO_TEMPLATE:
		return &counts->no_template_sets;
	case PROBLEM_NO_ROOM:
		return &counts->dropped_flows;
	case PROBLEM_TEMPLATE_FIELD:
	case PROBLEM_TEMPLATE_UNUSED:
	case PROBLEM_SAMPLING_RATE:
		return NULL;
	default:
		return &counts->malformed;
	}
}

static bool may_log(struct datagram *datagram)
{
	struct decoder *decoder = datagram->decoder;
	uint32_t minute = (uint32_t)(datagram->received_ms / 60000);

	if (decoder->log_minute != minute) {
		decoder->log_minute = minute;
		decoder->log_lines = 0;
	}
	if (decoder->log_lines > LOG_LINES_PER_MINUTE)
		return false;
	if (decoder->log_lines++ < LOG_LINES_PER_MINUTE)
		return true;
	log_warn("%d messages about exporters within a minute: no more until the next minute",
		 LOG_LINES_PER_MINUTE);
	return false;
}

void datagram_log(struct datagram *datagram, const char *format, ...)
{
	char line[512];
	va_list args;

	if (!may_log(datagram))
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	log_info("%s", line);
}

void datagram_problem(struct datagram *datagram, enum decode_problem problem, uint64_t detail)
{
	struct decoder *decoder = datagram->decoder;
	struct exporter *exporter = datagram->exporter;
	uint32_t minute = (uint32_t)(datagram->received_ms / 60000) + 1; /* 0 = never */
	uint32_t *logged = exporter ? exporter->logged_minute : decoder->logged_minute;
	uint64_t *book = books_of(&decoder->counts, problem);
	char sender[ADDRESS_TEXT];

	decoder->counts.problem[problem]++;
	if (book)
		++*book;
	if (problem == PROBLEM_NO_TEMPLATE || problem == PROBLEM_TEMPLATE_UNUSED)
		return; /* normal after a start: templates come every few minutes */
	if (logged[problem] == minute || !may_log(datagram))
		return;
	logged[problem] = minute;
	address_print(datagram->sender, sender);
	if (exporter)
		log_warn("Process v%u: %s (%" PRIu64 "), exporter %s, id %" PRIu32,
			 exporter->version, problem_text[problem], detail, sender, exporter->id);
	else
		log_warn("Process datagram: %s (%" PRIu64 "), sender %s", problem_text[problem],
			 detail, sender);
}

/* Hash table. */

static uint32_t hash_of(const struct address *sender, uint16_t version, uint32_t id)
{
	uint64_t hash = sender->high * 0x9e3779b97f4a7c15u ^ sender->low;

	hash = (hash ^ (uint64_t)version << 32 ^ id) * 0xff51afd7ed558ccdu;
	hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53u;
	return (uint32_t)(hash >> 32);
}

static bool is_exporter(const struct exporter *exporter, const struct address *sender,
			uint16_t version, uint32_t id)
{
	return exporter->id == id && exporter->version == version &&
	       exporter->sender.low == sender->low && exporter->sender.high == sender->high &&
	       exporter->sender.family == sender->family;
}

/* The slot that holds the exporter, or the free one where it belongs. */
static uint32_t *slot_of(const struct decoder *decoder, const struct address *sender,
			 uint16_t version, uint32_t id)
{
	uint32_t mask = decoder->slot_count - 1;
	uint32_t at = hash_of(sender, version, id) & mask;

	while (decoder->slots[at] &&
	       !is_exporter(decoder->exporters[decoder->slots[at] - 1], sender, version, id))
		at = (at + 1) & mask;
	return &decoder->slots[at];
}

/* At most half of the slots are taken, so searches end. */
static bool grow(struct decoder *decoder)
{
	uint32_t capacity = decoder->capacity ? 2 * decoder->capacity : 8;
	struct exporter **exporters;
	uint32_t *slots;

	if (decoder->count < decoder->capacity)
		return true;
	slots = calloc(2 * (size_t)capacity, sizeof(*slots));
	exporters = realloc(decoder->exporters, capacity * sizeof(struct exporter *));
	if (exporters)
		decoder->exporters = exporters;
	if (!slots || !exporters) {
		free(slots);
		return false;
	}
	free(decoder->slots);
	decoder->slots = slots;
	decoder->slot_count = 2 * capacity;
	decoder->capacity = capacity;
	for (uint32_t i = 0; i < decoder->count; i++) {
		const struct exporter *old = exporters[i];

		*slot_of(decoder, &old->sender, old->version, old->id) = i + 1;
	}
	return true;
}

/* Records. */

static void put_record(struct flow_sink *sink, const uint8_t *record, size_t len)
{
	uint8_t *at = flow_sink_reserve(sink, len);

	if (!at)
		return; /* flow_sink_reserve() fails only without memory; the writer reports that */
	memcpy(at, record, len);
	block_commit(sink->block, len);
}

void exporter_write(const struct exporter *exporter, struct flow_sink *sink)
{
	uint8_t record[EXPORTER_RECORD_BYTES];

	if (!exporter->sysid)
		return;
	bytes_put16(record, RECORD_EXPORTER);
	bytes_put16(record + 2, sizeof(record));
	bytes_put32(record + 4, exporter->version);
	bytes_put64(record + 8, exporter->sender.high);
	bytes_put64(record + 16, exporter->sender.low);
	bytes_put16(record + 24, exporter->sender.family == AF_INET6 ? FAMILY_IP6 : FAMILY_IP4);
	bytes_put16(record + 26, exporter->sysid);
	bytes_put32(record + 28, exporter->id);
	put_record(sink, record, sizeof(record));
}

static void write_sampler(const struct exporter *exporter, const struct sampler *sampler,
			  struct flow_sink *sink)
{
	uint8_t record[SAMPLER_RECORD_BYTES];

	if (!exporter->sysid)
		return;
	bytes_put16(record, RECORD_SAMPLER);
	bytes_put16(record + 2, sizeof(record));
	bytes_put16(record + 4, exporter->sysid);
	bytes_put16(record + 6, sampler->algorithm);
	bytes_put64(record + 8, (uint64_t)sampler->id);
	bytes_put32(record + 16, sampler->interval);
	bytes_put32(record + 20, sampler->space);
	put_record(sink, record, sizeof(record));
}

void exporter_write_samplers(const struct exporter *exporter, struct flow_sink *sink)
{
	for (unsigned i = 0; i < exporter->sampling.count; i++)
		write_sampler(exporter, &exporter->sampling.list[i], sink);
}

/* Exporters. */

static void set_router(struct exporter *exporter)
{
	bool six = exporter->sender.family == AF_INET6;

	exporter->router_bytes = six ? 20 : 8;
	bytes_put16(exporter->router, six ? ELEMENT_ROUTER6 : ELEMENT_ROUTER4);
	bytes_put16(exporter->router + 2, exporter->router_bytes);
	if (six) {
		bytes_put64(exporter->router + 4, exporter->sender.high);
		bytes_put64(exporter->router + 12, exporter->sender.low);
	} else {
		bytes_put32(exporter->router + 4, (uint32_t)exporter->sender.low);
	}
}

static struct exporter *exporter_new(struct decoder *decoder, const struct address *sender,
				     uint16_t version, uint32_t id)
{
	struct sysid_counter *sysids = decoder->options.sysids;
	struct exporter *exporter;

	if (decoder->count >= EXPORTERS_MAX || !grow(decoder))
		return NULL;
	exporter = calloc(1, sizeof(*exporter));
	if (!exporter)
		return NULL;
	exporter->sender = *sender;
	exporter->version = version;
	exporter->id = id;
	exporter->sysid = sysids->last < UINT16_MAX ? (uint16_t)++sysids->last : 0;
	sampling_init(&exporter->sampling);
	template_list_init(&exporter->templates, &decoder->template_bytes);
	set_router(exporter);
	decoder->exporters[decoder->count++] = exporter;
	*slot_of(decoder, sender, version, id) = decoder->count;
	return exporter;
}

void exporter_free(struct exporter *exporter)
{
	if (!exporter)
		return;
	template_list_fini(&exporter->templates);
	sampling_fini(&exporter->sampling);
	free(exporter);
}

static struct exporter *find(struct decoder *decoder, const struct address *sender,
			     uint16_t version, uint32_t id)
{
	uint32_t place;

	if (decoder->recent && is_exporter(decoder->recent, sender, version, id))
		return decoder->recent;
	place = decoder->slot_count ? *slot_of(decoder, sender, version, id) : 0;
	return place ? decoder->exporters[place - 1] : NULL;
}

bool exporter_enter(struct datagram *datagram, uint16_t version, uint32_t id)
{
	struct decoder *decoder = datagram->decoder;
	struct exporter *exporter = find(decoder, datagram->sender, version, id);

	if (!exporter) {
		exporter = exporter_new(decoder, datagram->sender, version, id);
		if (!exporter) {
			datagram_problem(datagram, PROBLEM_EXPORTER_LIMIT, id);
			return false;
		}
		exporter_write(exporter, datagram->sink);
		datagram->first = true;
	}
	decoder->recent = exporter;
	datagram->exporter = exporter;
	exporter->datagrams++;
	return true;
}

void exporter_sampler(struct datagram *datagram, const struct sampler *sampler)
{
	struct exporter *exporter = datagram->exporter;
	enum sampling_change change = sampling_set(&exporter->sampling, sampler);

	if (change == SAMPLING_REFUSED)
		datagram_problem(datagram, PROBLEM_SAMPLER_LIMIT, (uint64_t)sampler->id);
	if (change != SAMPLING_ADDED && change != SAMPLING_UPDATED)
		return;
	write_sampler(exporter, sampler, datagram->sink);
	datagram_log(datagram,
		     "%s sampler id: %" PRId64
		     ", algorithm: %u, packet interval: %u, packet space: %u",
		     change == SAMPLING_UPDATED	     ? "Update existing"
		     : exporter->sampling.count == 1 ? "Add new"
						     : "Append new",
		     sampler->id, sampler->algorithm, sampler->interval, sampler->space);
}

void exporter_replace_sampler(struct datagram *datagram, const struct sampler *sampler)
{
	struct exporter *exporter = datagram->exporter;
	enum sampling_change change = sampling_replace(&exporter->sampling, sampler);

	if (change == SAMPLING_ADDED || change == SAMPLING_UPDATED)
		write_sampler(exporter, sampler, datagram->sink);
}

void exporter_default_samplers(struct datagram *datagram)
{
	int32_t sampling = datagram->decoder->options.sampling;
	struct sampler sampler;

	if (sampling >= 0 && sampling <= 1)
		return;
	sampler = sampling < 0 ? sampler_of_rate(SAMPLER_OVERRIDE, (uint32_t)-(int64_t)sampling, 0)
			       : sampler_of_rate(SAMPLER_DEFAULT, (uint32_t)sampling, 0);
	exporter_sampler(datagram, &sampler);
}

void exporter_sequence_failure(struct datagram *datagram)
{
	datagram->exporter->sequence_failures++;
	datagram->decoder->counts.sequence_failures++;
}
