/* SPDX-License-Identifier: BSD-3-Clause */
/* text.h - a growing buffer of output text; one per worker, handed out a block at a time. */
#ifndef OUTPUT_TEXT_H
#define OUTPUT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct text {
	char *data; /* owns */
	size_t used, capacity;
	bool failed; /* out of memory; what came after is lost */
};

static inline void text_fini(struct text *text)
{
	free(text->data);
	*text = (struct text){0};
}

/** Room for `len` bytes at the end. NULL when out of memory. */
static inline char *text_reserve(struct text *text, size_t len)
{
	if (len > text->capacity - text->used) {
		size_t capacity = (text->capacity + len) * 2;
		char *data = realloc(text->data, capacity);

		if (!data) {
			text->failed = true;
			return NULL;
		}
		text->data = data;
		text->capacity = capacity;
	}
	return text->data + text->used;
}

/** What was written at the reserved place ends here. */
static inline void text_commit(struct text *text, const char *end)
{
	text->used = (size_t)(end - text->data);
}

static inline void text_add(struct text *text, const char *bytes, size_t len)
{
	char *at = text_reserve(text, len);

	if (at) {
		memcpy(at, bytes, len);
		text->used += len;
	}
}

static inline void text_string(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

#endif
