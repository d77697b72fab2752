/* SPDX-License-Identifier: BSD-3-Clause */
/* What files and blocks say that their flows add up to, against a reference that looks at the
 * numbers the flows were made from. */
#include "nffile/geocube.h"

#include <stdio.h>

#include "nffile/format.h"
#include "nffile/geocheck.h"
#include "nffile/geosummary.h"
#include "nffile/host_sketches.h"
#include "nffile/reader.h"
#include "nffile/writer.h"
#include "tests/lib/makeflow.h"
#include "tests/lib/scratch.h"

#define FILE_NAME "file"

enum { BLOCKS_MAX = 40, FLOWS_MAX = 400 };

static struct make_flow flow[BLOCKS_MAX][FLOWS_MAX];
static char path[160];
static uint32_t random_state;

static uint32_t next_random(void)
{
	return (random_state = random_state * 1103515245 + 12345) >> 8;
}

static int make_folder(void **state)
{
	int status = scratch_make(state);

	random_state = 42;
	strcpy(path, scratch_path(FILE_NAME));
	return status;
}

/* --- files ------------------------------------------------------------------------------------ */

struct shape {
	enum codec codec;
	bool query;
	unsigned blocks, flows; /* flows in each */
	unsigned countries;	/* of a block, each side; block n has others than block n + 1 */
	unsigned untagged;	/* one in so many; 0 = none */
	bool no_pairs, sketches;
};

static const struct shape shape_case[] = {
	{CODEC_LZ4, false, 10, 300, 3, 0, false},   {CODEC_LZ4, true, 10, 300, 3, 7, false},
	{CODEC_ZSTD, false, 40, 50, 1, 0, false},   {CODEC_NONE, true, 5, 400, 30, 100, false},
	{CODEC_NONE, false, 3, 400, 900, 0, false}, {CODEC_LZO, true, 1, 1, 1, 0, false},
	{CODEC_BZ2, false, 4, 100, 2, 1, false},    {CODEC_LZ4, false, 10, 300, 3, 20, true, true},
};

enum { SHAPES = sizeof(shape_case) / sizeof(shape_case[0]) };

static struct make_flow random_flow(const struct shape *shape, unsigned block)
{
	static const uint8_t proto[] = {6, 6, 6, 6, 17, 17, 17, 1, 58, 47, 0};
	/* 0xbb01: 443 the wrong way round */
	static const uint16_t port[] = {443, 53, 80, 0, 0xbb01, 60000};
	uint32_t r = next_random(), s = next_random();

	return (struct make_flow){
		.src4 = r & 1 ? next_random() | 1 : 0,
		.src6 = r & 3 ? 0 : 1 + next_random(), /* neither: no addresses */
		.tagged = (r & 3) != 2 && !(shape->untagged && s % shape->untagged == 0),
		.src_country = (uint16_t)(7 * block % 50 + next_random() % shape->countries),
		/* Beyond the table: counts as unknown. */
		.dst_country = r >> 7 & 0x1f ? (uint16_t)(next_random() % shape->countries) : 5000,
		.no_counters = (r >> 12 & 0x1f) == 0,
		.first_ms = 1600000000000 + next_random() % 300000,
		.last_ms = 1600000300000 + next_random() % 300000,
		.packets = next_random() % 100,
		.bytes = next_random() % 100000,
		.out_packets = r >> 17 & 1 ? next_random() % 10 : 0,
		.out_bytes = r >> 18 & 1 ? next_random() % 1000 : 0,
		.flows = r >> 19 & 1 ? 1 + next_random() % 4 : 0,
		.proto = proto[next_random() % sizeof(proto)],
		.src_port = port[next_random() % 6],
		.dst_port = port[next_random() % 6],
		.tcp_flags = (uint8_t)(r >> 20 & 3 ? 0xc2 : 0x12),
	};
}

