/* SPDX-License-Identifier: BSD-3-Clause */
/* Countries as JSON members, as our own nfdump writes them (output/json.c). */
#include <stdio.h>

#include "geo/country.h"
#include "include/nfgeo_hooks.h"

/* Letters as a JSON string; null for what is no country. */
static const char *letters(uint16_t code, char text[5])
{
	if (!code || code > COUNTRY_MAX)
		return "null";
	snprintf(text, 5, "\"%s\"", country_alpha2(code));
	return text;
}

char *nfgeo_json(char *to, const void *el2, const void *el3, int lines)
{
	static const char *const format[] = {
		"\"src_ctry\":%u,\"dst_ctry\":%u,\"src_ctry_a2\":%s,\"dst_ctry_a2\":%s,",
		"  \"src_ctry\" : %u,\n  \"dst_ctry\" : %u,\n"
		"  \"src_ctry_a2\" : %s,\n  \"dst_ctry_a2\" : %s,\n",
	};
	char src[5], dst[5];
	uint16_t pair[2];

	*to = '\0';
	if (!nfgeo_known(el2, el3, pair))
		return to;
	return to + sprintf(to, format[lines != 0], nfgeo_shown(pair[0]), nfgeo_shown(pair[1]),
			    letters(pair[0], src), letters(pair[1], dst));
}
