/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/sets.h"

#include <stdlib.h>
#include <string.h>

#include "proto/options.h"

enum {
	SET_HEADER_BYTES = 4,
	V9_TEMPLATES = 0,
	V9_OPTIONS = 1,
	IPFIX_TEMPLATES = 2,
	IPFIX_OPTIONS = 3,
	ENTERPRISE_BIT = 0x8000,
};

/* One template definition as it was received. */
struct definition {
	uint16_t id;
	unsigned count, scope_count;
	bool options;
	const uint8_t *bytes; /* borrowed from the datagram */
	size_t len;
	struct template_field fields[TEMPLATE_FIELDS_MAX];
};

/* Read the field specifiers; those above the limit are counted, not kept. */
static void read_fields(struct wire *wire, bool v9, struct definition *definition)
{
	for (unsigned i = 0; i < definition->count && !wire->truncated; i++) {
		struct template_field field = {.number = wire_u16(wire)};

		field.length = wire_u16(wire);
		if (!v9 && field.number & ENTERPRISE_BIT) {
			field.number &= (uint16_t)~ENTERPRISE_BIT;
			field.enterprise = wire_u32(wire);
		}
		if (i < TEMPLATE_FIELDS_MAX)
			definition->fields[i] = field;
	}
	definition->len = (size_t)(wire->at - definition->bytes);
}

static struct template_origin origin_of(const struct flow_context *context)
{
	const struct exporter *exporter = context->datagram->exporter;
	const struct decoder_options *options = &context->datagram->decoder->options;
	struct template_origin origin = {
		.protocols = context->v9 ? IE_V9 : IE_IPFIX,
		.v9 = context->v9,
		.geo_tail = options->geo_tail,
		.sysid = exporter->sysid,
		.router = exporter->router,
		.router_bytes = exporter->router_bytes,
	};

	if (context->v9) {
		origin.engine_type = (uint8_t)(exporter->id >> 8);
		origin.engine_id = (uint8_t)exporter->id;
	} else if (options->keep_extended) {
		origin.protocols |= IE_EXTENDED;
	}
	return origin;
}

/* Exporters repeat their templates all the time. */
static bool is_repetition(const struct template *old, const struct definition *definition)
{
	return old && (old->kind == TEMPLATE_OPTIONS) == definition->options &&
	       old->definition_bytes == definition->len &&
	       !memcmp(old->definition, definition->bytes, definition->len);
}

static struct template *compile(const struct flow_context *context,
				const struct definition *definition)
{
	struct template_origin origin = origin_of(context);
	struct template *template;
	unsigned ignored = 0;

	if (definition->options)
		template = template_options(context->v9, definition->id, definition->fields,
					    definition->count, definition->scope_count);
	else
		template = template_flow(&origin, definition->id, definition->fields,
					 definition->count, &ignored);
	if (ignored)
		datagram_problem(context->datagram, PROBLEM_TEMPLATE_FIELD, definition->id);
	return template;
}

static bool keep_definition(struct template *template, const struct definition *definition)
{
	template->definition = malloc(definition->len);
	if (!template->definition)
		return false;
	memcpy(template->definition, definition->bytes, definition->len);
	template->definition_bytes = (uint16_t)definition->len;
	template->memory += definition->len;
	return true;
}

/* A new definition replaces the old one with its id; when it is refused, the old one goes too. */
static void define(const struct flow_context *context, const struct definition *definition)
{
	struct template_list *list = &context->datagram->exporter->templates;
	struct template *template = NULL;

	if (is_repetition(template_find(list, definition->id), definition))
		return;
	if (definition->count <= TEMPLATE_FIELDS_MAX && template_room(list, definition->id))
		template = compile(context, definition);
	if (template && keep_definition(template, definition)) {
		template_put(list, template);
		return;
	}
	template_free(template);
	template_forget(list, definition->id);
	datagram_problem(context->datagram, PROBLEM_TEMPLATE_LIMIT, definition->id);
}

/* RFC 7011 section 8.1: a template without fields is a withdrawal; the set's own id means all. */
static void withdraw(const struct flow_context *context, uint16_t id, bool options)
{
	struct template_list *list = &context->datagram->exporter->templates;
	const struct template *template = template_find(list, id);

	if (!context->v9 && id == (options ? IPFIX_OPTIONS : IPFIX_TEMPLATES))
		template_forget_all(list, options);
	else if (template && (template->kind == TEMPLATE_OPTIONS) == options)
		template_forget(list, id);
}

