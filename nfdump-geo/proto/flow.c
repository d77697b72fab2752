/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A copy of the template's blank record, one step per field, then what needs all fields together:
 * times, ICMP type and code, sampling, events.
 */
#include "proto/flow.h"

#include <string.h>

#include "base/bytes.h"
#include "flow/record.h"

enum {
	GENERIC_FIRST = 0,
	GENERIC_LAST = 8,
	GENERIC_RECEIVED = 16,
	GENERIC_PACKETS = 24,
	GENERIC_BYTES = 32,
	GENERIC_SRC_PORT = 40,
	GENERIC_DST_PORT = 42,
	GENERIC_PROTO = 44,
	PROTO_ICMP4 = 1,
	PROTO_ICMP6 = 58,
	UPTIME_TOLERANCE = 100000, /* ms that a flow may end after the header's uptime */
};

/* Steps. */

static inline void put_number(uint8_t *to, unsigned bytes, uint64_t value)
{
	memcpy(to, &value, bytes); /* little-endian: the low bytes come first */
}

static inline uint64_t swap_halves(uint64_t value)
{
	return value << 32 | value >> 32;
}

/* One field to its place; `length` is right for the kind of step. Inlined into its two loops: a call
 * per field would cost more than the field. */
static inline __attribute__((always_inline)) void store(const struct step *step, const uint8_t *from, size_t length,
			 uint8_t *record, struct flow_values *values)
{
	uint8_t *to = record + step->to;
	uint32_t pair;

	switch ((enum store)step->store) {
	case STORE_SKIP:
	case STORE_PAYLOAD: /* see remember() */
	case STORE_LIST:
		break;
	case STORE_1_1:
		*to = *from;
		break;
	case STORE_2_1:
		*to = from[1];
		break;
	case STORE_2_2:
		bytes_put16(to, wire_get16(from));
		break;
	case STORE_2_4:
		bytes_put32(to, wire_get16(from));
		break;
	case STORE_4_4:
		bytes_put32(to, wire_get32(from));
		break;
	case STORE_4_8:
		bytes_put64(to, wire_get32(from));
		break;
	case STORE_8_8:
		bytes_put64(to, wire_get64(from));
		break;
	case STORE_1_1_TWICE:
		memcpy(to, from, 2);
		break;
	case STORE_2_2_TWICE:
		pair = wire_get32(from);
		bytes_put32(to, pair << 16 | pair >> 16);
		break;
	case STORE_4_4_TWICE:
		bytes_put64(to, swap_halves(wire_get64(from)));
		break;
	case STORE_4_8_TWICE:
		bytes_put64(to, wire_get32(from));
		bytes_put64(to + 8, wire_get32(from + 4));
		break;
	case STORE_IP6:
		bytes_put64(to, wire_get64(from));
		bytes_put64(to + 8, wire_get64(from + 8));
		break;
	case STORE_NUMBER1:
		put_number(to, 1, wire_number(from, length));
		break;
	case STORE_NUMBER2:
		put_number(to, 2, wire_number(from, length));
		break;
	case STORE_NUMBER4:
	case STORE_IP4:
		put_number(to, 4, wire_number(from, length));
		break;
	case STORE_NUMBER8:
	case STORE_MAC:
		put_number(to, 8, wire_number(from, length));
		break;
	case STORE_BYTES:
		memcpy(to, from, step->room && length > step->room ? step->room : length);
		break;
	case STORE_SLOT4:
		values->slot[step->to] = wire_get32(from);
		break;
	case STORE_SLOT8:
		values->slot[step->to] = wire_get64(from);
		break;
	case STORE_SLOT:
		values->slot[step->to] = wire_number(from, length);
		break;
	}
}

/* Payloads and lists are looked at when the rest of the record is complete. */
static void remember(const struct step *step, const uint8_t *from, size_t length,
		     struct flow_values *values)
{
	if (step->store == STORE_PAYLOAD)
		values->payload[step->to] = (struct value_bytes){from, length};
	else if (step->store == STORE_LIST)
		values_add_list(values, from, length, step->to == SLOT_LIST_MULTI);
}

static void run_fixed(const struct template *template, const uint8_t *in, uint8_t *record,
		      struct flow_values *values)
{
	const struct step *step = template->steps, *end = step + template->step_count;

	for (; step < end; step++)
		store(step, in + step->from, step->length, record, values);
}

