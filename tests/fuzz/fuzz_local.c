/* SPDX-License-Identifier: BSD-3-Clause */
/* Local networks and geofeeds: files that others may have a hand in. */
#include <stdint.h>

#include "geo/local.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct address address = address_ip4(0x08080808);
	struct local_nets *nets;
	struct error error;

	if (local_parse(&nets, "fuzz", (const char *)data, size, &error) == NFGEO_OK) {
		local_find(nets, &address);
		local_free(nets);
	}
	if (geofeed_parse(&nets, "fuzz", (const char *)data, size, &error) == NFGEO_OK) {
		local_find(nets, &address);
		local_free(nets);
	}
	return 0;
}
