/* SPDX-License-Identifier: BSD-3-Clause */
#include "output/output.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "output/emit.h"

void nothing_to_close(const struct output *output, struct text *text)
{
	(void)output;
	(void)text;
}

static void no_flow(const struct output *output, struct text *text, const struct flow_row *row)
{
	(void)output;
	(void)text;
	(void)row;
}

#define TEXT_FORMAT(word, tokens)                                                                   \
	{.name = word, .line = tokens, .begin = text_begin, .flow = text_flow,                     \
	 .close = nothing_to_close, .stat = text_stat, .end = text_end}

/* Lines with a name. A user format may embed each as %name. */
static const struct output_format line_formats[] = {
	TEXT_FORMAT("line", "%ts %td %pr %sap -> %dap %pkt %byt %fl"),
	TEXT_FORMAT("gline", "%ts %td %pr %gsap -> %gdap %pkt %byt %fl"),
	TEXT_FORMAT("cline", "%ts %td %pr %sccan %sap -> %dccan %dap %pkt %byt %fl"),
	TEXT_FORMAT("compare", "%ts %td %pr %sap %sc %scnow -> %dap %dc %dcnow %pkt %byt %fl"),
	TEXT_FORMAT("long", "%ts %td %pr %sap -> %dap %flg %tos %pkt %byt %fl"),
	TEXT_FORMAT("glong", "%ts %td %pr %gsap -> %gdap %flg %tos %pkt %byt %fl"),
	TEXT_FORMAT("clong", "%ts %td %pr %sccan %sap -> %dccan %dap %flg %tos %pkt %byt %fl"),
	TEXT_FORMAT("extended", "%ts %td %pr %sap -> %dap %flg %tos %pkt %byt %pps %bps %bpp %fl"),
	TEXT_FORMAT("biline", "%ts %td %pr %sap <-> %dap %opkt %ipkt %obyt %ibyt %fl"),
	TEXT_FORMAT("bilong", "%ts %td %pr %sap <-> %dap %flg %tos %opkt %ipkt %obyt %ibyt %fl"),
	TEXT_FORMAT("nsel", "%tevt %evt %xevt %pr %sap -> %dap %xsap -> %xdap %ibyt %obyt"),
	TEXT_FORMAT("nel", "%tevt %nevt %pr %sap -> %dap %nsap -> %ndap"),
};

static const char table_columns[] = "%ts %td %pr %sap %sflag %dap %dflag %pkt %byt %fl";

static const struct output_format user_format = TEXT_FORMAT("fmt", NULL);
static const struct output_format output_null = {.name = "null",
						 .begin = nothing_to_close,
						 .flow = no_flow,
						 .close = nothing_to_close,
						 .stat = text_stat,
						 .end = text_end,
						 .silent = true};

