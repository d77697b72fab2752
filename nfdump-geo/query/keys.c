/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/keys.h"

#include <stdlib.h>
#include <stdio.h>
#include <strings.h>

#include "flow/geotail.h"

struct known_key {
	const char *name, *token;
	enum key_kind kind;
	uint8_t field, field6;
};

static const struct known_key known[] = {
#define AGGREGATE(name, token, kind, field, field6)                                                \
	{name, token, KEY_##kind, FIELD_##field, FIELD_##field6},
#include "query/aggregate.def"
#undef AGGREGATE
};

static const struct known_key *find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strlen(known[i].name) == len && strncasecmp(known[i].name, name, len) == 0)
			return &known[i];
	return NULL;
}

static bool is_address(enum key_kind kind)
{
	return kind != KEY_NUMBER && kind != KEY_COUNTRY;
}

static bool is_source(enum field_id field)
{
	return field == FIELD_SRC_IP4;
}

/* `/bits` belongs to srcip4, dstip4, srcip6 and dstip6, and to them only. */
static int parse_bits(const struct known_key *key, const char *slash, size_t len, uint8_t *bits,
		      struct error *error)
{
	bool wanted = key->kind == KEY_ADDRESS4 || key->kind == KEY_ADDRESS6;
	long most = key->kind == KEY_ADDRESS4 ? 32 : 128;
	char text[8] = "";
	char *end;
	long value;

	if (!wanted && !slash)
		return NFGEO_OK;
	if (!wanted)
		return error_set(error, NFGEO_EINVAL,
				 "Only srcip4, dstip4, srcip6 and dstip6 take a mask length: '%s%.*s'",
				 key->name, (int)len, slash);
	if (!slash)
		return error_set(error, NFGEO_EINVAL,
				 "Aggregation field '%s' needs a mask length: %s/%ld", key->name,
				 key->name, most / 2);
	if (len < sizeof(text))
		memcpy(text, slash + 1, len - 1);
	value = strtol(text, &end, 10);
	if (!*text || *end || value < 1 || value > most)
		return error_set(error, NFGEO_EINVAL, "Subnet mask length '%.*s' out of range for IPv%c",
				 (int)len - 1, slash + 1, most == 32 ? '4' : '6');
	*bits = (uint8_t)value;
	return NFGEO_OK;
}

static int add_key(struct keys *keys, const char *text, size_t len, struct error *error)
{
	const char *slash = memchr(text, '/', len);
	size_t name_len = slash ? (size_t)(slash - text) : len, used = strlen(keys->format);
	const struct known_key *key = find(text, name_len);
	struct key_field *field = &keys->field[keys->count];
	int status;

	if (!key)
		return error_set(error, NFGEO_EINVAL, "Unknown aggregation field '%.*s'", (int)len, text);
	if (keys->count == KEYS_MAX || used + strlen(key->token) + 2 > sizeof(keys->format))
		return error_set(error, NFGEO_EINVAL, "Too many aggregation fields, %d at most", KEYS_MAX);
	for (unsigned i = 0; i < keys->count; i++)
		if (keys->field[i].field == key->field && keys->field[i].kind == key->kind &&
		    strstr(keys->format, key->token))
			return error_set(error, NFGEO_EINVAL, "Duplicate aggregation field '%s'",
					 key->name);
	*field = (struct key_field){key->kind, key->field, key->field6, (uint16_t)keys->bytes, 0};
	status = parse_bits(key, slash, len - name_len, &field->bits, error);
	if (status != NFGEO_OK)
		return status;
	keys->count++;
	keys->bytes += is_address(key->kind) ? 16 : 8;
	keys->has_country |= key->kind == KEY_COUNTRY;
	if (key->kind == KEY_ADDRESS && is_source(key->field))
		keys->whole_src = true;
	else if (key->kind == KEY_ADDRESS)
		keys->whole_dst = true;
	snprintf(keys->format + used, sizeof(keys->format) - used, "%s%s", used ? " " : "", key->token);
	return NFGEO_OK;
}

int keys_parse(struct keys *keys, const char *text, struct error *error)
{
	*keys = (struct keys){.bytes = 8};
	for (;;) {
		size_t len = strcspn(text, ",");
		bool pair = len == 8 && strncasecmp(text, "ctrypair", len) == 0;
		int status = pair ? add_key(keys, "srcctry", 7, error)
				  : add_key(keys, text, len, error);

		if (pair && status == NFGEO_OK)
			status = add_key(keys, "dstctry", 7, error);
		if (status != NFGEO_OK)
			return status;
		if (!text[len])
			return NFGEO_OK;
		text += len + 1;
	}
}

