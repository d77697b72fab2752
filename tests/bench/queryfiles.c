/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * queryfiles DIRECTORY [flows [files [codec [seed [hosts]]]]]
 * queryfiles -r DIRECTORY
 *
 * Write flow files for query benchmarks (tests/bench/query): records as a collector of NetFlow v9
 * stores them, without countries and geo blocks. `nfgeo tag` puts those in. With -r only read and
 * decompress the files that are there: what no query can do without.
 *
 * The mix: half the flows are between a few networks' clients and servers whose popularity
 * follows Zipf's law; in the other half the source is one of very many hosts, as scans,
 * peer-to-peer traffic and name servers see them (0.7 a flow unless said). 6 % are IPv6. 443, 80
 * and 53 lead the ports.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/record.h"
#include "nffile/reader.h"
#include "nffile/writer.h"
#include "tests/bench/random.h"

enum { SERVERS = 20000, FIRST_S = 1700000000, FILE_S = 300, FILES = 12,
       PATH_BYTES = 4096 };

static uint32_t server[SERVERS];
static double weight[SERVERS];

static double normal(void)
{
	double radius = sqrt(-2 * log((draw() + 1.0) / 4294967297.0));

	return radius * cos(6.283185307179586 * draw() / 4294967296.0);
}

static uint32_t mix(uint32_t number)
{
	number = (number ^ number >> 16) * 0x85ebca6b;
	number = (number ^ number >> 13) * 0xc2b2ae35;
	return number ^ number >> 16;
}

/* Some public unicast address; the same for the same number. Hosts stand in networks of up to 40. */
static uint32_t public_address(uint32_t number)
{
	uint32_t net = number / 40;

	do
		net = mix(net + 1);
	while (net >> 24 == 0 || net >> 24 == 10 || net >> 24 == 127 || net >> 24 >= 224);
	return (net & 0xffffff00) | (mix(number) & 0xff);
}

static void make_servers(void)
{
	double sum = 0;

	for (unsigned i = 0; i < SERVERS; i++) {
		server[i] = public_address(i * 977);
		weight[i] = sum += 1.0 / (i + 1);
	}
}

