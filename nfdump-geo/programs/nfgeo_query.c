/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs/nfgeo_query.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "geo/group.h"

static void on_damage(const char *text, void *arg)
{
	const struct nfgeo_query *query = arg;

	common_complain(query->verb, "%s", text);
}

static const struct geo_table *open_table(void *arg)
{
	struct nfgeo_query *query = arg;
	struct geo_settings settings = {
		.option = query->geodb, .program = "nfdump", .conf = query->conf};

	if (geo_source_require(&query->source, &query->table, &settings, &query->geo_error) !=
	    NFGEO_OK)
		return NULL;
	return query->table;
}

bool nfgeo_input_option(struct input_options *input, int option, const char *argument)
{
	switch (option) {
	case 'r':
		input->file = argument;
		return true;
	case 'R':
		input->range = argument;
		return true;
	case 'M':
		input->dirs = argument;
		return true;
	}
	return false;
}

bool nfgeo_input_named(const char *verb, const struct input_options *input)
{
	if (input->file || input->range || input->dirs)
		return true;
	common_complain(verb, "name the input with -r, -R or -M");
	return false;
}

bool nfgeo_query_option(struct nfgeo_query *query, int option, const char *argument)
{
	switch (option) {
	case 'G':
		query->geodb = argument;
		return true;
	case 'C':
		query->config = argument;
		return true;
	}
	return nfgeo_input_option(&query->input, option, argument);
}

/* The words as one text, as nfdump joins them. */
static char *join(int words, char **word)
{
	size_t len = 1;
	char *text;

	for (int i = 0; i < words; i++)
		len += strlen(word[i]) + 1;
	text = calloc(1, len);
	for (int i = 0; text && i < words; i++) {
		strcat(text, i ? " " : "");
		strcat(text, word[i]);
	}
	return text;
}

static int compile(struct nfgeo_query *query, int words, char **word)
{
	struct error error = {0};
	char *text = join(words, word);
	int status = text ? filter_compile(&query->filter, text, NULL, &error)
			  : error_set(&error, NFGEO_ENOMEM, "out of memory");

	free(text);
	if (status == NFGEO_OK)
		return EXIT_DONE;
	fprintf(stderr, "%s\n", error.text);
	return EXIT_USAGE;
}

static int expand(struct nfgeo_query *query)
{
	struct error error = {0};
	int status;

	if (!nfgeo_input_named(query->verb, &query->input))
		return nfgeo_usage(query->verb);
	status = inputs_expand(&query->inputs, &query->input, &error);
	for (size_t i = 0; i < query->inputs.problem.count; i++) {
		common_complain(query->verb, "%s", query->inputs.problem.text[i]);
		query->incomplete = true;
	}
	if (status == NFGEO_OK)
		return EXIT_DONE;
	common_complain(query->verb, "%s", error.text);
	return EXIT_FAILED;
}

int nfgeo_query_open(struct nfgeo_query *query, int words, char **word)
{
	struct error error = {0};
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	int status = nfgeo_conf(query->verb, query->config, &query->conf);

	if (status == EXIT_DONE && group_configure(query->conf, &error) != NFGEO_OK) {
		common_complain(query->verb, "%s", error.text);
		status = EXIT_FAILED;
	}
	if (status == EXIT_DONE)
		status = compile(query, words, word);
	if (status == EXIT_DONE)
		status = expand(query);
	query->plan = (struct scan_plan){
		.inputs = &query->inputs,
		.filter = query->filter && !filter_is_any(query->filter) ? query->filter : NULL,
		.to_ms = UINT64_MAX,
		.threads = online > 0 ? (unsigned)online : 1,
		.need_country = true,
		.table = open_table,
		.complain = on_damage,
		.arg = query,
	};
	query->plan.numbered = query->plan.filter && filter_needs_count(query->filter);
	return status;
}

void nfgeo_query_close(struct nfgeo_query *query)
{
	inputs_fini(&query->inputs);
	filter_free(query->filter);
	if (query->table)
		geo_table_unref(query->table);
	geo_source_close(query->source);
	conf_free(query->conf);
}

int nfgeo_query_run(struct nfgeo_query *query, struct scan_sink *sink)
{
	struct error error = {0};
	int status;

	query->plan.progress = &query->progress.scan;
	progress_start(&query->progress, query->plan.inputs, false);
	status = scan_run(&query->plan, sink, &query->result, &error);
	progress_stop(&query->progress);
	if (query->result.interrupted) {
		common_complain(query->verb, "interrupted: %zu of %zu files were read",
				query->result.files_read, query->plan.inputs->path.count);
		return EXIT_FAILED;
	}
	if (status != NFGEO_OK) {
		common_complain(query->verb, "%s", error.text);
		if (error.code == NFGEO_ENODB)
			common_complain(query->verb, "%s", query->geo_error.text);
		return EXIT_FAILED;
	}
	if (query->result.untagged_count) {
		common_complain(
			query->verb, "%llu flows have no countries, and no database gives them: %s",
			(unsigned long long)query->result.untagged_count, query->geo_error.text);
		query->incomplete = true;
	}
	query->incomplete |= query->result.damage_count > 0;
	return query->incomplete ? EXIT_INCOMPLETE : EXIT_DONE;
}
