/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs/nfdump_compare.h"

#include <stdlib.h>
#include <string.h>

#include "programs/moved_report.h"
#include "programs/nfdump_run.h"

enum { ROWS_DEFAULT = 20 };

struct compare_worker {
	struct compare_worker *next;
	struct moved moved;
};

static void *open_worker(struct scan_sink *sink)
{
	struct compare_sink *compare = (struct compare_sink *)sink;
	struct compare_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	moved_init(&worker->moved);
	worker->next = compare->worker;
	compare->worker = worker;
	return worker;
}

static void take_flow(void *arg, const struct flow_row *row, uint64_t order)
{
	struct compare_worker *worker = arg;

	(void)order;
	moved_add(&worker->moved, row->view, row->now);
}

static int end_block(void *arg, struct error *error)
{
	struct compare_worker *worker = arg;

	return worker->moved.failed ? error_set(error, NFGEO_ENOMEM, "out of memory") : NFGEO_OK;
}

void compare_sink_init(struct compare_sink *compare)
{
	*compare = (struct compare_sink){
		.sink = {.open = open_worker, .flow = take_flow, .block_end = end_block}};
	moved_init(&compare->moved);
}

static void merge(struct compare_sink *compare)
{
	while (compare->worker) {
		struct compare_worker *worker = compare->worker;

		compare->worker = worker->next;
		moved_merge(&compare->moved, &worker->moved);
		moved_fini(&worker->moved);
		free(worker);
	}
}

void compare_sink_fini(struct compare_sink *compare)
{
	if (!compare->sink.open)
		return;
	merge(compare);
	moved_fini(&compare->moved);
}

bool compare_lists_flows(const struct run *run)
{
	return run->options.format && !run->output.kind->machine && !run->output.kind->silent;
}

int compare_check(const struct run *run)
{
	const char *name = run->output.kind->name;

	if (!run->output.kind->machine || strcmp(name, "json") == 0 || strcmp(name, "csv") == 0)
		return EXIT_DONE;
	common_complain("nfdump", "--geo-compare: prints a table, -o json or -o csv, and with a format "
			"for people (-o compare) the flows before it; not -o %s", name);
	return EXIT_FAILED;
}

int compare_report(struct run *run)
{
	const char *format = run->output.kind->name;
	struct moved_report report = {
		.moved = &run->compare.moved,
		.now = geo_table_provenance(run->table),
		.top = run->options.top < 0 ? ROWS_DEFAULT : (uint64_t)run->options.top,
		.quiet = run->options.quiet,
	};
	bool done;

	merge(&run->compare);
	if (run_flush(run) != EXIT_DONE)
		return EXIT_FAILED;
	if (strcmp(format, "json") == 0)
		done = moved_print_json(&report);
	else if (strcmp(format, "csv") == 0)
		done = moved_print_csv(&report);
	else
		done = moved_print(&report);
	if (done)
		return EXIT_DONE;
	common_complain("nfdump", "out of memory");
	return EXIT_FAILED;
}
