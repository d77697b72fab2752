/* SPDX-License-Identifier: BSD-3-Clause */
/* nfcapd_options.h - the command line of nfcapd, one row per option. */
#ifndef PROGRAMS_NFCAPD_OPTIONS_H
#define PROGRAMS_NFCAPD_OPTIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/address.h"
#include "base/error.h"
#include "collect/receive.h"
#include "collect/slotfile.h"
#include "nffile/compress.h"

/* -n, or exporter.IDENT of the configuration. */
struct exporter_option {
	char ident[IDENT_BYTES];
	struct address sender;
	char dir[PATH_MAX];
};

enum nfcapd_action { ACTION_COLLECT, ACTION_HELP, ACTION_VERSION, ACTION_WRONG };

/* Texts are borrowed from argv. */
struct nfcapd_options {
	enum nfcapd_action action;
	const char *dir, *dynamic_dir, *ident; /* -w, -M, -I */
	struct exporter_option *exporter;      /* owns */
	size_t exporter_count;
	const char *port, *host, *group; /* -p -b -J */
	bool ip4, ip6;
	int buffer_bytes;
	const char *repeater[REPEATERS_MAX];
	size_t repeater_count;
	int32_t interval_s, sampling;
	enum codec codec;
	int level;
	bool codec_given;
	unsigned layout;
	bool zone, expire;
	const char *command, *pid_file, *user, *unix_group;
	bool arrival_order, sync_cells, sketches;
	size_t cell_memory; /* for the open blocks of all sources; 0 = 64 MiB */
	const char *conf, *geodb;
	bool daemon;
	int verbose;
	int extra; /* arguments that are no option */
};

/**
 * Read the command line. Notices about accepted but unused options go to standard output.
 *
 * @return NFGEO_OK, or NFGEO_EINVAL with what is wrong; action is ACTION_WRONG for an unknown
 *         option, about which getopt has spoken already
 */
int nfcapd_options_parse(struct nfcapd_options *options, int argc, char **argv,
			 struct error *error);
void nfcapd_options_fini(struct nfcapd_options *options);

/** Add a source; dir is made absolute. */
int nfcapd_options_exporter(struct nfcapd_options *options, const char *ident, size_t ident_len,
			    const char *ip, const char *dir, struct error *error);

void nfcapd_options_help(FILE *out);

#endif
