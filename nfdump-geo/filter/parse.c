/* SPDX-License-Identifier: BSD-3-Clause */
#include "filter/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "filter/grammar.h"

/* The scanner that flex makes; it has no header of its own. */
int filter_yylex_init_extra(struct parse *parse, yyscan_t *scanner);
int filter_yylex_destroy(yyscan_t scanner);
void filter_yypop_buffer_state(yyscan_t scanner);
struct yy_buffer_state *filter_yy_scan_bytes(const char *text, int len, yyscan_t scanner);

enum {
	SHOWN_TOKEN = 40, /* characters of a token in a message */
	SHOWN_LINE = 76,  /* of the line that is underlined */
};

/* Copy for a message: control characters and bytes above ASCII could garble a terminal. */
static void copy_printable(char *to, size_t capacity, const char *from, size_t len)
{
	size_t used = 0;

	for (; used < len && used + 1 < capacity; used++)
		to[used] = isprint((unsigned char)from[used]) ? from[used]
			   : from[used] == '\t'		      ? ' '
							      : '?';
	to[used] = '\0';
}

static unsigned line_of(const struct token *token)
{
	unsigned line = 1;

	for (const char *at = token->source->text; at < token->text; at++)
		line += *at == '\n';
	return line;
}

/* Append the line of `place`, at most SHOWN_LINE characters of it, and the underline. */
static void append_underline(char *text, size_t capacity, const struct token *place)
{
	const char *start = place->text, *end = place->text;
	const char *text_start = place->source->text, *text_end = text_start + place->source->len;
	char line[SHOWN_LINE + 1], mark[SHOWN_LINE + 2];
	size_t column, len, used = strlen(text);

	while (start > text_start && start[-1] != '\n' && place->text - start < SHOWN_LINE / 2)
		start--;
	while (end < text_end && *end != '\n' && end - start < SHOWN_LINE)
		end++;
	copy_printable(line, sizeof(line), start, (size_t)(end - start));
	column = (size_t)(place->text - start);
	len = place->len ? place->len : 1;
	if (column + len > SHOWN_LINE + 1)
		len = SHOWN_LINE + 1 - column;
	memset(mark, ' ', column);
	memset(mark + column, '^', len);
	mark[column + len < sizeof(mark) ? column + len : sizeof(mark) - 1] = '\0';
	snprintf(text + used, capacity - used, "\n  %s\n  %s", line, mark);
}

static int report(struct parse *parse, int code, const struct token *token,
		  const struct token *place, const char *format, va_list args)
{
	char reason[200], shown[SHOWN_TOKEN + 1], path[120];
	const char *name = token ? token->source->name : NULL;

	if (parse->result != NFGEO_OK)
		return parse->result;
	parse->result = code;
	if (!parse->error)
		return code;
	vsnprintf(reason, sizeof(reason), format, args);
	if (!token) /* about the file, not a place in it */
		return error_set(parse->error, code, "%s", reason);
	copy_printable(shown, sizeof(shown), token->text, token->len);
	if (name) {
		copy_printable(path, sizeof(path), name, strlen(name));
		error_set(parse->error, code, "File '%s' line %u: %s at '%s'", path, line_of(token),
			  reason, shown);
	} else {
		error_set(parse->error, code, "Line %u: %s at '%s'", line_of(token), reason, shown);
	}
	append_underline(parse->error->text, sizeof(parse->error->text), place);
	return code;
}

int parse_error(struct parse *parse, int code, const struct token *token, const char *format, ...)
{
	va_list args;
	int result;

	va_start(args, format);
	result = report(parse, code, token, token, format, args);
	va_end(args);
	return result;
}

int parse_error_at(struct parse *parse, int code, const struct token *token,
		   const struct token *place, const char *format, ...)
{
	va_list args;
	int result;

	va_start(args, format);
	result = report(parse, code, token, place, format, args);
	va_end(args);
	return result;
}

int parse_error_memory(struct parse *parse)
{
	if (parse->result == NFGEO_OK)
		parse->result = error_set(parse->error, NFGEO_ENOMEM,
					  "Out of memory while the filter was compiled");
	return parse->result;
}

int parse_error_syntax(struct parse *parse, const struct token *token)
{
	return parse_error(parse, NFGEO_EINVAL, token, "syntax error");
}

/* Whole file into the arena; sizes are not trusted, a pipe is a fine filter file. */
static char *read_all(struct parse *parse, FILE *file, size_t *len)
{
	size_t capacity = 4096, limit = FILTER_TEXT_MAX - parse->text_bytes;
	char *text = arena_alloc(parse->arena, capacity);

	*len = 0;
	while (text) {
		*len += fread(text + *len, 1, capacity - *len, file);
		if (*len < capacity || *len > limit)
			break;
		char *larger = arena_alloc(parse->arena, capacity * 2);

		if (larger)
			memcpy(larger, text, *len);
		text = larger;
		capacity *= 2;
	}
	return text;
}

struct source *parse_read_file(struct parse *parse, const char *path, const struct token *token)
{
	struct source *source = arena_alloc(parse->arena, sizeof(*source));
	FILE *file = NULL;
	char *text = NULL;
	size_t len = 0;

	if (parse->options->no_files) {
		parse_error(parse, NFGEO_EINVAL, token, "@include is not allowed here");
	} else if (parse->include_depth == INCLUDE_DEPTH_MAX) {
		parse_error(parse, NFGEO_ELIMIT, token, "More than %d nested @include",
			    INCLUDE_DEPTH_MAX);
	} else if (!(file = fopen(path, "r"))) {
		parse_error(parse, NFGEO_ENOTFOUND, token, "Can't read filter file '%.100s': %s",
			    path, strerror(errno));
	} else {
		text = read_all(parse, file, &len);
		if (text && ferror(file))
			parse_error(parse, NFGEO_ENOTFOUND, token, "Can't read filter file '%.100s': %s",
				    path, strerror(errno));
		else if (text && len > FILTER_TEXT_MAX - parse->text_bytes)
			parse_error(parse, NFGEO_ELIMIT, token, "Filter is longer than %d bytes",
				    FILTER_TEXT_MAX);
		fclose(file);
		if (!text)
			parse_error_memory(parse);
	}
	if (parse->result != NFGEO_OK)
		return NULL;
	parse->text_bytes += len;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
		text += 3;
		len -= 3;
	}
	if (source)
		*source = (struct source){arena_strndup(parse->arena, path, strlen(path)), text,
					  len};
	if (!source || !source->name)
		parse_error_memory(parse);
	return parse->result == NFGEO_OK ? source : NULL;
}

int parse_run(struct parse *parse, struct source *source)
{
	yyscan_t scanner;

	parse->source = source;
	parse->last = (struct token){source, source->text, 0};
	if (filter_yylex_init_extra(parse, &scanner) != 0)
		return parse_error_memory(parse);
	filter_yy_scan_bytes(source->text, (int)source->len, scanner);
	if (filter_yyparse(scanner, parse) != 0 && parse->result == NFGEO_OK)
		parse_error_memory(parse);
	for (; parse->include_depth; parse->include_depth--) /* flex frees only the innermost */
		filter_yypop_buffer_state(scanner);
	filter_yylex_destroy(scanner);
	return parse->result;
}