/* An address of two elements, one per family; the IPv6 one counts when the other is not there. */
static struct address hop(const struct record_view *view, const struct key_field *field)
{
	const struct field *six = &field_table[field->field6];
	const uint8_t *at;

	if (!view_has(view, six->element) || view_has(view, field_table[field->field].element))
		return address_ip4((uint32_t)view_number(view, field->field));
	at = view_payload(view, six->element) + six->offset;
	return address_ip6(bytes_get64(at), bytes_get64(at + 8));
}

static struct address key_address(const struct key_field *field, const struct record_view *view)
{
	bool source = is_source(field->field);
	struct address address;
	unsigned bits;

	if (field->kind == KEY_HOP)
		return hop(view, field);
	address = source ? view_src(view) : view_dst(view);
	switch (field->kind) {
	case KEY_ADDRESS4: /* all IPv6 flows are one group, `::` */
		return address_mask(address, address.family == AF_INET6 ? 0 : field->bits);
	case KEY_ADDRESS6:
		return address_mask(address, address.family == AF_INET6 ? field->bits : 0);
	case KEY_NET:
		bits = view_u8(view, ELEMENT_MISC, source ? 8 : 9);
		if (address.family == AF_INET && bits > 32)
			bits = 32;
		/* no mask length known: the address itself, as stock has it */
		return bits ? address_mask(address, bits > 128 ? 128 : bits) : address;
	default:
		return address;
	}
}

void keys_of(const struct keys *keys, const struct record_view *view, uint8_t *key)
{
	uint32_t families = 0;

	for (unsigned i = 0; i < keys->count; i++) {
		const struct key_field *field = &keys->field[i];
		struct address address;
		uint64_t number;

		if (!is_address(field->kind)) {
			number = view_number(view, field->field);
			if (field_table[field->field].type == FIELD_TYPE_MPLS)
				number &= ~15ull; /* the label, without exp and bottom */
			/* unknown and all address classes are one key */
			if (field->kind == KEY_COUNTRY && number > 999)
				number = 0;
			bytes_put64(key + field->at, number);
			continue;
		}
		address = key_address(field, view);
		families |= (uint32_t)(address.family == AF_INET6) << i;
		bytes_put64(key + field->at, address.high);
		bytes_put64(key + field->at + 8, address.low);
	}
	bytes_put32(key, families);
}

static uint8_t *element_payload(struct record_builder *builder, uint8_t *place[ELEMENT_SLOTS],
				enum element element)
{
	if (!place[element])
		place[element] = record_element(builder, element, element_table[element].bytes);
	return place[element];
}

static void put_number_field(uint8_t *payload, const struct field *field, uint64_t number)
{
	uint8_t *at = payload + field->offset;

	switch (field->bytes) {
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
}

static void restore_address(const struct key_field *from, const uint8_t *value, bool six,
			    struct record_builder *builder, uint8_t *place[ELEMENT_SLOTS])
{
	const struct field *field = &field_table[six ? from->field6 : from->field];
	uint8_t *payload = element_payload(builder, place, field->element);

	if (!payload)
		return;
	if (six)
		memcpy(payload + field->offset, value, 16);
	else
		bytes_put32(payload + field->offset, (uint32_t)bytes_get64(value + 8));
}

void keys_restore(const struct keys *keys, const uint8_t *key, struct record_builder *builder,
		  uint8_t *place[ELEMENT_SLOTS], uint16_t countries[2])
{
	uint32_t families = bytes_get32(key);

	for (unsigned i = 0; i < keys->count; i++) {
		const struct key_field *from = &keys->field[i];
		const struct field *field = &field_table[from->field];
		const uint8_t *value = key + from->at;
		uint8_t *payload;

		if (is_address(from->kind)) {
			restore_address(from, value, families >> i & 1, builder, place);
		} else if (from->kind == KEY_COUNTRY) {
			countries[from->field == FIELD_DST_COUNTRY] = (uint16_t)bytes_get64(value);
		} else if (field->element == ELEMENT_RECORD) {
			put_number_field(builder->bytes, field, bytes_get64(value));
		} else {
			payload = element_payload(builder, place, field->element);
			if (payload)
				put_number_field(payload, field, bytes_get64(value));
		}
	}
}
