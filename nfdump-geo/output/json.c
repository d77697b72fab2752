/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * json.c - `json`: one array, an object a flow, a member a line; `ndjson`: an object a line.
 * Member names and types are those of the newest nfdump; what comes out is always valid JSON,
 * brackets included with -q.
 */
#include <stdio.h>

#include "geo/asdb.h"
#include "geo/country.h"
#include "output/emit.h"
#include "output/names.h"
#include "output/output.h"
#include "output/value.h"

/* An object being written. */
struct object {
	char *at;
	bool lines; /* a member a line, with blanks around the colon */
	bool first;
	struct clock_cache *clock;
};

enum { OBJECT_MAX = 6144 + ROW_KEYS_MAX * 256 }; /* all members with fixed size together */

static void name(struct object *object, const char *name)
{
	if (!object->first)
		*object->at++ = ',';
	if (object->lines)
		object->at = put_text(object->at, "\n\t", 2);
	object->first = false;
	*object->at++ = '"';
	object->at = put_string(object->at, name);
	object->at = object->lines ? put_text(object->at, "\" : ", 4)
				   : put_text(object->at, "\":", 2);
}

static void number(struct object *object, const char *member, uint64_t value)
{
	name(object, member);
	object->at = put_number(object->at, value);
}

static void quote(struct object *object)
{
	*object->at++ = '"';
}

/* Length of the valid UTF-8 sequence at `text`, 0 if there is none. */
static size_t utf8_len(const uint8_t *text, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = *text >= 0xf0 && *text < 0xf5 ? 4 : *text >= 0xe0 && *text < 0xf0 ? 3
		     : *text >= 0xc2 && *text < 0xe0 ? 2 : 0;
	uint32_t code = len ? *text & (0xffu >> (len + 1)) : 0;

	if (!len || len > left)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	return code >= least[len] && code <= 0x10ffff && (code & 0xfffff800) != 0xd800 ? len : 0;
}

/* Any bytes as a JSON string; what is not UTF-8 is taken as Latin-1. Up to 6 bytes a byte. */
static char *put_escaped(char *at, const char *text, size_t len)
{
	const uint8_t *byte = (const uint8_t *)text;

	for (size_t i = 0; i < len; i++) {
		size_t sequence = byte[i] < 0x80 ? 1 : utf8_len(byte + i, len - i);

		if (byte[i] < ' ' || byte[i] == 127 || !sequence) {
			at = put_hex(put_text(at, "\\u", 2), byte[i], 4);
			continue;
		}
		if (byte[i] == '"' || byte[i] == '\\')
			*at++ = '\\';
		at = put_text(at, text + i, sequence);
		i += sequence - 1;
	}
	return at;
}

static void string(struct object *object, const char *member, const char *text, size_t len)
{
	name(object, member);
	quote(object);
	object->at = put_escaped(object->at, text, len);
	quote(object);
}

static void when(struct object *object, const char *member, uint64_t ms)
{
	name(object, member);
	quote(object);
	object->at = put_time(object->at, object->clock, ms, 'T');
	quote(object);
}

static void address(struct object *object, const char *member, const struct address *value)
{
	name(object, member);
	quote(object);
	object->at = put_address(object->at, value);
	quote(object);
}

static void field(struct object *object, const struct record_view *view, enum field_id id)
{
	number(object, field_table[id].json, view_number(view, id));
}

static void ip4(struct object *object, const struct record_view *view, enum field_id id)
{
	struct address value = address_ip4((uint32_t)view_number(view, id));

	address(object, field_table[id].json, &value);
}

static void ip6(struct object *object, const struct record_view *view, enum field_id id)
{
	const struct field *from = &field_table[id];
	const uint8_t *at = view_payload(view, from->element) + from->offset;
	struct address value = address_ip6(bytes_get64(at), bytes_get64(at + 8));

	address(object, from->json, &value);
}

