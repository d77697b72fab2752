/* SPDX-License-Identifier: BSD-3-Clause */
/* The TOML subset: text -> entries. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_store.h"

enum {
	VALUE_MAX = 4096,  /* longest text value, NUL included */
	SHOWN_BYTES = 40,  /* of a wrong word in a message */
};

struct parser {
	const char *at; /* in NUL-terminated text; borrowed */
	int line;
	struct conf *conf;
	struct error *error;
	char section[CONF_PATH_MAX]; /* "" before the first [section] */
};

#define fail(parser, ...) fail_at(parser, (parser)->line, __VA_ARGS__)

static int fail_at(struct parser *parser, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail_at(struct parser *parser, int line, const char *format, ...)
{
	char text[360];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(parser->error, NFGEO_EINVAL, "%.100s:%d: %s", parser->conf->name, line,
			 text);
}

static int out_of_memory(struct parser *parser)
{
	return error_set(parser->error, NFGEO_ENOMEM, "%.100s: out of memory", parser->conf->name);
}

/* Terminals must not be driven by a file: control characters are refused before anything else. */
static int check_characters(struct parser *parser, const char *text)
{
	int line = 1;

	for (const char *at = text; *at; at++) {
		unsigned char c = (unsigned char)*at;

		if (c == '\n')
			line++;
		else if ((c < ' ' && c != '\t' && !(c == '\r' && at[1] == '\n')) || c == 0x7f)
			return fail_at(parser, line, "control character 0x%02x", c);
	}
	return NFGEO_OK;
}

static void skip_blanks(struct parser *parser)
{
	while (*parser->at == ' ' || *parser->at == '\t')
		parser->at++;
}

static void skip_comment(struct parser *parser)
{
	skip_blanks(parser);
	if (*parser->at == '#')
		parser->at += strcspn(parser->at, "\r\n");
}

/* Blanks, comments and line ends. */
static void skip_space(struct parser *parser)
{
	for (;;) {
		skip_comment(parser);
		if (*parser->at == '\r')
			parser->at++;
		if (*parser->at != '\n')
			return;
		parser->at++;
		parser->line++;
	}
}

/* Length of the word at a place where something else was expected, for messages. */
static int shown(const char *at)
{
	size_t len = strcspn(at, " \t\r\n,]#");

	return (int)(len < SHOWN_BYTES ? len : SHOWN_BYTES);
}

static int end_of_line(struct parser *parser)
{
	skip_comment(parser);
	if (*parser->at == '\0' || *parser->at == '\n' || *parser->at == '\r')
		return NFGEO_OK;
	return fail(parser, "'%.*s' behind the value: one key = value per line", shown(parser->at),
		    parser->at);
}

/* Bytes of a code point in UTF-8. */
static size_t put_utf8(uint32_t point, char *out)
{
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (char)(0xc0 | point >> 6);
		out[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | point >> 12);
	out[1] = (char)(0x80 | (point >> 6 & 0x3f));
	out[2] = (char)(0x80 | (point & 0x3f));
	return 3;
}

/* \uXXXX behind the 'u'; no surrogates, no control characters. @return bytes written, 0 = wrong */
static size_t unicode_escape(const char *digits, char *out)
{
	uint32_t point = 0;

	for (int i = 0; i < 4; i++) {
		const char *hex = "0123456789abcdefABCDEF";
		const char *digit = digits[i] ? strchr(hex, digits[i]) : NULL;

		if (!digit)
			return 0;
		point = point << 4 | (uint32_t)(digit - hex < 16 ? digit - hex : digit - hex - 6);
	}
	if (point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0xd800 && point < 0xe000))
		return 0;
	return put_utf8(point, out);
}

/* An escape behind its backslash: moves the parser, writes up to 3 bytes. @return count, 0 = wrong */
static size_t escape(struct parser *parser, char *out)
{
	static const char from[] = "\"\\nt", to[] = "\"\\\n\t";
	const char *found = *parser->at ? strchr(from, *parser->at) : NULL;
	size_t count = 1;

	if (found) {
		*out = to[found - from];
		parser->at++;
		return 1;
	}
	if (*parser->at != 'u')
		return 0;
	count = unicode_escape(parser->at + 1, out);
	if (count)
		parser->at += 5;
	return count;
}

