/* SPDX-License-Identifier: BSD-3-Clause */
#include "pcapfile.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	FILE_HEADER_BYTES = 24,
	PACKET_HEADER_BYTES = 16,
	PACKET_MAX_BYTES = 262144,
	LINK_ETHERNET = 1,
};
static const uint32_t magic_us = 0xa1b2c3d4, magic_ns = 0xa1b23c4d;

void packets_free(struct packets *packets)
{
	free(packets->list);
	*packets = (struct packets){0};
}

void packets_add(struct packets *packets, uint64_t time_us, const uint8_t *data, size_t bytes,
		 size_t wire_bytes)
{
	struct packet *packet;

	if (packets->count == packets->room) {
		packets->room = packets->room ? packets->room * 2 : 1024;
		packets->list = realloc(packets->list, packets->room * sizeof(*packets->list));
		if (!packets->list) {
			fprintf(stderr, "mkpcap: out of memory\n");
			exit(1);
		}
	}
	packet = &packets->list[packets->count++];
	packet->time_us = time_us;
	packet->wire_bytes = (uint32_t)wire_bytes;
	packet->bytes = (uint32_t)(bytes < SNAP_BYTES ? bytes : SNAP_BYTES);
	memcpy(packet->data, data, packet->bytes);
}

static uint32_t number(const uint8_t *at, bool swapped)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return swapped ? __builtin_bswap32(value) : value;
}

/* What the file header says: byte order and unit of the times. */
struct dialect {
	bool swapped, nanoseconds;
};

static int read_header(FILE *file, const char *path, struct dialect *dialect)
{
	uint8_t header[FILE_HEADER_BYTES];
	uint32_t magic;

	if (fread(header, 1, sizeof(header), file) != sizeof(header)) {
		fprintf(stderr, "mkpcap: %s: shorter than a pcap header\n", path);
		return -1;
	}
	magic = number(header, false);
	dialect->swapped = magic == __builtin_bswap32(magic_us) ||
			   magic == __builtin_bswap32(magic_ns);
	magic = number(header, dialect->swapped);
	dialect->nanoseconds = magic == magic_ns;
	if (magic != magic_us && magic != magic_ns) {
		fprintf(stderr, "mkpcap: %s: not a pcap file (magic 0x%08x)\n", path, magic);
		return -1;
	}
	if ((number(header + 20, dialect->swapped) & 0xffff) != LINK_ETHERNET) {
		fprintf(stderr, "mkpcap: %s: link type is not Ethernet\n", path);
		return -1;
	}
	return 0;
}

int packets_read(struct packets *packets, const char *path)
{
	static uint8_t data[PACKET_MAX_BYTES];
	uint8_t header[PACKET_HEADER_BYTES];
	struct dialect dialect;
	uint64_t before_us = 0, time_us = 0;
	size_t begin = packets->count;
	FILE *file = fopen(path, "rb");

	if (!file) {
		perror(path);
		return -1;
	}
	if (read_header(file, path, &dialect)) {
		fclose(file);
		return -1;
	}
	while (fread(header, 1, sizeof(header), file) == sizeof(header)) {
		uint32_t fraction = number(header + 4, dialect.swapped);
		uint32_t bytes = number(header + 8, dialect.swapped);
		uint64_t now_us = number(header, dialect.swapped) * UINT64_C(1000000) +
				  (dialect.nanoseconds ? fraction / 1000 : fraction);

		if (bytes > sizeof(data) || fread(data, 1, bytes, file) != bytes)
			break; /* a cut file: what came before is good */
		if (packets->count > begin && now_us > before_us)
			time_us += now_us - before_us < GAP_MAX_US ? now_us - before_us : GAP_MAX_US;
		before_us = now_us;
		packets_add(packets, time_us, data, bytes, number(header + 12, dialect.swapped));
	}
	fclose(file);
	return 0;
}

static int by_time(const void *a, const void *b)
{
	uint64_t first = ((const struct packet *)a)->time_us;
	uint64_t second = ((const struct packet *)b)->time_us;

	return (first > second) - (first < second);
}

int packets_write(struct packets *packets, const char *path)
{
	/* version 2.4, no zone, no accuracy, snap length, link type: all as this machine stores */
	const uint16_t version[2] = {2, 4};
	const uint32_t rest[4] = {0, 0, SNAP_BYTES, LINK_ETHERNET};
	struct timespec now;
	uint64_t shift_us;
	FILE *file = fopen(path, "wb");

	if (!file || !packets->count) {
		fprintf(stderr, "mkpcap: %s: %s\n", path, file ? "no packets" : "cannot write");
		if (file)
			fclose(file);
		return -1;
	}
	qsort(packets->list, packets->count, sizeof(*packets->list), by_time);
	clock_gettime(CLOCK_REALTIME, &now);
	shift_us = (uint64_t)now.tv_sec * 1000000 - packets->list[packets->count - 1].time_us;
	fwrite(&magic_us, sizeof(magic_us), 1, file);
	fwrite(version, sizeof(version), 1, file);
	fwrite(rest, sizeof(rest), 1, file);
	for (size_t i = 0; i < packets->count; i++) {
		const struct packet *packet = &packets->list[i];
		uint64_t time_us = packet->time_us + shift_us;
		uint32_t header[4] = {(uint32_t)(time_us / 1000000), (uint32_t)(time_us % 1000000),
				      packet->bytes, packet->wire_bytes};

		fwrite(header, sizeof(header), 1, file);
		fwrite(packet->data, 1, packet->bytes, file);
	}
	if (fclose(file)) {
		perror(path);
		return -1;
	}
	return 0;
}
