/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hooks for collectors of others (include/nfgeo_hooks.h), on record buffers laid out as the
 * collectors of nfdump 1.7.1, 1.7.5 and 1.7.8 lay them out: which elements, in which order.
 */
#include <pthread.h>
#include <unistd.h>

#include "base/bytes.h"
#include "flow/geotail.h"
#include "flow/record.h"
#include "hooks/hooks.h"
#include "include/nfgeo_hooks.h"
#include "nffile/reader.h"
#include "nffile/geosummary.h"
#include "nffile/writer.h"
#include "tests/lib/scratch.h"

enum { CZ = 203, US = 840, DE = 276, BUFFER = 1024 };

/* Addresses of setup()'s database. */
enum { IP_CZ = 0xc3710001u, IP_US = 0x08080808u, IP_PRIVATE = 0x0a000001u };
#define IP6_DE 0x2a00000000000000ull
#define IP6_US 0x2600000000000000ull

struct layout {
	const char *name;
	enum element element[12]; /* 0 ends */
};

/* What a record of each collector consists of, by default and with everything that is asked for. */
static const struct layout layouts[] = {
	{"1.7.1 v5",
	 {ELEMENT_GENERIC, ELEMENT_IP4, ELEMENT_MISC, ELEMENT_AS, ELEMENT_NEXT4, ELEMENT_ROUTER4}},
	{"1.7.1 v9 IPv6",
	 {ELEMENT_GENERIC, ELEMENT_IP6, ELEMENT_MISC, ELEMENT_COUNTERS, ELEMENT_ROUTER4}},
	{"1.7.1 NSEL",
	 {ELEMENT_GENERIC, ELEMENT_IP4, ELEMENT_NSEL, ELEMENT_NAT4, ELEMENT_NAT_PORT, ELEMENT_ACL,
	  ELEMENT_USER, ELEMENT_ROUTER4}},
	{"1.7.1 both families",
	 {ELEMENT_GENERIC, ELEMENT_IP4, ELEMENT_IP6, ELEMENT_MISC, ELEMENT_ROUTER4}},
	{"1.7.5 sFlow",
	 {ELEMENT_GENERIC, ELEMENT_IP4, ELEMENT_MISC, ELEMENT_VLAN, ELEMENT_AS, ELEMENT_MAC,
	  ELEMENT_INMON_META}},
	{"1.7.5 pcap",
	 {ELEMENT_GENERIC, ELEMENT_IP6, ELEMENT_VLAN, ELEMENT_MAC, ELEMENT_LAYER2,
	  ELEMENT_IP_INFO}},
	{"1.7.8 v1", {ELEMENT_GENERIC, ELEMENT_IP4, ELEMENT_MISC, ELEMENT_NEXT4, ELEMENT_ROUTER6}},
	{"1.7.8 IPFIX",
	 {ELEMENT_GENERIC, ELEMENT_IP6, ELEMENT_MISC, ELEMENT_LAYER2, ELEMENT_FLOW_ID,
	  ELEMENT_IP_INFO, ELEMENT_ROUTER4}},
	{"addresses first, last", {ELEMENT_IP6, ELEMENT_GENERIC, ELEMENT_IP4}},
	{"addresses alone", {ELEMENT_IP4}},
};

enum { LAYOUTS = sizeof(layouts) / sizeof(*layouts) };

static bool has(const struct layout *layout, enum element element)
{
	for (int i = 0; i < 12 && layout->element[i]; i++)
		if (layout->element[i] == element)
			return true;
	return false;
}

/* Every byte that is no address has a value of its own. */
static size_t build(const struct layout *layout, uint8_t *out)
{
	struct record_builder builder;

	record_begin(&builder, out, BUFFER);
	for (int i = 0; i < 12 && layout->element[i]; i++) {
		enum element element = layout->element[i];
		size_t bytes = element_table[element].bytes;
		uint8_t *at = record_element(&builder, element, bytes);

		assert_non_null(at);
		for (size_t k = 0; k < bytes; k++)
			at[k] = (uint8_t)(16 * element + k);
		if (element == ELEMENT_IP4) {
			bytes_put32(at, IP_CZ);
			bytes_put32(at + 4, IP_US);
		} else if (element == ELEMENT_IP6) {
			bytes_put64(at, IP6_DE);
			bytes_put64(at + 16, IP6_US);
		}
	}
	return record_end(&builder);
}

