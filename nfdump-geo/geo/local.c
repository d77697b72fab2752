/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/local.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sha256.h"
#include "geo/country.h"

enum {
	FILE_MAX_BYTES = 64 << 20,
	LINE_MAX_BYTES = 512, /* of a line, NUL included */
	SHOWN_BYTES = 40,     /* of a wrong word in a message */
};

struct local_nets {
	struct arena arena; /* owns site names */
	struct local_net *net;
	size_t count, capacity;
	uint8_t sha256[SHA256_BYTES];
};

/* One file being read. */
struct reading {
	struct local_nets *nets;
	const char *name;
	int line;
	size_t bad_count; /* geofeed: lines left out */
	int bad_line;	  /* the first of them, and why */
	char bad_text[160];
	struct error *error;
};

void local_free(struct local_nets *nets)
{
	if (!nets)
		return;
	arena_fini(&nets->arena);
	free(nets->net);
	free(nets);
}

static int out_of_memory(const struct reading *reading)
{
	return error_set(reading->error, NFGEO_ENOMEM, "%.200s: out of memory", reading->name);
}

static int add(struct reading *reading, const struct prefix *prefix, uint16_t code,
	       const char *site)
{
	struct local_nets *nets = reading->nets;

	if (nets->count == nets->capacity) {
		size_t capacity = nets->capacity ? 2 * nets->capacity : 64;
		struct local_net *net = reallocarray(nets->net, capacity, sizeof(*net));

		if (!net)
			return out_of_memory(reading);
		nets->net = net;
		nets->capacity = capacity;
	}
	site = *site ? arena_strndup(&nets->arena, site, strlen(site)) : "";
	if (!site)
		return out_of_memory(reading);
	nets->net[nets->count++] = (struct local_net){*prefix, code, reading->line, site};
	return NFGEO_OK;
}

/* The prefix of a line, with nothing set behind its bits. */
static int parse_prefix(const char *word, struct prefix *prefix, struct error *error)
{
	char right[PREFIX_TEXT], copy[PREFIX_TEXT];
	struct address written;
	size_t len = strcspn(word, "/");

	if (prefix_parse(word, prefix) != NFGEO_OK)
		return error_set(error, NFGEO_EINVAL,
				 "'%.*s' is no prefix: write ADDRESS/BITS, as in 192.0.2.0/24",
				 SHOWN_BYTES, word);
	memcpy(copy, word, len); /* fits: it parsed */
	copy[len] = '\0';
	if (address_parse(copy, &written) != NFGEO_OK ||
	    address_compare(&written, &prefix->address) == 0)
		return NFGEO_OK;
	prefix_print(prefix, right);
	return error_set(error, NFGEO_EINVAL,
			 "%s has bits set behind its first %u: the network is %s", word,
			 prefix->bits, right);
}

/* Letters, number or class word. */
static int parse_code(const char *word, uint16_t *code, struct error *error)
{
	size_t len = strlen(word);
	const struct country *country = country_by_letters(word, len);
	const char *successors = country_successors(word, len);

	if (country)
		*code = country->number;
	else if (len <= 3 && strspn(word, "0123456789") == len)
		*code = (uint16_t)strtoul(word, NULL, 10);
	else
		*code = country_class_by_word(word, len);
	if (*code)
		return NFGEO_OK;
	return error_set(error, NFGEO_EINVAL,
			 "unknown country '%.*s'%s%s: write letters (CZ), a number (203) or a "
			 "class (private)",
			 SHOWN_BYTES, word, successors ? " - did you mean " : "",
			 successors ? successors : "");
}

/* The next word of a line, ended by a NUL; "" at the end. Moves `at` behind it. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " \t");
	size_t len = strcspn(word, " \t");

	*at = word + len + (word[len] ? 1 : 0);
	word[len] = '\0';
	return word;
}

/* PREFIX COUNTRY [SITE NAME] */
static int local_line(struct reading *reading, char *line)
{
	struct error why;
	struct prefix prefix;
	uint16_t code;
	char *at = line, *word;

	line[strcspn(line, "#")] = '\0';
	word = next_word(&at);
	if (!*word)
		return NFGEO_OK;
	if (parse_prefix(word, &prefix, &why) != NFGEO_OK ||
	    parse_code(next_word(&at), &code, &why) != NFGEO_OK)
		return error_set(reading->error, NFGEO_EINVAL, "%.200s:%d: %s", reading->name,
				 reading->line, why.text);
	at += strspn(at, " \t");
	for (size_t len = strlen(at); len && (at[len - 1] == ' ' || at[len - 1] == '\t'); len--)
		at[len - 1] = '\0';
	return add(reading, &prefix, code, at);
}

