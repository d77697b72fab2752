/* SPDX-License-Identifier: BSD-3-Clause */
/* scan_sinks.h - what scans of the unit tests have in common: a sink that drops all, and no complaint. */
#ifndef TESTS_SCAN_SINKS_H
#define TESTS_SCAN_SINKS_H

#include "include/nfgeo.h"
#include "query/scan.h"

/* Each worker is the sink itself. */
static inline void *sink_open(struct scan_sink *sink)
{
	return sink;
}

static inline void sink_drop_flow(void *worker, const struct flow_row *row, uint64_t order)
{
	(void)worker, (void)row, (void)order;
}

static inline int sink_end_block(void *worker, struct error *error)
{
	(void)worker, (void)error;
	return NFGEO_OK;
}

static inline void scan_must_not_complain(const char *text, void *arg)
{
	(void)arg;
	fail_msg("%s", text);
}

#endif
