/* SPDX-License-Identifier: BSD-3-Clause */
#include "output/emit.h"

#include "geo/country.h"
#include "output/names.h"

#define EMIT(name) char *emit_##name(char *at, const struct step *step, const struct flow_row *row)

EMIT(literal)
{
	(void)row;
	return put_text(at, step->text, step->len);
}

EMIT(nothing)
{
	(void)step;
	(void)row;
	return at;
}

EMIT(blank)
{
	(void)row;
	return put_blanks(at, step->width);
}

EMIT(zero)
{
	(void)row;
	return put_number_right(at, 0, step->width);
}

EMIT(newline)
{
	(void)step;
	(void)row;
	*at++ = '\n';
	return at;
}

/* doc/file-format.md, record header: 0x80 sFlow, 0x40 packet capture, else the NetFlow version. */
EMIT(version)
{
	uint8_t version = row->view->bytes[11];

	(void)step;
	if (row->view->bytes[10] & RECORD_FLAG_EVENT)
		return put_number(put_string(at, "EVT"), version);
	if (version & 0x80)
		return put_number(put_string(at, "Sv"), version & 0x0f);
	if (version & 0x40)
		return put_number(put_string(at, "Pv"), version & 0x0f);
	if (version)
		return put_number(put_string(at, "Nv"), version & 0x0f);
	return put_string(at, "FLO");
}

EMIT(count)
{
	return put_number_right(at, row->number, step->width);
}

EMIT(ident)
{
	return put_left(at, row->ident, strlen(row->ident), step->width);
}

EMIT(engine)
{
	at = put_number_right(at, row->view->bytes[6], step->width);
	*at++ = '/';
	return put_number_left(at, row->view->bytes[7], step->width);
}

/* Text of an element up to its NUL or its end; never longer than the record. */
static char *element_text(char *at, const struct record_view *view, enum element element,
			  const char *otherwise, size_t width)
{
	const char *text = otherwise;
	size_t len = strlen(otherwise);

	if (view_has(view, element)) {
		text = (const char *)view_payload(view, element);
		len = strnlen(text, view->payload_bytes[element]);
	}
	at = put_blanks(at, len < width ? width - len : 0);
	for (size_t i = 0; i < len; i++) /* no terminal escapes out of a file */
		*at++ = (unsigned char)text[i] < ' ' || text[i] == 127 ? '.' : text[i];
	return at;
}

EMIT(label)
{
	return element_text(at, row->view, ELEMENT_LABEL, "<none>", step->width);
}

EMIT(user)
{
	return element_text(at, row->view, ELEMENT_USER, "<empty>", step->width);
}

/* Text as it is; anything else, so that no terminal is told what to do, as a dump. */
EMIT(payload)
{
	const uint8_t *byte;
	size_t len;

	if (!view_has(row->view, step->element))
		return put_text(at, "\n", 1);
	byte = view_payload(row->view, step->element);
	len = row->view->payload_bytes[step->element];
	if (!is_plain_text(byte, len))
		return put_dump(at, byte, len);
	return put_text(put_text(at, (const char *)byte, len), "\n", 1);
}

/* RFC 6759: one byte classification engine, then the selector in network order. */
EMIT(nbar)
{
	const uint8_t *byte;
	uint64_t selector = 0;
	size_t len;

	if (!view_has(row->view, ELEMENT_APP_ID) || !row->view->payload_bytes[ELEMENT_APP_ID])
		return put_string(at, " 0..0");
	byte = view_payload(row->view, ELEMENT_APP_ID);
	len = row->view->payload_bytes[ELEMENT_APP_ID];
	for (size_t i = 1; i < len && i < 9; i++)
		selector = selector << 8 | byte[i];
	at = put_number_right(at, byte[0], step->width);
	return put_number(put_string(at, ".."), selector);
}

EMIT(time)
{
	return put_time(at, step->arg ? row->utc : row->clock, step_number(step, row->view), ' ');
}

EMIT(time_raw)
{
	return put_thousandths(at, step_number(step, row->view));
}

EMIT(duration)
{
	uint64_t ms = row_duration_ms(row->view);
	char text[PRINT_NUMBER_MAX + 4];

	if (!step->plain && !step->arg)
		return put_duration(at, ms);
	return put_right(at, text, (size_t)(put_thousandths(text, ms) - text), step->width);
}

uint64_t row_event_ms(const struct record_view *view)
{
	if (view_has(view, ELEMENT_NSEL))
		return view_u64(view, ELEMENT_NSEL, 0);
	return view_u64(view, ELEMENT_NAT_EVENT, 0);
}

EMIT(event_time)
{
	(void)step;
	return put_time(at, row->clock, row_event_ms(row->view), ' ');
}

