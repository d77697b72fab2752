/* SPDX-License-Identifier: BSD-3-Clause */
/* Which database is taken, what is refused and how it says so, and that a bad one replaces none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "geo/country.h"
#include "geo/database.h"
#include "geo/image.h"
#include "geo/local.h"
#include "geo/reload.h"
#include "tests/lib/scratch.h"

static char logged[4096];

static void keep_log(enum log_level level, const char *line, void *arg)
{
	size_t used = strlen(logged);

	(void)arg;
	snprintf(logged + used, sizeof(logged) - used, "%d:%s\n", (int)level, line);
}

/* Half of IPv4 in one country, so that a coverage is given. */
#define HALF(letters) "0.0.0.0,127.255.255.255," letters "\n"

static struct conf *conf_of(const char *format, ...)
{
	char text[1024];
	struct error error;
	struct conf *conf;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (conf_parse(&conf, "t.conf", text, &error) != NFGEO_OK)
		fail_msg("%s", error.text);
	return conf;
}

static struct geo_source *open_source(const char *option, const char *program,
				      const struct conf *conf)
{
	struct geo_settings settings = {option, program, conf};
	struct geo_source *source;
	struct error error;

	if (geo_source_open(&source, &settings, &error) != NFGEO_OK)
		fail_msg("%s", error.text);
	return source;
}

static uint16_t answer(struct geo_source *source, const char *text)
{
	struct geo_table *table = geo_source_table(source);
	struct address address;
	uint16_t code;

	assert_int_equal(address_parse(text, &address), NFGEO_OK);
	code = geo_lookup(table, &address);
	geo_table_unref(table);
	return code;
}

static void assert_refused(const char *option, const char *program, const struct conf *conf,
			   int code, const char *part)
{
	struct geo_settings settings = {option, program, conf};
	struct geo_source *source = (struct geo_source *)scratch_folder;
	struct error error = {0};

	assert_int_equal(geo_source_open(&source, &settings, &error), code);
	assert_null(source);
	if (!strstr(error.text, part))
		fail_msg("'%s' not in: %s", part, error.text);
}

/* Option, else environment, else the program's section, else [geo]. */
static void test_which_one(void **state)
{
	const char *us = scratch_put("us", HALF("US")), *de = scratch_put("de", HALF("DE"));
	const char *cz = scratch_put("cz", HALF("CZ")), *fr = scratch_put("fr", HALF("FR"));
	struct conf *conf = conf_of("[geo]\nmin_coverage = 0\ngeodb.path = \"%s\"\n"
				    "[nfcapd]\ngeodb.path = \"%s\"\n[nfprofile]\n"
				    "geodb.path = \"none\"\n",
				    fr, cz);
	const struct {
		const char *option, *environment, *program;
		uint16_t code;
	} cases[] = {
		{us, de, "nfcapd", 840},     {NULL, de, "nfcapd", 276}, {NULL, NULL, "nfcapd", 203},
		{NULL, NULL, "nfdump", 250}, {NULL, NULL, NULL, 250},	{NULL, "", "nfcapd", 203},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct geo_source *source;

		unsetenv("NFGEODB");
		if (cases[i].environment)
			setenv("NFGEODB", cases[i].environment, 1);
		source = open_source(cases[i].option, cases[i].program, conf);
		assert_int_equal(answer(source, "8.8.8.8"), cases[i].code);
		geo_source_close(source);
	}
	assert_null(open_source("none", "nfcapd", conf));
	unsetenv("NFGEODB");
	assert_null(open_source(NULL, "nfprofile", conf));
	setenv("NFGEODB", "none", 1);
	assert_null(open_source(NULL, "nfcapd", conf));
	unsetenv("NFGEODB");
	conf_free(conf);
}

static void test_nothing_found(void **state)
{
	struct conf *conf =
		conf_of("[nfdump]\nfmt.x = \"%%ts\"\n[nfcapd]\ngeodb.path = \"/no/db\"\n");

	(void)state;
	if (access(PKGDATADIR, F_OK) != 0) {
		assert_refused(NULL, NULL, NULL, NFGEO_ENODB, "no -G FILE, no NFGEODB");
		assert_refused(NULL, NULL, NULL, NFGEO_ENODB, PKGDATADIR " does not exist");
		assert_refused(NULL, NULL, NULL, NFGEO_ENODB, "`nfgeo db update`");
		assert_refused(NULL, "nfdump", conf, NFGEO_ENODB, "no geodb.path in t.conf");
	}
	assert_refused("/no/db", NULL, NULL, NFGEO_ENODB, "/no/db does not exist (named by -G)");
	assert_refused("/no/db", NULL, NULL, NFGEO_ENODB, "--no-geo");
	assert_refused(NULL, "nfcapd", conf, NFGEO_ENODB, "(named by t.conf:4)");
	assert_refused(scratch_folder, NULL, NULL, NFGEO_ENODB,
		       "has no country.nfgeo, geoip or geoip6");
	assert_refused("", NULL, NULL, NFGEO_EINVAL, "-G needs a country database");
	conf_free(conf);
}

