/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: writeflows FILE IDENT [arrival] < LINES
 *
 * Write a flow file from lines of words, for tests that want to say exactly what is in it:
 *
 * With a third word the file is in order of arrival, however many flows there are.
 *
 *   flow SRC DST SPORT DPORT PROTO FLAGS PACKETS BYTES FIRST_MS MS AS SRC_CTRY DST_CTRY SYSID [MORE]
 *   exporter SYSID ADDRESS
 *   sampler SYSID INTERVAL          of INTERVAL packets one is looked at
 *
 * SRC_CTRY - writes a record without countries. Flows of an exporter with a sampler are marked.
 * MORE: up to 8 words ID=HEX, elements of the file format with their payload; event marks the
 * record as one of a firewall.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "flow/geotail.h"
#include "nffile/writer.h"

enum { RECORD_ROOM = 8192, WORDS_MAX = 24, SYSIDS = 65536, BLOCK_BYTES = 256 << 10 };

static unsigned line_number;
static bool sampled[SYSIDS];

static void die(const char *text)
{
	fprintf(stderr, "writeflows: line %u: %s\n", line_number, text);
	exit(1);
}

static void check(int status, const struct error *error)
{
	if (status != NFGEO_OK)
		die(error->text);
}

static unsigned long long number(const char *text)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (!*text || *end)
		die(text);
	return value;
}

static struct address address(const char *text)
{
	struct address address;

	if (address_parse(text, &address) != NFGEO_OK)
		die(text);
	return address;
}

static void put_addresses(struct record_builder *builder, char **word)
{
	struct address src = address(word[0]), dst = address(word[1]);
	bool tagged = strcmp(word[11], "-") != 0, six = src.family == AF_INET6;
	size_t bytes = six ? 32 : 8;
	uint8_t *at = record_element(builder, six ? ELEMENT_IP6 : ELEMENT_IP4,
				     bytes + (tagged ? GEOTAIL_BYTES : 0));

	if (src.family != dst.family)
		die("two families");
	if (six) {
		bytes_put64(at, src.high);
		bytes_put64(at + 8, src.low);
		bytes_put64(at + 16, dst.high);
		bytes_put64(at + 24, dst.low);
	} else {
		bytes_put32(at, (uint32_t)src.low);
		bytes_put32(at + 4, (uint32_t)dst.low);
	}
	if (tagged)
		geotail_write(at + bytes, (uint16_t)number(word[11]), (uint16_t)number(word[12]));
}

static unsigned nibble(char letter)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = letter ? strchr(digits, letter) : NULL;

	if (!at)
		die("not hexadecimal");
	return (unsigned)(at - digits);
}

static void put_element(struct record_builder *builder, const char *word)
{
	const char *hex = strchr(word, '=');
	size_t bytes = hex ? strlen(hex + 1) / 2 : 0;
	uint8_t *at;

	if (strcmp(word, "event") == 0) {
		builder->bytes[10] |= RECORD_FLAG_EVENT;
		return;
	}
	at = hex ? record_element(builder, (enum element)strtoul(word, NULL, 10), bytes) : NULL;
	if (!at)
		die(word);
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(nibble(hex[1 + 2 * i]) << 4 | nibble(hex[2 + 2 * i]));
}

static size_t put_flow(uint8_t *out, char **word)
{
	struct record_builder builder;
	uint16_t sysid = (uint16_t)number(word[13]);
	uint8_t *at;

	record_begin(&builder, out, RECORD_ROOM);
	put_addresses(&builder, word);
	at = record_element(&builder, ELEMENT_GENERIC, 48);
	bytes_put64(at, number(word[8]));
	bytes_put64(at + 8, number(word[8]) + number(word[9]));
	bytes_put64(at + 24, number(word[6]));
	bytes_put64(at + 32, number(word[7]));
	bytes_put16(at + 40, (uint16_t)number(word[2]));
	bytes_put16(at + 42, (uint16_t)number(word[3]));
	at[44] = (uint8_t)number(word[4]);
	at[45] = (uint8_t)number(word[5]);
	at = record_element(&builder, ELEMENT_AS, 8);
	bytes_put32(at, (uint32_t)number(word[10]));
	bytes_put16(out + 8, sysid);
	out[10] = sampled[sysid] ? RECORD_FLAG_SAMPLED : 0;
	for (word += 14; *word; word++)
		put_element(&builder, *word);
	return record_end(&builder);
}

static size_t put_exporter(uint8_t *out, char **word)
{
	struct address sender = address(word[1]);

	memset(out, 0, 32);
	bytes_put16(out, RECORD_EXPORTER);
	bytes_put16(out + 2, 32);
	bytes_put32(out + 4, 9);
	bytes_put64(out + 8, sender.high);
	bytes_put64(out + 16, sender.low);
	bytes_put16(out + 24, sender.family);
	bytes_put16(out + 26, (uint16_t)number(word[0]));
	return 32;
}

static size_t put_sampler(uint8_t *out, char **word)
{
	uint16_t sysid = (uint16_t)number(word[0]);
	unsigned long long interval = number(word[1]);

	memset(out, 0, 24);
	bytes_put16(out, RECORD_SAMPLER);
	bytes_put16(out + 2, 24);
	bytes_put16(out + 4, sysid);
	bytes_put32(out + 16, 1);
	bytes_put32(out + 20, (uint32_t)(interval - 1));
	sampled[sysid] = true;
	return 24;
}

static const struct kind {
	const char *name;
	unsigned words, more;
	size_t (*put)(uint8_t *out, char **word);
} kinds[] = {{"flow", 14, 8, put_flow}, {"exporter", 2, 0, put_exporter}, {"sampler", 2, 0, put_sampler}};

static size_t put_line(uint8_t *out, char *line)
{
	char *word[WORDS_MAX] = {NULL};
	unsigned count = 0;

	for (char *at = strtok(line, " \n"); at && count < WORDS_MAX - 1; at = strtok(NULL, " \n"))
		word[count++] = at;
	for (size_t i = 0; count && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(word[0], kinds[i].name) == 0 && count > kinds[i].words &&
		    count <= 1 + kinds[i].words + kinds[i].more)
			return kinds[i].put(out, word + 1);
	die("not understood");
	return 0;
}

int main(int argc, char **argv)
{
	struct nffile_options options = {
		.codec = CODEC_LZ4, .ident = argc > 2 ? argv[2] : "", .creator = CREATOR_NFCAPD,
		.arrival_order = argc > 3};
	struct nffile_finish finish = {0};
	struct nffile_writer *writer;
	struct block block = {0};
	struct error error = {0};
	static char line[2 * RECORD_ROOM];

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: writeflows FILE IDENT < LINES\n");
		return 2;
	}
	check(nffile_create(&writer, argv[1], &options, &error), &error);
	if (block_init(&block, BLOCK_BYTES) != NFGEO_OK)
		die("out of memory");
	while (fgets(line, sizeof(line), stdin)) {
		uint8_t *at = block_reserve(&block, RECORD_ROOM);

		line_number++;
		if (!at) {
			check(nffile_write(writer, &block, &error), &error);
			block_clear(&block);
			at = block_reserve(&block, RECORD_ROOM);
		}
		block_commit(&block, put_line(at, line));
	}
	check(nffile_write(writer, &block, &error), &error);
	check(nffile_finish(writer, &finish, &error), &error);
	block_fini(&block);
	return 0;
}
