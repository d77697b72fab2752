/* SPDX-License-Identifier: BSD-3-Clause */
/* moved_report.h - what moved from country to country since it was stored, as text, CSV or JSON. */
#ifndef PROGRAMS_MOVED_REPORT_H
#define PROGRAMS_MOVED_REPORT_H

#include "geo/provenance.h"
#include "query/moved.h"

struct moved_report {
	const struct moved *moved;
	const struct geo_provenance *now; /* the database of today */
	uint64_t top;			  /* rows; 0 = all */
	bool quiet;			  /* rows only */
};

/** On standard output. @return false when memory is out */
bool moved_print(const struct moved_report *report);
bool moved_print_csv(const struct moved_report *report);
bool moved_print_json(const struct moved_report *report);

#endif
