/* SPDX-License-Identifier: BSD-3-Clause */
/* group.h - named sets of countries: EU, EEA, EFTA, continents, and the operator's own. */
#ifndef GEO_GROUP_H
#define GEO_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "geo/country.h"

struct country_set {
	uint64_t bits[COUNTRY_CODES / 64];
};

static inline bool country_set_has(const struct country_set *set, uint16_t code)
{
	return code < COUNTRY_CODES && (set->bits[code / 64] >> (code % 64) & 1);
}

static inline void country_set_add(struct country_set *set, uint16_t code)
{
	if (code < COUNTRY_CODES)
		set->bits[code / 64] |= 1ull << (code % 64);
}

/** The first code of the set that is not below `code`; COUNTRY_CODES = none. To walk over a set:
 * for (code = country_set_next(set, 0); code < COUNTRY_CODES; code = country_set_next(set, code + 1)) */
static inline unsigned country_set_next(const struct country_set *set, unsigned code)
{
	for (unsigned word = code / 64; word < COUNTRY_CODES / 64; word++, code = 64 * word) {
		uint64_t bits = set->bits[word] >> (code % 64);

		if (bits)
			return code + (unsigned)__builtin_ctzll(bits);
	}
	return COUNTRY_CODES;
}

struct conf;

/**
 * Learn the operator's groups (configuration section [geo], keys ctrygroup.NAME). They override
 * built-in ones, may contain groups; a cycle is an error. Call once at start.
 */
int group_configure(const struct conf *conf, struct error *error);

/** Members of @NAME (without the @, any case). @return NFGEO_OK or NFGEO_ENOTFOUND */
int group_find(const char *name, size_t len, struct country_set *set);

/** Continent of an assigned country as two letters AF AN AS EU NA OC SA; "" otherwise. */
const char *country_continent(uint16_t code);

#endif
