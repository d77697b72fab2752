/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pipe.c - numbers between `|`. NfSen's alerts read it, but in the layout of nfdump 1.6, where
 * seconds and milliseconds are two fields: they take bytes for flows in the newer one
 * (`pipe.seconds`).
 */
#include "geo/country.h"
#include "output/emit.h"
#include "output/output.h"

static char *put_item(char *at, uint64_t value)
{
	at = put_number(at, value);
	*at++ = '|';
	return at;
}

/* Four 32-bit words; an IPv4 address is the last of them. */
static char *put_words(char *at, const struct address *address)
{
	at = put_item(at, address->high >> 32);
	at = put_item(at, address->high & 0xffffffffu);
	at = put_item(at, address->low >> 32);
	return put_item(at, address->low & 0xffffffffu);
}

static char *put_ms(const struct output *output, char *at, uint64_t ms)
{
	if (!output->pipe_seconds)
		return put_item(at, ms);
	at = put_item(at, ms / 1000);
	return put_item(at, ms % 1000);
}

static void pipe_begin(const struct output *output, struct text *text)
{
	(void)output;
	(void)text;
}

static void pipe_flow(const struct output *output, struct text *text, const struct flow_row *row)
{
	static const uint8_t fields[] = {FIELD_SRC_AS, FIELD_DST_AS, FIELD_INPUT, FIELD_OUTPUT,
					 FIELD_TCP_FLAGS, FIELD_SRC_TOS, FIELD_IN_PACKETS};
	const struct record_view *view = row->view;
	struct address src = view_src(view), dst = view_dst(view);
	char *at = text_reserve(text, 512);

	if (!at)
		return;
	at = put_item(at, view_is_ip6(view) ? AF_INET6 : AF_INET);
	at = put_ms(output, at, view_first_ms(view));
	at = put_ms(output, at, view_last_ms(view));
	at = put_item(at, view_proto(view));
	at = put_words(at, &src);
	at = put_item(at, view_number(view, FIELD_SRC_PORT));
	at = put_words(at, &dst);
	at = put_item(at, view_number(view, FIELD_DST_PORT));
	for (unsigned i = 0; i < sizeof(fields); i++)
		at = put_item(at, view_number(view, fields[i]));
	at = put_number(at, view_number(view, FIELD_IN_BYTES));
	*at++ = '\n';
	text_commit(text, at);
}

static void pipe_stat(const struct output *output, struct text *text,
		      const struct stat_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct stat_row *row = &table->row[i];
		uint64_t ms = stat_duration_ms(row), packets = stat_packets(table, row);
		uint64_t bytes = stat_bytes(table, row);
		struct address address = {row->value.high, row->value.low, row->value.family};
		bool is_address = table->kind == STAT_ADDRESS;
		char *at = text_reserve(text, 512);

		if (!at)
			return;
		at = put_item(at, is_address ? row->value.family : 0);
		at = put_ms(output, at, row->first_ms);
		at = put_ms(output, at, row->last_ms);
		at = put_item(at, table->by_proto ? row->value.proto : 0);
		if (is_address)
			at = put_words(at, &address);
		else if (table->kind == STAT_COUNTRY)
			at = put_item(at, country_number((uint16_t)row->value.low));
		else
			at = put_item(at, row->value.low);
		at = put_item(at, row->flows);
		at = put_item(at, packets);
		at = put_item(at, bytes);
		at = put_item(at, rate(packets, 1, ms));
		at = put_item(at, rate(bytes, 8, ms));
		at = put_number(at, packets ? bytes / packets : 0);
		for (unsigned k = 0; table->distinct && k < STAT_DISTINCT_COUNT; k++) {
			*at++ = '|';
			at = put_number(at, row->distinct[k]);
		}
		*at++ = '\n';
		text_commit(text, at);
	}
	text_string(text, "\n");
}

static void pipe_end(const struct output *output, struct text *text, const struct summary *summary)
{
	(void)output;
	(void)text;
	(void)summary;
}

const struct output_format output_pipe = {
	.name = "pipe",
	.begin = pipe_begin,
	.flow = pipe_flow,
	.close = nothing_to_close,
	.stat = pipe_stat,
	.end = pipe_end,
	.machine = true,
};
