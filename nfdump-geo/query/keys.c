/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/keys.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static size_t value_bytes(const struct key *key, enum key_shape shape)
{
	if (!key_is_address(key))
		return key_bytes(key);
	return shape == KEY_WIDE ? 16 : 4;
}

/* A wide key says in four bytes behind its values which addresses are IPv6. */
static void measure(struct keys *keys)
{
	for (unsigned shape = 0; shape < KEY_SHAPES; shape++) {
		size_t bytes = shape == KEY_WIDE ? 4 : 0;

		for (unsigned i = 0; i < keys->count; i++)
			bytes += value_bytes(&keys->key[i], shape);
		keys->bytes[shape] = (bytes + 7) & ~(size_t)7;
	}
}

bool keys_append(struct keys *keys, const struct key *key)
{
	if (keys->count == KEYS_MAX)
		return false;
	keys->key[keys->count++] = *key;
	keys->has_country |= key_needs_country(key);
	if (key->source == KEY_ADDR && key->field == FIELD_SRC_IP4)
		keys->whole_src = true;
	else if (key->source == KEY_ADDR && key->field == FIELD_DST_IP4)
		keys->whole_dst = true;
	measure(keys);
	return true;
}

static bool is_repeated(const struct keys *keys, const struct key *key)
{
	for (unsigned i = 0; i < keys->count; i++)
		if (keys->key[i].row == key->row &&
		    strcasecmp(keys->key[i].group_name, key->group_name) == 0)
			return true;
	return false;
}

/* A network and the address that it is cut from, say: one record has room for one of them. */
static bool is_taken(const struct keys *keys, unsigned before, const struct key *key)
{
	for (unsigned i = 0; i < before && key_is_address(key); i++)
		if (key_is_address(&keys->key[i]) && keys->key[i].field == key->field)
			return true;
	return false;
}

static int add_key(struct keys *keys, const char *text, size_t len, struct error *error)
{
	size_t used = strlen(keys->format);
	char token[16];
	struct key key;
	int status = key_parse(&key, text, len, error);

	if (status == NFGEO_ENOTFOUND || (status == NFGEO_OK && !key.token))
		return error_set(error, NFGEO_EINVAL, "Unknown aggregation field '%.*s'", (int)len,
				 text);
	if (status != NFGEO_OK)
		return status;
	if (is_repeated(keys, &key))
		return error_set(error, NFGEO_EINVAL, "Duplicate aggregation field '%s'", key.name);
	if (is_taken(keys, keys->count, &key))
		key.token = "";
	snprintf(token, sizeof(token), "%%key%u", keys->count + 1);
	if (*key.token)
		strcpy(token, key.token);
	if (used + strlen(token) + 2 > sizeof(keys->format) || !keys_append(keys, &key))
		return error_set(error, NFGEO_EINVAL, "Too many aggregation fields, %d at most",
				 KEYS_MAX);
	snprintf(keys->format + used, sizeof(keys->format) - used, "%s%s", used ? " " : "", token);
	return NFGEO_OK;
}

/* What output needs to know of the list once it is complete. */
static void show(struct keys *keys)
{
	keys->shown.count = keys->count;
	for (unsigned i = 0; i < keys->count; i++) {
		struct key_column *column = &keys->shown.column[i];

		*column = (struct key_column){.header = keys->key[i].header,
					      .kind = keys->key[i].kind,
					      .extra = !*keys->key[i].token};
		strcpy(column->name, keys->key[i].name);
	}
}

int keys_parse(struct keys *keys, const char *text, struct error *error)
{
	*keys = (struct keys){0};
	for (;;) {
		size_t len = strcspn(text, ",");
		bool pair = len == 8 && strncasecmp(text, "ctrypair", len) == 0;
		int status =
			pair ? add_key(keys, "srcctry", 7, error) : add_key(keys, text, len, error);

		if (pair && status == NFGEO_OK)
			status = add_key(keys, "dstctry", 7, error);
		if (status != NFGEO_OK)
			return status;
		if (!text[len])
			break;
		text += len + 1;
	}
	show(keys);
	return NFGEO_OK;
}

void keys_values(const struct keys *keys, const struct record_view *view, struct stat_value *value)
{
	for (unsigned i = 0; i < keys->count; i++)
		value[i] = key_value(&keys->key[i], keys->key[i].field, view);
}

