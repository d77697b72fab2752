/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h" /* _GNU_SOURCE, before all else */

#include "sys/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static bool parse_id(const char *text, unsigned *id)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*id = (unsigned)value;
	return *text >= '0' && *text <= '9' && !*end && value < UINT_MAX;
}

static int find_group(const char *name, gid_t *gid, struct error *error)
{
	const struct group *group = getgrnam(name);

	if (group)
		*gid = group->gr_gid;
	else if (!parse_id(name, gid))
		return error_set(error, NFGEO_EINVAL, "-g: group '%s' does not exist", name);
	return NFGEO_OK;
}

static int find_user(const char *name, uid_t *uid, gid_t *gid, struct error *error)
{
	const struct passwd *user = getpwnam(name);

	if (!user && parse_id(name, uid))
		user = getpwuid(*uid);
	else if (!user)
		return error_set(error, NFGEO_EINVAL, "-u: user '%s' does not exist", name);
	if (user) {
		*uid = user->pw_uid;
		*gid = user->pw_gid;
	}
	return NFGEO_OK;
}

int privileges_drop(const char *user, const char *group, struct error *error)
{
	uid_t uid = 0;
	gid_t gid = getgid();
	int status = NFGEO_OK;

	if ((!user && !group) || geteuid() != 0)
		return NFGEO_OK;
	if (user)
		status = find_user(user, &uid, &gid, error);
	if (status == NFGEO_OK && group)
		status = find_group(group, &gid, error);
	if (status != NFGEO_OK)
		return status;
	if (user && !parse_id(user, &(unsigned){0})) {
		if (initgroups(user, gid))
			return error_set_errno(error, "-u %s: cannot set its groups", user);
	} else if (setgroups(1, &gid)) {
		return error_set_errno(error, "cannot drop supplementary groups");
	}
	if (setgid(gid))
		return error_set_errno(error, "cannot become group %u", gid);
	if (user && setuid(uid))
		return error_set_errno(error, "cannot become user '%s'", user);
	if (user && uid && setuid(0) == 0)
		return error_set(error, NFGEO_EIO, "user '%s' could become root again", user);
	return NFGEO_OK;
}

/* The child writes one byte when it is up; it ends without one when its start failed. */
static int wait_for_child(int fd, pid_t session)
{
	char ready = 0;
	ssize_t got;

	while ((got = read(fd, &ready, 1)) < 0 && errno == EINTR)
		;
	close(fd);
	waitpid(session, NULL, 0);
	return got == 1 ? 0 : 1;
}

int daemon_fork(struct daemon *daemon, struct error *error)
{
	int pipe_fd[2];
	pid_t pid;

	if (pipe2(pipe_fd, O_CLOEXEC))
		return error_set_errno(error, "cannot go to the background");
	pid = fork();
	if (pid < 0) {
		close(pipe_fd[0]);
		close(pipe_fd[1]);
		return error_set_errno(error, "cannot go to the background");
	}
	if (pid > 0) {
		close(pipe_fd[1]);
		daemon->exit_status = wait_for_child(pipe_fd[0], pid);
		return DAEMON_PARENT;
	}
	close(pipe_fd[0]);
	setsid();
	/* Not the leader of the session: it can never get a controlling terminal again. */
	pid = fork();
	if (pid != 0)
		_exit(pid < 0);
	daemon->ready_fd = pipe_fd[1];
	return DAEMON_CHILD;
}

void daemon_ready(struct daemon *daemon)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	while (write(daemon->ready_fd, "", 1) < 0 && errno == EINTR)
		;
	close(daemon->ready_fd);
}

int path_absolute(const char *path, char *out, struct error *error)
{
	char cwd[PATH_MAX];
	int len;

	if (*path == '/')
		len = snprintf(out, PATH_MAX, "%s", path);
	else if (getcwd(cwd, sizeof(cwd)))
		len = snprintf(out, PATH_MAX, "%s/%s", cwd, path);
	else
		return error_set_errno(error, "cannot tell the working directory");
	if (len >= PATH_MAX)
		return error_set(error, NFGEO_EINVAL, "path is too long: '%.60s...'", path);
	return NFGEO_OK;
}

/* Process named by the file; 0 when there is none, or only rubbish. */
static pid_t pid_in_file(int fd)
{
	char text[24] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	return (pid_t)strtol(text, NULL, 10);
}

int pidfile_create(struct pidfile *pidfile, const char *path, struct error *error)
{
	char text[24];
	int fd, len, status = path_absolute(path, pidfile->path, error);
	pid_t other;

	if (status != NFGEO_OK)
		return status;
	fd = open(pidfile->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0) {
		status = error_set_errno(error, "-P: cannot write pid file '%s'", path);
		goto fail;
	}
	other = pid_in_file(fd);
	if (other > 0 && other != getpid() && (kill(other, 0) == 0 || errno == EPERM)) {
		status = error_set(error, NFGEO_EINVAL,
				   "-P: pid file '%s' names process %ld, which is running: stop it "
				   "first, or choose another file",
				   path, (long)other);
		goto fail;
	}
	len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)len, 0) != len) {
		status = error_set_errno(error, "-P: cannot write pid file '%s'", path);
		goto fail;
	}
	close(fd);
	return NFGEO_OK;
fail:
	if (fd >= 0)
		close(fd);
	pidfile->path[0] = '\0';
	return status;
}

void pidfile_remove(struct pidfile *pidfile)
{
	if (pidfile->path[0])
		unlink(pidfile->path);
	pidfile->path[0] = '\0';
}
