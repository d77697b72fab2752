/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rrd.h - NfSen's round-robin databases: one a channel, 15 counters a slot. They are made by librrd;
 * built without it, every call fails and says so.
 */
#ifndef EXPORT_RRD_H
#define EXPORT_RRD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/totals.h"

/** Built with librrd. */
bool rrd_available(void);

/**
 * Create a channel's database as NfSen does: 15 ABSOLUTE sources, archives of 60 days to 700 days.
 *
 * @param slot_s  start of the first slot that will be booked
 */
int rrd_channel_create(const char *path, int64_t slot_s, struct error *error);

/** Book a slot's counts at its start. @return NFGEO_OK, NFGEO_ENOTFOUND (no such file), NFGEO_EIO */
int rrd_channel_update(const char *path, int64_t slot_s, const struct flow_totals *totals,
		       struct error *error);

#endif
