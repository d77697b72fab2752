/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * template.h - NetFlow v9 and IPFIX templates, checked once and compiled to copy steps.
 *
 * A flow template becomes a blank flow record (headers of all its elements, zero payloads) and a
 * list of steps; each step takes one field of a data record and writes it to its final place in a
 * copy of the blank. Numbers that need more thought (times, ICMP, sampler) go to slots and are
 * settled when the record is complete: proto/flow.c.
 */
#ifndef PROTO_TEMPLATE_H
#define PROTO_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/ie.h"

enum {
	TEMPLATE_ID_MIN = 256,
	TEMPLATES_MAX = 4096,	     /* per exporter */
	TEMPLATE_FIELDS_MAX = 1024,
	TEMPLATE_RECORD_MAX = 65535, /* sum of its field lengths */
	TEMPLATE_MEMORY_MAX = 256 << 20, /* of all exporters of a source */
	FIELD_VARIABLE = 65535,	     /* length in a template: the record says how long */
	TEMPLATE_PAYLOADS = 3,	     /* elements with a payload of any length: 27, 29, 30 */
	TEMPLATE_LISTS = 8,	     /* sub-template lists that are looked at */
};

struct template_field {
	uint32_t enterprise;
	uint16_t number;
	uint16_t length;
};

enum template_kind {
	TEMPLATE_FLOW,
	TEMPLATE_OPTIONS,
	TEMPLATE_UNUSED, /* flow template without any known field: only measured */
};

/* STORE_a_b: big-endian number of a bytes to a number of b bytes. */
enum store {
	STORE_SKIP,
	STORE_1_1,
	STORE_2_1,
	STORE_2_2,
	STORE_2_4,
	STORE_4_4,
	STORE_4_8,
	STORE_8_8,
	STORE_1_1_TWICE, /* two neighbours in both records */
	STORE_2_2_TWICE,
	STORE_4_4_TWICE,
	STORE_4_8_TWICE,
	STORE_IP6,
	STORE_NUMBER1, /* any other length to 1, 2, 4, 8 bytes */
	STORE_NUMBER2,
	STORE_NUMBER4,
	STORE_NUMBER8,
	STORE_IP4,     /* these two only where the length varies: 4, 6 or 8 bytes or nothing */
	STORE_MAC,
	STORE_BYTES,   /* up to `room` */
	STORE_SLOT4,   /* a number of 4, 8 or any bytes into a slot */
	STORE_SLOT8,
	STORE_SLOT,
	STORE_PAYLOAD, /* remembered as payload number `to` */
	STORE_LIST,    /* remembered as a sub-template list; `to` is its slot */
};

struct step {
	uint16_t from; /* fixed records: offset; others: bytes to skip since the step before */
	uint16_t to;   /* offset in the flow record, slot or payload number */
	uint16_t length; /* of the field; FIELD_VARIABLE */
	uint8_t store; /* enum store */
	uint8_t room;  /* size of the target */
};

/* Two slots that hold the start and end of a flow. */
struct time_pair {
	uint8_t start, end; /* enum ie_slot */
};

struct template {
	uint16_t id;
	uint8_t kind;	   /* enum template_kind */
	bool variable;	   /* has fields of variable length or lists */
	uint16_t record_bytes; /* size of a data record, the smallest possible one if variable */
	uint16_t tail_bytes;   /* variable: to skip behind the last step */

	uint8_t *definition; /* owns; as received, to recognise repetitions */
	uint16_t definition_bytes;
	size_t memory; /* bytes that all of this takes */

	/* Flow templates. */
	uint8_t *blank;	    /* owns */
	uint16_t blank_bytes;
	struct step *steps; /* owns */
	uint16_t step_count;
	uint16_t at[64];    /* payload offsets in the blank by enum element; 0 = absent */
	uint64_t slots;	    /* bit per slot that some field fills */
	struct time_pair times[6]; /* in order of preference */
	uint8_t time_count;
	bool rare; /* engine, event time, latency or observation domain to settle */
	bool event; /* elements 19 or 25 */
	uint8_t payload_count;
	uint16_t payload_at[TEMPLATE_PAYLOADS]; /* offsets of their payloads in the blank, rising */

	/* Options templates. */
	struct template_field *fields; /* owns */
	uint16_t field_count, scope_count;
	bool v9;
};

/* What the compiler must know about the exporter. */
struct template_origin {
	unsigned protocols; /* enum ie_protocol: what to look for */
	bool v9;
	bool geo_tail;
	uint8_t engine_type, engine_id;
	uint16_t sysid;
	const uint8_t *router; /* complete last element of each record; borrowed for the call */
	uint8_t router_bytes;
};

/**
 * Compile a flow template.
 *
 * @param ignored  receives the number of known fields ignored for their length
 * @return NULL without memory, or when the flow record or a data record would be too long
 */
struct template *template_flow(const struct template_origin *origin, uint16_t id,
			       const struct template_field *fields, unsigned count,
			       unsigned *ignored);

/** Keep an options template; proto/options.c reads its records field by field. */
struct template *template_options(bool v9, uint16_t id, const struct template_field *fields,
				  unsigned count, unsigned scope_count);

void template_free(struct template *template);

/* All templates of one exporter. */
struct template_list {
	struct template **list; /* owns; rising by id */
	unsigned count, capacity;
	struct template *recent; /* last found; borrowed */
	size_t *memory; /* bytes that the templates of all exporters take; borrowed */
};

void template_list_init(struct template_list *list, size_t *memory);
void template_list_fini(struct template_list *list);

struct template *template_find(struct template_list *list, uint16_t id);

/** True when one more template fits the limits. */
bool template_room(const struct template_list *list, uint16_t id);

/** Insert or replace; takes ownership, also when it fails. @return false without memory */
bool template_put(struct template_list *list, struct template *template);

void template_forget(struct template_list *list, uint16_t id);

/** Forget all options templates, or all others. */
void template_forget_all(struct template_list *list, bool options);

#endif
