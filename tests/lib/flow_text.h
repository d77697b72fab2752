/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flow_text.h - a flow record from one line of text: "src4_addr=10.0.0.1 dst_port=53 src_ctry=203".
 * For tests only.
 *
 * Names are those of the JSON output (flow/fields.def), and for fields without one
 * their symbol there ("NFVERSION"). Countries are numbers.
 */
#ifndef TESTS_LIB_FLOW_TEXT_H
#define TESTS_LIB_FLOW_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "filter/filter.h"

/**
 * @param text     "name=value ..."; also ident=TEXT, count=N and now=SRC,DST (countries as the
 *                 database has them today), which go to the context: the latter until the next call
 * @param record   room for the record
 * @param ident    room for the ident, 64 bytes; "" if there is none
 * @return size of the record, 0 and a message in *error when the text is wrong
 */
size_t flow_text_record(const char *text, uint8_t *record, size_t capacity, char *ident,
			struct filter_context *context, struct error *error);

#endif
