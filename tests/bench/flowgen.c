/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flowgen [-v 5|9|10] [-n flows] [-r flows/s] [-s seed] [-6 percent] [-q] {-o file | host port}
 *
 * Send made-up but plausible NetFlow to a collector, paced so that no socket buffer overflows, and
 * print what was sent. The same arguments give the same datagrams, but for the present time. With
 * -o they go to a file instead, each after its length as a big-endian 16-bit number.
 *
 * The mix: clients of a few networks talk to servers whose popularity follows Zipf's law over all
 * of public IPv4; 2/3 TCP, 30 % UDP (a third of it DNS), some ICMP; log-normal sizes.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/wire.h"

enum {
	SERVERS = 20000,
	DATAGRAM_BYTES = 1464,
	V5_RECORDS = 30,
	TEMPLATE_EVERY = 200, /* datagrams */
	TEMPLATE_V4 = 256,
	TEMPLATE_V6 = 257,
	TICK_US = 1000,
	UPTIME_MS = 86400000,
};

struct flow {
	bool ip6, inbound;
	uint32_t src, dst; /* the low part, for IPv6 too */
	uint16_t src_port, dst_port, input, output;
	uint8_t proto, flags, tos;
	uint32_t packets, bytes, start_ms, end_ms; /* before now */
};

struct generator {
	int version, ip6_percent;
	uint64_t random; /* state */
	uint32_t server[SERVERS];
	double weight[SERVERS]; /* cumulated */
	uint32_t sequence, datagrams;
	int socket;
	bool quiet;
	FILE *file;
};

/* --- random numbers: xorshift64* ---------------------------------------------------------------- */

static uint32_t draw(struct generator *gen)
{
	gen->random ^= gen->random >> 12;
	gen->random ^= gen->random << 25;
	gen->random ^= gen->random >> 27;
	return (uint32_t)(gen->random * 0x2545f4914f6cdd1du >> 32);
}

static uint32_t below(struct generator *gen, uint32_t limit)
{
	return (uint32_t)((uint64_t)draw(gen) * limit >> 32);
}

static double unit(struct generator *gen)
{
	return (draw(gen) + 1.0) / 4294967297.0;
}

static double normal(struct generator *gen)
{
	double radius = sqrt(-2 * log(unit(gen)));

	return radius * cos(6.283185307179586 * unit(gen));
}

static void make_servers(struct generator *gen)
{
	double sum = 0;

	for (int i = 0; i < SERVERS; i++) {
		uint32_t address;

		do
			address = draw(gen);
		while (address >> 24 == 0 || address >> 24 == 10 || address >> 24 == 127 ||
		       address >> 24 >= 224);
		gen->server[i] = address;
		sum += 1.0 / (i + 1);
		gen->weight[i] = sum;
	}
}

