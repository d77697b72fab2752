/* SPDX-License-Identifier: BSD-3-Clause */
/* text.c - statistics tables as text, as NfSen's alert code counts their lines. */
#include <stdio.h>

#include "geo/asdb.h"
#include "geo/country.h"
#include "output/emit.h"
#include "output/names.h"
#include "output/output.h"
#include "output/value.h"

static char *put_event(char *at, bool is_nat, uint64_t event)
{
	static const char *const nat[] = {"ignore", "CREATE", "DELETE"};
	static const char *const nsel[] = {"ignore", "CREATE", "DELETE", "DENIED", "ALERT", "UPDATE"};

	if (is_nat)
		return put_string(at, event < 3 ? nat[event] : "UNKNOWN");
	return put_string(at, event < 6 ? nsel[event] : "UNKNOWN");
}

static char *put_pair(char *at, uint64_t value, bool plain)
{
	uint16_t src = (uint16_t)(value >> 16), dst = (uint16_t)value;

	if (plain)
		return put_number(put_string(put_number(at, country_number(src)), "->"),
				  country_number(dst));
	return put_text(put_string(put_text(at, country_alpha2(src), 2), "->"), country_alpha2(dst), 2);
}

char *put_stat_value(char *at, enum stat_kind kind, const struct stat_value *value, bool plain)
{
	switch (kind) {
	case STAT_NUMBER:
	case STAT_PROTO:
	case STAT_AS:
		return put_number(at, value->low);
	case STAT_ADDRESS:
		return put_address(at, &(struct address){value->high, value->low, value->family});
	case STAT_MAC:
		return put_mac(at, value->low);
	case STAT_MPLS: /* the label alone, aligned in csv too, as stock has it */
		return put_string(put_number_right(at, value->low >> 4, 8), "-0-0");
	case STAT_LATENCY:
		return put_thousandths(at, value->low);
	case STAT_HEX:
		return put_hex(put_string(at, "0x"), value->low, 1);
	case STAT_COUNTRY:
		if (plain)
			return put_number(at, country_number((uint16_t)value->low));
		return put_text(at, country_alpha2((uint16_t)value->low), 2);
	case STAT_COUNTRY_PAIR:
		return put_pair(at, value->low, plain);
	case STAT_WORD: {
		char word[17] = {0};

		memcpy(word, &value->high, 8);
		memcpy(word + 8, &value->low, 8);
		return put_string(at, word);
	}
	case STAT_NSEL_EVENT:
	case STAT_NAT_EVENT:
		return put_event(at, kind == STAT_NAT_EVENT || value->high, value->low);
	case STAT_NBAR:
		at = put_number(at, value->low >> 56);
		return put_number(put_string(at, ".."), value->low & 0xffffffffffffffull);
	}
	return at;
}

char *put_stat_value_bare(char *at, enum stat_kind kind, const struct stat_value *value, bool plain)
{
	char text[STAT_VALUE_MAX];
	char *end = put_stat_value(text, kind, value, plain), *first = text;

	while (first < end && *first == ' ')
		first++;
	return put_text(at, first, (size_t)(end - first));
}

unsigned stat_kind_width(enum stat_kind kind)
{
	static const uint8_t width[] = {
		[STAT_NUMBER] = 6,	[STAT_ADDRESS] = 16, [STAT_MAC] = 17,
		[STAT_MPLS] = 12,	[STAT_LATENCY] = 9,  [STAT_HEX] = 10,
		[STAT_PROTO] = 5,	[STAT_COUNTRY] = 2,  [STAT_COUNTRY_PAIR] = 6,
		[STAT_WORD] = 13,	[STAT_NSEL_EVENT] = 7, [STAT_NAT_EVENT] = 7,
		[STAT_NBAR] = 8,	[STAT_AS] = 6,
	};

	return width[kind];
}

static char *put_percent(char *at, uint64_t part, uint64_t whole)
{
	return at + sprintf(at, "(%4.1f)", whole ? 100.0 * (double)part / (double)whole : 0.0);
}

static char *put_counter(char *at, const struct output *output, uint64_t value)
{
	*at++ = ' ';
	return output->options.plain ? put_number_right(at, value, 8) : put_scaled(at, value, 8);
}

