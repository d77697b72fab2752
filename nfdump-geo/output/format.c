/* SPDX-License-Identifier: BSD-3-Clause */
#include "output/format.h"

#include <ctype.h>
#include <stdio.h>

#include "output/emit.h"
#include "output/value.h"

enum {
	FLAG_0 = 0,
	FLAG_A = 1,
	FLAG_C = 2,
	FLAG_AC = 3,
	FLAG_N = 4,
	FLAG_V = 8,
	FLAG_M = 32, /* names of the file */
	FLAG_T = 64, /* today's countries */
	FLAG_W = 16, /* wide values under a header that is not: so does stock */
	LONG6_EXTRA = 23, /* an address column is that much wider with -6 */
	NEST_MAX = 8,	  /* formats inside formats */
	HEADER_MAX = 160,
	STEP_FIXED_BYTES = 160, /* no step without FLAG_V writes more than that plus its text */
};

struct token {
	const char *name, *header, *csv;
	emit_function *emit;
	uint8_t field, width, arg, flags;
};

static const struct token tokens[] = {
#define TOKEN(name, header, csv, emit, field, width, arg, flags)                                   \
	{name, header, csv, emit_##emit, FIELD_##field, width, arg, FLAG_##flags},
#include "output/tokens.def"
#undef TOKEN
};

/* Longest known token first, whatever follows: `%sasn` is not `%sas` + `n`, `%mpls10` is not
 * `%mpls1` + `0`, and `%sax` is an error, for a name ends where the letters end. */
static const struct token *token_find(const char *text, size_t *len)
{
	const struct token *best = NULL;
	size_t letters = 0;

	while (isalpha((unsigned char)text[letters]))
		letters++;
	*len = 0;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++) {
		size_t name_len = strlen(tokens[i].name);

		if (name_len > *len && name_len >= letters &&
		    strncmp(tokens[i].name, text, name_len) == 0) {
			best = &tokens[i];
			*len = name_len;
		}
	}
	return best;
}

/* What a compile grows. */
struct build {
	struct format *format;
	struct text header;
	const struct format_options *options;
	size_t capacity;
	format_finder *find;
	void *arg;
	struct error *error;
};

/* The key that %key1, .. prints; NULL when there is no such key, or another token. */
static const struct key_column *key_of(const struct build *build, const struct token *token)
{
	const struct row_keys *keys = build->options->keys;

	return token->emit == emit_key && keys && token->arg < keys->count ? &keys->column[token->arg]
									    : NULL;
}

/* Text above a column; of %key1, .. it is that of the key, right aligned over the values. */
static size_t put_header(const struct build *build, const struct token *token, char *at)
{
	const struct key_column *key = key_of(build, token);
	size_t len = strlen(key ? key->header : token->header);

	if (!key)
		return (size_t)(put_text(at, token->header, len) - at);
	return (size_t)(put_right(at, key->header, len, stat_kind_width(key->kind)) - at);
}

static struct step *add_step(struct build *build)
{
	struct format *format = build->format;

	if (format->count == build->capacity) {
		size_t capacity = build->capacity ? build->capacity * 2 : 32;
		struct step *grown = arena_alloc(&format->arena, capacity * sizeof(*grown));

		if (!grown)
			return NULL;
		if (format->count)
			memcpy(grown, format->step, format->count * sizeof(*grown));
		format->step = grown;
		build->capacity = capacity;
	}
	return &format->step[format->count++];
}

static int add_literal(struct build *build, const char *text, size_t len)
{
	struct step *step = add_step(build);
	char *blanks = text_reserve(&build->header, len);

	if (!step || !blanks)
		return error_set(build->error, NFGEO_ENOMEM, "out of memory");
	step->emit = emit_literal;
	step->text = arena_strndup(&build->format->arena, text, len);
	step->len = (uint16_t)len;
	if (!step->text)
		return error_set(build->error, NFGEO_ENOMEM, "out of memory");
	build->format->fixed_bytes += len;
	text_commit(&build->header, put_blanks(blanks, len));
	return NFGEO_OK;
}

