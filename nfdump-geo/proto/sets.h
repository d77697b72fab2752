/* SPDX-License-Identifier: BSD-3-Clause */
/* sets.h - the sets of a v9 or IPFIX datagram: templates, options templates, data. */
#ifndef PROTO_SETS_H
#define PROTO_SETS_H

#include "proto/flow.h"

/* Data records that a datagram held. */
struct set_counts {
	uint64_t records; /* of flow and options templates */
	bool unknown;	  /* some sets could not be counted: no template, or cut off */
};

/** Walk all sets behind the header. */
struct set_counts sets_decode(const struct flow_context *context, struct wire *wire);

#endif