/* What it is, the content tells, not the name. */
static void test_kinds(void **state)
{
	struct conf *conf = conf_of("[geo]\nmin_coverage = 0\n");
	const char *folder = scratch_path("folder"), *paths[1];
	struct geo_source *source;
	struct geo_table *table;
	struct error error;

	(void)state;
	paths[0] = scratch_put("ranges.mmdb", HALF("SK"));
	source = open_source(paths[0], NULL, conf);
	assert_int_equal(answer(source, "8.8.8.8"), 703);
	geo_source_close(source);
	assert_int_equal(database_load(paths, 1, NULL, NULL, &table, &error), NFGEO_OK);
	assert_int_equal(image_save(table, scratch_path("image.csv"), &error), NFGEO_OK);
	source = open_source(scratch_path("image.csv"), NULL, conf);
	assert_int_equal(answer(source, "8.8.8.8"), 703);
	geo_source_close(source);
	mkdir(folder, 0755);
	scratch_put("folder/geoip", HALF("PL"));
	scratch_put("folder/geoip6", "2a00::,2aff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,HU\n");
	source = open_source(folder, NULL, conf);
	assert_int_equal(answer(source, "8.8.8.8"), 616);
	assert_int_equal(answer(source, "2a00::1"), 348);
	assert_int_equal(image_save(table, scratch_path("folder/country.nfgeo"), &error), NFGEO_OK);
	assert_false(geo_source_refresh(source, true)); /* every address changes */
	geo_source_close(source);
	source = open_source(folder, NULL, conf);
	assert_int_equal(answer(source, "8.8.8.8"), 703);
	geo_source_close(source);
	geo_table_unref(table);
	conf_free(conf);
}

static void test_no_databases(void **state)
{
	(void)state;
	assert_refused(scratch_put_bytes("x", "\x0c\xa5\x02\0\0\0", 6), NULL, NULL, NFGEO_EINVAL,
		       "stock nfdump's own format");
	assert_refused(scratch_put_bytes("x", "\x1f\x8b\x08\0", 4), NULL, NULL, NFGEO_EINVAL,
		       "unpack it");
	assert_refused(scratch_put("x", "<html>not found</html>"), NULL, NULL, NFGEO_EINVAL,
		       "HTML");
	assert_refused(scratch_put("x", ""), NULL, NULL, NFGEO_EINVAL, "the file is empty");
	assert_refused(scratch_put_bytes("x", "\0\1\2\3", 4), NULL, NULL, NFGEO_EINVAL,
		       "neither an MMDB");
	assert_refused(scratch_put_bytes("x", "\xab\xcd\xefMaxMind.com", 14), NULL, NULL,
		       NFGEO_ECORRUPT, "");
	assert_refused(scratch_put("x", "hello world\n"), NULL, NULL, NFGEO_EINVAL, "x");
}

static void test_coverage(void **state)
{
	struct conf *conf = conf_of("[geo]\nmin_coverage = 60\n"), *low;
	const char *half = scratch_put("half", HALF("US"));

	(void)state;
	assert_refused(half, NULL, conf, NFGEO_EINVAL, "min_coverage = 60 is refused");
	assert_refused(scratch_put("tiny", "8.8.8.0/24,US\n"), NULL, NULL, NFGEO_EINVAL,
		       "only 0.0 % of the public IPv4");
	low = conf_of("[geo]\nmin_coverage = 40\n");
	geo_source_close(open_source(half, NULL, low));
	conf_free(conf);
	conf_free(low);
	low = conf_of("[geo]\nmin_coverage = \"0\"\n");
	assert_refused(half, NULL, low, NFGEO_EINVAL,
		       "t.conf:2: geo.min_coverage must be a number");
	conf_free(low);
}

/* A file that changed is taken; one that went bad is not, and the old answers stay. */
static void test_refresh(void **state)
{
	struct conf *conf = conf_of("[geo]\nmin_coverage = 30\nmax_change = 50\n");
	const char *path = scratch_put("live", "8.0.0.0/8,US\n" HALF("US"));
	struct geo_source *source = open_source(path, NULL, conf);

	(void)state;
	assert_false(geo_source_refresh(source, false));
	scratch_put("live", "0.0.0.0,99.255.255.255,US\n100.0.0.0,127.255.255.255,CA\n");
	assert_true(geo_source_refresh(source, false));
	assert_int_equal(answer(source, "101.0.0.1"), 124);
	assert_false(geo_source_refresh(source, false));

	logged[0] = '\0';
	scratch_put("live", "100.0.0.0,127.255.255.255,nonsense 99\ngarbage\n");
	assert_false(geo_source_refresh(source, false));
	assert_non_null(strstr(logged, "country database stays: "));
	assert_int_equal(answer(source, "101.0.0.1"), 124);
	logged[0] = '\0';
	assert_false(geo_source_refresh(source, false)); /* the same bad file: told once */
	assert_string_equal(logged, "");

	scratch_put("live", "8.8.8.0/24,US\n");
	assert_false(geo_source_refresh(source, false));
	assert_non_null(strstr(logged, "min_coverage = 30 is refused"));
	logged[0] = '\0';
	scratch_put("live", HALF("DE"));
	assert_false(geo_source_refresh(source, false));
	assert_non_null(strstr(logged, "more than max_change = 50 is refused"));
	unlink(path);
	logged[0] = '\0';
	assert_false(geo_source_refresh(source, true));
	assert_non_null(strstr(logged, "does not exist"));
	assert_int_equal(answer(source, "101.0.0.1"), 124);

	scratch_put("live", HALF("US"));
	logged[0] = '\0';
	assert_true(geo_source_refresh(source, true));
	assert_non_null(strstr(logged, " was "));
	assert_non_null(strstr(logged, "; now "));
	assert_int_equal(answer(source, "101.0.0.1"), 840);
	assert_true(geo_source_refresh(source, true)); /* forced: the same file again */
	geo_source_close(source);
	conf_free(conf);
}

