/* SPDX-License-Identifier: BSD-3-Clause */
/* nfprofile_options.h - the command line of nfprofile(1) as a struct. */
#ifndef PROGRAMS_NFPROFILE_OPTIONS_H
#define PROGRAMS_NFPROFILE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "nffile/compress.h"
#include "query/inputs.h"

enum nfprofile_task { PROFILE_RUN, PROFILE_CHECK, PROFILE_VERSION, PROFILE_HELP, PROFILE_WRONG };

struct nfprofile_options {
	enum nfprofile_task task;
	struct input_options input;
	const char *data_dir, *stat_dir, *filter_name;
	const char *conf_path, *geodb;
	bool from_stdin; /* -I */
	unsigned layout; /* -S */
	int64_t slot_s;	 /* -t */
	bool has_slot;
	int facility; /* -L; -1 = standard error */
	enum codec codec;
	int level;
};

/** @return NFGEO_OK, or NFGEO_EINVAL with a text that names the option. For an option that is not
 * known the task is PROFILE_WRONG. */
int nfprofile_options_parse(struct nfprofile_options *options, int argc, char **argv,
			    struct error *error);

extern const char nfprofile_help[];

#endif
