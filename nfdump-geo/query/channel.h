/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * channel.h - one channel of an NfSen profile, as nfprofile reads it on standard input:
 *
 *     GROUP#PROFILE#TYPE#CHANNEL#source1|source2
 *
 * GROUP `.` = none. No source, or `*`, = all of them. The filter is a file of the profile.
 */
#ifndef QUERY_CHANNEL_H
#define QUERY_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "filter/filter.h"
#include "filter/gate.h"
#include "flow/block.h"
#include "flow/totals.h"
#include "nffile/writer.h"

enum channel_type {
	CHANNEL_SHADOW = 4, /* bit: counted, no flow file */
	CHANNEL_ALERT = 8,  /* bit: a flow file, no RRD, no sub-directory */
};

struct channel {
	const char *group, *profile, *name; /* these, and what follows: owned by the arena */
	unsigned type;
	const char **source;
	size_t source_count; /* 0 = all */
	char *data_dir;	     /* DATA/[GROUP/]PROFILE/CHANNEL */
	char *stat_path;     /* STAT/[GROUP/]PROFILE/CHANNEL, to which "-filter.txt" is appended */
	/* these lie together: they are touched for every flow that may match */
	struct flow_totals totals;
	struct nffile_writer *writer; /* owns; NULL = no file */
	struct filter *filter;	      /* owns */
	struct country_gate gate;
	bool needs_country;
	uint64_t unknown_count; /* flows whose countries nobody knew, though it asks for them */
	struct block block;	/* selected, not yet written */
	struct error error;	/* why its file failed; code NFGEO_OK = it did not */
};

static inline bool channel_has_file(const struct channel *channel)
{
	return !(channel->type & CHANNEL_SHADOW);
}

/* Where the profiles are. Borrowed. */
struct channel_places {
	const char *data_dir, *stat_dir, *filter_name; /* "filter.txt" */
};

/** Take a line apart. @return NFGEO_OK, NFGEO_EINVAL, NFGEO_ENOMEM */
int channel_parse(struct channel *channel, const char *line, const struct channel_places *places,
		  struct arena *arena, struct error *error);

/** Look whether its directories are there, and compile its filter.
 * @return NFGEO_OK, NFGEO_ENOTFOUND, or why the filter was refused */
int channel_prepare(struct channel *channel, const struct channel_places *places,
		    struct error *error);
void channel_fini(struct channel *channel);

/** Does the channel take flows of this source? */
bool channel_takes(const struct channel *channel, const char *ident);

#endif
