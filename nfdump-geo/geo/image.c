/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file: a header, then the arrays of the table that cannot be computed from the others, then
 * a CRC-32C over all before it. Numbers are little-endian; arrays follow each other without gaps.
 *
 *   0  8   magic "nfgeoTBL"
 *   8  4   version
 *  12  4   IPv4 ranges
 *  16  4   IPv6 ranges of high halves
 *  20  4   of these, the ones that their low halves decide
 *  24  4   ranges of low halves
 *  28  4   zero
 *  32  8   coverage of IPv4, a double
 *  40  8   build epoch of the database
 *  48  64  its type
 * 112  32  program that made the image
 * 144  96  SHA-256 of the database, of the local networks, of the feeds
 * 240      IPv6 keys (8 bytes each), low keys (8), IPv4 keys (4), IPv4 codes (2), IPv6 codes (2),
 *          low codes (2); then the checksum (4)
 */
#include "geo/image.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "geo/build.h"
#include "geo/country.h"
#include "geo/table_impl.h"

enum {
	VERSION = 1,
	AT_VERSION = 8,
	AT_COUNT4 = 12,
	AT_COUNT6 = 16,
	AT_LOW_RANGES = 20,
	AT_LOW_COUNT = 24,
	AT_COVERAGE = 32,
	AT_EPOCH = 40,
	AT_TYPE = 48,
	AT_PROGRAM = 112,
	AT_HASHES = 144,
	HEADER_BYTES = 240,
	CHECKSUM_BYTES = 4,
	PARTS = 8, /* header, six arrays, checksum */
};

static const char magic[8] = {'n', 'f', 'g', 'e', 'o', 'T', 'B', 'L'};

_Static_assert(sizeof(((struct geo_provenance *)0)->type) == AT_PROGRAM - AT_TYPE, "type");
_Static_assert(sizeof(((struct geo_provenance *)0)->program) == AT_HASHES - AT_PROGRAM, "program");
_Static_assert(AT_HASHES + 3 * SHA256_BYTES == HEADER_BYTES, "hashes");

bool image_probe(const void *bytes, size_t len)
{
	return len >= sizeof(magic) && memcmp(bytes, magic, sizeof(magic)) == 0;
}

static void put_provenance(uint8_t *header, const struct geo_provenance *provenance)
{
	bytes_put64(header + AT_EPOCH, provenance->build_epoch_s);
	memcpy(header + AT_TYPE, provenance->type, sizeof(provenance->type));
	memcpy(header + AT_PROGRAM, provenance->program, sizeof(provenance->program));
	memcpy(header + AT_HASHES, provenance->sha256, SHA256_BYTES);
	memcpy(header + AT_HASHES + SHA256_BYTES, provenance->local_sha256, SHA256_BYTES);
	memcpy(header + AT_HASHES + 2 * SHA256_BYTES, provenance->feed_sha256, SHA256_BYTES);
}

static void get_provenance(const uint8_t *header, struct geo_provenance *provenance)
{
	provenance->build_epoch_s = bytes_get64(header + AT_EPOCH);
	memcpy(provenance->type, header + AT_TYPE, sizeof(provenance->type));
	memcpy(provenance->program, header + AT_PROGRAM, sizeof(provenance->program));
	provenance->type[sizeof(provenance->type) - 1] = '\0';
	provenance->program[sizeof(provenance->program) - 1] = '\0';
	memcpy(provenance->sha256, header + AT_HASHES, SHA256_BYTES);
	memcpy(provenance->local_sha256, header + AT_HASHES + SHA256_BYTES, SHA256_BYTES);
	memcpy(provenance->feed_sha256, header + AT_HASHES + 2 * SHA256_BYTES, SHA256_BYTES);
}

/* The arrays in file order. */
static void list_arrays(const struct tree4 *v4, const struct tree6 *v6,
			struct file_part array[PARTS - 2])
{
	const struct file_part list[PARTS - 2] = {
		{v6->level[0], v6->count * sizeof(*v6->level[0])},
		{v6->low_key, v6->low_count * sizeof(*v6->low_key)},
		{v4->level[0], v4->count * sizeof(*v4->level[0])},
		{v4->code, v4->count * sizeof(*v4->code)},
		{v6->code, v6->count * sizeof(*v6->code)},
		{v6->low_code, v6->low_count * sizeof(*v6->low_code)},
	};

