/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The template compiler. Elements of the flow record come in the order in which the template's
 * fields first ask for them, whatever their values; stock nfcapd does the same. v9 records always
 * have element 1; the exporter's address is last.
 */
#include "proto/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "flow/field.h"
#include "flow/geotail.h"
#include "flow/record.h"

enum { SOURCE_V9 = 9, SOURCE_IPFIX = 10 };

/* Work in progress. */
struct compiler {
	const struct template_origin *origin;
	const struct template_field *fields;
	unsigned count;
	const struct ie **rows; /* per field; NULL = skipped */
	struct template *template;
	uint8_t order[RECORD_ELEMENTS_MAX]; /* elements */
	unsigned elements;
	uint16_t payload_bytes[ELEMENT_SLOTS]; /* of fixed payload elements */
};

static bool length_fits(const struct ie *row, uint16_t length)
{
	if (length == FIELD_VARIABLE)
		return true; /* judged record by record */
	switch (row->kind) {
	case IE_IP4:
		return length == 4;
	case IE_IP6:
		return length == 16;
	case IE_MAC:
		return length == 6 || length == 8;
	case IE_NUMBER:
	case IE_ASIDE:
		return length >= 1 && length <= 8;
	default:
		return true;
	}
}

static void want_element(struct compiler *compiler, uint8_t element)
{
	for (unsigned i = 0; i < compiler->elements; i++)
		if (compiler->order[i] == element)
			return;
	compiler->order[compiler->elements++] = element;
}

/* Which fields count, which elements they need. @return number of known fields */
static unsigned find_rows(struct compiler *compiler, unsigned *ignored)
{
	unsigned known = 0;

	for (unsigned i = 0; i < compiler->count; i++) {
		const struct template_field *field = &compiler->fields[i];
		const struct ie *row = ie_find(field->enterprise, field->number,
					       compiler->origin->protocols);

		compiler->rows[i] = NULL;
		if (!row)
			continue;
		if (!length_fits(row, field->length)) {
			++*ignored;
			continue;
		}
		known++;
		compiler->rows[i] = row;
		if (row->element)
			want_element(compiler, row->element);
		if (row->kind == IE_LIST)
			compiler->template->variable = true; /* measured record by record */
		if (row->kind == IE_PAYLOAD)
			compiler->payload_bytes[row->element] =
				field->length == FIELD_VARIABLE ? 0 : field->length;
	}
	return known;
}

/* Sizes of the data records. @return false when they pass the limit */
static bool measure(struct compiler *compiler)
{
	struct template *template = compiler->template;
	size_t bytes = 0;

	for (unsigned i = 0; i < compiler->count; i++) {
		bool variable = compiler->fields[i].length == FIELD_VARIABLE;

		bytes += variable ? 1 : compiler->fields[i].length;
		template->variable |= variable;
	}
	template->record_bytes = (uint16_t)bytes;
	return bytes <= TEMPLATE_RECORD_MAX;
}

static unsigned payload_of(const struct compiler *compiler, unsigned element)
{
	unsigned bytes = element_table[element].variable ? compiler->payload_bytes[element]
							 : element_table[element].bytes;

	if (compiler->origin->geo_tail && (element == ELEMENT_IP4 || element == ELEMENT_IP6))
		bytes += GEOTAIL_BYTES;
	return bytes;
}

static bool is_variable_payload(const struct compiler *compiler, unsigned element)
{
	return element_table[element].variable && !compiler->payload_bytes[element];
}

static void blank_header(const struct compiler *compiler, uint8_t *blank, size_t bytes)
{
	const struct template_origin *origin = compiler->origin;

	bytes_put16(blank, RECORD_FLOW);
	bytes_put16(blank + 2, (uint16_t)bytes);
	bytes_put16(blank + 4, (uint16_t)(compiler->elements + 1));
	blank[6] = origin->engine_type;
	blank[7] = origin->engine_id;
	bytes_put16(blank + 8, origin->sysid);
	blank[10] = compiler->template->event && origin->v9 ? RECORD_FLAG_EVENT : 0;
	blank[11] = origin->v9 ? SOURCE_V9 : SOURCE_IPFIX;
}

