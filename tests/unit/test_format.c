/* SPDX-License-Identifier: BSD-3-Clause */
/* Formats: tokens, widths, headers; the numbers, times and addresses they print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "flow/geotail.h"
#include "output/format.h"

/* 2024-03-05 10:00:01.042, TCP, 195.113.222.3:57260 -> 192.0.2.33:53, CZ -> documentation */
static size_t sample(uint8_t *out)
{
	struct record_builder builder;
	uint8_t *at;

	record_begin(&builder, out, 1024);
	builder.bytes[11] = 9;
	at = record_element(&builder, ELEMENT_GENERIC, 48);
	bytes_put64(at, 1709632801042ull);
	bytes_put64(at + 8, 1709632801042ull + 93784567);
	bytes_put64(at + 24, 2309);
	bytes_put64(at + 32, 7312414532ull);
	bytes_put16(at + 40, 57260);
	bytes_put16(at + 42, 53);
	at[44] = 6;
	at[45] = 0x1b;
	at = record_element(&builder, ELEMENT_IP4, 8 + GEOTAIL_BYTES);
	bytes_put32(at, 0xc371de03);
	bytes_put32(at + 4, 0xc0000221);
	geotail_write(at + 8, 203, 1006);
	at = record_element(&builder, ELEMENT_MPLS, 40);
	bytes_put32(at, 16 << 4);
	bytes_put32(at + 36, 4711 << 4 | 5 << 1 | 1);
	return record_end(&builder);
}

static const struct {
	const char *format, *header, *line;
	struct format_options options;
} lines[] = {
	{"%sc%scc%sccan", "SCSCCSC", "CZ203CZ", {0}},
	{"%sc%dc %dcc %dccan %dclass|", "SCDC DCC DC Dst class     ", "CZ..   0 .. documentation|", {0}},
	{"%scca3%dcca3", "SC3DC3", "CZE...", {0}},
	{"%sccn|", "Src Country          ", "Czechia             |", {0}},
	{"%mpls10", " MPLS lbl 10", "    4711-5-1", {0}},
	{"%mpls1x", " MPLS lbl 1  ", "      16-0-0x", {0}},
	{"%sa-%da", "     Src IP Addr      Dst IP Addr", "   195.113.222.3-      192.0.2.33", {0}},
	{"%sas%das", "Src ASDst AS", "     0     0", {0}},
	{"%sasn%sas", "Src AS organisation           Src AS", "                                   0", {0}},
	{"%saport", NULL, NULL, {0}},
	{"%", NULL, NULL, {0}},
	{"100%%", NULL, NULL, {0}},
	{"%ts", "Date first seen        ", "2024-03-05 10:00:01.042", {0}},
	{"%te", "Date last seen         ", "2024-03-06 12:03:05.609", {0}},
	{"%tsr %ter", NULL, "1709632801.042 1709726585.609", {0}},
	{"%td", "    Duration    ", " 1d 02:03:04.567", {0}},
	{"%td", "    Duration    ", "       93784.567", {.plain = true}},
	{"%byt", "   Bytes", "   7.3 G", {0}},
	{"%byt", "   Bytes", "7312414532", {.plain = true}},
	{"%pkt%bpp", " Packets   Bpp", "    23093166918", {0}},
	{"%pr|%pr", NULL, "TCP  |TCP  ", {0}},
	{"%pr|", NULL, "6    |", {.plain = true}},
	{"%sap", "     Src IP Addr:Port ", "   195.113.222.3:57260", {0}},
	{"%gdap", "     Dst IP Addr(..):Port ", "      192.0.2.33(..):53   ", {0}},
	{"%sa", "                            Src IP Addr", "                          195.113.222.3",
	 {.long6 = true}},
	{"%sa", NULL, "\001   195.113.222.3", {.tag = true}},
	{"%flg", "   Flags", "...AP.SF", {0}},
	{"a%n-b", "   ", "a\n-b", {0}},
	{"a%nb", NULL, NULL, {0}},
	{"%nfv %eng", NULL, "Nv9   0/0  ", {0}},
};

static char *print(const struct format *format, struct text *text)
{
	static struct clock_cache local, utc;
	struct record_view view;
	uint8_t record[1024];
	struct flow_row row = {.view = &view, .number = 1, .ident = "id", .clock = &local, .utc = &utc};

	clock_init(&local, false);
	clock_init(&utc, true);
	record_view_init(&view);
	assert_int_equal(record_view(&view, record, sample(record)), NFGEO_OK);
	format_row(format, text, &row);
	text_add(text, "", 1);
	return text->data;
}