static void write_file(const struct shape *shape)
{
	struct nffile_options options = {.codec = shape->codec,
					 .query_totals = shape->query,
					 .no_pairs = shape->no_pairs,
					 .sketches = shape->sketches,
					 .arrival_order = true};
	struct nffile_finish finish = {0};
	struct nffile_writer *writer;
	struct block block = {0};
	struct error error;

	assert_int_equal(nffile_create(&writer, path, &options, &error), NFGEO_OK);
	for (unsigned i = 0; i < shape->blocks; i++) {
		block_clear(&block);
		for (unsigned n = 0; n < shape->flows; n++) {
			flow[i][n] = random_flow(shape, i);
			make_append(&block, &flow[i][n]);
		}
		assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
	}
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);
	block_fini(&block);
}

static struct nffile_reader *open_file(void)
{
	struct nffile_reader *reader;
	struct error error;

	assert_int_equal(nffile_open(&reader, path, &error), NFGEO_OK);
	return reader;
}

/* --- the reference ---------------------------------------------------------------------------- */

static bool is_tagged(const struct make_flow *f)
{
	return f->tagged && (f->src4 || f->src6);
}

static uint16_t code_of(uint16_t country)
{
	return country < COUNTRY_CODES ? country : 0;
}

static bool in_class(const struct make_flow *f, enum cube_class class)
{
	uint8_t proto = f->no_counters ? 0 : f->proto;
	bool has_443 = f->src_port == 443 || f->dst_port == 443;
	bool has_53 = f->src_port == 53 || f->dst_port == 53;

	switch (class) {
	case CUBE_TCP:
		return proto == 6;
	case CUBE_UDP:
		return proto == 17;
	case CUBE_ICMP:
		return proto == 1 || proto == 58;
	case CUBE_OTHER:
		return proto == 47 || proto == 0;
	case CUBE_HTTPS:
		return proto == 6 && has_443;
	case CUBE_DNS:
		return (proto == 6 || proto == 17) && has_53;
	default:
		return false;
	}
}

static void naive_add(struct cube_sum *to, const struct make_flow *f)
{
	bool bare = f->no_counters;
	struct cube_sum one = {
		.records = 1,
		.sum.flows = f->flows ? f->flows : 1,
		.sum.in_packets = bare ? 0 : f->packets,
		.sum.in_bytes = bare ? 0 : f->bytes,
		.sum.out_packets = f->out_packets,
		.sum.out_bytes = f->out_bytes,
		.sum.first_ms = bare ? 0 : f->first_ms,
		.sum.last_ms = bare ? 0 : f->last_ms,
	};

	one.syn_only = !bare && f->proto == 6 && f->tcp_flags == 0xc2 ? one.sum.flows : 0;
	if (to->records) {
		one.sum.first_ms = one.sum.first_ms < to->sum.first_ms ? one.sum.first_ms
								       : to->sum.first_ms;
		one.sum.last_ms =
			one.sum.last_ms > to->sum.last_ms ? one.sum.last_ms : to->sum.last_ms;
	}
	one.records += to->records;
	one.syn_only += to->syn_only;
	one.sum.flows += to->sum.flows;
	one.sum.in_packets += to->sum.in_packets;
	one.sum.in_bytes += to->sum.in_bytes;
	one.sum.out_packets += to->sum.out_packets;
	one.sum.out_bytes += to->sum.out_bytes;
	*to = one;
}

static void naive_cube(const struct shape *shape, struct country_cube *cube,
		       struct cube_sum *untagged)
{
	for (unsigned i = 0; i < shape->blocks; i++)
		for (unsigned n = 0; n < shape->flows; n++) {
			const struct make_flow *f = &flow[i][n];

			if (!is_tagged(f))
				naive_add(untagged, f);
			for (int class = 0; class < CUBE_CLASSES && is_tagged(f); class ++) {
				if (!in_class(f, class))
					continue;
				naive_add(&cube->src[code_of(f->src_country)][class], f);
				naive_add(&cube->dst[code_of(f->dst_country)][class], f);
			}
		}
}

