/* SPDX-License-Identifier: BSD-3-Clause */
#include "output/layout.h"

#include "output/print.h"

void layout_fini(struct layout *layout)
{
	text_fini(&layout->title);
	text_fini(&layout->pending);
}

void layout_reset(struct layout *layout)
{
	for (unsigned i = 0; i < LAYOUT_COLUMNS_MAX; i++)
		layout->column[i].width = layout->column[i].dropped = 0;
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

/* Widen the columns for one row. @return start of the next one */
static const char *measure(struct layout *layout, const char *at, const char *end)
{
	const char *cell;
	size_t len;

	for (unsigned i = 0; next_cell(&at, end, &cell, &len); i++) {
		size_t width = layout_width(cell, len);

		if (i < layout->count && width > layout->column[i].width)
			layout->column[i].width = width;
	}
	return at + (at < end);
}

static void measure_page(struct layout *layout)
{
	const char *at = layout->pending.data, *end = at + layout->pending.used;

	while (at < end)
		at = measure(layout, at, end);
	if (layout->started)
		return;
	for (unsigned i = 0; i < layout->count; i++)
		layout->column[i].dropped = !layout->column[i].width;
	if (layout->title.used)
		measure(layout, layout->title.data, layout->title.data + layout->title.used);
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
		at = put_blanks(at, 2);
	text_commit(to, at);
}

static const char *put_line(struct layout *layout, struct text *to, const char *at, const char *end,
			    const char *colour)
{
	unsigned last = layout->count;
	const char *cell;
	size_t len;

	while (last > 0 && layout->column[last - 1].dropped)
		last--;
	for (unsigned i = 0; next_cell(&at, end, &cell, &len); i++) {
		const char *own = layout->colour ? layout->column[i].colour : NULL;

		if (i < last && !layout->column[i].dropped)
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
	put_line(layout, to, at, at + layout->title.used, layout->colour ? "1" : NULL);
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
		at = put_line(layout, to, at, end, NULL);
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
