/* SPDX-License-Identifier: BSD-3-Clause */
/* raw.c - everything a record holds, a line a value, in the order of nfdump 1.7.1. For people. */
#include <stdio.h>
#include <time.h>

#include "geo/country.h"
#include "output/emit.h"
#include "output/names.h"
#include "output/output.h"

enum { RAW_FIXED_MAX = 8192, RAW_LABEL = 12, RAW_VALUE = 17, RAW_INDENT = 6 };

static char *put_label(char *at, const char *label)
{
	at = put_left(put_blanks(at, 2), label, strlen(label), RAW_LABEL);
	return put_text(at, " = ", 3);
}

static char *line_text(char *at, const char *label, const char *text, size_t len)
{
	at = put_right(put_label(at, label), text, len, RAW_VALUE);
	*at++ = '\n';
	return at;
}

/* A number, with words behind it. */
static char *line_number(char *at, const char *label, uint64_t value, const char *more)
{
	at = put_number_right(put_label(at, label), value, RAW_VALUE);
	at = put_string(at, more);
	*at++ = '\n';
	return at;
}

static char *line_field(char *at, const struct record_view *view, const char *label,
			enum field_id id)
{
	return line_number(at, label, view_number(view, id), "");
}

static char *line_hex(char *at, const char *label, uint64_t value, unsigned digits,
		      const char *more)
{
	char text[20] = "0x";
	char *end = put_hex(text + 2, value, digits);

	at = put_right(put_label(at, label), text, (size_t)(end - text), RAW_VALUE);
	at = put_string(at, more);
	*at++ = '\n';
	return at;
}

static char *line_time(char *at, const char *label, uint64_t ms, struct clock_cache *clock)
{
	at = put_number_right(put_label(at, label), ms, RAW_VALUE);
	at = put_string(at, " [");
	if (ms / 1000)
		at = put_time(at, clock, ms, ' ');
	else
		at = put_digits(put_string(at, "0."), ms, 3);
	return put_string(at, "]\n");
}

static char *line_address(char *at, const char *label, struct address address)
{
	char text[PRINT_ADDRESS_MAX];

	return line_text(at, label, text, (size_t)(put_address(text, &address) - text));
}

static char *line_mac(char *at, const char *label, uint64_t mac)
{
	char text[20];

	return line_text(at, label, text, (size_t)(put_mac(text, mac) - text));
}

/* Known ones in the order of their numbers, then the rest as it comes. */
static char *element_numbers(char *at, const struct record_view *view)
{
	for (unsigned id = 1; id < ELEMENT_GEO; id++)
		if (view_has(view, id))
			at = put_string(put_number(at, id), " ");
	for (unsigned i = 0; i < view->count; i++) {
		unsigned id = bytes_get16(view->bytes + view->place[i]);

		if (!id || id >= ELEMENT_GEO || !view_has(view, id))
			at = put_string(put_number(at, id), " ");
	}
	return at;
}

/* Text of a variable element; control characters become dots. */
static char *text_rest(char *at, const struct record_view *view, enum element element, size_t width)
{
	const char *text = (const char *)view_payload(view, element);
	size_t len = strnlen(text, view->payload_bytes[element]);
	char *from;

	from = at = put_blanks(at, len < width ? width - len : 0);
	at = put_text(at, text, len);
	for (; from < at; from++)
		if ((unsigned char)*from < ' ' || *from == 127)
			*from = '.';
	*at++ = '\n';
	return at;
}

/* An AS number is aligned as if it had 5 digits. */
static char *line_as(char *at, const struct record_view *view, const char *label, enum field_id id)
{
	at = put_blanks(put_label(at, label), RAW_VALUE - 5);
	at = put_number_right(at, view_number(view, id), 5);
	*at++ = '\n';
	return at;
}

