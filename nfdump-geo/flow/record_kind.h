/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * record_kind.h - which records of a block are flows, which are known to be none, and which may be
 * flows that were lost: a changed byte in a record's type must not make a flow disappear silently.
 */
#ifndef FLOW_RECORD_KIND_H
#define FLOW_RECORD_KIND_H

#include <stddef.h>
#include <stdint.h>

enum record_kind {
	RECORD_IS_FLOW,    /* type 11; record_view() says whether it is sound */
	RECORD_IS_SERVICE, /* exporter, sampler, names, padding: no flow, and shaped as its type says */
	RECORD_IS_FOREIGN, /* a flow in a form of other versions */
	RECORD_IS_UNKNOWN, /* nobody knows what it was */
};

/** @param record  its 4-byte header is complete and `len` is the size in it (block_next()) */
enum record_kind record_kind(const uint8_t *record, size_t len);

#endif
