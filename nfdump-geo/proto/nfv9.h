/* SPDX-License-Identifier: BSD-3-Clause */
/* nfv9.h - NetFlow v9 (RFC 3954). */
#ifndef PROTO_NFV9_H
#define PROTO_NFV9_H

#include <stddef.h>
#include <stdint.h>

struct datagram;

void nfv9_datagram(struct datagram *datagram, const uint8_t *bytes, size_t len);

#endif
