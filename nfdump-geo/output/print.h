/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * print.h - numbers, addresses and times as text, written at a pointer that is moved on. No
 * function here checks for room: the caller reserves it (output/text.h) once per line.
 */
#ifndef OUTPUT_PRINT_H
#define OUTPUT_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/address.h"

enum {
	PRINT_NUMBER_MAX = 20,	/* digits of a u64 */
	PRINT_ADDRESS_MAX = 46, /* longest IPv6 text */
};

static inline char *put_text(char *at, const char *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}

static inline char *put_string(char *at, const char *text)
{
	return put_text(at, text, strlen(text));
}

static inline char *put_blanks(char *at, size_t count)
{
	memset(at, ' ', count);
	return at + count;
}

/** Text right or left aligned in `width`; longer text is not cut. */
static inline char *put_right(char *at, const char *text, size_t len, size_t width)
{
	if (len < width)
		at = put_blanks(at, width - len);
	return put_text(at, text, len);
}

static inline char *put_left(char *at, const char *text, size_t len, size_t width)
{
	at = put_text(at, text, len);
	return len < width ? put_blanks(at, width - len) : at;
}

/** Bytes of a UTF-8 text that take `width` characters at most. @param characters  that they take */
size_t text_fits(const char *text, size_t width, size_t *characters);

/** A UTF-8 text cut to `width` characters, at the left or right of as many. */
static inline char *put_name_left(char *at, const char *name, size_t width)
{
	size_t characters, len = text_fits(name, width, &characters);

	return put_blanks(put_text(at, name, len), width - characters);
}

static inline char *put_name_right(char *at, const char *name, size_t width)
{
	size_t characters, len = text_fits(name, width, &characters);

	return put_text(put_blanks(at, width - characters), name, len);
}

/** Decimal digits into the end of a buffer. @return first digit */
char *digits_before(char *end, uint64_t value);

static inline char *put_number(char *at, uint64_t value)
{
	char digits[PRINT_NUMBER_MAX], *end = digits + sizeof(digits);
	char *first = digits_before(end, value);

	return put_text(at, first, (size_t)(end - first));
}

static inline char *put_number_right(char *at, uint64_t value, size_t width)
{
	char digits[PRINT_NUMBER_MAX], *end = digits + sizeof(digits);
	char *first = digits_before(end, value);

	return put_right(at, first, (size_t)(end - first), width);
}

static inline char *put_number_left(char *at, uint64_t value, size_t width)
{
	char digits[PRINT_NUMBER_MAX], *end = digits + sizeof(digits);
	char *first = digits_before(end, value);

	return put_left(at, first, (size_t)(end - first), width);
}

/** Exactly `count` digits, zeros in front. */
static inline char *put_digits(char *at, uint64_t value, unsigned count)
{
	for (unsigned i = count; i > 0; i--, value /= 10)
		at[i - 1] = (char)('0' + value % 10);
	return at + count;
}

/** Lower-case hexadecimal, at least `count` digits. */
char *put_hex(char *at, uint64_t value, unsigned count);

/** Bytes that may be text. @return true when all are printable, blank, tab or line ends */
bool is_plain_text(const uint8_t *bytes, size_t count);

enum { PRINT_DUMP_ROW = 80 };

/** Rows of 16 bytes, in hexadecimal and as characters, at most PRINT_DUMP_ROW characters each. */
char *put_dump(char *at, const uint8_t *bytes, size_t count);

/** Counters: plain below 10^6, then `x.y M`, G, T (factor 1000), right aligned; width 0 = as long
 * as it is, else the mantissa has 5 characters at least. */
char *put_scaled(char *at, uint64_t value, size_t width);

/** Thousandths of a unit as `units.mmm`. */
static inline char *put_thousandths(char *at, uint64_t value)
{
	at = put_number(at, value / 1000);
	*at++ = '.';
	return put_digits(at, value % 1000, 3);
}

char *put_ip4(char *at, uint32_t address);
/** Canonical form, as inet_ntop(3) gives it. */
char *put_ip6(char *at, uint64_t high, uint64_t low);

static inline char *put_address(char *at, const struct address *address)
{
	return address->family == AF_INET6 ? put_ip6(at, address->high, address->low)
					   : put_ip4(at, (uint32_t)address->low);
}

/** `aa:bb:cc:dd:ee:ff` */
char *put_mac(char *at, uint64_t mac);

/** Eight letters CEUAPRSF or dots. */
char *put_flags(char *at, uint8_t flags);

/** label-exp-bottom */
char *put_mpls(char *at, uint32_t entry);

/* Local time, remembered by minute: localtime_r() takes a lock and 100 ns or more. */
enum { CLOCK_SLOTS = 512, CLOCK_TEXT = 17 };

struct clock_cache {
	int64_t minute[CLOCK_SLOTS];	     /* + 1; 0 = empty */
	char text[CLOCK_SLOTS][CLOCK_TEXT]; /* "YYYY-MM-DD hh:mm:" */
	bool utc;
};

void clock_init(struct clock_cache *cache, bool utc);

/** `YYYY-MM-DD hh:mm:ss`; `separator` stands between date and time. */
char *put_seconds(char *at, struct clock_cache *cache, int64_t second, char separator);

/** As put_seconds with `.mmm`. */
char *put_time(char *at, struct clock_cache *cache, uint64_t ms, char separator);

/** 16 characters: 4 blanks or `DDd `, then `hh:mm:ss.mmm`. */
char *put_duration(char *at, uint64_t ms);

#endif
