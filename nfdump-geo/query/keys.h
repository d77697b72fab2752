/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keys.h - what flows are merged by: `-A srcip4/16,dstport` becomes a list of keys, a flow becomes
 * their values packed into a few bytes, and these become a record again. One statistic of -s is
 * such a list too.
 *
 * Packed keys have two shapes: the narrow one, where addresses take 4 bytes, and the wide one of
 * flows with an IPv6 address among their values, where they take 16.
 */
#ifndef QUERY_KEYS_H
#define QUERY_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/record.h"
#include "output/stat.h"
#include "query/key.h"

enum key_shape { KEY_NARROW, KEY_WIDE, KEY_SHAPES };

enum { KEYS_MAX = ROW_KEYS_MAX, KEY_BYTES_MAX = 8 + KEYS_MAX * 16, KEYS_TEXT_MAX = 256 };

struct keys {
	struct key key[KEYS_MAX];
	unsigned count;
	size_t bytes[KEY_SHAPES];   /* of a packed key: a multiple of 8 */
	char format[KEYS_TEXT_MAX]; /* automatic output format */
	bool has_country;	    /* a country is part of the key */
	bool whole_src, whole_dst;  /* complete addresses are: their countries stay true */
	struct row_keys shown;	    /* for output */
};

/** A list for -A. @return NFGEO_OK or NFGEO_EINVAL: unknown or repeated field, wrong /bits */
int keys_parse(struct keys *keys, const char *text, struct error *error);

/** Append one. @return false when there are too many */
bool keys_append(struct keys *keys, const struct key *key);

/** Values of a flow. @param value  room for keys->count */
void keys_values(const struct keys *keys, const struct record_view *view, struct stat_value *value);

/** Pack values. @param packed  room for KEY_BYTES_MAX; keys->bytes[shape] of them are set */
enum key_shape keys_pack(const struct keys *keys, const struct stat_value *value, uint8_t *packed);

/** Shape of a packed key, told by its length. */
static inline enum key_shape keys_shape(const struct keys *keys, size_t key_bytes)
{
	return key_bytes == keys->bytes[KEY_NARROW] ? KEY_NARROW : KEY_WIDE;
}

void keys_unpack(const struct keys *keys, enum key_shape shape, const uint8_t *packed,
		 struct stat_value *value);

/**
 * Add the key's fields to a record; elements that the record must have besides are the caller's.
 *
 * @param place  payloads of elements that are in the record already; NULL otherwise; updated
 * @param countries  set to the pair of the key, if it has one
 */
void keys_restore(const struct keys *keys, const struct stat_value *value,
		  struct record_builder *builder, uint8_t *place[ELEMENT_SLOTS],
		  uint16_t countries[2]);

#endif
