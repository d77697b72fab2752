/* SPDX-License-Identifier: BSD-3-Clause */
#include "query/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "geo/asdb.h"
#include "geo/country.h"

enum { FIELD_NONE = FIELD_COUNT, CLASS_PUBLIC = 1 /* any country, as the value of a class */ };

struct known_key {
	const char *names, *header, *token;
	enum stat_kind kind;
	enum key_source source;
	uint8_t field, also;
};

#define AS_HEADER "Organisation AS num  "
static const struct known_key known[] = {
#define KEY(names, header, kind, source, field, also, token)                                       \
	{names, header, token, STAT_##kind, KEY_##source, FIELD_##field, FIELD_##also},
#include "query/keys.def"
#undef KEY
/* Any other field, by the name it has in JSON. Text and bytes are no keys: names "". */
#define FIELD_U8(json)	    json, json, "", STAT_NUMBER, KEY_NUM
#define FIELD_U16(json)	    json, json, "", STAT_NUMBER, KEY_NUM
#define FIELD_U32(json)	    json, json, "", STAT_NUMBER, KEY_NUM
#define FIELD_U64(json)	    json, json, "", STAT_NUMBER, KEY_NUM
#define FIELD_TIME(json)    json, json, "", STAT_LATENCY, KEY_NUM /* seconds.mmm */
#define FIELD_N32(json)	    json, json, "", STAT_HEX, KEY_NUM
#define FIELD_IP4(json)	    json, json, "", STAT_ADDRESS, KEY_IP4
#define FIELD_IP6(json)	    json, json, "", STAT_ADDRESS, KEY_IP6
#define FIELD_MAC(json)	    json, json, "", STAT_MAC, KEY_NUM
#define FIELD_MPLS(json)    json, json, "", STAT_MPLS, KEY_LABEL
#define FIELD_COUNTRY(json) json, json, "", STAT_COUNTRY, KEY_CTRY
#define FIELD_TEXT(json)    "", json, "", STAT_NUMBER, KEY_NUM
#define FIELD_BYTES(json)   "", json, "", STAT_NUMBER, KEY_NUM
#define FIELD(symbol, type, element, offset, ipfix, word, json, sql)                               \
	{FIELD_##type(json), FIELD_##symbol, FIELD_NONE},
#include "flow/fields.def"
#undef FIELD
};

static bool name_matches(const char *names, const char *text, size_t len)
{
	while (*names) {
		size_t name_len = strcspn(names, "|");

		if (name_len == len && strncasecmp(names, text, len) == 0)
			return true;
		names += name_len + (names[name_len] == '|');
	}
	return false;
}

/* The name ends where /bits or :group begin. */
static const struct known_key *find(const char *text, size_t len)
{
	size_t name_len = 0;

	while (name_len < len && text[name_len] != '/' && text[name_len] != ':')
		name_len++;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (name_matches(known[i].names, text, name_len))
			return &known[i];
	return NULL;
}

bool key_takes_bits(const char *text, size_t len)
{
	const struct known_key *key = find(text, len);

	return key && (key->source == KEY_NET4 || key->source == KEY_NET6);
}

bool key_takes_group(const char *text, size_t len)
{
	const struct known_key *key = find(text, len);

	return key && key->source == KEY_GROUP;
}

/* `/bits` belongs to srcip4, dstip4, srcip6 and dstip6, and to them only. */
static int parse_bits(struct key *key, const char *slash, size_t len, struct error *error)
{
	bool wanted = key->source == KEY_NET4 || key->source == KEY_NET6;
	long most = key->source == KEY_NET4 ? 32 : 128;
	char text[8] = "";
	char *end;
	long value;

	if (!wanted && !len)
		return NFGEO_OK;
	if (!wanted)
		return error_set(
			error, NFGEO_EINVAL,
			"Only srcip4, dstip4, srcip6 and dstip6 take a mask length: '%s%.*s'",
			key->name, (int)len, slash);
	if (!len)
		return error_set(error, NFGEO_EINVAL,
				 "Aggregation field '%s' needs a mask length: %s/%ld", key->name,
				 key->name, most / 2);
	if (len - 1 < sizeof(text))
		memcpy(text, slash + 1, len - 1);
	value = strtol(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || value < 1 || value > most)
		return error_set(error, NFGEO_EINVAL,
				 "Subnet mask length '%.*s' out of range for IPv%c", (int)len - 1,
				 slash + 1, most == 32 ? '4' : '6');
	key->bits = (uint8_t)value;
	return NFGEO_OK;
}

static int parse_group(struct key *key, const char *colon, size_t len, struct error *error)
{
	if (len)
		snprintf(key->group_name, sizeof(key->group_name), "%.*s", (int)len - 1, colon + 1);
	if (len < 2 ||
	    group_find(key->group_name, strlen(key->group_name), &key->group) != NFGEO_OK)
		return error_set(error, NFGEO_EINVAL, "%s: unknown country group '%s'", key->name,
				 key->group_name);
	snprintf(key->name + strlen(key->name), sizeof(key->group_name) + 1, ":%s",
		 key->group_name);
	return NFGEO_OK;
}

static const char *const continents[] = {"..", "AF", "AN", "AS", "EU", "NA", "OC", "SA"};
enum { CONTINENTS = sizeof(continents) / sizeof(*continents) };

/* By code; 0 = none. Filled when a key asks for it, before there are threads. */
static uint8_t continent_numbers[COUNTRY_CODES];

static void number_continents(void)
{
	for (uint16_t code = 1; code <= COUNTRY_MAX; code++)
		for (unsigned i = 1; i < CONTINENTS; i++)
			if (strcmp(continents[i], country_continent(code)) == 0)
				continent_numbers[code] = (uint8_t)i;
}

int key_parse(struct key *key, const char *text, size_t len, struct error *error)
{
	const struct known_key *row = find(text, len);
	size_t name_len = strcspn(text, "/:");

	if (!row)
		return error_set(error, NFGEO_ENOTFOUND, "Unknown field '%.*s'", (int)len, text);
	if (name_len > len)
		name_len = len;
	*key = (struct key){.header = row->header,
			    .token = row->token,
			    .kind = row->kind,
			    .source = row->source,
			    .field = row->field,
			    .also = row->also,
			    .row = (unsigned)(row - known)};
	snprintf(key->name, sizeof(key->name), "%.*s", (int)strcspn(row->names, "|"), row->names);
	if (row->source == KEY_CONT)
		number_continents();
	if (row->source == KEY_GROUP)
		return parse_group(key, text + name_len, len - name_len, error);
	return parse_bits(key, text + name_len, len - name_len, error);
}

/* Values of a record */

/* Two fields next to each other in fields.def order: NAME4, and its IPv6 partner. */
enum field_id key_partner(enum field_id field)
{
	switch (field) {
	case FIELD_SRC_IP4:
		return FIELD_SRC_IP6;
	case FIELD_DST_IP4:
		return FIELD_DST_IP6;
	case FIELD_NAT_SRC4:
		return FIELD_NAT_SRC6;
	case FIELD_NAT_DST4:
		return FIELD_NAT_DST6;
	default: /* next hops and router: the next row of flow/fields.def */
		return field + 1;
	}
}

static struct stat_value ip6_value(const struct record_view *view, enum field_id field)
{
	const struct field *six = &field_table[field];
	struct stat_value value = {.family = AF_INET6};
	const uint8_t *at;

	if (view_has(view, six->element)) {
		at = view_payload(view, six->element) + six->offset;
		value.high = bytes_get64(at);
		value.low = bytes_get64(at + 8);
	}
	return value;
}

/* Of one field or its partner: the IPv6 one counts when the other is not there. */
static struct stat_value address_value(const struct record_view *view, enum field_id field)
{
	const struct field *four = &field_table[field];
	enum field_id six = key_partner(field);
	bool use6 =
		four->element == ELEMENT_IP4 ? view_is_ip6(view) : !view_has(view, four->element);

	if (use6 && view_has(view, field_table[six].element))
		return ip6_value(view, six);
	return (struct stat_value){.low = view_u32(view, four->element, four->offset),
				   .family = AF_INET};
}

/* Flows of the other family are one group, `::` or `0.0.0.0`; where no mask length is known, the
 * address itself, as stock has it. */
static struct stat_value net_value(const struct key *key, enum field_id field,
				   const struct record_view *view)
{
	struct stat_value value = address_value(view, field);
	bool six = value.family == AF_INET6;
	unsigned bits = key->bits;
	struct address cut = {.high = value.high, .low = value.low, .family = value.family};

	if (key->source == KEY_NET) {
		bits = view_u8(view, ELEMENT_MISC, field == FIELD_SRC_IP4 ? 8 : 9);
		if (!bits)
			return value;
	} else if (six != (key->source == KEY_NET6)) {
		bits = 0;
	}
	if (bits > (six ? 128u : 32u))
		bits = six ? 128 : 32;
	cut = address_mask(cut, bits);
	return (struct stat_value){.high = cut.high, .low = cut.low, .family = value.family};
}

/* Engine in the first byte, selector behind it in network order. */
static uint64_t nbar_value(const struct record_view *view)
{
	const uint8_t *byte;
	uint64_t selector = 0;

	if (!view_has(view, ELEMENT_APP_ID) || !view->payload_bytes[ELEMENT_APP_ID])
		return 0;
	byte = view_payload(view, ELEMENT_APP_ID);
	for (unsigned i = 1; i < view->payload_bytes[ELEMENT_APP_ID] && i < 8; i++)
		selector = selector << 8 | byte[i];
	return (uint64_t)byte[0] << 56 | selector;
}

uint64_t key_country(const struct key *key, enum field_id field, uint16_t src, uint16_t dst)
{
	uint16_t code = field == FIELD_SRC_COUNTRY ? src : dst;

	code = code < COUNTRY_CODES ? code : COUNTRY_UNKNOWN; /* one that cannot be */
	switch (key->source) {
	case KEY_PAIR:
		return (uint64_t)country_number(src) << 16 | country_number(dst);
	case KEY_CONT:
		return continent_numbers[country_number(code)];
	case KEY_CLASS:
		if (code >= CLASS_PRIVATE && code <= CLASS_MAX)
			return code;
		return code ? CLASS_PUBLIC : COUNTRY_UNKNOWN;
	case KEY_GROUP:
		return country_set_has(&key->group, code);
	default: /* unknown and all classes are one row */
		return country_number(code);
	}
}

/* Both have numbers of their own, and so names. */
static uint64_t event_value(const struct record_view *view)
{
	if (view_has(view, ELEMENT_NSEL) || !view_has(view, ELEMENT_NAT_EVENT))
		return view_number(view, FIELD_EVENT);
	return KEY_NAT_EVENT | view_number(view, FIELD_NAT_EVENT);
}

struct stat_value key_value(const struct key *key, enum field_id field,
			    const struct record_view *view)
{
	switch (key->source) {
	case KEY_NUM:
		return (struct stat_value){.low = view_number(view, field)};
	case KEY_LABEL: /* without exp and bottom */
		return (struct stat_value){.low = view_number(view, field) & ~15ull};
	case KEY_NBAR:
		return (struct stat_value){.low = nbar_value(view)};
	case KEY_EVENT:
		return (struct stat_value){.low = event_value(view)};
	case KEY_ASN:
		return (struct stat_value){.low = as_of(view, field == FIELD_DST_AS)};
	case KEY_ADDR:
		return address_value(view, field);
	case KEY_IP4:
		return (struct stat_value){.low = view_number(view, field), .family = AF_INET};
	case KEY_IP6:
		return ip6_value(view, field);
	case KEY_NET4:
	case KEY_NET6:
	case KEY_NET:
		return net_value(key, field, view);
	case KEY_CTRY:
	case KEY_PAIR:
	case KEY_CONT:
	case KEY_CLASS:
	case KEY_GROUP:
		return (struct stat_value){.low = key_country(key, field, view_src_country(view),
							      view_dst_country(view))};
	}
	return (struct stat_value){0};
}

unsigned key_bytes(const struct key *key)
{
	switch (key->source) {
	case KEY_NBAR:
		return 8;
	case KEY_EVENT:
		return 2;
	case KEY_PAIR:
		return 4;
	case KEY_CONT:
	case KEY_GROUP:
		return 1;
	case KEY_CTRY:
	case KEY_CLASS:
		return 2;
	default:
		return field_table[key->field].bytes;
	}
}

unsigned key_domain(const struct key *key)
{
	switch (key->source) {
	case KEY_NUM:
		return key_bytes(key) <= 2 ? 1u << 8 * key_bytes(key) : 0;
	case KEY_CONT:
		return CONTINENTS;
	case KEY_GROUP:
		return 2;
	case KEY_CTRY:
	case KEY_CLASS:
		return COUNTRY_CODES;
	default:
		return 0;
	}
}

/* Text in the value itself: see STAT_WORD. */
static struct stat_value word_value(const char *word)
{
	struct stat_value value = {0};
	char text[17] = {0};

	snprintf(text, sizeof(text), "%s", word);
	memcpy(&value.high, text, 8);
	memcpy(&value.low, text + 8, 8);
	return value;
}

struct stat_value key_shown(const struct key *key, struct stat_value value)
{
	uint16_t code = (uint16_t)value.low;

	switch (key->source) {
	case KEY_CONT:
		return word_value(continents[code % CONTINENTS]);
	case KEY_GROUP:
		return word_value(code ? "in" : "out");
	case KEY_CLASS:
		return word_value(code == COUNTRY_UNKNOWN ? "unknown"
				  : code == CLASS_PUBLIC  ? "public"
							  : country_class_word(code));
	case KEY_EVENT:
		return (struct stat_value){.low = value.low & 0xff, .high = value.low & KEY_NAT_EVENT};
	default:
		return value;
	}
}
