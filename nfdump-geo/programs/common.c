/* SPDX-License-Identifier: BSD-3-Clause */
#include "programs/common.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "include/nfgeo.h"

/* The release of nfdump that the stock-named programs stand in for. */
#define STOCK_VERSION "1.7.8"

/* One write per message, so that lines of several threads and processes do not mix. */
static void print_line(const char *program, const char *text)
{
	char line[1200];
	int len = snprintf(line, sizeof(line), "%s: %s\n", program, text);

	if (len < 0)
		return;
	if ((size_t)len >= sizeof(line)) {
		len = sizeof(line) - 1;
		line[len - 1] = '\n';
	}
	fwrite(line, 1, (size_t)len, stderr);
}

static void log_line(enum log_level level, const char *line, void *arg)
{
	(void)level;
	print_line(arg, line);
}

void common_log_stderr(const char *program, enum log_level limit)
{
	log_limit(limit);
	log_to(log_line, (void *)program);
}

void common_complain(const char *program, const char *format, ...)
{
	char text[1100];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_line(program, text);
}

void common_print_version(const char *program)
{
	printf("%s: Version: %s (nfdump-geo %s)\n", program, STOCK_VERSION, nfgeo_version());
}

bool common_work_name(const char *path, const char *who, char *work)
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash - path) + 1 : 0;

	return snprintf(work, PATH_MAX, "%.*snfcapd.current.%s.%ld", folder, path, who,
			(long)getpid()) < PATH_MAX;
}

int common_finish(const char *program, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno == EPIPE)
		return status; /* the reader had enough, as `head` does */
	common_complain(program, "cannot write the output: %s", strerror(errno));
	return EXIT_FAILED;
}

void common_date(uint64_t epoch_s, char text[DATE_TEXT])
{
	time_t time = (time_t)epoch_s;
	struct tm parts;

	if (!epoch_s || !gmtime_r(&time, &parts) ||
	    !strftime(text, DATE_TEXT, "%Y-%m-%d", &parts))
		snprintf(text, DATE_TEXT, "unknown date");
}

void common_json_text(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			putc('\\', out);
		if (c < ' ' || c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

volatile sig_atomic_t common_stopped;

static void stop(int signal)
{
	(void)signal;
	common_stopped = 1;
}

void common_catch_stop(void)
{
	struct sigaction action = {.sa_handler = stop};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}
