/* SPDX-License-Identifier: BSD-3-Clause */
/* log.h - levelled messages through one callback. The library logs, programs decide where to. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

typedef void log_function(enum log_level level, const char *line, void *arg);

/** Install the receiver of all messages; NULL = drop them (the default). Not thread safe: call
 * once, before threads start. The receiver must be thread safe. */
void log_to(log_function *function, void *arg);

/** Messages above this level are dropped before they are formatted. Default LOG_LEVEL_INFO. */
void log_limit(enum log_level level);

void log_message(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define log_error(...) log_message(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_message(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