/* What flows of a pair add up to; block -1 and class -1 are all. */
static struct cube_sum naive_pair(const struct shape *shape, int block, uint16_t src, uint16_t dst,
				  int class)
{
	struct cube_sum sum = {0};

	for (unsigned i = 0; i < shape->blocks; i++)
		for (unsigned n = 0; n < shape->flows; n++) {
			const struct make_flow *f = &flow[i][n];

			if ((block < 0 || (unsigned)block == i) && is_tagged(f) &&
			    code_of(f->src_country) == src && code_of(f->dst_country) == dst &&
			    (class < 0 || in_class(f, class)))
				naive_add(&sum, f);
		}
	return sum;
}

static uint64_t tagged_records(const struct shape *shape, unsigned block)
{
	uint64_t records = 0;

	for (unsigned n = 0; n < shape->flows; n++)
		records += is_tagged(&flow[block][n]);
	return records;
}

static void assert_sum(const struct cube_sum *got, const struct cube_sum *want)
{
	assert_int_equal(got->records, want->records);
	if (want->records)
		assert_memory_equal(got, want, sizeof(*got));
}

/* --- the tests -------------------------------------------------------------------------------- */

/* Each file into one cube. */
static void test_cube(void **state)
{
	struct country_cube *got = calloc(1, sizeof(*got)), *want = calloc(1, sizeof(*want));
	struct cube_sum untagged_got = {0}, untagged_want = {0};

	(void)state;
	for (unsigned i = 0; i < SHAPES; i++) {
		struct nffile_reader *reader;

		write_file(&shape_case[i]);
		reader = open_file();
		assert_true(nffile_add_cube(reader, got, &untagged_got));
		nffile_close(reader);
		naive_cube(&shape_case[i], want, &untagged_want);
		for (unsigned code = 0; code < COUNTRY_CODES; code++)
			for (unsigned class = 0; class < CUBE_CLASSES; class ++) {
				assert_sum(&got->src[code][class], &want->src[code][class]);
				assert_sum(&got->dst[code][class], &want->dst[code][class]);
			}
		assert_sum(&untagged_got, &untagged_want);
	}
	free(got);
	free(want);
}

static void check_pairs(const struct shape *shape, const struct pair_row *row, uint32_t count)
{
	uint64_t records = 0;

	for (uint32_t i = 0; i < count; i++) {
		assert_true(!i || row[i].src > row[i - 1].src ||
			    (row[i].src == row[i - 1].src && row[i].dst > row[i - 1].dst));
		for (int class = 0; class < CUBE_CLASSES; class ++) {
			struct cube_sum want =
				naive_pair(shape, -1, row[i].src, row[i].dst, class);

			assert_sum(&row[i].class[class], &want);
			records += class < CUBE_DISJOINT ? want.records : 0;
		}
	}
	for (unsigned i = 0; i < shape->blocks; i++)
		records -= tagged_records(shape, i);
	assert_int_equal(records, 0); /* no row is missing */
}

static void test_pairs(void **state)
{
	unsigned known = 0;

	(void)state;
	for (unsigned i = 0; i < SHAPES; i++) {
		const struct shape *shape = &shape_case[i];
		struct nffile_reader *reader;
		const struct pair_row *row;
		uint32_t count;

		write_file(shape);
		reader = open_file();
		if (nffile_pairs(reader, &row, &count)) {
			assert_false(shape->no_pairs);
			assert_true(shape->blocks && row);
			check_pairs(shape, row, count);
			known++;
		} else {
			assert_int_equal(count, 0);
			assert_null(row);
		}
		nffile_close(reader);
	}
	assert_int_equal(known, 1); /* elsewhere they would cost more than a hundredth */
}

static void check_totals(const struct shape *shape, unsigned block, const struct block_totals *totals)
{
	uint64_t records = 0;

	for (uint32_t i = 0; i < totals->count; i++) {
		const struct pair_sum *row = &totals->row[i];
		struct cube_sum want = naive_pair(shape, (int)block, row->src, row->dst, -1);

		assert_true(!i || row->src > row[-1].src ||
			    (row->src == row[-1].src && row->dst > row[-1].dst));
		assert_sum(&row->all, &want);
		records += want.records;
	}
	assert_int_equal(records, tagged_records(shape, block)); /* no row is missing */
}