/* As a collector does: a tail when the record is complete, its countries when the block is full. */
static uint32_t tag(uint8_t *record, size_t room)
{
	uint32_t added = nfgeo_tag_record(record, room);

	nfgeo_fill(record, bytes_get16(record + 2));
	return added;
}

static const uint8_t *payload(const struct record_view *view, enum element element)
{
	return view_has(view, element) ? view_payload(view, element) : NULL;
}

/* --- without a database: these come first ------------------------------------------------------
 */

static void test_without_database(void **state)
{
	static uint8_t record[BUFFER];
	size_t len = build(&layouts[0], record);
	struct record_view view;
	uint16_t pair[2] = {1, 1};

	(void)state;
	assert_int_equal(nfgeo_tag_record(record, sizeof(record)), 0);
	assert_int_equal(bytes_get16(record + 2), len);
	record_view_init(&view);
	assert_int_equal(record_view(&view, record, len), NFGEO_OK);
	assert_int_equal(nfgeo_known(payload(&view, ELEMENT_IP4), NULL, pair), 0);
	assert_int_equal(nfgeo_missing(), 0);
	assert_int_equal(nfgeo_src(payload(&view, ELEMENT_IP4), NULL), 0);
	assert_int_equal(nfgeo_missing(), 1);
	nfgeo_pair(NULL, NULL, pair); /* a record without addresses misses nothing */
	assert_int_equal(nfgeo_missing(), 1);
	assert_null(nfgeo_rotate());
}

static int take(const char *const *words, int *argc, char **argv)
{
	for (*argc = 0; words[*argc]; ++*argc)
		argv[*argc] = (char *)(uintptr_t)words[*argc];
	argv[*argc] = NULL;
	return nfgeo_args(argc, argv);
}

static void test_args(void **state)
{
	char *argv[16];
	int argc;

	(void)state;
	assert_int_equal(take((const char *[]){"p", "-w", "x", NULL}, &argc, argv), NFGEO_OK);
	assert_int_equal(argc, 3);
	assert_int_equal(take((const char *[]){"p", "--geodb", NULL}, &argc, argv), NFGEO_EINVAL);
	assert_non_null(strstr(nfgeo_args_error(), "--geodb needs a file"));
	assert_int_equal(take((const char *[]){"p", "--geodb=/none/of/it", NULL}, &argc, argv),
			 NFGEO_ENODB);
	assert_non_null(strstr(nfgeo_args_error(), "/none/of/it"));
	assert_int_equal(
		take((const char *[]){"p", "--geodbx", "--", "--geodb", NULL}, &argc, argv),
		NFGEO_OK); /* another option, and what follows the end of options */
	assert_int_equal(argc, 4);
	assert_int_equal(take((const char *[]){NULL}, &argc, argv), NFGEO_OK);
}

static const char ranges[] = "195.113.0.0/16,CZ\n8.8.8.0/24,US\n2a00::/16,DE\n2600::/16,US\n";

static void test_load(void **state)
{
	const char *conf = scratch_put(
		"nfdump-geo.conf",
		"[geo]\nmin_coverage = 0\nmax_change = 100\nctrygroup.V4 = \"CZ SK PL HU\"\n");
	const char *database = scratch_put("ranges.csv", ranges);
	char *argv[16];
	int argc;

	(void)state;
	assert_int_equal(take((const char *[]){"p", "-x", "--geodb", database, "-y", "--geoconf",
					       conf, "filter", NULL},
			      &argc, argv),
			 NFGEO_OK);
	assert_int_equal(argc, 4);
	assert_string_equal(argv[1], "-x");
	assert_string_equal(argv[2], "-y");
	assert_string_equal(argv[3], "filter");
	assert_null(argv[4]);
}