static char *header(char *at, const struct flow_row *row)
{
	const struct record_view *view = row->view;
	uint8_t version = view->bytes[11];
	char words[48];

	at = put_string(at, "\nFlow Record: \n");
	at = line_number(at, "RecordCount", row->number, "");
	/* only what came by a protocol has its version */
	snprintf(words, sizeof(words), " %s%.0u, %s",
		 view->bytes[10] & RECORD_FLAG_EVENT ? "EVENT"
		 : version & 0x80		     ? "SFLOW v"
		 : version			     ? "NETFLOW v"
						     : "FLOW",
		 view->bytes[10] & RECORD_FLAG_EVENT ? 0 : version & 0x3fu, view->bytes[10] & RECORD_FLAG_SAMPLED ? "Sampled" : "Unsampled");
	at = line_hex(at, "Flags", view->bytes[10], 2, words);
	at = put_number_right(put_label(at, "Elements"), view->count, RAW_VALUE);
	at = put_string(at, ": ");
	at = element_numbers(at, view);
	*at++ = '\n';
	at = line_number(at, "size", view->record_bytes, "");
	at = line_number(at, "engine type", view->bytes[6], "");
	at = line_number(at, "engine ID", view->bytes[7], "");
	at = line_field(at, view, "export sysid", FIELD_EXPORTER);
	if (!view_has(view, ELEMENT_LABEL))
		return at;
	return text_rest(put_label(at, "Label"), view, ELEMENT_LABEL, RAW_VALUE);
}

static char *flags_line(char *at, const char *label, uint8_t flags)
{
	char words[10] = " ";

	*put_flags(words + 1, flags) = '\0';
	return line_hex(at, label, flags, 2, words);
}

static char *generic(char *at, const struct flow_row *row)
{
	const struct record_view *view = row->view;
	uint16_t port = view_u16(view, ELEMENT_GENERIC, 42);
	const char *proto = protocol_name(view_proto(view));
	uint8_t reverse = view_u8(view, ELEMENT_MISC, 14);
	char words[16] = "";

	at = line_time(at, "first", view_first_ms(view), row->clock);
	at = line_time(at, "last", view_last_ms(view), row->clock);
	at = line_time(at, "received at", view_u64(view, ELEMENT_GENERIC, 16), row->clock);
	snprintf(words, sizeof(words), " %s", proto ? proto : "");
	at = line_number(at, "proto", view_proto(view), words);
	at = flags_line(at, "tcp flags", view_tcp_flags(view));
	if (reverse)
		at = flags_line(at, "revtcp flags", reverse);
	if (row_is_icmp(view)) {
		at = put_number_right(put_label(at, "ICMP"), port >> 8, RAW_VALUE - 1);
		at = put_number(put_string(at, "."), port & 0xff);
		at = put_string(at, "  type.code\n");
	} else {
		at = line_field(at, view, "src port", FIELD_SRC_PORT);
		at = line_field(at, view, "dst port", FIELD_DST_PORT);
	}
	at = line_field(at, view, "src tos", FIELD_SRC_TOS);
	at = line_field(at, view, "in packets", FIELD_IN_PACKETS);
	return line_field(at, view, "in bytes", FIELD_IN_BYTES);
}

static char *country_line(char *at, const char *label, uint16_t code)
{
	char words[8];

	snprintf(words, sizeof(words), " %s", country_alpha2(code));
	return line_number(at, label, country_number(code), words);
}

static char *tunnel(char *at, const struct record_view *view, enum element element)
{
	bool six = element == ELEMENT_TUNNEL6;
	uint32_t proto = view_u32(view, element, six ? 32 : 8);
	const char *word = proto < 256 ? protocol_name((uint8_t)proto) : NULL;
	char words[16];

	snprintf(words, sizeof(words), " %s", word ? word : "");
	at = line_number(at, "tun proto", proto, words);
	for (unsigned side = 0; side < 2; side++) {
		struct address address =
			six ? address_ip6(view_u64(view, element, 16 * side),
					  view_u64(view, element, 16 * side + 8))
			    : address_ip4(view_u32(view, element, 4 * side));

		at = line_address(at, side ? "tun dst addr" : "tun src addr", address);
	}
	return at;
}