static size_t blank_bytes(const struct compiler *compiler)
{
	size_t bytes = RECORD_HEADER_BYTES + compiler->origin->router_bytes;

	for (unsigned i = 0; i < compiler->elements; i++)
		bytes += ELEMENT_HEADER_BYTES + payload_of(compiler, compiler->order[i]);
	return bytes;
}

/* @return false without memory, or when no such record can exist */
static bool make_blank(struct compiler *compiler)
{
	struct template *template = compiler->template;
	size_t bytes = blank_bytes(compiler), at = RECORD_HEADER_BYTES;

	if (bytes > RECORD_MAX_BYTES)
		return false;
	template->blank = calloc(1, bytes);
	if (!template->blank)
		return false;
	template->blank_bytes = (uint16_t)bytes;
	for (unsigned i = 0; i < compiler->elements; i++) {
		unsigned id = compiler->order[i], payload = payload_of(compiler, id);
		uint8_t *element = template->blank + at;

		bytes_put16(element, (uint16_t)id);
		bytes_put16(element + 2, (uint16_t)(payload + ELEMENT_HEADER_BYTES));
		at += ELEMENT_HEADER_BYTES;
		template->at[id] = (uint16_t)at;
		if (payload > element_table[id].bytes && (id == ELEMENT_IP4 || id == ELEMENT_IP6))
			geotail_write(element + 4 + element_table[id].bytes, 0, 0);
		if (is_variable_payload(compiler, id))
			template->payload_at[template->payload_count++] = (uint16_t)at;
		at += payload;
	}
	memcpy(template->blank + at, compiler->origin->router, compiler->origin->router_bytes);
	template->event = template->at[ELEMENT_NSEL] || template->at[ELEMENT_NAT_EVENT];
	blank_header(compiler, template->blank, bytes);
	return true;
}

/* Steps. */

