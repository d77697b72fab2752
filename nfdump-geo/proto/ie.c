/* SPDX-License-Identifier: BSD-3-Clause */
#include "proto/ie.h"

#include "flow/field.h"

enum { ELEMENT_NONE = 0 };

/* The numbers of flow/fields.def as constants: places and sizes. */
enum {
#define FIELD(symbol, type, element, offset, ipfix, word, json, sql)                               \
	PLACE_##symbol = offset, ELEMENT_OF_##symbol = ELEMENT_##element,                          \
	TYPE_OF_##symbol = FIELD_TYPE_##type,
#include "flow/fields.def"
#undef FIELD
};

/* (int): the two enumerations are not the same type to the compiler. */
#define IS(type, name) ((int)(type) == FIELD_TYPE_##name)
#define KIND_OF(type)                                                                              \
	(IS(type, IP4)	   ? IE_IP4                                                                \
	 : IS(type, IP6)   ? IE_IP6                                                                \
	 : IS(type, MAC)   ? IE_MAC                                                                \
	 : IS(type, BYTES) ? IE_PAYLOAD                                                            \
			   : IE_NUMBER)
#define SIZE_OF(type)                                                                              \
	(IS(type, U8)						  ? 1                              \
	 : IS(type, U16)					  ? 2                              \
	 : IS(type, U32) || IS(type, IP4) || IS(type, MPLS) ? 4                                    \
	 : IS(type, IP6)					  ? 16                             \
							  : 8)

static const struct ie rows[] = {
#define IE(enterprise, number, protocols, field)                                                   \
	{enterprise, number, IE_##protocols, KIND_OF(TYPE_OF_##field), ELEMENT_OF_##field, 0,      \
	 PLACE_##field, SIZE_OF(TYPE_OF_##field)},
#define IE_ROOM(enterprise, number, protocols, field, room)                                        \
	{enterprise, number, IE_##protocols, IE_BYTES, ELEMENT_OF_##field, 0, PLACE_##field, room},
#define IE_SLOT(enterprise, number, protocols, element, slot)                                      \
	{enterprise,	   number,                                                                 \
	 IE_##protocols,   SLOT_##slot >= SLOT_COUNT ? IE_LIST : IE_ASIDE,                         \
	 ELEMENT_##element, SLOT_##slot,                                                           \
	 0,		   8},
#include "proto/ie.def"
#undef IE
#undef IE_ROOM
#undef IE_SLOT
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

const struct ie *ie_rows(size_t *count)
{
	*count = ROWS;
	return rows;
}

static uint64_t key_of(const struct ie *row)
{
	return (uint64_t)row->enterprise << 16 | row->number;
}

const struct ie *ie_find(uint32_t enterprise, uint16_t number, unsigned protocols)
{
	uint64_t key = (uint64_t)enterprise << 16 | number;
	size_t low = 0, high = ROWS;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (key_of(&rows[middle]) < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < ROWS && key_of(&rows[low]) == key; low++)
		if (rows[low].protocols & protocols)
			return &rows[low];
	return NULL;
}
