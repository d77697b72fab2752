/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/lib/flow_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "flow/geotail.h"

enum { TEXT_BYTES = 256 };

static const char *const symbols[FIELD_COUNT] = {
#define FIELD(symbol, type, element, offset, ipfix, word, json, sql) [FIELD_##symbol] = #symbol,
#include "flow/fields.def"
#undef FIELD
};

/* Values of all fields, as text; NULL = not given. */
struct values {
	const char *text[FIELD_COUNT];
	bool used[ELEMENT_SLOTS];
};

static int find_field(const char *name)
{
	int field = field_by_name(name);

	for (int i = 0; field < 0 && i < FIELD_COUNT; i++)
		if (strcmp(symbols[i], name) == 0)
			field = i;
	return field;
}

/* A number, an address or a MAC address at its place; false if the text is none. */
static bool put_value(uint8_t *at, const struct field *field, const char *text)
{
	unsigned mac[6];
	struct address address;
	uint64_t number;
	char *end;

	if (field->type == FIELD_TYPE_IP4 || field->type == FIELD_TYPE_IP6) {
		if (address_parse(text, &address) != NFGEO_OK)
			return false;
		if (field->type == FIELD_TYPE_IP4) {
			bytes_put32(at, (uint32_t)address.low);
		} else {
			bytes_put64(at, address.high);
			bytes_put64(at + 8, address.low);
		}
		return (address.family == AF_INET) == (field->type == FIELD_TYPE_IP4);
	}
	if (field->type == FIELD_TYPE_MAC) {
		if (sscanf(text, "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
			   &mac[5]) != 6)
			return false;
		number = 0;
		for (int i = 0; i < 6; i++)
			number = number << 8 | mac[i];
		bytes_put64(at, number);
		return true;
	}
	number = strtoull(text, &end, 0);
	memcpy(at, &number, field->bytes); /* little-endian, as the file */
	if (field->type == FIELD_TYPE_N32)
		bytes_put32(at, bytes_get_net32(at));
	return *text && !*end && (field->bytes == 8 || number >> (8 * field->bytes) == 0);
}

static const char *element_text(const struct values *values, enum element element)
{
	for (int i = 0; i < FIELD_COUNT; i++)
		if (field_table[i].element == element && values->text[i])
			return values->text[i];
	return "";
}

static size_t payload_bytes(const struct values *values, enum element element)
{
	size_t len = element_table[element].bytes;

	if (element_table[element].variable)
		len += strlen(element_text(values, element));
	if ((element == ELEMENT_IP4 || element == ELEMENT_IP6) && values->used[ELEMENT_GEO])
		len += GEOTAIL_BYTES;
	return len;
}

static bool put_element(struct record_builder *builder, const struct values *values,
			enum element element)
{
	size_t stock = element_table[element].bytes;
	uint8_t *at = record_element(builder, element, payload_bytes(values, element));

	if (!at)
		return false;
	for (int i = 0; i < FIELD_COUNT; i++) {
		const struct field *field = &field_table[i];

		if (field->element != element || !values->text[i])
			continue;
		if (field->bytes == 0)
			memcpy(at + field->offset, values->text[i], strlen(values->text[i]));
		else if (!put_value(at + field->offset, field, values->text[i]))
			return false;
	}
	if (payload_bytes(values, element) == stock + GEOTAIL_BYTES &&
	    values->used[ELEMENT_GEO]) {
		const char *src = values->text[FIELD_SRC_COUNTRY];
		const char *dst = values->text[FIELD_DST_COUNTRY];

		geotail_write(at + stock, (uint16_t)atoi(src ? src : "0"),
			      (uint16_t)atoi(dst ? dst : "0"));
	}
	return true;
}

/* "203,840": the countries that the database has today. */
static bool put_now(const char *text, struct filter_context *context)
{
	static _Thread_local uint16_t now[2];
	char *end;

	now[0] = (uint16_t)strtoul(text, &end, 10);
	if (*end != ',')
		return false;
	now[1] = (uint16_t)strtoul(end + 1, &end, 10);
	context->now = now;
	return !*end;
}

/* Split "name=value ..." in place. */
static int parse_values(char *text, struct values *values, char *ident,
			struct filter_context *context, struct error *error)
{
	char *rest, *word;

	for (word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		char *value = strchr(word, '=');
		int field;

		if (!value)
			return error_set(error, NFGEO_EINVAL, "flow: no value in '%s'", word);
		*value++ = '\0';
		if (strcmp(word, "ident") == 0) {
			snprintf(ident, 64, "%s", value);
		} else if (strcmp(word, "count") == 0) {
			context->record_count = strtoull(value, NULL, 0);
		} else if (strcmp(word, "now") == 0) {
			if (!put_now(value, context))
				return error_set(error, NFGEO_EINVAL, "flow: now=%s", value);
		} else if ((field = find_field(word)) >= 0) {
			values->text[field] = value;
			values->used[field_table[field].element] = true;
		} else {
			return error_set(error, NFGEO_EINVAL, "flow: no field '%s'", word);
		}
	}
	return NFGEO_OK;
}

size_t flow_text_record(const char *text, uint8_t *record, size_t capacity, char *ident,
			struct filter_context *context, struct error *error)
{
	struct values values = {{0}};
	struct record_builder builder;
	char *copy = strdup(text);
	size_t len = 0;
	bool ok;

	if (!copy)
		abort();
	*ident = '\0';
	*context = (struct filter_context){.ident = ident, .record_count = 1};
	ok = parse_values(copy, &values, ident, context, error) == NFGEO_OK;
	record_begin(&builder, record, capacity);
	for (int i = 0; ok && i < FIELD_COUNT; i++)
		if (values.text[i] && field_table[i].element == ELEMENT_RECORD)
			ok = put_value(record + field_table[i].offset, &field_table[i],
				       values.text[i]);
	for (int element = 1; ok && element < ELEMENT_GEO; element++)
		if (values.used[element])
			ok = put_element(&builder, &values, (enum element)element);
	if (ok)
		len = record_end(&builder);
	else if (!error->code)
		error_set(error, NFGEO_EINVAL, "flow: a value does not fit its field: %s", text);
	free(copy);
	return len;
}
