/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * encode_tmpl.h - flow records -> NetFlow v9 or IPFIX. Each layout of records that comes gets a
 * template: its fields are those rows of flow/fields.def whose element is there and whose number,
 * by proto/ie.def, a decoder would put back into the same place. Countries are never sent.
 */
#ifndef PROTO_ENCODE_TMPL_H
#define PROTO_ENCODE_TMPL_H

#include "proto/encode.h"

struct tmpl_encoder;

/** @param version  9 or 10 @return NULL when out of memory */
struct tmpl_encoder *tmpl_encoder_new(unsigned version, const struct encode_sink *sink);
void tmpl_encoder_free(struct tmpl_encoder *encoder);

/**
 * Add a flow; sends the datagram before when that is full.
 * @param now_ms  for the header, and to repeat templates in time
 * @return enum encoded or the sink's error
 */
int tmpl_encode(struct tmpl_encoder *encoder, const struct record_view *view, uint64_t now_ms);

/** Send what is there. @return NFGEO_OK or the sink's error */
int tmpl_flush(struct tmpl_encoder *encoder);

#endif
