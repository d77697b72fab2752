/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/country.h"

#include <string.h>
#include <strings.h>

#include "geo/group.h"

/* Places in country_table, so that the index below can name them. */
enum country_row {
#define COUNTRY(alpha2, alpha3, number, continent, name) ROW_##alpha2,
#include "geo/countries.def"
#undef COUNTRY
	ROW_COUNT
};

static const struct country country_table[ROW_COUNT] = {
#define COUNTRY(alpha2, alpha3, number, continent, name) {number, #alpha2, #alpha3, name},
#include "geo/countries.def"
#undef COUNTRY
};

static const char continent_table[ROW_COUNT][3] = {
#define COUNTRY(alpha2, alpha3, number, continent, name) continent,
#include "geo/countries.def"
#undef COUNTRY
};

/* Number -> place + 1; 0 = not assigned. */
static const uint8_t row_by_number[COUNTRY_MAX + 1] = {
#define COUNTRY(alpha2, alpha3, number, continent, name) [number] = ROW_##alpha2 + 1,
#include "geo/countries.def"
#undef COUNTRY
};

_Static_assert(ROW_COUNT < 255, "row_by_number holds places in 8 bits");

static const struct {
	char from[4], to[3];
} alias_table[] = {{"UK", "GB"}, {"EL", "GR"}, {"XKK", "XK"}};

#define SOVIET_SUCCESSORS "AM, AZ, BY, EE, GE, KG, KZ, LT, LV, MD, RU, TJ, TM, UA or UZ"

/* Withdrawn codes (ISO 3166-3) that old databases and memories still hold. */
static const struct {
	char alpha2[3], alpha3[4];
	const char *successors;
} withdrawn_table[] = {
	{"AN", "ANT", "BQ, CW or SX"},
	{"CS", "SCG", "ME or RS"},
	{"", "CSK", "CZ or SK"},
	{"YU", "YUG", "ME or RS"},
	{"SU", "SUN", SOVIET_SUCCESSORS},
	{"TP", "TMP", "TL"},
	{"ZR", "ZAR", "CD"},
};

static const char class_words[][14] = {
	"private", "shared", "loopback", "linklocal", "multicast", "documentation", "reserved",
};

/* Prefixes of the classes; no two of one class table overlap, so the order does not matter. */
static const struct {
	uint64_t high, low;
	uint16_t class;
	uint8_t family, bits;
} class_table[] = {
#define IP4(a, b, c, bits, class) {0, (a) << 24 | (b) << 16 | (c) << 8, class, AF_INET, bits}
	IP4(10u, 0, 0, 8, CLASS_PRIVATE),	  IP4(172u, 16, 0, 12, CLASS_PRIVATE),
	IP4(192u, 168, 0, 16, CLASS_PRIVATE),	  IP4(100u, 64, 0, 10, CLASS_SHARED),
	IP4(127u, 0, 0, 8, CLASS_LOOPBACK),	  IP4(169u, 254, 0, 16, CLASS_LINKLOCAL),
	IP4(224u, 0, 0, 4, CLASS_MULTICAST),	  IP4(192u, 0, 2, 24, CLASS_DOCUMENTATION),
	IP4(198u, 51, 100, 24, CLASS_DOCUMENTATION), IP4(203u, 0, 113, 24, CLASS_DOCUMENTATION),
	IP4(0u, 0, 0, 8, CLASS_RESERVED),	  IP4(192u, 0, 0, 24, CLASS_RESERVED),
	IP4(198u, 18, 0, 15, CLASS_RESERVED),	  IP4(240u, 0, 0, 4, CLASS_RESERVED),
#undef IP4
#define IP6(high, low, bits, class) {high, low, class, AF_INET6, bits}
	IP6(0xfc00ull << 48, 0, 7, CLASS_PRIVATE),
	IP6(0, 1, 128, CLASS_LOOPBACK),
	IP6(0xfe80ull << 48, 0, 10, CLASS_LINKLOCAL),
	IP6(0xff00ull << 48, 0, 8, CLASS_MULTICAST),
	IP6(0x20010db8ull << 32, 0, 32, CLASS_DOCUMENTATION),
	IP6(0x3fffull << 48, 0, 20, CLASS_DOCUMENTATION),
	IP6(0, 0, 128, CLASS_RESERVED),
	IP6(0x0100ull << 48, 0, 64, CLASS_RESERVED),
#undef IP6
};

