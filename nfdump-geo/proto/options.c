/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/options.h"

#include <string.h>

#include "proto/names.h"

enum { V9_SCOPE_INTERFACE = 2 }; /* RFC 3954 section 6.1; all other v9 scopes are of no use */

static const struct {
	uint16_t number;
	uint8_t option;
	bool in_scope; /* also taken from an IPFIX scope */
} roles[] = {
	{10, OPTION_INTERFACE, true},
	{34, OPTION_RATE, false},
	{35, OPTION_RATE_ALGORITHM, false},
	{48, OPTION_SAMPLER_ID, true},
	{49, OPTION_ALGORITHM, false},
	{50, OPTION_SPACE, false},
	{83, OPTION_INTERFACE_NAME, false},
	{94, OPTION_APP_TEXT, false},
	{95, OPTION_APP_ID, true},
	{96, OPTION_APP_NAME, false},
	{160, OPTION_BOOT, false},
	{234, OPTION_VRF, true},
	{236, OPTION_VRF_NAME, false},
	{302, OPTION_SAMPLER_ID, true},
	{304, OPTION_ALGORITHM, false},
	{305, OPTION_INTERVAL, false},
	{306, OPTION_SPACE, false},
};

static int role_of(const struct template_field *field, bool scope, bool v9)
{
	if (field->enterprise)
		return -1;
	if (scope && v9)
		return field->number == V9_SCOPE_INTERFACE ? OPTION_INTERFACE : -1;
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (roles[i].number == field->number)
			return scope && !roles[i].in_scope ? -1 : roles[i].option;
	return -1;
}

bool option_next(const struct template *template, struct wire *set, struct option_values *values)
{
	memset(values, 0, sizeof(*values));
	if (wire_left(set) < template->record_bytes)
		return false;
	for (unsigned i = 0; i < template->field_count; i++) {
		const struct template_field *field = &template->fields[i];
		size_t len = field->length;
		const uint8_t *at;
		int role;

		if (len == FIELD_VARIABLE) {
			len = wire_u8(set);
			len = len < 255 ? len : wire_u16(set);
		}
		at = wire_slice(set, len);
		role = role_of(field, i < template->scope_count, template->v9);
		if (role >= 0 && at)
			values->value[role] = (struct value_bytes){at, len};
	}
	return !set->truncated;
}

static uint32_t number32(const struct option_values *values, enum option option)
{
	uint64_t number = option_number(values, option);

	return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

/* Fields 50 and 306 with their company. */
static struct sampler selector_of(const struct option_values *values)
{
	uint32_t space = number32(values, OPTION_SPACE), interval = number32(values, OPTION_INTERVAL);
	uint16_t algorithm = (uint16_t)option_number(values, OPTION_ALGORITHM);
	int64_t id = (int64_t)(option_number(values, OPTION_SAMPLER_ID) & INT64_MAX);

	if (!interval)
		return sampler_of_rate(id, space, algorithm);
	return (struct sampler){id, interval, space, algorithm};
}

/* Field 34: of the generic sampler unless the record says whose rate it is. */
static struct sampler rate_of(const struct option_values *values)
{
	bool named = option_has(values, OPTION_SAMPLER_ID) || option_has(values, OPTION_ALGORITHM);
	int64_t id = (int64_t)(option_number(values, OPTION_SAMPLER_ID) & INT64_MAX);
	enum option algorithm = option_has(values, OPTION_RATE_ALGORITHM) ? OPTION_RATE_ALGORITHM
									   : OPTION_ALGORITHM;

	return sampler_of_rate(named ? id : SAMPLER_GENERIC, number32(values, OPTION_RATE),
			       (uint16_t)option_number(values, algorithm));
}

/* 304 and 305 without 306 say nothing about a rate. */
static void use_sampling(struct datagram *datagram, const struct option_values *values)
{
	bool selector = option_has(values, OPTION_SPACE);
	struct sampler sampler;

	if (!selector && !option_has(values, OPTION_RATE))
		return;
	if (!option_number(values, selector ? OPTION_SPACE : OPTION_RATE) &&
	    !(selector && option_number(values, OPTION_INTERVAL)))
		datagram_problem(datagram, PROBLEM_SAMPLING_RATE, 0);
	sampler = selector ? selector_of(values) : rate_of(values);
	exporter_sampler(datagram, &sampler);
}

static void use_record(struct datagram *datagram, const struct option_values *values)
{
	datagram->decoder->counts.options_records++;
	use_sampling(datagram, values);
	if (option_number(values, OPTION_BOOT))
		datagram->exporter->boot_ms = option_number(values, OPTION_BOOT);
}

long options_set(const struct flow_context *context, const struct template *template,
		 struct wire *set)
{
	struct datagram *datagram = context->datagram;
	struct wire all = *set;
	struct option_values values;
	long count = 0;

	if (!template->record_bytes) {
		datagram_problem(datagram, PROBLEM_RECORD_EMPTY, template->id);
		return 0;
	}
	for (; option_next(template, set, &values); count++)
		use_record(datagram, &values);
	names_write(datagram, template, &all);
	if (!set->truncated)
		return count;
	datagram_problem(datagram, PROBLEM_RECORD_CUT, template->id);
	return -1;
}
