/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/census.h"

#include "geo/table_impl.h"

/* Ranges of one code each, by their last addresses in order. Codes above COUNTRY_CODES mean that
 * something else decides (aliases onto IPv4, prefixes longer than /64): they are not counted. */
void geo_census(const struct geo_table *table, struct geo_census *census)
{
	uint64_t first = 0;

	*census = (struct geo_census){.ranges4 = table->v4.count, .ranges6 = table->v6.count};
	for (size_t i = 0; i < table->v4.count; i++) {
		uint64_t last = table->v4.level[0][i];

		if (table->v4.code[i] < COUNTRY_CODES)
			census->addresses4[table->v4.code[i]] += last - first + 1;
		first = last + 1;
	}
	first = 0;
	for (size_t i = 0; i < table->v6.count; i++) {
		uint64_t last = table->v6.level[0][i];

		if (table->v6.code[i] < COUNTRY_CODES)
			census->networks6[table->v6.code[i]] +=
				((double)(last - first) + 1) / 65536;
		first = last + 1;
	}
}