/* Length of a variable field (RFC 7011 section 7). */
static size_t variable_length(struct wire *wire)
{
	size_t length = wire_u8(wire);

	return length < 255 ? length : wire_u16(wire);
}

/* A variable field whose length does not fit its kind counts as absent. */
static bool variable_fits(const struct step *step, size_t length)
{
	switch ((enum store)step->store) {
	case STORE_NUMBER1:
	case STORE_NUMBER2:
	case STORE_NUMBER4:
	case STORE_NUMBER8:
	case STORE_SLOT:
		return length >= 1 && length <= 8;
	case STORE_IP4:
		return length == 4;
	case STORE_MAC:
		return length == 6 || length == 8;
	case STORE_IP6:
		return length == 16;
	default:
		return true;
	}
}

/* Measure a record with variable fields, and remember its payloads and lists; numbers later. */
static size_t measure(const struct template *template, const struct wire *set,
		      struct flow_values *values)
{
	struct wire wire = *set;

	memset(values->payload, 0, sizeof(values->payload));
	values->list_count = 0;
	for (unsigned i = 0; i < template->step_count; i++) {
		const struct step *step = &template->steps[i];
		size_t length;
		const uint8_t *from;

		wire_skip(&wire, step->from);
		length = step->length == FIELD_VARIABLE ? variable_length(&wire) : step->length;
		from = wire_slice(&wire, length);
		if (!from)
			return 0;
		remember(step, from, length, values);
	}
	wire_skip(&wire, template->tail_bytes);
	return wire.truncated ? 0 : (size_t)(wire.at - set->at);
}

/* The record was measured: nothing can reach beyond it. */
static void run_variable(const struct template *template, const uint8_t *in, size_t len,
			 uint8_t *record, struct flow_values *values)
{
	struct wire wire = wire_init(in, len);

	memset(values->slot, 0, sizeof(values->slot));
	for (unsigned i = 0; i < template->step_count; i++) {
		const struct step *step = &template->steps[i];
		bool variable = step->length == FIELD_VARIABLE;
		const uint8_t *from;
		size_t length;

		wire_skip(&wire, step->from);
		length = variable ? variable_length(&wire) : step->length;
		from = wire_slice(&wire, length);
		if (!variable || variable_fits(step, length))
			store(step, from, length, record, values);
	}
}

/* Times: doc/rfc-coverage.md "times of a flow". All results are ms since 1970, 0 = not known. */

/* A counter of ms since boot, read by `context`'s header; the counter has 32 bits and may have
 * wrapped since the flow. */
static uint64_t uptime_ms(const struct flow_context *context, uint64_t value)
{
	uint32_t later = (uint32_t)value - context->uptime;

	if (later <= UPTIME_TOLERANCE)
		return context->export_ms + later;
	return context->export_ms - (uint32_t)(context->uptime - (uint32_t)value);
}

/* IPFIX has no uptime in its header: only a boot time makes sense of 21 and 22. */
static void boot_times(const struct flow_context *context, const uint64_t *slot, uint64_t *start,
		       uint64_t *end)
{
	uint64_t boot = slot[SLOT_BOOT] ? slot[SLOT_BOOT] : context->datagram->exporter->boot_ms;

	if (!boot)
		return;
	*end = boot + (uint32_t)slot[SLOT_END_UPTIME];
	*start = boot + (uint32_t)slot[SLOT_START_UPTIME];
	if (*start > *end)
		*start -= UINT64_C(1) << 32;
}

/* NTP format: seconds since 1900 and a 32-bit fraction. */
static uint64_t ntp_ms(uint64_t value)
{
	const uint64_t unix_epoch = 2208988800;

	if (value >> 32 < unix_epoch)
		return 0;
	return ((value >> 32) - unix_epoch) * 1000 + (((value & 0xffffffff) * 1000) >> 32);
}

static uint64_t slot_ms(const struct flow_context *context, const struct template *template,
			const uint64_t *slots, unsigned slot)
{
	switch (slot) {
	case SLOT_START_MS:
	case SLOT_END_MS:
		return slots[slot];
	case SLOT_START_S:
	case SLOT_END_S:
		return slots[slot] * 1000;
	case SLOT_START_DELTA: /* microseconds before the header's time */
	case SLOT_END_DELTA:
		return template->slots >> slot & 1 ? context->export_ms - slots[slot] / 1000 : 0;
	default:
		return ntp_ms(slots[slot]);
	}
}

