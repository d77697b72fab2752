/* SPDX-License-Identifier: BSD-3-Clause */
/* ipfix.h - IPFIX over UDP (RFC 7011). */
#ifndef PROTO_IPFIX_H
#define PROTO_IPFIX_H

#include <stddef.h>
#include <stdint.h>

struct datagram;

void ipfix_datagram(struct datagram *datagram, const uint8_t *bytes, size_t len);

#endif
