/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * anon.h - anonymise flow records: every address by Crypto-PAn, countries by a policy. Countries
 * are those that were stored; none is ever looked up from an anonymised address.
 */
#ifndef GEO_ANON_H
#define GEO_ANON_H

#include <stdint.h>

#include "base/cryptopan.h"
#include "base/hash.h"
#include "flow/block.h"
#include "geo/country.h"

enum anon_country {
	ANON_KEEP,
	ANON_CONTINENT, /* numbers of UN M49, which never are countries: anon_continent() */
	ANON_GROUP,	/* keep a country that at least `hosts_min` hosts have, else clear */
	ANON_CLEAR,
};

struct anon {
	struct cryptopan pan;
	enum anon_country country;
	uint64_t hosts_min;
	struct hash seen;		    /* (address, country) pairs, for ANON_GROUP */
	uint64_t hosts[COUNTRY_CODES]; /* distinct addresses of each country */
};

int anon_init(struct anon *anon, const uint8_t key[CRYPTOPAN_KEY_BYTES]);
void anon_fini(struct anon *anon);

/** ANON_GROUP, first pass: count the hosts of each stored country.
 * @return NFGEO_OK, NFGEO_ENOMEM or NFGEO_ECORRUPT */
int anon_count(struct anon *anon, const struct block *block);

/** UN M49 number of a country's continent (2 Africa, 3 North America, 5 South America, 9 Oceania,
 * 142 Asia, 150 Europe); 0 for Antarctica, whose number is a country's, and for no country. Address
 * classes (private, ..) say nothing about a country and are kept. */
uint16_t anon_continent(uint16_t code);

/**
 * Copy a block, anonymised; records that are no flows stay, but the address in exporter records is
 * anonymised too.
 * @param out         cleared and grown as needed
 * @param flow_count  incremented
 * @return NFGEO_OK, NFGEO_ENOMEM or NFGEO_ECORRUPT
 */
int anon_copy(struct anon *anon, const struct block *block, struct block *out,
	      uint64_t *flow_count);

#endif
