/* SPDX-License-Identifier: BSD-3-Clause */
#include "output/layout.h"

#include <string.h>

#include "output/print.h"

enum { COLUMN_GAP = 2, TIME_AT = sizeof("YYYY-MM-DD ") - 1, TIME_LEN = sizeof("HH:MM:SS") - 1 };

void layout_fini(struct layout *layout)
{
	text_fini(&layout->title);
	text_fini(&layout->pending);
}

static void layout_column_reset(struct layout_column *column)
{
	column->width = 0;
	column->dropped = column->no_room = column->shortened = false;
}

void layout_reset(struct layout *layout)
{
	for (unsigned i = 0; i < LAYOUT_COLUMNS_MAX; i++)
		layout_column_reset(&layout->column[i]);
	layout->pending.used = 0;
	layout->pending_rows = 0;
	layout->started = false;
}

size_t layout_width(const char *text, size_t len)
{
	size_t width = 0;

	for (size_t i = 0; i < len; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

/* The next cell. @return false at the end of the row */
static bool next_cell(const char **at, const char *end, const char **cell, size_t *len)
{
	const char *stop;

	if (*at == end || **at == '\n')
		return false;
	stop = memchr(*at, LAYOUT_CELL_END, (size_t)(end - *at));
	if (!stop)
		stop = end;
	*cell = *at;
	*len = (size_t)(stop - *at);
	*at = stop + (stop < end);
	return true;
}

/* What is shown of a cell. */
static void shorten(const struct layout_column *column, bool title, const char **cell, size_t *len)
{
	if (!column->shortened)
		return;
	if (title && column->brief) {
		*cell = column->brief;
		*len = strlen(*cell);
	} else if (!title && column->is_time && *len >= TIME_AT + TIME_LEN) {
		*cell += TIME_AT;
		*len = TIME_LEN;
	}
}

/* Widen the columns for one row. @return start of the next one */
static const char *measure(struct layout *layout, bool title, const char *at, const char *end)
{
	const char *cell;
	size_t len;

	for (unsigned i = 0; next_cell(&at, end, &cell, &len); i++) {
		size_t width;

		if (i >= layout->count)
			continue;
		shorten(&layout->column[i], title, &cell, &len);
		width = layout_width(cell, len);
		if (width > layout->column[i].width)
			layout->column[i].width = width;
	}
	return at + (at < end);
}

static void measure_rows(struct layout *layout)
{
	const char *at = layout->pending.data, *end = at + layout->pending.used;

	while (at < end)
		at = measure(layout, false, at, end);
}

static void measure_title(struct layout *layout)
{
	if (layout->title.used)
		measure(layout, true, layout->title.data, layout->title.data + layout->title.used);
}

static size_t line_width(const struct layout *layout)
{
	size_t width = 0;

	for (unsigned i = 0; i < layout->count; i++)
		if (!layout->column[i].dropped)
			width += layout->column[i].width + (width ? COLUMN_GAP : 0);
	return width;
}

static struct layout_column *least_important(struct layout *layout)
{
	struct layout_column *found = NULL;

	for (unsigned i = 0; i < layout->count; i++) {
		struct layout_column *column = &layout->column[i];

		if (column->rank && !column->dropped && (!found || column->rank > found->rank))
			found = column;
	}
	return found;
}

static void fit(struct layout *layout)
{
	struct layout_column *column;

	if (!layout->line || line_width(layout) <= layout->line)
		return;
	for (unsigned i = 0; i < layout->count; i++) {
		layout->column[i].shortened = true;
		layout->column[i].width = 0;
	}
	measure_rows(layout);
	measure_title(layout);
	while (line_width(layout) > layout->line && (column = least_important(layout)))
		column->dropped = column->no_room = true;
}

void layout_left_out(const struct layout *layout, struct text *to)
{
	const char *at = layout->title.data, *end = at + layout->title.used, *cell;
	const char *before = "left out, the terminal is too narrow: ";
	size_t len;

	for (unsigned i = 0; at && next_cell(&at, end, &cell, &len); i++) {
		if (!layout->column[i].no_room || !len)
			continue;
		text_string(to, before);
		text_add(to, cell, len);
		before = ", ";
	}
	if (*before == ',')
		text_string(to, "\n");
}

static void measure_page(struct layout *layout)
{
	measure_rows(layout);
	if (layout->started)
		return;
	for (unsigned i = 0; i < layout->count; i++)
		layout->column[i].dropped = !layout->column[i].width;
	measure_title(layout);
	fit(layout);
}

static void put_cell(struct layout *layout, struct text *to, unsigned index, const char *cell,
		     size_t len, const char *colour, bool last)
{
	const struct layout_column *column = &layout->column[index];
	size_t width = layout_width(cell, len);
	size_t blanks = width < column->width ? column->width - width : 0;
	char *at = text_reserve(to, len + blanks + 32);

	if (!at)
		return;
	if (!column->left)
		at = put_blanks(at, blanks);
	if (colour && len) {
		at = put_string(put_string(put_string(at, "\033["), colour), "m");
		at = put_string(put_text(at, cell, len), "\033[0m");
	} else {
		at = put_text(at, cell, len);
	}
	if (column->left && !last) /* nothing hangs over at the end of a line */
		at = put_blanks(at, blanks);
	if (!last)
		at = put_blanks(at, COLUMN_GAP);
	text_commit(to, at);
}

static const char *put_line(struct layout *layout, struct text *to, bool title, const char *at,
			    const char *end, const char *colour)
{
	unsigned last = layout->count;
	const char *cell;
	size_t len;

	while (last > 0 && layout->column[last - 1].dropped)
		last--;
	for (unsigned i = 0; next_cell(&at, end, &cell, &len); i++) {
		const char *own = layout->colour ? layout->column[i].colour : NULL;

		if (i >= last || layout->column[i].dropped)
			continue;
		shorten(&layout->column[i], title, &cell, &len);
		put_cell(layout, to, i, cell, len, colour ? colour : own, i + 1 == last);
	}
	text_string(to, "\n");
	return at + (at < end);
}

/* The title in bold on a terminal, else with a line under it. */
static void put_title(struct layout *layout, struct text *to)
{
	const char *at = layout->title.data;
	bool first = true;

	if (layout->quiet || !layout->title.used)
		return;
	put_line(layout, to, true, at, at + layout->title.used, layout->colour ? "1" : NULL);
	for (unsigned i = 0; i < layout->count; i++) {
		if (layout->column[i].dropped)
			continue;
		if (!first)
			text_string(to, "  ");
		first = false;
		for (size_t k = 0; k < layout->column[i].width; k++)
			text_string(to, layout->utf8 ? "\xe2\x94\x80" : "-");
	}
	text_string(to, "\n");
}

void layout_finish(struct layout *layout, struct text *to)
{
	const char *at = layout->pending.data, *end;

	if (!layout->pending.used)
		return;
	end = at + layout->pending.used;
	measure_page(layout);
	if (!layout->started)
		put_title(layout, to);
	layout->started = true;
	while (at < end)
		at = put_line(layout, to, false, at, end, NULL);
	layout->pending.used = 0;
	layout->pending_rows = 0;
	to->failed |= layout->pending.failed;
}

void layout_rows(struct layout *layout, const char *rows, size_t len, struct text *to)
{
	text_add(&layout->pending, rows, len);
	for (size_t i = 0; i < len; i++)
		layout->pending_rows += rows[i] == '\n';
	if (layout->started || layout->pending_rows >= LAYOUT_PAGE_ROWS)
		layout_finish(layout, to);
}