static void count_bad(struct reading *reading, int line, const char *why)
{
	if (reading->bad_count++)
		return;
	reading->bad_line = line;
	snprintf(reading->bad_text, sizeof(reading->bad_text), "%.159s", why);
}

/* The next field of a comma-separated line, quotes and blanks around it removed. */
static char *next_field(char **at)
{
	char *field = *at + strspn(*at, " \t\"");
	size_t len = strcspn(field, ",");

	*at = field + len + (field[len] ? 1 : 0);
	field[len] = '\0';
	while (len && strchr(" \t\"", field[len - 1]))
		field[--len] = '\0';
	return field;
}

/* RFC 8805 section 2.1: prefix, alpha-2 code, region, city, postal code. */
static int geofeed_line(struct reading *reading, char *line)
{
	const struct country *country;
	struct error why = {0};
	struct prefix prefix;
	char *at = line, *field = next_field(&at), *letters = next_field(&at);

	if (!*field || *field == '#')
		return NFGEO_OK;
	country = strlen(letters) == 2 ? country_by_letters(letters, 2) : NULL;
	if (parse_prefix(field, &prefix, &why) != NFGEO_OK) {
		count_bad(reading, reading->line, why.text);
	} else if (!country && *letters && strcmp(letters, "ZZ") != 0) {
		error_set(&why, NFGEO_EINVAL, "unknown country '%.*s'", SHOWN_BYTES, letters);
		count_bad(reading, reading->line, why.text);
	} else if (country) {
		return add(reading, &prefix, country->number, "");
	}
	return NFGEO_OK; /* without a country: "do not locate this", section 2.1.1.2 */
}

static int compare_nets(const void *left, const void *right)
{
	const struct local_net *a = left, *b = right;
	int order = address_compare(&a->prefix.address, &b->prefix.address);

	if (order == 0)
		order = a->prefix.bits - b->prefix.bits;
	return order ? order : a->line - b->line;
}

static bool same_prefix(const struct local_net *a, const struct local_net *b)
{
	return a->prefix.bits == b->prefix.bits &&
	       address_compare(&a->prefix.address, &b->prefix.address) == 0;
}

static int refuse_contradictions(const struct reading *reading)
{
	const struct local_nets *nets = reading->nets;

	for (size_t i = 1; i < nets->count; i++) {
		const struct local_net *a = &nets->net[i - 1], *b = &nets->net[i];
		char text[PREFIX_TEXT];

		if (!same_prefix(a, b) || a->code == b->code)
			continue;
		prefix_print(&b->prefix, text);
		return error_set(reading->error, NFGEO_EINVAL,
				 "%.200s:%d: %s contradicts line %d: one prefix, two countries",
				 reading->name, b->line, text, a->line);
	}
	return NFGEO_OK;
}

/* Nobody can tell which of two answers for one prefix is meant: leave out all of them. */
static void drop_contradictions(struct reading *reading)
{
	struct local_nets *nets = reading->nets;
	size_t used = 0, next;

	for (size_t i = 0; i < nets->count; i = next) {
		bool contradicts = false;

		for (next = i + 1; next < nets->count; next++) {
			if (!same_prefix(&nets->net[i], &nets->net[next]))
				break;
			contradicts |= nets->net[i].code != nets->net[next].code;
		}
		if (contradicts)
			count_bad(reading, nets->net[next - 1].line, "one prefix, two countries");
		else
			nets->net[used++] = nets->net[i];
	}
	nets->count = used;
}

/* Lines of printable text: a site name is shown on terminals. */
static int check_line(const struct reading *reading, const char *line, size_t len)
{
	if (len >= LINE_MAX_BYTES)
		return error_set(reading->error, NFGEO_EINVAL, "%.200s:%d: longer than %d bytes",
				 reading->name, reading->line, LINE_MAX_BYTES - 1);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return error_set(reading->error, NFGEO_EINVAL,
					 "%.200s:%d: control character 0x%02x: is this a text "
					 "file?", reading->name, reading->line, c);
	}
	return NFGEO_OK;
}

