/* SPDX-License-Identifier: BSD-3-Clause */
#include "output/output.h"

#include <ctype.h>
#include <stdio.h>
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

/* The addresses inside a tunnel come on a line of their own before the flow. */
static void tunnel_line(const struct output *output, struct text *text, const struct flow_row *row)
{
	const struct record_view *view = row->view;
	char *at = text_reserve(text, 256);
	struct address src, dst;
	unsigned width = output->options.long6 ? 39 : 16;
	char address[PRINT_ADDRESS_MAX];

	if (!at)
		return;
	if (view_has(view, ELEMENT_TUNNEL4)) {
		src = address_ip4(view_u32(view, ELEMENT_TUNNEL4, 0));
		dst = address_ip4(view_u32(view, ELEMENT_TUNNEL4, 4));
	} else {
		src = address_ip6(view_u64(view, ELEMENT_TUNNEL6, 0), view_u64(view, ELEMENT_TUNNEL6, 8));
		dst = address_ip6(view_u64(view, ELEMENT_TUNNEL6, 16),
				  view_u64(view, ELEMENT_TUNNEL6, 24));
	}
	at = put_string(at, "tun STACK ");
	at = put_right(at, address, (size_t)(put_address(address, &src) - address), width);
	at = put_string(at, " -> ");
	at = put_right(at, address, (size_t)(put_address(address, &dst) - address), width);
	*at++ = '\n';
	text_commit(text, at);
}

void text_flow(const struct output *output, struct text *text, const struct flow_row *row)
{
	if (row->view->present & (1ull << ELEMENT_TUNNEL4 | 1ull << ELEMENT_TUNNEL6))
		tunnel_line(output, text, row);
	format_row(&output->format, text, row);
}

struct averages summary_averages(const struct summary *summary)
{
	const struct flow_totals *sum = &summary->selected;
	uint64_t ms = sum->last_ms > sum->first_ms ? sum->last_ms - sum->first_ms : 0;

	return (struct averages){
		.bps = rate(sum->bytes, 8, ms),
		.pps = rate(sum->packets, 1, ms),
		.bpp = ms && sum->packets ? sum->bytes / sum->packets : 0,
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
			 "json, json+class, ndjson, pipe, null, fmt:... or a format of the configuration",
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
		return table_open(output, settings->columns ? settings->columns : table_columns, error);
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

int output_open(struct output *output, const struct output_settings *settings, struct error *error)
{
	const char *name = settings->name ? settings->name : "line";
	struct output_settings named = *settings;

	*output = (struct output){.options = settings->options, .quiet = settings->quiet};
	if (strncasecmp(name, "fmt:", 4) == 0)
		return open_line(output, &user_format, name + 4, settings, error);
	if (*name == '%')
		return open_line(output, &user_format, name, settings, error);
	output->terminal = settings->terminal;
	if (strncasecmp(name, "table:", 6) == 0) {
		output->kind = &output_table;
		return table_open(output, name + 6, error);
	}
	if (strncasecmp(name, "csv:", 4) == 0) {
		output->kind = &output_csv;
		return format_compile_csv(&output->format, name + 4, output->options.keys, error);
	}
	named.name = name;
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
