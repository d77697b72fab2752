/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MaxMind DBs of every shape, written by tests/lib/write-mmdb.pl or by others: libmaxminddb alone
 * names the prefixes of a database and the country of each; our table must say the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <glob.h>
#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sha256.h"
#include "geo/build.h"
#include "geo/country.h"
#include "geo/mmdb.h"
#include "geo/segments.h"

/* Of the npm package's .mmdb, version 2.3.2026061719. */
static const char npm_sha256[] = "c5f7c0e9bd6a6ccb5a2e9634764544a0d08bd0bd8788b8aedfac87bea184c652";

enum { SILENT = -1, PATH_PARTS = 8 };

static char work_path[] = "/tmp/nfgeo-mmdb-XXXXXX";

static struct geo_table *load(const char *path, const char *field,
			      struct geo_provenance *provenance, struct error *error)
{
	struct geo_builder *builder = geo_builder_new();
	struct geo_table *table = NULL;

	if (mmdb_load(path, field, builder, provenance, error) == NFGEO_OK)
		assert_int_equal(geo_builder_finish(builder, provenance, &table, error), NFGEO_OK);
	geo_builder_free(builder);
	return table;
}

/* What the library says about an address, and how long the prefix is that says it. */
struct oracle {
	MMDB_s mmdb;
	const char *path[PATH_PARTS];
	const struct geo_table *table;
	uint64_t checked;
};

static MMDB_lookup_result_s library_lookup(struct oracle *oracle, const struct address *address)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl((uint32_t)address->low)};
	const struct sockaddr *sockaddr = (const struct sockaddr *)&in;
	MMDB_lookup_result_s result;
	int status;

	for (int i = 0; i < 8; i++) {
		in6.sin6_addr.s6_addr[i] = (uint8_t)(address->high >> (56 - 8 * i));
		in6.sin6_addr.s6_addr[8 + i] = (uint8_t)(address->low >> (56 - 8 * i));
	}
	if (address->family == AF_INET6)
		sockaddr = (const struct sockaddr *)&in6;
	result = MMDB_lookup_sockaddr(&oracle->mmdb, sockaddr, &status);
	assert_int_equal(status, MMDB_SUCCESS);
	return result;
}

static int library_country(struct oracle *oracle, MMDB_lookup_result_s *result)
{
	const struct country *country;
	MMDB_entry_data_s data;

	if (!result->found_entry)
		return SILENT;
	if (MMDB_aget_value(&result->entry, &data, oracle->path) != MMDB_SUCCESS ||
	    !data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size != 2)
		return COUNTRY_UNKNOWN;
	country = country_by_letters(data.utf8_string, 2);
	return country ? country->number : COUNTRY_UNKNOWN;
}

static struct address address_of(int family, number128 number)
{
	if (family == AF_INET)
		return address_ip4((uint32_t)number);
	return address_ip6((uint64_t)(number >> 64), (uint64_t)number);
}

/* Where the database is silent, our answer is a class: the address's own, or through an alias that
 * of an IPv4 address. */
static void check(struct oracle *oracle, int family, number128 number)
{
	struct address address = address_of(family, number);
	MMDB_lookup_result_s result = library_lookup(oracle, &address);
	int want = library_country(oracle, &result);
	uint16_t got = geo_lookup(oracle->table, &address), class = country_class_of(&address);
	char text[ADDRESS_TEXT];
	bool right = want == got;

	if (want == SILENT)
		right = got == class || (family == AF_INET6 && class == 0 && got > COUNTRY_MAX);
	if (!right) {
		address_print(&address, text);
		fail_msg("%s: library %d, table %u", text, want, got);
	}
	oracle->checked++;
}