	memcpy(array, list, sizeof(list));
}

int image_save(const struct geo_table *table, const char *path, struct error *error)
{
	uint8_t header[HEADER_BYTES] = {0}, checksum[CHECKSUM_BYTES];
	struct file_part part[PARTS] = {{header, sizeof(header)}};
	uint32_t crc = 0;

	memcpy(header, magic, sizeof(magic));
	bytes_put32(header + AT_VERSION, VERSION);
	bytes_put32(header + AT_COUNT4, (uint32_t)table->v4.count);
	bytes_put32(header + AT_COUNT6, (uint32_t)table->v6.count);
	bytes_put32(header + AT_LOW_RANGES, (uint32_t)table->v6.low_ranges);
	bytes_put32(header + AT_LOW_COUNT, (uint32_t)table->v6.low_count);
	memcpy(header + AT_COVERAGE, &table->coverage4, sizeof(table->coverage4));
	put_provenance(header, table->provenance);
	list_arrays(&table->v4, &table->v6, part + 1);
	for (size_t i = 0; i < PARTS - 1; i++)
		crc = crc32c(crc, part[i].bytes, part[i].len);
	bytes_put32(checksum, crc);
	part[PARTS - 1] = (struct file_part){checksum, sizeof(checksum)};
	return file_replace(path, part, PARTS, error);
}

/* Keys of one family: strictly rising up to the last address. */
static bool keys_rise4(const struct tree4 *tree)
{
	const uint32_t *key = tree->level[0];

	for (size_t i = 1; i < tree->count; i++)
		if (key[i] <= key[i - 1])
			return false;
	return key[tree->count - 1] == UINT32_MAX;
}

static bool keys_rise6(const struct tree6 *tree)
{
	const uint64_t *key = tree->level[0];

	for (size_t i = 1; i < tree->count; i++)
		if (key[i] <= key[i - 1])
			return false;
	return key[tree->count - 1] == UINT64_MAX;
}

/* As many lists of low halves as ranges that need one; each rises to ~0, and the last one ends. */
static bool lists_are_whole(const struct tree6 *tree)
{
	size_t ends = 0, wanted = 0;

	for (size_t i = 0; i < tree->low_count; i++) {
		bool first = i == 0 || tree->low_key[i - 1] == UINT64_MAX;

		if (!first && tree->low_key[i] <= tree->low_key[i - 1])
			return false;
		ends += tree->low_key[i] == UINT64_MAX;
	}
	for (size_t i = 0; i < tree->count; i++)
		wanted += tree->code[i] == CODE_LOW;
	return ends == wanted && ends == tree->low_ranges &&
	       (ends == 0) == (tree->low_count == 0) &&
	       (ends == 0 || tree->low_key[tree->low_count - 1] == UINT64_MAX);
}

static bool is_code(uint16_t code, bool ip6)
{
	return code <= CLASS_MAX ||
	       (ip6 && code >= CODE_ALIAS4 && code <= CODE_ALIAS4 + ALIAS4_BITS_MAX);
}

static bool codes_exist(const struct geo_table *table)
{
	for (size_t i = 0; i < table->v4.count; i++)
		if (!is_code(table->v4.code[i], false))
			return false;
	for (size_t i = 0; i < table->v6.count; i++)
		if (!is_code(table->v6.code[i], true) && table->v6.code[i] != CODE_LOW)
			return false;
	for (size_t i = 0; i < table->v6.low_count; i++)
		if (!is_code(table->v6.low_code[i], true))
			return false;
	return true;
}

/* The counts of a header, and that the bytes are as many as they say. */
static bool has_size(const uint8_t *header, size_t len)
{
	uint64_t count4 = bytes_get32(header + AT_COUNT4);
	uint64_t count6 = bytes_get32(header + AT_COUNT6);
	uint64_t low_count = bytes_get32(header + AT_LOW_COUNT);

	return count4 > 0 && count6 > 0 && bytes_get32(header + AT_LOW_RANGES) <= low_count &&
	       len == HEADER_BYTES + count4 * 6 + (count6 + low_count) * 10 + CHECKSUM_BYTES;
}