static void test_block_totals(void **state)
{
	unsigned known[SHAPES] = {0};

	(void)state;
	for (unsigned i = 0; i < SHAPES; i++) {
		const struct shape *shape = &shape_case[i];
		struct nffile_reader *reader;

		write_file(shape);
		reader = open_file();
		for (unsigned block = 0; block < shape->blocks; block++) {
			struct block_totals totals = nffile_block_totals(reader, block);

			known[i] += totals.known;
			if (totals.known)
				check_totals(shape, block, &totals);
		}
		assert_false(nffile_block_totals(reader, shape->blocks).known);
		assert_false(nffile_block_totals(reader, UINT32_MAX).known);
		nffile_close(reader);
	}
	assert_int_equal(known[5], 1); /* one flow */
	assert_int_equal(known[4], 0); /* nearly as many pairs as flows */
	assert_in_range(known[2], 1, shape_case[2].blocks);
	assert_int_equal(known[6], shape_case[6].blocks); /* nothing to tell */
}

static uint8_t families_of(const struct shape *shape, unsigned block)
{
	uint8_t families = 0;

	for (unsigned n = 0; n < shape->flows; n++)
		families |= flow[block][n].src6	  ? GEO_HAS_IP6
			    : flow[block][n].src4 ? GEO_HAS_IP4
						  : GEO_HAS_NONE;
	return families;
}

static void test_families(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SHAPES; i++) {
		struct nffile_reader *reader;
		const struct geo_summary *summary;

		write_file(&shape_case[i]);
		reader = open_file();
		summary = nffile_summary(reader);
		assert_non_null(summary);
		for (unsigned block = 0; block < shape_case[i].blocks; block++)
			assert_int_equal(summary->entry[block].families & GEO_HAS_ANY,
					 families_of(&shape_case[i], block));
		nffile_close(reader);
	}
}

/* More index than a part holds: the other sections lie in later parts, or in two. */
static void test_many_blocks(void **state)
{
	enum { MANY = 3000 };
	struct nffile_options options = {.codec = CODEC_NONE, .arrival_order = true};
	struct country_cube *cube = calloc(1, sizeof(*cube));
	struct nffile_finish finish = {0};
	struct cube_sum untagged = {0};
	struct nffile_writer *writer;
	struct nffile_reader *reader;
	const struct pair_row *row;
	struct block block = {0};
	struct error error;
	uint32_t count;

	(void)state;
	for (unsigned n = 0; n < 100; n++)
		make_append(&block, &(struct make_flow){.src4 = 1,
							.dst4 = 2,
							.tagged = true,
							.proto = 6,
							.src_country = (uint16_t)n,
							.dst_country = (uint16_t)n});
	assert_int_equal(nffile_create(&writer, path, &options, &error), NFGEO_OK);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(nffile_write(writer, &block, &error), NFGEO_OK);
	assert_int_equal(nffile_finish(writer, &finish, &error), NFGEO_OK);
	reader = open_file();
	assert_true(nffile_info(reader)->block_count > MANY + 4);
	assert_true(nffile_add_cube(reader, cube, &untagged));
	assert_int_equal(cube->src[99][CUBE_TCP].records, MANY);
	assert_int_equal(untagged.records, 0);
	assert_true(nffile_pairs(reader, &row, &count));
	assert_int_equal(count, 100);
	assert_int_equal(row[50].class[CUBE_TCP].records, MANY);
	assert_non_null(nffile_summary(reader));
	nffile_close(reader);
	block_fini(&block);
	free(cube);
}

/* No answer is better than a wrong one: a block was added behind, by a stock tool. */
static void test_changed_file(void **state)
{
	struct country_cube *cube = calloc(1, sizeof(*cube)), *none = calloc(1, sizeof(*none));
	struct cube_sum untagged = {0};
	struct nffile_reader *reader;
	const struct pair_row *row;
	uint32_t count;
	uint8_t *bytes;
	size_t len;

	(void)state;
	write_file(&shape_case[0]);
	bytes = scratch_get(FILE_NAME, &len);
	bytes_put32(bytes + FILE_AT_BLOCKS, bytes_get32(bytes + FILE_AT_BLOCKS) + 1);
	scratch_put_bytes(FILE_NAME, bytes, len);
	reader = open_file();
	assert_false(nffile_add_cube(reader, cube, &untagged));
	assert_false(nffile_pairs(reader, &row, &count));
	assert_false(nffile_block_totals(reader, 0).known);
	assert_memory_equal(cube, none, sizeof(*cube));
	nffile_close(reader);
	free(bytes);
	free(cube);
	free(none);
}

