/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mkpcap.c - the capture of the demo: mkpcap OUT.pcap [IN.pcap...]
 *
 * With IN files: their packets in one file, moved to now. Without: a minute of made-up traffic
 * between research networks of 20 countries (web, DNS, mail, SSH, ping; IPv4 and IPv6), a private
 * network, and a SYN scan from a documentation address. The same packets every time.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "pcapfile.h"

enum {
	ETHERNET_BYTES = 14,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ICMP6 = 58,
	FIN = 1,
	SYN = 2,
	PUSH = 8,
	ACK = 16,
	CONVERSATIONS = 420,
	SCANNED_HOSTS = 160,
	CAPTURE_US = 55000000,
};

/* A network of each country, old and large enough to stay where it is; `weight` of the clients. */
static const struct place {
	const char *ip4, *ip6; /* ip6 NULL: IPv4 only */
	unsigned weight;
} places[] = {
	{"147.32.0.0", "2001:718:2::", 9},	/* CZ */
	{"128.30.0.0", "2001:468:100::", 7},	/* US */
	{"139.18.0.0", "2001:638:902::", 5},	/* DE */
	{"129.132.0.0", "2001:620::", 3},	/* CH */
	{"193.48.0.0", "2001:660:3000::", 4},	/* FR */
	{"130.88.0.0", "2001:630:d0::", 3},	/* GB */
	{"131.130.0.0", "2001:628:402::", 2},	/* AT */
	{"158.193.0.0", NULL, 2},		/* SK */
	{"152.66.0.0", "2001:738:2001::", 2},	/* HU */
	{"130.237.0.0", "2001:6b0:1::", 2},	/* SE */
	{"145.18.0.0", "2001:610:158::", 2},	/* NL */
	{"158.109.0.0", "2001:720:438::", 1},	/* ES */
	{"131.114.0.0", "2001:760:2e00::", 1},	/* IT */
	{"133.11.0.0", "2001:200:180::", 3},	/* JP */
	{"166.111.0.0", "2001:da8:200::", 2},	/* CN */
	{"147.46.0.0", NULL, 1},		/* KR */
	{"137.132.0.0", NULL, 1},		/* SG */
	{"150.203.0.0", "2001:388:1034::", 1},	/* AU */
	{"143.107.0.0", "2001:12d0::", 1},	/* BR */
	{"146.141.0.0", NULL, 1},		/* ZA */
	{"10.20.0.0", NULL, 2},			/* private: no country */
};

enum { PLACES = sizeof(places) / sizeof(places[0]) };

static const struct service {
	uint8_t proto;
	uint16_t port;
	unsigned weight, exchanges_max, answer_bytes;
} services[] = {
	{PROTO_TCP, 443, 10, 24, 1380}, {PROTO_UDP, 53, 8, 1, 180},   {PROTO_TCP, 80, 3, 10, 1200},
	{PROTO_UDP, 443, 4, 18, 1250},	{PROTO_TCP, 25, 2, 12, 300},  {PROTO_TCP, 22, 1, 20, 120},
	{PROTO_UDP, 123, 2, 2, 48},	{PROTO_ICMP, 0, 2, 4, 56},
};

enum { SERVICES = sizeof(services) / sizeof(services[0]) };

/* One side of a conversation. */
struct endpoint {
	uint8_t address[16];
	uint16_t port;
};

struct conversation {
	struct endpoint client, server;
	uint8_t proto;
	bool ip6;
};

