/* SPDX-License-Identifier: BSD-3-Clause */
/* daemon.h - background, pid file, privilege drop. */
#ifndef SYS_DAEMON_H
#define SYS_DAEMON_H

#include <limits.h>

#include "base/error.h"

/**
 * Become another user and group for good, supplementary groups included. Does nothing when the
 * process is not root.
 *
 * @param user, group  name or number; NULL = keep
 * @return NFGEO_OK, NFGEO_EINVAL for unknown names, NFGEO_EIO
 */
int privileges_drop(const char *user, const char *group, struct error *error);

enum daemon_role { DAEMON_PARENT, DAEMON_CHILD };

struct daemon {
	int ready_fd;	 /* the child tells its start's outcome here */
	int exit_status; /* in the parent: what to exit with */
};

/**
 * Go to the background: new session, not its leader. The parent waits until the child calls
 * daemon_ready() or ends, so that its exit status tells the truth; until then the child keeps
 * standard error for messages.
 *
 * @return enum daemon_role, or <0
 */
int daemon_fork(struct daemon *daemon, struct error *error);

/** The child is up: standard streams go to the null device, the parent ends with 0. */
void daemon_ready(struct daemon *daemon);

struct pidfile {
	char path[PATH_MAX]; /* "" = none */
};

/**
 * Write our process id. A file that names a live process is an error; a stale one is replaced.
 *
 * @param path  copied, made absolute
 */
int pidfile_create(struct pidfile *pidfile, const char *path, struct error *error);
void pidfile_remove(struct pidfile *pidfile);

/** Absolute form of a path that need not exist yet (its directory must). @param out PATH_MAX */
int path_absolute(const char *path, char *out, struct error *error);

#endif
