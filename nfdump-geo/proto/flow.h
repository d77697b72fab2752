/* SPDX-License-Identifier: BSD-3-Clause */
/* flow.h - data records of a compiled template -> flow records in the sink's block. */
#ifndef PROTO_FLOW_H
#define PROTO_FLOW_H

#include "base/wire.h"
#include "proto/exporter.h"
#include "proto/list.h"

/* What the header of the datagram says about all its records. */
struct flow_context {
	struct datagram *datagram;
	bool v9;
	uint64_t export_ms; /* header time */
	uint32_t uptime;    /* v9: ms since boot at header time */
};

/**
 * Decode all records of a data set. A rest shorter than any record is padding.
 *
 * @return number of data records that were there, stored or not; -1 when the set was cut off in
 * the middle of a record, so nobody knows
 */
long flow_set(const struct flow_context *context, const struct template *template,
	      struct wire *set);

/**
 * Decode one data record without its payloads, sampling and lists.
 *
 * @param record  room for template->blank_bytes
 * @param values  zeroed; receives what is left to do
 * @return size of the data record, 0 when it does not fit in the set
 */
size_t flow_record(const struct flow_context *context, const struct template *template,
		   const struct wire *set, uint8_t *record, struct flow_values *values);

#endif
