/* SPDX-License-Identifier: BSD-3-Clause */
/* nfdump_sinks.h - where a scan's flows go: printed, written to a file, or into several sinks. */
#ifndef PROGRAMS_NFDUMP_SINKS_H
#define PROGRAMS_NFDUMP_SINKS_H

#include "base/hash.h"
#include "nffile/writer.h"
#include "output/output.h"
#include "query/scan.h"

struct print_worker;

/* Flow lines on standard output, in the order of the files. */
struct print_sink {
	struct scan_sink sink;
	const struct output *output;
	bool started; /* something was printed: separators count from now on */
	struct print_worker *worker;
};

void print_sink_init(struct print_sink *print, const struct output *output);
void print_sink_fini(struct print_sink *print);

/** Print text on standard output. @return NFGEO_OK or NFGEO_EIO */
int print_text(struct text *text, struct error *error);

/** Print flows; the separator in front of the very first one is left out. */
int print_flows(struct print_sink *print, struct text *text, struct error *error);

struct write_worker;

/* Records to a file. */
struct write_sink {
	struct scan_sink sink;
	struct nffile_writer *writer; /* borrowed */
	struct block block;	      /* not written yet */
	struct hash seen;	      /* records that are no flows: each once */
	struct sysid_map *sysids;     /* exporters' numbers, input to output; owns */
	struct write_worker *worker;
	bool only_others; /* flows come by write_record() */
};

int write_sink_init(struct write_sink *write, struct nffile_writer *writer);
void write_sink_fini(struct write_sink *write);

/** Append one record; full blocks go to the file. */
int write_record(struct write_sink *write, const uint8_t *record, size_t len, struct error *error);
int write_flush(struct write_sink *write, struct error *error);

enum { TEE_MAX = 3 };

/* Each flow to several sinks. The first one may want the order of the files. */
struct tee_sink {
	struct scan_sink sink;
	struct scan_sink *to[TEE_MAX]; /* borrowed */
	unsigned count;
	struct tee_worker *worker;
};

void tee_sink_init(struct tee_sink *tee);
void tee_sink_add(struct tee_sink *tee, struct scan_sink *to);
void tee_sink_fini(struct tee_sink *tee);

#endif