static uint32_t pick_server(void)
{
	double at = draw() / 4294967296.0 * weight[SERVERS - 1];
	unsigned low = 0, high = SERVERS - 1;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (weight[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return server[low];
}

static uint32_t pick_client(void)
{
	return below(4) ? 0xc1000000 | below(4) << 16 | below(5000) : 0x0a000000 | below(30000);
}

static void put_address6(uint8_t *at, uint32_t number)
{
	bytes_put32(at, 0x20010000 + (number >> 12 & 0x0a00ffff));
	bytes_put32(at + 4, number & 0xffff);
	bytes_put32(at + 12, number);
}

static void put_addresses(struct record_builder *record, uint32_t src, uint32_t dst)
{
	uint8_t *at;

	if ((src ^ dst) % 16) {
		at = record_element(record, ELEMENT_IP4, 8);
		bytes_put32(at, src);
		bytes_put32(at + 4, dst);
	} else {
		at = record_element(record, ELEMENT_IP6, 32);
		put_address6(at, src);
		put_address6(at + 16, dst);
	}
}

static size_t make_record(uint8_t *out, uint64_t file_ms, uint32_t hosts)
{
	static const uint16_t port_of[] = {443, 443, 443, 443, 80, 80, 53, 53, 22, 25, 993, 8080};
	static const uint8_t flags_of[] = {0x1b, 0x1b, 0x1b, 0x1a, 0x12, 0x02, 0x14, 0x18};
	uint32_t src = pick_client(), dst = pick_server(), swap;
	uint16_t src_port = (uint16_t)(32768 + below(28000)), dst_port = port_of[below(12)];
	uint64_t start_ms = file_ms + below(FILE_S * 1000), packets;
	struct record_builder record;
	uint32_t kind = below(100);
	uint8_t *at;

	if (below(2)) {
		dst = src;
		src = public_address(below(hosts));
		dst_port = below(4) ? (uint16_t)(1024 + below(64000)) : dst_port;
	} else if (below(2)) {
		swap = src, src = dst, dst = swap;
		swap = src_port, src_port = dst_port, dst_port = (uint16_t)swap;
	}
	packets = (uint64_t)exp(1.5 + 1.7 * normal()) + 1;
	record_begin(&record, out, RECORD_MAX_BYTES);
	out[11] = 9;
	at = record_element(&record, ELEMENT_GENERIC, 48);
	bytes_put64(at, start_ms);
	bytes_put64(at + 8, start_ms + (packets > 3 ? below(60000) : below(200)));
	bytes_put64(at + 16, start_ms + 60000);
	bytes_put64(at + 24, packets);
	bytes_put64(at + 32, (uint64_t)((double)packets * (40 + exp(5.5 + normal()) * 0.5)));
	bytes_put16(at + 40, src_port);
	bytes_put16(at + 42, dst_port);
	at[44] = kind < 66 ? 6 : kind < 97 ? 17 : 1;
	at[45] = at[44] == 6 ? flags_of[below(8)] : 0;
	at[47] = below(10) ? 0 : 0x28;
	put_addresses(&record, src, dst);
	at = record_element(&record, ELEMENT_MISC, 16);
	bytes_put32(at, 1 + below(4));
	bytes_put32(at + 4, 10 + below(2));
	at[8] = 16;
	at[9] = 24;
	at = record_element(&record, ELEMENT_AS, 8);
	bytes_put32(at, src % 65000);
	bytes_put32(at + 4, dst % 65000);
	at = record_element(&record, ELEMENT_NEXT4, 4);
	bytes_put32(at, 0xc1000001);
	at = record_element(&record, ELEMENT_ROUTER4, 4);
	bytes_put32(at, 0xc1000002);
	return record_end(&record);
}

static void file_path(char *path, const char *directory, unsigned number)
{
	snprintf(path, PATH_BYTES, "%s/nfcapd.2023111422%02u", directory, number * 5);
}

static int write_file(const char *directory, unsigned number, uint32_t flows, uint32_t hosts,
		      const struct nffile_options *options, struct error *error)
{
	struct nffile_finish finish = {0};
	struct nffile_writer *writer;
	struct block block;
	char path[PATH_BYTES];
	int status;

	file_path(path, directory, number);
	if (block_init(&block, BLOCK_WRITE_BYTES) != NFGEO_OK)
		return error_set(error, NFGEO_ENOMEM, "out of memory");
	status = nffile_create(&writer, path, options, error);
	for (uint32_t i = 0; i < flows && status == NFGEO_OK; i++) {
		uint8_t *at = block_reserve(&block, 256);

		if (!at) {
			status = nffile_write(writer, &block, error);
			block_clear(&block);
			at = block_reserve(&block, 256);
		}
		block_commit(&block,
			     make_record(at, (FIRST_S + (uint64_t)number * FILE_S) * 1000, hosts));
	}
	if (status == NFGEO_OK && block.used)
		status = nffile_write(writer, &block, error);
	block_fini(&block);
	return status == NFGEO_OK ? nffile_finish(writer, &finish, error) : status;
}

/* Names are those of write_file(). */
static int read_files(const char *directory)
{
	struct block block = {0};
	uint64_t bytes = 0;

	for (unsigned i = 0; i < FILES; i++) {
		struct nffile_reader *reader;
		struct raw_block raw = {0};
		struct error error;
		char path[PATH_BYTES];

		file_path(path, directory, i);
		if (nffile_open(&reader, path, &error) != NFGEO_OK)
			continue;
		while (nffile_next_raw(reader, &raw, &error) == 1) {
			if (nffile_decode(reader, &raw, &block, &error) != NFGEO_OK)
				return 1;
			bytes += block.used;
		}
		raw_block_fini(&raw);
		nffile_close(reader);
	}
	block_fini(&block);
	printf("%llu bytes\n", (unsigned long long)bytes);
	return bytes ? 0 : 1;
}

int main(int argc, char **argv)
{
	uint32_t flows = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 6000000;
	unsigned files = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 12;
	struct nffile_options options = {
		.codec = CODEC_LZ4, .ident = "bench", .creator = CREATOR_NFCAPD, .no_geo_blocks = true};
	uint32_t hosts = argc > 6 ? (uint32_t)strtoul(argv[6], NULL, 10) : flows / 10 * 7;
	struct error error;

	if (argc == 3 && strcmp(argv[1], "-r") == 0)
		return read_files(argv[2]);
	if (argc < 2 || !files || files > FILES) {
		fputs("usage: queryfiles DIRECTORY [flows [1..12 files [codec [seed [hosts]]]]]\n", stderr);
		return 2;
	}
	if (argc > 4 && codec_parse(argv[4], &options.codec, &options.level, &error) != NFGEO_OK) {
		fprintf(stderr, "queryfiles: %s\n", error.text);
		return 2;
	}
	random_state = 88172645463325252u + (argc > 5 ? strtoul(argv[5], NULL, 10) : 0);
	make_servers();
	for (unsigned i = 0; i < files; i++)
		if (write_file(argv[1], i, flows / files, hosts, &options, &error) != NFGEO_OK) {
			fprintf(stderr, "queryfiles: %s\n", error.text);
			return 1;
		}
	return 0;
}
