/* SPDX-License-Identifier: BSD-3-Clause */
/* ie.h - information elements and field types that have a place in a flow record: proto/ie.def. */
#ifndef PROTO_IE_H
#define PROTO_IE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ie_protocol {
	IE_V9 = 1,
	IE_IPFIX = 2,
	IE_EXTENDED = 4, /* IPFIX with the option keep_extended */
	IE_BOTH = IE_V9 | IE_IPFIX,
	IE_EXTRA = IE_V9 | IE_EXTENDED,
};

/* Numbers kept aside until the whole record was read. */
enum ie_slot {
	SLOT_START_UPTIME,
	SLOT_END_UPTIME,
	SLOT_START_MS,
	SLOT_END_MS,
	SLOT_START_NS,
	SLOT_END_NS,
	SLOT_START_US,
	SLOT_END_US,
	SLOT_START_S,
	SLOT_END_S,
	SLOT_START_DELTA,
	SLOT_END_DELTA,
	SLOT_BOOT,
	SLOT_DURATION,
	SLOT_SAMPLER,
	SLOT_ICMP,
	SLOT_ICMP_TYPE4, /* types and their codes are neighbours */
	SLOT_ICMP_CODE4,
	SLOT_ICMP_TYPE6,
	SLOT_ICMP_CODE6,
	SLOT_ENGINE_TYPE,
	SLOT_ENGINE_ID,
	SLOT_EVENT_TIME,
	SLOT_CLIENT_S,
	SLOT_CLIENT_US,
	SLOT_SERVER_S,
	SLOT_SERVER_US,
	SLOT_APP_S,
	SLOT_APP_US,
	SLOT_COUNT,
	SLOT_LIST = SLOT_COUNT, /* sub-template lists: bytes, not numbers */
	SLOT_LIST_MULTI,
};

enum ie_kind {
	IE_NUMBER,  /* 1..8 bytes, low bits kept */
	IE_IP4,	    /* exactly 4 bytes */
	IE_IP6,	    /* exactly 16 bytes */
	IE_MAC,	    /* exactly 6 or 8 bytes */
	IE_BYTES,   /* copied, cut to `bytes` */
	IE_PAYLOAD, /* all of a variable element's payload */
	IE_ASIDE,   /* number into a slot */
	IE_LIST,    /* sub-template list */
};

struct ie {
	uint32_t enterprise;
	uint16_t number;
	uint8_t protocols; /* enum ie_protocol */
	uint8_t kind;	   /* enum ie_kind */
	uint8_t element;   /* that appears because of it; 0 = none */
	uint8_t slot;	   /* enum ie_slot, for IE_ASIDE and IE_LIST */
	uint16_t offset;   /* in the element's payload */
	uint8_t bytes;	   /* size there */
};

/** @return NULL when the number is not known in these protocols */
const struct ie *ie_find(uint32_t enterprise, uint16_t number, unsigned protocols);

/** All rows, for tests and documentation. */
const struct ie *ie_rows(size_t *count);

#endif
