/* SPDX-License-Identifier: BSD-3-Clause */
/* regex.h - regular expressions of payload filters: PCRE2, where configure found it. */
#ifndef FILTER_REGEX_H
#define FILTER_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct regex;

/**
 * @param flags  letters of "ims", as in Perl
 * @param reason gets what is wrong, at least 128 bytes
 * @return NULL on error
 */
struct regex *regex_new(const char *pattern, size_t len, const char *flags, size_t flags_len,
			char *reason, size_t capacity);
void regex_free(struct regex *regex);

/** Is it found in the bytes? False also when PCRE2's match limit is reached. */
bool regex_match(const struct regex *regex, const uint8_t *bytes, size_t len);

#endif
