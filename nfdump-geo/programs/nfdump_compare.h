/* SPDX-License-Identifier: BSD-3-Clause */
/* nfdump_compare.h - nfdump --geo-compare: what moved from country to country since it was stored. */
#ifndef PROGRAMS_NFDUMP_COMPARE_H
#define PROGRAMS_NFDUMP_COMPARE_H

#include "query/moved.h"
#include "query/scan.h"

struct run;
struct compare_worker;

/* Counts what of the selected flows moved. */
struct compare_sink {
	struct scan_sink sink;
	struct compare_worker *worker; /* owns */
	struct moved moved;	       /* of all workers, after compare_report() */
};

void compare_sink_init(struct compare_sink *compare);
void compare_sink_fini(struct compare_sink *compare);

/** Flows are listed, too: -o names a format for people. */
bool compare_lists_flows(const struct run *run);

/** -o: one that shows what moved. @return exit status */
int compare_check(const struct run *run);

/** After the scan and the listing. @return exit status */
int compare_report(struct run *run);

#endif