static int add_token(struct build *build, const struct token *token)
{
	const struct field *field = &field_table[token->field];
	bool wide = build->options->long6 && token->flags & (FLAG_A | FLAG_W);
	const struct key_column *key = key_of(build, token);
	struct step *step;
	char header[HEADER_MAX];
	size_t header_len;

	if (token->emit == emit_key && !key)
		return error_set(build->error, NFGEO_EINVAL,
				 "Output format: there is no key for %%%s: -A has %u", token->name,
				 build->options->keys ? build->options->keys->count : 0);
	step = add_step(build);
	if (!step)
		return error_set(build->error, NFGEO_ENOMEM, "out of memory");
	header_len = put_header(build, token, header);
	*step = (struct step){
		.emit = token->emit,
		.width = (uint16_t)(token->width + (wide ? LONG6_EXTRA : 0)),
		.element = field->element,
		.offset = field->offset,
		.bytes = field->bytes,
		.arg = token->arg,
		.plain = build->options->plain,
		.long6 = build->options->long6,
		.tag = build->options->tag,
		.terminal = build->options->terminal,
		.key = key,
	};
	if (key)
		step->width = (uint16_t)header_len;
	if (token->emit == emit_blank)
		build->format->blank = token->name;
	if (token->emit == emit_as_name)
		build->format->as_name = token->name;
	build->format->fixed_bytes += STEP_FIXED_BYTES;
	build->format->variable += (token->flags & FLAG_V) != 0;
	build->format->fixed_bytes += token->flags & FLAG_M ? NAME_SHOWN_MAX : 0;
	build->format->needs_country |= (token->flags & FLAG_C) != 0;
	build->format->needs_number |= (token->flags & FLAG_N) != 0;
	build->format->needs_now |= (token->flags & FLAG_T) != 0;
	build->format->needs_names |= (token->flags & FLAG_M) != 0;
	if (wide && token->flags & FLAG_A) {
		char *blanks = text_reserve(&build->header, LONG6_EXTRA);

		if (blanks)
			text_commit(&build->header, put_blanks(blanks, LONG6_EXTRA));
	}
	text_add(&build->header, header, header_len);
	return NFGEO_OK;
}

static int compile(struct build *build, const char *text, unsigned depth)
{
	const char *rest = text;

	while (*rest) {
		size_t len = strcspn(rest, "%");
		const struct token *token;
		const char *inner = NULL;
		int status;

		if (len) {
			status = add_literal(build, rest, len);
			rest += len;
		} else if ((token = token_find(rest + 1, &len))) {
			status = add_token(build, token);
			rest += 1 + len;
		} else {
			for (len = 0; isalnum((unsigned char)rest[1 + len]) || rest[1 + len] == '_';)
				len++;
			if (build->find && len && depth < NEST_MAX)
				inner = build->find(rest + 1, len, build->arg);
			if (!inner)
				return error_set(build->error, NFGEO_EINVAL,
						 "Output format parse error at: %s", rest);
			status = compile(build, inner, depth + 1);
			rest += 1 + len;
		}
		if (status != NFGEO_OK)
			return status;
	}
	return NFGEO_OK;
}

/* Give the header to the format. */
static int finish(struct build *build, int status)
{
	struct format *format = build->format;

	if (status == NFGEO_OK && build->header.failed)
		status = error_set(build->error, NFGEO_ENOMEM, "out of memory");
	if (status == NFGEO_OK) {
		format->header_len = build->header.used;
		format->header = arena_strndup(&format->arena, build->header.data, build->header.used);
		if (!format->header)
			status = error_set(build->error, NFGEO_ENOMEM, "out of memory");
	}
	text_fini(&build->header);
	if (status != NFGEO_OK)
		format_fini(format);
	return status;
}

int format_compile(struct format *format, const char *text, const struct format_options *options,
		   format_finder *find, void *arg, struct error *error)
{
	struct build build = {.format = format,
			      .options = options,
			      .find = find,
			      .arg = arg,
			      .error = error};

	*format = (struct format){0};
	return finish(&build, compile(&build, text, 0));
}

