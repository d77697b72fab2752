/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * encode_v5.h - flow records -> NetFlow v5. IPv4 only, 32-bit counters, 16-bit AS numbers and
 * interfaces.
 *
 * Times in v5 are milliseconds of uptime. The header's clock is that of the flows (the latest end
 * in the datagram), not today's: so flows of any age keep their times to the millisecond.
 */
#ifndef PROTO_ENCODE_V5_H
#define PROTO_ENCODE_V5_H

#include "proto/encode.h"

struct v5_encoder {
	struct encode_sink sink;
	uint8_t datagram[ENCODE_DATAGRAM_MAX];
	unsigned count;	   /* flows in the datagram */
	uint32_t sequence; /* flows before it */
	uint64_t boot_ms, latest_ms;
	uint64_t cut_count; /* flows that had a number too large for its field */
};

void v5_encoder_init(struct v5_encoder *encoder, const struct encode_sink *sink);

/** Add a flow; sends the datagram before when that is full. @return enum encoded or an error */
int v5_encode(struct v5_encoder *encoder, const struct record_view *view);

/** Send what is there. @return NFGEO_OK or the sink's error */
int v5_flush(struct v5_encoder *encoder);

#endif
