/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/country_sets.h"

void country_sets_init(struct country_sets *sets)
{
	*sets = (struct country_sets){0};
	hash_init(&sets->hash, sizeof(struct country_set), 0);
}

void country_sets_fini(struct country_sets *sets)
{
	hash_fini(&sets->hash);
}

const struct country_set *country_sets_keep(struct country_sets *sets, const struct country_set *set)
{
	bool fresh;
	const uint8_t *behind = hash_upsert(&sets->hash, set, hash_bytes(set, sizeof(*set)), &fresh);

	return behind ? (const struct country_set *)(const void *)(behind - sizeof(*set)) : NULL;
}

const struct country_set *country_sets_first(struct country_sets *sets, uint16_t code)
{
	struct country_set set = {{0}};

	country_set_add(&set, code);
	sets->one[code] = country_sets_keep(sets, &set);
	return sets->one[code];
}
