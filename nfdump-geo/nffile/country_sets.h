/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * country_sets.h - each set of countries once. A file of thousands of blocks has a few hundred
 * different ones, most of a single country.
 */
#ifndef NFFILE_COUNTRY_SETS_H
#define NFFILE_COUNTRY_SETS_H

#include "base/hash.h"
#include "geo/group.h"

struct country_sets {
	struct hash hash; /* the sets are its keys */
	const struct country_set *one[COUNTRY_CODES]; /* of that country alone; NULL = not asked for yet */
};

void country_sets_init(struct country_sets *sets);
void country_sets_fini(struct country_sets *sets);

/** The one that equals *set. @return valid as long as `sets`; NULL when memory is out */
const struct country_set *country_sets_keep(struct country_sets *sets, const struct country_set *set);

const struct country_set *country_sets_first(struct country_sets *sets, uint16_t code);

/** The one of a single country, which is below COUNTRY_CODES. */
static inline const struct country_set *country_sets_one(struct country_sets *sets, uint16_t code)
{
	return sets->one[code] ? sets->one[code] : country_sets_first(sets, code);
}

#endif