static uint32_t pick_server(struct generator *gen)
{
	double at = unit(gen) * gen->weight[SERVERS - 1];
	int low = 0, high = SERVERS - 1;

	while (low < high) {
		int middle = (low + high) / 2;

		if (gen->weight[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return gen->server[low];
}

/* --- flows -------------------------------------------------------------------------------------- */

static void make_flow(struct generator *gen, struct flow *flow)
{
	static const uint16_t tcp_port[] = {443, 443, 443, 443, 80, 80, 22, 25, 993, 8080};
	static const uint8_t tcp_flags[] = {0x1b, 0x1b, 0x1b, 0x1a, 0x12, 0x02, 0x14, 0x18};
	uint32_t client = 0xc1000000 | below(gen, 4) << 16 | below(gen, 5000), kind = below(gen, 100);
	uint32_t server = pick_server(gen), swap;
	uint16_t port = (uint16_t)(32768 + below(gen, 28000));
	double packets;

	*flow = (struct flow){.ip6 = below(gen, 100) < (uint32_t)gen->ip6_percent};
	flow->proto = kind < 66 ? 6 : kind < 96 ? 17 : flow->ip6 ? 58 : 1;
	flow->src = client;
	flow->dst = server;
	flow->src_port = port;
	flow->dst_port = flow->proto == 6    ? tcp_port[below(gen, 10)]
			 : flow->proto == 17 ? (uint16_t)(below(gen, 3) ? 443 : 53)
					     : (uint16_t)(below(gen, 2) * 0x800);
	flow->flags = flow->proto == 6 ? tcp_flags[below(gen, 8)] : 0;
	flow->tos = below(gen, 10) ? 0 : 0x28;
	flow->input = (uint16_t)(1 + below(gen, 4));
	flow->output = (uint16_t)(10 + below(gen, 2));
	if (below(gen, 2)) { /* the answer */
		flow->inbound = true;
		swap = flow->src, flow->src = flow->dst, flow->dst = swap;
		if (flow->proto == 6 || flow->proto == 17)
			swap = flow->src_port, flow->src_port = flow->dst_port,
			flow->dst_port = (uint16_t)swap;
		swap = flow->input, flow->input = flow->output, flow->output = (uint16_t)swap;
	}
	if (flow->proto == 1 || flow->proto == 58)
		flow->src_port = 0;
	packets = exp(1.5 + 1.7 * normal(gen));
	flow->packets = packets < 1 ? 1 : packets > 1e6 ? 1000000 : (uint32_t)packets;
	flow->bytes = (uint32_t)(flow->packets * (40 + exp(5.5 + normal(gen)) * 0.5));
	flow->end_ms = below(gen, 15000);
	flow->start_ms = flow->end_ms + below(gen, flow->packets > 3 ? 60000 : 200);
}

/* --- datagrams ---------------------------------------------------------------------------------- */

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int make_v5(struct generator *gen, struct wire_out *out, int wanted)
{
	int count = wanted < V5_RECORDS ? wanted : V5_RECORDS;
	uint64_t now = now_ms();

	wire_put_u16(out, 5);
	wire_put_u16(out, (uint16_t)count);
	wire_put_u32(out, UPTIME_MS);
	wire_put_u32(out, (uint32_t)(now / 1000));
	wire_put_u32(out, (uint32_t)(now % 1000 * 1000000));
	wire_put_u32(out, gen->sequence);
	wire_put_u32(out, 0);
	for (int i = 0; i < count; i++) {
		struct flow flow;

		make_flow(gen, &flow);
		wire_put_u32(out, flow.src);
		wire_put_u32(out, flow.dst);
		wire_put_u32(out, 0xc1000001);
		wire_put_u16(out, flow.input);
		wire_put_u16(out, flow.output);
		wire_put_u32(out, flow.packets);
		wire_put_u32(out, flow.bytes);
		wire_put_u32(out, UPTIME_MS - flow.start_ms);
		wire_put_u32(out, UPTIME_MS - flow.end_ms);
		wire_put_u16(out, flow.src_port);
		wire_put_u16(out, flow.dst_port);
		wire_put_u8(out, 0);
		wire_put_u8(out, flow.flags);
		wire_put_u8(out, flow.proto == 58 ? 1 : flow.proto);
		wire_put_u8(out, flow.tos);
		wire_put_u16(out, (uint16_t)(flow.src % 65000));
		wire_put_u16(out, (uint16_t)(flow.dst % 65000));
		wire_put_u8(out, 16);
		wire_put_u8(out, 24);
		wire_put_u16(out, 0);
	}
	gen->sequence += (uint32_t)count;
	return count;
}

/* Field and length; 0 ends. What routers send: Cisco's traditional v9 record, and the IPFIX one
 * with absolute times. Addresses come first. */
static const uint16_t v9_fields[][2] = {
	{12, 4}, {15, 4}, {10, 2}, {14, 2}, {2, 4},  {1, 4},  {22, 4}, {21, 4}, {7, 2},	 {11, 2},
	{6, 1},	 {4, 1},  {5, 1},  {16, 2}, {17, 2}, {9, 1},  {13, 1}, {61, 1}, {0, 0},
};
static const uint16_t ipfix_fields[][2] = {
	{12, 4}, {15, 4}, {10, 4}, {14, 4}, {2, 8},  {1, 8},  {152, 8}, {153, 8}, {7, 2}, {11, 2},
	{6, 1},	 {4, 1},  {5, 1},  {16, 4}, {17, 4}, {9, 1},  {13, 1},  {61, 1},  {0, 0},
};

static const uint16_t (*fields(const struct generator *gen))[2]
{
	return gen->version == 9 ? v9_fields : ipfix_fields;
}

static uint16_t field6(uint16_t field)
{
	return field == 8 ? 27 : field == 12 ? 28 : field == 15 ? 62 : field == 9 ? 29
	       : field == 13 ? 30 : field;
}

static void put_template(const struct generator *gen, struct wire_out *out, uint16_t id)
{
	const uint16_t (*field)[2] = fields(gen);
	bool ip6 = id == TEMPLATE_V6;
	uint16_t count = 1;

	while (field[count - 1][0])
		count++;
	wire_put_u16(out, id);
	wire_put_u16(out, count);
	wire_put_u16(out, ip6 ? 27 : 8);
	wire_put_u16(out, ip6 ? 16 : 4);
	for (; (*field)[0]; field++) {
		bool address = (*field)[0] == 12 || (*field)[0] == 15;

		wire_put_u16(out, ip6 ? field6((*field)[0]) : (*field)[0]);
		wire_put_u16(out, ip6 && address ? 16 : (*field)[1]);
	}
}

static void put_number(struct wire_out *out, uint64_t value, uint16_t len)
{
	while (len--)
		wire_put_u8(out, (uint8_t)(value >> (8 * len)));
}

static void put_address(struct wire_out *out, bool ip6, uint32_t number)
{
	if (ip6) {
		/* Some allocated space: 2a00::/12 and its like, a /32 by the high bits. */
		wire_put_u32(out, 0x20010000 + (number >> 12 & 0x0a00ffff));
		wire_put_u32(out, number & 0xffff);
		wire_put_u32(out, number * 2654435761u);
	}
	wire_put_u32(out, number);
}

static void put_record(struct generator *gen, struct wire_out *out, const struct flow *flow,
		       uint64_t now)
{
	put_address(out, flow->ip6, flow->src);
	for (const uint16_t (*field)[2] = fields(gen); (*field)[0]; field++) {
		uint64_t value = 0;

		switch ((*field)[0]) {
		case 12: put_address(out, flow->ip6, flow->dst); continue;
		case 15: put_address(out, flow->ip6, 0xc1000001); continue;
		case 10: value = flow->input; break;
		case 14: value = flow->output; break;
		case 2: value = flow->packets; break;
		case 1: value = flow->bytes; break;
		case 22: value = UPTIME_MS - flow->start_ms; break;
		case 21: value = UPTIME_MS - flow->end_ms; break;
		case 152: value = now - flow->start_ms; break;
		case 153: value = now - flow->end_ms; break;
		case 7: value = flow->src_port; break;
		case 11: value = flow->dst_port; break;
		case 6: value = flow->flags; break;
		case 4: value = flow->proto; break;
		case 5: value = flow->tos; break;
		case 16: value = flow->src % 65000; break;
		case 17: value = flow->dst % 65000; break;
		case 9: value = flow->ip6 ? 32 : 16; break;
		case 13: value = flow->ip6 ? 48 : 24; break;
		case 61: value = flow->inbound; break;
		default: break;
		}
		put_number(out, value, (*field)[1]);
	}
}

static size_t record_bytes(const struct generator *gen, bool ip6)
{
	size_t bytes = ip6 ? 16 : 4;

	for (const uint16_t (*field)[2] = fields(gen); (*field)[0]; field++)
		bytes += ip6 && ((*field)[0] == 12 || (*field)[0] == 15) ? 16 : (*field)[1];
	return bytes;
}

/* Records of one family stand together in one set, IPv4 first. */
static int make_template_based(struct generator *gen, struct wire_out *out, int wanted)
{
	bool v9 = gen->version == 9;
	uint8_t *start = out->at;
	uint64_t now = now_ms();
	struct flow flow[40];
	size_t need = 0;
	int count = 0;

	wire_put_u16(out, (uint16_t)gen->version);
	wire_put_u16(out, 0);
	if (v9)
		wire_put_u32(out, UPTIME_MS);
	wire_put_u32(out, (uint32_t)(now / 1000));
	wire_put_u32(out, gen->sequence);
	wire_put_u32(out, 1);
	if (gen->datagrams % TEMPLATE_EVERY == 0) {
		uint8_t *set = out->at;

		wire_put_u32(out, 0);
		put_template(gen, out, TEMPLATE_V4);
		put_template(gen, out, TEMPLATE_V6);
		set[1] = v9 ? 0 : 2;
		set[2] = (uint8_t)((out->at - set) >> 8);
		set[3] = (uint8_t)(out->at - set);
	}
	need = (size_t)(out->at - start) + 16;
	while (count < wanted && count < 40) {
		make_flow(gen, &flow[count]);
		need += record_bytes(gen, flow[count].ip6);
		if (need > DATAGRAM_BYTES)
			break;
		count++;
	}
	for (int ip6 = 0; ip6 < 2; ip6++) {
		uint8_t *set = out->at;
		int records = 0;

		wire_put_u32(out, (uint32_t)(ip6 ? TEMPLATE_V6 : TEMPLATE_V4) << 16);
		for (int i = 0; i < count; i++)
			if (flow[i].ip6 == ip6) {
				put_record(gen, out, &flow[i], now);
				records++;
			}
		if (!records) {
			out->at = set;
			continue;
		}
		set[2] = (uint8_t)((out->at - set) >> 8);
		set[3] = (uint8_t)(out->at - set);
	}
	start[2] = (uint8_t)((v9 ? count : out->at - start) >> 8);
	start[3] = (uint8_t)(v9 ? count : out->at - start);
	gen->sequence += v9 ? 1 : (uint32_t)count;
	return count;
}

/* --- sending ------------------------------------------------------------------------------------ */

static bool deliver(struct generator *gen, const uint8_t *bytes, size_t len)
{
	uint8_t prefix[2] = {(uint8_t)(len >> 8), (uint8_t)len};

	if (gen->file)
		return fwrite(prefix, 2, 1, gen->file) == 1 &&
		       fwrite(bytes, len, 1, gen->file) == 1;
	while (send(gen->socket, bytes, len, 0) < 0)
		if (errno != EINTR && errno != ENOBUFS && errno != ECONNREFUSED)
			return false;
	return true;
}

static int send_one(struct generator *gen, uint64_t left)
{
	uint8_t bytes[2048];
	struct wire_out out = wire_out_init(bytes, sizeof(bytes));
	int wanted = left < 1000 ? (int)left : 1000;
	int count = gen->version == 5 ? make_v5(gen, &out, wanted)
				      : make_template_based(gen, &out, wanted);

	gen->datagrams++;
	return deliver(gen, bytes, (size_t)(out.at - bytes)) ? count : -1;
}

static int run(struct generator *gen, uint64_t flows, uint64_t rate)
{
	struct timespec start, now;
	uint64_t sent = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (sent < flows) {
		uint64_t elapsed_us, due;

		clock_gettime(CLOCK_MONOTONIC, &now);
		elapsed_us = (uint64_t)(now.tv_sec - start.tv_sec) * 1000000 +
			     (uint64_t)(now.tv_nsec - start.tv_nsec) / 1000;
		due = gen->file ? flows : (elapsed_us + TICK_US) * rate / 1000000;
		while (sent < flows && sent < due) {
			int count = send_one(gen, flows - sent);

			if (count < 0)
				return -1;
			sent += (uint64_t)count;
		}
		if (sent < flows)
			usleep(TICK_US);
	}
	if (!gen->quiet)
		printf("%" PRIu64 " flows %" PRIu32 " datagrams\n", sent, gen->datagrams);
	return 0;
}

static int open_target(const char *host, const char *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *found;
	int fd;

	if (getaddrinfo(host, port, &hints, &found))
		return -1;
	fd = socket(found->ai_family, SOCK_DGRAM, 0);
	if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen)) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

int main(int argc, char **argv)
{
	static struct generator gen = {.version = 9, .random = 1, .socket = -1, .ip6_percent = 20};
	uint64_t flows = 100000, rate = 100000;
	const char *file = NULL;
	int option;

	while ((option = getopt(argc, argv, "v:n:r:s:6:o:q")) != -1) {
		uint64_t value = option == 'o' || option == 'q' || option == '?' ? 0 : strtoull(optarg, NULL, 10);

		switch (option) {
		case 'v': gen.version = (int)value; break;
		case 'n': flows = value; break;
		case 'r': rate = value; break;
		case 's': gen.random = value * 2 + 1; break;
		case '6': gen.ip6_percent = (int)value; break;
		case 'o': file = optarg; break;
		case 'q': gen.quiet = true; break;
		default: return 2;
		}
	}
	if ((gen.version != 5 && gen.version != 9 && gen.version != 10) ||
	    argc - optind != (file ? 0 : 2)) {
		fprintf(stderr, "usage: flowgen [-v 5|9|10] [-n flows] [-r flows/s] [-s seed] "
				"[-6 percent] {-o file | host port}\n");
		return 2;
	}
	if (gen.version == 5)
		gen.ip6_percent = 0;
	make_servers(&gen);
	if (file)
		gen.file = fopen(file, "wb");
	else
		gen.socket = open_target(argv[optind], argv[optind + 1]);
	if (!gen.file && gen.socket < 0) {
		perror(file ? file : argv[optind]);
		return 1;
	}
	if (run(&gen, flows, rate) || (gen.file && fclose(gen.file))) {
		perror("sending");
		return 1;
	}
	return 0;
}