static int each_line(struct reading *reading, const char *text, size_t len,
		     int (*take)(struct reading *reading, char *line))
{
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line_len = (size_t)((newline ? newline : end) - text);
		size_t used = line_len && text[line_len - 1] == '\r' ? line_len - 1 : line_len;
		char line[LINE_MAX_BYTES];
		int status;

		reading->line++;
		status = check_line(reading, text, used);
		if (status != NFGEO_OK)
			return status;
		memcpy(line, text, used);
		line[used] = '\0';
		status = take(reading, line);
		if (status != NFGEO_OK)
			return status;
		text += line_len + (newline ? 1 : 0);
	}
	return NFGEO_OK;
}

static int parse(struct local_nets **nets, const char *name, const char *text, size_t len,
		 int (*take)(struct reading *reading, char *line), struct reading *reading)
{
	int status;

	*nets = NULL;
	reading->name = name;
	reading->nets = calloc(1, sizeof(*reading->nets));
	if (!reading->nets)
		return out_of_memory(reading);
	sha256(text, len, reading->nets->sha256);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3; /* byte order mark */
		len -= 3;
	}
	status = each_line(reading, text, len, take);
	if (status == NFGEO_OK && reading->nets->count)
		qsort(reading->nets->net, reading->nets->count, sizeof(*reading->nets->net),
		      compare_nets);
	return status;
}

/* Hand over the list, or drop it. */
static int finish(const struct reading *reading, int status, struct local_nets **nets)
{
	if (status == NFGEO_OK)
		*nets = reading->nets;
	else
		local_free(reading->nets);
	return status;
}

int local_parse(struct local_nets **nets, const char *name, const char *text, size_t len,
		struct error *error)
{
	struct reading reading = {.error = error};
	int status = parse(nets, name, text, len, local_line, &reading);

	if (status == NFGEO_OK)
		status = refuse_contradictions(&reading);
	return finish(&reading, status, nets);
}

int geofeed_parse(struct local_nets **nets, const char *name, const char *text, size_t len,
		  struct error *error)
{
	struct reading reading = {.error = error};
	int status = parse(nets, name, text, len, geofeed_line, &reading);

	if (status == NFGEO_OK)
		drop_contradictions(&reading);
	if (status == NFGEO_OK && !reading.nets->count && reading.bad_count)
		status = error_set(error, NFGEO_EINVAL,
				   "%.200s:%d: %s; no line of this file is one of a geofeed", name,
				   reading.bad_line, reading.bad_text);
	else if (status == NFGEO_OK && reading.bad_count)
		log_warn("%s: %zu lines left out, the first is line %d: %s", name,
			 reading.bad_count, reading.bad_line, reading.bad_text);
	return finish(&reading, status, nets);
}

typedef int parse_function(struct local_nets **nets, const char *name, const char *text,
			   size_t len, struct error *error);

static int load(struct local_nets **nets, const char *path, const char *what,
		parse_function *function, struct error *error)
{
	struct file_bytes file;
	struct error why = {0};
	int status = file_read(path, &file, &why);

	*nets = NULL;
	if (status != NFGEO_OK)
		return error_set(error, status, "cannot read the %s: %s", what, why.text);
	if (file.len > FILE_MAX_BYTES)
		status = error_set(error, NFGEO_ELIMIT, "%s: larger than %d MiB: no %s", path,
				   FILE_MAX_BYTES >> 20, what);
	else
		status = function(nets, path, (const char *)file.bytes, file.len, error);
	file_bytes_fini(&file);
	return status;
}

int local_load(struct local_nets **nets, const char *path, struct error *error)
{
	return load(nets, path, "local networks", local_parse, error);
}

int geofeed_load(struct local_nets **nets, const char *path, struct error *error)
{
	return load(nets, path, "geofeed", geofeed_parse, error);
}

int local_apply(const struct local_nets *nets, enum geo_layer layer, struct geo_builder *builder)
{
	for (size_t i = 0; i < nets->count; i++) {
		int status = geo_builder_prefix(builder, layer, &nets->net[i].prefix,
						nets->net[i].code);

		if (status != NFGEO_OK)
			return status;
	}
	return NFGEO_OK;
}

const struct local_net *local_find(const struct local_nets *nets, const struct address *address)
{
	const struct local_net *found = NULL;

	for (size_t i = 0; nets && i < nets->count; i++) {
		const struct local_net *net = &nets->net[i];

		if (prefix_contains(&net->prefix, address) &&
		    (!found || net->prefix.bits > found->prefix.bits))
			found = net;
	}
	return found;
}

size_t local_count(const struct local_nets *nets)
{
	return nets->count;
}

const uint8_t *local_sha256(const struct local_nets *nets)
{
	return nets->sha256;
}