/* --- with one --------------------------------------------------------------------------------- */

/* Every element of the tagged record is the one that was there, tails apart. */
static void check_elements(const uint8_t *before, const uint8_t *after)
{
	struct record_view old, new;

	record_view_init(&old);
	record_view_init(&new);
	assert_int_equal(record_view(&old, before, BUFFER), NFGEO_OK);
	assert_int_equal(record_view(&new, after, BUFFER), NFGEO_OK);
	assert_int_equal(old.count, new.count);
	for (unsigned i = 0; i < old.count; i++) {
		assert_int_equal(old.order[i], new.order[i]);
		assert_memory_equal(before + old.place[i] + 4, after + new.place[i] + 4,
				    old.payload_bytes[old.order[i]]);
	}
}

static void test_tag_layouts(void **state)
{
	static uint8_t before[BUFFER], record[BUFFER];

	(void)state;
	for (size_t i = 0; i < LAYOUTS; i++) {
		bool six = has(&layouts[i], ELEMENT_IP6);
		unsigned families = six + has(&layouts[i], ELEMENT_IP4);
		size_t len = build(&layouts[i], record);
		uint16_t src, dst, pair[2];
		struct record_view view;

		memcpy(before, record, sizeof(before));
		assert_int_equal(nfgeo_tag_record(record, len + 8 * families - 1), 0); /* no room */
		assert_memory_equal(before, record, sizeof(before));
		assert_int_equal(tag(record, len + 8 * families), 8 * families);
		check_elements(before, record);
		assert_int_equal(nfgeo_record_countries(record, len + 8 * families, &src, &dst), 1);
		assert_int_equal(src, six ? DE : CZ);
		assert_int_equal(dst, US);
		assert_int_equal(nfgeo_tag_record(record, sizeof(record)), 0); /* it has them */

		record_view_init(&view);
		assert_int_equal(record_view(&view, record, len + 8 * families), NFGEO_OK);
		assert_int_equal(nfgeo_tagged(payload(&view, ELEMENT_IP4),
					      payload(&view, ELEMENT_IP6), pair),
				 1);
		assert_int_equal(pair[0], src);
		assert_int_equal(pair[1], US);
	}
}

/* The tail of a record of the last one's shape is that of the first of this shape. */
static void test_same_shape(void **state)
{
	static uint8_t first[BUFFER], second[BUFFER];

	(void)state;
	for (size_t i = 0; i < LAYOUTS; i++) {
		size_t len = build(&layouts[i], first);
		uint32_t added = nfgeo_tag_record(first, sizeof(first));

		build(&layouts[i], second);
		assert_int_equal(nfgeo_tag_record(second, len + added - 1), 0);
		assert_int_equal(nfgeo_tag_record(second, len + added), added);
		assert_memory_equal(first, second, len + added);
	}
}

/* As large and as many elements as the last one, but in another order: the place of the last one's
 * address element is within another element. */
static void test_other_order(void **state)
{
	static const enum element order[2][2] = {{ELEMENT_IP4, ELEMENT_GENERIC},
						 {ELEMENT_GENERIC, ELEMENT_IP4}};
	static uint8_t record[BUFFER];
	struct record_builder builder;
	struct record_view view;
	size_t len = 0;

	(void)state;
	for (int round = 0; round < 4; round++) {
		memset(record, 0, sizeof(record));
		record_begin(&builder, record, sizeof(record));
		for (int k = 0; k < 2; k++)
			record_element(&builder, order[round & 1][k],
				       element_table[order[round & 1][k]].bytes);
		len = record_end(&builder);
		assert_int_equal(nfgeo_tag_record(record, len + 8), 8);
		record_view_init(&view);
		assert_int_equal(record_view(&view, record, len + 8), NFGEO_OK);
		assert_int_equal(nfgeo_tagged(payload(&view, ELEMENT_IP4), NULL, NULL), 1);
	}
}

