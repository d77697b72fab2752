/* SPDX-License-Identifier: BSD-3-Clause */
/* nfdump_plan.c - from options to the plan of a scan: filters, files, window of time, format. */
#include "programs/nfdump_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "geo/asdb.h"
#include "nffile/reader.h"
#include "output/names.h"

int run_failed(const struct error *error)
{
	common_complain("nfdump", "%s", error->text);
	return EXIT_FAILED;
}

bool run_is_grouped(const struct run *run)
{
	return run->options.stat_record ||
	       (!run->options.stat_element && (run->options.aggregate || run->options.order >= 0));
}

bool run_is_listed(const struct run *run)
{
	return !run_is_grouped(run) && !run->options.stat_element &&
	       (!run->options.geo_compare || compare_lists_flows(run));
}

static void on_damage(const char *text, void *arg)
{
	(void)arg;
	common_complain("nfdump", "%s", text);
}

/* Asked for by the scan when the first record without countries is met. */
static const struct geo_table *open_table(void *arg)
{
	struct run *run = arg;
	struct geo_settings settings = {
		.option = run->options.geodb, .program = "nfdump", .conf = run->conf};

	if (geo_source_require(&run->source, &run->table, &settings, &run->geo_error) != NFGEO_OK)
		return NULL;
	return run->table;
}

/* Filters are compiled before anything is looked at. */
int run_compile_filters(struct run *run)
{
	const struct nfdump_options *options = &run->options;
	struct error error = {0};
	int status;

	if (options->filter_text)
		status = filter_compile(&run->filter, options->filter_text, NULL, &error);
	else if (options->filter_file)
		status = filter_compile_file(&run->filter, options->filter_file, &error);
	else
		status = filter_compile(&run->filter, "", NULL, &error);
	if (status == NFGEO_OK && options->after_filter)
		status = filter_compile(&run->after, options->after_filter, NULL, &error);
	if (status == NFGEO_OK && run->after && filter_needs_now(run->after))
		status = error_set(&error, NFGEO_EINVAL,
				   "-P: today's countries (now) are looked up for single flows; ask "
				   "for them in the filter");
	if (status == NFGEO_OK)
		return EXIT_DONE;
	/* the bare text: NfSen shows it, and scripts look for `Line <n>:` at its start */
	fprintf(stderr, "%s\n", error.text);
	return status == NFGEO_ENOTFOUND ? FILTER_STATUS_NO_INCLUDE : FILTER_STATUS_INVALID;
}

int run_expand_inputs(struct run *run)
{
	struct error error = {0};
	int status = inputs_expand(&run->inputs, &run->options.input, &error);

	for (size_t i = 0; i < run->inputs.problem.count; i++) {
		common_complain("nfdump", "%s", run->inputs.problem.text[i]);
		run->incomplete = true;
	}
	if (status == NFGEO_OK)
		return EXIT_DONE;
	run_failed(&error);
	return status == NFGEO_ENOTFOUND ? STATUS_NO_DATA : EXIT_FAILED;
}

/* Earliest and latest flow of all files, for -t +N and -t -N. */
static bool time_range(const struct inputs *inputs, uint64_t *first_ms, uint64_t *last_ms)
{
	*first_ms = UINT64_MAX;
	*last_ms = 0;
	for (size_t i = 0; i < inputs->path.count; i++) {
		struct nffile_reader *reader;
		const struct flow_totals *totals;

		if (nffile_open(&reader, inputs->path.text[i], NULL) != NFGEO_OK)
			continue;
		totals = &nffile_info(reader)->totals;
		if (nffile_info(reader)->has_totals && totals->flows) {
			if (totals->first_ms < *first_ms)
				*first_ms = totals->first_ms;
			if (totals->last_ms > *last_ms)
				*last_ms = totals->last_ms;
		}
		nffile_close(reader);
	}
	return *first_ms <= *last_ms;
}

