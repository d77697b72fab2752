/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow/field.h"

#include <string.h>

#define BYTES_U8      1
#define BYTES_U16     2
#define BYTES_U32     4
#define BYTES_U64     8
#define BYTES_N32     4
#define BYTES_TIME    8
#define BYTES_IP4     4
#define BYTES_IP6     16
#define BYTES_MAC     8
#define BYTES_MPLS    4
#define BYTES_COUNTRY 2
#define BYTES_TEXT    0
#define BYTES_BYTES   0

const struct field field_table[FIELD_COUNT] = {
#define FIELD(symbol, type, element, offset, ipfix, word, json, sql)                               \
	[FIELD_##symbol] = {word, json, sql, ipfix, offset, ELEMENT_##element,                     \
			    FIELD_TYPE_##type, BYTES_##type},
#include "flow/fields.def"
#undef FIELD
};

const struct element_info element_table[ELEMENT_SLOTS] = {
	[ELEMENT_RECORD] = {"record header", 12, false},
#define ELEMENT(id, symbol, bytes, variable, name) [id] = {name, bytes, variable},
#include "flow/elements.def"
#undef ELEMENT
	[ELEMENT_GEO] = {"countries", 4, false},
};

int field_by_name(const char *name)
{
	for (int id = 0; id < FIELD_COUNT; id++)
		if (*name && strcmp(field_table[id].json, name) == 0)
			return id;
	return -1;
}
