/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * country.h - ISO 3166-1 numbers, letters and names, and the address classes that are no country.
 *
 * A stored code is 0 (unknown), 1..999 (ISO 3166-1 numeric; 983 = Kosovo, XK) or a class.
 */
#ifndef GEO_COUNTRY_H
#define GEO_COUNTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

enum {
	COUNTRY_UNKNOWN = 0,
	COUNTRY_KOSOVO = 983,
	COUNTRY_MAX = 999,
	CLASS_PRIVATE = 1001,
	CLASS_SHARED,
	CLASS_LOOPBACK,
	CLASS_LINKLOCAL,
	CLASS_MULTICAST,
	CLASS_DOCUMENTATION,
	CLASS_RESERVED,
	CLASS_MAX = CLASS_RESERVED,
	COUNTRY_CODES = 1024, /* size of a bit set or array indexed by code */
};

struct country {
	uint16_t number;
	char alpha2[3], alpha3[4];
	const char *name; /* English short name */
};

/** The row of an assigned number; NULL for 0, classes and unassigned numbers. */
const struct country *country_by_number(uint16_t number);

/** By alpha-2 or alpha-3 in any case, aliases UK, EL, XKK included. @return NULL if not assigned */
const struct country *country_by_letters(const char *letters, size_t len);

/** Hint for a withdrawn code (AN, CS, YU, SU, TP, ZR): its successors, or NULL. */
const char *country_successors(const char *letters, size_t len);

/** All rows, sorted by alpha-2. */
const struct country *country_all(size_t *count);

/** Two letters as printed: "CZ", ".." for unknown and classes, "??" for unassigned numbers. */
const char *country_alpha2(uint16_t code);

/** Three letters: "CZE", "...", "???". */
const char *country_alpha3(uint16_t code);

/** English name, "unknown" for 0 and classes, "unassigned" otherwise. */
const char *country_name(uint16_t code);

/** As numbers are printed: 0 for classes. */
static inline uint16_t country_number(uint16_t code)
{
	return code <= COUNTRY_MAX ? code : 0;
}

/** Word of an address class ("private", ..); "" for everything else. */
const char *country_class_word(uint16_t code);

/** Class by its word, any case; 0 if none. */
uint16_t country_class_by_word(const char *word, size_t len);

/** Class of an address (design: private, shared, loopback, ...); 0 if none. */
uint16_t country_class_of(const struct address *address);

/** The index-th prefix of the classes, for tables that hold them; false behind the last one. */
bool country_class_prefix(size_t index, struct prefix *prefix, uint16_t *code);

#endif
