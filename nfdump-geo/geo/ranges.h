/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ranges.h - country ranges in text: tor-geoipdb's geoip and geoip6, and CSV in the ways others
 * write it.
 *
 * A line is FIRST,LAST,CC or PREFIX,CC; an address is written as usual or as one decimal number.
 * Fields may stand in double quotes, more fields may follow, # starts a comment line. EU, AP, ??,
 * ZZ and letters that name no country are ranges of unknown country.
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
 * @param provenance  type, build_epoch_s (of the newest "# Generated:" comment, else of the newest
 *                    file) and sha256 (of the files one after the other) are set
 * @return NFGEO_OK, or why they are refused, naming file, line and value: the builder is then of
 *         no use any more
 */
int ranges_load(const char *const paths[], size_t count, struct geo_builder *builder,
		struct geo_provenance *provenance, struct error *error);

/**
 * As ranges_load for one text in memory, which is borrowed; `name` is for messages.
 *
 * @param build_epoch_s  raised to the date in a comment, if that is later
 */
int ranges_load_text(const char *name, const char *text, size_t len, struct geo_builder *builder,
		     uint64_t *build_epoch_s, struct error *error);

#endif
