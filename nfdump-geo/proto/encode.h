/* SPDX-License-Identifier: BSD-3-Clause */
/* encode.h - flow records -> datagrams: what the encoders of all versions share. */
#ifndef PROTO_ENCODE_H
#define PROTO_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "flow/record.h"

enum {
	ENCODE_DATAGRAM_MAX = 1400, /* bytes: below the MTU of tunnelled Ethernet */
};

/* Where complete datagrams go. */
struct encode_sink {
	/** @return NFGEO_OK, or an error that the encoder hands on to its caller */
	int (*send)(const uint8_t *datagram, size_t len, unsigned flow_count, void *arg);
	void *arg;
};

/* What became of a flow; errors of the sink are negative. */
enum encoded {
	ENCODED = 0,
	ENCODED_NOT_IP6,   /* the version has no IPv6 */
	ENCODED_NOT_FIT,   /* the version has no room for what the record is */
};

#endif