/* The fields behind the head of a definition. @return false when the set ends inside them */
static bool define_fields(const struct flow_context *context, struct wire *set,
			  struct definition *definition)
{
	read_fields(set, context->v9, definition);
	if (set->truncated) {
		datagram_problem(context->datagram, PROBLEM_TEMPLATE_CUT, definition->id);
		return false;
	}
	if (definition->id < TEMPLATE_ID_MIN)
		datagram_problem(context->datagram, PROBLEM_TEMPLATE_ID, definition->id);
	else
		define(context, definition);
	return true;
}

/* Zero bytes at the end of a set read as template 0 without fields: harmless. */
static void template_set(const struct flow_context *context, struct wire *set)
{
	struct definition definition;

	while (wire_left(set) >= 4) {
		definition.bytes = set->at;
		definition.options = false;
		definition.scope_count = 0;
		definition.id = wire_u16(set);
		definition.count = wire_u16(set);
		if (!definition.count) {
			withdraw(context, definition.id, false);
			continue;
		}
		if (!define_fields(context, set, &definition))
			return;
	}
}

/*
 * The head of an options template: v9 has bytes of scope and option specifiers, IPFIX has counts
 * of all fields and of scope fields. @return false when it cannot be
 */
static bool options_head(struct wire *set, bool v9, struct definition *definition)
{
	unsigned first, second;

	definition->bytes = set->at;
	definition->options = true;
	definition->id = wire_u16(set);
	first = wire_u16(set);
	if (!first && !v9)
		return true; /* a withdrawal ends here */
	second = wire_u16(set);
	definition->count = v9 ? first / 4 + second / 4 : first;
	definition->scope_count = v9 ? first / 4 : second;
	if (set->truncated)
		return false;
	return v9 ? first % 4 == 0 && second % 4 == 0 : second > 0 && second <= first;
}

static void options_template_set(const struct flow_context *context, struct wire *set)
{
	struct definition definition;

	while (wire_left(set) >= 4) {
		definition.count = definition.scope_count = 0;
		if (!options_head(set, context->v9, &definition)) {
			if (wire_left(set) || definition.id)
				datagram_problem(context->datagram, PROBLEM_TEMPLATE_OPTIONS,
						 definition.id);
			return;
		}
		if (!definition.count) {
			withdraw(context, definition.id, true);
			continue;
		}
		if (!define_fields(context, set, &definition))
			return;
	}
}

static void data_set(const struct flow_context *context, uint16_t id, struct wire *set,
		     struct set_counts *counts)
{
	struct datagram *datagram = context->datagram;
	const struct template *template = template_find(&datagram->exporter->templates, id);
	long records;

	if (!template) {
		datagram_problem(datagram, PROBLEM_NO_TEMPLATE, id);
		counts->unknown = true;
		return;
	}
	records = template->kind == TEMPLATE_OPTIONS ? options_set(context, template, set)
						     : flow_set(context, template, set);
	if (records < 0)
		counts->unknown = true;
	else
		counts->records += (uint64_t)records;
}

static void one_set(const struct flow_context *context, uint16_t id, struct wire *set,
		    struct set_counts *counts)
{
	if (id >= TEMPLATE_ID_MIN)
		data_set(context, id, set, counts);
	else if (id == (context->v9 ? V9_TEMPLATES : IPFIX_TEMPLATES))
		template_set(context, set);
	else if (id == (context->v9 ? V9_OPTIONS : IPFIX_OPTIONS))
		options_template_set(context, set);
	else
		datagram_problem(context->datagram, PROBLEM_SET_ID, id);
}

struct set_counts sets_decode(const struct flow_context *context, struct wire *wire)
{
	struct set_counts counts = {0, false};

	while (wire_left(wire) >= SET_HEADER_BYTES) {
		uint16_t id = wire_u16(wire), bytes = wire_u16(wire);
		struct wire set;

		if (bytes < SET_HEADER_BYTES || bytes - SET_HEADER_BYTES > (long)wire_left(wire)) {
			datagram_problem(context->datagram, PROBLEM_SET_LENGTH, bytes);
			counts.unknown = true;
			return counts;
		}
		set = wire_sub(wire, bytes - SET_HEADER_BYTES);
		one_set(context, id, &set, &counts);
	}
	return counts;
}