static void pair_times(const struct flow_context *context, const struct template *template,
		       const struct time_pair *pair, const uint64_t *slot, uint64_t *start,
		       uint64_t *end)
{
	*start = *end = 0;
	if (pair->start != SLOT_START_UPTIME) {
		*start = slot_ms(context, template, slot, pair->start);
		*end = slot_ms(context, template, slot, pair->end);
	} else if (!slot[SLOT_END_UPTIME]) {
		return;
	} else if (context->v9) {
		*end = uptime_ms(context, slot[SLOT_END_UPTIME]);
		if (template->slots >> SLOT_START_UPTIME & 1)
			*start = uptime_ms(context, slot[SLOT_START_UPTIME]);
	} else {
		boot_times(context, slot, start, end);
	}
}

/*
 * A missing side comes from the duration, else from the other side. Except that a template with
 * only 152 or only 153 logs starts and ends apart (NAT and session logs): then the other one is
 * not known, and stays 0 as in stock.
 */
static bool sides_are_apart(const struct template *template)
{
	const uint64_t start = UINT64_C(1) << SLOT_START_MS, end = UINT64_C(1) << SLOT_END_MS;

	return (template->slots & start) != (template->slots & end) >> 1;
}

static void complete_times(const struct template *template, const struct time_pair *pair,
			   uint64_t duration, uint64_t *start, uint64_t *end)
{
	bool apart = pair->start == SLOT_START_MS && sides_are_apart(template);

	if (*start && !*end)
		*end = duration ? *start + duration : apart ? 0 : *start;
	else if (*end && !*start)
		*start = duration ? *end - duration : apart ? 0 : *end;
}

static void put_times(const struct flow_context *context, const struct template *template,
		      const uint64_t *slot, uint8_t *generic)
{
	const struct time_pair *pair = template->times, *with_end = NULL;
	const struct time_pair *last = pair + template->time_count - 1;
	uint64_t start, end;

	for (;; pair++) { /* the first pair with a start, else the first with an end */
		pair_times(context, template, pair, slot, &start, &end);
		if (end && !with_end)
			with_end = pair;
		if (start || pair == last)
			break;
	}
	if (!start && with_end && with_end != pair) {
		pair = with_end;
		pair_times(context, template, pair, slot, &start, &end);
	}
	if (!start || !end)
		complete_times(template, pair, slot[SLOT_DURATION], &start, &end);
	bytes_put64(generic + GENERIC_FIRST, start);
	bytes_put64(generic + GENERIC_LAST, end);
}

/* Type and code in fields of their own; a template that has them leaves no doubt. */
static bool has_type(const struct template *template, unsigned type, const uint64_t *slot,
		     uint16_t *code)
{
	if (!(template->slots >> type & 3)) /* the code's slot is the next one */
		return false;
	*code = (uint16_t)(slot[type] << 8 | (slot[type + 1] & 0xff));
	return true;
}

/*
 * Type and code, as type * 256 + code, wherever the exporter has them, to the destination port.
 * Stock takes 0 in field 32 or 139 (echo reply) for absent; then the other places say the same.
 */
static void put_icmp(const struct template *template, const uint64_t *slot, uint8_t *generic)
{
	bool six = generic[GENERIC_PROTO] == PROTO_ICMP6;
	unsigned own = six ? SLOT_ICMP_TYPE6 : SLOT_ICMP_TYPE4;
	unsigned other = six ? SLOT_ICMP_TYPE4 : SLOT_ICMP_TYPE6;
	uint16_t src_port = bytes_get16(generic + GENERIC_SRC_PORT);
	uint16_t code = (uint16_t)slot[SLOT_ICMP];

	if (!code && !has_type(template, own, slot, &code) &&
	    !has_type(template, other, slot, &code))
		code = src_port ? __builtin_bswap16(src_port)
				: bytes_get16(generic + GENERIC_DST_PORT);
	bytes_put16(generic + GENERIC_DST_PORT, code);
	bytes_put16(generic + GENERIC_SRC_PORT, 0);
}

/* softflowd's ICMP templates for IPFIX leave the protocol out: what they have of ICMP is kept. */
static void put_icmp_alone(const uint64_t *slot, uint8_t *generic)
{
	if (slot[SLOT_ICMP] && !bytes_get16(generic + GENERIC_DST_PORT))
		bytes_put16(generic + GENERIC_DST_PORT, (uint16_t)slot[SLOT_ICMP]);
}

