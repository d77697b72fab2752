/* SPDX-License-Identifier: BSD-3-Clause */
/* csv.c - the 48 columns of nfdump 1.7.1, `csv+ctry` with two more, and chosen columns (csv:). */
#include <stdio.h>

#include "geo/country.h"
#include "output/emit.h"
#include "output/names.h"
#include "output/output.h"
#include "output/value.h"

static const char header[] =
	"ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,sas,das,smk,dmk,dtos,dir,"
	"nh,nhb,svln,dvln,ismc,odmc,idmc,osmc,mpls1,mpls2,mpls3,mpls4,mpls5,mpls6,mpls7,mpls8,"
	"mpls9,mpls10,cl,sl,al,ra,eng,exid,tr";

enum { CSV_ROW_MAX = 1600 + ROW_KEYS_MAX * (STAT_VALUE_MAX + 1) };

static void csv_begin(const struct output *output, struct text *text)
{
	const struct row_keys *keys = output->options.keys;

	if (output->format.count) { /* chosen columns keep their header, as newer versions do */
		text_add(text, output->format.header, output->format.header_len);
		text_string(text, "\n");
		return;
	}
	if (output->quiet)
		return;
	text_string(text, header);
	text_string(text, output->country ? ",sctry,dctry" : "");
	for (unsigned i = 0; keys && i < keys->count; i++) {
		text_string(text, keys->column[i].extra ? "," : "");
		text_string(text, keys->column[i].extra ? keys->column[i].name : "");
	}
	text_string(text, "\n");
}

static inline char *comma(char *at)
{
	*at++ = ',';
	return at;
}

static char *put_field(char *at, const struct record_view *view, enum field_id id)
{
	return comma(put_number(at, view_number(view, id)));
}

static char *put_either(char *at, const struct record_view *view, enum element ip4, enum element ip6)
{
	uint32_t number = view_u32(view, ip4, 0);

	if (view_has(view, ip6) && !number)
		at = put_ip6(at, view_u64(view, ip6, 0), view_u64(view, ip6, 8));
	else
		at = put_ip4(at, number);
	return comma(at);
}

static char *put_latency(char *at, uint64_t us)
{
	char text[PRINT_NUMBER_MAX + 4];

	return comma(put_right(at, text, (size_t)(put_thousandths(text, us) - text), 9));
}

/* Columns 1..11 */
static char *put_head(char *at, const struct record_view *view, struct clock_cache *clock)
{
	struct address src = view_src(view), dst = view_dst(view);
	const char *proto = protocol_name(view_proto(view));

	at = comma(put_seconds(at, clock, (int64_t)(view_first_ms(view) / 1000), ' '));
	at = comma(put_seconds(at, clock, (int64_t)(view_last_ms(view) / 1000), ' '));
	at = comma(put_thousandths(at, row_duration_ms(view)));
	at = comma(put_address(at, &src));
	at = comma(put_address(at, &dst));
	at = put_field(at, view, FIELD_SRC_PORT);
	at = put_field(at, view, FIELD_DST_PORT);
	if (proto)
		at = comma(put_string(at, proto));
	else /* unknown ones are padded to 5 */
		at = comma(put_number_left(at, view_proto(view), view_proto(view) ? 5 : 1));
	at = comma(put_flags(at, view_tcp_flags(view)));
	at = put_field(at, view, FIELD_FWD_STATUS);
	return put_field(at, view, FIELD_SRC_TOS);
}

