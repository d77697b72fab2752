/* SPDX-License-Identifier: BSD-3-Clause */
/* A compiled table: the same answers after save and load, and no damaged file becomes a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "geo/build.h"
#include "geo/country.h"
#include "geo/image.h"
#include "geo/table_impl.h"
#include "tests/lib/scratch.h"

static char path[160];

static const struct geo_provenance provenance = {
	.type = "test database",
	.build_epoch_s = 1782362039,
	.sha256 = {1, 2, 3},
	.local_sha256 = {4, 5, 6},
	.feed_sha256 = {7, 8, 9},
	.program = "nfdump-geo test",
};

static void add(struct geo_builder *builder, const char *text, uint16_t code)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), NFGEO_OK);
	assert_int_equal(geo_builder_prefix(builder, GEO_LAYER_DATABASE, &prefix, code), NFGEO_OK);
}

/* Ranges enough for several levels, long prefixes, and an alias. */
static struct geo_table *make_table(void)
{
	struct geo_builder *builder = geo_builder_new();
	struct prefix alias;
	struct geo_table *table;

	for (uint32_t i = 0; i < 5000; i++) {
		struct prefix ip4 = {address_ip4(i * 7919 << 10), 24};
		struct prefix ip6 = {address_ip6(0x2a00000000000000 + i * 65537ull, 0), 64};
		struct prefix long6 = {address_ip6(0x2b00000000000000 + i / 3, (uint64_t)i << 40),
				       104};

		ip4.address = address_mask(ip4.address, ip4.bits);
		geo_builder_prefix(builder, GEO_LAYER_DATABASE, &ip4, (uint16_t)(i % 900));
		geo_builder_prefix(builder, GEO_LAYER_DATABASE, &ip6, (uint16_t)(i % 901));
		geo_builder_prefix(builder, GEO_LAYER_DATABASE, &long6, (uint16_t)(i % 902));
	}
	add(builder, "1.2.3.0/24", 203);
	assert_int_equal(prefix_parse("2002::/16", &alias), NFGEO_OK);
	assert_int_equal(geo_builder_alias4(builder, &alias), NFGEO_OK);
	assert_int_equal(geo_builder_finish(builder, &provenance, &table, NULL), NFGEO_OK);
	geo_builder_free(builder);
	return table;
}

static void expect_equal(const struct geo_table *a, const struct geo_table *b)
{
	uint32_t last4 = 0;

	assert_int_equal(a->v4.count, b->v4.count);
	assert_int_equal(a->v6.count, b->v6.count);
	for (size_t i = 0; i < a->v4.count; i++) {
		last4 = a->v4.level[0][i];
		assert_int_equal(geo_lookup4(a, last4), geo_lookup4(b, last4));
		assert_int_equal(geo_lookup4(a, last4 + 1), geo_lookup4(b, last4 + 1));
	}
	for (size_t i = 0; i < a->v6.count; i++)
		for (uint64_t low = 0; low < 20; low++) {
			uint64_t high = a->v6.level[0][i];

			assert_int_equal(geo_lookup6(a, high, low << 40),
					 geo_lookup6(b, high, low << 40));
			assert_int_equal(geo_lookup6(a, high, ~low), geo_lookup6(b, high, ~low));
		}
	assert_true(geo_table_coverage4(a) == geo_table_coverage4(b));
	assert_ptr_equal(geo_table_provenance(a), geo_table_provenance(b));
}

static void save_and_load(void **state)
{
	struct geo_table *table = make_table(), *loaded;
	struct geo_provenance read;
	struct error error = {0};
	struct stat status;

	(void)state;
	assert_int_equal(image_save(table, path, &error), NFGEO_OK);
	assert_int_equal(image_save(table, path, &error), NFGEO_OK); /* over the old one */
	if (image_load(path, &loaded, &error))
		fail_msg("%s", error.text);
	expect_equal(table, loaded);
	assert_int_equal(geo_lookup6(loaded, 0x2002010203040000, 9), 203);
	assert_int_equal(image_provenance(path, &read, &error), NFGEO_OK);
	assert_memory_equal(&read, &provenance, sizeof(read));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0600, 0600);
	geo_table_unref(table);
	geo_table_unref(loaded);
}

static void empty_table(void **state)
{
	struct geo_builder *builder = geo_builder_new();
	struct geo_table *table, *loaded;

	(void)state;
	assert_int_equal(geo_builder_finish(builder, &provenance, &table, NULL), NFGEO_OK);
	geo_builder_free(builder);
	assert_int_equal(image_save(table, path, NULL), NFGEO_OK);
	assert_int_equal(image_load(path, &loaded, NULL), NFGEO_OK);
	expect_equal(table, loaded);
	assert_int_equal(geo_lookup6(loaded, 0, 1), CLASS_LOOPBACK);
	geo_table_unref(table);
	geo_table_unref(loaded);
}

