/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * countryfiles -G DATABASE [OPTION]... DIRECTORY
 *
 * Write flow files whose addresses are drawn by country, for benchmarks of country questions
 * (tests/bench/clustered). The networks of each country are those that a country database gives to
 * it; which country a flow is from and to is drawn from a profile:
 *
 *   home     85 % of flows have the home country at one side and the mix at the other (default)
 *   transit  no home country: both sides by the mix
 *   ipv6     as home, 60 % IPv6 instead of 6 %
 *   quiet    as home, 100 flows a second
 *   dos      as home; in the middle file 90 % of flows are one country's, all to one host
 *
 * The same seed gives the same flows in the same order, whatever the layout of the file: as our
 * collector writes it, with -a in order of arrival, with -u without countries. What writing cost
 * (nffile_write() and nffile_finish()) is printed.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "flow/geotail.h"
#include "flow/record.h"
#include "geo/country.h"
#include "geo/reload.h"
#include "geo/tag.h"
#include "nffile/writer.h"
#include "tests/bench/random.h"

enum {
	FIRST_S = 1699999200, /* 2023-11-14 22:00 UTC */
	FILE_S = 300,
	FILES_MAX = 100000,
	NETS = 1500, /* networks of a country that are used, at most */
	HOME_NETS = 60,
	QUIET_RATE = 100,
	PATH_BYTES = 4096,
};

/* What the other side is, in percent of flows; all other countries share the rest by their size. */
static const struct {
	char letters[3];
	float percent;
} mix_table[] = {
	{"US", 29}, {"DE", 13}, {"NL", 7.5f}, {"IE", 5.5f}, {"FR", 5}, {"GB", 4.5f}, {"CN", 4},
	{"RU", 3.5f}, {"SK", 3}, {"PL", 2.6f}, {"SE", 2.2f}, {"AT", 1.8f}, {"IT", 1.6f}, {"UA", 1.4f},
	{"SG", 1.3f}, {"JP", 1.2f}, {"IN", 1.1f}, {"CA", 1}, {"BR", 0.9f}, {"CH", 0.8f}, {"ES", 0.8f},
	{"HK", 0.7f}, {"KR", 0.6f}, {"RO", 0.6f}, {"TR", 0.5f}, {"FI", 0.5f}, {"BG", 0.4f}, {"HU", 0.4f},
	{"BE", 0.3f}, {"DK", 0.3f}, {"TW", 0.25f}, {"VN", 0.25f}, {"NO", 0.2f}, {"AU", 0.2f}, {"ID", 0.2f},
	{"LT", 0.15f}, {"IL", 0.15f}, {"ZA", 0.12f}, {"TH", 0.1f}, {"IR", 0.1f}, {"PT", 0.1f},
};

#define HOME "CZ"
#define ATTACKER "VN"

struct country_nets {
	double share, sum; /* of the mix; sum of those up to this one */
	uint32_t seen4, seen6; /* networks of the database that were met */
	uint32_t *net4; /* owns; up to NETS, /24 */
	uint64_t *net6; /* owns; up to NETS, /48 */
};

struct profile {
	const char *name;
	bool home, dos;
	unsigned ip6_percent;
};

static const struct profile profile_table[] = {
	{"home", true, false, 6},  {"transit", false, false, 6}, {"ipv6", true, false, 60},
	{"quiet", true, false, 6}, {"dos", true, true, 6},
};

struct end {
	uint16_t code;
	uint32_t ip4, as;
	uint64_t ip6[2];
};

static struct country_nets country[COUNTRY_CODES];
static double mix_sum;
static uint16_t home, attacker;

static double unit(void)
{
	return draw() / 4294967296.0;
}

/* Low numbers are the popular ones. */
static uint32_t skewed(uint32_t limit)
{
	double at = unit();

	return (uint32_t)(at * at * at * limit);
}

static double normal(void)
{
	return sqrt(-2 * log((draw() + 1.0) / 4294967297.0)) * cos(6.283185307179586 * unit());
}