/* What must hold before anything else of the file is believed. */
static int check_frame(const char *name, const uint8_t *bytes, size_t len, struct error *error)
{
	if (!image_probe(bytes, len) || len < HEADER_BYTES + CHECKSUM_BYTES)
		return error_set(error, NFGEO_ECORRUPT,
				 "%s is no compiled country table: make it with nfgeo db update",
				 name);
	if (bytes_get32(bytes + AT_VERSION) != VERSION)
		return error_set(error, NFGEO_EVERSION,
				 "%s is a compiled country table of version %u, this program reads "
				 "%u: make it again with nfgeo db update",
				 name, bytes_get32(bytes + AT_VERSION), VERSION);
	if (!has_size(bytes, len) ||
	    crc32c(0, bytes, len - CHECKSUM_BYTES) != bytes_get32(bytes + len - CHECKSUM_BYTES))
		return error_set(error, NFGEO_ECORRUPT,
				 "%s is damaged (checksum): make it again with nfgeo db update",
				 name);
	return NFGEO_OK;
}

static int fill(struct geo_table *table, const uint8_t *bytes)
{
	struct file_part array[PARTS - 2];
	struct geo_provenance provenance = {{0}};
	const uint8_t *at = bytes + HEADER_BYTES;
	int code = tree4_alloc(&table->v4, bytes_get32(bytes + AT_COUNT4));

	if (!code)
		code = tree6_alloc(&table->v6, bytes_get32(bytes + AT_COUNT6),
				   bytes_get32(bytes + AT_LOW_RANGES),
				   bytes_get32(bytes + AT_LOW_COUNT));
	if (code)
		return code;
	get_provenance(bytes, &provenance);
	table->provenance = geo_provenance_intern(&provenance);
	if (!table->provenance)
		return NFGEO_ENOMEM;
	memcpy(&table->coverage4, bytes + AT_COVERAGE, sizeof(table->coverage4));
	list_arrays(&table->v4, &table->v6, array);
	for (size_t i = 0; i < PARTS - 2; at += array[i++].len)
		memcpy((void *)array[i].bytes, at, array[i].len);
	if (!keys_rise4(&table->v4) || !keys_rise6(&table->v6) || !lists_are_whole(&table->v6) ||
	    !codes_exist(table) || !(table->coverage4 >= 0 && table->coverage4 <= 1))
		return NFGEO_ECORRUPT;
	tree4_finish(&table->v4);
	tree6_finish(&table->v6);
	return NFGEO_OK;
}

int image_load_bytes(const char *name, const void *bytes, size_t len, struct geo_table **table,
		     struct error *error)
{
	int code = check_frame(name, bytes, len, error);
	struct geo_table *made;

	*table = NULL;
	if (code)
		return code;
	made = table_alloc();
	code = made ? fill(made, bytes) : NFGEO_ENOMEM;
	if (code) {
		geo_table_unref(made);
		return error_set(error, code, "%s: %s: make it again with nfgeo db update", name,
				 nfgeo_strerror(code));
	}
	*table = made;
	return NFGEO_OK;
}

int image_load(const char *path, struct geo_table **table, struct error *error)
{
	struct file_bytes file;
	int code = file_read(path, &file, error);

	*table = NULL;
	if (code)
		return code;
	code = image_load_bytes(path, file.bytes, file.len, table, error);
	file_bytes_fini(&file);
	malloc_trim(0);
	return code;
}

int image_provenance(const char *path, struct geo_provenance *provenance, struct error *error)
{
	uint8_t header[HEADER_BYTES];
	FILE *file = fopen(path, "rbe");
	size_t got;

	if (!file)
		return error_set_errno(error, "cannot open %s", path);
	got = fread(header, 1, sizeof(header), file);
	fclose(file);
	if (got < sizeof(header) || !image_probe(header, got) ||
	    bytes_get32(header + AT_VERSION) != VERSION)
		return error_set(error, NFGEO_ECORRUPT,
				 "%s is no compiled country table of this version", path);
	memset(provenance, 0, sizeof(*provenance));
	get_provenance(header, provenance);
	return NFGEO_OK;
}
