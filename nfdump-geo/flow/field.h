/* SPDX-License-Identifier: BSD-3-Clause */
/* field.h - the field table (flow/fields.def) and the element table (flow/elements.def). */
#ifndef FLOW_FIELD_H
#define FLOW_FIELD_H

#include <stdbool.h>
#include <stdint.h>

enum element {
	ELEMENT_RECORD = 0, /* pseudo element: the 12-byte record header; never in a file as id 0 */
#define ELEMENT(id, symbol, bytes, variable, name) ELEMENT_##symbol = id,
#include "flow/elements.def"
#undef ELEMENT
	ELEMENT_GEO, /* pseudo element: u16 source and u16 destination country */
	ELEMENT_SLOTS,
	ELEMENT_WRITE_MAX = 37, /* highest id that nfdump 1.7.1 knows */
};

enum field_type {
	FIELD_TYPE_U8,
	FIELD_TYPE_U16,
	FIELD_TYPE_U32,
	FIELD_TYPE_U64,
	FIELD_TYPE_N32,	    /* u32 in network order: bytes as an exporter sent them */
	FIELD_TYPE_TIME,    /* u64, milliseconds since 1970 UTC */
	FIELD_TYPE_IP4,	    /* u32, host order */
	FIELD_TYPE_IP6,	    /* u64[2], host order, high half first */
	FIELD_TYPE_MAC,	    /* u64, 48-bit number */
	FIELD_TYPE_MPLS,    /* u32: label << 4 | exp << 1 | bottom of stack */
	FIELD_TYPE_COUNTRY, /* u16: ISO 3166-1 numeric or an address class (geo/country.h) */
	FIELD_TYPE_TEXT,    /* characters, NUL-terminated or to the end of the payload */
	FIELD_TYPE_BYTES,   /* all of the payload */
};

enum field_id {
#define FIELD(symbol, type, element, offset, ipfix, word, json, sql) FIELD_##symbol,
#include "flow/fields.def"
#undef FIELD
	FIELD_COUNT
};

struct field {
	const char *word; /* filter primitive with its qualifier; "" = none */
	const char *json; /* member name; "" = none */
	const char *sql;  /* column name and type; "" = none */
	uint16_t ipfix;	  /* information element; 0 = none */
	uint16_t offset;  /* in the element's payload */
	uint8_t element;  /* enum element */
	uint8_t type;	  /* enum field_type */
	uint8_t bytes;	  /* size; 0 = to the end of the payload */
};

struct element_info {
	const char *name;
	uint16_t bytes; /* payload, without the element header; the smallest if variable */
	bool variable;
};

extern const struct field field_table[FIELD_COUNT];
extern const struct element_info element_table[ELEMENT_SLOTS];

/** Field by its JSON name. @return enum field_id or -1 */
int field_by_name(const char *name);

#endif
