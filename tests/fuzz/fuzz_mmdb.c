/* SPDX-License-Identifier: BSD-3-Clause */
/* A MaxMind DB from anybody: refused, or read to the end, agreed with by libmaxminddb, compiled. */
#include <stddef.h>
#include <stdint.h>

#include "geo/build.h"
#include "geo/mmdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const fields[] = {NULL, "traits.1.cc"};

	for (int i = 0; i < 2; i++) {
		struct geo_builder *builder = geo_builder_new();
		struct geo_provenance provenance = {{0}};
		struct geo_table *table = NULL;
		struct error error;

		if (builder && mmdb_load_bytes("fuzz", data, size, fields[i], builder, &provenance,
					       &error) == NFGEO_OK)
			geo_builder_finish(builder, &provenance, &table, &error);
		geo_table_unref(table);
		geo_builder_free(builder);
	}
	return 0;
}