static void test_damaged(void **state)
{
	static uint8_t record[BUFFER];
	size_t len = build(&layouts[0], record);
	static const struct {
		unsigned at;
		uint16_t value;
	} damage[] = {
		{0, 12},		      /* another type */
		{2, BUFFER + 1},	      /* leaves its room */
		{2, 40},		      /* ends within an element */
		{4, 99},		      /* more elements than there are */
		{14, 3},		      /* an element shorter than its header */
		{14, 0},	 {14, 60000}, /* and one that leaves the record */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(damage) / sizeof(*damage); i++) {
		uint8_t copy[BUFFER];

		memcpy(copy, record, sizeof(copy));
		assert_int_equal(tag(copy, sizeof(copy)), 8); /* now its shape is known */
		memcpy(copy, record, sizeof(copy));
		bytes_put16(copy + damage[i].at, damage[i].value);
		assert_int_equal(nfgeo_tag_record(copy, sizeof(copy)), 0);
		bytes_put16(copy + damage[i].at, bytes_get16(record + damage[i].at));
		assert_memory_equal(copy, record, len);
	}
	assert_int_equal(nfgeo_tag_record(record, 11), 0);
}

/* An address element that is longer already is not ours to extend. */
static void test_foreign_tail(void **state)
{
	static uint8_t record[BUFFER];
	struct record_builder builder;
	uint8_t *at;

	(void)state;
	record_begin(&builder, record, sizeof(record));
	at = record_element(&builder, ELEMENT_IP4, 16);
	bytes_put32(at, IP_CZ);
	bytes_put32(at + 4, IP_US);
	record_end(&builder);
	assert_int_equal(nfgeo_tagged(at, NULL, NULL), 0);
	assert_int_equal(nfgeo_tag_record(record, sizeof(record)), 0);
	assert_int_equal(nfgeo_src(at, NULL), CZ); /* looked up */
}

static void test_stored_wins(void **state)
{
	static uint8_t record[BUFFER];
	struct record_view view;
	uint8_t *el2;

	(void)state;
	build(&layouts[9], record);
	tag(record, sizeof(record));
	record_view_init(&view);
	record_view(&view, record, sizeof(record));
	el2 = record + view.offset[ELEMENT_IP4];
	assert_int_equal(nfgeo_put_pair(record, sizeof(record), 0, DE), 0);
	assert_int_equal(nfgeo_src(el2, NULL), 0);
	assert_int_equal(nfgeo_dst(el2, NULL), DE);
	nfgeo_swap(el2, NULL);
	assert_int_equal(nfgeo_src(el2, NULL), DE);
	assert_int_equal(nfgeo_dst(el2, NULL), 0);
	nfgeo_put_pair(record, sizeof(record), CZ, DE);
	nfgeo_clear_sides(el2, 0, 0);
	assert_int_equal(nfgeo_src(el2, NULL), CZ);
	nfgeo_clear_sides(el2, 0, 1);
	assert_int_equal(nfgeo_src(el2, NULL), CZ);
	assert_int_equal(nfgeo_dst(el2, NULL), 0);
	nfgeo_put_pair(record, sizeof(record), CZ, DE);
	nfgeo_clear_sides(el2, 1, 0);
	assert_int_equal(nfgeo_src(el2, NULL), 0);
	assert_int_equal(nfgeo_dst(el2, NULL), DE);
	bytes_put32(el2, IP_US); /* anonymised */
	nfgeo_clear(el2);
	assert_int_equal(nfgeo_tagged(el2, NULL, NULL), 1);
	assert_int_equal(nfgeo_src(el2, NULL), 0);
	assert_int_equal(nfgeo_shown(NFGEO_PRIVATE), 0);
	assert_int_equal(nfgeo_shown(CZ), CZ);
}