static uint32_t mix(uint32_t number)
{
	number = (number ^ number >> 16) * 0x85ebca6b;
	number = (number ^ number >> 13) * 0xc2b2ae35;
	return number ^ number >> 16;
}

/* Which of the networks met are kept: each with the same chance. @return NETS = not this one */
static uint32_t place_for(uint32_t *seen)
{
	uint32_t place = *seen < NETS ? *seen : below(*seen + 1);

	++*seen;
	return place < NETS ? place : NETS;
}

static void *room(void *list, size_t bytes)
{
	if (!list)
		list = malloc(bytes);
	if (!list)
		exit(1);
	return list;
}

static void collect4(const struct geo_table *table)
{
	for (uint32_t net = 1 << 16; net < 224u << 16; net++) {
		uint16_t code = geo_lookup4(table, net << 8 | 77);
		uint32_t place = code <= COUNTRY_MAX ? place_for(&country[code].seen4) : NETS;

		if (place == NETS)
			continue;
		country[code].net4 = room(country[code].net4, NETS * sizeof(uint32_t));
		country[code].net4[place] = net << 8;
	}
}

/* Every /32 of what the registries give out. */
static void collect6(const struct geo_table *table)
{
	static const uint16_t range[][2] = {{0x2001, 0x2001}, {0x2003, 0x2003}, {0x2400, 0x240f},
					    {0x2600, 0x2610}, {0x2620, 0x2620}, {0x2800, 0x2806},
					    {0x2a00, 0x2a14}, {0x2c0e, 0x2c0f}};

	for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++)
		for (uint64_t net = (uint64_t)range[i][0] << 16; net >> 16 <= range[i][1]; net++) {
			uint64_t high = net << 32 | (uint64_t)(mix((uint32_t)net) & 0xff) << 16;
			uint16_t code = geo_lookup6(table, high, 1);
			uint32_t place = code <= COUNTRY_MAX ? place_for(&country[code].seen6) : NETS;

			if (place == NETS)
				continue;
			country[code].net6 = room(country[code].net6, NETS * sizeof(uint64_t));
			country[code].net6[place] = high;
		}
}

static uint16_t code_of(const char *letters)
{
	return country_by_letters(letters, 2)->number;
}

static int by_size(const void *a, const void *b)
{
	const struct country_nets *x = &country[*(const uint16_t *)a], *y = &country[*(const uint16_t *)b];

	return x->seen4 != y->seen4 ? (x->seen4 < y->seen4) - (x->seen4 > y->seen4)
				    : *(const uint16_t *)a - *(const uint16_t *)b;
}

/* Countries that the table does not name: the larger their networks the more, down to a few flows. */
static void share_rest(double rest)
{
	uint16_t other[COUNTRY_CODES];
	unsigned count = 0;
	double sum = 0;

	for (uint16_t code = 1; code <= COUNTRY_MAX; code++)
		if (country[code].seen4 && country[code].share == 0 && code != home)
			other[count++] = code;
	qsort(other, count, sizeof(other[0]), by_size);
	for (unsigned i = 0; i < count; i++)
		sum += country[other[i]].share = exp(-9.0 * i / count);
	for (unsigned i = 0; i < count; i++)
		country[other[i]].share *= rest / sum;
}

static void make_mix(bool with_home)
{
	double named = 0;

	home = code_of(HOME);
	attacker = code_of(ATTACKER);
	for (size_t i = 0; i < sizeof(mix_table) / sizeof(mix_table[0]); i++) {
		uint16_t code = code_of(mix_table[i].letters);

		if (!country[code].seen4)
			continue;
		country[code].share = mix_table[i].percent;
		named += mix_table[i].percent;
	}
	share_rest(100 - named);
	if (!with_home)
		country[home].share = 0.9;
	for (unsigned code = 0; code < COUNTRY_CODES; code++)
		country[code].sum = mix_sum += country[code].share;
}