static char *addresses(char *at, const struct record_view *view)
{
	if (view_has(view, ELEMENT_TUNNEL4))
		at = tunnel(at, view, ELEMENT_TUNNEL4);
	else if (view_has(view, ELEMENT_TUNNEL6))
		at = tunnel(at, view, ELEMENT_TUNNEL6);
	if (!view_has_addresses(view))
		return at;
	at = line_address(at, "src addr", view_src(view));
	at = line_address(at, "dst addr", view_dst(view));
	if (view_has(view, ELEMENT_GEO)) {
		at = country_line(at, "src ctry", view_src_country(view));
		at = country_line(at, "dst ctry", view_dst_country(view));
	}
	return at;
}

static char *mask_line(char *at, const struct record_view *view, const char *label, unsigned side)
{
	unsigned bits = view_u8(view, ELEMENT_MISC, 8 + side);
	struct address net = row_network(view, side);

	at = put_number_right(put_label(at, label), bits, RAW_VALUE);
	*at++ = ' ';
	if (bits)
		at = put_address(at, &net);
	*at++ = '/';
	at = put_number(at, bits);
	*at++ = '\n';
	return at;
}

/* RFC 5103 section 6.3 */
static const char *const biflow_words[] = {"", "initiator", "reverseInitiator", "perimeter"};

static char *misc(char *at, const struct record_view *view)
{
	uint8_t reason = view_u8(view, ELEMENT_MISC, 13);
	uint8_t direction = view_u8(view, ELEMENT_MISC, 12);
	char words[40];

	at = line_field(at, view, "input", FIELD_INPUT);
	at = line_field(at, view, "output", FIELD_OUTPUT);
	at = mask_line(at, view, "src mask", 0);
	at = mask_line(at, view, "dst mask", 1);
	at = line_field(at, view, "fwd status", FIELD_FWD_STATUS);
	at = line_field(at, view, "dst tos", FIELD_DST_TOS);
	at = line_field(at, view, "direction", FIELD_DIRECTION);
	snprintf(words, sizeof(words), " %s", biflow_words[direction & 3]);
	at = line_hex(at, "biFlow Dir", direction, 2, direction > 3 ? "" : words);
	snprintf(words, sizeof(words), " %s", end_reason_name(reason));
	return line_hex(at, "end reason", reason, 2, words);
}

static char *counters(char *at, const struct record_view *view)
{
	at = line_field(at, view, "out packets", FIELD_OUT_PACKETS);
	at = line_field(at, view, "out bytes", FIELD_OUT_BYTES);
	return line_field(at, view, "aggr flows", FIELD_FLOWS);
}

static char *labels(char *at, const struct record_view *view)
{
	for (unsigned i = 0; i < 10; i++) {
		uint32_t entry = view_u32(view, ELEMENT_MPLS, 4 * i);
		char label[16], text[32];

		if (!entry)
			continue;
		snprintf(label, sizeof(label), "MPLS Lbl %2u ", i + 1);
		at = line_text(at, label, text, (size_t)(put_mpls(text, entry) - text));
	}
	return at;
}

static char *macs(char *at, const struct record_view *view)
{
	static const char *const label[] = {"in src mac", "out dst mac", "in dst mac", "out src mac"};

	for (unsigned i = 0; i < 4; i++)
		at = line_mac(at, label[i], view_u64(view, ELEMENT_MAC, 8 * i));
	return at;
}

static char *latencies(char *at, const struct record_view *view)
{
	static const char *const label[] = {"cli latency", "srv latency", "app latency"};

	for (unsigned i = 0; i < 3; i++) {
		char text[32];
		char *end = put_thousandths(text, view_u64(view, ELEMENT_LATENCY, 8 * i));

		at = put_right(put_label(at, label[i]), text, (size_t)(end - text), RAW_VALUE);
		at = put_string(at, " ms\n");
	}
	return at;
}

