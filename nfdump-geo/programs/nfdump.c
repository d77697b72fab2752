/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfdump - select, print, count and merge the flows of files. Options are those of the stock
 * program; what is ours is in nfdump(1).
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/conf.h"
#include "filter/filter.h"
#include "geo/group.h"
#include "geo/reload.h"
#include "nffile/reader.h"
#include "programs/common.h"
#include "programs/nfdump_files.h"
#include "programs/nfdump_options.h"
#include "programs/nfdump_progress.h"
#include "programs/nfdump_sinks.h"

enum { STATUS_NO_DATA = 250, TOP_DEFAULT = 10, STATUS_INTERRUPTED = 130 /* as a shell says it */ };

/* One run of the program. */
struct run {
	struct nfdump_options options;
	struct conf *conf;
	struct filter *filter, *after;
	struct inputs inputs;
	struct output output;
	struct scan_plan plan;
	struct scan_result result;
	struct geo_source *source;
	struct geo_table *table;
	struct error geo_error; /* why there is no table */
	struct aggregate *aggregate;
	struct statistics *statistics;
	struct print_sink print;
	struct write_sink write;
	struct nffile_writer *writer;
	char work_name[4096];
	struct text text;
	struct timespec started;
	struct progress progress;
	bool incomplete;
};

static int failed(const struct error *error)
{
	common_complain("nfdump", "%s", error->text);
	return EXIT_FAILED;
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
static int compile_filters(struct run *run)
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
	if (status == NFGEO_OK)
		return EXIT_DONE;
	/* the bare text: NfSen shows it, and scripts look for `Line <n>:` at its start */
	fprintf(stderr, "%s\n", error.text);
	return status == NFGEO_ENOTFOUND ? FILTER_STATUS_NO_INCLUDE : FILTER_STATUS_INVALID;
}

static int expand_inputs(struct run *run)
{
	struct error error = {0};
	int status = inputs_expand(&run->inputs, &run->options.input, &error);

	for (size_t i = 0; i < run->inputs.problem.count; i++) {
		common_complain("nfdump", "%s", run->inputs.problem.text[i]);
		run->incomplete = true;
	}
	if (status == NFGEO_OK)
		return EXIT_DONE;
	failed(&error);
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

/* -o, or what fits the aggregation. */
static int open_output(struct run *run)
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
	return output_open(&run->output, &settings, &error) == NFGEO_OK ? EXIT_DONE : failed(&error);
}

static bool is_grouped(const struct run *run)
{
	return run->options.stat_record ||
	       (!run->options.stat_element && (run->options.aggregate || run->options.order >= 0));
}

static bool is_listed(const struct run *run)
{
	return !is_grouped(run) && !run->options.stat_element;
}