static uint16_t draw_country(void)
{
	double at = unit() * mix_sum;
	unsigned low = 1, high = COUNTRY_MAX;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (country[middle].sum <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return (uint16_t)low;
}

/* Networks belong to one AS each; a country has few large and many small ones. */
static uint32_t as_of(uint16_t code, uint32_t net)
{
	double at = mix(net) / 4294967296.0;
	uint32_t count = 1 + country[code].seen4 / 400, number;

	number = mix(code * 4099u + (uint32_t)(at * at * at * (count < 3000 ? count : 3000)));
	return number % 3 ? 1 + number % 64000 : 131072 + number % 90000;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void draw_end(struct end *end, uint16_t code, bool ip6)
{
	const struct country_nets *nets = &country[code];
	uint32_t limit = code == home ? HOME_NETS : NETS, net = 0;

	end->code = code;
	if (ip6) {
		end->ip6[0] = nets->net6[skewed(least(nets->seen6, limit))] | below(4);
		end->ip6[1] = below(3) ? (uint64_t)mix(skewed(4000)) << 32 | 0xfffe : 1 + skewed(200);
		net = (uint32_t)(end->ip6[0] >> 32);
	} else if (nets->seen4) {
		end->ip4 = nets->net4[skewed(least(nets->seen4, limit))];
		net = end->ip4;
		end->ip4 |= 1 + skewed(253);
	}
	end->as = as_of(code, net);
}

static bool has6(uint16_t code)
{
	return country[code].net6 != NULL;
}

/* @return true when one country attacks */
static bool draw_ends(const struct profile *profile, bool attacked, struct end *src, struct end *dst)
{
	uint16_t from, to = draw_country(), swap;
	uint32_t kind = below(1000);
	bool ip6 = below(100) < profile->ip6_percent;

	if (attacked && below(100) < 90) {
		draw_end(src, attacker, false);
		draw_end(dst, home, false);
		dst->ip4 = country[home].net4[0] | 80;
		return true;
	}
	from = profile->home && kind < 930 ? home : draw_country();
	to = profile->home && kind < 80 ? home : to; /* inside */
	if (below(2)) {
		swap = from, from = to, to = swap;
	}
	ip6 = ip6 && has6(from) && has6(to);
	draw_end(src, from, ip6);
	draw_end(dst, to, ip6);
	src->ip6[0] = ip6 ? src->ip6[0] : 0;
	return false;
}

/* The tail is filled in by tag_block(). */
static void put_addresses(struct record_builder *record, const struct end *src,
			  const struct end *dst, unsigned tail)
{
	uint8_t *at;

	if (src->ip6[0]) {
		at = record_element(record, ELEMENT_IP6, 32 + tail);
		bytes_put64(at, src->ip6[0]);
		bytes_put64(at + 8, src->ip6[1]);
		bytes_put64(at + 16, dst->ip6[0]);
		bytes_put64(at + 24, dst->ip6[1]);
		at += 32;
	} else {
		at = record_element(record, ELEMENT_IP4, 8 + tail);
		bytes_put32(at, src->ip4);
		bytes_put32(at + 4, dst->ip4);
		at += 8;
	}
	if (tail)
		geotail_write(at, 0, 0);
}

struct ports {
	uint16_t src, dst;
	uint8_t proto, flags;
};

static struct ports draw_ports(bool attack, bool from_server)
{
	static const uint16_t port_of[] = {443, 443, 443, 443, 443, 443, 443, 80, 80, 53, 53, 123,
					   22,	25,  993, 3389, 5060, 8080};
	static const uint8_t flags_of[] = {0x1b, 0x1b, 0x1b, 0x1f, 0x12, 0x02, 0x14, 0x18};
	struct ports ports = {(uint16_t)(32768 + below(28000)), port_of[below(18)], 6, 0};
	uint16_t swap = ports.src;

	if (attack)
		return (struct ports){ports.src, 80, 6, 2};
	if (!below(6))
		ports.dst = (uint16_t)(1024 + below(64000)); /* between peers */
	if (ports.dst == 53 || ports.dst == 123 || ports.dst == 5060 ||
	    (ports.dst == 443 && !below(3)))
		ports.proto = 17;
	else if (!below(40))
		ports = (struct ports){0, 2048, 1, 0};
	if (ports.proto == 6)
		ports.flags = flags_of[below(8)];
	if (ports.proto != 1 && from_server)
		ports.src = ports.dst, ports.dst = swap;
	return ports;
}

static void put_rest(struct record_builder *record, const struct end *src, const struct end *dst)
{
	uint8_t *at = record_element(record, ELEMENT_MISC, 16);
	uint32_t way = 1 + mix(dst->as) % 4; /* routes follow the AS of the other end */

	bytes_put32(at, 1 + mix(src->as) % 4);
	bytes_put32(at + 4, way);
	at[8] = 16;
	at[9] = 24;
	at = record_element(record, ELEMENT_AS, 8);
	bytes_put32(at, src->as);
	bytes_put32(at + 4, dst->as);
	at = record_element(record, ELEMENT_NEXT4, 4);
	bytes_put32(at, 0xc1000000 | way);
	at = record_element(record, ELEMENT_ROUTER4, 4);
	bytes_put32(at, 0xc1000002);
}

static size_t make_record(uint8_t *out, const struct profile *profile, uint64_t received_ms,
			  bool attacked, unsigned tail)
{
	struct record_builder record;
	struct end src = {0}, dst = {0};
	bool attack = draw_ends(profile, attacked, &src, &dst);
	struct ports ports = draw_ports(attack, src.code == home ? !below(4) : below(2) != 0);
	uint64_t packets = attack ? 1 + below(2) : (uint64_t)exp(1.5 + 1.7 * normal()) + 1;
	uint64_t last_ms = received_ms - 200 - below(packets > 3 ? 15000 : 2000);
	uint8_t *at;

	record_begin(&record, out, RECORD_MAX_BYTES);
	out[11] = 9;
	at = record_element(&record, ELEMENT_GENERIC, 48);
	bytes_put64(at, last_ms - (packets > 3 ? skewed(60000) : below(200)));
	bytes_put64(at + 8, last_ms);
	bytes_put64(at + 16, received_ms);
	bytes_put64(at + 24, packets);
	bytes_put64(at + 32, (uint64_t)((double)packets * (40 + exp(5.5 + normal()) * 0.5)));
	bytes_put16(at + 40, ports.src);
	bytes_put16(at + 42, ports.dst);
	at[44] = ports.proto;
	at[45] = ports.flags;
	at[47] = below(10) ? 0 : 0x28;
	put_addresses(&record, &src, &dst, tail);
	put_rest(&record, &src, &dst);
	return record_end(&record);
}

struct job {
	const char *directory;
	const struct profile *profile;
	unsigned files;
	uint32_t flows; /* of a file */
	bool untagged;
	struct nffile_options options;
	struct grid_shares shares; /* of the file before, as the collector takes them */
	struct geo_table *table;
	struct geo_recent *recent;
	double write_s; /* CPU */
};

static double cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int write_block(struct job *job, struct nffile_writer *writer, struct block *block,
		       struct error *error)
{
	double start;
	int status;

	if (!job->untagged) {
		tag_block(block, 0, block->record_count, job->table, job->recent);
		block->provenance = geo_table_provenance(job->table);
	}
	start = cpu_s();
	status = nffile_write(writer, block, error);
	job->write_s += cpu_s() - start;
	block_clear(block);
	return status;
}

static int write_flows(struct job *job, struct nffile_writer *writer, unsigned number,
		       struct block *block, struct error *error)
{
	uint64_t slot_ms = (FIRST_S + (uint64_t)number * FILE_S) * 1000;
	bool attacked = job->profile->dos && number == job->files / 2;
	unsigned tail = job->untagged ? 0 : GEOTAIL_BYTES;
	int status = NFGEO_OK;

	for (uint32_t i = 0; i < job->flows && status == NFGEO_OK; i++) {
		uint64_t received_ms = slot_ms + (uint64_t)i * FILE_S * 1000 / job->flows;

		if (!block_reserve(block, 256))
			status = write_block(job, writer, block, error);
		block_commit(block, make_record(block_reserve(block, 256), job->profile, received_ms,
						attacked, tail));
	}
	return status == NFGEO_OK && block->used ? write_block(job, writer, block, error) : status;
}

static int write_file(struct job *job, unsigned number, struct error *error)
{
	time_t slot = FIRST_S + (time_t)number * FILE_S;
	struct nffile_finish finish = {0};
	struct nffile_writer *writer;
	struct block block;
	char path[PATH_BYTES], text[32];
	struct tm tm;
	double start;
	int status;

	job->options.expected_flows = job->flows;
	strftime(text, sizeof(text), "%Y%m%d%H%M", gmtime_r(&slot, &tm));
	snprintf(path, sizeof(path), "%s/nfcapd.%s", job->directory, text);
	if (block_init(&block, BLOCK_WRITE_BYTES) != NFGEO_OK)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	status = nffile_create(&writer, path, &job->options, error);
	if (status == NFGEO_OK) {
		status = write_flows(job, writer, number, &block, error);
		start = cpu_s();
		if (nffile_shares(writer, &job->shares))
			job->options.shares = &job->shares;
		if (status == NFGEO_OK)
			status = nffile_finish(writer, &finish, error);
		job->write_s += cpu_s() - start;
	}
	block_fini(&block);
	return status;
}

static int usage(void)
{
	fputs("usage: countryfiles -G DATABASE [-p home|transit|ipv6|quiet|dos] [-n FLOWS] [-f FILES]\n"
	      "                    [-z CODEC] [-s SEED] [-a] [-u] DIRECTORY\n"
	      "  -a  in order of arrival   -u  without countries and geo blocks\n", stderr);
	return 2;
}

static const struct profile *find_profile(const char *name)
{
	for (size_t i = 0; i < sizeof(profile_table) / sizeof(profile_table[0]); i++)
		if (strcmp(name, profile_table[i].name) == 0)
			return &profile_table[i];
	return NULL;
}

static int write_files(struct job *job, const char *database)
{
	struct geo_settings settings = {.option = database};
	struct geo_source *source;
	struct error error;
	int status = geo_source_require(&source, &job->table, &settings, &error);

	if (status == NFGEO_OK) {
		job->recent = geo_recent_new();
		collect4(job->table);
		collect6(job->table);
		make_mix(job->profile->home);
	}
	if (status == NFGEO_OK && (!country[home].seen4 || !country[attacker].seen4))
		status = error_set(&error, NFGEO_ENODB, "%s: has not all countries of the world", database);
	for (unsigned i = 0; i < job->files && status == NFGEO_OK; i++)
		status = write_file(job, i, &error);
	if (status == NFGEO_OK)
		printf("%u files of %u flows, written in %.3f s of CPU\n", job->files, job->flows,
		       job->write_s);
	else
		fprintf(stderr, "countryfiles: %s\n", error.text);
	return status == NFGEO_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct job job = {.profile = &profile_table[0], .files = 12,
			  .options = {.codec = CODEC_LZ4, .ident = "bench", .creator = CREATOR_NFCAPD}};
	const char *database = NULL;
	unsigned long flows = 0, seed = 0;
	struct error error;
	int option;

	while ((option = getopt(argc, argv, "G:p:n:f:z:s:au")) != -1) {
		if (option == 'G')
			database = optarg;
		else if (option == 'p')
			job.profile = find_profile(optarg);
		else if (option == 'n')
			flows = strtoul(optarg, NULL, 10);
		else if (option == 'f')
			job.files = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 's')
			seed = strtoul(optarg, NULL, 10);
		else if (option == 'a')
			job.options.arrival_order = true;
		else if (option == 'u')
			job.untagged = job.options.no_geo_blocks = true;
		else if (option != 'z' || codec_parse(optarg, &job.options.codec, &job.options.level,
						      &error) != NFGEO_OK)
			return usage();
	}
	if (!database || !job.profile || optind + 1 != argc || !job.files || job.files > FILES_MAX)
		return usage();
	job.directory = argv[optind];
	job.flows = (uint32_t)(flows / job.files);
	if (!flows)
		job.flows = strcmp(job.profile->name, "quiet") == 0 ? QUIET_RATE * FILE_S : 500000;
	random_state = 88172645463325252u + seed;
	return write_files(&job, database);
}
