/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h" /* _GNU_SOURCE, before all else */

#include "collect/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "collect/expire.h"
#include "sys/signals.h"

enum {
	MESSAGE_MAX = 3 * PATH_MAX,
	STOP_WAIT_MS = 5000, /* for the helper to start the last commands */
	HELPER_FD = 3,
};

struct launcher {
	int fd; /* one datagram per finished file: dir, file, time, seconds, ident; NUL-separated */
	pid_t pid;
};

/* --- replacing and splitting ------------------------------------------------------------------ */

static const char *placeholder(char letter, const struct launch_event *event, char *number)
{
	switch (letter) {
	case 'd':
		return event->dir;
	case 'f':
		return event->file;
	case 't':
		return event->time;
	case 'i':
		return event->ident;
	case 'u':
		snprintf(number, 24, "%lld", (long long)event->start_s);
		return number;
	default:
		return NULL;
	}
}

struct text_out {
	char *at, *end;
};

static bool put(struct text_out *out, const char *text, size_t len)
{
	if ((size_t)(out->end - out->at) < len)
		return false;
	memcpy(out->at, text, len);
	out->at += len;
	return true;
}

static bool put_word(struct text_out *out, const char *word, size_t len,
		     const struct launch_event *event)
{
	char number[24];

	for (size_t i = 0; i < len; i++) {
		const char *value = NULL;

		if (word[i] == '%' && i + 1 < len) {
			value = placeholder(word[i + 1], event, number);
			if (!value)
				log_warn("-x: unknown placeholder '%%%c' is left as it is",
					 word[i + 1]);
		}
		if (value) {
			i++;
			if (!put(out, value, strlen(value)))
				return false;
		} else if (!put(out, word + i, 1)) {
			return false;
		}
	}
	return put(out, "", 1);
}

int launch_expand(const char *command, const struct launch_event *event, char **words, char *text,
		  struct error *error)
{
	struct text_out out = {text, text + LAUNCH_TEXT_MAX};
	int count = 0;

	for (const char *at = command + strspn(command, " \t"); *at; at += strspn(at, " \t")) {
		size_t len = strcspn(at, " \t");

		if (count == LAUNCH_WORDS_MAX)
			return error_set(error, NFGEO_EINVAL, "-x: more than %d words",
					 LAUNCH_WORDS_MAX);
		words[count++] = out.at;
		if (!put_word(&out, at, len, event))
			return error_set(error, NFGEO_EINVAL,
					 "-x: the command is longer than %d bytes",
					 LAUNCH_TEXT_MAX);
		at += len;
	}
	words[count] = NULL;
	return count ? count : error_set(error, NFGEO_EINVAL, "-x: the command is empty");
}

/* --- the helper process ----------------------------------------------------------------------- */

static void run(const char *command, const struct launch_event *event)
{
	char *words[LAUNCH_WORDS_MAX + 1], text[LAUNCH_TEXT_MAX];
	struct error error;
	pid_t pid;

	if (launch_expand(command, event, words, text, &error) < 0) {
		log_error("%s", error.text);
		return;
	}
	pid = fork();
	if (pid < 0)
		log_error("-x: cannot start '%s': %s", words[0], strerror(errno));
	if (pid != 0)
		return;
	signals_restore();
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	execvp(words[0], words);
	log_error("-x: cannot run '%s': %s", words[0], strerror(errno));
	_exit(127);
}

static void expire(const char *dir)
{
	struct expire_result result;
	struct error error;

	if (expire_run(dir, time(NULL), &result, &error) != NFGEO_OK)
		log_error("%s", error.text);
	else if (result.file_count)
		log_info("Expired in '%s': %llu files, %llu bytes", dir,
			 (unsigned long long)result.file_count, (unsigned long long)result.bytes);
}

/* Without a wait: commands of different slots may overlap. */
static void reap(bool wait)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, wait ? 0 : WNOHANG)) > 0) {
		if (WIFSIGNALED(status))
			log_error("-x: process %ld was ended by signal %d", (long)pid,
				  WTERMSIG(status));
		else if (WEXITSTATUS(status))
			log_error("-x: process %ld ended with status %d", (long)pid,
				  WEXITSTATUS(status));
	}
}

