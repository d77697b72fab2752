/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_open(struct signals *signals, struct error *error)
{
	sigset_t set;

	*signals = (struct signals){.fd = -1};
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error of write(), like a full disk */
	/* A parent may have left it ignored; then children would vanish unseen. */
	signal(SIGCHLD, SIG_DFL);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) == 0)
		signals->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals->fd < 0)
		return error_set_errno(error, "cannot watch for signals");
	return NFGEO_OK;
}

void signals_close(struct signals *signals)
{
	if (signals->fd >= 0)
		close(signals->fd);
	signals->fd = -1;
}

void signals_read(struct signals *signals)
{
	struct signalfd_siginfo info;

	while (read(signals->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			signals->reload = true;
		else if (info.ssi_signo == SIGCHLD)
			signals->child = true;
		else
			signals->stop = true;
	}
}

void signals_restore(void)
{
	sigset_t none;

	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
}
