/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keys.h - what flows are merged by: `-A srcip4/16,dstport` becomes a list of fields, a flow
 * becomes a key of bytes, and a key becomes a record again.
 */
#ifndef QUERY_KEYS_H
#define QUERY_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/record.h"

enum { KEYS_MAX = 20, KEY_BYTES_MAX = 8 + KEYS_MAX * 16, KEYS_TEXT_MAX = 256 };

enum key_kind { KEY_NUMBER, KEY_ADDRESS, KEY_ADDRESS4, KEY_ADDRESS6, KEY_NET, KEY_HOP, KEY_COUNTRY };

struct key_field {
	enum key_kind kind;
	enum field_id field, field6;
	uint16_t at; /* place in the key */
	uint8_t bits; /* prefix length of ADDRESS4, ADDRESS6 */
};

/* Layout of a key: u32 with a bit per field that holds an IPv6 address, then the fields: numbers
 * take 8 bytes, addresses 16. */
struct keys {
	struct key_field field[KEYS_MAX];
	unsigned count;
	size_t bytes;
	char format[KEYS_TEXT_MAX]; /* automatic output format */
	bool has_country;	    /* a country is part of the key */
	bool whole_src, whole_dst;  /* complete addresses are: their countries stay true */
};

/** @return NFGEO_OK or NFGEO_EINVAL: unknown or repeated field, wrong /bits */
int keys_parse(struct keys *keys, const char *text, struct error *error);

/** The key of a flow. @param key  zeroed, keys->bytes long */
void keys_of(const struct keys *keys, const struct record_view *view, uint8_t *key);

/**
 * Add the key's fields to a record; elements that the record must have besides are the caller's.
 *
 * @param place  payloads of elements that are in the record already; NULL otherwise; updated
 * @param countries  set to the pair of the key, if it has one
 */
void keys_restore(const struct keys *keys, const uint8_t *key, struct record_builder *builder,
		  uint8_t *place[ELEMENT_SLOTS], uint16_t countries[2]);

#endif
