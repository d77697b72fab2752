/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filter text and a flow record together: up to the first NUL it is a filter, the rest a record.
 * What compiles must match the same when its printed form is compiled again, and a record with
 * countries that matches must lie in a block that may match. No files, no names.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/blocktest.h"
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

/* A block that holds this record and one more. */
static void check_block(const struct filter *filter, const struct record_view *view)
{
	struct country_set src = {{0}}, dst = {{0}};
	struct block_test *test = block_test_new(filter);

	if (!test)
		abort();
	country_set_add(&src, view_src_country(view) < COUNTRY_CODES ? view_src_country(view) : 0);
	country_set_add(&dst, view_dst_country(view) < COUNTRY_CODES ? view_dst_country(view) : 0);
	if (!block_test_may_match(test, &src, &dst))
		abort();
	country_set_add(&src, 203);
	country_set_add(&dst, 840);
	if (!block_test_may_match(test, &src, &dst))
		abort();
	block_test_free(test);
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
	if (matches && view.geo)
		check_block(filter, &view);
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