/* Any bit of the geo blocks flipped: the answers are right or there are none. */
static void test_flips(void **state)
{
	const struct shape *shape = &shape_case[3];
	struct country_cube *want = calloc(1, sizeof(*want)), *got = malloc(sizeof(*got));
	struct cube_sum untagged_want = {0};
	unsigned refused = 0, right = 0;
	uint64_t at = 40;
	uint8_t *bytes;
	size_t len;

	(void)state;
	write_file(shape);
	bytes = scratch_get(FILE_NAME, &len);
	for (unsigned i = 0; i < shape->blocks; i++)
		at += 12 + bytes_get32(bytes + at + 4);
	{
		struct nffile_reader *reader = open_file();

		assert_true(nffile_add_cube(reader, want, &untagged_want));
		nffile_close(reader);
	}
	for (size_t bit = 8 * at; bit < 8 * bytes_get64(bytes + FILE_AT_APPENDIX); bit += 11) {
		struct cube_sum untagged = {0};
		struct nffile_reader *reader;

		scratch_put_byte(FILE_NAME, bit / 8, bytes[bit / 8] ^ (uint8_t)(1 << bit % 8));
		reader = open_file();
		memset(got, 0, sizeof(*got));
		if (nffile_add_cube(reader, got, &untagged)) {
			right++;
			assert_memory_equal(got, want, sizeof(*got));
			assert_sum(&untagged, &untagged_want);
		} else {
			refused++;
		}
		for (unsigned block = 0; block < shape->blocks; block++) {
			struct block_totals totals = nffile_block_totals(reader, block);

			if (totals.known)
				check_totals(shape, block, &totals);
		}
		nffile_close(reader);
		scratch_put_byte(FILE_NAME, bit / 8, bytes[bit / 8]);
	}
	assert_true(refused > 100 && right > 10);
	free(bytes);
	free(want);
	free(got);
}

/* Add the flows to a check, as they were written or with one of them changed. @return whether file
 * and blocks agree with them */
static bool agrees(const struct shape *shape, const struct make_flow *changed, unsigned at)
{
	struct nffile_reader *reader = open_file();
	struct geo_check *check = geo_check_new(reader);
	struct record_view view;
	uint8_t record[512];
	bool good = true;

	record_view_init(&view);
	for (unsigned i = 0; i < shape->blocks; i++) {
		for (unsigned n = 0; n < shape->flows; n++) {
			const struct make_flow *f = changed && i == 0 && n == at ? changed
										 : &flow[i][n];

			assert_int_equal(record_view(&view, record,
						     make_flow(f, record, sizeof(record))),
					 NFGEO_OK);
			geo_check_add(check, &view);
		}
		good = geo_check_block(check, reader, i) && good;
	}
	if (geo_check_file(check, reader))
		good = false;
	nffile_close(reader);
	geo_check_free(check);
	return good;
}