/* What aggregation writes: a record of counters alone gets addresses of zeros for its pair. */
static void test_put_pair(void **state)
{
	static uint8_t record[BUFFER];
	struct record_builder builder;
	uint16_t src, dst;
	size_t len;

	(void)state;
	record_begin(&builder, record, sizeof(record));
	record_element(&builder, ELEMENT_GENERIC, 48);
	len = record_end(&builder);
	assert_int_equal(nfgeo_put_pair(record, len + NFGEO_PUT_ROOM - 1, CZ, US), 0);
	assert_int_equal(nfgeo_put_pair(record, len + NFGEO_PUT_ROOM, CZ, US), 20);
	assert_int_equal(nfgeo_record_countries(record, len + 20, &src, &dst), 1);
	assert_int_equal(src, CZ);
	assert_int_equal(dst, US);
}

static void test_set(void **state)
{
	static const struct {
		const char *clause;
		uint16_t src, dst;
		int match;
	} cases[] = {
		{"ctry CZ", CZ, US, 1},
		{"ctry CZ", US, CZ, 1},
		{"ctry CZ", US, DE, 0},
		{"src ctry 203", US, CZ, 0},
		{"DST COUNTRY cze", US, CZ, 1},
		{"src and dst ctry CZ", CZ, US, 0},
		{"src or dst ctry in [ 276,\n 840 CZ ]", 0, DE, 1},
		{"src ctry @V4", CZ, 0, 1},
		{"dst ctry in [@EU CH]", CZ, 756, 1},
		{"ctry 0", NFGEO_PRIVATE, CZ, 1},
		{"ctry private", NFGEO_PRIVATE, CZ, 1},
		{"ctry private", 0, CZ, 0},
		{"src ctry > 0", NFGEO_PRIVATE, 0, 0},
		{"src ctry <= 203", CZ, 0, 1},
		{"src ctry = dst ctry", CZ, CZ, 1},
		{"src ctry != dst ctry", CZ, 0, 0},
		{"ctry in", 356, 0, 1}, /* India */
	};
	static const struct {
		const char *clause, *error;
	} wrong[] = {
		{"ctry XQ", "Unknown country code 'XQ'"},
		{"ctry 1000", "Country number must be 0..999"},
		{"ctry 2k", "Country number must be a plain decimal number"},
		{"ctry > CZ", "Country names can only be compared for equality"},
		{"ctry in [ ]", "Empty country list"},
		{"ctry @NATO", "Unknown country group '@NATO'"},
		{"ctry", "syntax error"},
		{"", "not a country primitive"},
		{"port 80", "not a country primitive"},
		{"ctry CZ and port 80", "not a country primitive"},
		{"@include /etc/passwd", "@include"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *error = NULL;
		struct nfgeo_set *set = nfgeo_set_parse(cases[i].clause, &error);

		if (!set)
			fail_msg("%s: %s", cases[i].clause, error);
		if (nfgeo_set_match(set, cases[i].src, cases[i].dst) != cases[i].match)
			fail_msg("%s: %d, %d", cases[i].clause, cases[i].src, cases[i].dst);
		nfgeo_set_free(set);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		const char *error = NULL;

		assert_null(nfgeo_set_parse(wrong[i].clause, &error));
		if (!strstr(error, wrong[i].error) || strchr(error, '\n') || strstr(error, "Line "))
			fail_msg("%s: %s", wrong[i].clause, error);
	}
}

static void test_json(void **state)
{
	static uint8_t record[BUFFER];
	struct record_view view;
	char text[160], *end;

	(void)state;
	build(&layouts[9], record);
	tag(record, sizeof(record));
	nfgeo_put_pair(record, sizeof(record), CZ, NFGEO_PRIVATE);
	record_view_init(&view);
	record_view(&view, record, sizeof(record));
	end = nfgeo_json(text, payload(&view, ELEMENT_IP4), NULL, 0);
	assert_ptr_equal(end, text + strlen(text));
	assert_string_equal(text, "\"src_ctry\":203,\"dst_ctry\":0,"
				  "\"src_ctry_a2\":\"CZ\",\"dst_ctry_a2\":null,");
	nfgeo_json(text, payload(&view, ELEMENT_IP4), NULL, 1);
	assert_non_null(strstr(text, "  \"dst_ctry_a2\" : null,\n"));
}

/* --- files ------------------------------------------------------------------------------------ */

enum { FILE_RECORDS = 40 * LAYOUTS + 1 }; /* of a block: several windows and a piece */

/* As a collector writes a file: blocks, seal, appendix, header. Our reader must find the geo
 * blocks, sealed. The file itself is made by our writer, without any, and cut before its appendix.
 */
static void write_file(const char *path, unsigned codec, int tagged)
{
	struct nffile_options options = {
		.codec = codec, .creator = CREATOR_NFCAPD, .no_geo_blocks = true};
	struct nffile_finish finish = {NULL, 0, 0, 0, NULL};
	struct nffile_writer *writer;
	struct nffile_reader *reader;
	struct raw_block raw = {0};
	uint32_t blocks, last = 77;
	uint64_t end;
	struct block block;
	struct error error;
	uint8_t header[40];
	int file, key = 0;

	assert_int_equal(block_init(&block, 1 << 18), NFGEO_OK);
	for (size_t i = 0; i < FILE_RECORDS; i++) {
		size_t len = build(&layouts[i % LAYOUTS], block.bytes + block.used);

		if (tagged)
			len += nfgeo_tag_record(block.bytes + block.used, BUFFER);
		block_commit(&block, len);
	}
	nfgeo_fill(block.bytes, block.used);
	assert_int_equal(nffile_create(&writer, path, &options, &error), NFGEO_OK);
	assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
	assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);

	assert_int_equal(nffile_open(&reader, path, &error), NFGEO_OK);
	for (uint32_t i = 0; nffile_next_raw(reader, &raw, &error) == 1; i++)
		nfgeo_file_block(&key, i, block.bytes, block.used, raw.stored_bytes);
	blocks = nffile_info(reader)->block_count;
	end = nffile_info(reader)->data_end;
	file = open(path, O_RDWR);
	assert_int_equal(lseek(file, (off_t)end, SEEK_SET), (off_t)end);
	{
		uint8_t appendix[4096];
		ssize_t len = pread(file, appendix, sizeof(appendix), (off_t)end);

		assert_int_equal(nfgeo_file_seal(&key, file, codec,
						 nffile_info(reader)->totals.flows, &blocks, &last),
				 NFGEO_OK);
		end = (uint64_t)lseek(file, 0, SEEK_CUR);
		assert_int_equal(write(file, appendix, (size_t)len), len);
	}
	assert_int_equal(pread(file, header, 40, 0), 40);
	bytes_put64(header + 24, end);
	bytes_put32(header + 32, last);
	bytes_put32(header + 36, blocks);
	assert_int_equal(pwrite(file, header, 40, 0), 40);
	close(file);
	assert_int_equal(blocks, tagged ? 4 : 2);
	assert_int_equal(last != 0, tagged);
	raw_block_fini(&raw);
	nffile_close(reader);
	block_fini(&block);
}

