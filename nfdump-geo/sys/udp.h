/* SPDX-License-Identifier: BSD-3-Clause */
/* udp.h - batched datagram receive and send. */
#ifndef SYS_UDP_H
#define SYS_UDP_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"

enum {
	UDP_BATCH = 64,		  /* most datagrams taken in one system call */
	UDP_DATAGRAM_MAX = 65535, /* bytes */
	UDP_BUFFER_BYTES = 4194304, /* wanted for the socket unless told otherwise */
};

struct udp_listen {
	const char *host;  /* name or address to bind to; NULL = any */
	const char *port;  /* number or service name */
	int family;	   /* AF_UNSPEC = IPv4 and IPv6 on one socket */
	int buffer_bytes;  /* receive buffer; 0 = UDP_BUFFER_BYTES; the system's is never made smaller */
	const char *group; /* multicast group to join, or NULL; not with host */
};

/** Open and bind a socket that does not block. @return NFGEO_OK and *fd, owned by the caller */
int udp_open(int *fd, const struct udp_listen *listen, struct error *error);

/** Receive buffer in force, bytes; 0 when unknown. */
int udp_buffer_bytes(int fd);

/** The local port, host order; 0 when unknown. */
uint16_t udp_port(int fd);

struct udp_datagram {
	const uint8_t *bytes; /* borrowed from the batch until the next receive */
	size_t len;
	struct address sender;
};

struct udp_batch;

/** NULL when out of memory. */
struct udp_batch *udp_batch_new(void);
void udp_batch_free(struct udp_batch *batch);

/**
 * Take what is there, at most UDP_BATCH datagrams; never waits.
 *
 * @param datagrams  borrowed from the batch
 * @return how many, 0 = none, <0 an error
 */
int udp_receive(int fd, struct udp_batch *batch, const struct udp_datagram **datagrams,
		struct error *error);

/** Datagrams the kernel dropped at this socket since it was opened (wraps at 2^32). */
uint32_t udp_kernel_drops(const struct udp_batch *batch);

/** A socket whose datagrams go to one address. */
int udp_connect(int *fd, const char *host, const char *port, struct error *error);

/** Send the datagrams last received to a connected socket. @return how many were not sent */
size_t udp_repeat(int fd, const struct udp_datagram *datagrams, size_t count);

#endif
