/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * list.h - sub-template lists (RFC 6313) inside a flow record.
 *
 * Only the first record of a list is looked at, and only for elements that the flow does not have
 * yet, such as the MAC addresses that YAF sends this way.
 */
#ifndef PROTO_LIST_H
#define PROTO_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/template.h"

struct flow_context;

enum {
	LIST_ROOM = 2048, /* that appended elements may take in a record */
	LIST_DEPTH = 4,
};

struct value_bytes {
	const uint8_t *at; /* borrowed from the datagram */
	size_t len;
};

struct value_list {
	struct value_bytes bytes;
	bool multi; /* subTemplateMultiList */
};

/* What one data record holds besides the fields that go straight to their places. */
struct flow_values {
	uint64_t slot[SLOT_COUNT];
	struct value_bytes payload[TEMPLATE_PAYLOADS];
	struct value_list list[TEMPLATE_LISTS];
	unsigned list_count;
};

static inline void values_add_list(struct flow_values *values, const uint8_t *at, size_t len,
				   bool multi)
{
	if (values->list_count < TEMPLATE_LISTS)
		values->list[values->list_count++] = (struct value_list){{at, len}, multi};
}

/**
 * Append what the lists of a record add to it, before its last element.
 *
 * @param record  complete, with LIST_ROOM bytes behind its `len`
 * @return its new size
 */
size_t list_append(const struct flow_context *context, const struct flow_values *values,
		   uint8_t *record, size_t len);

#endif