EMIT(event_ms)
{
	return put_number_right(at, row_event_ms(row->view), step->width);
}

EMIT(latency)
{
	char text[PRINT_NUMBER_MAX + 4];
	char *end = put_thousandths(text, step_number(step, row->view));

	return put_right(at, text, (size_t)(end - text), step->width);
}

EMIT(number)
{
	return put_number_right(at, step_number(step, row->view), step->width);
}

EMIT(scaled)
{
	uint64_t value = step_number(step, row->view);

	return step->plain ? put_number_right(at, value, step->width)
			   : put_scaled(at, value, step->width);
}

EMIT(flows)
{
	return put_number_right(at, row->inner ? 0 : view_flows(row->view), step->width);
}

static char *put_rate(char *at, const struct step *step, uint64_t value)
{
	return step->plain ? put_number_right(at, value, step->width)
			   : put_scaled(at, value, step->width);
}

EMIT(bps)
{
	uint64_t bytes = step_number(step, row->view);

	return put_rate(at, step, rate(bytes, 8, row_duration_ms(row->view)));
}

EMIT(pps)
{
	uint64_t packets = step_number(step, row->view);

	return put_rate(at, step, rate(packets, 1, row_duration_ms(row->view)));
}

EMIT(bpp)
{
	uint64_t packets = view_u64(row->view, ELEMENT_GENERIC, 24);
	uint64_t bytes = step_number(step, row->view);

	return put_number_right(at, packets ? bytes / packets : 0, step->width);
}

EMIT(hex)
{
	char text[20] = "0x";
	char *end = put_hex(text + 2, step_number(step, row->view), step->arg);

	return put_right(at, text, (size_t)(end - text), step->width);
}

EMIT(ttl)
{
	at = put_number_right(at, view_u8(row->view, ELEMENT_IP_INFO, 2), step->width);
	*at++ = ' ';
	return put_number_right(at, view_u8(row->view, ELEMENT_IP_INFO, 3), step->width);
}

EMIT(proto)
{
	uint8_t proto = view_proto(row->view);
	const char *name = step->plain ? NULL : protocol_name(proto);

	return name ? put_left(at, name, strlen(name), step->width)
		    : put_number_left(at, proto, step->width);
}

EMIT(flags)
{
	(void)step;
	return put_flags(at, view_proto(row->view) == 6 ? view_tcp_flags(row->view) : 0);
}

EMIT(direction)
{
	at = put_blanks(at, step->width - 1u);
	*at++ = step_number(step, row->view) ? 'E' : 'I';
	return at;
}

static char *put_icmp(char *at, uint16_t port)
{
	at = put_number(at, port >> 8);
	*at++ = '.';
	return put_number(at, port & 0xff);
}

EMIT(dst_port)
{
	uint16_t port = view_u16(row->view, ELEMENT_GENERIC, 42);
	char text[8];

	if (!row_is_icmp(row->view))
		return put_number_right(at, port, step->width);
	return put_right(at, text, (size_t)(put_icmp(text, port) - text), step->width);
}

EMIT(icmp)
{
	uint16_t port = row_is_icmp(row->view) ? view_u16(row->view, ELEMENT_GENERIC, 42) : 0;

	return put_number_right(at, port >> step->arg & 0xff, step->width);
}

/* Right aligned; without -6 an IPv6 text of more than 16 characters becomes its first 7
 * characters, two dots, and its last 7. -T puts an octet of value 1 in front. */
static char *put_column(char *at, const struct step *step, const struct address *address)
{
	char text[PRINT_ADDRESS_MAX];
	size_t len = (size_t)(put_address(text, address) - text);

	if (step->tag)
		*at++ = 1;
	if (!step->long6 && len > 16) {
		memmove(text + 9, text + len - 7, 7);
		text[7] = text[8] = '.';
		len = 16;
	}
	return put_right(at, text, len, step->width);
}

static struct address side_address(const struct record_view *view, unsigned side)
{
	struct address address = side ? view_dst(view) : view_src(view);

	if (!address.family)
		address.family = AF_INET;
	return address;
}

EMIT(address)
{
	struct address address = side_address(row->view, step->arg);

	return put_column(at, step, &address);
}

static char *put_country(char *at, const struct record_view *view, unsigned side)
{
	*at++ = '(';
	at = put_text(at,
		      country_alpha2(side ? view_dst_country(view) : view_src_country(view)), 2);
	*at++ = ')';
	return at;
}

EMIT(geo_address)
{
	return put_country(emit_address(at, step, row), row->view, step->arg);
}

struct address row_network(const struct record_view *view, unsigned side)
{
	struct address address = side_address(view, side);
	unsigned bits = view_u8(view, ELEMENT_MISC, 8 + side);
	unsigned most = address.family == AF_INET6 ? 128 : 32;

