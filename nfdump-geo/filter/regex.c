/* SPDX-License-Identifier: BSD-3-Clause */
#include "filter/regex.h"

#include <stdio.h>
#include <stdlib.h>

#include "config.h"

#ifdef HAVE_PCRE2

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
	MATCH_STEPS = 100000, /* of backtracking for one payload: nested repeats cannot hang a query */
	MATCH_HEAP_KIB = 1024,
};

struct regex {
	pcre2_code *code;
	pcre2_match_context *limits;
};

static const struct {
	char letter;
	uint32_t option;
} flag_table[] = {{'i', PCRE2_CASELESS}, {'m', PCRE2_MULTILINE}, {'s', PCRE2_DOTALL}};

static bool parse_flags(const char *flags, size_t len, uint32_t *options)
{
	*options = PCRE2_NEVER_BACKSLASH_C;
	for (size_t i = 0; i < len; i++) {
		uint32_t option = 0;

		for (size_t k = 0; k < sizeof(flag_table) / sizeof(*flag_table); k++)
			if (flag_table[k].letter == flags[i])
				option = flag_table[k].option;
		if (!option)
			return false;
		*options |= option;
	}
	return true;
}

struct regex *regex_new(const char *pattern, size_t len, const char *flags, size_t flags_len,
			char *reason, size_t capacity)
{
	struct regex *regex = calloc(1, sizeof(*regex));
	uint32_t options;
	PCRE2_SIZE offset;
	int error;

	if (!regex || !(regex->limits = pcre2_match_context_create(NULL))) {
		snprintf(reason, capacity, "out of memory");
		goto failed;
	}
	if (!parse_flags(flags, flags_len, &options)) {
		snprintf(reason, capacity, "flags are letters of 'ims'");
		goto failed;
	}
	regex->code = pcre2_compile((PCRE2_SPTR)pattern, len, options, &error, &offset, NULL);
	if (!regex->code) {
		pcre2_get_error_message(error, (PCRE2_UCHAR *)reason, capacity);
		goto failed;
	}
	pcre2_set_match_limit(regex->limits, MATCH_STEPS);
	pcre2_set_heap_limit(regex->limits, MATCH_HEAP_KIB);
	return regex;
failed:
	regex_free(regex);
	return NULL;
}

void regex_free(struct regex *regex)
{
	if (!regex)
		return;
	pcre2_code_free(regex->code);
	pcre2_match_context_free(regex->limits);
	free(regex);
}

/* The one test that allocates: PCRE2 wants room for a match, which threads cannot share. */
bool regex_match(const struct regex *regex, const uint8_t *bytes, size_t len)
{
	pcre2_match_data *match = pcre2_match_data_create(1, NULL);
	int found = -1;

	if (match)
		found = pcre2_match(regex->code, bytes, len, 0, 0, match, regex->limits);
	pcre2_match_data_free(match);
	return found >= 0;
}

#else

struct regex {
	int unused;
};

struct regex *regex_new(const char *pattern, size_t len, const char *flags, size_t flags_len,
			char *reason, size_t capacity)
{
	(void)pattern, (void)len, (void)flags, (void)flags_len;
	snprintf(reason, capacity, "this program was built without PCRE2");
	return NULL;
}

void regex_free(struct regex *regex)
{
	(void)regex;
}

bool regex_match(const struct regex *regex, const uint8_t *bytes, size_t len)
{
	(void)regex, (void)bytes, (void)len;
	return false;
}

#endif