static uint64_t random64(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

/* From prefix to prefix, as the library names them; every end and its outer neighbour. */
static void check_boundaries(struct oracle *oracle, int family)
{
	number128 number = 0, end = family == AF_INET ? 0xffffffff : ~(number128)0;

	for (;;) {
		struct address address = address_of(family, number);
		unsigned bits = library_lookup(oracle, &address).netmask;
		number128 last;

		/* In an IPv6 tree the library counts from the root. */
		if (family == AF_INET && oracle->mmdb.metadata.ip_version == 6)
			bits = bits > 96 ? bits - 96 : 0;
		last = bits == 128 ? number : number | end >> bits;
		check(oracle, family, number);
		check(oracle, family, last);
		check(oracle, family, number - 1);
		check(oracle, family, last + 1);
		if (last == end)
			return;
		number = last + 1;
	}
}

static void oracle_open(struct oracle *oracle, const char *path, const char *field)
{
	static char text[100];
	char *rest, *part;
	size_t parts = 0;

	memset(oracle, 0, sizeof(*oracle));
	snprintf(text, sizeof(text), "%s", field);
	for (part = strtok_r(text, ".", &rest); part; part = strtok_r(NULL, ".", &rest))
		oracle->path[parts++] = part;
	assert_int_equal(MMDB_open(path, MMDB_MODE_MMAP, &oracle->mmdb), MMDB_SUCCESS);
}

/* Everything about a database whose country is in `field`; found out by us unless `given`. */
static void compare(const char *path, const char *field, bool given, int random_count)
{
	struct geo_provenance provenance = {{0}};
	struct error error = {0};
	struct geo_table *table = load(path, given ? field : NULL, &provenance, &error);
	struct oracle oracle;

	if (!table)
		fail_msg("%s: %s", path, error.text);
	oracle_open(&oracle, path, field);
	oracle.table = table;
	assert_string_equal(provenance.type, oracle.mmdb.metadata.database_type);
	assert_int_equal(provenance.build_epoch_s, oracle.mmdb.metadata.build_epoch);
	check_boundaries(&oracle, AF_INET);
	if (oracle.mmdb.metadata.ip_version == 6)
		check_boundaries(&oracle, AF_INET6);
	for (int i = 0; i < random_count; i++) {
		check(&oracle, AF_INET, random64());
		if (oracle.mmdb.metadata.ip_version == 6) {
			number128 ip6 = (number128)random64() << 64 | random64();

			/* Half of them where addresses are given out. */
			check(&oracle, AF_INET6, ip6);
			check(&oracle, AF_INET6, ip6 >> 3 | (number128)1 << 125);
		}
	}
	MMDB_close(&oracle.mmdb);
	geo_table_unref(table);
}

/* Run the writer. @return false if it is not installed */
static bool write_mmdb(int record_size, int ip_version, int alias, const char *layout,
		       const char *prefixes)
{
	const char *srcdir = getenv("srcdir");
	char command[400];
	FILE *pipe;

	snprintf(command, sizeof(command), "perl %s/tests/lib/write-mmdb.pl %s %d %d %d %s",
		 srcdir ? srcdir : ".", work_path, record_size, ip_version, alias, layout);
	pipe = popen(command, "w");
	assert_non_null(pipe);
	fputs(prefixes, pipe);
	return pclose(pipe) == 0;
}

static bool have_writer(void)
{
	return system("perl -MMaxMind::DB::Writer::Tree -e 1 2>/dev/null") == 0;
}

static const char prefixes4[] = "0.0.0.0/1 CZ\n"
				"10.0.0.0/8 ZZ\n"
				"1.2.3.0/24 DE\n"
				"1.2.3.4/32 -\n"
				"200.0.0.0/5 EU\n"
				"203.0.113.7/32 XK\n"
				"255.255.255.255/32 SK\n";

/* Longer than /64 at all depths, side by side and inside each other. */
static const char prefixes46[] = "0.0.0.0/4 CZ\n"
				 "1.2.3.0/24 DE\n"
				 "1.2.3.4/32 -\n"
				 "100.64.0.0/10 AP\n"
				 "2000::/12 US\n"
				 "2400::/12 JP\n"
				 "2400:1:2:3::/64 CZ\n"
				 "2400:1:2:3:8000::/65 SK\n"
				 "2400:1:2:3::1/128 DE\n"
				 "2400:1:2:3:ffff:ffff:ffff:ffff/128 DE\n"
				 "2400:1:2:4::/127 AT\n"
				 "2400:ffff:ffff:ffff:ffff::/80 PL\n"
				 "2a00:1:2:3:4:5:6:0/112 HU\n"
				 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127 UA\n";

static void written_shapes(void **state)
{
	static const struct {
		int record_size;
		const char *layout, *field;
	} shapes[] = {
		{24, "nested", "country.iso_code"},
		{28, "flat", "country_code"},
		{32, "plain", "country"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		assert_true(write_mmdb(shapes[i].record_size, 4, 0, shapes[i].layout, prefixes4));
		compare(work_path, shapes[i].field, false, 2000);
		for (int alias = 0; alias < 2; alias++) {
			assert_true(write_mmdb(shapes[i].record_size, 6, alias, shapes[i].layout,
					       prefixes46));
			compare(work_path, shapes[i].field, false, 2000);
		}
	}
}

static void path_of_the_user(void **state)
{
	struct geo_provenance provenance;
	struct geo_table *table;
	struct error error;

	(void)state;
	assert_true(write_mmdb(28, 6, 1, "odd", prefixes46));
	compare(work_path, "traits.1.cc", true, 2000);
	assert_null(load(work_path, NULL, &provenance, &error));
	assert_non_null(strstr(error.text, "geodb.field"));
	assert_null(load(work_path, "traits.1.cd", &provenance, &error));
	assert_non_null(strstr(error.text, "no record has a country"));
	assert_null(load(work_path, "", &provenance, &error));
	assert_non_null(strstr(error.text, "no field path"));
	assert_true(write_mmdb(28, 6, 1, "nested", prefixes46));
	compare(work_path, "registered_country.iso_code", true, 100);
	table = load(work_path, "registered_country/iso_code", &provenance, &error);
	assert_non_null(table);
	geo_table_unref(table);
}

/* Folded, not expanded: the IPv4 prefixes are there once, not four times. */
static void aliases_are_folded(void **state)
{
	struct geo_builder *builder = geo_builder_new();
	struct geo_provenance provenance;
	const struct segments *ip6;
	struct error error = {0};

	(void)state;
	assert_true(write_mmdb(28, 6, 1, "flat", prefixes4));
	if (mmdb_load(work_path, NULL, builder, &provenance, &error))
		fail_msg("%s", error.text);
	ip6 = geo_builder_segments(builder, GEO_LAYER_DATABASE, AF_INET6);
	assert_int_equal(ip6->count, 4); /* ::/96 and the three */
	geo_builder_free(builder);
}

/* Any cut, and any byte damaged, gives a refusal or a table; the sanitizers see the rest. */
static void damaged_files(void **state)
{
	struct file_bytes file;
	struct error error = {0};
	size_t accepted = 0;

	(void)state;
	assert_true(write_mmdb(24, 6, 1, "nested", "1.2.3.0/24 DE\n2400:1:2:3::1/128 DE\n"));
	assert_int_equal(file_read(work_path, &file, &error), NFGEO_OK);
	for (size_t i = 0; i < file.len; i += i < 200 || i + 900 > file.len ? 1 : 5) {
		struct geo_builder *builder = geo_builder_new();
		struct geo_provenance provenance;
		uint8_t saved = file.bytes[i];

		assert_int_not_equal(
			mmdb_load_bytes("cut", file.bytes, i, NULL, builder, &provenance, &error),
			NFGEO_OK);
		file.bytes[i] ^= (uint8_t)(1u << i % 8 | 0x40);
		geo_builder_free(builder);
		builder = geo_builder_new();
		accepted += mmdb_load_bytes("damaged", file.bytes, file.len, NULL, builder,
					    &provenance, &error) == NFGEO_OK;
		file.bytes[i] = saved;
		geo_builder_free(builder);
	}
	assert_true(accepted > 0 && accepted < file.len);
	file_bytes_fini(&file);
}

/* A later change of the file does not reach the table, and no mapping of it is left behind. */
static void file_is_not_kept(void **state)
{
	struct geo_provenance provenance;
	struct error error = {0};
	struct geo_table *table;
	char line[600];
	FILE *maps;

	(void)state;
	assert_true(write_mmdb(24, 4, 0, "flat", "1.0.0.0/8 CZ\n"));
	table = load(work_path, NULL, &provenance, &error);
	assert_non_null(table);
	assert_int_equal(truncate(work_path, 0), 0);
	assert_int_equal(geo_lookup4(table, 0x01020304), 203);
	maps = fopen("/proc/self/maps", "r");
	while (maps && fgets(line, sizeof(line), maps)) {
		assert_null(strstr(line, work_path));
		assert_null(strstr(line, "memfd:nfdump-geo"));
	}
	if (maps)
		fclose(maps);
	geo_table_unref(table);
}

static void other_files_are_refused(void **state)
{
	struct geo_provenance provenance;
	struct error error = {0};

	(void)state;
	assert_null(load("/nonexistent/x.mmdb", NULL, &provenance, &error));
	assert_int_equal(error.code, NFGEO_ENOTFOUND);
	assert_null(load("/", NULL, &provenance, &error));
	assert_non_null(strstr(error.text, "not a regular file"));
	assert_null(load("/dev/null", NULL, &provenance, &error));
	assert_int_equal(truncate(work_path, 0), 0);
	assert_null(load(work_path, NULL, &provenance, &error));
	assert_non_null(strstr(error.text, "no MaxMind DB"));
}

static void shared_glob(const char *pattern, glob_t *files)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/captures/%s", getenv("NFGEO_SHARED"), pattern);
	assert_int_equal(glob(path, 0, NULL, files), 0);
}

/* Test databases of MaxMind: those with countries give the library's answers. */
static void shared_good(void **state)
{
	glob_t files;
	size_t compared = 0;

	(void)state;
	shared_glob("mmdb-test/*.mmdb", &files);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		const char *path = files.gl_pathv[i];
		struct geo_provenance provenance;
		struct error error = {0};

		if (strstr(path, "Country-Test") || strstr(path, "City-Test")) {
			compare(path, "country.iso_code", false, 20000);
			compare(path, "registered_country.iso_code", true, 20000);
			compared++;
		} else {
			assert_null(load(path, NULL, &provenance, &error));
			assert_non_null(strstr(error.text, "geodb.field"));
			/* Others are read whole, and lack only that field. */
			assert_null(load(path, "no.such", &provenance, &error));
			if (!strstr(error.text, "no record has a country"))
				fail_msg("%s: %s", path, error.text);
		}
	}
	assert_int_equal(compared, 4);
	globfree(&files);
}