static void latency(struct object *object, const struct record_view *view, enum field_id id)
{
	uint64_t us = view_number(view, id);

	name(object, field_table[id].json);
	object->at = put_number(object->at, us / 1000);
	*object->at++ = '.';
	object->at = put_digits(put_digits(object->at, us % 1000, 3), 0, 3);
}

/* Element by element: each writes its members. */

static void generic(struct object *object, const struct record_view *view)
{
	uint16_t port = view_u16(view, ELEMENT_GENERIC, 42);

	when(object, "first", view_first_ms(view));
	when(object, "last", view_last_ms(view));
	when(object, "received", view_u64(view, ELEMENT_GENERIC, 16));
	field(object, view, FIELD_IN_PACKETS);
	field(object, view, FIELD_IN_BYTES);
	field(object, view, FIELD_PROTO);
	if (row_is_icmp(view)) {
		number(object, "icmp_type", port >> 8);
		number(object, "icmp_code", port & 0xff);
	} else {
		name(object, "tcp_flags");
		quote(object);
		object->at = put_flags(object->at, view_tcp_flags(view));
		quote(object);
		field(object, view, FIELD_SRC_PORT);
		field(object, view, FIELD_DST_PORT);
	}
	field(object, view, FIELD_FWD_STATUS);
	field(object, view, FIELD_SRC_TOS);
}

/* alpha-2, or `otherwise` where there is no country. */
static void letters(struct object *object, const char *member, uint16_t code, const char *otherwise)
{
	name(object, member);
	if (code && code <= COUNTRY_MAX) {
		quote(object);
		object->at = put_text(object->at, country_alpha2(code), 2);
		quote(object);
	} else {
		object->at = put_string(object->at, otherwise);
	}
}

static void countries(struct object *object, const struct output *output,
		      const struct record_view *view)
{
	uint16_t src = view_src_country(view), dst = view_dst_country(view);
	bool six = view_is_ip6(view);

	letters(object, six ? "src6_geo" : "src4_geo", src, "\"\"");
	letters(object, six ? "dst6_geo" : "dst4_geo", dst, "\"\"");
	if (!view_has(view, ELEMENT_GEO))
		return;
	number(object, "src_ctry", country_number(src));
	number(object, "dst_ctry", country_number(dst));
	letters(object, "src_ctry_a2", src, "null");
	letters(object, "dst_ctry_a2", dst, "null");
	if (output->class_members) {
		const char *word = country_class_word(src);

		string(object, "src_class", word, strlen(word));
		word = country_class_word(dst);
		string(object, "dst_class", word, strlen(word));
	}
}

static void network(struct object *object, const char *member, const struct record_view *view,
		    unsigned side)
{
	struct address net = row_network(view, side);

	if (view_u8(view, ELEMENT_MISC, 8 + side))
		address(object, member, &net);
	else
		string(object, member, "", 0);
}

static void misc(struct object *object, const struct record_view *view)
{
	field(object, view, FIELD_INPUT);
	field(object, view, FIELD_OUTPUT);
	field(object, view, FIELD_SRC_MASK);
	field(object, view, FIELD_DST_MASK);
	network(object, "src_net", view, 0);
	network(object, "dst_net", view, 1);
	field(object, view, FIELD_DIRECTION);
	field(object, view, FIELD_DST_TOS);
}

static void mpls(struct object *object, const struct record_view *view)
{
	for (unsigned i = 0; i < 10; i++) {
		uint32_t entry = view_u32(view, ELEMENT_MPLS, 4 * i);

		if (!entry)
			continue;
		name(object, field_table[FIELD_MPLS1 + i].json);
		quote(object);
		object->at = put_mpls(object->at, entry);
		quote(object);
	}
}

static void mac(struct object *object, const struct record_view *view)
{
	for (unsigned i = 0; i < 4; i++) {
		name(object, field_table[FIELD_IN_SRC_MAC + i].json);
		quote(object);
		object->at = put_mac(object->at, view_u64(view, ELEMENT_MAC, 8 * i));
		quote(object);
	}
}

