/* SPDX-License-Identifier: BSD-3-Clause */
/* census.h - what a lookup table holds, counted: ranges, and addresses of each country. */
#ifndef GEO_CENSUS_H
#define GEO_CENSUS_H

#include <stddef.h>
#include <stdint.h>

#include "geo/country.h"
#include "geo/table.h"

struct geo_census {
	size_t ranges4, ranges6;	    /* neighbours of one country count as one */
	uint64_t addresses4[COUNTRY_CODES]; /* by code */
	double networks6[COUNTRY_CODES];    /* in /48s */
};

void geo_census(const struct geo_table *table, struct geo_census *census);

#endif