static void shared_bad(void **state)
{
	glob_t files;

	(void)state;
	shared_glob("mmdb-bad/*.mmdb", &files);
	assert_true(files.gl_pathc >= 13);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct geo_provenance provenance;
		struct error error = {0};

		assert_null(load(files.gl_pathv[i], NULL, &provenance, &error));
		assert_null(load(files.gl_pathv[i], "country.iso_code", &provenance, &error));
		assert_true(error.code < 0 && strstr(error.text, files.gl_pathv[i]));
	}
	globfree(&files);
}

static void whole_npm_database(void **state)
{
	const char *path = getenv("NFGEO_NPM_MMDB");
	struct geo_provenance provenance = {{0}};
	struct error error = {0};
	struct geo_table *table = load(path, NULL, &provenance, &error);
	char text[SHA256_TEXT];

	(void)state;
	if (!table)
		fail_msg("%s", error.text);
	sha256_print(provenance.sha256, text);
	assert_string_equal(text, npm_sha256);
	assert_true(geo_table_coverage4(table) > 0.9);
	geo_table_unref(table);
	compare(path, "country_code", false, 1000000);
}

static int make_work_file(void **state)
{
	int fd = mkstemp(work_path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_work_file(void **state)
{
	(void)state;
	return unlink(work_path);
}

static void skipped(void **state)
{
	(void)state;
}

enum need { NOTHING, WRITER, SHARED, NPM, NEEDS };

int main(void)
{
	static const char *const reasons[NEEDS] = {
		"", "no MaxMind::DB::Writer (libmaxmind-db-writer-perl)", "no ../shared",
		"NFGEO_NPM_MMDB is not set"};
	static const struct {
		const char *name;
		CMUnitTestFunction function;
		enum need need;
	} all[] = {
		{"written_shapes", written_shapes, WRITER},
		{"path_of_the_user", path_of_the_user, WRITER},
		{"aliases_are_folded", aliases_are_folded, WRITER},
		{"damaged_files", damaged_files, WRITER},
		{"file_is_not_kept", file_is_not_kept, WRITER},
		{"other_files_are_refused", other_files_are_refused, NOTHING},
		{"shared_good", shared_good, SHARED},
		{"shared_bad", shared_bad, SHARED},
		{"whole_npm_database", whole_npm_database, NPM},
	};
	enum { TESTS = sizeof(all) / sizeof(*all) };
	const char *shared = getenv("NFGEO_SHARED");
	const bool have[NEEDS] = {true, have_writer(), shared && access(shared, R_OK) == 0,
				  getenv("NFGEO_NPM_MMDB") != NULL};
	struct CMUnitTest tests[TESTS] = {{0}};
	char names[TESTS][120];

	for (size_t i = 0; i < TESTS; i++) {
		tests[i].name = all[i].name;
		tests[i].test_func = all[i].function;
		if (have[all[i].need])
			continue;
		/* cmocka's own skip() prints "not ok", which counts as a failure. */
		snprintf(names[i], sizeof(names[i]), "%s # SKIP %s", all[i].name,
			 reasons[all[i].need]);
		tests[i].name = names[i];
		tests[i].test_func = skipped;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_work_file, remove_work_file);
}
