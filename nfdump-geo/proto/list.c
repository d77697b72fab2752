/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/list.h"

#include <string.h>

#include "base/bytes.h"
#include "base/wire.h"
#include "flow/record.h"
#include "proto/flow.h"

/* The record that grows. */
struct target {
	const struct flow_context *context;
	uint8_t *record;
	size_t len, limit;
	uint64_t present; /* bit per element */
	unsigned added;
};

static void first_records(struct target *target, const struct flow_values *values, unsigned depth);

static void add_elements(struct target *target, const uint8_t *record, size_t len)
{
	size_t at = RECORD_HEADER_BYTES;

	while (at < len) {
		unsigned id = bytes_get16(record + at), bytes = bytes_get16(record + at + 2);

		if (!(target->present >> id & 1) && !element_table[id].variable &&
		    target->len + bytes <= target->limit) {
			memcpy(target->record + target->len, record + at, bytes);
			target->len += bytes;
			target->present |= UINT64_C(1) << id;
			target->added++;
		}
		at += bytes;
	}
}

/* The first record of a list with this template. */
static void first_record(struct target *target, uint16_t id, struct wire bytes, unsigned depth)
{
	struct exporter *exporter = target->context->datagram->exporter;
	const struct template *template = template_find(&exporter->templates, id);
	uint8_t record[LIST_ROOM];
	struct flow_values values;

	if (!template || template->kind != TEMPLATE_FLOW || !template->record_bytes ||
	    template->blank_bytes > sizeof(record))
		return;
	memset(&values, 0, sizeof(values));
	if (!flow_record(target->context, template, &bytes, record, &values))
		return;
	add_elements(target, record, template->blank_bytes);
	first_records(target, &values, depth + 1);
}

/* RFC 6313 section 4.5.3: semantic, then per template: id, length with these 4 bytes, records. */
static void multi_list(struct target *target, struct wire list, unsigned depth)
{
	while (wire_left(&list) >= 4) {
		uint16_t id = wire_u16(&list), bytes = wire_u16(&list);

		if (bytes < 4 || bytes - 4u > wire_left(&list)) {
			datagram_problem(target->context->datagram, PROBLEM_LIST, bytes);
			return;
		}
		first_record(target, id, wire_sub(&list, bytes - 4u), depth);
	}
}

static void first_records(struct target *target, const struct flow_values *values, unsigned depth)
{
	if (depth >= LIST_DEPTH)
		return;
	for (unsigned i = 0; i < values->list_count; i++) {
		const struct value_list *list = &values->list[i];
		struct wire wire = wire_init(list->bytes.at, list->bytes.len);
		uint16_t id;

		wire_skip(&wire, 1); /* semantic */
		if (list->multi) {
			multi_list(target, wire, depth);
			continue;
		}
		id = wire_u16(&wire);
		if (!wire.truncated)
			first_record(target, id, wire, depth);
	}
}

static uint64_t elements_of(const uint8_t *record, size_t len)
{
	uint64_t present = 0;

	for (size_t at = RECORD_HEADER_BYTES; at < len; at += bytes_get16(record + at + 2))
		present |= UINT64_C(1) << bytes_get16(record + at);
	return present;
}

size_t list_append(const struct flow_context *context, const struct flow_values *values,
		   uint8_t *record, size_t len)
{
	const struct exporter *exporter = context->datagram->exporter;
	size_t limit = len + LIST_ROOM > RECORD_MAX_BYTES ? RECORD_MAX_BYTES : len + LIST_ROOM;
	struct target target = {context, record, len - exporter->router_bytes,
				limit - exporter->router_bytes, elements_of(record, len), 0};

	first_records(&target, values, 0);
	memcpy(record + target.len, exporter->router, exporter->router_bytes);
	target.len += exporter->router_bytes;
	bytes_put16(record + 2, (uint16_t)target.len);
	bytes_put16(record + 4, (uint16_t)(bytes_get16(record + 4) + target.added));
	return target.len;
}