/* xorshift: the demo is the same on every machine. */
static uint32_t random_below(uint32_t limit)
{
	static uint32_t state = 20260101;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % limit;
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* RFC 1071, over the IPv4 header alone. */
static uint16_t header_checksum(const uint8_t *header)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)(header[i] << 8 | header[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint8_t *put_ip4(uint8_t *at, const struct conversation *talk, const uint8_t *source,
			const uint8_t *destination, size_t payload)
{
	at[0] = 0x45;
	put16(at + 2, (unsigned)(20 + payload));
	at[8] = 57; /* hops left */
	at[9] = talk->proto;
	memcpy(at + 12, source, 4);
	memcpy(at + 16, destination, 4);
	put16(at + 10, header_checksum(at));
	return at + 20;
}

static uint8_t *put_ip6(uint8_t *at, const struct conversation *talk, const uint8_t *source,
			const uint8_t *destination, size_t payload)
{
	at[0] = 0x60;
	put16(at + 4, (unsigned)payload);
	at[6] = talk->proto == PROTO_ICMP ? PROTO_ICMP6 : talk->proto;
	at[7] = 57;
	memcpy(at + 8, source, 16);
	memcpy(at + 24, destination, 16);
	return at + 40;
}

static size_t put_transport(uint8_t *at, const struct conversation *talk, bool answer,
			    unsigned tcp_flags, size_t body)
{
	const struct endpoint *from = answer ? &talk->server : &talk->client;
	const struct endpoint *to = answer ? &talk->client : &talk->server;

	if (talk->proto == PROTO_ICMP) { /* echo request and reply of either version */
		at[0] = talk->ip6 ? (answer ? 129 : 128) : (answer ? 0 : 8);
		return 8;
	}
	put16(at, from->port);
	put16(at + 2, to->port);
	if (talk->proto == PROTO_UDP) {
		put16(at + 4, (unsigned)(8 + body));
		return 8;
	}
	at[12] = 0x50; /* 20 bytes of header */
	at[13] = (uint8_t)tcp_flags;
	put16(at + 14, 64240);
	return 20;
}

/* One packet; only its headers are kept, as captures with a short snap length do. */
static void send_packet(struct packets *packets, const struct conversation *talk, bool answer,
			unsigned tcp_flags, size_t body, uint64_t time_us)
{
	uint8_t frame[SNAP_BYTES] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	uint8_t *at = frame + ETHERNET_BYTES;
	const uint8_t *from = answer ? talk->server.address : talk->client.address;
	const uint8_t *to = answer ? talk->client.address : talk->server.address;
	size_t payload = body + (talk->proto == PROTO_TCP ? 20 : 8);

	put16(frame + 12, talk->ip6 ? 0x86dd : 0x0800);
	at = talk->ip6 ? put_ip6(at, talk, from, to, payload) : put_ip4(at, talk, from, to, payload);
	at += put_transport(at, talk, answer, tcp_flags, body);
	packets_add(packets, time_us, frame, (size_t)(at - frame),
		    ETHERNET_BYTES + (talk->ip6 ? 40 : 20) + payload);
}

static void choose_endpoint(struct endpoint *endpoint, const struct place *place, bool ip6)
{
	memset(endpoint->address, 0, sizeof(endpoint->address));
	inet_pton(ip6 ? AF_INET6 : AF_INET, ip6 ? place->ip6 : place->ip4, endpoint->address);
	endpoint->address[ip6 ? 15 : 3] = (uint8_t)(1 + random_below(12));
	endpoint->port = (uint16_t)(32768 + random_below(28000));
}

static const struct place *choose_place(void)
{
	unsigned total = 0, at;

	for (size_t i = 0; i < PLACES; i++)
		total += places[i].weight;
	at = random_below(total);
	for (size_t i = 0; i < PLACES; i++) {
		if (at < places[i].weight)
			return &places[i];
		at -= places[i].weight;
	}
	return places;
}

static const struct service *choose_service(void)
{
	unsigned total = 0, at;

	for (size_t i = 0; i < SERVICES; i++)
		total += services[i].weight;
	at = random_below(total);
	for (size_t i = 0; i < SERVICES; i++) {
		if (at < services[i].weight)
			return &services[i];
		at -= services[i].weight;
	}
	return services;
}

static void converse(struct packets *packets, const struct conversation *talk,
		     const struct service *service, uint64_t time_us)
{
	unsigned exchanges = 1 + random_below(service->exchanges_max);
	bool tcp = talk->proto == PROTO_TCP;

	if (tcp) {
		send_packet(packets, talk, false, SYN, 0, time_us);
		send_packet(packets, talk, true, SYN | ACK, 0, time_us += 15000);
		send_packet(packets, talk, false, ACK, 0, time_us += 15000);
	}
	for (unsigned i = 0; i < exchanges; i++) {
		time_us += 5000 + random_below(90000);
		send_packet(packets, talk, false, tcp ? PUSH | ACK : 0, 40 + random_below(60), time_us);
		time_us += 15000;
		send_packet(packets, talk, true, tcp ? PUSH | ACK : 0,
			    service->answer_bytes - random_below(service->answer_bytes / 3), time_us);
	}
	if (tcp) {
		send_packet(packets, talk, false, FIN | ACK, 0, time_us += 2000);
		send_packet(packets, talk, true, FIN | ACK, 0, time_us + 15000);
	}
}

static void make_conversations(struct packets *packets)
{
	for (int i = 0; i < CONVERSATIONS; i++) {
		const struct place *client = choose_place(), *server = choose_place();
		const struct service *service = choose_service();
		struct conversation talk = {.proto = service->proto};

		talk.ip6 = client->ip6 && server->ip6 && random_below(3) == 0;
		choose_endpoint(&talk.client, client, talk.ip6);
		choose_endpoint(&talk.server, server, talk.ip6);
		talk.server.port = service->port;
		converse(packets, &talk, service, random_below(CAPTURE_US));
	}
}

/* Port 445 of one host after the other; three of them answer with a reset. */
static void make_scan(struct packets *packets)
{
	struct conversation talk = {.proto = PROTO_TCP};

	inet_pton(AF_INET, "198.51.100.66", talk.client.address);
	inet_pton(AF_INET, "147.32.7.0", talk.server.address);
	talk.server.port = 445;
	for (int i = 1; i <= SCANNED_HOSTS; i++) {
		talk.server.address[3] = (uint8_t)i;
		talk.client.port = (uint16_t)(40000 + i);
		send_packet(packets, &talk, false, SYN, 0, 20000000 + (uint64_t)i * 25000);
		if (i % 60 == 0)
			send_packet(packets, &talk, true, 4 | ACK, 0, 20004000 + (uint64_t)i * 25000);
	}
}

int main(int argc, char **argv)
{
	struct packets packets = {0};
	int result = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: mkpcap OUT.pcap [IN.pcap...]\n");
		return 2;
	}
	for (int i = 2; i < argc && !result; i++)
		result = packets_read(&packets, argv[i]);
	if (argc == 2) {
		make_conversations(&packets);
		make_scan(&packets);
	}
	if (!result)
		result = packets_write(&packets, argv[1]);
	if (!result)
		printf("%zu packets\n", packets.count);
	packets_free(&packets);
	return result ? 1 : 0;
}