/* Columns 12..31 */
static char *put_middle(char *at, const struct record_view *view)
{
	static const uint8_t counters[] = {
		FIELD_IN_PACKETS, FIELD_IN_BYTES, FIELD_OUT_PACKETS, FIELD_OUT_BYTES,
		FIELD_INPUT,	  FIELD_OUTPUT,	  FIELD_SRC_AS,	     FIELD_DST_AS,
		FIELD_SRC_MASK,	  FIELD_DST_MASK, FIELD_DST_TOS,     FIELD_DIRECTION,
	};

	for (unsigned i = 0; i < sizeof(counters); i++)
		at = put_field(at, view, counters[i]);
	at = put_either(at, view, ELEMENT_NEXT4, ELEMENT_NEXT6);
	at = put_either(at, view, ELEMENT_BGP_NEXT4, ELEMENT_BGP_NEXT6);
	at = put_field(at, view, FIELD_SRC_VLAN);
	at = put_field(at, view, FIELD_DST_VLAN);
	for (unsigned i = 0; i < 4; i++)
		at = comma(put_mac(at, view_u64(view, ELEMENT_MAC, 8 * i)));
	return at;
}

/* Columns 32..48 */
static char *put_tail(char *at, const struct record_view *view, struct clock_cache *clock)
{
	for (unsigned i = 0; i < 10; i++)
		at = comma(put_mpls(at, view_u32(view, ELEMENT_MPLS, 4 * i)));
	for (unsigned i = 0; i < 3; i++)
		at = put_latency(at, view_u64(view, ELEMENT_LATENCY, 8 * i));
	at = put_either(at, view, ELEMENT_ROUTER4, ELEMENT_ROUTER6);
	at = put_number(at, view->bytes[6]);
	*at++ = '/';
	at = comma(put_number(at, view->bytes[7]));
	at = put_field(at, view, FIELD_EXPORTER);
	return put_time(at, clock, view_u64(view, ELEMENT_GENERIC, 16), ' ');
}

/* Keys of -A that are in no other column. */
static char *put_extra_keys(char *at, const struct row_keys *keys, const struct stat_value *value)
{
	for (unsigned i = 0; i < keys->count; i++)
		if (keys->column[i].extra)
			at = put_stat_value_bare(comma(at), keys->column[i].kind, &value[i], false);
	return at;
}

static void csv_flow(const struct output *output, struct text *text, const struct flow_row *row)
{
	char *at;

	if (output->format.count) {
		format_row(&output->format, text, row);
		return;
	}
	at = text_reserve(text, CSV_ROW_MAX);
	if (!at)
		return;
	at = put_head(at, row->view, row->clock);
	at = put_middle(at, row->view);
	at = put_tail(at, row->view, row->clock);
	if (output->country) {
		at = put_text(comma(at), country_alpha2(view_src_country(row->view)), 2);
		at = put_text(comma(at), country_alpha2(view_dst_country(row->view)), 2);
	}
	if (row->key && output->options.keys)
		at = put_extra_keys(at, output->options.keys, row->key);
	*at++ = '\n';
	text_commit(text, at);
}

static void csv_end(const struct output *output, struct text *text, const struct summary *summary)
{
	struct averages average = summary_averages(summary);
	char *at = text_reserve(text, 256);

	if (!at || output->quiet || output->format.count)
		return;
	at = put_string(at, "Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n");
	at = comma(put_number(at, summary->selected.flows));
	at = comma(put_number(at, summary->selected.bytes));
	at = comma(put_number(at, summary->selected.packets));
	at = comma(put_number(at, average.bps));
	at = comma(put_number(at, average.pps));
	at = put_number(at, average.bpp);
	*at++ = '\n';
	text_commit(text, at);
}

static char *put_share(char *at, uint64_t part, uint64_t whole)
{
	at = comma(put_number(at, part));
	return at + sprintf(at, "%.1f,", whole ? 100.0 * (double)part / (double)whole : 0.0);
}

