/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfdump - select, print, count and merge the flows of files. Options are those of the stock
 * program; what is ours is in nfdump(1).
 */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "geo/asdb.h"
#include "geo/group.h"
#include "nffile/reader.h"
#include "programs/conf_keys.h"
#include "programs/explain.h"
#include "programs/nfdump_files.h"
#include "programs/nfdump_provenance.h"
#include "programs/nfdump_verify.h"
#include "programs/nfdump_run.h"

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
				      .query_totals = true,
				      .arrival_order = run->options.arrival_order ||
						       run->options.order >= 0,
				      .sketches = conf_bool(run->conf, "geo", "sketches", false)};
	struct error error = {0};
	struct stat info;
	char ident[256];

	first_ident(run, ident, sizeof(ident));
	form.ident = ident;
	if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
		error_set(&error, NFGEO_EINVAL, "-w %s: is not a regular file", path);
		return run_failed(&error);
	}
	if (!common_work_name(path, "nfdump", run->work_name)) {
		error_set(&error, NFGEO_EINVAL, "-w %.200s: path too long", path);
		return run_failed(&error);
	}
	if (nffile_create(&run->writer, run->work_name, &form, &error) != NFGEO_OK)
		return run_failed(&error);
	if (write_sink_init(&run->write, run->writer) == NFGEO_OK)
		return EXIT_DONE;
	error_set(&error, NFGEO_ENOMEM, "out of memory");
	return run_failed(&error);
}

static int close_writer(struct run *run)
{
	struct nffile_finish finish = {.rename_to = run->options.write_path};
	struct error error = {0};
	int status = write_flush(&run->write, &error);
	struct nffile_writer *writer = run->writer;

	if (status != NFGEO_OK)
		return run_failed(&error);
	run->writer = NULL; /* freed by nffile_finish() in every case */
	if (nffile_finish(writer, &finish, &error) == NFGEO_OK)
		return EXIT_DONE;
	nffile_remove(run->work_name);
	return run_failed(&error);
}

static int finish_output(struct run *run)
{
	if (run->writer)
		return close_writer(run);
	if (run->options.geo_compare) {
		int status = compare_report(run);

		if (status != EXIT_DONE || run->output.kind->machine || run->options.quiet)
			return status;
		text_string(&run->text, "\n");
	}
	run_print_summary(run);
	return run_flush(run);
}

/* The sinks that the query needs, as one. */
static int connect_sinks(struct run *run, struct tee_sink *tee)
{
	struct error error = {0};

	tee_sink_init(tee);
	if (run_is_grouped(run)) {
		run->aggregate = aggregate_new(run->options.aggregate	  ? run->options.mode
					       : run->options.stat_record ? AGGREGATE_FLOW
									  : AGGREGATE_NONE,
					       &run->options.keys);
		if (!run->aggregate) {
			error_set(&error, NFGEO_ENOMEM, "out of memory");
			return run_failed(&error);
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
			return run_failed(&error);
		tee_sink_add(tee, statistics_sink(run->statistics));
	}
	if (run->options.geo_compare) {
		compare_sink_init(&run->compare);
		tee_sink_add(tee, &run->compare.sink);
	}
	if (run_is_listed(run)) {
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
	if (run_is_listed(run) && !run->writer) {
		run->output.kind->begin(&run->output, &run->text);
		status = run_flush(run);
	}
	progress_start(&run->progress, &run->inputs,
		       run->options.quiet ||
			       (run_is_listed(run) && !run->writer && isatty(STDOUT_FILENO)));
	if (status == EXIT_DONE &&
	    scan_run(&run->plan, tee.count == 1 ? tee.to[0] : &tee.sink, &run->result, &error) !=
		    NFGEO_OK) {
		status = run_failed(&error);
		if (error.code == NFGEO_ENODB)
			run_failed(&run->geo_error);
	}
	progress_stop(&run->progress);
	if (status == EXIT_DONE && run->aggregate &&
	    aggregate_finish(run->aggregate, &error) != NFGEO_OK)
		status = run_failed(&error);
	if (status == EXIT_DONE && run->statistics &&
	    statistics_finish(run->statistics, &error) != NFGEO_OK)
		status = run_failed(&error);
	tee_sink_fini(&tee);
	return status;
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
	int status = run_open_output(run);

	if (status == EXIT_DONE)
		status = run_plan(run);
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
		status = run_report(run);
	if (status == EXIT_DONE)
		status = finish_output(run);
	if (run->options.explain && (status == EXIT_DONE || run->result.files_read)) {
		fflush(stdout);
		explain_print(&run->result, stderr);
	}
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
	compare_sink_fini(&run->compare);
	write_sink_fini(&run->write);
	print_sink_fini(&run->print);
	aggregate_free(run->aggregate);
	statistics_free(run->statistics);
	output_close(&run->output);
	text_fini(&run->text);
	geo_table_unref(run->table);
	geo_source_close(run->source);
	asdb_close();
	inputs_fini(&run->inputs);
	filter_free(run->filter);
	filter_free(run->after);
	conf_free(run->conf);
	nfdump_options_fini(&run->options);
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
		return verify_file(options->task_file);
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
	    conf_keys_check(run->conf, &error) != NFGEO_OK ||
	    group_configure(run->conf, &error) != NFGEO_OK)
		return run_failed(&error);
	if (run->options.task != TASK_CHECK_FILTER) /* NfSen shows all that it prints */
		conf_keys_warn(run->conf, "nfdump");
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
		status = run_compile_filters(run);
	if (status != EXIT_DONE || options->task == TASK_CHECK_FILTER)
		return status;
	if (options->task == TASK_DUMP_FILTER) {
		filter_dump(run->filter, stdout);
		return EXIT_DONE;
	}
	if (!options->input.file && !options->input.range && !options->input.dirs) {
		nfdump_help();
		return EXIT_DONE;
	}
	status = run_expand_inputs(run);
	if (status != EXIT_DONE)
		return status;
	switch (options->task) {
	case TASK_TOTALS:
		status = files_totals(&run->inputs);
		break;
	case TASK_PLOT:
		status = files_plot(&run->inputs);
		break;
	case TASK_PROVENANCE:
		status = provenance_report(options, &run->inputs);
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
