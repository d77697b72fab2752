/* SPDX-License-Identifier: BSD-3-Clause */
/* Range text from anybody: refused, or compiled to a table that answers with codes that exist. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "geo/build.h"
#include "geo/country.h"
#include "geo/ranges.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct geo_builder *builder = geo_builder_new();
	struct geo_provenance provenance = {{0}};
	struct geo_table *table = NULL;
	struct error error;

	if (builder &&
	    ranges_load_text("fuzz", (const char *)data, size, builder, &provenance, &error) ==
		    NFGEO_OK &&
	    geo_builder_finish(builder, &provenance, &table, &error) == NFGEO_OK &&
	    geo_lookup4(table, (uint32_t)size * 0x9e3779b9) > CLASS_MAX)
		abort();
	geo_table_unref(table);
	geo_builder_free(builder);
	return 0;
}