static void tokens(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct format format;
		struct text text = {0};
		struct error error = {0};
		int status = format_compile(&format, lines[i].format, &lines[i].options, NULL, NULL,
					    &error);
		char want[256];

		if (!lines[i].line) {
			assert_int_equal(status, NFGEO_EINVAL);
			assert_non_null(strstr(error.text, "parse error at: %"));
			continue;
		}
		assert_int_equal(status, NFGEO_OK);
		snprintf(want, sizeof(want), "%s\n", lines[i].line);
		assert_string_equal(print(&format, &text), want);
		if (lines[i].header)
			assert_string_equal(format.header, lines[i].header);
		text_fini(&text);
		format_fini(&format);
	}
}

static void columns(void **state)
{
	struct format format;
	struct text text = {0};

	(void)state;
	assert_int_equal(format_compile_csv(&format, "%ts,%td,%pr,%sa,%byt,%scc,%dccan", NULL, NULL), NFGEO_OK);
	assert_string_equal(format.header, "firstSeen,duration,proto,srcAddr,bytes,srcCtry,dstCtryA2");
	assert_string_equal(print(&format, &text),
			    "2024-03-05 10:00:01.042,93784.567,6,195.113.222.3,7312414532,203,..\n");
	assert_true(format.needs_country);
	text_fini(&text);
	format_fini(&format);
	assert_int_equal(format_compile_csv(&format, "%ts,%sap", NULL, NULL), NFGEO_EINVAL);
	assert_int_equal(format_compile_csv(&format, "%ts,", NULL, NULL), NFGEO_EINVAL);
	assert_int_equal(format_compile_csv(&format, "", NULL, NULL), NFGEO_EINVAL);
}

static const struct {
	uint64_t value;
	size_t width;
	const char *text;
} numbers[] = {
	{0, 0, "0"},
	{999999, 8, "  999999"},
	{1000000, 8, "   1.0 M"},
	{1050000, 0, "1.1 M"},	/* 1.05 is a little more than 1.05 as a double */
	{1250000, 0, "1.2 M"},	/* an exact tie goes to even */
	{1350000, 0, "1.4 M"},
	{999950000, 0, "1000.0 M"},
	{999999999, 8, "1000.0 M"},
	{7312414532ull, 0, "7.3 G"},
	{UINT64_MAX, 8, "18446744.1 T"},
};

static void scaled(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		char text[40];

		*put_scaled(text, numbers[i].value, numbers[i].width) = '\0';
		assert_string_equal(text, numbers[i].text);
	}
}

/* As printf() rounds, for many values. */
static void scaled_as_printf(void **state)
{
	uint64_t value = 1000000;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		char text[40], want[64];
		double unit = value < 1000000000u ? 1e6 : value < 1000000000000ull ? 1e9 : 1e12;

		*put_scaled(text, value, 8) = '\0';
		snprintf(want, sizeof(want), "%6.1f %c", (double)value / unit,
			 unit < 1e8 ? 'M' : unit < 1e11 ? 'G' : 'T');
		assert_string_equal(text, want);
		value += i % 3 ? value / 997 + 50000 : 50000;
		if (value > 5000000000000000ull)
			value = 1000000 + i * 50000;
	}
}

/* Own routine against inet_ntop(), over patterns of zero groups. */
static void addresses(void **state)
{
	uint64_t seed = 88172645463325252ull;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t half[2] = {0};
		uint8_t bytes[16];
		char text[PRINT_ADDRESS_MAX + 1], want[INET6_ADDRSTRLEN];

		for (unsigned group = 0; group < 8; group++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			half[group / 4] = half[group / 4] << 16 |
					  (seed % 3 ? seed % 5 ? 0 : 0xffff : seed >> 20 & 0xffff);
		}
		for (unsigned at = 0; at < 16; at++)
			bytes[at] = (uint8_t)(half[at / 8] >> (56 - 8 * (at % 8)));
		inet_ntop(AF_INET6, bytes, want, sizeof(want));
		*put_ip6(text, half[0], half[1]) = '\0';
		assert_string_equal(text, want);
		inet_ntop(AF_INET, bytes, want, sizeof(want));
		*put_ip4(text, (uint32_t)(half[0] >> 32)) = '\0';
		assert_string_equal(text, want);
	}
}

static void times(void **state)
{
	struct clock_cache *cache = malloc(sizeof(*cache));

	(void)state;
	assert_non_null(cache);
	clock_init(cache, false);
	for (int64_t second = 0; second < 2000000000; second += 7654321) {
		time_t now = second;
		struct tm tm;
		char text[32], want[32];

		localtime_r(&now, &tm);
		strftime(want, sizeof(want), "%Y-%m-%d %H:%M:%S.007", &tm);
		*put_time(text, cache, (uint64_t)second * 1000 + 7, ' ') = '\0';
		assert_string_equal(text, want);
	}
	free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens),    cmocka_unit_test(columns),
		cmocka_unit_test(scaled),    cmocka_unit_test(scaled_as_printf),
		cmocka_unit_test(addresses), cmocka_unit_test(times),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