/* For those who verify: one number of one flow is another. */
static void test_check(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SHAPES; i++) {
		const struct shape *shape = &shape_case[i];
		unsigned at = 0;

		write_file(shape);
		assert_true(agrees(shape, NULL, 0));
		while (at + 1 < shape->flows && (flow[0][at].no_counters || flow[0][at].proto != 17))
			at++;
		for (unsigned what = 0; what < 7; what++) {
			struct make_flow other = flow[0][at];

			if (other.no_counters)
				continue;
			other.bytes += what == 0;
			other.out_packets += what == 1;
			other.proto = what == 2 ? 6 : other.proto;
			other.dst_port = what == 3 ? (in_class(&other, CUBE_DNS) ? 1 : 53)
						   : other.dst_port;
			other.src_port = what == 3 ? 1 : other.src_port;
			other.src_country ^= what == 4 && is_tagged(&other);
			other.tagged ^= what == 5 && (other.src4 || other.src6);
			other.flows = what == 6 ? other.flows + 7 : other.flows;
			if (memcmp(&other, &flow[0][at], sizeof(other)) != 0 &&
			    !(what < 4 && what > 1 && !is_tagged(&other)) &&
			    !(what == 2 && flow[0][at].proto == 6) &&
			    !(what == 3 && flow[0][at].proto != 17))
				assert_false(agrees(shape, &other, at));
		}
	}
}

/* --- sketches of hosts ------------------------------------------------------------------------ */

static const struct shape with_sketches[] = {
	{CODEC_LZ4, false, 10, 300, 3, 0, false, true},
	{CODEC_ZSTD, true, 10, 300, 400, 7, false, true},
	{CODEC_NONE, false, 1, 1, 1, 1, true, true}, /* no flow with countries */
};

static void see(struct host_sketches *want, const struct make_flow *f)
{
	uint16_t src = code_of(f->src_country), dst = code_of(f->dst_country);

	if (!is_tagged(f)) {
		want->untagged++;
		return;
	}
	want->records++;
	if (f->src6) {
		sketch_add(host_sketch(want, want->src, src), host_hash(0x20010db800000000, f->src6));
		sketch_add(host_sketch(want, want->dst, dst), host_hash(0x20010db800000000, f->dst6));
	} else {
		sketch_add(host_sketch(want, want->src, src), host_hash4(f->src4));
		sketch_add(host_sketch(want, want->dst, dst), host_hash4(f->dst4));
	}
}

static void assert_side(struct sketch *const want[COUNTRY_CODES],
			struct sketch *const got[COUNTRY_CODES])
{
	for (unsigned code = 0; code < COUNTRY_CODES; code++) {
		assert_int_equal(!want[code], !got[code]);
		if (want[code])
			assert_memory_equal(want[code], got[code], sizeof(*want[code]));
	}
}

static void test_sketches(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(with_sketches) / sizeof(*with_sketches); i++) {
		const struct shape *shape = &with_sketches[i];
		struct host_sketches *want = host_sketches_new(), *got = host_sketches_new();
		struct nffile_reader *reader;

		write_file(shape);
		for (unsigned block = 0; block < shape->blocks; block++)
			for (unsigned n = 0; n < shape->flows; n++)
				see(want, &flow[block][n]);
		reader = open_file();
		assert_true(nffile_add_sketches(reader, NULL));
		assert_true(nffile_add_sketches(reader, got));
		nffile_close(reader);
		assert_int_equal(got->records, want->records);
		assert_int_equal(got->untagged, want->untagged);
		assert_side(want->src, got->src);
		assert_side(want->dst, got->dst);
		host_sketches_free(want);
		host_sketches_free(got);
	}
}

/* For those who verify: all sums are right, a host is another. */
static void test_sketches_checked(void **state)
{
	const struct shape *shape = &with_sketches[0];
	struct make_flow other;
	unsigned at = 0;

	(void)state;
	write_file(shape);
	assert_true(agrees(shape, NULL, 0));
	while (!is_tagged(&flow[0][at]) || flow[0][at].src6)
		at++;
	other = flow[0][at];
	other.src4 ^= 0x00400000;
	assert_false(agrees(shape, &other, at));
}

/* Nobody asked for them: there are none. */
static void test_no_sketches(void **state)
{
	struct nffile_reader *reader;

	(void)state;
	write_file(&shape_case[0]);
	reader = open_file();
	assert_false(nffile_add_sketches(reader, NULL));
	nffile_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cube, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_pairs, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_block_totals, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_families, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_many_blocks, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_check, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_sketches, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_sketches_checked, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_no_sketches, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_changed_file, make_folder, scratch_drop),
		cmocka_unit_test_setup_teardown(test_flips, make_folder, scratch_drop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