static int relative_window(struct run *run, const char *text)
{
	char *end;
	long long seconds = strtoll(text + 1, &end, 10);
	uint64_t first, last;

	if (end == text + 1 || *end || seconds < 0 || seconds > 604800)
		return EXIT_FAILED;
	if (!time_range(&run->inputs, &first, &last))
		return EXIT_DONE; /* no flows, nothing to cut */
	if (*text == '+')
		run->plan.to_ms = first + (uint64_t)seconds * 1000;
	else
		run->plan.from_ms = last > (uint64_t)seconds * 1000 ? last - (uint64_t)seconds * 1000 : 0;
	return EXIT_DONE;
}

static int parse_window(struct run *run)
{
	const char *text = run->options.window, *end;
	int status = EXIT_FAILED;

	run->plan.from_ms = 0;
	run->plan.to_ms = UINT64_MAX;
	if (!text)
		return EXIT_DONE;
	if (*text == '+' || *text == '-') {
		status = relative_window(run, text);
	} else if (strlen(text) >= 4 && inputs_time(text, &end, &run->plan.from_ms) == NFGEO_OK) {
		if (!*end)
			status = EXIT_DONE;
		else if (*end == '-' && inputs_time(end + 1, &end, &run->plan.to_ms) == NFGEO_OK &&
			 !*end && run->plan.from_ms <= run->plan.to_ms)
			status = EXIT_DONE;
	}
	if (status != EXIT_DONE)
		common_complain("nfdump", "-t %s: use YYYY/MM/dd.hh:mm:ss[-YYYY/MM/dd.hh:mm:ss], "
				"+SECONDS or -SECONDS (at most 604800)", text);
	return status;
}

/* A column that can have no values must not look as if the flows had none. */
static void tell_blank(const char *token)
{
	if (token)
		common_complain("nfdump", "%%%s is left blank: %s", token, missing_reason(token));
}

/* What asks for names of AS: a key, else (less urgent) a column; NULL = nothing. */
static const char *who_needs_as(const struct run *run, bool *is_key)
{
	const struct nfdump_options *options = &run->options;

	*is_key = true;
	for (unsigned i = 0; i < options->stat_count; i++)
		if (!options->stat[i].record && options->stat[i].key.kind == STAT_AS)
			return options->stat[i].key.name;
	for (unsigned i = 0; options->mode == AGGREGATE_KEYS && i < options->keys.shown.count; i++)
		if (options->keys.shown.column[i].kind == STAT_AS)
			return options->keys.shown.column[i].name;
	*is_key = false;
	return run->output.format.as_name;
}

/* The database of AS numbers is opened by those who need it. */
static int open_as_names(struct run *run)
{
	static const char none[] = "names of AS are in no flow file: give a database of AS numbers, "
				   "as GeoLite2-ASN.mmdb, with --asdb FILE or the key geo.asdb.path";
	const char *path = run->options.asdb, *name;
	struct error error = {0};
	bool is_key;

	name = who_needs_as(run, &is_key);
	if (!name)
		return EXIT_DONE;
	if (!path)
		path = conf_text(run->conf, "geo", "asdb.path");
	if (path)
		return asdb_open(path, &error) == NFGEO_OK ? EXIT_DONE : run_failed(&error);
	if (!is_key) {
		common_complain("nfdump", "%%%s is left blank: %s", name, none);
		return EXIT_DONE;
	}
	common_complain("nfdump", "%s: %s; the numbers that exporters sent are srcas, dstas and as",
			name, none);
	return EXIT_FAILED;
}