static void read_image(struct file_bytes *file)
{
	struct geo_table *table = make_table();

	assert_int_equal(image_save(table, path, NULL), NFGEO_OK);
	geo_table_unref(table);
	assert_int_equal(file_read(path, file, NULL), NFGEO_OK);
}

static void every_damage_is_seen(void **state)
{
	struct geo_table *table;
	struct file_bytes file;
	struct error error;

	(void)state;
	read_image(&file);
	for (size_t i = 0; i < file.len; i += i < 300 ? 1 : 251) {
		file.bytes[i] ^= (uint8_t)(1 << i % 8);
		assert_int_not_equal(
			image_load_bytes("damaged", file.bytes, file.len, &table, &error),
			NFGEO_OK);
		file.bytes[i] ^= (uint8_t)(1 << i % 8);
		assert_int_not_equal(image_load_bytes("cut", file.bytes, i, &table, &error),
				     NFGEO_OK);
		assert_null(table);
		assert_non_null(strstr(error.text, "nfgeo db update"));
	}
	assert_int_equal(image_load_bytes("whole", file.bytes, file.len, &table, &error), NFGEO_OK);
	geo_table_unref(table);
	file_bytes_fini(&file);
}

/* Wrong in itself though the checksum is right: whoever can write the file can do that. */
static void checksum_is_not_believed_alone(void **state)
{
	struct geo_table *table;
	struct file_bytes file;
	struct error error;
	size_t accepted = 0, tried = 0;

	(void)state;
	read_image(&file);
	for (size_t i = 12; i < file.len - 4; i += i < 300 ? 1 : 101) {
		uint8_t saved = file.bytes[i];

		file.bytes[i] ^= (uint8_t)(0x80 | i);
		bytes_put32(file.bytes + file.len - 4, crc32c(0, file.bytes, file.len - 4));
		tried++;
		if (image_load_bytes("crafted", file.bytes, file.len, &table, &error) == NFGEO_OK) {
			for (uint64_t k = 0; k < 200; k++) {
				uint64_t high = k * 0x0147ae147ae147ae;

				assert_true(geo_lookup4(table, (uint32_t)high) <= CLASS_MAX);
				assert_true(geo_lookup6(table, high, high) <= CLASS_MAX);
				assert_true(geo_lookup6(table, 0x2b00000000000000 + k, high) <=
					    CLASS_MAX);
			}
			accepted++;
			geo_table_unref(table);
		}
		file.bytes[i] = saved;
	}
	/* Some bytes only make another, possible table. */
	assert_true(accepted > 0 && accepted < tried);
	file_bytes_fini(&file);
}

static void version_is_named(void **state)
{
	struct geo_table *table;
	struct file_bytes file;
	struct error error;

	(void)state;
	read_image(&file);
	assert_true(image_probe(file.bytes, file.len));
	bytes_put32(file.bytes + 8, 9);
	assert_int_equal(image_load_bytes("x", file.bytes, file.len, &table, &error),
			 NFGEO_EVERSION);
	assert_non_null(strstr(error.text, "version 9"));
	file_bytes_fini(&file);
}

/* A failure leaves the file that was there, and nothing beside it. */
static void saving_is_all_or_nothing(void **state)
{
	struct geo_table *table = make_table();
	struct error error = {0};
	char blocked[100];

	(void)state;
	snprintf(blocked, sizeof(blocked), "%s/none/table", scratch_folder);
	assert_int_equal(image_save(table, blocked, &error), NFGEO_EIO);
	assert_non_null(strstr(error.text, blocked));
	snprintf(blocked, sizeof(blocked), "%s/folder", scratch_folder);
	assert_int_equal(mkdir(blocked, 0700), 0);
	assert_int_equal(image_save(table, blocked, &error), NFGEO_EIO);
	assert_int_equal(rmdir(blocked), 0);
	unlink(path);
	assert_int_equal(rmdir(scratch_folder), 0); /* empty again */
	assert_int_equal(mkdir(scratch_folder, 0700), 0);
	geo_table_unref(table);
	assert_int_equal(image_load(path, &table, &error), NFGEO_ENOTFOUND);
}

static int make_directory(void **state)
{
	int status = scratch_make(state);

	strcpy(path, scratch_path("table"));
	return status;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(save_and_load),
		cmocka_unit_test(empty_table),
		cmocka_unit_test(every_damage_is_seen),
		cmocka_unit_test(checksum_is_not_believed_alone),
		cmocka_unit_test(version_is_named),
		cmocka_unit_test(saving_is_all_or_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_directory, scratch_drop);
}
