/* SPDX-License-Identifier: BSD-3-Clause */
/* A compiled table from anybody: as it is, and with a checksum that fits, so that the checks
 * behind the checksum are reached. What is accepted answers with codes that exist. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "geo/country.h"
#include "geo/image.h"

enum { LOOKUPS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(const uint8_t *data, size_t size)
{
	struct geo_table *table;
	struct error error;

	if (image_load_bytes("fuzz", data, size, &table, &error))
		return;
	for (uint64_t i = 0; i < LOOKUPS; i++) {
		uint64_t number = i * 0x0410410410410411;

		if (geo_lookup4(table, (uint32_t)(number >> 32)) > CLASS_MAX ||
		    geo_lookup6(table, number, ~number) > CLASS_MAX ||
		    geo_lookup6(table, i, number) > CLASS_MAX)
			abort();
	}
	geo_table_unref(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	load(data, size);
	copy = size < 4 ? NULL : malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	bytes_put32(copy + size - 4, crc32c(0, copy, size - 4));
	load(copy, size);
	free(copy);
	return 0;
}
