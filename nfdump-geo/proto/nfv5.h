/* SPDX-License-Identifier: BSD-3-Clause */
/* nfv5.h - NetFlow v5, and v7, whose records carry one more address that nobody stores. */
#ifndef PROTO_NFV5_H
#define PROTO_NFV5_H

#include <stddef.h>
#include <stdint.h>

struct datagram;

void nfv5_datagram(struct datagram *datagram, const uint8_t *bytes, size_t len);

#endif