static void tunnel(struct object *object, const struct record_view *view)
{
	if (view_has(view, ELEMENT_TUNNEL4)) {
		field(object, view, FIELD_TUNNEL_PROTO4);
		ip4(object, view, FIELD_TUNNEL_SRC4);
		ip4(object, view, FIELD_TUNNEL_DST4);
	} else if (view_has(view, ELEMENT_TUNNEL6)) {
		field(object, view, FIELD_TUNNEL_PROTO6);
		ip6(object, view, FIELD_TUNNEL_SRC6);
		ip6(object, view, FIELD_TUNNEL_DST6);
	}
}

static void acl(struct object *object, const char *member, const struct record_view *view,
		enum field_id first)
{
	name(object, member);
	quote(object);
	for (unsigned i = 0; i < 3; i++) {
		if (i)
			*object->at++ = '/';
		object->at = put_hex(put_text(object->at, "0x", 2),
				     view_number(view, first + i), 1);
	}
	quote(object);
}

static void events(struct object *object, const struct record_view *view)
{
	const char *text;

	if (view_has(view, ELEMENT_NSEL)) {
		text = nsel_event_text(view_u8(view, ELEMENT_NSEL, 14));
		field(object, view, FIELD_CONNECTION);
		field(object, view, FIELD_EVENT);
		string(object, "event", text, strlen(text));
		field(object, view, FIELD_EVENT_EXT);
		when(object, "t_event", view_u64(view, ELEMENT_NSEL, 0));
	}
	if (view_has(view, ELEMENT_ACL)) {
		acl(object, "ingress_acl", view, FIELD_ACL_IN_ACL);
		acl(object, "egress_acl", view, FIELD_ACL_OUT_ACL);
	}
	if (view_has(view, ELEMENT_NAT_EVENT)) {
		text = nat_event_text(view_u8(view, ELEMENT_NAT_EVENT, 12));
		field(object, view, FIELD_NAT_EVENT);
		string(object, "nat_event", text, strlen(text));
		if (!view_has(view, ELEMENT_NSEL))
			when(object, "t_event", view_u64(view, ELEMENT_NAT_EVENT, 0));
	}
}

static void text_member(struct object *object, const struct record_view *view, enum field_id id)
{
	enum element element = field_table[id].element;
	const char *text = (const char *)view_payload(view, element);

	string(object, field_table[id].json, text, strnlen(text, view->payload_bytes[element]));
}

/* Elements whose fields are plain numbers: the members are the rows of flow/fields.def. */
static void plain_fields(struct object *object, const struct record_view *view, unsigned first,
			 unsigned count)
{
	if (!view_has(view, field_table[first].element))
		return;
	for (unsigned i = 0; i < count; i++)
		field(object, view, first + i);
}

/* Elements that are one address. */
static void hops(struct object *object, const struct record_view *view)
{
	static const uint8_t fields[] = {FIELD_BGP_NEXT4, FIELD_BGP_NEXT6, FIELD_NEXT4,
					 FIELD_NEXT6,	  FIELD_ROUTER4,   FIELD_ROUTER6};

	for (unsigned i = 0; i < sizeof(fields); i++) {
		const struct field *from = &field_table[fields[i]];

		if (!view_has(view, from->element))
			continue;
		if (from->type == FIELD_TYPE_IP4)
			ip4(object, view, fields[i]);
		else
			ip6(object, view, fields[i]);
	}
}

static void translated(struct object *object, const struct record_view *view)
{
	if (view_has(view, ELEMENT_NAT4)) {
		ip4(object, view, FIELD_NAT_SRC4);
		ip4(object, view, FIELD_NAT_DST4);
	}
	if (view_has(view, ELEMENT_NAT6)) {
		ip6(object, view, FIELD_NAT_SRC6);
		ip6(object, view, FIELD_NAT_DST6);
	}
	plain_fields(object, view, FIELD_NAT_SRC_PORT, 2);
}

