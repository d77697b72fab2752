/* SPDX-License-Identifier: BSD-3-Clause */
/* dump.h - decode datagrams in process and print every record, for comparisons. For tests only. */
#ifndef TESTS_LIB_DUMP_H
#define TESTS_LIB_DUMP_H

#include <stdio.h>

#include "base/address.h"
#include "flow/totals.h"
#include "proto/decoder.h"

/* A decoder with a sink that keeps all records in one growing block. */
struct dump {
	struct decoder *decoder; /* owns */
	struct sysid_counter sysids;
	struct block block; /* owns */
	struct flow_sink sink;
	struct address sender;
	uint64_t received_ms;
	struct decoder_counts counts; /* of the slot, after dump_finish() */
};

/** @return NFGEO_OK or NFGEO_ENOMEM */
int dump_init(struct dump *dump, const struct decoder_options *options);
void dump_fini(struct dump *dump);

/** Decode one datagram; fits dgrams_each(). */
void dump_datagram(const uint8_t *bytes, size_t len, void *dump);

/** End the slot: statistics record, counts. */
void dump_finish(struct dump *dump);

/** All records in the text form of the .records files; receive times as zeros. */
void dump_print(const struct dump *dump, FILE *out);

/** One line per flow: its elements in order and its fields by their JSON names, zeros left out;
 * other records as dump_print() does. */
void dump_print_named(const struct dump *dump, FILE *out);

/** The log line and the stat record as in the .records files. */
void dump_print_totals(const struct dump *dump, FILE *out);

#endif
