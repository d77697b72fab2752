/* SPDX-License-Identifier: BSD-3-Clause */
/* provenance.h - which country data answered: goes into every file and every log line. */
#ifndef GEO_PROVENANCE_H
#define GEO_PROVENANCE_H

#include <stdbool.h>
#include <stdint.h>

enum { SHA256_BYTES = 32 };

struct geo_provenance {
	char type[64];			     /* database type as it calls itself; "" = unknown */
	uint64_t build_epoch_s;		     /* when the database was built; 0 = unknown */
	uint8_t sha256[SHA256_BYTES];	     /* of the database file(s) */
	uint8_t local_sha256[SHA256_BYTES];  /* of the local-networks file; zeros = none */
	uint8_t feed_sha256[SHA256_BYTES];   /* of the geofeeds; zeros = none */
	char program[32];		     /* "nfdump-geo 0.1.0" */
};

/** The one copy of equal provenance for the life of the process (thread safe, never freed), so
 * that blocks, files and tables can simply point at it. NULL when out of memory. */
const struct geo_provenance *geo_provenance_intern(const struct geo_provenance *provenance);

/** The same database, local networks and geofeeds, whichever program used them. */
bool geo_provenance_same_data(const struct geo_provenance *a, const struct geo_provenance *b);

#endif
