/* SPDX-License-Identifier: BSD-3-Clause */
/* mmdb.h - check a MaxMind DB completely, then walk all its prefixes into a table builder. */
#ifndef GEO_MMDB_H
#define GEO_MMDB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "geo/build.h"
#include "geo/provenance.h"

/** Whether the bytes hold the mark of a MaxMind DB's metadata where libmaxminddb looks for it. */
bool mmdb_probe(const void *bytes, size_t len);

/**
 * Read a database once into private memory, check every node, pointer and record, compare samples
 * with libmaxminddb's answers, and put its prefixes into the builder's database layer.
 *
 * @param field_path  where a record holds the two letters of a country, for example
 *                    "country.iso_code" or "registered_country/iso_code"; NULL = find out
 * @param provenance  type, build_epoch_s and sha256 are set, the rest is left alone
 * @return NFGEO_OK, or why it is refused: the builder is then of no use any more
 */
int mmdb_load(const char *path, const char *field_path, struct geo_builder *builder,
	      struct geo_provenance *provenance, struct error *error);

/** As mmdb_load from bytes in memory; `name` is for messages. The bytes are borrowed for the call.
 */
int mmdb_load_bytes(const char *name, const void *bytes, size_t len, const char *field_path,
		    struct geo_builder *builder, struct geo_provenance *provenance,
		    struct error *error);

#endif