static void test_file(void **state)
{
	(void)state;
	for (unsigned codec = CODEC_NONE; codec < CODEC_COUNT; codec++) {
		const char *path = scratch_path("nfcapd.202601010000");
		struct nffile_reader *reader;
		const struct geo_summary *summary;
		struct error error;

		write_file(path, codec, 1);
		assert_int_equal(nffile_open(&reader, path, &error), NFGEO_OK);
		summary = nffile_summary(reader);
		assert_non_null(summary);
		assert_true(summary->sealed && summary->complete);
		assert_int_equal(summary->totals.flow_records, 2 * FILE_RECORDS);
		assert_int_equal(summary->totals.untagged.flows, 0);
		assert_int_equal(summary->entry_count, 2);
		assert_int_equal(summary->provenance_count, 1);
		assert_int_equal(summary->entry[0].provenance, 1);
		/* The first was added up while it was filled, the second when it was written. */
		assert_int_equal(summary->entry[0].flow_count, FILE_RECORDS);
		assert_int_equal(summary->entry[0].crc, summary->entry[1].crc);
		assert_memory_equal(&summary->entry[0].src, &summary->entry[1].src,
				    sizeof(summary->entry[0].src));
		assert_true(country_set_has(&summary->entry[0].src, CZ));
		assert_true(country_set_has(&summary->entry[0].dst, US));
		assert_false(country_set_has(&summary->entry[0].dst, CZ));
		nffile_close(reader);
	}
}