static char *put_row(char *at, const struct output *output, const struct stat_table *table,
		     const struct stat_row *row, struct clock_cache *clock)
{
	uint64_t ms = stat_duration_ms(row), packets = stat_packets(table, row);
	uint64_t bytes = stat_bytes(table, row);
	const char *proto = table->by_proto ? protocol_name(row->value.proto) : "any";

	at = comma(put_seconds(at, clock, (int64_t)(row->first_ms / 1000), ' '));
	at = comma(put_seconds(at, clock, (int64_t)(row->last_ms / 1000), ' '));
	at = comma(put_thousandths(at, ms));
	if (table->by_proto && (!proto || output->options.plain))
		at = comma(put_number_left(at, row->value.proto, 5));
	else
		at = comma(put_string(at, proto));
	at = comma(put_stat_value(at, table->kind, &row->value, output->options.plain));
	at = put_share(at, row->flows, table->totals->flows);
	at = put_share(at, packets, table->totals->packets);
	at = put_share(at, bytes, table->totals->bytes);
	at = comma(put_number(at, rate(packets, 1, ms)));
	at = comma(put_number(at, rate(bytes, 8, ms)));
	at = put_number(at, packets ? bytes / packets : 0);
	for (unsigned i = 0; table->distinct && i < STAT_DISTINCT_COUNT; i++)
		at = put_number(comma(at), row->distinct[i]);
	*at++ = '\n';
	return at;
}

static void csv_stat(const struct output *output, struct text *text, const struct stat_table *table)
{
	static const char *const headers[] = {
		[STAT_IN] = "ts,te,td,pr,val,fl,flP,ipkt,ipktP,ibyt,ibytP,ipps,ibps,ibpp",
		[STAT_OUT] = "ts,te,td,pr,val,fl,flP,opkt,opktP,obyt,obytP,opps,obps,obpp",
		[STAT_BOTH] = "ts,te,td,pr,val,fl,flP,pkt,pktP,byt,bytP,pps,bps,bpp",
	};
	struct clock_cache clock;

	clock_init(&clock, false);
	text_string(text, headers[table->direction]);
	text_string(text, table->distinct ? ",hosts,as,ports\n" : "\n");
	for (size_t i = 0; i < table->count; i++) {
		char *at = text_reserve(text, 512);

		if (!at)
			return;
		text_commit(text, put_row(at, output, table, &table->row[i], &clock));
	}
	text_string(text, "\n");
}

static void fast_begin(const struct output *output, struct text *text)
{
	(void)output;
	text_string(text, "cnt,af,firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,srcAS,"
			  "dstAS,input,output,flags,srcTos,packets,bytes\n");
}

/* The 17 columns of newer versions: numbers throughout, times in ms since 1970. */
static void fast_flow(const struct output *output, struct text *text, const struct flow_row *row)
{
	static const uint8_t tail[] = {FIELD_SRC_AS,	FIELD_DST_AS,  FIELD_INPUT,
				       FIELD_OUTPUT,	FIELD_TCP_FLAGS, FIELD_SRC_TOS,
				       FIELD_IN_PACKETS, FIELD_IN_BYTES};
	const struct record_view *view = row->view;
	struct address src = view_src(view), dst = view_dst(view);
	char *at = text_reserve(text, CSV_ROW_MAX);

	(void)output;
	if (!at)
		return;
	at = comma(put_number(at, row->number));
	at = comma(put_number(at, view_is_ip6(view) ? 10 : 2));
	at = comma(put_number(at, view_first_ms(view)));
	at = comma(put_number(at, view_last_ms(view)));
	at = comma(put_number(at, view_proto(view)));
	at = put_field(comma(put_address(at, &src)), view, FIELD_SRC_PORT);
	at = put_field(comma(put_address(at, &dst)), view, FIELD_DST_PORT);
	for (unsigned i = 0; i < sizeof(tail); i++)
		at = put_field(at, view, tail[i]);
	at[-1] = '\n';
	text_commit(text, at);
}

static void fast_end(const struct output *output, struct text *text, const struct summary *summary)
{
	(void)output;
	(void)text;
	(void)summary;
}

const struct output_format output_csv_fast = {
	.name = "csv-fast",
	.begin = fast_begin,
	.flow = fast_flow,
	.close = nothing_to_close,
	.stat = csv_stat,
	.end = fast_end,
	.machine = true,
};

const struct output_format output_csv = {
	.name = "csv",
	.begin = csv_begin,
	.flow = csv_flow,
	.close = nothing_to_close,
	.stat = csv_stat,
	.end = csv_end,
	.machine = true,
};
