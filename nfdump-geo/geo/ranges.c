/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/ranges.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sha2.h>

#include "base/file.h"
#include "geo/country.h"
#include "geo/segments.h"

enum {
	FIELDS = 3,	   /* that mean something; what follows is ignored */
	FIELD_TEXT = 56,   /* longest is a prefix, or a number of 39 digits */
	COMMENT_TEXT = 96, /* of a comment, what may hold a date or a vendor */
};

struct line {
	const char *text; /* borrowed */
	size_t len;
	size_t fields;			/* there are */
	char field[FIELDS][FIELD_TEXT]; /* without quotes; "" = empty or not there */
};

struct reader {
	const char *name;
	size_t line_count, range_count;
	struct geo_builder *builder;
	struct geo_provenance *provenance;
	struct error *error;
};

static int refuse(const struct reader *reader, const char *field, const char *fix)
{
	return error_set(reader->error, NFGEO_EINVAL, "%s:%zu: '%s' %s", reader->name,
			 reader->line_count, field, fix);
}

/*
 * Next field of a line into `out`, cut if it is too long: then no parser takes it.
 * @return what is behind its comma; NULL without one
 */
static const char *take_field(const char *at, const char *end, char *out)
{
	bool quoted = at < end && *at == '"';
	const char *from = at + quoted;
	size_t len;

	at = from < end ? memchr(from, quoted ? '"' : ',', (size_t)(end - from)) : NULL;
	if (!at)
		at = end;
	len = (size_t)(at - from);
	if (len >= FIELD_TEXT)
		len = FIELD_TEXT - 1;
	memcpy(out, from, len);
	out[len] = '\0';
	while (at < end && *at != ',')
		at++;
	return at < end ? at + 1 : NULL;
}

static void split(struct line *line)
{
	const char *at = line->text, *end = line->text + line->len;

	for (line->fields = 0; line->fields < FIELDS && at; line->fields++)
		at = take_field(at, end, line->field[line->fields]);
	for (size_t i = line->fields; i < FIELDS; i++)
		line->field[i][0] = '\0';
}

/* A decimal number of up to 128 bits is an address too: up to 32 bits an IPv4 one. */
static bool parse_number(const char *text, struct address *address)
{
	const number128 limit = ~(number128)0;
	number128 value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (digit > 9 || value > (limit - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*address = value >> 32 ? address_ip6((uint64_t)(value >> 64), (uint64_t)value)
			       : address_ip4((uint32_t)value);
	return true;
}

static bool parse_address(const char *text, struct address *address)
{
	return address_parse(text, address) == NFGEO_OK || parse_number(text, address);
}

/* A small number is an IPv6 address when the other end of its range is one. */
static void same_family(const char *first_text, struct address *first, const struct address *last)
{
	if (last->family == AF_INET6 && first->family == AF_INET && !strchr(first_text, '.'))
		first->family = AF_INET6;
}

static bool is_letters(const char *text)
{
	size_t len = strlen(text);

	return len == 2 || len == 0 || strcmp(text, "-") == 0;
}

static uint16_t code_of(const char *letters)
{
	const struct country *country =
		strlen(letters) == 2 ? country_by_letters(letters, 2) : NULL;

	return country ? country->number : COUNTRY_UNKNOWN;
}

static int add_prefix(struct reader *reader, const struct line *line)
{
	struct prefix prefix;

	if (prefix_parse(line->field[0], &prefix))
		return refuse(reader, line->field[0],
			      "is neither a prefix nor the first address of a range: lines are "
			      "FIRST,LAST,CC or PREFIX,CC");
	if (line->fields < 2 || !is_letters(line->field[1]))
		return refuse(reader, line->field[1],
			      "is not the two letters of a country: lines are FIRST,LAST,CC or "
			      "PREFIX,CC");
	return geo_builder_prefix(reader->builder, GEO_LAYER_DATABASE, &prefix,
				  code_of(line->field[1]));
}

static int add_range(struct reader *reader, const struct line *line, struct address first)
{
	struct address last;

	if (!parse_address(line->field[1], &last))
		return refuse(reader, line->field[1], "is not an address");
	same_family(line->field[0], &first, &last);
	if (first.family != last.family || address_compare(&first, &last) > 0)
		return refuse(reader, line->field[1],
			      "is not behind the first address of its range");
	if (line->fields < 3 || !is_letters(line->field[2]))
		return refuse(reader, line->field[2], "is not the two letters of a country");
	return geo_builder_range(reader->builder, GEO_LAYER_DATABASE, &first, &last,
				 code_of(line->field[2]));
}

/* Names of columns: letters, no digit and no colon, before the first range. */
static bool is_heading(const struct reader *reader, const char *field)
{
	return reader->range_count == 0 && isalpha((unsigned char)*field) &&
	       !strpbrk(field, "0123456789:.");
}

static int read_line(struct reader *reader, struct line *line)
{
	struct address first;
	int code;

	split(line);
	if (is_heading(reader, line->field[0]))
		return NFGEO_OK;
	if (parse_address(line->field[0], &first) && !is_letters(line->field[1]))
		code = add_range(reader, line, first);
	else
		code = add_prefix(reader, line);
	if (code == NFGEO_ENOMEM)
		error_set(reader->error, code, "%s: out of memory", reader->name);
	reader->range_count++;
	return code;
}

/* "Thu, 25 Jun 2026 04:33:59 GMT" -> Unix time, 0 if it is no such date. */
static uint64_t parse_date(const char *text)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm date = {0};
	char month[4];
	const char *found;

	if (sscanf(text, " %*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d", &date.tm_mday, month,
		   &date.tm_year, &date.tm_hour, &date.tm_min, &date.tm_sec) != 6)
		return 0;
	found = strlen(month) == 3 ? strstr(months, month) : NULL;
	if (!found || (found - months) % 3 || date.tm_year < 1970 || date.tm_mday < 1)
		return 0;
	date.tm_mon = (int)(found - months) / 3;
	date.tm_year -= 1900;
	return (uint64_t)timegm(&date);
}

/* The header that IPFire's location database leaves in tor-geoipdb's files. */
static void read_comment(struct reader *reader, const struct line *line)
{
	static const char generated[] = "# Generated:", vendor[] = "# Vendor:";
	struct geo_provenance *provenance = reader->provenance;
	char text[COMMENT_TEXT];

	snprintf(text, sizeof(text), "%.*s",
		 (int)(line->len < sizeof(text) ? line->len : sizeof(text)), line->text);
	if (strncmp(text, generated, sizeof(generated) - 1) == 0) {
		uint64_t epoch_s = parse_date(text + sizeof(generated) - 1);

		if (epoch_s > provenance->build_epoch_s)
			provenance->build_epoch_s = epoch_s;
	} else if (strncmp(text, vendor, sizeof(vendor) - 1) == 0) {
		const char *name = text + sizeof(vendor) - 1;

		snprintf(provenance->type, sizeof(provenance->type), "%.40s ranges",
			 name + strspn(name, " "));
	}
}

static struct line next_line(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));
	struct line line = {.text = at, .len = (size_t)((newline ? newline : end) - at)};

	return line;
}

