/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcapfile.h - packets in memory, read from and written to pcap files (Ethernet only).
 *
 * What is read gets new times: they start at 0, and a silence longer than GAP_MAX_US shrinks to
 * that. So captures of different years become one that ends now.
 */
#ifndef DEMO_PCAPFILE_H
#define DEMO_PCAPFILE_H

#include <stddef.h>
#include <stdint.h>

enum { SNAP_BYTES = 128, GAP_MAX_US = 200000 };

struct packet {
	uint64_t time_us; /* since the start of the capture */
	uint32_t wire_bytes;
	uint32_t bytes;	 /* of them kept */
	uint8_t data[SNAP_BYTES];
};

struct packets {
	struct packet *list; /* owns */
	size_t count, room;
};

void packets_free(struct packets *packets);

/** Append a packet; `wire_bytes` is its length on the wire, of which `bytes` are given. */
void packets_add(struct packets *packets, uint64_t time_us, const uint8_t *data, size_t bytes,
		 size_t wire_bytes);

/** Append the packets of a pcap file. @return 0, or -1 with a message on standard error */
int packets_read(struct packets *packets, const char *path);

/** Write all in order of time, the last one at this moment. @return 0, or -1 with a message */
int packets_write(struct packets *packets, const char *path);

#endif