static char *nsel(char *at, const struct flow_row *row)
{
	const struct record_view *view = row->view;
	uint8_t event = view_u8(view, ELEMENT_NSEL, 14);
	uint16_t extended = view_u16(view, ELEMENT_NSEL, 12);
	const char *word = event_ext_name(extended);
	char words[24];

	at = line_field(at, view, "connect ID", FIELD_CONNECTION);
	snprintf(words, sizeof(words), ": %s", nsel_event_name(event));
	at = line_number(at, "fw event", event, words);
	if (word)
		snprintf(words, sizeof(words), ": %s", word);
	else
		snprintf(words, sizeof(words), ": %u", extended);
	at = line_number(at, "fw ext event", extended, words);
	return line_time(at, "Event time", view_u64(view, ELEMENT_NSEL, 0), row->clock);
}

static char *nat_event(char *at, const struct flow_row *row)
{
	uint8_t event = view_u8(row->view, ELEMENT_NAT_EVENT, 12);
	char words[24];

	snprintf(words, sizeof(words), ": %s", nat_event_name(event));
	at = line_number(at, "nat event", event, words);
	return line_time(at, "Event time", view_u64(row->view, ELEMENT_NAT_EVENT, 0), row->clock);
}

static char *acls(char *at, const struct record_view *view)
{
	for (unsigned side = 0; side < 2; side++) {
		at = put_blanks(put_label(at, side ? "Egress ACL" : "Ingress ACL"), RAW_INDENT);
		for (unsigned i = 0; i < 3; i++) {
			if (i)
				*at++ = '/';
			at = put_hex(put_string(at, "0x"),
				     view_number(view, FIELD_ACL_IN_ACL + 3 * side + i), 1);
		}
		*at++ = '\n';
	}
	return at;
}

static char *port_block(char *at, const struct record_view *view)
{
	at = line_field(at, view, "pblock start", FIELD_PBLOCK_START);
	at = line_field(at, view, "pblock end", FIELD_PBLOCK_END);
	at = line_field(at, view, "pblock step", FIELD_PBLOCK_STEP);
	return line_field(at, view, "pblock size", FIELD_PBLOCK_SIZE);
}

/* RFC 6759: one byte classification engine, then the selector in network order. */
static char *application(char *at, const struct flow_row *row)
{
	const uint8_t *byte = view_payload(row->view, ELEMENT_APP_ID);
	size_t len = row->view->payload_bytes[ELEMENT_APP_ID];
	uint64_t selector = 0;
	const char *name;

	for (size_t i = 1; i < len && i < 8; i++)
		selector = selector << 8 | byte[i];
	at = put_number_right(put_label(at, "app ID"), len ? byte[0] : 0, RAW_VALUE - 3);
	at = put_number(put_string(at, ".."), selector);
	name = name_table_find(row->names, RECORD_NBAR, row_application_id(row->view));
	at = put_string(put_string(at, ": "), name ? name : "<no info>");
	*at++ = '\n';
	return at;
}

/* Its size; itself, if it is text; and a dump of it. */
static char *payload_lines(char *at, const struct record_view *view, const char *label,
			   enum element element)
{
	const uint8_t *byte = view_payload(view, element);
	size_t len = view->payload_bytes[element];

	at = line_number(at, label, len, "");
	if (is_plain_text(byte, len))
		at = put_text(put_text(at, (const char *)byte, len), "\n", 1);
	return put_dump(at, byte, len);
}