/* An IPv4 address in an IPv6 element is that IPv4 address. Files of ranges do not say so. */
static int add_mapped(struct geo_builder *builder)
{
	const struct prefix mapped = {address_ip6(0, 0xffff00000000), 96};

	return geo_builder_alias4(builder, &mapped);
}

int ranges_load_text(const char *name, const char *text, size_t len, struct geo_builder *builder,
		     struct geo_provenance *provenance, struct error *error)
{
	struct reader reader = {name, 0, 0, builder, provenance, error};
	static const char mark[] = "\xef\xbb\xbf"; /* spreadsheets put it before UTF-8 */
	const char *end = text + len;
	int code = add_mapped(builder);

	if (code)
		return error_set(error, code, "out of memory");
	if (len >= sizeof(mark) - 1 && memcmp(text, mark, sizeof(mark) - 1) == 0)
		text += sizeof(mark) - 1;
	while (!code && text < end) {
		struct line line = next_line(text, end);

		text += line.len + (text + line.len < end);
		reader.line_count++;
		if (line.len && line.text[line.len - 1] == '\r')
			line.len--;
		if (line.len && line.text[0] == '#')
			read_comment(&reader, &line);
		else if (line.len)
			code = read_line(&reader, &line);
	}
	if (!code && reader.range_count == 0)
		code = error_set(error, NFGEO_EINVAL,
				 "%s holds no range: expected lines FIRST,LAST,CC or PREFIX,CC",
				 name);
	return code;
}

static int load_file(const char *path, SHA2_CTX *hash, int64_t *modified_s,
		     struct geo_builder *builder, struct geo_provenance *provenance,
		     struct error *error)
{
	struct file_bytes file;
	int code = file_read(path, &file, error);

	if (code)
		return code;
	SHA256Update(hash, file.bytes, file.len);
	if (file.modified_s > *modified_s)
		*modified_s = file.modified_s;
	code = ranges_load_text(path, (const char *)file.bytes, file.len, builder, provenance,
				error);
	file_bytes_fini(&file);
	return code;
}

int ranges_load(const char *const paths[], size_t count, struct geo_builder *builder,
		struct geo_provenance *provenance, struct error *error)
{
	int64_t modified_s = 0;
	SHA2_CTX hash;
	int code = NFGEO_OK;

	snprintf(provenance->type, sizeof(provenance->type), "ranges");
	provenance->build_epoch_s = 0;
	SHA256Init(&hash);
	for (size_t i = 0; !code && i < count; i++)
		code = load_file(paths[i], &hash, &modified_s, builder, provenance, error);
	SHA256Final(provenance->sha256, &hash);
	if (provenance->build_epoch_s == 0)
		provenance->build_epoch_s = (uint64_t)modified_s;
	return code;
}
