/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "export/rrd.h"

#ifdef HAVE_RRD

#include <inttypes.h>
#include <rrd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STEP_S = 300, HEARTBEAT_S = 600, VALUES = 15, ARCHIVES = 8, ARGUMENT_BYTES = 64 };

/* Five of each, in this order; "traffic" is bytes. */
static const char *const group[] = {"flows", "packets", "traffic"};
static const char *const suffix[] = {"", "_tcp", "_udp", "_icmp", "_other"};

/* 60 days of slots, of half hours and of 2 hours; 700 days. */
static const struct {
	unsigned steps, rows;
} archive[ARCHIVES / 2] = {{1, 17280}, {6, 2880}, {24, 720}, {288, 700}};

bool rrd_available(void)
{
	return true;
}

static int failed(const char *what, const char *path, struct error *error)
{
	return error_set(error, NFGEO_EIO, "cannot %s '%s': %s", what, path, rrd_get_error());
}

int rrd_channel_create(const char *path, int64_t slot_s, struct error *error)
{
	char text[VALUES + ARCHIVES][ARGUMENT_BYTES];
	const char *argument[VALUES + ARCHIVES];
	unsigned count = 0;

	for (unsigned g = 0; g < 3; g++)
		for (unsigned s = 0; s < 5; s++)
			snprintf(text[count++], ARGUMENT_BYTES, "DS:%s%s:ABSOLUTE:%d:U:U", group[g],
				 suffix[s], HEARTBEAT_S);
	for (unsigned i = 0; i < ARCHIVES; i++)
		snprintf(text[count++], ARGUMENT_BYTES, "RRA:%s:0.5:%u:%u",
			 i < ARCHIVES / 2 ? "AVERAGE" : "MAX", archive[i % (ARCHIVES / 2)].steps,
			 archive[i % (ARCHIVES / 2)].rows);
	for (unsigned i = 0; i < count; i++)
		argument[i] = text[i];
	rrd_clear_error();
	if (rrd_create_r(path, STEP_S, (time_t)(slot_s - STEP_S), (int)count, argument))
		return failed("create", path, error);
	return NFGEO_OK;
}

static void format_values(char *text, size_t len, int64_t slot_s, const struct flow_totals *totals)
{
	const uint64_t all[] = {totals->flows, totals->packets, totals->bytes};
	const uint64_t *const class[] = {totals->class_flows, totals->class_packets,
					 totals->class_bytes};
	size_t at = (size_t)snprintf(text, len, "%" PRId64, slot_s);

	for (unsigned g = 0; g < 3; g++) {
		at += (size_t)snprintf(text + at, len - at, ":%" PRIu64, all[g]);
		for (unsigned c = 0; c < PROTO_CLASSES; c++)
			at += (size_t)snprintf(text + at, len - at, ":%" PRIu64, class[g][c]);
	}
}

/* The names of the values: a database may have its sources in another order. */
static const char *template(void)
{
	return "flows:flows_tcp:flows_udp:flows_icmp:flows_other:"
	       "packets:packets_tcp:packets_udp:packets_icmp:packets_other:"
	       "traffic:traffic_tcp:traffic_udp:traffic_icmp:traffic_other";
}

int rrd_channel_update(const char *path, int64_t slot_s, const struct flow_totals *totals,
		       struct error *error)
{
	char values[(VALUES + 1) * 22];
	const char *argument[] = {values};

	if (access(path, F_OK))
		return error_set(error, NFGEO_ENOTFOUND, "there is no '%s'", path);
	format_values(values, sizeof(values), slot_s, totals);
	rrd_clear_error();
	if (rrd_update_r(path, template(), 1, argument))
		return failed("update", path, error);
	return NFGEO_OK;
}

#else

bool rrd_available(void)
{
	return false;
}

static int missing(const char *path, struct error *error)
{
	return error_set(error, NFGEO_EIO,
			 "'%s' is not kept: this nfprofile was built without librrd; install "
			 "librrd-dev and build again",
			 path);
}

int rrd_channel_create(const char *path, int64_t slot_s, struct error *error)
{
	(void)slot_s;
	return missing(path, error);
}

int rrd_channel_update(const char *path, int64_t slot_s, const struct flow_totals *totals,
		       struct error *error)
{
	(void)slot_s;
	(void)totals;
	return missing(path, error);
}

#endif
