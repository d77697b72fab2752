/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ranges.h - country ranges in text: tor-geoipdb's geoip and geoip6, and CSV in the ways others
 * write it.
 *
 * A line is FIRST,LAST,CC or PREFIX,CC; an address is written as usual or as one decimal number.
 * Fields may stand in double quotes, more fields may follow, # starts a comment line, one line of
 * column names may come first. Letters that name no country (EU, AP, ??, ZZ, -) mark a range of
 * unknown country.
 */
#ifndef GEO_RANGES_H
#define GEO_RANGES_H

#include <stddef.h>

#include "base/error.h"
#include "geo/build.h"
#include "geo/provenance.h"

/**
 * Read range files (usually one per family) into the builder's database layer.
 *
 * @param provenance  type, build_epoch_s (the date in a "# Generated:" comment, the newest of the
 *                    files; without one the newest file's own date) and sha256 (of the files one
 *                    after the other) are set
 * @return NFGEO_OK, or why they are refused, naming file, line and value: the builder is then of
 *         no use any more
 */
int ranges_load(const char *const paths[], size_t count, struct geo_builder *builder,
		struct geo_provenance *provenance, struct error *error);

/**
 * As ranges_load for one text in memory, which is borrowed; `name` is for messages.
 *
 * @param provenance  type is set if a comment names the vendor, build_epoch_s raised if one has a
 *                    later date
 */
int ranges_load_text(const char *name, const char *text, size_t len, struct geo_builder *builder,
		     struct geo_provenance *provenance, struct error *error);

#endif