static uint8_t number_store(unsigned from, unsigned to)
{
	static const struct {
		uint8_t from, to, store;
	} special[] = {
		{1, 1, STORE_1_1}, {2, 1, STORE_2_1}, {2, 2, STORE_2_2}, {2, 4, STORE_2_4},
		{4, 4, STORE_4_4}, {4, 8, STORE_4_8}, {8, 8, STORE_8_8},
	};

	for (unsigned i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (special[i].from == from && special[i].to == to)
			return special[i].store;
	return to == 1	 ? STORE_NUMBER1
	       : to == 2 ? STORE_NUMBER2
	       : to == 4 ? STORE_NUMBER4
			 : STORE_NUMBER8;
}

static uint8_t slot_store(unsigned from)
{
	return from == 4 ? STORE_SLOT4 : from == 8 ? STORE_SLOT8 : STORE_SLOT;
}

static unsigned payload_number(const struct template *template, uint16_t at)
{
	unsigned i = 0;

	while (i < template->payload_count && template->payload_at[i] != at)
		i++;
	return i;
}

/* How one field is stored. A variable field's length is only known in the record. */
static struct step step_of(const struct compiler *compiler, const struct ie *row, uint16_t length)
{
	const struct template *template = compiler->template;
	struct step step = {.length = length, .room = row->bytes};
	uint16_t payload = template->at[row->element];

	step.to = (uint16_t)(payload + row->offset);
	switch (row->kind) {
	case IE_NUMBER:
	case IE_IP4:
	case IE_MAC:
		step.store = number_store(length, row->bytes);
		if (length == FIELD_VARIABLE && row->kind != IE_NUMBER)
			step.store = row->kind == IE_IP4 ? STORE_IP4 : STORE_MAC;
		break;
	case IE_IP6:
		step.store = STORE_IP6;
		break;
	case IE_BYTES:
		step.store = STORE_BYTES;
		break;
	case IE_PAYLOAD:
		step.store = STORE_BYTES;
		step.room = 0;
		if (is_variable_payload(compiler, row->element)) {
			step.store = STORE_PAYLOAD;
			step.to = (uint16_t)payload_number(template, payload);
		}
		break;
	case IE_ASIDE:
	case IE_LIST:
		step.store = row->kind == IE_LIST ? STORE_LIST : slot_store(length);
		step.to = row->slot;
		break;
	}
	return step;
}

/* An earlier field of the same payload element does not count: the last one made its size. */
static bool is_superseded(const struct compiler *compiler, unsigned field)
{
	const struct ie *row = compiler->rows[field];

	if (row->kind != IE_PAYLOAD)
		return false;
	for (unsigned i = field + 1; i < compiler->count; i++)
		if (compiler->rows[i] == row)
			return true;
	return false;
}

static void note_slot(struct template *template, const struct ie *row)
{
	if (row->kind == IE_ASIDE)
		template->slots |= UINT64_C(1) << row->slot;
}

/* Fields at fixed places: each step has its offset, what is skipped leaves no trace. */
static void make_fixed_steps(struct compiler *compiler)
{
	struct template *template = compiler->template;
	uint16_t offset = 0;

	for (unsigned i = 0; i < compiler->count; i++) {
		const struct ie *row = compiler->rows[i];

		if (row && !is_superseded(compiler, i)) {
			struct step *step = &template->steps[template->step_count++];

			*step = step_of(compiler, row, compiler->fields[i].length);
			step->from = offset;
			note_slot(template, row);
		}
		offset = (uint16_t)(offset + compiler->fields[i].length);
	}
}

/* Fields behind variable ones: each step says how far it is from the step before. */
static void make_variable_steps(struct compiler *compiler)
{
	struct template *template = compiler->template;
	uint16_t gap = 0;

	for (unsigned i = 0; i < compiler->count; i++) {
		const struct ie *row = compiler->rows[i];
		uint16_t length = compiler->fields[i].length;
		struct step *step;

		if (row && is_superseded(compiler, i))
			row = NULL;
		if (!row && length != FIELD_VARIABLE) {
			gap = (uint16_t)(gap + length);
			continue;
		}
		step = &template->steps[template->step_count++];
		*step = row ? step_of(compiler, row, length)
			    : (struct step){.length = length, .store = STORE_SKIP};
		step->from = gap;
		gap = 0;
		if (row)
			note_slot(template, row);
	}
	template->tail_bytes = gap;
}

/* The step for two neighbours that stay neighbours; STORE_SKIP when there is none. */
static uint8_t joined_store(const struct step *first, const struct step *second)
{
	static const struct {
		uint8_t one, two, from, to;
	} joins[] = {
		{STORE_1_1, STORE_1_1_TWICE, 1, 1},
		{STORE_2_2, STORE_2_2_TWICE, 2, 2},
		{STORE_4_4, STORE_4_4_TWICE, 4, 4},
		{STORE_4_8, STORE_4_8_TWICE, 4, 8},
	};

	for (unsigned i = 0; i < sizeof(joins) / sizeof(joins[0]); i++)
		if (first->store == joins[i].one && second->store == joins[i].one &&
		    second->from == first->from + joins[i].from &&
		    second->to == first->to + joins[i].to)
			return joins[i].two;
	return STORE_SKIP;
}

static void join_steps(struct template *template)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < template->step_count; i++) {
		struct step *last = kept ? &template->steps[kept - 1] : NULL;
		uint8_t joined = last ? joined_store(last, &template->steps[i]) : STORE_SKIP;

		if (joined != STORE_SKIP)
			last->store = joined;
		else
			template->steps[kept++] = template->steps[i];
	}
	template->step_count = (uint16_t)kept;
}