static void scale(uint8_t *at, const struct sampler *sampler)
{
	bytes_put64(at, sampler_scale(sampler, bytes_get64(at)));
}

static void put_sampling(const struct sampler *sampler, const struct template *template,
			 uint8_t *record)
{
	unsigned generic = template->at[ELEMENT_GENERIC], counters = template->at[ELEMENT_COUNTERS];

	record[10] |= RECORD_FLAG_SAMPLED;
	if (!sampler->space)
		return;
	if (generic) {
		scale(record + generic + GENERIC_PACKETS, sampler);
		scale(record + generic + GENERIC_BYTES, sampler);
	}
	if (counters) {
		scale(record + counters + 8, sampler);
		scale(record + counters + 16, sampler);
	}
}

static void put_latency(const uint64_t *slot, uint8_t *latency)
{
	for (unsigned i = 0; i < 3; i++)
		bytes_put64(latency + 8 * i, slot[SLOT_CLIENT_S + 2 * i] * 1000000 +
						     slot[SLOT_CLIENT_US + 2 * i]);
}

/* What few templates need. */
static void put_rare(const struct flow_context *context, const struct template *template,
		     const uint64_t *slot, uint8_t *record)
{
	const uint16_t *at = template->at;

	if (slot[SLOT_ENGINE_TYPE])
		record[6] = (uint8_t)slot[SLOT_ENGINE_TYPE];
	if (slot[SLOT_ENGINE_ID])
		record[7] = (uint8_t)slot[SLOT_ENGINE_ID];
	if (at[ELEMENT_NSEL])
		bytes_put64(record + at[ELEMENT_NSEL], slot[SLOT_EVENT_TIME]);
	if (context->v9 && at[ELEMENT_NAT_EVENT])
		bytes_put64(record + at[ELEMENT_NAT_EVENT], slot[SLOT_EVENT_TIME]);
	if (at[ELEMENT_LATENCY])
		put_latency(slot, record + at[ELEMENT_LATENCY]);
	if (at[ELEMENT_OBSERVATION] && !bytes_get32(record + at[ELEMENT_OBSERVATION] + 8))
		bytes_put32(record + at[ELEMENT_OBSERVATION] + 8, context->datagram->exporter->id);
}

static void finish(const struct flow_context *context, const struct template *template,
		   const struct sampler *sampler, const uint64_t *slot, uint8_t *record)
{
	unsigned counters = template->at[ELEMENT_COUNTERS];

	if (template->at[ELEMENT_GENERIC]) {
		uint8_t *generic = record + template->at[ELEMENT_GENERIC];

		if (template->time_count)
			put_times(context, template, slot, generic);
		bytes_put64(generic + GENERIC_RECEIVED, context->datagram->received_ms);
		if (generic[GENERIC_PROTO] == PROTO_ICMP4 || generic[GENERIC_PROTO] == PROTO_ICMP6)
			put_icmp(template, slot, generic);
		else if (!generic[GENERIC_PROTO] && !context->v9)
			put_icmp_alone(slot, generic);
	}
	if (counters && !bytes_get64(record + counters))
		bytes_put64(record + counters, 1);
	if (sampler)
		put_sampling(sampler, template, record);
	if (template->rare)
		put_rare(context, template, slot, record);
}

/* Payloads of any length are put in last, from the back, so that offsets stay right. */
static size_t insert_payloads(const struct template *template, const struct flow_values *values,
			      uint8_t *record, size_t len)
{
	for (unsigned i = template->payload_count; i-- > 0;) {
		const struct value_bytes *payload = &values->payload[i];
		uint8_t *at = record + template->payload_at[i];

		memmove(at + payload->len, at, len - template->payload_at[i]);
		memcpy(at, payload->at, payload->len);
		bytes_put16(at - 2, (uint16_t)(payload->len + ELEMENT_HEADER_BYTES));
		len += payload->len;
	}
	bytes_put16(record + 2, (uint16_t)len);
	return len;
}

/* Room for the longest form of the record; payloads that do not fit are left empty. */
static size_t room_for(const struct flow_context *context, const struct template *template,
		       struct flow_values *values)
{
	size_t fixed = template->blank_bytes + (values->list_count ? LIST_ROOM : 0), len = fixed;

