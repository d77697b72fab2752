/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h" /* _GNU_SOURCE, before all else */

#include "collect/receive.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "collect/geo_watch.h"
#include "collect/pipeline.h"
#include "sys/signals.h"
#include "sys/udp.h"

enum {
	LAST_BATCHES = 1024, /* taken from the socket after TERM, at most */
	/* Waking up costs more than a datagram does. So let some gather in the socket, if its
	 * buffer holds many times what can come in this time. */
	GATHER_US = 2000,
	GATHER_BUFFER_BYTES = 1048576,
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One batch. @return datagrams taken */
static int take(const struct receive *receive, struct udp_batch *batch)
{
	const struct udp_datagram *datagrams;
	struct error error;
	int count = udp_receive(receive->socket, batch, &datagrams, &error);
	int64_t now = now_ms();

	if (count < 0)
		log_error("%s", error.text);
	pipeline_clock(receive->pipeline, now, count > 0);
	if (count <= 0)
		return 0;
	pipeline_kernel_drops(receive->pipeline, udp_kernel_drops(batch));
	pipeline_datagrams(receive->pipeline, datagrams, (size_t)count, now);
	for (size_t i = 0; i < receive->repeater_count; i++)
		udp_repeat(receive->repeater[i], datagrams, (size_t)count);
	return count;
}

static void act_on_signals(const struct receive *receive)
{
	struct signals *signals = receive->signals;

	signals_read(signals);
	if (signals->reload && receive->geo)
		geo_watch_reload(receive->geo);
	else if (signals->reload)
		log_info("HUP: there is no country database to reload");
	signals->reload = false;
}

static void loop(const struct receive *receive, struct udp_batch *batch)
{
	struct pollfd wait[] = {
		{.fd = receive->socket, .events = POLLIN},
		{.fd = receive->signals->fd, .events = POLLIN},
	};

	bool gather = udp_buffer_bytes(receive->socket) >= GATHER_BUFFER_BYTES;

	while (!receive->signals->stop) {
		int ready = poll(wait, 2, pipeline_wait_ms(receive->pipeline, now_ms()));
		int count;

		if (ready > 0 && wait[1].revents)
			act_on_signals(receive);
		count = take(receive, batch);
		if (gather && count > 0 && count < UDP_BATCH)
			usleep(GATHER_US);
	}
	for (int i = 0; i < LAST_BATCHES && take(receive, batch) > 0; i++)
		;
}

int receive_begin(const struct receive *receive, struct error *error)
{
	return pipeline_begin(receive->pipeline, now_ms(), error);
}

int receive_run(const struct receive *receive, struct error *error)
{
	struct udp_batch *batch = udp_batch_new();

	if (!batch)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	loop(receive, batch);
	pipeline_end(receive->pipeline);
	udp_batch_free(batch);
	return NFGEO_OK;
}