static bool make_steps(struct compiler *compiler)
{
	struct template *template = compiler->template;

	template->steps = calloc(compiler->count + 1, sizeof(*template->steps));
	if (!template->steps)
		return false;
	if (template->variable) {
		make_variable_steps(compiler);
	} else {
		make_fixed_steps(compiler);
		join_steps(template);
	}
	return true;
}

/* Which pairs of times the records have, best first. */
static void make_times(struct template *template, bool v9)
{
	static const struct time_pair order[] = {
		{SLOT_START_UPTIME, SLOT_END_UPTIME}, /* first in v9, last in IPFIX */
		{SLOT_START_MS, SLOT_END_MS},	      {SLOT_START_NS, SLOT_END_NS},
		{SLOT_START_US, SLOT_END_US},	      {SLOT_START_S, SLOT_END_S},
		{SLOT_START_DELTA, SLOT_END_DELTA},   {SLOT_START_UPTIME, SLOT_END_UPTIME},
	};
	unsigned from = v9 ? 0 : 1, to = v9 ? 6 : 7;

	for (unsigned i = from; i < to; i++)
		if (template->slots >> order[i].start & 1 || template->slots >> order[i].end & 1)
			template->times[template->time_count++] = order[i];
}

static bool is_rare(const struct template *template, bool v9)
{
	const uint64_t rare = UINT64_C(1) << SLOT_ENGINE_TYPE | UINT64_C(1) << SLOT_ENGINE_ID;

	return (template->slots & rare) || (v9 && template->event) ||
	       template->at[ELEMENT_LATENCY] || template->at[ELEMENT_OBSERVATION];
}

static bool compile(struct compiler *compiler, unsigned *ignored)
{
	struct template *template = compiler->template;
	bool v9 = compiler->origin->v9;

	if (!measure(compiler))
		return false;
	if (!find_rows(compiler, ignored))
		template->kind = TEMPLATE_UNUSED;
	if (v9)
		want_element(compiler, ELEMENT_GENERIC);
	if (!make_blank(compiler) || !make_steps(compiler))
		return false;
	make_times(template, v9);
	template->rare = is_rare(template, v9);
	template->memory = sizeof(*template) + template->blank_bytes +
			   (compiler->count + 1) * sizeof(*template->steps);
	return true;
}

struct template *template_flow(const struct template_origin *origin, uint16_t id,
			       const struct template_field *fields, unsigned count,
			       unsigned *ignored)
{
	const struct ie *rows[TEMPLATE_FIELDS_MAX];
	struct compiler compiler = {.origin = origin, .fields = fields, .count = count,
				    .rows = rows};

	*ignored = 0;
	if (count > TEMPLATE_FIELDS_MAX)
		return NULL;
	compiler.template = calloc(1, sizeof(*compiler.template));
	if (!compiler.template)
		return NULL;
	compiler.template->id = id;
	compiler.template->kind = TEMPLATE_FLOW;
	if (!compile(&compiler, ignored)) {
		template_free(compiler.template);
		return NULL;
	}
	return compiler.template;
}

struct template *template_options(bool v9, uint16_t id, const struct template_field *fields,
				  unsigned count, unsigned scope_count)
{
	struct template *template = calloc(1, sizeof(*template));
	struct compiler compiler = {.fields = fields, .count = count, .template = template};

	if (!template)
		return NULL;
	template->id = id;
	template->kind = TEMPLATE_OPTIONS;
	template->v9 = v9;
	template->fields = malloc((count + 1) * sizeof(*fields));
	if (!template->fields || count > TEMPLATE_FIELDS_MAX || !measure(&compiler)) {
		template_free(template);
		return NULL;
	}
	memcpy(template->fields, fields, count * sizeof(*fields));
	template->field_count = (uint16_t)count;
	template->scope_count = (uint16_t)scope_count;
	template->memory = sizeof(*template) + (count + 1) * sizeof(*fields);
	return template;
}

void template_free(struct template *template)
{
	if (!template)
		return;
	free(template->definition);
	free(template->blank);
	free(template->steps);
	free(template->fields);
	free(template);
}