	for (unsigned i = 0; i < template->payload_count; i++) {
		if (len + values->payload[i].len > RECORD_MAX_BYTES) {
			datagram_problem(context->datagram, PROBLEM_RECORD_SIZE,
					 values->payload[i].len);
			values->payload[i].len = 0;
		}
		len += values->payload[i].len;
	}
	return len;
}

static void count_flow(struct datagram *datagram)
{
	datagram->exporter->flows++;
	datagram->decoder->counts.flows++;
}

/* Fixed records: the way of nearly all flows. */
static long fixed_set(const struct flow_context *context, const struct template *template,
		      struct wire *set, struct flow_values *values)
{
	struct datagram *datagram = context->datagram;
	const struct sampling *sampling = &datagram->exporter->sampling;
	const struct sampler *sampler = sampling_pick(sampling, 0);
	bool named = sampling->count && template->slots >> SLOT_SAMPLER & 1;
	size_t bytes = template->record_bytes, len = template->blank_bytes;
	long count = 0;

	for (; wire_left(set) >= bytes; count++) {
		const uint8_t *in = wire_slice(set, bytes);
		uint8_t *record = flow_sink_reserve(datagram->sink, len);

		if (!record) {
			datagram_problem(datagram, PROBLEM_NO_ROOM, len);
			continue;
		}
		memcpy(record, template->blank, len);
		run_fixed(template, in, record, values);
		if (named)
			sampler = sampling_pick(sampling, (int64_t)values->slot[SLOT_SAMPLER]);
		finish(context, template, sampler, values->slot, record);
		block_commit(datagram->sink->block, len);
		count_flow(datagram);
	}
	return count;
}

static void one_record(const struct flow_context *context, const struct template *template,
		       const uint8_t *in, size_t bytes, struct flow_values *values)
{
	struct datagram *datagram = context->datagram;
	size_t room = room_for(context, template, values), len;
	uint8_t *record = flow_sink_reserve(datagram->sink, room);

	if (!record) {
		datagram_problem(datagram, PROBLEM_NO_ROOM, room);
		return;
	}
	memcpy(record, template->blank, template->blank_bytes);
	run_variable(template, in, bytes, record, values);
	finish(context, template,
	       sampling_pick(&datagram->exporter->sampling, (int64_t)values->slot[SLOT_SAMPLER]),
	       values->slot, record);
	len = insert_payloads(template, values, record, template->blank_bytes);
	if (values->list_count)
		len = list_append(context, values, record, len);
	block_commit(datagram->sink->block, len);
	count_flow(datagram);
}

size_t flow_record(const struct flow_context *context, const struct template *template,
		   const struct wire *set, uint8_t *record, struct flow_values *values)
{
	size_t bytes = template->record_bytes;

	if (template->variable)
		bytes = measure(template, set, values);
	if (!bytes || bytes > wire_left(set))
		return 0;
	memcpy(record, template->blank, template->blank_bytes);
	if (template->variable)
		run_variable(template, set->at, bytes, record, values);
	else
		run_fixed(template, set->at, record, values);
	finish(context, template, NULL, values->slot, record);
	return bytes;
}

/* Records with fields of variable length or with lists. */
static long variable_set(const struct flow_context *context, const struct template *template,
			 struct wire *set, struct flow_values *values)
{
	long count = 0;

	for (; wire_left(set) >= template->record_bytes; count++) {
		size_t bytes = measure(template, set, values);

		if (!bytes) {
			datagram_problem(context->datagram, PROBLEM_RECORD_CUT, template->id);
			return -1;
		}
		if (template->kind == TEMPLATE_FLOW)
			one_record(context, template, set->at, bytes, values);
		wire_skip(set, bytes);
	}
	return count;
}

long flow_set(const struct flow_context *context, const struct template *template,
	      struct wire *set)
{
	struct flow_values values;

	if (!template->record_bytes) {
		datagram_problem(context->datagram, PROBLEM_RECORD_EMPTY, template->id);
		return 0;
	}
	memset(&values, 0, sizeof(values));
	if (template->kind == TEMPLATE_UNUSED) {
		datagram_problem(context->datagram, PROBLEM_TEMPLATE_UNUSED, template->id);
		if (!template->variable)
			return (long)(wire_left(set) / template->record_bytes);
	}
	if (template->variable)
		return variable_set(context, template, set, &values);
	return fixed_set(context, template, set, &values);
}