/* "text with \escapes" or 'text as it is'. */
static int parse_quoted(struct parser *parser, char *out, size_t capacity)
{
	char quote = *parser->at++;
	size_t used = 0;

	if (parser->at[0] == quote && parser->at[1] == quote)
		return fail(parser, "text over several lines is not supported here");
	while (*parser->at != quote) {
		if (*parser->at == '\0' || *parser->at == '\n' || *parser->at == '\r')
			return fail(parser, "the closing %c is missing", quote);
		if (used + 4 > capacity)
			return fail(parser, "text longer than %zu bytes", capacity - 4);
		if (quote == '"' && *parser->at == '\\') {
			size_t count;

			parser->at++;
			count = escape(parser, out + used);
			if (!count)
				return fail(parser, "unknown escape '\\%.*s': use \\\\ for a "
					    "backslash, or 'single quotes'",
					    *parser->at ? 1 : 0, parser->at);
			used += count;
		} else {
			out[used++] = *parser->at++;
		}
	}
	parser->at++;
	out[used] = '\0';
	return NFGEO_OK;
}

static bool is_key_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* One part of a dotted key, appended to out. */
static int parse_key_part(struct parser *parser, char *out, size_t capacity)
{
	size_t len = 0;

	if (*parser->at == '"' || *parser->at == '\'')
		return parse_quoted(parser, out, capacity);
	while (is_key_character(parser->at[len]))
		len++;
	if (len == 0)
		return fail(parser, "expected a key or [section], found '%.*s'",
			    shown(parser->at), parser->at);
	if (len >= capacity)
		return fail(parser, "key longer than %d bytes", CONF_PATH_MAX - 1);
	memcpy(out, parser->at, len);
	out[len] = '\0';
	parser->at += len;
	return NFGEO_OK;
}

/* part . part . part, joined by dots behind what `out` holds already. */
static int parse_key(struct parser *parser, char *out, size_t capacity)
{
	for (;;) {
		size_t used = strlen(out);
		int status;

		if (used + 6 > capacity)
			return fail(parser, "key longer than %d bytes", CONF_PATH_MAX - 6);
		if (used)
			out[used++] = '.';
		out[used] = '\0';
		status = parse_key_part(parser, out + used, capacity - used);
		if (status != NFGEO_OK)
			return status;
		skip_blanks(parser);
		if (*parser->at != '.')
			return NFGEO_OK;
		parser->at++;
		skip_blanks(parser);
	}
}

static int parse_section(struct parser *parser)
{
	int status;

	parser->at++;
	if (*parser->at == '[')
		return fail(parser, "[[tables]] are not supported: use [section]");
	skip_blanks(parser);
	parser->section[0] = '\0';
	status = parse_key(parser, parser->section, sizeof(parser->section));
	if (status != NFGEO_OK)
		return status;
	if (*parser->at != ']')
		return fail(parser, "the closing ] of [%s is missing", parser->section);
	parser->at++;
	return end_of_line(parser);
}