static uint8_t *put(uint8_t *at, uint64_t number, size_t bytes)
{
	switch (bytes) {
	case 1:
		*at = (uint8_t)number;
		break;
	case 2:
		bytes_put16(at, (uint16_t)number);
		break;
	case 4:
		bytes_put32(at, (uint32_t)number);
		break;
	case 8:
		bytes_put64(at, number);
		break;
	}
	return at + bytes;
}

static uint64_t get(const uint8_t *at, size_t bytes)
{
	switch (bytes) {
	case 1:
		return *at;
	case 2:
		return bytes_get16(at);
	case 4:
		return bytes_get32(at);
	default:
		return bytes_get64(at);
	}
}

enum key_shape keys_pack(const struct keys *keys, const struct stat_value *value, uint8_t *packed)
{
	enum key_shape shape = KEY_NARROW;
	uint8_t *at = packed;
	uint32_t families = 0;

	for (unsigned i = 0; i < keys->count; i++)
		families |= (uint32_t)(value[i].family == AF_INET6) << i;
	if (families)
		shape = KEY_WIDE;
	memset(packed + keys->bytes[shape] - 8, 0, 8); /* the padding */
	for (unsigned i = 0; i < keys->count; i++) {
		size_t bytes = value_bytes(&keys->key[i], shape);

		if (bytes == 16)
			at = put(at, value[i].high, 8), bytes = 8;
		at = put(at, value[i].low, bytes);
	}
	if (families)
		bytes_put32(at, families);
	return shape;
}

void keys_unpack(const struct keys *keys, enum key_shape shape, const uint8_t *packed,
		 struct stat_value *value)
{
	uint32_t families = 0;
	const uint8_t *at = packed;

	for (unsigned i = 0; i < keys->count; i++) {
		size_t bytes = value_bytes(&keys->key[i], shape);

		value[i] = (struct stat_value){0};
		if (key_is_address(&keys->key[i]))
			value[i].family = AF_INET;
		if (bytes == 16) {
			value[i].high = get(at, 8);
			at += 8;
			bytes = 8;
		}
		value[i].low = get(at, bytes);
		at += bytes;
	}
	if (shape == KEY_WIDE)
		families = bytes_get32(at);
	for (unsigned i = 0; i < keys->count; i++)
		if (families >> i & 1)
			value[i].family = AF_INET6;
}

/* Values as records */

static uint8_t *element_payload(struct record_builder *builder, uint8_t *place[ELEMENT_SLOTS],
				enum element element)
{
	if (element == ELEMENT_RECORD)
		return builder->bytes;
	if (!place[element])
		place[element] = record_element(builder, element, element_table[element].bytes);
	return place[element];
}

static void restore_field(enum field_id id, const struct stat_value *value,
			  struct record_builder *builder, uint8_t *place[ELEMENT_SLOTS])
{
	const struct field *field = &field_table[id];
	uint8_t *payload = element_payload(builder, place, field->element);

	if (!payload)
		return;
	payload += field->offset;
	if (field->type == FIELD_TYPE_IP6)
		payload = put(payload, value->high, 8);
	put(payload, value->low, field->type == FIELD_TYPE_IP6 ? 8 : field->bytes);
}

/* What a group adds up, and what has no field of its own, stays out of the record. */
static bool is_restored(const struct key *key)
{
	const struct field *field = &field_table[key->field];

	if (key->source == KEY_NBAR || key->source > KEY_CTRY || field->element == ELEMENT_COUNTERS)
		return false;
	return field->element != ELEMENT_GENERIC || field->offset >= 40 || field->offset == 16;
}

void keys_restore(const struct keys *keys, const struct stat_value *value,
		  struct record_builder *builder, uint8_t *place[ELEMENT_SLOTS],
		  uint16_t countries[2])
{
	for (unsigned i = 0; i < keys->count; i++) {
		const struct key *key = &keys->key[i];
		enum field_id field = key->field;

		if (!is_restored(key) || is_taken(keys, i, key))
			continue;
		if (key->source == KEY_CTRY) {
			countries[field == FIELD_DST_COUNTRY] = (uint16_t)value[i].low;
			continue;
		}
		if (key->source == KEY_EVENT && (value[i].low & KEY_NAT_EVENT))
			field = FIELD_NAT_EVENT;
		if (value[i].family == AF_INET6 && field_table[field].type == FIELD_TYPE_IP4)
			field = key_partner(field);
		restore_field(field, &value[i], builder, place);
	}
}