/* The five texts of a message; false when it is not one of ours. */
static bool parse_message(const char *message, size_t len, struct launch_event *event)
{
	const char *text[5];
	size_t at = 0;

	for (size_t i = 0; i < 5; i++) {
		size_t text_len = strnlen(message + at, len - at);

		if (at + text_len >= len)
			return false;
		text[i] = message + at;
		at += text_len + 1;
	}
	*event = (struct launch_event){text[0], text[1], text[2], strtoll(text[3], NULL, 10),
				       text[4]};
	return true;
}

static void serve(int fd, const char *command, bool expires)
{
	char message[MESSAGE_MAX];
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	struct launch_event event;
	ssize_t len;

	for (;;) {
		reap(false);
		if (poll(&wait, 1, 1000) <= 0)
			continue;
		len = recv(fd, message, sizeof(message), 0);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return;
		if (!parse_message(message, (size_t)len, &event))
			continue;
		if (command)
			run(command, &event);
		if (expires)
			expire(event.dir);
	}
}

/* Keeps only the channel and the standard streams: the collector's port must be free as soon as
 * the collector is gone, however long a command runs. */
static _Noreturn void helper(int fd, const char *command, bool expires)
{
	closelog();
	if (fd != HELPER_FD)
		dup2(fd, HELPER_FD);
	close_range(HELPER_FD + 1, ~0u, 0);
	fcntl(HELPER_FD, F_SETFD, FD_CLOEXEC);
	/* The end of the channel ends the helper; signals to the process group are the
	 * collector's business. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	serve(HELPER_FD, command, expires);
	close(HELPER_FD);
	reap(true);
	_exit(0);
}

/* --- the collector's side --------------------------------------------------------------------- */

int launcher_start(struct launcher **launcher, const char *command, bool expires,
		   struct error *error)
{
	struct launch_event none = {"", "", "", 0, ""};
	char *words[LAUNCH_WORDS_MAX + 1], text[LAUNCH_TEXT_MAX];
	int fd[2];
	pid_t pid;

	if (command && launch_expand(command, &none, words, text, error) < 0)
		return NFGEO_EINVAL;
	*launcher = malloc(sizeof(**launcher));
	if (!*launcher)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd)) {
		free(*launcher);
		return error_set_errno(error, "cannot start the launcher");
	}
	pid = fork();
	if (pid == 0)
		helper(fd[1], command, expires);
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		free(*launcher);
		return error_set_errno(error, "cannot start the launcher");
	}
	**launcher = (struct launcher){fd[0], pid};
	return NFGEO_OK;
}

int launcher_send(struct launcher *launcher, const struct launch_event *event, struct error *error)
{
	char message[MESSAGE_MAX];
	int len = snprintf(message, sizeof(message), "%s%c%s%c%s%c%lld%c%s", event->dir, 0,
			   event->file, 0, event->time, 0, (long long)event->start_s, 0,
			   event->ident);

	if (len >= (int)sizeof(message))
		return error_set(error, NFGEO_EINVAL, "-x: path is too long: '%.60s...'",
				 event->dir);
	if (send(launcher->fd, message, (size_t)len + 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		if (errno == EPIPE || errno == ECONNRESET)
			return error_set(error, NFGEO_EIO,
					 "the launcher process died: no command for '%s/%s'",
					 event->dir, event->file);
		return error_set_errno(error, "-x: no command for '%s/%s'", event->dir,
				       event->file);
	}
	return NFGEO_OK;
}

void launcher_stop(struct launcher *launcher)
{
	struct pollfd wait;
	char byte;

	if (!launcher)
		return;
	/* It closes its end when everything it was asked for has been started. */
	shutdown(launcher->fd, SHUT_WR);
	wait = (struct pollfd){.fd = launcher->fd, .events = POLLIN};
	while (poll(&wait, 1, STOP_WAIT_MS) < 0 && errno == EINTR)
		;
	(void)!recv(launcher->fd, &byte, 1, MSG_DONTWAIT);
	close(launcher->fd);
	waitpid(launcher->pid, NULL, WNOHANG);
	free(launcher);
}
