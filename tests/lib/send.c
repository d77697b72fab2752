/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * send [--rate N] [--bind ADDR] [--split] [--repeat N] HOST PORT FILE... - send the datagrams of
 * files to a collector on this machine. Files: tests/lib/dgrams.h. Only to 127.0.0.0/8 and ::1.
 *
 * --rate N    datagrams per second; default 5000, 0 = as fast as it goes
 * --bind A    source address (127.0.0.2 plays another exporter)
 * --split     raw files hold several v5 or IPFIX datagrams run together
 * --repeat N  send everything N times
 *
 * Prints the number of datagrams. Exit status 1 when one could not be sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/dgrams.h"

struct sender {
	int socket;
	long rate, sent, refused;
	struct timespec start;
};

struct settings {
	const char *bind;
	long rate, repeat;
	bool split;
};

/* Where the clock must be before datagram `sent` may go. */
static void wait_for_turn(struct sender *sender)
{
	struct timespec due = sender->start;
	long long ns;

	if (sender->rate <= 0)
		return;
	ns = due.tv_nsec + sender->sent * (1000000000LL / sender->rate);
	due.tv_sec += ns / 1000000000LL;
	due.tv_nsec = ns % 1000000000LL;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
		;
}

/* A connected UDP socket reports the refusal of an earlier datagram; then send this one again. */
static void send_one(const uint8_t *bytes, size_t len, void *arg)
{
	struct sender *sender = arg;
	ssize_t rc;

	wait_for_turn(sender);
	rc = send(sender->socket, bytes, len, 0);
	if (rc < 0 && errno == ECONNREFUSED) {
		sender->refused++;
		rc = send(sender->socket, bytes, len, 0);
	}
	if (rc < 0 && errno != ECONNREFUSED) {
		perror("send");
		sender->refused++;
	}
	sender->sent++;
}

static bool address_of(const char *text, const char *port, struct sockaddr_storage *storage,
		       socklen_t *len)
{
	struct sockaddr_in *four = (struct sockaddr_in *)storage;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)storage;

	memset(storage, 0, sizeof(*storage));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)atoi(port));
		*len = sizeof(*four);
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	}
	if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)atoi(port));
		*len = sizeof(*six);
		return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
	}
	return false;
}

static int open_socket(const char *host, const char *port, const char *bind_to)
{
	struct sockaddr_storage to, from;
	socklen_t to_len, from_len;
	int fd;

	if (!address_of(host, port, &to, &to_len) ||
	    (bind_to && !address_of(bind_to, "0", &from, &from_len))) {
		fprintf(stderr, "send: only to and from 127.x.x.x or ::1\n");
		return -1;
	}
	fd = socket(to.ss_family, SOCK_DGRAM, 0);
	if (fd < 0 || (bind_to && bind(fd, (struct sockaddr *)&from, from_len) < 0) ||
	    connect(fd, (struct sockaddr *)&to, to_len) < 0) {
		perror("send");
		return -1;
	}
	return fd;
}

static bool parse(int argc, char **argv, struct settings *settings)
{
	static const struct option options[] = {
		{"rate", required_argument, NULL, 'r'}, {"bind", required_argument, NULL, 'b'},
		{"split", no_argument, NULL, 's'},	{"repeat", required_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'r')
			settings->rate = atol(optarg);
		else if (c == 'b')
			settings->bind = optarg;
		else if (c == 's')
			settings->split = true;
		else if (c == 'n')
			settings->repeat = atol(optarg);
		else
			return false;
	}
	return argc - optind >= 3;
}

int main(int argc, char **argv)
{
	struct settings settings = {.rate = 5000, .repeat = 1};
	struct sender sender = {0};

	if (!parse(argc, argv, &settings)) {
		fprintf(stderr, "usage: send [--rate N] [--bind ADDR] [--split] [--repeat N] "
				"HOST PORT FILE...\n");
		return 2;
	}
	sender.socket = open_socket(argv[optind], argv[optind + 1], settings.bind);
	if (sender.socket < 0)
		return 1;
	sender.rate = settings.rate;
	clock_gettime(CLOCK_MONOTONIC, &sender.start);
	for (long n = 0; n < settings.repeat; n++)
		for (int i = optind + 2; i < argc; i++)
			if (dgrams_each(argv[i], settings.split, send_one, &sender) < 0)
				return 1;
	printf("%ld datagrams sent, %ld refused\n", sender.sent, sender.refused);
	close(sender.socket);
	return sender.refused ? 1 : 0;
}
