/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A name record is an array: a header with the lengths, then elements of one size. All names of a
 * set have the template's lengths; names of variable length are padded to the longest. The last
 * byte of every name is NUL: stock does that even when it cuts the name.
 */
#include "proto/names.h"

#include <string.h>

#include "base/bytes.h"
#include "flow/record.h"

enum { PARTS = 3, NUMBER_BYTES = 4, NAME_MAX = 4096 };

/* What makes a kind of record: id or number first, then texts. */
struct name_kind {
	uint16_t type; /* enum record_type */
	uint8_t header_bytes;
	uint8_t parts;
	uint8_t option[PARTS]; /* enum option */
};

static const struct name_kind kinds[] = {
	{RECORD_NBAR, 14, 3, {OPTION_APP_ID, OPTION_APP_NAME, OPTION_APP_TEXT}},
	{RECORD_IFNAMES, 12, 2, {OPTION_INTERFACE, OPTION_INTERFACE_NAME}},
	{RECORD_VRFNAMES, 12, 2, {OPTION_VRF, OPTION_VRF_NAME}},
};

/* Sizes in one record. */
struct layout {
	const struct name_kind *kind;
	size_t part[PARTS];
	size_t element; /* a multiple of 4 */
	unsigned count; /* options records that have all parts */
};

static bool is_complete(const struct name_kind *kind, const struct option_values *values)
{
	for (unsigned i = 0; i < kind->parts; i++)
		if (!option_has(values, kind->option[i]) ||
		    values->value[kind->option[i]].len > NAME_MAX)
			return false;
	return true;
}

/* First pass: how many, how long. */
static struct layout layout_of(const struct name_kind *kind, const struct template *template,
			       struct wire set)
{
	struct layout layout = {.kind = kind};
	struct option_values values;

	while (option_next(template, &set, &values)) {
		if (!is_complete(kind, &values))
			continue;
		layout.count++;
		for (unsigned i = 0; i < kind->parts; i++) {
			size_t len = values.value[kind->option[i]].len;

			len += i && template->variable ? 1 : 0; /* room for the NUL */
			if (len > layout.part[i])
				layout.part[i] = len;
		}
	}
	if (kind->type != RECORD_NBAR)
		layout.part[0] = NUMBER_BYTES;
	layout.element = (layout.part[0] + layout.part[1] + layout.part[2] + 3) & ~(size_t)3;
	return layout;
}

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool is_utf8(const uint8_t *at, size_t len)
{
	size_t i = 0;

	while (i < len && at[i]) {
		unsigned c = at[i++], more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		uint32_t code = more ? c & (0x3fu >> more) : c;
		static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};

		if ((c >= 0x80 && c < 0xc2) || c > 0xf4 || more > len - i)
			return false;
		for (unsigned n = 0; n < more; n++) {
			if ((at[i] & 0xc0) != 0x80)
				return false;
			code = code << 6 | (at[i++] & 0x3f);
		}
		if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
			return false;
	}
	return true;
}

static bool is_clean(const struct name_kind *kind, const struct option_values *values)
{
	for (unsigned i = 1; kind->type == RECORD_NBAR && i < kind->parts; i++) {
		const struct value_bytes *text = &values->value[kind->option[i]];

		if (!is_utf8(text->at, text->len))
			return false;
	}
	return true;
}

static void put_text(uint8_t *at, const struct value_bytes *text, size_t room)
{
	if (!room)
		return;
	memcpy(at, text->at, text->len < room ? text->len : room);
	at[room - 1] = 0;
}

static void put_element(const struct layout *layout, const struct option_values *values,
			uint8_t *at)
{
	const struct name_kind *kind = layout->kind;
	const struct value_bytes *first = &values->value[kind->option[0]];

	memset(at, 0, layout->element);
	if (kind->type == RECORD_NBAR)
		memcpy(at, first->at, first->len);
	else
		bytes_put32(at, (uint32_t)option_number(values, kind->option[0]));
	at += layout->part[0];
	for (unsigned i = 1; i < kind->parts; i++) {
		put_text(at, &values->value[kind->option[i]], layout->part[i]);
		at += layout->part[i];
	}
}

static void put_header(const struct layout *layout, unsigned count, size_t bytes, uint8_t *record)
{
	bytes_put16(record, layout->kind->type);
	bytes_put16(record + 2, (uint16_t)bytes);
	bytes_put16(record + 4, (uint16_t)count);
	bytes_put16(record + 6, (uint16_t)layout->element);
	if (layout->kind->type == RECORD_NBAR) {
		for (unsigned i = 0; i < PARTS; i++)
			bytes_put16(record + 8 + 2 * i, (uint16_t)layout->part[i]);
	} else {
		bytes_put32(record + 8, (uint32_t)layout->part[1]);
	}
}

/* One record with the next names of a set, at most `limit`. */
static void write_some(struct datagram *datagram, const struct template *template,
		       const struct layout *layout, unsigned limit, struct wire *set)
{
	size_t bytes = layout->kind->header_bytes;
	uint8_t *record = flow_sink_reserve(datagram->sink, bytes + limit * layout->element);
	struct option_values values;
	unsigned count = 0;

	if (!record) {
		datagram_problem(datagram, PROBLEM_NO_ROOM, bytes + limit * layout->element);
		*set = (struct wire){set->end, set->end, true};
		return;
	}
	while (count < limit && option_next(template, set, &values)) {
		if (!is_complete(layout->kind, &values))
			continue;
		if (!is_clean(layout->kind, &values)) {
			datagram_problem(datagram, PROBLEM_NAME_ENCODING, template->id);
			continue;
		}
		put_element(layout, &values, record + bytes);
		bytes += layout->element;
		count++;
	}
	if (!count)
		return;
	put_header(layout, count, bytes, record);
	block_commit(datagram->sink->block, bytes);
}

static void write_kind(struct datagram *datagram, const struct template *template,
		       const struct name_kind *kind, struct wire set)
{
	struct layout layout = layout_of(kind, template, set);
	unsigned most;

	if (!layout.count || !layout.part[1])
		return;
	most = (unsigned)((RECORD_MAX_BYTES - kind->header_bytes) / layout.element);
	if (layout.count < most)
		most = layout.count;
	while (wire_left(&set) >= template->record_bytes && !set.truncated)
		write_some(datagram, template, &layout, most, &set);
}

void names_write(struct datagram *datagram, const struct template *template,
		 const struct wire *set)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		write_kind(datagram, template, &kinds[i], *set);
}
