/* SPDX-License-Identifier: BSD-3-Clause */
/* nfdump_report.c - what is printed behind the scan: groups, statistics, summary. */
#include "programs/nfdump_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

int run_flush(struct run *run)
{
	struct error error = {0};

	return print_text(&run->text, &error) == NFGEO_OK ? EXIT_DONE : run_failed(&error);
}

/* For people, also with -q (as stock); what a machine reads must hold rows only. */
static void remark(struct run *run, const char *line)
{
	if (run->output.kind->machine)
		fputs(line, stderr);
	else
		text_string(&run->text, line);
}

static void no_match(struct run *run)
{
	if (!run->result.passed)
		remark(run, "No matching flows\n");
}

/* Groups in their order, each a record again: printed or written. */
static int emit_groups(struct run *run, const struct ranking *ranking)
{
	static uint8_t record[RECORD_MAX_BYTES];
	struct record_view view;
	struct clock_cache local, utc;
	struct flow_row row = {
		.view = &view, .ident = run->result.ident, .clock = &local, .utc = &utc};
	struct filter_context context = {.ident = run->result.ident};
	struct error error = {0};
	bool blanks = !run->writer && !run->output.kind->wants_country; /* not in files and json */
	struct stat_value value[KEYS_MAX];
	uint64_t lost = 0;

	if (run->output.kind->silent && !run->writer)
		return EXIT_DONE;
	record_view_init(&view);
	clock_init(&local, false);
	clock_init(&utc, true);
	for (size_t i = 0; i < ranking->count; i++) {
		const struct ranked *ranked = &ranking->item[i];
		size_t len = aggregate_record(run->aggregate, ranked, blanks, record);

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
				return run_failed(&error);
			continue;
		}
		row.key = aggregate_values(run->aggregate, ranked, value) ? value : NULL;
		run->output.kind->flow(&run->output, &run->text, &row);
		if (run->text.used > 1 << 18 &&
		    print_flows(&run->print, &run->text, &error) != NFGEO_OK)
			return run_failed(&error);
	}
	if (lost) {
		common_complain("nfdump", "%llu groups left out: their records grew too large",
				(unsigned long long)lost);
		run->incomplete = true;
	}
	if (!run->writer && print_flows(&run->print, &run->text, &error) != NFGEO_OK)
		return run_failed(&error);
	return EXIT_DONE;
}

/* Several tables are one JSON document: an array of them. */
static bool is_nested(const struct run *run)
{
	unsigned tables = 0;

	if (run->output.kind != &output_json || run->writer)
		return false;
	for (unsigned i = 0; i < run->options.stat_count; i++)
		for (unsigned order = 0; order < ORDER_COUNT; order++)
			tables += run->options.stat[i].orders >> order & 1;
	return tables > 1;
}

/* Ahead of a table: opens the array of tables, or parts this one from the last. */
static void next_table(struct run *run)
{
	if (is_nested(run))
		text_string(&run->text, run->tables ? ",\n" : "[\n");
	run->tables++;
}

/* One order's groups. @param title  "Top N flows ordered by ..." or NULL */
static int print_groups(struct run *run, int order, bool ascending, uint64_t top, bool title)
{
	struct ranking ranking;
	struct error error = {0};
	char line[64];
	int status;

	if (!ranking_init(&ranking, aggregate_count(run->aggregate), run->after ? 0 : top)) {
		error_set(&error, NFGEO_ENOMEM, "out of memory");
		return run_failed(&error);
	}
	aggregate_rank(run->aggregate, order, ascending, &ranking);
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
		next_table(run);
		run->output.kind->begin(&run->output, &run->text);
		no_match(run);
		run_flush(run);
		print_sink_init(&run->print, &run->output);
	}
	status = emit_groups(run, &ranking);
	if (status == EXIT_DONE && !run->writer) {
		run->output.kind->close(&run->output, &run->text);
		status = run_flush(run);
	}
	ranking_fini(&ranking);
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
		return run_flush(run);
	}
	for (unsigned i = 0; i < run->options.stat_count; i++) {
		const struct statistic_request *request = &run->options.stat[i];

		for (unsigned order = 0; request->record && order < ORDER_COUNT; order++)
			if (request->orders >> order & 1 && status == EXIT_DONE)
				status = print_groups(run, (int)order, request->ascending >> order & 1,
						      stat_top(run), true);
	}
	return status;
}

static void limit_line(struct run *run, const char *what, const struct statistic_limit *limit)
{
	char line[80];

	if (!limit->sign)
		return;
	snprintf(line, sizeof(line), "%c%s limit: %c %llu %s\n", what[0] - 'a' + 'A', what + 1,
		 limit->sign > 0 ? '>' : '<', (unsigned long long)limit->value,
		 *what == 'b' ? "bytes" : "packets");
	remark(run, line);
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

		if (request->record)
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
			next_table(run);
			run->output.kind->stat(&run->output, &run->text, &table);
			free((void *)(uintptr_t)table.row);
		}
		number++;
	}
	return run_flush(run);
}

void run_print_summary(struct run *run)
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
	char databases[DATABASES_TEXT];
	struct timespec now;
	struct rusage usage;

	clock_gettime(CLOCK_MONOTONIC, &now);
	getrusage(RUSAGE_SELF, &usage);
	summary.wall_s = (double)(now.tv_sec - run->started.tv_sec) +
			 (double)(now.tv_nsec - run->started.tv_nsec) / 1e9;
	summary.user_s = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
	summary.system_s = (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
	databases_print(&result->databases, databases);
	summary.databases = databases;
	run->output.kind->end(&run->output, &run->text, &summary);
}

int run_report(struct run *run)
{
	int status = EXIT_DONE;

	if (run_is_listed(run) && !run->writer) {
		no_match(run);
		run->output.kind->close(&run->output, &run->text);
	}
	if (run->options.stat_record)
		status = print_record_tables(run);
	else if (run_is_grouped(run))
		status = print_groups(run, run->options.order, run->options.ascending,
				      run->options.top < 0 ? 0 : (uint64_t)run->options.top, false);
	if (status == EXIT_DONE && run->options.stat_element)
		status = print_statistics(run);
	if (status == EXIT_DONE && run->tables && is_nested(run)) {
		text_string(&run->text, "]\n");
		status = run_flush(run);
	}
	return status;
}