/* -o, or what fits the aggregation. */
int run_open_output(struct run *run)
{
	const struct nfdump_options *options = &run->options;
	char automatic[KEYS_TEXT_MAX + 64], columns[KEYS_TEXT_MAX + 64];
	struct output_settings settings = {
		.name = options->format,
		.options = {options->plain, options->long6, options->tag},
		.quiet = options->quiet || options->write_path,
		.conf = run->conf,
		.columns = columns,
		.terminal = terminal_detect(),
	};
	struct error error = {0};

	if (options->aggregate && options->mode == AGGREGATE_KEYS)
		settings.options.keys = &options->keys.shown;
	columns[0] = '\0';
	if (options->aggregate && options->mode == AGGREGATE_KEYS)
		snprintf(columns, sizeof(columns), "%%ts %%td %s %%pkt %%byt %%bps %%bpp %%fl",
			 options->keys.format);
	else if (options->aggregate && options->mode >= AGGREGATE_BIDIR)
		strcpy(columns, "%ts %td %pr %sap %sflag %dap %dflag %opkt %ipkt %obyt %ibyt %fl");
	for (char *at = columns; (at = strstr(at, "ccan")); at += 4)
		memcpy(at - 1, at[-1] == 's' ? "sflag" : "dflag", 5); /* %sccan, %dccan */
	if (!*columns)
		settings.columns = NULL;

	if (!settings.name && options->aggregate && options->mode == AGGREGATE_KEYS) {
		snprintf(automatic, sizeof(automatic), "fmt:%%ts %%td  %s  %%pkt %%byt %%bps %%bpp %%fl",
			 options->keys.format);
		settings.name = automatic;
	} else if (!settings.name && options->aggregate && options->mode >= AGGREGATE_BIDIR) {
		settings.name = "biline";
	}
	if (output_open(&run->output, &settings, &error) != NFGEO_OK)
		return run_failed(&error);
	tell_blank(run->output.format.blank);
	return open_as_names(run);
}

/* Does the answer depend on countries, and would it be the better for them? */
static void plan_countries(struct run *run)
{
	const struct nfdump_options *options = &run->options;
	bool prints_flows = !options->write_path && (run_is_listed(run) || run_is_grouped(run));

	run->plan.need_country = filter_needs_country(run->filter) ||
				 (run->after && filter_needs_country(run->after)) ||
				 (run_is_grouped(run) && options->mode == AGGREGATE_KEYS &&
				  options->keys.has_country) ||
				 (prints_flows && output_needs_country(&run->output));
	for (unsigned i = 0; i < options->stat_count; i++)
		run->plan.need_country |= statistic_needs_country(&options->stat[i]);
	run->plan.want_country = (prints_flows && run->output.kind->wants_country) ||
				 (options->write_path && options->geodb);
}

static unsigned thread_count(const struct run *run)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	if (run->options.threads)
		return run->options.threads;
	return online > 0 ? (unsigned)online : 1;
}

int run_plan(struct run *run)
{
	int status = parse_window(run);

	if (status != EXIT_DONE)
		return status;
	run->plan.inputs = &run->inputs;
	run->plan.filter = filter_is_any(run->filter) ? NULL : run->filter;
	run->plan.limit = run->options.limit;
	run->plan.in_time_order = run->options.arrival_order;
	run->plan.threads = thread_count(run);
	run->plan.numbered = (run->plan.filter && filter_needs_count(run->filter)) ||
			     (run_is_listed(run) && output_needs_number(&run->output));
	run->plan.read_all = run->options.no_index;
	run->plan.named = output_needs_names(&run->output);
	run->plan.want_now = run->options.geo_compare ||
			     (run_is_listed(run) && output_needs_now(&run->output));
	if (run->options.geo_compare && compare_check(run) != EXIT_DONE)
		return EXIT_FAILED;
	if (run_is_grouped(run) && output_needs_now(&run->output)) {
		common_complain("nfdump", "today's countries (-o compare, %%scnow, %%dcnow) are looked up "
				"for single flows: not with -a, -A, -b, -B, -O, -s record");
		return EXIT_FAILED;
	}
	run->plan.progress = &run->progress.scan;
	run->plan.table = open_table;
	run->plan.complain = on_damage;
	run->plan.arg = run;
	plan_countries(run);
	return EXIT_DONE;
}
