/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Country primitives for the filters of others: the text goes through our own filter language
 * (filter/), which must find in it one primitive about countries and nothing else. Its steps are
 * then run over a pair instead of a record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "filter/compile.h"
#include "filter/filter.h"
#include "include/nfgeo_hooks.h"

struct nfgeo_set {
	struct filter *filter; /* owns */
};

static _Thread_local char reason[256];

/*
 * "Line 3: Unknown country code 'XQ' at 'XQ'", with the place underlined below, goes into a message
 * that has line and token of its own: the first line without its beginning and end.
 */
static const char *reason_of(const struct error *error)
{
	const char *text = strncmp(error->text, "Line ", 5) == 0 ? strstr(error->text, ": ") : NULL;
	const char *end, *at;

	text = text ? text + 2 : error->text;
	end = text + strcspn(text, "\n");
	for (at = end; at > text && strncmp(at, " at '", 5) != 0; at--)
		;
	snprintf(reason, sizeof(reason), "%.*s", (int)((at > text ? at : end) - text), text);
	return reason;
}

static bool is_about_countries(const struct filter *filter)
{
	const struct program *program = filter_program(filter);

	for (uint32_t i = 0; i < program->count; i++) {
		uint8_t op = program->steps[i].test.op;

		if (op != TEST_COUNTRY && op != TEST_COUNTRY_EQUAL && op != TEST_COUNTRY_OTHER)
			return false;
	}
	return program->count > 0;
}

struct nfgeo_set *nfgeo_set_parse(const char *clause, const char **error)
{
	const struct filter_options options = {.no_files = true, .no_names = true};
	struct nfgeo_set *set = calloc(1, sizeof(*set));
	struct error why = {0};

	*error = "out of memory";
	if (!set)
		return NULL;
	if (filter_compile_with(&set->filter, clause, strlen(clause), &options, &why) != NFGEO_OK)
		*error = reason_of(&why);
	else if (!is_about_countries(set->filter))
		*error = "not a country primitive";
	else
		return set;
	nfgeo_set_free(set);
	return NULL;
}

void nfgeo_set_free(struct nfgeo_set *set)
{
	if (!set)
		return;
	filter_free(set->filter);
	free(set);
}

/* The steps read nothing of a view but the pair, so the rest of it is not even set to zero. */
int nfgeo_set_match(const struct nfgeo_set *set, uint16_t src, uint16_t dst)
{
	const struct program *program = filter_program(set->filter);
	struct record_view view;
	uint8_t pair[4];

	bytes_put16(pair, src);
	bytes_put16(pair + 2, dst);
	view.present = 0;
	view_set_geo(&view, pair);
	return eval_run(program->steps, program->start, &view, NULL, NULL);
}
