/* SPDX-License-Identifier: BSD-3-Clause */
/* The public functions of include/nfgeo.h: thin covers over geo/ and flow/, nothing of their own. */
#include "include/nfgeo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/wire.h"
#include "flow/record.h"
#include "geo/country.h"
#include "geo/reload.h"

_Static_assert((int)NFGEO_PRIVATE == (int)CLASS_PRIVATE && (int)NFGEO_RESERVED == (int)CLASS_RESERVED,
	       "public and internal classes are the same numbers");

struct nfgeo_table {
	struct geo_table *table; /* one reference */
};

/* Load what `path` or the configuration names and keep only its table. */
static int load(struct geo_table **table, const char *path, struct error *error)
{
	struct geo_settings settings = {.option = path};
	struct geo_source *source = NULL;
	struct conf *conf = NULL;
	int status = conf_open(&conf, NULL, error);

	settings.conf = conf;
	if (status == NFGEO_OK)
		status = geo_source_require(&source, table, &settings, error);
	geo_source_close(source);
	conf_free(conf);
	return status;
}

int nfgeo_table_open(struct nfgeo_table **out, const char *path, char *message,
		     size_t message_bytes)
{
	struct nfgeo_table *table = calloc(1, sizeof(*table));
	struct error error = {0};
	int status;

	*out = NULL;
	if (table)
		status = load(&table->table, path, &error);
	else
		status = error_set(&error, NFGEO_ENOMEM, "out of memory");
	if (message && message_bytes)
		snprintf(message, message_bytes, "%s", error.text);
	if (status == NFGEO_OK)
		*out = table;
	else
		free(table);
	return status;
}

void nfgeo_table_close(struct nfgeo_table *table)
{
	if (!table)
		return;
	geo_table_unref(table->table);
	free(table);
}

uint16_t nfgeo_table_lookup(const struct nfgeo_table *table, const struct in6_addr *address)
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		return geo_lookup4(table->table, wire_get32(address->s6_addr + 12));
	return geo_lookup6(table->table, wire_get64(address->s6_addr),
			   wire_get64(address->s6_addr + 8));
}

uint16_t nfgeo_table_lookup4(const struct nfgeo_table *table, struct in_addr address)
{
	return geo_lookup4(table->table, ntohl(address.s_addr));
}

const char *nfgeo_country_alpha2(uint16_t code)
{
	return country_alpha2(code);
}

const char *nfgeo_country_alpha3(uint16_t code)
{
	return country_alpha3(code);
}

const char *nfgeo_country_name(uint16_t code)
{
	return country_name(code);
}

uint16_t nfgeo_country_number(const char *letters)
{
	const struct country *country = country_by_letters(letters, strlen(letters));

	return country ? country->number : 0;
}

int nfgeo_record_countries(const void *record, size_t record_bytes, uint16_t *src, uint16_t *dst)
{
	struct record_view view;

	record_view_init(&view);
	if (record_bytes < RECORD_HEADER_BYTES || bytes_get16(record) != RECORD_FLOW ||
	    record_view(&view, record, record_bytes) != NFGEO_OK)
		return NFGEO_ECORRUPT;
	if (!view_has(&view, ELEMENT_GEO))
		return 0;
	*src = view_src_country(&view);
	*dst = view_dst_country(&view);
	return 1;
}