const struct country *country_by_number(uint16_t number)
{
	if (number > COUNTRY_MAX || !row_by_number[number])
		return NULL;
	return &country_table[row_by_number[number] - 1];
}

/* Compare `len` letters with a NUL-terminated code, case ignored. */
static int compare_letters(const char *letters, size_t len, const char *code)
{
	int order = strncasecmp(letters, code, len);

	return order ? order : code[len] ? -1 : 0;
}

static const struct country *by_alpha2(const char *letters)
{
	size_t low = 0, high = ROW_COUNT;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = compare_letters(letters, 2, country_table[middle].alpha2);

		if (order == 0)
			return &country_table[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static const struct country *by_alpha3(const char *letters)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (compare_letters(letters, 3, country_table[i].alpha3) == 0)
			return &country_table[i];
	return NULL;
}

const struct country *country_by_letters(const char *letters, size_t len)
{
	const struct country *found;

	if (len != 2 && len != 3)
		return NULL;
	found = len == 2 ? by_alpha2(letters) : by_alpha3(letters);
	for (size_t i = 0; !found && i < sizeof(alias_table) / sizeof(*alias_table); i++)
		if (strlen(alias_table[i].from) == len &&
		    compare_letters(letters, len, alias_table[i].from) == 0)
			found = by_alpha2(alias_table[i].to);
	return found;
}

const char *country_successors(const char *letters, size_t len)
{
	for (size_t i = 0; i < sizeof(withdrawn_table) / sizeof(*withdrawn_table); i++)
		if ((len == 2 && compare_letters(letters, 2, withdrawn_table[i].alpha2) == 0) ||
		    (len == 3 && compare_letters(letters, 3, withdrawn_table[i].alpha3) == 0))
			return withdrawn_table[i].successors;
	return NULL;
}

const struct country *country_all(size_t *count)
{
	*count = ROW_COUNT;
	return country_table;
}

static bool is_unknown_or_class(uint16_t code)
{
	return code == COUNTRY_UNKNOWN || (code >= CLASS_PRIVATE && code <= CLASS_MAX);
}

const char *country_alpha2(uint16_t code)
{
	const struct country *country = country_by_number(code);

	return country ? country->alpha2 : is_unknown_or_class(code) ? ".." : "??";
}

const char *country_alpha3(uint16_t code)
{
	const struct country *country = country_by_number(code);

	return country ? country->alpha3 : is_unknown_or_class(code) ? "..." : "???";
}

const char *country_name(uint16_t code)
{
	const struct country *country = country_by_number(code);

	return country ? country->name : is_unknown_or_class(code) ? "unknown" : "unassigned";
}

const char *country_continent(uint16_t code)
{
	const struct country *country = country_by_number(code);

	return country ? continent_table[country - country_table] : "";
}

const char *country_class_word(uint16_t code)
{
	return code >= CLASS_PRIVATE && code <= CLASS_MAX ? class_words[code - CLASS_PRIVATE] : "";
}

uint16_t country_class_by_word(const char *word, size_t len)
{
	for (uint16_t code = CLASS_PRIVATE; code <= CLASS_MAX; code++) {
		const char *name = class_words[code - CLASS_PRIVATE];

		if (len == strlen(name) && strncasecmp(word, name, len) == 0)
			return code;
	}
	return 0;
}

bool country_class_prefix(size_t index, struct prefix *prefix, uint16_t *code)
{
	if (index >= sizeof(class_table) / sizeof(*class_table))
		return false;
	*prefix = (struct prefix){
		{class_table[index].high, class_table[index].low, class_table[index].family},
		class_table[index].bits,
	};
	*code = class_table[index].class;
	return true;
}

uint16_t country_class_of(const struct address *address)
{
	struct prefix prefix;
	uint16_t code;

	for (size_t i = 0; country_class_prefix(i, &prefix, &code); i++)
		if (prefix_contains(&prefix, address))
			return code;
	return 0;
}
