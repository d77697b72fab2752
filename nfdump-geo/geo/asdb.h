/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * asdb.h - names of autonomous systems, and the one that an address belongs to: from a MaxMind DB
 * of any vendor (GeoLite2-ASN, DB-IP, IPinfo, ip-location-db). One for the process: it is opened
 * before there are threads, read whole into private memory, and only looked at from then on.
 */
#ifndef GEO_ASDB_H
#define GEO_ASDB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/record.h"

/** Read a database. @return NFGEO_OK; else nothing is open */
int asdb_open(const char *path, struct error *error);
void asdb_close(void);
bool asdb_is_open(void);

/** The AS that announces an address, the halves of an IPv6 one; IPv4 as ::a.b.c.d or
 * ::ffff:a.b.c.d. 0 = not known. */
uint32_t asdb_number(uint64_t high, uint64_t low);

/** Name of an AS: UTF-8 without control characters, at most ASDB_NAME_MAX bytes; "" = not known. */
const char *asdb_name(uint32_t number);

enum { ASDB_NAME_MAX = 120 };

/** AS of a flow's source or destination: the number that the exporter sent, or else the one that
 * its address belongs to. */
uint32_t as_of(const struct record_view *view, bool dst);

#endif
