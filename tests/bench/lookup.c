/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: lookup DATABASE.mmdb [FIELD]
 *
 * How fast is a country found? One run, one core: libmaxminddb's lookup + get_value and our table,
 * one by one and in batches in every variant this processor has, on the same addresses. The mix: a
 * prefix of the database by Zipf's law (rank r as often as 1/r; ranks dealt at random), an address
 * of it at random. All answers are compared, too. FIELD is where the country is (country_code).
 */
#include <arpa/inet.h>
#include <malloc.h>
#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "geo/build.h"
#include "geo/country.h"
#include "geo/image.h"
#include "geo/mmdb.h"
#include "geo/table_impl.h"

enum { ADDRESSES = 1 << 20, ROUNDS = 8, LIBRARY_ADDRESSES = 1 << 19, PATH_PARTS = 8, BUILDS = 5 };

struct mix {
	int family;
	struct prefix *prefix;
	size_t prefix_count;
	uint32_t *ip4;	    /* ADDRESSES of them, if that is the family */
	uint64_t (*ip6)[2]; /* else these */
	uint16_t *want, *got;
};

static uint64_t random64(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

static double now_s(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void *need(void *memory)
{
	if (memory)
		return memory;
	fputs("lookup: out of memory\n", stderr);
	exit(1);
}

static MMDB_lookup_result_s library_lookup(const MMDB_s *mmdb, int family, uint64_t high,
					   uint64_t low)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl((uint32_t)low)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	int status;

	if (family == AF_INET)
		return MMDB_lookup_sockaddr(mmdb, (const struct sockaddr *)&in, &status);
	high = htobe64(high);
	low = htobe64(low);
	memcpy(in6.sin6_addr.s6_addr, &high, sizeof(high));
	memcpy(in6.sin6_addr.s6_addr + 8, &low, sizeof(low));
	return MMDB_lookup_sockaddr(mmdb, (const struct sockaddr *)&in6, &status);
}

/* What a program that uses the library has to do to get a country's number. */
static uint16_t library_country(const MMDB_s *mmdb, const char *const *path, int family,
				uint64_t high, uint64_t low)
{
	MMDB_lookup_result_s result = library_lookup(mmdb, family, high, low);
	const struct country *country;
	MMDB_entry_data_s data;

	if (!result.found_entry || MMDB_aget_value(&result.entry, &data, path) != MMDB_SUCCESS ||
	    !data.has_data || data.data_size != 2)
		return 0;
	country = country_by_letters(data.utf8_string, 2);
	return country ? country->number : 0;
}

/* The library's work alone: without our letters -> number. */
static size_t library_letters(const MMDB_s *mmdb, const char *const *path, int family,
			      uint64_t high, uint64_t low)
{
	MMDB_lookup_result_s result = library_lookup(mmdb, family, high, low);
	MMDB_entry_data_s data;

	if (!result.found_entry || MMDB_aget_value(&result.entry, &data, path) != MMDB_SUCCESS ||
	    !data.has_data)
		return 0;
	return (size_t)data.utf8_string[0];
}

/* All prefixes that have an answer, as the library names them; of IPv6 only global unicast. */
static void list_prefixes(const MMDB_s *mmdb, struct mix *mix)
{
	number128 number = mix->family == AF_INET ? 0 : (number128)1 << 125;
	number128 end = mix->family == AF_INET ? 0xffffffff : ((number128)1 << 126) - 1;
	size_t room = 0;

	for (;;) {
		uint64_t high = (uint64_t)(number >> 64), low = (uint64_t)number;
		MMDB_lookup_result_s result = library_lookup(mmdb, mix->family, high, low);
		unsigned bits = result.netmask, host_bits;

		if (mix->family == AF_INET && mmdb->metadata.ip_version == 6)
			bits = bits > 96 ? bits - 96 : 0;
		host_bits = (mix->family == AF_INET ? 32 : 128) - bits;
		if (mix->prefix_count == room) {
			room = room ? room * 2 : 4096;
			mix->prefix = need(realloc(mix->prefix, room * sizeof(*mix->prefix)));
		}
		if (result.found_entry)
			mix->prefix[mix->prefix_count++] =
				(struct prefix){{high, low, (uint8_t)mix->family}, (uint8_t)bits};
		number |= host_bits ? ((number128)1 << host_bits) - 1 : 0;
		if (number >= end)
			return;
		number++;
	}
}

static void shuffle(struct mix *mix)
{
	for (size_t i = mix->prefix_count; i > 1; i--) {
		size_t k = random64() % i;
		struct prefix swap = mix->prefix[i - 1];

		mix->prefix[i - 1] = mix->prefix[k];
		mix->prefix[k] = swap;
	}
}

/* Index by Zipf's law: where a random share of the sum of 1/rank falls. */
static size_t draw(const double *sum, size_t count)
{
	double share = (double)(random64() >> 11) / 9007199254740992.0 * sum[count - 1];
	size_t low = 0, high = count - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (sum[middle] < share)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void draw_addresses(struct mix *mix)
{
	double *sum = need(calloc(mix->prefix_count, sizeof(*sum)));

	for (size_t i = 0; i < mix->prefix_count; i++)
		sum[i] = (i ? sum[i - 1] : 0) + 1.0 / (double)(i + 1);
	for (size_t i = 0; i < ADDRESSES; i++) {
		const struct prefix *prefix = &mix->prefix[draw(sum, mix->prefix_count)];
		unsigned width = mix->family == AF_INET ? 32 : 128,
			 host_bits = width - prefix->bits;
		number128 random = (number128)random64() << 64 | random64();
		number128 number = (number128)prefix->address.high << 64 | prefix->address.low;

		number |= host_bits ? random >> (128 - host_bits) : 0;
		if (mix->family == AF_INET) {
			mix->ip4[i] = (uint32_t)number;
		} else {
			mix->ip6[i][0] = (uint64_t)(number >> 64);
			mix->ip6[i][1] = (uint64_t)number;
		}
	}
	free(sum);
}

static void mix_init(struct mix *mix, int family, const MMDB_s *mmdb)
{
	*mix = (struct mix){.family = family};
	mix->ip4 = need(calloc(ADDRESSES, sizeof(*mix->ip4)));
	mix->ip6 = need(calloc(ADDRESSES, sizeof(*mix->ip6)));
	mix->want = need(calloc(ADDRESSES, sizeof(*mix->want)));
	mix->got = need(calloc(ADDRESSES, sizeof(*mix->got)));
	list_prefixes(mmdb, mix);
	if (mix->prefix_count == 0)
		return;
	shuffle(mix);
	draw_addresses(mix);
}

static void mix_fini(struct mix *mix)
{
	free(mix->prefix);
	free(mix->ip4);
	free(mix->ip6);
	free(mix->want);
	free(mix->got);
}

static uint64_t high_of(const struct mix *mix, size_t i)
{
	return mix->family == AF_INET ? 0 : mix->ip6[i][0];
}

static uint64_t low_of(const struct mix *mix, size_t i)
{
	return mix->family == AF_INET ? mix->ip4[i] : mix->ip6[i][1];
}

static void report(const char *what, double ns, double library_ns)
{
	printf("  %-24s %8.1f ns %9.1f million/s %7.1fx\n", what, ns, 1e3 / ns, library_ns / ns);
}

static double time_library(struct mix *mix, const MMDB_s *mmdb, const char *const *path)
{
	double begin = now_s(CLOCK_PROCESS_CPUTIME_ID), ns;
	volatile size_t sum = 0;

	for (size_t i = 0; i < LIBRARY_ADDRESSES; i++)
		sum += library_letters(mmdb, path, mix->family, high_of(mix, i), low_of(mix, i));
	ns = (now_s(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e9 / LIBRARY_ADDRESSES;
	for (size_t i = 0; i < ADDRESSES; i++)
		mix->want[i] =
			library_country(mmdb, path, mix->family, high_of(mix, i), low_of(mix, i));
	return ns;
}

static void check_answers(const struct mix *mix)
{
	for (size_t i = 0; i < ADDRESSES; i++) {
		if (country_number(mix->got[i]) == mix->want[i])
			continue;
		fprintf(stderr, "lookup: answers differ: %u, library %u\n", mix->got[i],
			mix->want[i]);
		exit(1);
	}
}

static double time_single(struct mix *mix, const struct geo_table *table)
{
	double begin = now_s(CLOCK_PROCESS_CPUTIME_ID);

	for (size_t i = 0; i < ADDRESSES; i++)
		mix->got[i] = mix->family == AF_INET
				      ? geo_lookup4(table, mix->ip4[i])
				      : geo_lookup6(table, mix->ip6[i][0], mix->ip6[i][1]);
	return (now_s(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e9 / ADDRESSES;
}

static double time_batch(struct mix *mix, const struct geo_table *table)
{
	double begin = now_s(CLOCK_PROCESS_CPUTIME_ID);

	for (int round = 0; round < ROUNDS; round++) {
		if (mix->family == AF_INET)
			geo_lookup4_batch(table, mix->ip4, mix->got, ADDRESSES);
		else
			geo_lookup6_batch(table, (const uint64_t(*)[2])mix->ip6, mix->got,
					  ADDRESSES);
	}
	return (now_s(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e9 / ADDRESSES / ROUNDS;
}

static void run_family(int family, const MMDB_s *mmdb, const char *const *path,
		       struct geo_table *table)
{
	struct mix mix;
	double library_ns;

	mix_init(&mix, family, mmdb);
	printf("%s: %zu prefixes\n", family == AF_INET ? "IPv4" : "IPv6", mix.prefix_count);
	if (mix.prefix_count) {
		library_ns = time_library(&mix, mmdb, path);
		report("libmaxminddb", library_ns, library_ns);
		report("table, one by one", time_single(&mix, table), library_ns);
		check_answers(&mix);
	}
	for (size_t i = 0; mix.prefix_count && i < lookup_variant_count; i++) {
		char what[40];

		if (!lookup_variants[i]->usable())
			continue;
		table->variant = lookup_variants[i];
		snprintf(what, sizeof(what), "table, batch, %s", table->variant->name);
		report(what, time_batch(&mix, table), library_ns);
		check_answers(&mix);
	}
	table->variant = lookup_variants[0]->usable() ? lookup_variants[0] : table->variant;
	mix_fini(&mix);
}

/* The best of a few, since others may use the machine. */
static struct geo_table *build(const char *file, const char *field)
{
	struct geo_table *table = NULL;
	double best_wall = 1e9, best_cpu = 1e9;

	for (int i = 0; i < BUILDS; i++) {
		struct geo_builder *builder = need(geo_builder_new());
		struct geo_provenance provenance = {{0}};
		double wall = now_s(CLOCK_MONOTONIC), cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
		struct error error;

		geo_table_unref(table);
		if (mmdb_load(file, field, builder, &provenance, &error) ||
		    geo_builder_finish(builder, &provenance, &table, &error)) {
			fprintf(stderr, "lookup: %s\n", error.text);
			exit(1);
		}
		geo_builder_free(builder);
		wall = now_s(CLOCK_MONOTONIC) - wall;
		cpu = now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
		best_wall = wall < best_wall ? wall : best_wall;
		best_cpu = cpu < best_cpu ? cpu : best_cpu;
	}
	printf("built from MMDB in %.0f ms (%.0f ms of processor time)\n", best_wall * 1e3,
	       best_cpu * 1e3);
	return table;
}

/* Resident pages, in bytes. */
static double resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long total, pages = 0;

	if (file && fscanf(file, "%lu %lu", &total, &pages) != 2)
		pages = 0;
	if (file)
		fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void time_image(const struct geo_table *table)
{
	char path[] = "/tmp/nfgeo-bench-XXXXXX";
	struct geo_table *loaded;
	struct error error;
	double best = 1e9;
	int fd = mkstemp(path);

	if (fd < 0 || close(fd) || image_save(table, path, &error))
		return;
	malloc_trim(0);
	for (int i = 0; i < BUILDS; i++) {
		double before = resident(), begin = now_s(CLOCK_MONOTONIC), took;

		if (image_load(path, &loaded, &error))
			break;
		took = now_s(CLOCK_MONOTONIC) - begin;
		best = took < best ? took : best;
		if (i == 0)
			printf("table: %zu + %zu ranges, resident %.1f MB\n", table->v4.count,
			       table->v6.count, (resident() - before) / 1e6);
		geo_table_unref(loaded);
	}
	printf("loaded from its image in %.1f ms\n", best * 1e3);
	unlink(path);
}

int main(int argc, char **argv)
{
	const char *path[PATH_PARTS + 1] = {"country_code"};
	struct geo_table *table;
	char *field = NULL, *rest, *part;
	size_t parts = 0;
	MMDB_s mmdb;

	if (argc < 2 || argc > 3) {
		fputs("usage: lookup DATABASE.mmdb [FIELD]\n", stderr);
		return 2;
	}
	table = build(argv[1], argv[2]);
	if (argc == 3)
		field = need(strdup(argv[2]));
	for (part = field ? strtok_r(field, ".", &rest) : NULL; part && parts < PATH_PARTS;
	     part = strtok_r(NULL, ".", &rest))
		path[parts++] = part;
	if (MMDB_open(argv[1], MMDB_MODE_MMAP, &mmdb) != MMDB_SUCCESS)
		return 1;
	time_image(table);
	run_family(AF_INET, &mmdb, path, table);
	if (mmdb.metadata.ip_version == 6)
		run_family(AF_INET6, &mmdb, path, table);
	MMDB_close(&mmdb);
	geo_table_unref(table);
	free(field);
	return 0;
}
