/* SPDX-License-Identifier: BSD-3-Clause */
/* nfgeo_start.h - what both adaptors (nfgeo_handle.h, nfgeo_master.h) share: how a program that is
 * patched starts and ends. A program may print and exit, which the library never does. */
#ifndef NFGEO_START_H
#define NFGEO_START_H

#include <inttypes.h>
#include "nfgeo_hooks.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NFGEO_HELP                                                                                 \
	"--geodb FILE\tcountry database: countries for flows\n"                                    \
	"--geoconf FILE\tconfiguration of countries: nfdump-geo.conf(5)\n"

static inline void nfgeo_report(void)
{
	if (nfgeo_missing())
		fprintf(stderr,
			"Countries: %" PRIu64 " times asked of records that carry none; "
			"name a database with --geodb\n",
			nfgeo_missing());
}

/* First thing in main(). */
static inline void nfgeo_start(int *argc, char **argv)
{
	if (nfgeo_args(argc, argv) != NFGEO_OK) {
		fprintf(stderr, "%s: %s\n", argv[0], nfgeo_args_error());
		exit(EXIT_FAILURE);
	}
	atexit(nfgeo_report);
}

/* A slot is over; `log` is called as printf(). */
#define nfgeo_slot(log)                                                                            \
	do {                                                                                       \
		const char *nfgeo_line = nfgeo_rotate();                                           \
		if (nfgeo_line)                                                                    \
			log("%s", nfgeo_line);                                                     \
	} while (0)

static inline size_t nfgeo_left(const void *record, const char *end)
{
	return end > (const char *)record ? (size_t)(end - (const char *)record) : 0;
}

#endif
