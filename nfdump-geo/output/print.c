/* SPDX-License-Identifier: BSD-3-Clause */
#include "output/print.h"

#include <stdio.h>
#include <time.h>

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
				  "25262728293031323334353637383940414243444546474849"
				  "50515253545556575859606162636465666768697071727374"
				  "75767778798081828384858687888990919293949596979899";
static const char hex_digits[] = "0123456789abcdef";

size_t text_fits(const char *text, size_t width, size_t *characters)
{
	size_t len = 0;

	*characters = 0;
	for (; text[len]; len++) {
		if (((unsigned char)text[len] & 0xc0) == 0x80)
			continue;
		if (*characters == width)
			break;
		++*characters;
	}
	return len;
}

char *digits_before(char *end, uint64_t value)
{
	while (value >= 100) {
		end -= 2;
		memcpy(end, digit_pairs + 2 * (value % 100), 2);
		value /= 100;
	}
	if (value >= 10) {
		end -= 2;
		memcpy(end, digit_pairs + 2 * value, 2);
	} else {
		*--end = (char)('0' + value);
	}
	return end;
}

bool is_plain_text(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if ((bytes[i] < ' ' || bytes[i] > '~') && bytes[i] != '\t' && bytes[i] != '\n' &&
		    bytes[i] != '\r')
			return false;
	return true;
}

static char *put_dump_row(char *at, const uint8_t *bytes, size_t count)
{
	static const char upper[] = "0123456789ABCDEF";
	char *row = at;

	for (size_t i = 0; i < count; i++) {
		*at++ = upper[bytes[i] >> 4];
		*at++ = upper[bytes[i] & 15];
		*at++ = ' ';
		if (i == 7)
			*at++ = ' ';
	}
	at = put_blanks(at, (size_t)(row + 50 - at));
	at = put_text(at, "|  ", 3);
	for (size_t i = 0; i < count; i++)
		*at++ = bytes[i] >= ' ' && bytes[i] <= '~' ? (char)bytes[i] : '.';
	return put_text(at, " \n", 2);
}

char *put_dump(char *at, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i += 16)
		at = put_dump_row(at, bytes + i, count - i < 16 ? count - i : 16);
	return at;
}

char *put_hex(char *at, uint64_t value, unsigned count)
{
	unsigned digits = 1;

	while (digits < 16 && value >> (4 * digits))
		digits++;
	for (; count > digits; count--)
		*at++ = '0';
	while (digits-- > 0)
		*at++ = hex_digits[value >> (4 * digits) & 15];
	return at;
}

/* Tenths of a unit, rounded as printf("%.1f") rounds value / unit: exact ties (which no double can
 * tell apart from their neighbours at 10^12) are left to printf itself. */
static char *put_tenths(char *at, uint64_t value, uint64_t unit, size_t width)
{
	uint64_t step = unit / 10, tenths = value / step, rest = value % step;

	if (rest * 2 == step || unit > 1000000000u)
		return at + sprintf(at, "%*.1f", (int)width, (double)value / (double)unit);
	tenths += rest * 2 > step;
	{
		char digits[PRINT_NUMBER_MAX + 2], *end = digits + sizeof(digits), *first;

		*--end = (char)('0' + tenths % 10);
		*--end = '.';
		first = digits_before(end, tenths / 10);
		return put_right(at, first, (size_t)(digits + sizeof(digits) - first), width);
	}
}

char *put_scaled(char *at, uint64_t value, size_t width)
{
	static const struct {
		uint64_t unit;
		char letter;
	} scale[] = {{1000000000000ull, 'T'}, {1000000000ull, 'G'}, {1000000ull, 'M'}};
	size_t mantissa = width > 7 ? width - 2 : width ? 5 : 0;

	for (unsigned i = 0; i < 3; i++) {
		if (value < scale[i].unit)
			continue;
		at = put_tenths(at, value, scale[i].unit, mantissa);
		*at++ = ' ';
		*at++ = scale[i].letter;
		return at;
	}
	return put_number_right(at, value, width);
}

static char *put_octet(char *at, unsigned value)
{
	if (value >= 100)
		*at++ = (char)('0' + value / 100);
	if (value >= 10) {
		memcpy(at, digit_pairs + 2 * (value % 100), 2);
		return at + 2;
	}
	*at++ = (char)('0' + value);
	return at;
}

char *put_ip4(char *at, uint32_t address)
{
	at = put_octet(at, address >> 24);
	*at++ = '.';
	at = put_octet(at, address >> 16 & 0xff);
	*at++ = '.';
	at = put_octet(at, address >> 8 & 0xff);
	*at++ = '.';
	return put_octet(at, address & 0xff);
}

static char *put_group(char *at, unsigned value)
{
	if (value >= 0x1000)
		*at++ = hex_digits[value >> 12];
	if (value >= 0x100)
		*at++ = hex_digits[value >> 8 & 15];
	if (value >= 0x10)
		*at++ = hex_digits[value >> 4 & 15];
	*at++ = hex_digits[value & 15];
	return at;
}

