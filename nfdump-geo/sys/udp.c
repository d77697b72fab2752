/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h" /* _GNU_SOURCE, before all else */

#include "sys/udp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* Distance of two datagrams in memory. A power of two would put the beginnings of all of
	 * them into the same few sets of the processor's caches. */
	UDP_STRIDE = UDP_DATAGRAM_MAX + 1 + 1600,
	UDP_CONTROL = 64, /* room for SO_RXQ_OVFL's counter */
};

struct udp_batch {
	struct mmsghdr message[UDP_BATCH];
	struct iovec part[UDP_BATCH];
	struct sockaddr_storage sender[UDP_BATCH];
	struct udp_datagram datagram[UDP_BATCH];
	_Alignas(struct cmsghdr) uint8_t control[UDP_BATCH][UDP_CONTROL];
	uint32_t kernel_drops;
	uint8_t *bytes; /* owns */
};

static int resolve(struct addrinfo **found, const char *host, const char *port, int family,
		   int flags, struct error *error)
{
	struct addrinfo hints = {
		.ai_family = family, .ai_socktype = SOCK_DGRAM, .ai_flags = flags};
	int status = getaddrinfo(host, port, &hints, found);

	if (status == 0)
		return NFGEO_OK;
	return error_set(error, NFGEO_EINVAL, "cannot resolve '%s' port '%s': %s",
			 host ? host : "any", port, gai_strerror(status));
}

/* Never below what the system gives: a small buffer only loses datagrams. As root the limit of
 * net.core.rmem_max does not apply. */
static void set_buffer(int fd, int wanted)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	/* The kernel reports twice what was asked for (socket(7)). */
	if (wanted <= 0 || getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len) ||
	    wanted <= bytes / 2)
		return;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof(wanted)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof(wanted));
}

static int join_group(int fd, const struct addrinfo *group)
{
	struct group_req request = {0};

	memcpy(&request.gr_group, group->ai_addr, group->ai_addrlen);
	return setsockopt(fd, group->ai_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP,
			  MCAST_JOIN_GROUP, &request, sizeof(request));
}

static int bind_one(const struct addrinfo *place, const struct udp_listen *listen, bool dual)
{
	int only6 = !dual, yes = 1;
	int fd = socket(place->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (place->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof(only6));
	if (listen->group)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &yes, sizeof(yes));
	set_buffer(fd, listen->buffer_bytes ? listen->buffer_bytes : UDP_BUFFER_BYTES);
	if (bind(fd, place->ai_addr, place->ai_addrlen) == 0 &&
	    (!listen->group || join_group(fd, place) == 0))
		return fd;
	yes = errno;
	close(fd);
	errno = yes;
	return -1;
}

int udp_open(int *fd, const struct udp_listen *listen, struct error *error)
{
	bool any = !listen->host && !listen->group;
	bool dual = any && listen->family == AF_UNSPEC;
	const char *host = listen->group ? listen->group : listen->host;
	struct addrinfo *found;
	int status;

	/* One IPv6 socket takes both families; without IPv6 in the kernel IPv4 alone must do. */
	for (int family = dual ? AF_INET6 : listen->family;; family = AF_INET) {
		status = resolve(&found, host, listen->port, family, AI_PASSIVE, error);
		*fd = -1;
		if (status == NFGEO_OK) {
			for (struct addrinfo *at = found; at && *fd < 0; at = at->ai_next)
				*fd = bind_one(at, listen, dual);
			freeaddrinfo(found);
		}
		if (*fd >= 0)
			return NFGEO_OK;
		if (!dual || family == AF_INET || errno == EADDRINUSE || errno == EACCES)
			break;
	}
	if (status != NFGEO_OK)
		return status;
	return error_set_errno(error, "cannot bind to '%s' UDP port %s", host ? host : "any",
			       listen->port);
}

int udp_buffer_bytes(int fd)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	return getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len) ? 0 : bytes;
}

uint16_t udp_port(int fd)
{
	struct sockaddr_storage name = {0};
	socklen_t len = sizeof(name);
	char port[8];

	if (getsockname(fd, (struct sockaddr *)&name, &len) ||
	    getnameinfo((struct sockaddr *)&name, len, NULL, 0, port, sizeof(port),
			NI_NUMERICSERV))
		return 0;
	return (uint16_t)strtoul(port, NULL, 10);
}

struct udp_batch *udp_batch_new(void)
{
	struct udp_batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return NULL;
	batch->bytes = malloc((size_t)UDP_BATCH * UDP_STRIDE);
	if (!batch->bytes) {
		free(batch);
		return NULL;
	}
	for (size_t i = 0; i < UDP_BATCH; i++) {
		struct msghdr *header = &batch->message[i].msg_hdr;

		batch->part[i].iov_base = batch->bytes + i * UDP_STRIDE;
		batch->datagram[i].bytes = batch->part[i].iov_base;
		header->msg_iov = &batch->part[i];
		header->msg_iovlen = 1;
		header->msg_name = &batch->sender[i];
		header->msg_control = batch->control[i];
	}
	return batch;
}

void udp_batch_free(struct udp_batch *batch)
{
	if (batch)
		free(batch->bytes);
	free(batch);
}

static void read_drops(struct udp_batch *batch, struct msghdr *header)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at; at = CMSG_NXTHDR(header, at))
		if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SO_RXQ_OVFL)
			memcpy(&batch->kernel_drops, CMSG_DATA(at), sizeof(uint32_t));
}

int udp_receive(int fd, struct udp_batch *batch, const struct udp_datagram **datagrams,
		struct error *error)
{
	int count;

	for (size_t i = 0; i < UDP_BATCH; i++) {
		batch->part[i].iov_len = UDP_DATAGRAM_MAX;
		batch->message[i].msg_hdr.msg_namelen = sizeof(batch->sender[i]);
		batch->message[i].msg_hdr.msg_controllen = UDP_CONTROL;
	}
	count = recvmmsg(fd, batch->message, UDP_BATCH, MSG_DONTWAIT, NULL);
	if (count < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
			return 0;
		return error_set_errno(error, "receiving datagrams");
	}
	for (int i = 0; i < count; i++) {
		batch->datagram[i].len = batch->message[i].msg_len;
		batch->datagram[i].sender =
			address_from_sockaddr((struct sockaddr *)&batch->sender[i]);
	}
	if (count)
		read_drops(batch, &batch->message[count - 1].msg_hdr);
	*datagrams = batch->datagram;
	return count;
}

uint32_t udp_kernel_drops(const struct udp_batch *batch)
{
	return batch->kernel_drops;
}

int udp_connect(int *fd, const char *host, const char *port, struct error *error)
{
	struct addrinfo *found;
	int status = resolve(&found, host, port, AF_UNSPEC, 0, error);

	if (status != NFGEO_OK)
		return status;
	*fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0 || connect(*fd, found->ai_addr, found->ai_addrlen)) {
		status = error_set_errno(error, "cannot send to '%s' UDP port %s", host, port);
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
	}
	freeaddrinfo(found);
	return status;
}

size_t udp_repeat(int fd, const struct udp_datagram *datagrams, size_t count)
{
	size_t lost = 0;

	for (size_t i = 0; i < count; i++)
		if (send(fd, datagrams[i].bytes, datagrams[i].len, MSG_DONTWAIT) < 0)
			lost++;
	return lost;
}
