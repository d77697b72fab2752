/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/recent.h"

#include <stdlib.h>
#include <string.h>

struct geo_recent *geo_recent_new(void)
{
	return calloc(1, sizeof(struct geo_recent));
}

void geo_recent_free(struct geo_recent *recent)
{
	free(recent);
}

void geo_recent_use(struct geo_recent *recent, const struct geo_table *table)
{
	if (!recent || recent->serial == geo_table_serial(table))
		return;
	memset(recent, 0, sizeof(*recent));
	recent->serial = geo_table_serial(table);
}
