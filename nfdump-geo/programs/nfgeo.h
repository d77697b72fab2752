/* SPDX-License-Identifier: BSD-3-Clause */
/* nfgeo.h - what the verbs of nfgeo share. */
#ifndef PROGRAMS_NFGEO_H
#define PROGRAMS_NFGEO_H

#include <stddef.h>
#include <stdio.h>

#include "base/conf.h"
#include "geo/provenance.h"
#include "programs/common.h"

/* A verb, or a verb of a verb: `nfgeo db info`. argv[0] is its full name, for messages. */
struct verb {
	const char *name, *help;
	int (*run)(int argc, char **argv);
};

/** Run the verb that argv[1] names; without one, or with help, print `usage` and the table. */
int verb_run(const struct verb *verbs, size_t count, const char *usage, int argc, char **argv);

int nfgeo_lookup(int argc, char **argv);
int nfgeo_db(int argc, char **argv);
int nfgeo_config(int argc, char **argv);
int nfgeo_countries(int argc, char **argv);
int nfgeo_totals(int argc, char **argv);
int nfgeo_scans(int argc, char **argv);
int nfgeo_tag(int argc, char **argv);
int nfgeo_index(int argc, char **argv);
int nfgeo_verify(int argc, char **argv);
int nfgeo_recluster(int argc, char **argv);
int nfgeo_anon(int argc, char **argv);
int nfgeo_replay(int argc, char **argv);

/** What getopt_long did not like, and the way to help. @return EXIT_USAGE */
int nfgeo_usage(const char *verb);

/** conf_open() with the message printed. @return EXIT_DONE or EXIT_FAILED */
int nfgeo_conf(const char *verb, const char *option, struct conf **conf);

#endif
