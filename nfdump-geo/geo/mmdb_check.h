/* SPDX-License-Identifier: BSD-3-Clause */
/* mmdb_check.h - compare what we read from a MaxMind DB with what libmaxminddb answers. */
#ifndef GEO_MMDB_CHECK_H
#define GEO_MMDB_CHECK_H

#include <stddef.h>

#include "base/error.h"
#include "geo/build.h"
#include "geo/mmdb_data.h"

/**
 * Look up both ends of ranges all over the builder's database layer, their outer neighbours and
 * some random addresses in both.
 *
 * @param bytes  a database that was checked completely; libmaxminddb gets a private copy of it
 * @return NFGEO_OK; NFGEO_ECORRUPT with the address that they disagree about
 */
int mmdb_compare(const char *name, const void *bytes, size_t len, const struct mmdb_path *path,
		 struct geo_builder *builder, struct error *error);

#endif