/* A reader keeps its table while a new one is published. */
static void test_reference(void **state)
{
	struct conf *conf = conf_of("[geo]\nmin_coverage = 0\nmax_change = 100\n");
	const char *path = scratch_put("ref", HALF("US"));
	struct geo_source *source = open_source(path, NULL, conf);
	struct geo_table *old = geo_source_table(source);

	(void)state;
	scratch_put("ref", HALF("DE"));
	assert_true(geo_source_refresh(source, false));
	geo_source_close(source);
	assert_int_equal(geo_lookup4(old, 0x08080808), 840);
	geo_table_unref(old);
	conf_free(conf);
}

static void test_overlay(void **state)
{
	const char *base = scratch_put("base", HALF("US"));
	const char *nets = scratch_put("nets", "10.1.0.0/16 CZ Prague\n8.8.8.0/24 SK\n");
	const char *feed = scratch_put("feed", "9.9.0.0/16,DE,,,\n8.8.8.8/32,DE,,,\n");
	struct conf *conf = conf_of("[geo]\nmin_coverage = 0\ngeodb.path = \"%s\"\n"
				    "localnets = \"%s\"\ngeofeed = [ \"%s\" ]\n",
				    base, nets, feed);
	struct geo_source *source = open_source(NULL, NULL, conf);
	struct geo_table *before = geo_source_table(source), *after;
	struct address address = address_ip4(0x0a010203);
	static const uint8_t zeros[SHA256_BYTES];

	(void)state;
	assert_int_equal(answer(source, "8.8.8.8"), 703);
	assert_int_equal(answer(source, "9.9.9.9"), 276);
	assert_int_equal(answer(source, "10.1.2.3"), 203);
	assert_int_equal(answer(source, "12.0.0.1"), 840);
	assert_string_equal(local_find(geo_source_local(source), &address)->site, "Prague");
	assert_memory_not_equal(geo_table_provenance(before)->local_sha256, zeros, SHA256_BYTES);
	assert_memory_not_equal(geo_table_provenance(before)->feed_sha256, zeros, SHA256_BYTES);

	scratch_put("nets", "10.1.0.0/16 PL Warsaw\n");
	assert_true(geo_source_refresh(source, false));
	after = geo_source_table(source);
	assert_int_equal(answer(source, "10.1.2.3"), 616);
	assert_int_equal(answer(source, "8.8.8.8"), 276);
	assert_memory_not_equal(geo_table_provenance(before)->local_sha256,
				geo_table_provenance(after)->local_sha256, SHA256_BYTES);
	geo_table_unref(before);
	geo_table_unref(after);

	logged[0] = '\0';
	scratch_put("nets", "10.1.0.1/16 PL\n");
	assert_false(geo_source_refresh(source, false));
	assert_non_null(strstr(logged, "nets:1: 10.1.0.1/16 has bits set"));
	assert_int_equal(answer(source, "10.1.2.3"), 616);
	geo_source_close(source);
	assert_refused(NULL, NULL, conf, NFGEO_EINVAL, "nets:1: ");
	conf_free(conf);
}

static void test_age(void **state)
{
	struct conf *conf = conf_of("[geo]\nmin_coverage = 0\nmax_age_days = 30\n");
	struct conf *off = conf_of("[geo]\nmin_coverage = 0\nmax_age_days = 0\n");
	const char *path =
		scratch_put("old", "# Generated: Tue, 02 Jan 2024 03:04:05 GMT\n" HALF("US"));

	(void)state;
	logged[0] = '\0';
	geo_source_close(open_source(path, NULL, conf));
	assert_non_null(strstr(logged, " days old (max_age_days = 30): get a new one"));
	logged[0] = '\0';
	geo_source_close(open_source(path, NULL, off));
	assert_null(strstr(logged, "days old"));
	conf_free(conf);
	conf_free(off);
}

static int make_dir(void **state)
{
	(void)state;
	unsetenv("NFGEODB");
	log_to(keep_log, NULL);
	return scratch_make(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_found), cmocka_unit_test(test_which_one),
		cmocka_unit_test(test_kinds),	      cmocka_unit_test(test_no_databases),
		cmocka_unit_test(test_coverage),      cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_reference),     cmocka_unit_test(test_overlay),
		cmocka_unit_test(test_age),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("reload", tests, make_dir, scratch_drop);
}