/* Does the answer depend on countries, and would it be the better for them? */
static void plan_countries(struct run *run)
{
	const struct nfdump_options *options = &run->options;
	bool prints_flows = !options->write_path && (is_listed(run) || is_grouped(run));

	run->plan.need_country = filter_needs_country(run->filter) ||
				 (run->after && filter_needs_country(run->after)) ||
				 (is_grouped(run) && options->mode == AGGREGATE_KEYS &&
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

static int make_plan(struct run *run)
{
	int status = parse_window(run);

	if (status != EXIT_DONE)
		return status;
	run->plan.inputs = &run->inputs;
	run->plan.filter = filter_is_any(run->filter) ? NULL : run->filter;
	run->plan.limit = run->options.limit;
	run->plan.threads = thread_count(run);
	run->plan.numbered = (run->plan.filter && filter_needs_count(run->filter)) ||
			     (is_listed(run) && output_needs_number(&run->output));
	run->plan.named = output_needs_names(&run->output);
	run->plan.progress = &run->progress.scan;
	run->plan.table = open_table;
	run->plan.complain = on_damage;
	run->plan.arg = run;
	plan_countries(run);
	return EXIT_DONE;
}

/* -w */

static void first_ident(const struct run *run, char *ident, size_t len)
{
	struct nffile_reader *reader;

	*ident = '\0';
	for (size_t i = 0; i < run->inputs.path.count; i++)
		if (nffile_open(&reader, run->inputs.path.text[i], NULL) == NFGEO_OK) {
			snprintf(ident, len, "%s", nffile_info(reader)->ident);
			nffile_close(reader);
			return;
		}
}

/* Written under a name of its own, so that an input may be the output, too. */
static int open_writer(struct run *run)
{
	const char *path = run->options.write_path;
	struct nffile_options form = {.codec = run->options.codec,
				      .level = run->options.level,
				      .creator = CREATOR_NFDUMP,
				      .query_totals = true};
	struct error error = {0};
	struct stat info;
	char ident[256];

	first_ident(run, ident, sizeof(ident));
	form.ident = ident;
	if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
		error_set(&error, NFGEO_EINVAL, "-w %s: is not a regular file", path);
		return failed(&error);
	}
	files_work_name(path, run->work_name, sizeof(run->work_name));
	if (nffile_create(&run->writer, run->work_name, &form, &error) != NFGEO_OK)
		return failed(&error);
	if (write_sink_init(&run->write, run->writer) == NFGEO_OK)
		return EXIT_DONE;
	error_set(&error, NFGEO_ENOMEM, "out of memory");
	return failed(&error);
}

static int close_writer(struct run *run)
{
	struct nffile_finish finish = {.rename_to = run->options.write_path};
	struct error error = {0};
	int status = write_flush(&run->write, &error);
	struct nffile_writer *writer = run->writer;

	if (status != NFGEO_OK)
		return failed(&error);
	run->writer = NULL; /* freed by nffile_finish() in every case */
	if (nffile_finish(writer, &finish, &error) == NFGEO_OK)
		return EXIT_DONE;
	unlink(run->work_name);
	return failed(&error);
}

/* Printing */

static int flush(struct run *run)
{
	struct error error = {0};

	return print_text(&run->text, &error) == NFGEO_OK ? EXIT_DONE : failed(&error);
}

static void no_match(struct run *run)
{
	if (run->result.passed)
		return;
	if (run->output.kind->machine)
		fputs("No matching flows\n", stderr);
	else
		text_string(&run->text, "No matching flows\n");
}

/* Groups in their order, each a record again: printed or written. */
static int emit_groups(struct run *run, const struct ranked *ranked, size_t count)
{
	static uint8_t record[RECORD_MAX_BYTES];
	struct record_view view;
	struct clock_cache local, utc;
	struct flow_row row = {
		.view = &view, .ident = run->result.ident, .clock = &local, .utc = &utc};
	struct filter_context context = {.ident = run->result.ident};
	struct error error = {0};
	bool blanks = !run->writer && !run->output.kind->wants_country; /* not in files and json */
	uint64_t lost = 0;

	if (run->output.kind->silent && !run->writer)
		return EXIT_DONE;
	record_view_init(&view);
	clock_init(&local, false);
	clock_init(&utc, true);
	for (size_t i = 0; i < count; i++) {
		size_t len = aggregate_record(run->aggregate, &ranked[i], blanks, record);

		if (!len || record_view(&view, record, len) != NFGEO_OK) {
			lost++;
			continue;
		}
		context.record_count = i + 1;
		if (run->after && !filter_match(run->after, &view, &context, NULL))
			continue;
		row.number++;
		if (run->writer) {
			if (write_record(&run->write, record, len, &error) != NFGEO_OK)
				return failed(&error);
			continue;
		}
		run->output.kind->flow(&run->output, &run->text, &row);
		if (run->text.used > 1 << 18 &&
		    print_flows(&run->print, &run->text, &error) != NFGEO_OK)
			return failed(&error);
	}
	if (lost) {
		common_complain("nfdump", "%llu groups left out: their records grew too large",
				(unsigned long long)lost);
		run->incomplete = true;
	}
	if (!run->writer && print_flows(&run->print, &run->text, &error) != NFGEO_OK)
		return failed(&error);
	return EXIT_DONE;
}

/* One order's groups. @param title  "Top N flows ordered by ..." or NULL */
static int print_groups(struct run *run, int order, bool ascending, uint64_t top, bool title)
{
	size_t count = aggregate_count(run->aggregate);
	struct ranked *ranked = malloc((count + 1) * sizeof(*ranked));
	struct error error = {0};
	char line[64];
	int status;

	if (!ranked) {
		error_set(&error, NFGEO_ENOMEM, "out of memory");
		return failed(&error);
	}
	aggregate_rank(run->aggregate, order, ascending, ranked);
	count = rank_sort(ranked, count, run->after ? 0 : top);
	if (title && !run->output.quiet && !run->output.kind->machine) {
		if (top)
			snprintf(line, sizeof(line), "Top %llu flows ordered by %s:\n",
				 (unsigned long long)top, order_table[order].name);
		else
			snprintf(line, sizeof(line), "Top flows ordered by %s:\n",
				 order_table[order].name);
		text_string(&run->text, line);
	}
	if (!run->writer) {
		run->output.kind->begin(&run->output, &run->text);
		no_match(run);
		flush(run);
		print_sink_init(&run->print, &run->output);
	}
	status = emit_groups(run, ranked, count);
	if (status == EXIT_DONE && !run->writer) {
		run->output.kind->close(&run->output, &run->text);
		status = flush(run);
	}
	free(ranked);
	return status;
}

static uint64_t stat_top(const struct run *run)
{
	return run->options.top < 0 ? TOP_DEFAULT : (uint64_t)run->options.top;
}

/* `-s record` tables, in the fixed order of the order table. */
static int print_record_tables(struct run *run)
{
	int status = EXIT_DONE;

	if (!run->result.passed && !run->output.kind->machine) {
		no_match(run);
		return flush(run);
	}
	for (unsigned i = 0; i < run->options.stat_count; i++) {
		const struct statistic_request *request = &run->options.stat[i];

		for (unsigned order = 0; request->statistic < 0 && order < ORDER_COUNT; order++)
			if (request->orders >> order & 1 && status == EXIT_DONE)
				status = print_groups(run, (int)order, request->ascending >> order & 1,
						      stat_top(run), true);
	}
	return status;
}

static void limit_line(struct run *run, const char *what, const struct statistic_limit *limit)
{
	char line[80];

	if (!limit->sign || run->output.quiet || run->output.kind->machine)
		return;
	snprintf(line, sizeof(line), "%c%s limit: %c %llu %s\n", what[0] - 'a' + 'A', what + 1,
		 limit->sign > 0 ? '>' : '<', (unsigned long long)limit->value,
		 *what == 'b' ? "bytes" : "packets");
	text_string(&run->text, line);
}

static int print_statistics(struct run *run)
{
	struct statistic_cut cut = {stat_top(run), run->options.packets, run->options.bytes};
	unsigned number = 0;

	if (!run->options.stat_record)
		no_match(run);
	limit_line(run, "byte", &cut.bytes);
	limit_line(run, "packet", &cut.packets);
	for (unsigned i = 0; i < run->options.stat_count; i++) {
		const struct statistic_request *request = &run->options.stat[i];

		if (request->statistic < 0)
			continue;
		for (unsigned order = 0; order < ORDER_COUNT; order++) {
			struct stat_table table;

			if (!(request->orders >> order & 1))
				continue;
			if (statistics_table(run->statistics, number, order, &cut, &table) != NFGEO_OK) {
				common_complain("nfdump", "out of memory");
				return EXIT_FAILED;
			}
			table.totals = &run->result.selected;
			run->output.kind->stat(&run->output, &run->text, &table);
			free((void *)(uintptr_t)table.row);
		}
		number++;
	}
	return flush(run);
}

static void print_summary(struct run *run)
{
	const struct scan_result *result = &run->result;
	struct summary summary = {
		.selected = result->selected,
		.window_first_ms = result->window_first_ms,
		.window_last_ms = result->window_last_ms,
		.processed = result->processed,
		.passed = result->passed,
		.blocks_skipped = result->blocks_skipped,
		.bytes_read = result->bytes_read,
		.interrupted = result->interrupted,
		.files_read = result->files_read,
		.file_count = run->inputs.path.count,
	};
	struct timespec now;
	struct rusage usage;

	clock_gettime(CLOCK_MONOTONIC, &now);
	getrusage(RUSAGE_SELF, &usage);
	summary.wall_s = (double)(now.tv_sec - run->started.tv_sec) +
			 (double)(now.tv_nsec - run->started.tv_nsec) / 1e9;
	summary.user_s = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
	summary.system_s = (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
	run->output.kind->end(&run->output, &run->text, &summary);
}

/* The sinks that the query needs, as one. */
static int connect_sinks(struct run *run, struct tee_sink *tee)
{
	struct error error = {0};

	tee_sink_init(tee);
	if (is_grouped(run)) {
		run->aggregate = aggregate_new(run->options.aggregate	  ? run->options.mode
					       : run->options.stat_record ? AGGREGATE_FLOW
									  : AGGREGATE_NONE,
					       &run->options.keys);
		if (!run->aggregate) {
			error_set(&error, NFGEO_ENOMEM, "out of memory");
			return failed(&error);
		}
		tee_sink_add(tee, aggregate_sink(run->aggregate));
		if (run->writer) {
			run->write.only_others = true;
			tee_sink_add(tee, &run->write.sink);
		}
	}
	if (run->options.stat_element) {
		run->statistics = statistics_new(run->options.stat, run->options.stat_count, &error);
		if (!run->statistics)
			return failed(&error);
		tee_sink_add(tee, statistics_sink(run->statistics));
	}
	if (is_listed(run)) {
		if (!run->writer)
			print_sink_init(&run->print, &run->output);
		tee_sink_add(tee, run->writer ? &run->write.sink : &run->print.sink);
	}
	return EXIT_DONE;
}

/* Nothing is printed before the scan but the header of a plain listing. */
static int scan(struct run *run)
{
	struct tee_sink tee;
	struct error error = {0};
	int status = connect_sinks(run, &tee);

	if (status != EXIT_DONE)
		return status;
	if (is_listed(run) && !run->writer) {
		run->output.kind->begin(&run->output, &run->text);
		status = flush(run);
	}
	progress_start(&run->progress, &run->inputs,
		       run->options.quiet ||
			       (is_listed(run) && !run->writer && isatty(STDOUT_FILENO)));
	if (status == EXIT_DONE &&
	    scan_run(&run->plan, tee.count == 1 ? tee.to[0] : &tee.sink, &run->result, &error) !=
		    NFGEO_OK)
		status = failed(&error);
	progress_stop(&run->progress);
	if (status == EXIT_DONE && run->aggregate &&
	    aggregate_finish(run->aggregate, &error) != NFGEO_OK)
		status = failed(&error);
	if (status == EXIT_DONE && run->statistics &&
	    statistics_finish(run->statistics, &error) != NFGEO_OK)
		status = failed(&error);
	tee_sink_fini(&tee);
	return status;
}

static int report(struct run *run)
{
	int status = EXIT_DONE;

	if (is_listed(run) && !run->writer) {
		no_match(run);
		run->output.kind->close(&run->output, &run->text);
	}
	if (run->options.stat_record)
		status = print_record_tables(run);
	else if (is_grouped(run))
		status = print_groups(run, run->options.order, run->options.ascending,
				      run->options.top < 0 ? 0 : (uint64_t)run->options.top, false);
	if (status == EXIT_DONE && run->options.stat_element)
		status = print_statistics(run);
	if (status != EXIT_DONE)
		return status;
	if (run->writer)
		return close_writer(run);
	print_summary(run);
	return flush(run);
}

/* Records whose countries nobody knows: never an empty answer with success. */
static int country_status(const struct run *run)
{
	const char *option = run->options.geodb;
	bool refused = run->geo_error.code != NFGEO_OK &&
		       (run->geo_error.code != NFGEO_ENODB || (option && strcmp(option, "none") != 0));

	if (refused) {
		common_complain("nfdump", "%s", run->geo_error.text);
		return EXIT_FAILED;
	}
	if (!run->result.untagged_count)
		return EXIT_DONE;
	common_complain("nfdump",
			"%llu flows have no countries stored, and nothing to look them up in: %s",
			(unsigned long long)run->result.untagged_count, run->geo_error.text);
	return EXIT_INCOMPLETE;
}

static void tell_interrupted(const struct run *run)
{
	common_complain("nfdump", "interrupted: %llu of %zu files read to the end, %s",
			(unsigned long long)run->result.files_read, run->inputs.path.count,
			run->writer ? "nothing written" : "what is printed is not all");
}

static int query(struct run *run)
{
	int status = open_output(run);

	if (status == EXIT_DONE)
		status = make_plan(run);
	if (status == EXIT_DONE && run->options.write_path && !run->options.stat_count)
		status = open_writer(run);
	if (status == EXIT_DONE)
		status = scan(run);
	if (status == EXIT_DONE && run->result.interrupted) {
		tell_interrupted(run);
		/* half a file under the name of a whole one would deceive */
		if (run->writer)
			return STATUS_INTERRUPTED;
	}
	if (status == EXIT_DONE)
		status = report(run);
	if (status == EXIT_DONE && run->result.interrupted)
		return STATUS_INTERRUPTED;
	if (status == EXIT_DONE)
		status = country_status(run);
	if (status == EXIT_DONE && (run->incomplete || run->result.damage_count))
		status = EXIT_INCOMPLETE;
	return status;
}

static void run_fini(struct run *run)
{
	if (run->writer)
		nffile_abort(run->writer);
	write_sink_fini(&run->write);
	print_sink_fini(&run->print);
	aggregate_free(run->aggregate);
	statistics_free(run->statistics);
	output_close(&run->output);
	text_fini(&run->text);
	geo_table_unref(run->table);
	geo_source_close(run->source);
	inputs_fini(&run->inputs);
	filter_free(run->filter);
	filter_free(run->after);
	conf_free(run->conf);
	nfdump_options_fini(&run->options);
}

static int no_input(const struct nfdump_options *options)
{
	(void)options;
	nfdump_help();
	return EXIT_DONE;
}

/* Tasks that need neither filter nor inputs. @return -1 when it is none of them */
static int simple_task(const struct nfdump_options *options)
{
	switch (options->task) {
	case TASK_HELP:
		nfdump_help();
		return EXIT_DONE;
	case TASK_VERSION:
		common_print_version("nfdump");
		return EXIT_DONE;
	case TASK_VERIFY:
		return files_verify(options->task_file);
	case TASK_EXPORTERS:
		return files_exporters(options->task_file);
	default:
		return -1;
	}
}

static int configure(struct run *run)
{
	struct error error = {0};

	if (conf_open(&run->conf, run->options.conf_path, &error) != NFGEO_OK ||
	    group_configure(run->conf, &error) != NFGEO_OK)
		return failed(&error);
	return EXIT_DONE;
}

static int run_task(struct run *run)
{
	const struct nfdump_options *options = &run->options;
	int status = simple_task(options);

	if (status >= 0)
		return status;
	status = configure(run);
	if (status == EXIT_DONE)
		status = compile_filters(run);
	if (status != EXIT_DONE || options->task == TASK_CHECK_FILTER)
		return status;
	if (options->task == TASK_DUMP_FILTER) {
		filter_dump(run->filter, stdout);
		return EXIT_DONE;
	}
	if (!options->input.file && !options->input.range && !options->input.dirs)
		return no_input(options);
	status = expand_inputs(run);
	if (status != EXIT_DONE)
		return status;
	switch (options->task) {
	case TASK_TOTALS:
		status = files_totals(&run->inputs);
		break;
	case TASK_PLOT:
		status = files_plot(&run->inputs);
		break;
	case TASK_RECODE:
	case TASK_IDENT:
		status = files_rewrite(options, &run->inputs);
		break;
	default:
		return query(run);
	}
	return status == EXIT_DONE && run->incomplete ? EXIT_INCOMPLETE : status;
}

int main(int argc, char **argv)
{
	static struct run run;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &run.started);
	setlocale(LC_CTYPE, ""); /* may the terminal show flags? */
	common_log_stderr("nfdump", LOG_LEVEL_WARN);
	status = nfdump_options_parse(&run.options, argc, argv);
	if (status == EXIT_DONE)
		status = run_task(&run);
	run_fini(&run);
	return common_finish("nfdump", status);
}
