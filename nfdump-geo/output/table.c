/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * table.c - `table`: columns for people. As wide as what is in them; coloured on a terminal, where
 * countries also have names and flags if it can show them; plain when it is not a terminal.
 */
#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "geo/asdb.h"
#include "geo/country.h"
#include "output/emit.h"
#include "output/layout.h"
#include "output/names.h"
#include "output/output.h"
#include "output/value.h"

enum { NAME_MAX_CHARACTERS = 20, NAMES_NEED_COLUMNS = 140 };

static const char cell_end[] = {LAYOUT_CELL_END, '\0'};

static unsigned terminal_columns(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

struct terminal terminal_detect(void)
{
	const char *type = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	bool is_terminal = isatty(STDOUT_FILENO) && type && strcmp(type, "dumb") != 0;
	bool utf8 = is_terminal && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	unsigned columns = is_terminal ? terminal_columns() : 0;

	return (struct terminal){
		.colour = is_terminal && (!no_colour || !*no_colour),
		.utf8 = utf8,
		.flags = utf8 && strcmp(type, "linux") != 0, /* the console has no such letters */
		.names = columns >= NAMES_NEED_COLUMNS,
		.columns = columns,
	};
}

/* Regional indicator symbols: U+1F1E6 is A. */
static char *put_flag(char *at, const char *alpha2)
{
	for (unsigned i = 0; i < 2; i++) {
		at = put_text(at, "\xf0\x9f\x87", 3);
		*at++ = (char)(0xa6 + alpha2[i] - 'A');
	}
	*at++ = ' ';
	return at;
}

/* A name that is too long ends where a character does, in no blank, and in a mark that says so;
 * a last character takes no more room than that. */
static char *put_name(char *at, const char *name, bool utf8)
{
	size_t characters, len = text_fits(name, NAME_MAX_CHARACTERS + 1, &characters);

	if (!name[len])
		return put_text(at, name, len);
	len = text_fits(name, NAME_MAX_CHARACTERS, &characters);
	while (len > 1 && name[len - 1] == ' ')
		len--;
	return put_string(put_text(at, name, len), utf8 ? "\xe2\x80\xa6" : ".");
}

char *put_country_cell(char *at, uint16_t code, const struct terminal *terminal, bool names)
{
	const struct country *country = country_by_number(code);

	if (!country)
		return put_string(at, *country_class_word(code) ? country_class_word(code)
							       : country_alpha2(code));
	if (terminal->flags)
		at = put_flag(at, country->alpha2);
	return names ? put_name(at, country->name, terminal->utf8) : put_text(at, country->alpha2, 2);
}

/* What a column holds, by the function that prints it. */
static const struct style {
	emit_function *emit;
	bool left;
	const char *colour;
	unsigned char rank; /* layout.h: what can be missed on a narrow terminal */
} styles[] = {
	{emit_duration, false, NULL, 4}, {emit_flows, false, NULL, 3},
	{emit_bps, false, NULL, 2},	 {emit_pps, false, NULL, 2},
	{emit_bpp, false, NULL, 2},	 {emit_scaled, false, NULL, 1},
	{emit_time, true, "2"},		 {emit_event_time, true, "2"},
	{emit_proto, true, NULL},	 {emit_country, true, "33"},
	{emit_address, true, "36"},	 {emit_address_port, true, "36"},
	{emit_geo_address, true, "36"},	 {emit_geo_address_port, true, "36"},
	{emit_network, true, "36"},	 {emit_nat, true, "36"},
	{emit_nat_port, true, "36"},	 {emit_hop, true, "36"},
	{emit_label, true, NULL},	 {emit_user, true, NULL},
	{emit_ident, true, NULL},	 {emit_ctry_name, true, "33"},
	{emit_ctry2, true, "33"},	 {emit_ctry3, true, "33"},
	{emit_ctry_class, true, "33"},	 {emit_mac, true, NULL},
};

static void set_style(struct layout_column *column, const struct step *step)
{
	emit_function *emit = step->emit;

	for (size_t i = 0; i < sizeof(styles) / sizeof(*styles); i++) {
		if (styles[i].emit != emit)
			continue;
		column->left = styles[i].left;
		column->colour = styles[i].colour;
		column->rank = styles[i].rank;
	}
	column->is_time = emit == emit_time;
	if (column->is_time)
		column->brief = "Time";
	else if (emit == emit_country)
		column->brief =
			step->offset == field_table[FIELD_SRC_COUNTRY].offset ? "From" : "To";
}

/* Steps of a format alternate: column, end of cell, column, .. */
int table_open(struct output *output, const char *columns, bool all, struct error *error)
{
	struct layout *layout = output->layout = calloc(1, sizeof(*layout));
	int status;

	if (!layout)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	output->options.terminal = output->terminal;
	status = format_compile_columns(&output->format, columns, LAYOUT_CELL_END, &output->options,
					error);
	if (status != NFGEO_OK)
		return status;
	layout->colour = output->terminal.colour;
	layout->utf8 = output->terminal.utf8;
	layout->quiet = output->quiet;
	layout->line = all ? 0 : output->terminal.columns;
	for (size_t i = 0; i < output->format.count; i += 2) {
		if (layout->count == LAYOUT_COLUMNS_MAX)
			return error_set(error, NFGEO_EINVAL, "table: %d columns at most",
					 LAYOUT_COLUMNS_MAX);
		set_style(&layout->column[layout->count++], &output->format.step[i]);
	}
	text_add(&layout->title, output->format.header, output->format.header_len);
	return NFGEO_OK;
}

void table_close(struct output *output)
{
	if (!output->layout)
		return;
	layout_fini(output->layout);
	free(output->layout);
	output->layout = NULL;
}

static void table_begin(const struct output *output, struct text *text)
{
	(void)text;
	layout_reset(output->layout);
}

static void table_flow(const struct output *output, struct text *text, const struct flow_row *row)
{
	format_row(&output->format, text, row);
}

static void table_page(const struct output *output, struct text *text)
{
	struct text pages = {0};

	if (!text->used)
		return;
	layout_rows(output->layout, text->data, text->used, &pages);
	text->used = 0;
	if (pages.used)
		text_add(text, pages.data, pages.used);
	text->failed |= pages.failed;
	text_fini(&pages);
}

static void table_end_rows(const struct output *output, struct text *text)
{
	layout_finish(output->layout, text);
	if (!output->quiet)
		layout_left_out(output->layout, text);
}

/* Statistics */

static char *end_cell(char *at)
{
	*at++ = LAYOUT_CELL_END;
	return at;
}

static char *put_count(char *at, const struct output *output, uint64_t value)
{
	return end_cell(output->options.plain ? put_number(at, value) : put_scaled(at, value, 0));
}

static char *put_share(char *at, uint64_t part, uint64_t whole)
{
	return end_cell(at + sprintf(at, "%.1f%%", whole ? 100.0 * (double)part / (double)whole : 0.0));
}

static char *put_value(char *at, const struct output *output, const struct stat_table *table,
		       const struct stat_value *value)
{
	const struct terminal *terminal = &output->terminal;
	char text[STAT_VALUE_MAX];
	size_t len, blanks = 0;

	if (table->kind == STAT_COUNTRY && !output->options.plain)
		return put_country_cell(at, (uint16_t)value->low, terminal, terminal->flags);
	if (table->kind == STAT_AS && !output->options.plain)
		return put_string(put_string(put_number(at, value->low), " "),
				  asdb_name((uint32_t)value->low));
	if (table->kind == STAT_COUNTRY_PAIR && !output->options.plain) {
		at = put_country_cell(at, (uint16_t)(value->low >> 16), terminal, false);
		at = put_string(at, terminal->utf8 ? " \xe2\x86\x92 " : "->");
		return put_country_cell(at, (uint16_t)value->low, terminal, false);
	}
	len = (size_t)(put_stat_value(text, table->kind, value, output->options.plain) - text);
	while (blanks < len && text[blanks] == ' ')
		blanks++;
	return put_text(at, text + blanks, len - blanks);
}

static char *put_stat_row(char *at, const struct output *output, const struct stat_table *table,
			  const struct stat_row *row, struct clock_cache *clock)
{
	uint64_t ms = stat_duration_ms(row), packets = stat_packets(table, row);
	uint64_t bytes = stat_bytes(table, row);
	const char *proto = protocol_name(row->value.proto);
	char duration[20];
	size_t blanks;

	at = end_cell(put_value(at, output, table, &row->value));
	if (table->by_proto)
		at = proto && !output->options.plain ? put_string(at, proto)
						     : put_number(at, row->value.proto);
	at = end_cell(at);
	at = put_share(put_count(at, output, row->flows), row->flows, table->totals->flows);
	at = put_share(put_count(at, output, packets), packets, table->totals->packets);
	at = put_share(put_count(at, output, bytes), bytes, table->totals->bytes);
	at = put_count(at, output, rate(packets, 1, ms));
	at = put_count(at, output, rate(bytes, 8, ms));
	at = end_cell(put_number(at, packets ? bytes / packets : 0));
	for (unsigned i = 0; i < STAT_DISTINCT_COUNT; i++)
		at = end_cell(table->distinct ? put_number(at, row->distinct[i]) : at);
	at = end_cell(put_time(at, clock, row->first_ms, ' '));
	*put_duration(duration, ms) = '\0';
	blanks = strspn(duration, " ");
	at = end_cell(put_string(at, duration + blanks));
	*at++ = '\n';
	return at;
}

static void open_stat_layout(struct layout *layout, const struct output *output,
			     const struct stat_table *table)
{
	static const struct {
		const char *title;
		unsigned char rank;
	} columns[] = {{"Proto", 0},	{"Flows", 0}, {"", 1},	  {"Packets", 2},    {"", 3},
		       {"Bytes", 0},	{"", 1},      {"pps", 4}, {"bps", 4},	     {"bpp", 4},
		       {"Hosts", 0},	{"AS", 0},    {"Ports", 0}, {"First seen", 5}, {"Duration", 6}};
	const char *header = table->header + strspn(table->header, " ");
	enum { FIRST_SEEN = 14 };

	*layout = (struct layout){.count = 1 + sizeof(columns) / sizeof(*columns),
				  .line = output->terminal.columns,
				  .colour = output->terminal.colour,
				  .utf8 = output->terminal.utf8,
				  .quiet = output->quiet};
	layout->column[0].colour = table->kind == STAT_ADDRESS ? "36" : "33";
	layout->column[0].left = table->kind != STAT_NUMBER && table->kind != STAT_HEX &&
				 table->kind != STAT_LATENCY;
	layout->column[1].left = true;
	for (unsigned i = 3; i < 8; i += 2)
		layout->column[i].colour = "2";
	layout->column[FIRST_SEEN].left = layout->column[FIRST_SEEN].is_time = true;
	layout->column[FIRST_SEEN].brief = "Time";
	layout->column[FIRST_SEEN].colour = "2";
	text_string(&layout->title, header);
	text_string(&layout->title, cell_end);
	for (unsigned i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		layout->column[1 + i].rank = columns[i].rank;
		text_string(&layout->title, columns[i].title);
		text_string(&layout->title, cell_end);
	}
}

static void put_caption(const struct output *output, struct text *text,
			const struct stat_table *table)
{
	char line[160];

	if (output->quiet)
		return;
	if (table->top)
		snprintf(line, sizeof(line), "Top %llu %s by %s\n", (unsigned long long)table->top,
			 table->header + strspn(table->header, " "), table->order);
	else
		snprintf(line, sizeof(line), "%s by %s\n",
			 table->header + strspn(table->header, " "), table->order);
	text_string(text, line);
}

static void table_stat(const struct output *output, struct text *text,
		       const struct stat_table *table)
{
	struct clock_cache clock;
	struct layout layout;

	open_stat_layout(&layout, output, table);
	put_caption(output, text, table);
	clock_init(&clock, false);
	for (size_t i = 0; i < table->count; i++) {
		char *at = text_reserve(&layout.pending, 1024);

		if (at)
			text_commit(&layout.pending,
				    put_stat_row(at, output, table, &table->row[i], &clock));
	}
	layout_finish(&layout, text);
	if (!output->quiet)
		layout_left_out(&layout, text);
	layout_fini(&layout);
	text_string(text, "\n");
}

const struct output_format output_table = {
	.name = "table",
	.begin = table_begin,
	.flow = table_flow,
	.page = table_page,
	.close = table_end_rows,
	.stat = table_stat,
	.end = text_end,
	.wants_country = true,
};