/* One column; `%td` is in seconds and numbers are plain, as newer nfdump versions print them. */
static int add_column(struct build *build, const char *text, size_t len)
{
	size_t name_len = 0, header_used;
	const struct token *token = NULL;
	int status;

	if (!len)
		return error_set(build->error, NFGEO_EINVAL,
				 "csv: no column %s%s: name tokens as in csv:%%ts,%%sa,%%byt",
				 *text ? "before " : "at the end", text);
	if (len > 1 && *text == '%')
		token = token_find(text + 1, &name_len);
	if (!token || name_len != len - 1 || !*token->csv)
		return error_set(build->error, NFGEO_EINVAL, "Output format parse error at: %s", text);
	if (build->format->count) {
		status = add_literal(build, ",", 1);
		if (status != NFGEO_OK)
			return status;
		build->header.used--;
		text_string(&build->header, ",");
	}
	header_used = build->header.used;
	status = add_token(build, token);
	build->header.used = header_used;
	text_string(&build->header, key_of(build, token) ? key_of(build, token)->name : token->csv);
	return status;
}

int format_compile_csv(struct format *format, const char *text, const struct row_keys *keys,
		       struct error *error)
{
	struct format_options plain = {.plain = true, .long6 = true, .keys = keys};
	struct build build = {.format = format, .options = &plain, .error = error};
	int status = NFGEO_OK;

	*format = (struct format){.csv = true, .quotes = true};
	while (status == NFGEO_OK) {
		size_t len = strcspn(text, ",");

		status = add_column(&build, text, len);
		if (!text[len])
			break;
		text += len + 1;
	}
	return finish(&build, status);
}

static int add_cell(struct build *build, const char *text, size_t len, char end)
{
	size_t name_len = 0, header_used = build->header.used;
	const struct token *token = *text == '%' ? token_find(text + 1, &name_len) : NULL;
	const char *title;
	int status;

	if (!token || name_len != len - 1)
		return error_set(build->error, NFGEO_EINVAL, "Output format parse error at: %s", text);
	status = add_token(build, token);
	if (status == NFGEO_OK)
		status = add_literal(build, &end, 1);
	if (status != NFGEO_OK)
		return status;
	title = key_of(build, token) ? key_of(build, token)->header : token->header;
	title += strspn(title, " ");
	len = strlen(title);
	while (len && title[len - 1] == ' ')
		len--;
	build->header.used = header_used;
	text_add(&build->header, title, len);
	text_add(&build->header, &end, 1);
	return status;
}

int format_compile_columns(struct format *format, const char *text, char end,
			   const struct format_options *options, struct error *error)
{
	struct format_options whole = *options;
	struct build build = {.format = format, .options = &whole, .error = error};
	int status = NFGEO_OK;

	whole.long6 = true; /* columns are as wide as they must be */
	*format = (struct format){.csv = true};
	while (status == NFGEO_OK && *(text += strspn(text, ", "))) {
		size_t len = strcspn(text, ", ");

		status = add_cell(&build, text, len, end);
		text += len;
	}
	return finish(&build, status);
}

void format_fini(struct format *format)
{
	arena_fini(&format->arena);
	*format = (struct format){0};
}

/* Columns of csv: print as usual, then take the padding away. */
static char *trim(char *from, char *to)
{
	char *first = from;

	while (to > first && to[-1] == ' ')
		to--;
	while (first < to && *first == ' ')
		first++;
	memmove(from, first, (size_t)(to - first));
	return from + (to - first);
}

/* Names of organisations have commas. In quotes then, quotes in them twice (RFC 4180). */
static char *quote(char *from, char *to)
{
	char name[STEP_FIXED_BYTES];
	size_t len = (size_t)(to - from);

	if (!memchr(from, ',', len) && !memchr(from, '"', len))
		return to;
	memcpy(name, from, len);
	to = from;
	*to++ = '"';
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '"')
			*to++ = '"';
		*to++ = name[i];
	}
	*to++ = '"';
	return to;
}

void format_row(const struct format *format, struct text *text, const struct flow_row *row)
{
	/* a hex dump takes 5 bytes a byte; labels and names less */
	size_t most = format->fixed_bytes + 2 +
		      format->variable * (size_t)row->view->record_bytes * 6;
	char *at = text_reserve(text, most);

	if (!at)
		return;
	for (size_t i = 0; i < format->count; i++) {
		char *from = at;

		at = format->step[i].emit(at, &format->step[i], row);
		if (format->csv)
			at = trim(from, at);
		if (format->quotes && format->step[i].emit == emit_as_name)
			at = quote(from, at);
	}
	*at++ = '\n';
	text_commit(text, at);
}