static char *element_lines(char *at, const struct flow_row *row, enum element element)
{
	const struct record_view *view = row->view;

	switch (element) {
	case ELEMENT_GENERIC:
		return generic(at, row);
	case ELEMENT_IP4:
	case ELEMENT_IP6:
		return view_is_ip6(view) == (element == ELEMENT_IP6) ? addresses(at, view) : at;
	case ELEMENT_MISC:
		return misc(at, view);
	case ELEMENT_COUNTERS:
		return counters(at, view);
	case ELEMENT_VLAN:
		at = line_field(at, view, "src vlan", FIELD_SRC_VLAN);
		return line_field(at, view, "dst vlan", FIELD_DST_VLAN);
	case ELEMENT_AS:
		at = line_as(at, view, "src as", FIELD_SRC_AS);
		return line_as(at, view, "dst as", FIELD_DST_AS);
	case ELEMENT_AS_ADJACENT:
		at = line_as(at, view, "bgp next as", FIELD_NEXT_AS);
		return line_as(at, view, "bgp prev as", FIELD_PREV_AS);
	case ELEMENT_BGP_NEXT4:
	case ELEMENT_NEXT4:
	case ELEMENT_ROUTER4:
		return line_address(at,
				    element == ELEMENT_NEXT4	 ? "ip next hop"
				    : element == ELEMENT_ROUTER4 ? "ip exporter"
								 : "bgp next hop",
				    address_ip4(view_u32(view, element, 0)));
	case ELEMENT_BGP_NEXT6:
	case ELEMENT_NEXT6:
	case ELEMENT_ROUTER6:
		return line_address(at,
				    element == ELEMENT_NEXT6	 ? "ip next hop"
				    : element == ELEMENT_ROUTER6 ? "ip exporter"
								 : "bgp next hop",
				    address_ip6(view_u64(view, element, 0), view_u64(view, element, 8)));
	case ELEMENT_MPLS:
		return labels(at, view);
	case ELEMENT_MAC:
		return macs(at, view);
	case ELEMENT_LATENCY:
		return latencies(at, view);
	case ELEMENT_OBSERVATION:
		at = put_hex(put_string(put_blanks(put_label(at, "obs domainID"), 8), "0x"),
			     view_u32(view, element, 8), 5);
		*at++ = '\n';
		return line_hex(at, "obs pointID", view_u64(view, element, 0), 10, "");
	case ELEMENT_VRF:
		at = line_field(at, view, "ingress VRF", FIELD_VRF_IN);
		return line_field(at, view, "egress VRF", FIELD_VRF_OUT);
	case ELEMENT_NSEL:
		return nsel(at, row);
	case ELEMENT_NAT4:
	case ELEMENT_NAT6:
		at = line_address(at, "src xlt ip", row_nat_address(view, 0));
		return line_address(at, "dst xlt ip", row_nat_address(view, 1));
	case ELEMENT_NAT_PORT:
		at = line_field(at, view, "src xlt port", FIELD_NAT_SRC_PORT);
		return line_field(at, view, "dst xlt port", FIELD_NAT_DST_PORT);
	case ELEMENT_NAT_EVENT:
		return nat_event(at, row);
	case ELEMENT_ACL:
		return acls(at, view);
	case ELEMENT_PORT_BLOCK:
		return port_block(at, view);
	case ELEMENT_USER:
		at = put_blanks(put_label(at, "username"), RAW_INDENT);
		return text_rest(at, view, element, 0);
	case ELEMENT_APP_ID:
		return application(at, row);
	case ELEMENT_PAYLOAD_IN:
		return payload_lines(at, view, "in payload", element);
	case ELEMENT_PAYLOAD_OUT:
		return payload_lines(at, view, "out payload", element);
	default:
		return at;
	}
}

static void raw_begin(const struct output *output, struct text *text)
{
	(void)output;
	(void)text;
}

/* Elements in the order of their numbers; an element that is there twice counts once. */
static void raw_flow(const struct output *output, struct text *text, const struct flow_row *row)
{
	/* a dump takes 5 bytes a byte, and the text before it one */
	char *at = text_reserve(text, RAW_FIXED_MAX + 6 * (size_t)row->view->record_bytes);

	(void)output;
	if (!at)
		return;
	at = header(at, row);
	for (unsigned element = 1; element < ELEMENT_GEO; element++)
		if (view_has(row->view, element))
			at = element_lines(at, row, element);
	text_commit(text, at);
}

const struct output_format output_raw = {
	.name = "raw",
	.begin = raw_begin,
	.flow = raw_flow,
	.close = nothing_to_close,
	.stat = text_stat,
	.end = text_end,
};