/* The longest run of two zero groups or more, the first of equals. */
static void find_zeros(const unsigned *group, int *start, int *count)
{
	int run = 0;

	*count = 1;
	*start = -1;
	for (int i = 0; i < 8; i++) {
		run = group[i] ? 0 : run + 1;
		if (run > *count) {
			*count = run;
			*start = i - run + 1;
		}
	}
}

char *put_ip6(char *at, uint64_t high, uint64_t low)
{
	unsigned group[8];
	int zeros, zero_count, groups = 8;
	bool mixed;

	for (int i = 0; i < 4; i++) {
		group[i] = high >> (48 - 16 * i) & 0xffff;
		group[4 + i] = low >> (48 - 16 * i) & 0xffff;
	}
	find_zeros(group, &zeros, &zero_count);
	/* RFC 5952 section 5: addresses known to hold an IPv4 address (::a.b.c.d, ::ffff:a.b.c.d) */
	mixed = zeros == 0 && (zero_count == 6 || (zero_count == 5 && group[5] == 0xffff));
	if (mixed)
		groups = 6;
	for (int i = 0; i < groups; i++) {
		if (zeros >= 0 && i >= zeros && i < zeros + zero_count) {
			if (i == zeros)
				*at++ = ':';
			continue;
		}
		if (i)
			*at++ = ':';
		at = put_group(at, group[i]);
	}
	if (mixed) {
		*at++ = ':';
		return put_ip4(at, (uint32_t)low);
	}
	if (zeros >= 0 && zeros + zero_count == 8)
		*at++ = ':';
	return at;
}

char *put_mac(char *at, uint64_t mac)
{
	for (int shift = 40; shift >= 0; shift -= 8) {
		*at++ = hex_digits[mac >> (shift + 4) & 15];
		*at++ = hex_digits[mac >> shift & 15];
		*at++ = ':';
	}
	return at - 1;
}

char *put_flags(char *at, uint8_t flags)
{
	static const char letters[] = "CEUAPRSF";

	for (int bit = 7; bit >= 0; bit--)
		*at++ = flags >> bit & 1 ? letters[7 - bit] : '.';
	return at;
}

char *put_mpls(char *at, uint32_t entry)
{
	at = put_number(at, entry >> 4);
	*at++ = '-';
	*at++ = (char)('0' + (entry >> 1 & 7));
	*at++ = '-';
	*at++ = (char)('0' + (entry & 1));
	return at;
}

void clock_init(struct clock_cache *cache, bool utc)
{
	memset(cache->minute, 0, sizeof(cache->minute));
	cache->utc = utc;
}

/* A year of more than 4 digits (a damaged time) is printed modulo 10000. */
static void fill_minute(struct clock_cache *cache, unsigned slot, int64_t minute)
{
	time_t second = minute * 60;
	struct tm tm = {0};
	char *at = cache->text[slot];

	if (cache->utc)
		gmtime_r(&second, &tm);
	else
		localtime_r(&second, &tm);
	at = put_digits(at, (uint64_t)(tm.tm_year + 1900) % 10000, 4);
	*at++ = '-';
	at = put_digits(at, (unsigned)tm.tm_mon + 1, 2);
	*at++ = '-';
	at = put_digits(at, (unsigned)tm.tm_mday, 2);
	*at++ = ' ';
	at = put_digits(at, (unsigned)tm.tm_hour, 2);
	*at++ = ':';
	at = put_digits(at, (unsigned)tm.tm_min, 2);
	*at = ':';
	cache->minute[slot] = minute + 1;
}

char *put_seconds(char *at, struct clock_cache *cache, int64_t second, char separator)
{
	int64_t minute = second / 60;
	unsigned slot = (unsigned)(minute % CLOCK_SLOTS);

	if (cache->minute[slot] != minute + 1)
		fill_minute(cache, slot, minute);
	memcpy(at, cache->text[slot], CLOCK_TEXT);
	at[10] = separator;
	memcpy(at + CLOCK_TEXT, digit_pairs + 2 * (second % 60), 2);
	return at + CLOCK_TEXT + 2;
}

char *put_time(char *at, struct clock_cache *cache, uint64_t ms, char separator)
{
	at = put_seconds(at, cache, (int64_t)(ms / 1000), separator);
	*at++ = '.';
	return put_digits(at, ms % 1000, 3);
}

char *put_duration(char *at, uint64_t ms)
{
	uint64_t days = ms / 86400000, second = ms / 1000;

	if (days) {
		at = put_number_right(at, days, 2);
		*at++ = 'd';
		*at++ = ' ';
	} else {
		at = put_blanks(at, 4);
	}
	at = put_digits(at, second / 3600 % 24, 2);
	*at++ = ':';
	at = put_digits(at, second / 60 % 60, 2);
	*at++ = ':';
	at = put_digits(at, second % 60, 2);
	*at++ = '.';
	return put_digits(at, ms % 1000, 3);
}
