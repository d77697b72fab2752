/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static log_function *receiver;
static void *receiver_arg;
static enum log_level limit = LOG_LEVEL_INFO;

void log_to(log_function *function, void *arg)
{
	receiver = function;
	receiver_arg = arg;
}

void log_limit(enum log_level level)
{
	limit = level;
}

void log_message(enum log_level level, const char *format, ...)
{
	char line[1024];
	va_list args;

	if (!receiver || level > limit)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	receiver(level, line, receiver_arg);
}