	return bits ? address_mask(address, bits < most ? bits : most) : address;
}

EMIT(network)
{
	struct address address = row_network(row->view, step->arg);

	at = put_column(at, step, &address);
	*at++ = '/';
	return put_number_left(at, step_number(step, row->view), 2);
}

/* step->element is the IPv4 form, step->arg the IPv6 form; a non-zero IPv6 address wins. */
EMIT(hop)
{
	struct address address = address_ip4((uint32_t)step_number(step, row->view));

	if (view_has(row->view, step->arg) && !address.low)
		address = address_ip6(view_u64(row->view, step->arg, 0),
				      view_u64(row->view, step->arg, 8));
	return put_column(at, step, &address);
}

struct address row_nat_address(const struct record_view *view, unsigned side)
{
	if (view_has(view, ELEMENT_NAT6) && !view_has(view, ELEMENT_NAT4))
		return address_ip6(view_u64(view, ELEMENT_NAT6, 16 * side),
				   view_u64(view, ELEMENT_NAT6, 16 * side + 8));
	return address_ip4(view_u32(view, ELEMENT_NAT4, 4 * side));
}

EMIT(nat)
{
	struct address address = row_nat_address(row->view, step->arg);

	return put_column(at, step, &address);
}

/* `:` before the port of an IPv4 address, `.` for IPv6. The destination of ICMP: type.code. */
static char *put_port(char *at, const struct step *step, const struct flow_row *row, bool ip6,
		      bool icmp)
{
	uint16_t port = (uint16_t)step_number(step, row->view);
	char text[8];

	*at++ = ip6 ? '.' : ':';
	if (!icmp)
		return put_number_left(at, port, 5);
	return put_left(at, text, (size_t)(put_icmp(text, port) - text), 5);
}

EMIT(address_port)
{
	at = emit_address(at, step, row);
	return put_port(at, step, row, view_is_ip6(row->view),
			step->arg && row_is_icmp(row->view));
}

EMIT(geo_address_port)
{
	at = put_country(emit_address(at, step, row), row->view, step->arg);
	return put_port(at, step, row, view_is_ip6(row->view),
			step->arg && row_is_icmp(row->view));
}

EMIT(nat_port)
{
	struct address address = row_nat_address(row->view, step->arg);

	at = put_column(at, step, &address);
	return put_port(at, step, row, address.family == AF_INET6, false);
}

EMIT(mac)
{
	return put_mac(at, step_number(step, row->view));
}

static char *put_label(char *at, uint32_t entry, size_t width)
{
	char text[32];
	char *end = put_mpls(text, entry);

	/* the label is aligned, `-exp-bottom` always takes 4 */
	return put_right(at, text, (size_t)(end - text), width + 4);
}

EMIT(mpls)
{
	return put_label(at, (uint32_t)step_number(step, row->view), step->width);
}

EMIT(mpls_all)
{
	for (unsigned i = 0; i < step->arg; i++) {
		at = put_label(at, view_u32(row->view, ELEMENT_MPLS, 4 * i), step->width);
		*at++ = ' ';
	}
	return at;
}

const char *row_event_name(const struct record_view *view)
{
	if (view_has(view, ELEMENT_NSEL))
		return nsel_event_name(view_u8(view, ELEMENT_NSEL, 14));
	if (view_has(view, ELEMENT_NAT_EVENT))
		return nat_event_name(view_u8(view, ELEMENT_NAT_EVENT, 12));
	return NULL;
}

EMIT(event)
{
	const char *name = row_event_name(row->view);

	if (!name)
		name = "INVALID";
	return put_right(at, name, strlen(name), step->width);
}

/* Extended events of a firewall's denied flows; anything else shows its number. */
EMIT(event_ext)
{
	uint64_t event = step_number(step, row->view);
	const char *name = event_ext_name(event);

	if (!event)
		return put_right(at, "Ignore", 6, step->width);
	if (name)
		return put_right(at, name, strlen(name), step->width);
	return put_number_right(at, event, step->width);
}

EMIT(acl_in)
{
	for (unsigned i = 0; i < 3; i++) {
		char text[12] = "0x";
		char *end = put_hex(text + 2, view_number(row->view, FIELD_ACL_IN_ACL + i), 1);

		if (i)
			*at++ = ' ';
		at = put_left(at, text, (size_t)(end - text), 10);
	}
	(void)step;
	return at;
}

EMIT(acl_out)
{
	for (unsigned i = 0; i < 3; i++) {
		if (i)
			*at++ = ' ';
		at = put_number_right(at, view_number(row->view, FIELD_ACL_OUT_ACL + i), step->width);
	}
	return at;
}