/* A number as strtod and strtoll take it; '_' between digits is dropped. */
static bool number_text(const char *word, size_t len, char *out, size_t capacity)
{
	size_t used = 0;
	char *end;

	if (len == 0 || len >= capacity || strspn(word, "+-0123456789") == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (word[i] != '_')
			out[used++] = word[i];
	out[used] = '\0';
	if (strpbrk(out, "nNpP") || !strpbrk(out, "0123456789"))
		return false; /* inf, nan, hexadecimal fractions */
	(void)strtod(out, &end);
	return *end == '\0';
}

/* A bare word: number, true or false. */
static int parse_word(struct parser *parser, char *out, size_t capacity, enum conf_kind *kind)
{
	size_t len = strcspn(parser->at, " \t\r\n,]#");

	if ((len == 4 && memcmp(parser->at, "true", 4) == 0) ||
	    (len == 5 && memcmp(parser->at, "false", 5) == 0)) {
		*kind = CONF_BOOL;
		memcpy(out, parser->at, len);
		out[len] = '\0';
	} else if (number_text(parser->at, len, out, capacity)) {
		*kind = CONF_NUMBER;
	} else if (len == 0) {
		return fail(parser, "a value is missing behind the =");
	} else if (*parser->at == '{') {
		return fail(parser, "{ tables } are not supported: use dotted keys");
	} else if (*parser->at == '[') {
		return fail(parser, "a list in a list is not supported");
	} else {
		return fail(parser, "'%.*s' is not a value: put text in \"quotes\"",
			    shown(parser->at), parser->at);
	}
	parser->at += len;
	return NFGEO_OK;
}

static int parse_scalar(struct parser *parser, struct conf_value **value)
{
	char text[VALUE_MAX];
	enum conf_kind kind = CONF_TEXT;
	int line = parser->line;
	bool quoted = *parser->at == '"' || *parser->at == '\'';
	int status = quoted ? parse_quoted(parser, text, sizeof(text))
			    : parse_word(parser, text, sizeof(text), &kind);

	if (status != NFGEO_OK)
		return status;
	*value = arena_alloc(&parser->conf->arena, sizeof(**value));
	if (!*value)
		return out_of_memory(parser);
	**value = (struct conf_value){.line = line, .kind = kind};
	(*value)->text = arena_strndup(&parser->conf->arena, text, strlen(text));
	return (*value)->text ? NFGEO_OK : out_of_memory(parser);
}

/* [ scalar, scalar, .. ], over several lines if wanted, a last comma allowed. */
static int parse_list(struct parser *parser, struct conf_value **first)
{
	int line = parser->line;

	for (parser->at++;; parser->at++) {
		int status;

		skip_space(parser);
		if (*parser->at == ']')
			break;
		if (*parser->at == '\0')
			return fail_at(parser, line, "the closing ] of this list is missing");
		status = parse_scalar(parser, first);
		if (status != NFGEO_OK)
			return status;
		first = &(*first)->next;
		skip_space(parser);
		if (*parser->at == ']')
			break;
		if (*parser->at != ',')
			return fail(parser, "expected , or ] in the list, found '%.*s'",
				    shown(parser->at), parser->at);
	}
	parser->at++;
	return NFGEO_OK;
}

static int parse_pair(struct parser *parser)
{
	struct conf_entry *entry = arena_alloc(&parser->conf->arena, sizeof(*entry)), *old;
	char path[CONF_PATH_MAX];
	int status;

	if (!entry)
		return out_of_memory(parser);
	entry->line = parser->line;
	snprintf(path, sizeof(path), "%s", parser->section);
	status = parse_key(parser, path, sizeof(path));
	if (status != NFGEO_OK)
		return status;
	entry->path = arena_strndup(&parser->conf->arena, path, strlen(path));
	if (!entry->path)
		return out_of_memory(parser);
	if (*parser->at != '=')
		return fail(parser, "expected = behind the key %s", path);
	parser->at++;
	skip_blanks(parser);
	if (*parser->at == '[') {
		entry->kind = CONF_LIST;
		status = parse_list(parser, &entry->value);
	} else {
		status = parse_scalar(parser, &entry->value);
		if (status == NFGEO_OK)
			entry->kind = entry->value->kind;
	}
	if (status != NFGEO_OK)
		return status;
	old = conf_insert(parser->conf, entry);
	if (old)
		return fail_at(parser, entry->line, "%s is set on line %d already", path,
			       old->line);
	return end_of_line(parser);
}

int conf_parse(struct conf **conf, const char *name, const char *text, struct error *error)
{
	struct parser parser = {.at = text, .line = 1, .error = error, .conf = conf_new(name)};
	int status;

	*conf = NULL;
	if (!parser.conf)
		return error_set(error, NFGEO_ENOMEM, "%s: out of memory", name);
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		parser.at += 3; /* byte order mark of some editors */
	status = check_characters(&parser, text);
	while (status == NFGEO_OK) {
		skip_space(&parser);
		if (!*parser.at)
			break;
		status = *parser.at == '[' ? parse_section(&parser) : parse_pair(&parser);
	}
	if (status != NFGEO_OK)
		conf_free(parser.conf);
	else
		*conf = parser.conf;
	return status;
}
