/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "geo/mmdb_check.h"

#include <maxminddb.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "geo/country.h"
#include "geo/segments.h"
#include "geo/table_impl.h"

enum {
	SAMPLES = 512, /* ranges of a family, about */
	RANDOM_SAMPLES = 512,
	SILENT = -1, /* no answer, as against an answer without a country */
};

struct comparison {
	const char *name;
	MMDB_s *mmdb;
	const struct mmdb_path *path;
	const struct segments *v4, *v6;
	struct error *error;
};

/* What libmaxminddb says. */
static int library_answer(const struct comparison *comparison, const struct address *address,
			  int *answer)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in in = {.sin_family = AF_INET};
	const struct country *country;
	MMDB_lookup_result_s result;
	MMDB_entry_data_s data;
	uint64_t high = htobe64(address->high), low = htobe64(address->low);
	int status;

	in.sin_addr.s_addr = htonl((uint32_t)address->low);
	memcpy(in6.sin6_addr.s6_addr, &high, sizeof(high));
	memcpy(in6.sin6_addr.s6_addr + 8, &low, sizeof(low));
	result = MMDB_lookup_sockaddr(comparison->mmdb,
				      address->family == AF_INET ? (const struct sockaddr *)&in
								 : (const struct sockaddr *)&in6,
				      &status);
	if (status != MMDB_SUCCESS)
		return status;
	*answer = SILENT;
	if (!result.found_entry)
		return MMDB_SUCCESS;
	*answer = COUNTRY_UNKNOWN;
	status = MMDB_aget_value(&result.entry, &data, comparison->path->part);
	if (status != MMDB_SUCCESS || !data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING)
		return status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR ? MMDB_SUCCESS : status;
	country = data.data_size == 2 ? country_by_letters(data.utf8_string, 2) : NULL;
	if (country)
		*answer = country->number;
	return MMDB_SUCCESS;
}

static int our_answer(const struct comparison *comparison, const struct address *address)
{
	number128 number = (number128)address->high << 64 | address->low;
	const struct segment *found =
		segments_find(address->family == AF_INET ? comparison->v4 : comparison->v6, number);

	if (found && found->code >= CODE_ALIAS4)
		found = segments_find(comparison->v4,
				      (uint32_t)(number >> (96 - (found->code - CODE_ALIAS4))));
	return found ? found->code : SILENT;
}

static int compare_address(const struct comparison *comparison, int family, number128 number)
{
	struct address address = family == AF_INET
					 ? address_ip4((uint32_t)number)
					 : address_ip6((uint64_t)(number >> 64), (uint64_t)number);
	char text[ADDRESS_TEXT];
	int theirs = SILENT, ours = our_answer(comparison, &address);
	int status = library_answer(comparison, &address, &theirs);

	if (status == MMDB_SUCCESS && ours == theirs)
		return NFGEO_OK;
	address_print(&address, text);
	return error_set(comparison->error, NFGEO_ECORRUPT,
			 "%s is refused: for %s libmaxminddb says %s, and we %s", comparison->name,
			 text,
			 status == MMDB_SUCCESS
				 ? theirs == SILENT ? "nothing" : country_alpha2((uint16_t)theirs)
				 : MMDB_strerror(status),
			 ours == SILENT ? "nothing" : country_alpha2((uint16_t)ours));
}

static int compare_family(const struct comparison *comparison, int family)
{
	const struct segments *list = family == AF_INET ? comparison->v4 : comparison->v6;
	size_t step = list->count / SAMPLES + 1;
	number128 number = 0x9e3779b97f4a7c15;
	int code = NFGEO_OK;

	for (size_t i = 0; !code && i < list->count; i += step) {
		const struct segment *range = &list->item[i];
		const number128 place[] = {range->first, range->last, range->first - 1,
					   range->last + 1};

		for (size_t k = 0; !code && k < sizeof(place) / sizeof(*place); k++)
			code = compare_address(comparison, family, place[k]);
	}
	for (int i = 0; !code && i < RANDOM_SAMPLES; i++) {
		number = number * 0xda942042e4dd58b5 + (uint64_t)(number >> 64);
		code = compare_address(comparison, family, number);
	}
	return code;
}

/* libmaxminddb maps a file; this one has no name that anybody could change. */
static int open_copy(const char *name, const void *bytes, size_t len, MMDB_s *mmdb,
		     struct error *error)
{
	int fd = memfd_create("nfdump-geo", MFD_CLOEXEC), status;
	char path[40];
	FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");

	if (!file || fwrite(bytes, 1, len, file) != len || fflush(file)) {
		error_set_errno(error, "%s: cannot make a copy in memory", name);
		if (file)
			fclose(file);
		else if (fd >= 0)
			close(fd);
		return NFGEO_EIO;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	status = MMDB_open(path, MMDB_MODE_MMAP, mmdb);
	fclose(file);
	if (status != MMDB_SUCCESS)
		return error_set(error, NFGEO_ECORRUPT, "%s: libmaxminddb refuses it: %s", name,
				 MMDB_strerror(status));
	return NFGEO_OK;
}

int mmdb_compare(const char *name, const void *bytes, size_t len, const struct mmdb_path *path,
		 struct geo_builder *builder, struct error *error)
{
	MMDB_s mmdb;
	struct comparison comparison = {
		name,
		&mmdb,
		path,
		geo_builder_segments(builder, GEO_LAYER_DATABASE, AF_INET),
		geo_builder_segments(builder, GEO_LAYER_DATABASE, AF_INET6),
		error,
	};
	int code;

	if (!comparison.v4 || !comparison.v6)
		return error_set(error, NFGEO_ENOMEM, "%s: out of memory", name);
	code = open_copy(name, bytes, len, &mmdb, error);
	if (code)
		return code;
	code = compare_family(&comparison, AF_INET);
	if (!code && mmdb.metadata.ip_version == 6)
		code = compare_family(&comparison, AF_INET6);
	MMDB_close(&mmdb);
	return code;
}