static const struct output_format *const machine_formats[] = {
	&output_csv,  &output_csv_fast, &output_json, &output_ndjson,
	&output_pipe, &output_raw,	&output_null, &output_table,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void text_begin(const struct output *output, struct text *text)
{
	if (output->quiet)
		return;
	text_add(text, output->format.header, output->format.header_len);
	text_string(text, "\n");
}

/*
 * What a tunnel carries comes on a line of its own before the flow: its addresses and protocol, the
 * times of the flow, and zeros. Built as a record, so that any format prints it.
 */
static void inner_line(const struct output *output, struct text *text, const struct flow_row *row)
{
	const struct record_view *outer = row->view;
	bool four = view_has(outer, ELEMENT_TUNNEL4);
	enum element tunnel = four ? ELEMENT_TUNNEL4 : ELEMENT_TUNNEL6;
	size_t address_bytes = four ? 8 : 32;
	struct flow_row inner = {.ident = row->ident, .clock = row->clock, .utc = row->utc,
				 .inner = true};
	struct record_builder builder;
	struct record_view view;
	uint8_t record[128], *at;

	record_begin(&builder, record, sizeof(record));
	at = record_element(&builder, four ? ELEMENT_IP4 : ELEMENT_IP6, address_bytes);
	memcpy(at, view_payload(outer, tunnel), address_bytes);
	at = record_element(&builder, ELEMENT_GENERIC, 48);
	bytes_put64(at, view_first_ms(outer));
	bytes_put64(at + 8, view_last_ms(outer));
	at[44] = (uint8_t)view_u32(outer, tunnel, (unsigned)address_bytes);
	record_view_init(&view);
	if (record_view(&view, record, record_end(&builder)) != NFGEO_OK)
		return;
	inner.view = &view;
	format_row(&output->format, text, &inner);
}

void text_flow(const struct output *output, struct text *text, const struct flow_row *row)
{
	if (row->view->present & (1ull << ELEMENT_TUNNEL4 | 1ull << ELEMENT_TUNNEL6))
		inner_line(output, text, row);
	format_row(&output->format, text, row);
}

struct averages summary_averages(const struct summary *summary)
{
	const struct flow_totals *sum = &summary->selected;
	uint64_t ms = sum->last_ms > sum->first_ms ? sum->last_ms - sum->first_ms : 0;
	bool timed = sum->last_ms && sum->last_ms != sum->first_ms; /* even if the wrong way around */

	return (struct averages){
		.bps = rate(sum->bytes, 8, ms),
		.pps = rate(sum->packets, 1, ms),
		.bpp = timed && sum->packets ? sum->bytes / sum->packets : 0,
	};
}

static char *put_total(char *at, const struct output *output, const char *label, uint64_t value)
{
	at = put_string(at, label);
	return output->options.plain ? put_number(at, value) : put_scaled(at, value, 0);
}

static char *put_window(char *at, const struct summary *summary)
{
	struct clock_cache clock;

	at = put_string(at, "Time window: ");
	if (!summary->window_first_ms)
		return put_string(at, "<unknown>\n");
	clock_init(&clock, false);
	at = put_seconds(at, &clock, (int64_t)(summary->window_first_ms / 1000), ' ');
	at = put_string(at, " - ");
	at = put_seconds(at, &clock, (int64_t)(summary->window_last_ms / 1000), ' ');
	*at++ = '\n';
	return at;
}

/* NfSen reads these lines: nothing about them may change. */
void text_end(const struct output *output, struct text *text, const struct summary *summary)
{
	struct averages average = summary_averages(summary);
	char *at = text_reserve(text, 1024);

	if (!at || output->quiet)
		return;
	if (summary->interrupted)
		at += sprintf(at, "Interrupted: partial result, %llu of %llu files read to the end\n",
			      (unsigned long long)summary->files_read,
			      (unsigned long long)summary->file_count);
	at = put_number(put_string(at, "Summary: total flows: "), summary->selected.flows);
	at = put_total(at, output, ", total bytes: ", summary->selected.bytes);
	at = put_total(at, output, ", total packets: ", summary->selected.packets);
	at = put_total(at, output, ", avg bps: ", average.bps);
	at = put_total(at, output, ", avg pps: ", average.pps);
	at = put_total(at, output, ", avg bpp: ", average.bpp);
	*at++ = '\n';
	at = put_window(at, summary);
	at = put_number(put_string(at, "Total flows processed: "), summary->processed);
	at = put_number(put_string(at, ", passed: "), summary->passed);
	at = put_number(put_string(at, ", Blocks skipped: "), summary->blocks_skipped);
	at = put_number(put_string(at, ", Bytes read: "), summary->bytes_read);
	at += sprintf(at, "\nSys: %.4fs User: %.4fs Wall: %.4fs flows/second: %.1f Runtime: %.4fs\n",
		      summary->system_s, summary->user_s, summary->wall_s,
		      summary->wall_s > 0 ? (double)summary->processed / summary->wall_s : 0.0,
		      summary->wall_s);
	text_commit(text, at);
	if (*summary->databases) { /* behind all that stock prints */
		text_string(text, "Countries: ");
		text_string(text, summary->databases);
		text_string(text, "\n");
	}
}

/* Looking up names */

static const char *embedded_line(const char *name, size_t len, void *arg)
{
	const struct conf *conf = arg;
	char key[64];

	for (size_t i = 0; i < COUNT(line_formats); i++)
		if (strlen(line_formats[i].name) == len &&
		    strncasecmp(line_formats[i].name, name, len) == 0)
			return line_formats[i].line;
	if (!conf || len > 32)
		return NULL;
	snprintf(key, sizeof(key), "fmt.%.*s", (int)len, name);
	return conf_text(conf, "nfdump", key);
}

static int open_line(struct output *output, const struct output_format *kind, const char *line,
		     const struct output_settings *settings, struct error *error)
{
	output->kind = kind;
	return format_compile(&output->format, line, &output->options, embedded_line,
			      (void *)(uintptr_t)settings->conf, error);
}

static const struct output_format *find_format(const char *name, size_t len)
{
	for (size_t i = 0; i < COUNT(line_formats); i++)
		if (strlen(line_formats[i].name) == len &&
		    strncasecmp(line_formats[i].name, name, len) == 0)
			return &line_formats[i];
	for (size_t i = 0; i < COUNT(machine_formats); i++)
		if (strlen(machine_formats[i]->name) == len &&
		    strncasecmp(machine_formats[i]->name, name, len) == 0)
			return machine_formats[i];
	return NULL;
}

static int unknown_format(const char *name, struct error *error)
{
	return error_set(error, NFGEO_EINVAL,
			 "Unknown output mode '%s': use line, long, extended, biline, bilong, gline, "
			 "glong, cline, clong, nsel, nel, raw, table, csv, csv+ctry, csv-fast, csv:..., "
			 "json, json+class, ndjson, ndjson+class, pipe, null, fmt:... or a format of the configuration",
			 name);
}

/* A name, its `+ctry`/`+class`, and the trailing 6 that means -6. */
static int open_named(struct output *output, const struct output_settings *settings,
		      struct error *error)
{
	const char *name = settings->name, *plus = strchr(name, '+');
	size_t len = plus ? (size_t)(plus - name) : strlen(name);
	const struct output_format *kind = find_format(name, len);
	const char *text;
	char key[64];

	if (!kind && !plus && len > 2 && name[len - 1] == '6' && (kind = find_format(name, len - 1)))
		output->options.long6 = true;
	if (!kind && !plus && settings->conf) {
		snprintf(key, sizeof(key), "fmt.%.40s", name);
		if ((text = conf_text(settings->conf, "nfdump", key)))
			return open_line(output, &user_format, text, settings, error);
		snprintf(key, sizeof(key), "csv.%.40s", name);
		if ((text = conf_text(settings->conf, "nfdump", key))) {
			output->kind = &output_csv;
			return format_compile_csv(&output->format, text, output->options.keys, error);
		}
	}
	if (kind == &output_table && !plus) {
		output->kind = kind;
		return table_open(output, settings->columns ? settings->columns : table_columns,
				  false, error);
	}
	if (plus && kind == &output_csv && strcasecmp(plus, "+ctry") == 0)
		output->country = true;
	else if (plus && (kind == &output_json || kind == &output_ndjson) &&
		 strcasecmp(plus, "+class") == 0)
		output->class_members = true;
	else if (plus || !kind)
		return unknown_format(name, error);
	if (kind->line)
		return open_line(output, kind, kind->line, settings, error);
	output->kind = kind;
	if (kind == &output_csv && conf_bool(settings->conf, "nfdump", "csv.country", false))
		output->country = true;
	output->pipe_seconds = conf_bool(settings->conf, "nfdump", "pipe.seconds", false);
	return NFGEO_OK;
}

/* `fmt:` and its like with nothing behind would print empty lines. */
static int open_columns(struct output *output, const char *text,
			const struct output_settings *settings, struct error *error)
{
	if (!text[strspn(text, " ")])
		return error_set(error, NFGEO_EINVAL,
				 "-o %s names no columns: put tokens behind it, as in %s%%ts,%%sa,%%byt",
				 settings->name, settings->name);
	switch (tolower((unsigned char)*settings->name)) {
	case 't':
		output->kind = &output_table;
		return table_open(output, text, true, error);
	case 'c':
		output->kind = &output_csv;
		return format_compile_csv(&output->format, text, output->options.keys, error);
	default:
		return open_line(output, &user_format, text, settings, error);
	}
}

int output_open(struct output *output, const struct output_settings *settings, struct error *error)
{
	static const char *const prefixes[] = {"fmt:", "table:", "csv:"};
	struct output_settings named = *settings;

	if (!named.name)
		named.name = "line";
	*output = (struct output){.options = settings->options,
				  .quiet = settings->quiet,
				  .terminal = settings->terminal};
	if (*named.name == '%')
		return open_line(output, &user_format, named.name, settings, error);
	for (unsigned i = 0; i < COUNT(prefixes); i++)
		if (strncasecmp(named.name, prefixes[i], strlen(prefixes[i])) == 0)
			return open_columns(output, named.name + strlen(prefixes[i]), &named, error);
	return open_named(output, &named, error);
}

void output_close(struct output *output)
{
	format_fini(&output->format);
	table_close(output);
}

bool output_needs_country(const struct output *output)
{
	return output->format.needs_country || output->country || output->class_members;
}

bool output_needs_number(const struct output *output)
{
	return output->format.needs_number || output->kind == &output_raw ||
	       output->kind == &output_csv_fast ||
	       output->kind == &output_json || output->kind == &output_ndjson;
}
