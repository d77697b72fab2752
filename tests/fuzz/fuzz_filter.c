/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filter text and a flow record together: up to the first NUL it is a filter, the rest a record.
 * What compiles must match the same when its printed form is compiled again, and what is decided from
 * a part of the record must be so. No files, no names.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/facts.h"
#include "filter/filter.h"

enum { PRINTED_BYTES = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct filter_options options = {.no_files = true, .no_names = true};

/* The first line of the dump, "filter: TEXT"; 0 when it does not fit. */
static size_t printed(const struct filter *filter, char *text)
{
	FILE *out = fmemopen(text, PRINTED_BYTES, "w");
	const char *end;

	if (!out)
		abort();
	filter_dump(filter, out);
	fclose(out);
	end = memchr(text, '\n', PRINTED_BYTES);
	return end ? (size_t)(end - text) : 0;
}

/* All of the record that facts can tell. */
static void all_facts(const struct record_view *view, struct facts *facts)
{
	uint16_t src = view_src_country(view), dst = view_dst_country(view);
	uint8_t proto = view_proto(view);

	facts_init(facts);
	facts->ident = "rtr-1";
	facts->families = view_is_ip6(view)	     ? FAMILY_IP6
			  : view_has_addresses(view) ? FAMILY_IP4
						     : FAMILY_NONE;
	facts->first = (struct fact_range){view_first_ms(view), view_first_ms(view)};
	facts->last = (struct fact_range){view_last_ms(view), view_last_ms(view)};
	memset(facts->proto, 0, sizeof(facts->proto));
	facts->proto[proto / 64] = 1ull << (proto % 64);
	facts->src_port.is = facts->dst_port.is = PORT_IS;
	facts->src_port.number = view_u16(view, ELEMENT_GENERIC, 40);
	facts->dst_port.number = view_u16(view, ELEMENT_GENERIC, 42);
	if (!view->geo)
		return;
	facts->src = (struct fact_country){.is = COUNTRY_ONE, .code = src < COUNTRY_CODES ? src : 0};
	facts->dst = (struct fact_country){.is = COUNTRY_ONE, .code = dst < COUNTRY_CODES ? dst : 0};
}

/* Forget a part of them: bits of `kept`. Sets have another country in them. */
static void some_facts(struct facts *facts, unsigned kept, struct country_set *src,
		       struct country_set *dst)
{
	struct facts none;

	facts_init(&none);
	if (!(kept & 1))
		facts->families = none.families;
	if (!(kept & 2))
		facts->first = none.first;
	if (!(kept & 4))
		facts->last.high = UINT64_MAX;
	if (!(kept & 8))
		memcpy(facts->proto, none.proto, sizeof(none.proto));
	if (!(kept & 16))
		facts->src_port = none.src_port;
	if (!(kept & 32) && facts->dst_port.number != 53)
		facts->dst_port = (struct fact_port){PORT_IS_NOT, 53, 53};
	if (!(kept & 64) && facts->src.is == COUNTRY_ONE) {
		country_set_add(src, facts->src.code);
		country_set_add(src, 203);
		country_set_add(dst, facts->dst.code);
		country_set_add(dst, 840);
		facts->src = (struct fact_country){.is = COUNTRY_OF_SET, .set = src};
		facts->dst = (struct fact_country){.is = COUNTRY_OF_SET, .set = dst};
	}
	if (!(kept & 128))
		facts->src = none.src;
}

static void check_facts(const struct filter *filter, const struct record_view *view, bool matches)
{
	struct paths paths;

	if (paths_init(&paths, filter) != NFGEO_OK)
		abort();
	for (unsigned kept = 0; kept < 256; kept++) {
		struct country_set src = {{0}}, dst = {{0}};
		struct facts facts;

		all_facts(view, &facts);
		some_facts(&facts, kept, &src, &dst);
		if (facts_decide(&paths, &facts) == (matches ? ANSWER_NO : ANSWER_YES))
			abort();
	}
	paths_fini(&paths);
}

static bool match(const struct filter *filter, const uint8_t *record, size_t len)
{
	static const uint16_t now[2] = {203, 840};
	struct filter_context context = {"rtr-1", 5, now};
	struct record_view view;
	const char *label;
	bool matches;

	record_view_init(&view);
	if (record_view(&view, record, len) != NFGEO_OK)
		return false;
	matches = filter_match(filter, &view, &context, &label);
	check_facts(filter, &view, matches);
	return matches;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const uint8_t *end = len ? memchr(bytes, 0, len) : NULL;
	size_t text_bytes = end ? (size_t)(end - bytes) : len;
	const uint8_t *record = bytes + text_bytes + (end != NULL);
	size_t record_bytes = len - (size_t)(record - bytes), used;
	struct filter *filter, *again;
	struct error error;
	char *text;

	if (filter_compile_with(&filter, (const char *)bytes, text_bytes, &options, &error) !=
	    NFGEO_OK) {
		if (filter || memchr(error.text, 0, sizeof(error.text)) == NULL)
			abort();
		return 0;
	}
	text = malloc(PRINTED_BYTES);
	if (!text)
		abort();
	used = printed(filter, text);
	if (used > strlen("filter:")) {
		if (filter_compile_with(&again, text + strlen("filter:"),
					used - strlen("filter:"), &options, &error) != NFGEO_OK)
			abort();
		if (match(filter, record, record_bytes) != match(again, record, record_bytes))
			abort();
		filter_free(again);
	}
	free(text);
	filter_free(filter);
	return 0;
}
