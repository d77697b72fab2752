/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * profile.h - all channels of all profiles in one pass over the flows: counters of each channel,
 * and for those that are no shadows a file with its flows.
 */
#ifndef QUERY_PROFILE_H
#define QUERY_PROFILE_H

#include "base/hash.h"
#include "nffile/sysid_map.h"
#include "query/channel.h"
#include "query/dispatch.h"
#include "query/scan.h"

struct profile_set {
	struct scan_sink sink; /* for scan_run() with one thread */
	struct channel_places places;
	enum codec codec;
	int level;
	bool sketches; /* of the hosts of each country, in the channels' files */
	struct channel *channel; /* owns */
	size_t count, capacity;
	struct arena arena;
	/* while flows come */
	struct dispatch dispatch;
	char ident[256];	    /* that `dispatch` is for */
	bool has_ident, checked;    /* the ident of this block was compared */
	uint64_t unknown_count;	    /* flows of that ident without countries */
	size_t buffer_bytes;	    /* most that a channel keeps before it writes */
	struct hash seen;	    /* records that are no flows: each once */
	struct sysid_map *sysids;   /* exporters of all files have different numbers */
	const struct flow_row *row; /* the flow in work */
	struct flow_counts counts;  /* of it, once it is `counted` */
	bool counted;
	struct filter_context context;
	bool failed; /* the scan broke off: counts and files are worth nothing */
};

/** @return NFGEO_OK or NFGEO_ENOMEM; profile_fini() in either case */
int profile_init(struct profile_set *set);
void profile_fini(struct profile_set *set);

/**
 * Add the channel of a line. A channel that cannot be had changes nothing.
 * @return NFGEO_OK, else why it is left out (the text names it)
 */
int profile_add(struct profile_set *set, const char *line, struct error *error);

/** A channel's filter asks for countries. */
bool profile_needs_country(const struct profile_set *set);

/** Create the channels' files as nfprofile.<pid>. One that fails keeps its error in the channel. */
void profile_open(struct profile_set *set);

/** Path of a channel's file in work. @param path  PATH_MAX */
void profile_work_path(const struct channel *channel, char *path);

/** After the scan: what is kept goes to the files. */
void profile_flush(struct profile_set *set);

/** After a scan that broke off: no file, and every channel has the error. */
void profile_fail(struct profile_set *set, const struct error *error);

#endif