static void addresses(struct object *object, const struct output *output,
		      const struct record_view *view)
{
	if (view_is_ip6(view)) {
		ip6(object, view, FIELD_SRC_IP6);
		ip6(object, view, FIELD_DST_IP6);
	} else if (view_has(view, ELEMENT_IP4)) {
		ip4(object, view, FIELD_SRC_IP4);
		ip4(object, view, FIELD_DST_IP4);
	} else {
		return;
	}
	countries(object, output, view);
}

/* Keys of -A that are in no field of the record. */
static void extra_keys(struct object *object, const struct row_keys *keys,
		       const struct stat_value *value)
{
	for (unsigned i = 0; i < keys->count; i++) {
		char text[STAT_VALUE_MAX];
		const struct key_column *column = &keys->column[i];
		char *end = put_stat_value_bare(text, column->kind, &value[i], false);

		if (column->extra)
			string(object, column->name, text, (size_t)(end - text));
	}
}


static void members(struct object *object, const struct output *output, const struct flow_row *row)
{
	const struct record_view *view = row->view;
	uint8_t flags = view->bytes[10];

	number(object, "cnt", row->number);
	string(object, "type", flags & RECORD_FLAG_EVENT ? "EVENT" : "FLOW",
	       flags & RECORD_FLAG_EVENT ? 5 : 4);
	if (*row->ident)
		string(object, "ident", row->ident, strlen(row->ident));
	number(object, "sampled", (flags & RECORD_FLAG_SAMPLED) != 0);
	field(object, view, FIELD_EXPORTER);
	if (view_has(view, ELEMENT_GENERIC))
		generic(object, view);
	addresses(object, output, view);
	if (view_has(view, ELEMENT_MISC))
		misc(object, view);
	if (view_has(view, ELEMENT_COUNTERS)) {
		field(object, view, FIELD_OUT_PACKETS);
		field(object, view, FIELD_OUT_BYTES);
		field(object, view, FIELD_FLOWS);
	}
	plain_fields(object, view, FIELD_SRC_VLAN, 2);
	plain_fields(object, view, FIELD_SRC_AS, 2);
	hops(object, view);
	if (view_has(view, ELEMENT_MPLS))
		mpls(object, view);
	if (view_has(view, ELEMENT_MAC))
		mac(object, view);
	plain_fields(object, view, FIELD_NEXT_AS, 2);
	for (unsigned i = 0; i < 3 && view_has(view, ELEMENT_LATENCY); i++)
		latency(object, view, FIELD_LATENCY_CLIENT + i);
	tunnel(object, view);
	if (view_has(view, ELEMENT_OBSERVATION)) {
		field(object, view, FIELD_OBS_DOMAIN);
		field(object, view, FIELD_OBS_POINT);
	}
	if (view_has(view, ELEMENT_VRF)) {
		field(object, view, FIELD_VRF_IN);
		field(object, view, FIELD_VRF_OUT);
	}
	events(object, view);
	translated(object, view);
	plain_fields(object, view, FIELD_PBLOCK_START, 4);
	if (view_has(view, ELEMENT_USER))
		text_member(object, view, FIELD_USER_NAME);
	plain_fields(object, view, FIELD_ETHERTYPE, 1);
	plain_fields(object, view, FIELD_FLOW_ID, 1);
	plain_fields(object, view, FIELD_TTL_MIN, 2);
	if (view_has(view, ELEMENT_LABEL))
		text_member(object, view, FIELD_LABEL);
	if (row->key && output->options.keys)
		extra_keys(object, output->options.keys, row->key);
}

/* ident and texts of the record grow by 6 at most */
static size_t object_max(const struct flow_row *row)
{
	return OBJECT_MAX + 6 * (strlen(row->ident) + row->view->record_bytes);
}

static void json_begin(const struct output *output, struct text *text)
{
	(void)output;
	text_string(text, "[\n");
}

