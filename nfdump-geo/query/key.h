/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * key.h - one thing that flows are counted or merged by: `srcip`, `srcip4/24`, `srcgroup:EU`, any
 * field by its name in JSON. Its value is taken from a record as a number or an address, and shown
 * as -s shows it.
 */
#ifndef QUERY_KEY_H
#define QUERY_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/record.h"
#include "geo/country.h"
#include "geo/group.h"
#include "output/stat.h"

enum key_source {
	KEY_NUM,
	KEY_LABEL,
	KEY_NBAR,
	KEY_EVENT, /* of a firewall, or else of NAT */
	KEY_ASN,   /* stored, or else of the address by the database of AS numbers */
	/* addresses */
	KEY_ADDR,
	KEY_IP4,
	KEY_IP6,
	KEY_NET4,
	KEY_NET6,
	KEY_NET,
	/* of countries */
	KEY_CTRY,
	KEY_PAIR,
	KEY_CONT,
	KEY_CLASS,
	KEY_GROUP,
};

enum { KEY_NAT_EVENT = 256 /* added to the number of one */ };

struct key {
	char name[80];	    /* first spelling, with its group */
	const char *header; /* of its column in -s */
	const char *token;  /* of the automatic format of -A; "" = none; NULL = not for -A */
	enum stat_kind kind;
	enum key_source source;
	enum field_id field, also; /* also: FIELD_COUNT = none */
	unsigned row;		   /* of the table of keys */
	uint8_t bits;		   /* of NET4, NET6 */
	char group_name[40];	   /* of GROUP */
	struct country_set group;
};

/** `NAME`, `NAME/BITS`, `srcgroup:NAME`. @return NFGEO_OK, NFGEO_ENOTFOUND: no such name, or
 * NFGEO_EINVAL: wrong bits or group */
int key_parse(struct key *key, const char *text, size_t len, struct error *error);

/** Does the name in front of `/` or `:` want mask bits, or a group? */
bool key_takes_bits(const char *text, size_t len);
bool key_takes_group(const char *text, size_t len);

static inline bool key_is_address(const struct key *key)
{
	return key->source >= KEY_ADDR && key->source <= KEY_NET;
}

static inline bool key_needs_country(const struct key *key)
{
	return key->source >= KEY_CTRY;
}

/** Its value in a record: a number, or an address with its family. @param field  key->field, or
 * key->also for the other side */
struct stat_value key_value(const struct key *key, enum field_id field,
			    const struct record_view *view);

/** The same of a key that has a domain: a number alone, without the way over a stat_value. */
static inline uint64_t key_number(const struct key *key, enum field_id field,
				  const struct record_view *view)
{
	switch (key->source) {
	case KEY_CTRY: /* unknown and all classes are one */
		return country_number(field == FIELD_SRC_COUNTRY ? view_src_country(view)
								 : view_dst_country(view));
	case KEY_NUM:
		return view_number(view, field);
	default:
		return key_value(key, field, view).low;
	}
}

/** The value of a key of countries for flows between two, key_needs_country(). */
uint64_t key_country(const struct key *key, enum field_id field, uint16_t src, uint16_t dst);

/** The IPv6 field that belongs to an IPv4 one. */
enum field_id key_partner(enum field_id field);

/** Bytes of a value that is no address. */
unsigned key_bytes(const struct key *key);

/** Values are below this; 0 = too many to have a place for each. */
unsigned key_domain(const struct key *key);

/** The value as output prints it: continents, classes and groups as words. */
struct stat_value key_shown(const struct key *key, struct stat_value value);

#endif
