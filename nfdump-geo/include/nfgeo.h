/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nfgeo.h - the public interface of libnfgeo: countries for NetFlow records.
 *
 * The only installed header. Functions return NFGEO_OK or a negative enum nfgeo_err; results come
 * back through pointers. The library never prints and never exits.
 */
#ifndef NFGEO_H
#define NFGEO_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum nfgeo_err {
	NFGEO_OK = 0,
	NFGEO_ENOMEM = -1,     /* out of memory */
	NFGEO_EIO = -2,	       /* the operating system refused; errno tells */
	NFGEO_ETRUNCATED = -3, /* input ended inside something */
	NFGEO_ECORRUPT = -4,   /* input contradicts itself or its format */
	NFGEO_EVERSION = -5,   /* a known kind of input in a version that is not supported */
	NFGEO_EINVAL = -6,     /* a value outside its range, or text that does not parse */
	NFGEO_ENOTFOUND = -7,  /* a name or file that does not exist */
	NFGEO_ELIMIT = -8,     /* a safety limit was reached */
	NFGEO_ENODB = -9,      /* no country database */
};

/** Text of an error code; static, never NULL. */
const char *nfgeo_strerror(int code);

/** Version of the library, for example "0.1.0"; static. */
const char *nfgeo_version(void);

/*
 * A country code is 0 (unknown), 1..999 (ISO 3166-1 numeric; 983 = Kosovo, XK), or one of the
 * address classes that are no country.
 */
enum nfgeo_class {
	NFGEO_PRIVATE = 1001,
	NFGEO_SHARED,
	NFGEO_LOOPBACK,
	NFGEO_LINKLOCAL,
	NFGEO_MULTICAST,
	NFGEO_DOCUMENTATION,
	NFGEO_RESERVED,
};

struct nfgeo_table; /* a country database, compiled; immutable, so any thread may ask it */

/**
 * Load a country database: MMDB, range text, or a table compiled by `nfgeo db`.
 *
 * @param table          on success owned by the caller
 * @param path           file or directory; NULL = as the programs find it: NFGEODB, configuration,
 *                       installed default. Checks and local networks as configured (NFCONF).
 * @param message        gets one line that says what is wrong and how to mend it; may be NULL
 * @return NFGEO_OK, NFGEO_ENODB when nothing was found or "none" was asked for, or why the
 *         database was refused
 */
int nfgeo_table_open(struct nfgeo_table **table, const char *path, char *message,
		     size_t message_bytes);

/** NULL is fine. */
void nfgeo_table_close(struct nfgeo_table *table);

/** Code of an address; IPv4 as ::ffff:a.b.c.d. Cannot fail. */
uint16_t nfgeo_table_lookup(const struct nfgeo_table *table, const struct in6_addr *address);

/** Code of an IPv4 address. Cannot fail. */
uint16_t nfgeo_table_lookup4(const struct nfgeo_table *table, struct in_addr address);

/** As printed: "CZ"; ".." for unknown and classes, "??" for numbers that ISO does not assign. */
const char *nfgeo_country_alpha2(uint16_t code);

/** "CZE", "...", "???". */
const char *nfgeo_country_alpha3(uint16_t code);

/** English short name; "unknown" for 0 and classes, "unassigned" otherwise. */
const char *nfgeo_country_name(uint16_t code);

/** Number of an alpha-2 or alpha-3 code in any case. @return 0 when it is not assigned */
uint16_t nfgeo_country_number(const char *letters);

/**
 * Countries stored in a flow record (type 11) of an nfdump file, as it lies in a block.
 *
 * @return 1 and both codes, 0 when the record was never tagged, NFGEO_ECORRUPT
 */
int nfgeo_record_countries(const void *record, size_t record_bytes, uint16_t *src, uint16_t *dst);

#ifdef __cplusplus
}
#endif
#endif