static void json_flow(const struct output *output, struct text *text, const struct flow_row *row)
{
	struct object object = {.lines = true, .first = true, .clock = row->clock};

	object.at = text_reserve(text, object_max(row));
	if (!object.at)
		return;
	object.at = put_text(object.at, ",\n{", 3);
	members(&object, output, row);
	object.at = put_text(object.at, "\n}", 2);
	text_commit(text, object.at);
}

static void json_close(const struct output *output, struct text *text)
{
	(void)output;
	text_string(text, "]\n");
}

static void ndjson_flow(const struct output *output, struct text *text, const struct flow_row *row)
{
	struct object object = {.lines = false, .first = true, .clock = row->clock};

	object.at = text_reserve(text, object_max(row));
	if (!object.at)
		return;
	*object.at++ = '{';
	members(&object, output, row);
	object.at = put_text(object.at, "}\n", 2);
	text_commit(text, object.at);
}

static void json_end(const struct output *output, struct text *text,
		     const struct summary *summary)
{
	(void)output;
	(void)text;
	(void)summary;
}

/* A row of a statistics table: `value`, and the same under the statistic's own name. */
static void stat_object(struct object *object, const struct stat_table *table,
			const struct stat_row *row)
{
	char value[STAT_VALUE_MAX] = "";
	size_t len = (size_t)(put_stat_value(value, table->kind, &row->value, false) - value);
	uint64_t ms = stat_duration_ms(row), packets = stat_packets(table, row);
	uint64_t bytes = stat_bytes(table, row);
	size_t blanks = strspn(value, " ");

	when(object, "first", row->first_ms);
	when(object, "last", row->last_ms);
	if (strcmp(table->name, "proto") != 0)
		number(object, "proto", table->by_proto ? row->value.proto : 0);
	string(object, table->name, value + blanks, len - blanks);
	string(object, "value", value + blanks, len - blanks);
	if (table->kind == STAT_COUNTRY)
		letters(object, "alpha2", (uint16_t)row->value.low, "null");
	if (table->kind == STAT_AS)
		string(object, "organisation", asdb_name((uint32_t)row->value.low),
		       strlen(asdb_name((uint32_t)row->value.low)));
	number(object, "flows", row->flows);
	number(object, "packets", packets);
	number(object, "bytes", bytes);
	number(object, "pps", rate(packets, 1, ms));
	number(object, "bps", rate(bytes, 8, ms));
	number(object, "bpp", packets ? bytes / packets : 0);
	if (!table->distinct)
		return;
	number(object, "hosts", row->distinct[STAT_DISTINCT_HOSTS]);
	number(object, "as", row->distinct[STAT_DISTINCT_AS]);
	number(object, "ports", row->distinct[STAT_DISTINCT_PORTS]);
}

static void json_stat(const struct output *output, struct text *text,
		      const struct stat_table *table)
{
	bool array = output->kind == &output_json;
	struct clock_cache clock;

	clock_init(&clock, false);
	text_string(text, array ? "[" : "");
	for (size_t i = 0; i < table->count; i++) {
		struct object object = {.first = true, .clock = &clock};

		object.at = text_reserve(text, 1024);
		if (!object.at)
			return;
		if (array)
			object.at = put_string(object.at, i ? ",\n" : "\n");
		*object.at++ = '{';
		stat_object(&object, table, &table->row[i]);
		object.at = put_string(object.at, array ? "}" : "}\n");
		text_commit(text, object.at);
	}
	text_string(text, array ? "\n]\n" : "");
}

const struct output_format output_json = {
	.name = "json",
	.begin = json_begin,
	.flow = json_flow,
	.close = json_close,
	.stat = json_stat,
	.end = json_end,
	.separator_bytes = 2,
	.machine = true,
	.wants_country = true,
};

const struct output_format output_ndjson = {
	.name = "ndjson",
	.begin = nothing_to_close,
	.flow = ndjson_flow,
	.close = nothing_to_close,
	.stat = json_stat,
	.end = json_end,
	.machine = true,
	.wants_country = true,
};