/* No record has countries: the file is stock nfcapd's. */
static void test_file_untagged(void **state)
{
	const char *path = scratch_path("nfcapd.202601010005");
	struct nffile_reader *reader;
	struct error error;

	(void)state;
	write_file(path, CODEC_LZ4, 0);
	assert_int_equal(nffile_open(&reader, path, &error), NFGEO_OK);
	assert_null(nffile_summary(reader));
	nffile_close(reader);
}

static void test_file_stale(void **state)
{
	uint8_t bytes[64] = {0xc1, 0xc0, 24, 0, 'N', 'G', 'X', '1'};
	uint32_t blocks = 5, last = 77;

	(void)state;
	assert_int_equal(nfgeo_file_stale(4, bytes, sizeof(bytes)), 1);
	assert_int_equal(nfgeo_file_stale(3, bytes, sizeof(bytes)), 0);
	assert_int_equal(nfgeo_file_stale(4, bytes, 19), 0);
	bytes[4] = 'X';
	assert_int_equal(nfgeo_file_stale(4, bytes, sizeof(bytes)), 0);
	/* nothing came to this file: its header keeps what it says */
	assert_int_equal(nfgeo_file_seal(&blocks, -1, 0, 0, &blocks, &last), NFGEO_OK);
	assert_int_equal(blocks, 5);
	assert_int_equal(last, 77);
	nfgeo_file_forget(&blocks);
	nfgeo_file_forget(&blocks);
}

/* A database that is renewed is in use two slots later: one to load it, one to take it. */
static void test_rotate(void **state)
{
	static uint8_t record[BUFFER];
	const char *line = "";
	uint16_t src = 0, dst;
	size_t len;

	(void)state;
	line = nfgeo_rotate();
	assert_non_null(line);
	assert_non_null(strstr(line, "records tagged"));
	sleep(1); /* a file of another second */
	scratch_put("ranges.csv", "195.113.0.0/16,SK\n8.8.8.0/24,US\n2a00::/16,DE\n2600::/16,US\n");
	for (int i = 0; i < 100 && !strstr(line, "the new database is in use"); i++) {
		usleep(50000);
		line = nfgeo_rotate();
	}
	assert_non_null(strstr(line, "the new database is in use"));
	len = build(&layouts[9], record);
	len += tag(record, sizeof(record));
	assert_int_equal(nfgeo_record_countries(record, len, &src, &dst), 1);
	assert_int_equal(src, 703);
	assert_string_equal(nfgeo_rotate(), "Countries: 1 records tagged, 0 had no room; "
					    "2 addresses looked up, 0 without country");
}

/* The slot that a record came in counts it, whenever its block is written. */
static void test_rotate_before_fill(void **state)
{
	static uint8_t record[BUFFER];

	(void)state;
	build(&layouts[9], record);
	nfgeo_rotate();
	nfgeo_tag_record(record, sizeof(record));
	assert_string_equal(nfgeo_rotate(), "Countries: 1 records tagged, 0 had no room; "
					    "0 addresses looked up, 0 without country");
	nfgeo_fill(record, bytes_get16(record + 2));
	assert_string_equal(nfgeo_rotate(), "Countries: 0 records tagged, 0 had no room; "
					    "2 addresses looked up, 0 without country");
}

/* A thread that writes: looks up what another one tagged. */
static void *fill_block(void *arg)
{
	struct block *block = arg;

	nfgeo_fill(block->bytes, block->used);
	return NULL;
}