/* Of the organisation: 45, its number: 7, and two blanks. */
enum { AS_NAME_WIDTH = 45, AS_NUMBER_WIDTH = 7, AS_WIDTH = 54 };

static size_t value_width(const struct output *output, const struct stat_table *table)
{
	if (table->kind == STAT_AS)
		return AS_WIDTH;
	return table->kind == STAT_ADDRESS && output->options.long6 ? 39 : 17;
}

static char *put_as(char *at, uint32_t number)
{
	at = put_name_right(at, asdb_name(number), AS_NAME_WIDTH);
	return put_string(put_number_right(at, number, AS_NUMBER_WIDTH), "  ");
}

/* Addresses are condensed to 16 characters unless -6, as in flow lines. */
static char *put_value_column(char *at, const struct output *output, const struct stat_table *table,
			      const struct stat_value *value)
{
	char text[STAT_VALUE_MAX];
	size_t width = value_width(output, table);
	size_t len = (size_t)(put_stat_value(text, table->kind, value, output->options.plain) - text);
	bool address = table->kind == STAT_ADDRESS;

	if (table->kind == STAT_AS)
		return put_as(at, (uint32_t)value->low);
	if (address && output->options.tag) {
		*at++ = 1;
	}
	if (address && !output->options.long6 && len > 16) {
		memmove(text + 9, text + len - 7, 7);
		text[7] = text[8] = '.';
		len = 16;
	}
	return put_right(at, text, len, width);
}

static char *put_row(char *at, const struct output *output, const struct stat_table *table,
		     const struct stat_row *row, struct clock_cache *clock)
{
	uint64_t ms = stat_duration_ms(row), packets = stat_packets(table, row);
	uint64_t bytes = stat_bytes(table, row);
	char text[PRINT_NUMBER_MAX + 4];
	const char *proto = table->by_proto ? protocol_name(row->value.proto) : "any";
	bool long_address = table->kind == STAT_ADDRESS && output->options.long6;

	at = put_time(at, clock, row->first_ms, ' ');
	*at++ = ' ';
	if (long_address || output->options.plain)
		at = put_right(at, text, (size_t)(put_thousandths(text, ms) - text),
			       long_address ? 9 : 16);
	else
		at = put_duration(at, ms);
	*at++ = ' ';
	if (table->by_proto && (!proto || output->options.plain))
		at = put_number_left(at, row->value.proto, 5);
	else
		at = put_left(at, proto, strlen(proto), 5);
	*at++ = ' ';
	at = put_value_column(at, output, table, &row->value);
	at = put_percent(put_counter(at, output, row->flows), row->flows, table->totals->flows);
	at = put_percent(put_counter(at, output, packets), packets, table->totals->packets);
	at = put_percent(put_counter(at, output, bytes), bytes, table->totals->bytes);
	at = put_counter(at, output, rate(packets, 1, ms));
	at = put_counter(at, output, rate(bytes, 8, ms));
	*at++ = ' ';
	at = put_number_right(at, packets ? bytes / packets : 0, 5);
	for (unsigned i = 0; table->distinct && i < STAT_DISTINCT_COUNT; i++) {
		*at++ = ' ';
		at = put_number_right(at, row->distinct[i], 8);
	}
	*at++ = '\n';
	return at;
}

void text_stat(const struct output *output, struct text *text, const struct stat_table *table)
{
	struct clock_cache clock;
	char *at = text_reserve(text, 512);

	clock_init(&clock, false);
	if (at && !output->quiet) {
		at = put_string(at, "Top ");
		if (table->top)
			at = put_string(put_number(at, table->top), " ");
		at = put_string(put_string(at, table->header), " ordered by ");
		at = put_string(put_string(at, table->order), ":\n");
		at = put_string(at, "Date first seen                 Duration Proto ");
		at = put_right(at, table->header, strlen(table->header), value_width(output, table));
		at = put_string(at, "    Flows(%)     Packets(%)       Bytes(%)         pps      bps "
				    "  bpp");
		at = put_string(at, table->distinct ? "    hosts       as    ports\n" : "\n");
		text_commit(text, at);
	}
	for (size_t i = 0; i < table->count; i++) {
		at = text_reserve(text, 512);
		if (!at)
			return;
		text_commit(text, put_row(at, output, table, &table->row[i], &clock));
	}
	text_string(text, "\n");
}
