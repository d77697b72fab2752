/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/lib/dgrams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/wire.h"

struct content {
	uint8_t *bytes;
	size_t len;
};

struct walk {
	dgram_function *each;
	void *arg;
	long count;
};

static void emit(struct walk *walk, const uint8_t *bytes, size_t len)
{
	walk->each(bytes, len, walk->arg);
	walk->count++;
}

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && !memcmp(text + len - n, end, n);
}

static bool read_all(FILE *file, struct content *content)
{
	size_t room = 1 << 16, n;
	uint8_t *bytes = malloc(room);

	*content = (struct content){bytes, 0};
	while (content->bytes &&
	       (n = fread(content->bytes + content->len, 1, room - content->len, file)) > 0) {
		content->len += n;
		if (content->len < room)
			continue;
		room *= 2;
		bytes = realloc(content->bytes, room);
		if (!bytes)
			free(content->bytes);
		content->bytes = bytes;
	}
	return content->bytes != NULL;
}

static bool load(const char *path, bool zipped, struct content *content)
{
	FILE *file;
	bool good;

	if (zipped) {
		setenv("DGRAMS_FILE", path, 1);
		file = popen("exec zcat < \"$DGRAMS_FILE\"", "r");
	} else {
		file = fopen(path, "rb");
	}
	if (!file) {
		perror(path);
		return false;
	}
	good = read_all(file, content);
	if (zipped ? pclose(file) != 0 : fclose(file) != 0)
		good = false;
	if (!good)
		fprintf(stderr, "%s: cannot be read\n", path);
	return good;
}

static bool each_prefixed(struct wire wire, struct walk *walk)
{
	while (wire_left(&wire)) {
		size_t len = wire_u16(&wire);
		const uint8_t *bytes = wire_slice(&wire, len);

		if (wire.truncated)
			return false;
		emit(walk, bytes, len);
	}
	return true;
}

/* IPFIX messages by their length, v5 datagrams by their count; the rest as one. */
static void each_run_together(struct wire wire, struct walk *walk)
{
	while (wire_left(&wire) >= 4) {
		unsigned version = wire_get16(wire.at), number = wire_get16(wire.at + 2);
		size_t len = version == 5 ? 24 + 48 * (size_t)number : number;

		if ((version != 5 && version != 10) || len < 16 || len > wire_left(&wire))
			len = wire_left(&wire);
		emit(walk, wire_slice(&wire, len), len);
	}
}

static void ip_packet(struct wire wire, struct walk *walk)
{
	const uint8_t *ip = wire.at;
	unsigned version = wire_left(&wire) ? ip[0] >> 4 : 0;
	size_t len;

	if (version == 4 && wire_left(&wire) >= 20) {
		if (ip[9] != 17 || wire_get16(ip + 6) & 0x1fff)
			return;
		wire_skip(&wire, (size_t)(ip[0] & 15) * 4);
	} else if (version == 6 && wire_left(&wire) >= 40) {
		if (ip[6] != 17)
			return;
		wire_skip(&wire, 40);
	} else {
		return;
	}
	if (wire_left(&wire) < 8 || wire_get16(wire.at + 4) < 8)
		return;
	len = wire_get16(wire.at + 4) - 8;
	wire_skip(&wire, 8);
	if (wire_left(&wire) >= len)
		emit(walk, wire.at, len);
}

static void frame(struct wire wire, unsigned link_type, struct walk *walk)
{
	unsigned type;

	switch (link_type) {
	case 0: /* BSD loopback */
		wire_skip(&wire, 4);
		break;
	case 1: /* Ethernet, with VLAN tags */
		wire_skip(&wire, 12);
		type = wire_u16(&wire);
		while (type == 0x8100 || type == 0x88a8) {
			wire_skip(&wire, 2);
			type = wire_u16(&wire);
		}
		break;
	case 113: /* Linux cooked */
		wire_skip(&wire, 16);
		break;
	case 276: /* Linux cooked, version 2 */
		wire_skip(&wire, 20);
		break;
	default: /* raw IP: 12, 14, 101, 228, 229 */
		break;
	}
	ip_packet(wire, walk);
}

static uint32_t get32(const uint8_t *at, bool big)
{
	return big ? wire_get32(at) : bytes_get32(at);
}

static uint16_t get16(const uint8_t *at, bool big)
{
	return big ? wire_get16(at) : bytes_get16(at);
}

static bool each_pcap(struct wire wire, struct walk *walk)
{
	const uint8_t *header = wire_slice(&wire, 24);
	bool big;
	unsigned link_type;

	if (!header)
		return false;
	big = header[0] == 0xa1;
	link_type = get32(header + 20, big) & 0xffff;
	while (wire_left(&wire) >= 16) {
		const uint8_t *packet = wire_slice(&wire, 16);
		struct wire bytes = wire_sub(&wire, get32(packet + 8, big));

		if (bytes.truncated)
			return false;
		frame(bytes, link_type, walk);
	}
	return true;
}

/* Section header 0x0a0d0d0a, interface 1, simple packet 3, enhanced packet 6. */
static bool each_pcapng(struct wire wire, struct walk *walk)
{
	unsigned link_type[64] = {0}, interfaces = 0;
	bool big = false;

	while (wire_left(&wire) >= 12) {
		const uint8_t *block = wire.at;
		uint32_t type, len;

		if (wire_get32(block) == 0x0a0d0d0a) {
			big = wire_get32(block + 8) == 0x1a2b3c4d;
			interfaces = 0;
		}
		type = get32(block, big);
		len = get32(block + 4, big);
		if (len < 12 || len % 4 || !wire_slice(&wire, len))
			return false;
		if (type == 1 && len >= 20 && interfaces < 64)
			link_type[interfaces++] = get16(block + 8, big);
		if (type == 6 && len >= 32 && get32(block + 20, big) <= len - 32 &&
		    get32(block + 8, big) < interfaces)
			frame(wire_init(block + 28, get32(block + 20, big)),
			      link_type[get32(block + 8, big)], walk);
	}
	return true;
}

static bool each_capture(struct wire wire, struct walk *walk)
{
	bool next = wire_left(&wire) >= 4 && wire_get32(wire.at) == 0x0a0d0d0a;

	return next ? each_pcapng(wire, walk) : each_pcap(wire, walk);
}

long dgrams_each(const char *path, bool split, dgram_function *each, void *arg)
{
	struct walk walk = {each, arg, 0};
	size_t len = strlen(path);
	bool zipped = ends_with(path, len, ".gz"), good = true;
	struct content content;
	struct wire wire;

	if (!load(path, zipped, &content))
		return -1;
	len -= zipped ? 3 : 0;
	wire = wire_init(content.bytes, content.len);
	if (ends_with(path, len, ".dgrams"))
		good = each_prefixed(wire, &walk);
	else if (ends_with(path, len, ".pcap") || ends_with(path, len, ".pcapng") ||
		 ends_with(path, len, ".cap"))
		good = each_capture(wire, &walk);
	else if (ends_with(path, len, ".ipfix") || split)
		each_run_together(wire, &walk);
	else
		emit(&walk, content.bytes, content.len);
	free(content.bytes);
	if (!good)
		fprintf(stderr, "%s: ends inside a packet\n", path);
	return good ? walk.count : -1;
}
