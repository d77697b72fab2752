/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * layout.h - rows of cells as columns that are as wide as what is in them. A page of rows decides
 * the widths; later rows may widen them, never narrow them. Columns that are empty throughout the
 * first page are left out. Where the line has a bound, times lose their date, titles are shortened, and
 * then the columns that can be missed go, the least important first, until the row fits;
 * layout_left_out() names them.
 */
#ifndef OUTPUT_LAYOUT_H
#define OUTPUT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "output/text.h"

enum { LAYOUT_COLUMNS_MAX = 40, LAYOUT_PAGE_ROWS = 200, LAYOUT_CELL_END = '\x1f' };

struct layout_column {
	bool left;	    /* aligned */
	const char *colour; /* SGR parameters ("36"); NULL = none */
	unsigned char rank; /* the highest goes first where there is no room; 0 = never */
	bool is_time;	    /* "YYYY-MM-DD HH:MM:SS.mmm": can do with HH:MM:SS */
	const char *brief;  /* the title where there is no room; NULL = as ever */
	size_t width;
	bool dropped, no_room, shortened;
};

/* Rows as text: each cell ends with LAYOUT_CELL_END, each row with a newline besides. */
struct layout {
	struct layout_column column[LAYOUT_COLUMNS_MAX];
	unsigned count;
	size_t line;	     /* characters that a line takes; 0 = no bound */
	struct text title;   /* one row */
	struct text pending; /* rows not laid out yet */
	size_t pending_rows;
	bool colour, utf8; /* what the terminal can do */
	bool started;	   /* widths are decided, the title is printed */
	bool quiet;	   /* no title */
};

void layout_fini(struct layout *layout);

/** Forget rows and widths: a new table. */
void layout_reset(struct layout *layout);

/** Add rows; whole pages are appended to `to`. */
void layout_rows(struct layout *layout, const char *rows, size_t len, struct text *to);

/** What is pending, to the end. */
void layout_finish(struct layout *layout, struct text *to);

/** "left out, the terminal is too narrow: A, B" and a newline; nothing where all fits. */
void layout_left_out(const struct layout *layout, struct text *to);

/** Characters that a text takes on a terminal: UTF-8 sequences are one each. */
size_t layout_width(const char *text, size_t len);

#endif