/* Blanks of all layouts, filled by a thread of its own. */
static void fill_layouts(struct block *block)
{
	pthread_t thread;

	assert_int_equal(block_init(block, 1 << 16), NFGEO_OK);
	for (size_t i = 0; i < LAYOUTS; i++) {
		size_t len = build(&layouts[i], block->bytes + block->used);

		len += nfgeo_tag_record(block->bytes + block->used, BUFFER);
		block_commit(block, len);
	}
	assert_int_equal(pthread_create(&thread, NULL, fill_block, block), 0);
	pthread_join(thread, NULL);
}

/* @return records of the block that say so, in every tail */
static size_t count_pairs(const struct block *block, uint16_t src, uint16_t dst)
{
	struct block_cursor cursor = block_cursor(block);
	const uint8_t *record;
	size_t len, count = 0;

	while (block_next(&cursor, &record, &len) == 1) {
		bool all = true, any = false;

		for (size_t at = RECORD_HEADER_BYTES; at < len;
		     at += bytes_get16(record + at + 2)) {
			const uint8_t *payload = record + at + ELEMENT_HEADER_BYTES;
			enum element element = bytes_get16(record + at);
			uint16_t pair[2];

			if (element != ELEMENT_IP4 && element != ELEMENT_IP6)
				continue;
			assert_int_equal(nfgeo_tagged(element == ELEMENT_IP4 ? payload : NULL,
						      element == ELEMENT_IP6 ? payload : NULL,
						      pair),
					 1);
			any = true;
			all = all && pair[0] == src && pair[1] == dst;
		}
		count += any && all;
	}
	return count;
}

/* A file that replaced the database and is none: the old one goes on, in new threads too. */
static void test_refused_database(void **state)
{
	struct block block;
	const char *line = "";

	(void)state;
	sleep(1);
	scratch_put("ranges.csv", "this is no database\n");
	for (int i = 0; i < 100 && !strstr(line, "ranges.csv"); i++) {
		usleep(50000);
		line = nfgeo_rotate();
	}
	assert_non_null(strstr(line, "ranges.csv"));
	nfgeo_rotate();
	fill_layouts(&block);
	assert_int_equal(count_pairs(&block, DE, US), 5);
	assert_int_equal(count_pairs(&block, 703, US), 5);
	block_fini(&block);
}

/* No table at all where the block is written: unknown, and no blank reaches a file. */
static void test_lost_database(void **state)
{
	struct hook_local kept;
	struct block block;

	(void)state;
	nfgeo_rotate();
	assert_int_equal(block_init(&block, 1 << 16), NFGEO_OK);
	for (size_t i = 0; i < LAYOUTS; i++) {
		size_t len = build(&layouts[i], block.bytes + block.used);

		len += nfgeo_tag_record(block.bytes + block.used, BUFFER);
		block_commit(&block, len);
	}
	assert_int_equal(count_pairs(&block, 0xffff, 0xffff), LAYOUTS);
	kept = *hook_local();
	hook_thread.table = NULL;
	nfgeo_fill(block.bytes, block.used);
	assert_int_equal(count_pairs(&block, 0, 0), LAYOUTS);
	assert_int_equal(hook_thread.sums->filled, 0);
	hook_thread = kept;
	assert_string_equal(nfgeo_rotate(), "Countries: 10 records tagged, 0 had no room; "
					    "0 addresses looked up, 0 without country");
	block_fini(&block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_database),
		cmocka_unit_test(test_args),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_tag_layouts),
		cmocka_unit_test(test_same_shape),
		cmocka_unit_test(test_other_order),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_foreign_tail),
		cmocka_unit_test(test_stored_wins),
		cmocka_unit_test(test_put_pair),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_untagged),
		cmocka_unit_test(test_file_stale),
		cmocka_unit_test(test_rotate),
		cmocka_unit_test(test_rotate_before_fill),
		cmocka_unit_test(test_refused_database),
		cmocka_unit_test(test_lost_database),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_drop);
}
