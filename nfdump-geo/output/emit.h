/* SPDX-License-Identifier: BSD-3-Clause */
/* emit.h - one function per kind of token (output/tokens.def); see struct step. */
#ifndef OUTPUT_EMIT_H
#define OUTPUT_EMIT_H

#include "output/format.h"

enum { NAME_SHOWN_MAX = 256 /* bytes of a name from the file */ };

#define EMIT(name)                                                                                 \
	char *emit_##name(char *at, const struct step *step, const struct flow_row *row);

EMIT(literal) EMIT(nothing) EMIT(blank) EMIT(zero) EMIT(newline)
EMIT(version) EMIT(count) EMIT(ident) EMIT(engine) EMIT(label) EMIT(user) EMIT(payload) EMIT(nbar)
EMIT(time) EMIT(time_raw) EMIT(duration) EMIT(event_time) EMIT(event_ms) EMIT(latency)
EMIT(number) EMIT(scaled) EMIT(flows) EMIT(bps) EMIT(pps) EMIT(bpp) EMIT(hex) EMIT(ttl)
EMIT(proto) EMIT(flags) EMIT(direction) EMIT(dst_port) EMIT(icmp)
EMIT(address) EMIT(geo_address) EMIT(network) EMIT(hop) EMIT(nat)
EMIT(address_port) EMIT(geo_address_port) EMIT(nat_port)
EMIT(mac) EMIT(mpls) EMIT(mpls_all) EMIT(event) EMIT(event_ext) EMIT(acl_in) EMIT(acl_out)
EMIT(ctry2) EMIT(ctry_now) EMIT(ctry3) EMIT(ctry_number) EMIT(name) EMIT(ctry_name) EMIT(ctry_class)
EMIT(country) EMIT(as_name) EMIT(key)
#undef EMIT

/** The step's field as a number; 0 when the record has no such element. */
static inline uint64_t step_number(const struct step *step, const struct record_view *view)
{
	const uint8_t *from;

	if (!view_has(view, step->element))
		return 0;
	from = view_payload(view, step->element) + step->offset;
	switch (step->bytes) {
	case 1:
		return *from;
	case 2:
		return bytes_get16(from);
	case 4:
		return bytes_get32(from);
	default:
		return bytes_get64(from);
	}
}

/** The network that a mask length cuts out of an address; the address itself where that is 0. */
/** Element 27 as one number, as the names of applications are found by it. */
uint64_t row_application_id(const struct record_view *view);

struct address row_network(const struct record_view *view, unsigned side);

/** A country for people: flag, name or letters as the terminal allows; the word of a class. At most
 * 128 bytes. */
char *put_country_cell(char *at, uint16_t code, const struct terminal *terminal, bool names);

/** Event of a record: NSEL, else NAT. @return its name, right aligned by the caller; NULL if none */
const char *row_event_name(const struct record_view *view);
uint64_t row_event_ms(const struct record_view *view);

/** Translated address of a side; 0.0.0.0 if there is none. */
struct address row_nat_address(const struct record_view *view, unsigned side);

/** ICMP or ICMPv6 */
static inline bool row_is_icmp(const struct record_view *view)
{
	uint8_t proto = view_proto(view);

	return proto == 1 || proto == 58;
}

/** Last minus first seen; 0 when they contradict each other. */
static inline uint64_t row_duration_ms(const struct record_view *view)
{
	uint64_t first = view_first_ms(view), last = view_last_ms(view);

	return last > first ? last - first : 0;
}

/** count * factor per second of a duration in ms; 0 when that is 0. In floating point and then cut,
 * as stock does it: 35496 / 0.544 s is 65249 there, not 65250. */
static inline uint64_t rate(uint64_t count, unsigned factor, uint64_t duration_ms)
{
	double value;

	if (!duration_ms)
		return 0;
	value = (double)(count * factor) / ((double)duration_ms / 1000.0);
	return value < 1.8e19 ? (uint64_t)value : UINT64_MAX;
}

#endif
