/* SPDX-License-Identifier: BSD-3-Clause */
/* statistic_request.c - the texts of -s, -l and -L. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "output/names.h"
#include "query/statistics.h"

/* A name of stock, without values here, is told apart from a name that is wrong. */
static int unknown(const char *text, struct error *error)
{
	char name[16];
	const char *reason;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, "/:"), text);
	reason = missing_reason(name);
	if (reason)
		return error_set(error, NFGEO_EINVAL, "-s %s: %s", text, reason);
	return error_set(
		error, NFGEO_EINVAL,
		"Unknown stat: '%s': use NAME[:p][/ORDER...], NAME one of record srcip dstip "
		"ip port srcport dstport proto as srcas dstas srcctry dstctry ctry ctrypair "
		"srccont inif outif and others, or a field's name in JSON, ORDER one of flows "
		"packets bytes pps bps bpp hosts as ports",
		text);
}

/* Length of the key: up to the first order, the second `/` of srcip4/24/bytes. */
static size_t key_length(const char *text)
{
	size_t len = strcspn(text, "/");

	if (text[len] && key_takes_bits(text, len))
		len += 1 + strcspn(text + len + 1, "/");
	return len;
}

/* Takes `:p` off the end. */
static bool wants_proto(const char *text, size_t *len)
{
	if (*len < 2 || text[*len - 2] != ':' || tolower((unsigned char)text[*len - 1]) != 'p' ||
	    (key_takes_group(text, *len) && !memchr(text, ':', *len - 2)))
		return false;
	*len -= 2;
	return true;
}

static int parse_key(struct statistic_request *request, const char *text, size_t len,
		     struct error *error)
{
	int status;

	snprintf(request->name, sizeof(request->name), "%.*s", (int)strcspn(text, "/:"), text);
	for (char *letter = request->name; *letter; letter++)
		*letter = (char)tolower((unsigned char)*letter);
	request->by_proto = wants_proto(text, &len);
	request->record = len == 6 && strcmp(request->name, "record") == 0; /* has its protocol */
	if (request->record)
		return NFGEO_OK;
	if (memchr(text, ':', len) && !key_takes_group(text, len))
		return unknown(text, error);
	status = key_parse(&request->key, text, len, error);
	if (status == NFGEO_ENOTFOUND)
		return unknown(text, error);
	request->by_proto |= request->key.kind == STAT_PROTO;
	return status;
}

int statistic_parse(struct statistic_request *request, const char *text, struct error *error)
{
	size_t len = key_length(text);
	const char *rest = text + len;
	int status;

	*request = (struct statistic_request){0};
	status = parse_key(request, text, len, error);
	if (status != NFGEO_OK)
		return status;
	if (!*rest)
		request->orders = 1; /* flows */
	while (*rest) {
		unsigned order;
		bool ascending;

		rest++;
		len = strcspn(rest, "/");
		if (order_parse(rest, len, &order, &ascending) != NFGEO_OK ||
		    !order_table[order].for_stat || (request->record && !order_table[order].value))
			return unknown(text, error);
		request->orders |= 1u << order;
		request->ascending |= (uint32_t)ascending << order;
		rest += len;
	}
	return NFGEO_OK;
}

int statistic_limit_parse(const char *text, struct statistic_limit *limit, struct error *error)
{
	const char *digits = text + (*text == '+' || *text == '-');
	char *end;
	unsigned long long value = strtoull(digits, &end, 10);
	uint64_t factor = 1;

	switch (toupper((unsigned char)*end)) {
	case 'G':
		factor *= 1000;
		/* fall through */
	case 'M':
		factor *= 1000;
		/* fall through */
	case 'K':
		factor *= 1000;
		end++;
	}
	if (!isdigit((unsigned char)*digits) || *end || value > UINT64_MAX / factor)
		return error_set(error, NFGEO_EINVAL, "Limit '%s': use [+|-]N[K|M|G]", text);
	*limit = (struct statistic_limit){*text == '-' ? -1 : 1, value * factor};
	return NFGEO_OK;
}
