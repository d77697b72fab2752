/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h" /* memmem() */

#include "filter/eval.h"

#include <string.h>

#include "filter/regex.h"
#include "geo/country.h"

/* Stands for the number of an element that is absent. */
static const uint8_t zeros[16];

static inline const uint8_t *number_at(const struct test *test, const struct record_view *view)
{
	return view_has(view, test->element) ? view_payload(view, test->element) + test->offset
					     : zeros;
}

static inline bool in_range(const struct test *test, uint64_t number)
{
	return number - test->low <= test->high - test->low;
}

/* The flow's addresses are of one family only; other addresses are what they are. */
static inline bool address_counts(const struct test *test, const struct record_view *view)
{
	if (!view_has(view, test->element))
		return false;
	if (test->element == ELEMENT_IP4)
		return !view_is_ip6(view);
	return test->element != ELEMENT_IP6 || view_is_ip6(view);
}

static bool find_number(const struct test *test, uint32_t number)
{
	uint32_t low = 0, high = test->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (test->numbers[middle] == number)
			return true;
		if (test->numbers[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* The last range that starts at or below the address holds it, or none does. */
static bool find_range4(const struct test *test, uint32_t address)
{
	const struct range4 *range = test->ranges4;
	uint32_t low = 0, high = test->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (range[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address <= range[low - 1].high;
}

static inline bool not_above(const uint64_t a[2], const uint64_t b[2])
{
	return a[0] < b[0] || (a[0] == b[0] && a[1] <= b[1]);
}

static bool find_range6(const struct test *test, const uint8_t *at)
{
	const struct range6 *range = test->ranges6;
	uint64_t address[2] = {bytes_get64(at), bytes_get64(at + 8)};
	uint32_t low = 0, high = test->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (not_above(range[middle].low, address))
			low = middle + 1;
		else
			high = middle;
	}
	return low && not_above(address, range[low - 1].high);
}

static bool test_address(const struct test *test, const struct record_view *view)
{
	const uint8_t *at;

	if (!address_counts(test, view))
		return false;
	at = view_payload(view, test->element) + test->offset;
	switch (test->op) {
	case TEST_NET4:
		return (bytes_get32(at) & test->net_mask[1]) == test->net[1];
	case TEST_NET6:
		return (bytes_get64(at) & test->net_mask[0]) == test->net[0] &&
		       (bytes_get64(at + 8) & test->net_mask[1]) == test->net[1];
	case TEST_RANGES4:
		return find_range4(test, bytes_get32(at));
	default:
		return find_range6(test, at);
	}
}

/* A code that cannot be counts as unknown, as in all sums. */
static inline bool test_country(const struct test *test, uint16_t code)
{
	return country_set_has(test->countries, code < COUNTRY_CODES ? code : COUNTRY_UNKNOWN);
}

static bool test_countries(const struct test *test, const struct record_view *view)
{
	uint16_t src = view_src_country(view), dst = view_dst_country(view);
	bool known = src >= 1 && src <= COUNTRY_MAX && dst >= 1 && dst <= COUNTRY_MAX;

	return known && (src == dst) == (test->op == TEST_COUNTRY_EQUAL);
}

static inline uint16_t country_at(unsigned place, const struct record_view *view,
				  const uint16_t *now)
{
	unsigned side = place & PLACE_DST;

	if (place & PLACE_NOW)
		return now[side];
	return side ? view_dst_country(view) : view_src_country(view);
}

/* What was stored against today's: a flow that nobody stored countries for has not moved. */
static bool test_now(const struct test *test, const struct record_view *view, const uint16_t *now)
{
	uint16_t one, other;
	bool known;

	if (test->op == TEST_COUNTRY_NOW)
		return country_set_has(test->countries, now[test->offset / 2]);
	one = country_at(test->place[0], view, now);
	other = country_at(test->place[1], view, now);
	if (test->op == TEST_NOW_SAME || test->op == TEST_NOW_OTHER)
		return view->geo && (one == other) == (test->op == TEST_NOW_SAME);
	known = one >= 1 && one <= COUNTRY_MAX && other >= 1 && other <= COUNTRY_MAX;
	return known && (one == other) == (test->op == TEST_NOW_EQUAL);
}

/* 0 without flow times, or where the last lies before the first. */
static uint64_t duration_ms(const struct record_view *view)
{
	uint64_t first = view_first_ms(view), last = view_last_ms(view);

	return first && last > first ? last - first : 0;
}

/* A record without flow times, of a firewall or NAT, is first seen at its event. */
static uint64_t first_seen_ms(const struct record_view *view)
{
	uint64_t ms = view_first_ms(view);

	if (!ms)
		ms = view_u64(view, ELEMENT_NSEL, 0);
	if (!ms)
		ms = view_u64(view, ELEMENT_NAT_EVENT, 0);
	return ms ? ms : view_u64(view, ELEMENT_GENERIC, 16);
}

/* factor * count / milliseconds, saturating. */
static uint64_t rate(uint64_t count, unsigned factor, uint64_t ms)
{
	unsigned __int128 value;

	if (!ms)
		return 0;
	value = (unsigned __int128)count * factor / ms;
	return value > UINT64_MAX ? UINT64_MAX : (uint64_t)value;
}

static uint64_t derived(const struct test *test, const struct record_view *view,
			const struct filter_context *context)
{
	uint64_t packets = view_u64(view, ELEMENT_GENERIC, 24);
	uint64_t bytes = view_u64(view, ELEMENT_GENERIC, 32);

	switch (test->op) {
	case TEST_FLOWS:
		return view_flows(view);
	case TEST_DURATION:
		return duration_ms(view);
	case TEST_PPS:
		return rate(packets, 1000, duration_ms(view));
	case TEST_BPS:
		return rate(bytes, 8000, duration_ms(view));
	case TEST_BPP:
		return packets ? bytes / packets : 0;
	case TEST_FIRST_SEEN:
		return first_seen_ms(view);
	default: /* TEST_COUNT */
		return context ? context->record_count : 0;
	}
}

/* An entry is label << 4 | exp << 1 | bottom of stack; unused positions are 0. */
static bool test_mpls(const struct test *test, const struct record_view *view)
{
	const uint8_t *at = view_payload(view, ELEMENT_MPLS);

	if (!view_has(view, ELEMENT_MPLS))
		return false;
	for (unsigned i = 0; i < 10; i++) {
		uint32_t entry = bytes_get32(at + 4 * i);

		if (test->op == TEST_MPLS_ANY ? entry && in_range(test, entry >> 4) : entry & 1)
			return in_range(test, entry >> 4);
	}
	return false;
}

static bool test_pblock(const struct test *test, const struct record_view *view)
{
	uint16_t port = bytes_get16(number_at(test, view));

	return view_has(view, ELEMENT_PORT_BLOCK) && port >= view_u16(view, ELEMENT_PORT_BLOCK, 0) &&
	       port <= view_u16(view, ELEMENT_PORT_BLOCK, 2);
}

/* Texts end at a NUL or with the payload. */
static bool test_text(const struct test *test, const struct record_view *view)
{
	const char *text;
	size_t len;

	if (!view_has(view, test->element))
		return false;
	text = (const char *)view_payload(view, test->element) + test->offset;
	len = strnlen(text, view->payload_bytes[test->element] - test->offset);
	return len == test->count && memcmp(text, test->text, len) == 0;
}

static bool test_payload(const struct test *test, const struct record_view *view)
{
	const uint8_t *bytes;
	size_t len;

	if (!view_has(view, test->element))
		return false;
	bytes = view_payload(view, test->element);
	len = view->payload_bytes[test->element];
	return test->op == TEST_REGEX ? regex_match(test->regex, bytes, len)
				      : memmem(bytes, len, test->text, test->count) != NULL;
}

static bool test_rare(const struct test *test, const struct record_view *view,
		      const struct filter_context *context)
{
	switch (test->op) {
	case TEST_MPLS_ANY:
	case TEST_MPLS_END:
		return test_mpls(test, view);
	case TEST_TTL_EQUAL:
		return view_has(view, ELEMENT_IP_INFO) &&
		       view_u8(view, ELEMENT_IP_INFO, 2) == view_u8(view, ELEMENT_IP_INFO, 3);
	case TEST_IN_PBLOCK:
		return test_pblock(test, view);
	case TEST_COUNTRY_NOW:
	case TEST_NOW_SAME:
	case TEST_NOW_OTHER:
	case TEST_NOW_EQUAL:
	case TEST_NOW_DIFFERENT:
		return context && context->now && test_now(test, view, context->now);
	case TEST_IDENT:
		return context && context->ident && strcmp(context->ident, test->text) == 0;
	case TEST_TEXT:
		return test_text(test, view);
	case TEST_CONTENT:
	case TEST_REGEX:
		return test_payload(test, view);
	default:
		return in_range(test, derived(test, view, context));
	}
}

static inline bool test_step(const struct test *test, const struct record_view *view,
			     const struct filter_context *context)
{
	const uint8_t *at;

	if (test->needed && !view_has(view, test->element))
		return false;
	at = number_at(test, view);
	switch (test->op) {
	case TEST_RANGE8:
		return in_range(test, *at);
	case TEST_RANGE16:
		return in_range(test, bytes_get16(at));
	case TEST_RANGE32:
		return in_range(test, bytes_get32(at));
	case TEST_RANGE64:
		return in_range(test, bytes_get64(at));
	case TEST_RANGE_NET32:
		return in_range(test, bytes_get_net32(at));
	case TEST_BITS32:
		return in_range(test, bytes_get32(at) >> test->shift & test->mask);
	case TEST_FLAGS_ALL:
		return (*at & test->mask) == test->mask;
	case TEST_FLAGS_ANY:
		return (*at & test->mask) != 0;
	case TEST_PORT_MAP:
		return test->ports->bits[bytes_get16(at) / 64] >> (bytes_get16(at) % 64) & 1;
	case TEST_NUMBERS:
		return find_number(test, test->bytes == 2 ? bytes_get16(at) : bytes_get32(at));
	case TEST_NET4:
	case TEST_NET6:
	case TEST_RANGES4:
	case TEST_RANGES6:
		return test_address(test, view);
	case TEST_IS_IP4:
		return view_has_addresses(view) && !view_is_ip6(view);
	case TEST_IS_IP6:
		return view_is_ip6(view);
	case TEST_COUNTRY:
		return test_country(test, bytes_get16(at));
	case TEST_COUNTRY_EQUAL:
	case TEST_COUNTRY_OTHER:
		return test_countries(test, view);
	default:
		return test_rare(test, view, context);
	}
}

bool eval_run(const struct step *steps, uint32_t at, const struct record_view *view,
	      const struct filter_context *context, const char **label)
{
	while (at < STEP_FALSE) {
		const struct step *step = &steps[at];

		if (step->test.op == TEST_LABEL) {
			if (label)
				*label = step->test.text;
			at = step->on_true;
		} else {
			at = test_step(&step->test, view, context) ? step->on_true : step->on_false;
		}
	}
	return at == STEP_TRUE;
}
