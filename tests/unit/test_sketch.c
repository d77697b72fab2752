/* SPDX-License-Identifier: BSD-3-Clause */
/* Sketches: near the true number over the whole range, the same in whatever order and parts; their
 * section gives back what was put in, and nothing else. */
#include "nffile/host_sketches.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "include/nfgeo.h"

static uint64_t random_state = 1;

static uint64_t next_random(void)
{
	return sketch_mix(random_state += 0x9e3779b97f4a7c15u);
}

static void nothing_is_zero(void **state)
{
	struct sketch sketch = {{0}};

	(void)state;
	assert_int_equal(sketch_estimate(&sketch), 0);
	sketch_add(&sketch, next_random());
	assert_int_equal(sketch_estimate(&sketch), 1);
}

/* 2.3 % is one standard deviation; the mean of 40 runs must be within 4 of its own. */
static void estimates_are_near(void **state)
{
	enum { RUNS = 40 };
	static const unsigned numbers[] = {2, 10, 100, 1000, 3000, 5000, 10000, 50000, 300000};

	(void)state;
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		double sum = 0, worst = 0, n = numbers[i];

		for (unsigned run = 0; run < RUNS; run++) {
			struct sketch sketch = {{0}};
			double wrong;

			for (unsigned k = 0; k < numbers[i]; k++) {
				uint64_t hash = next_random();

				sketch_add(&sketch, hash);
				sketch_add(&sketch, hash); /* seen again: nothing new */
			}
			wrong = ((double)sketch_estimate(&sketch) - n) / n;
			sum += wrong;
			worst = fabs(wrong) > worst ? fabs(wrong) : worst;
		}
		if (fabs(sum / RUNS) > 4 * 0.023 / sqrt(RUNS) || worst > 0.1)
			fail_msg("%u: mean %.4f, worst %.4f", numbers[i], sum / RUNS, worst);
	}
}

/* Registers that are all full, as hostile files may have them: a number all the same. */
static void full_sketch(void **state)
{
	struct sketch sketch;

	(void)state;
	memset(sketch.rank, SKETCH_RANK_MAX, sizeof(sketch.rank));
	assert_true(sketch_estimate(&sketch) > 1ull << 60);
}

static void ranks(void **state)
{
	struct sketch sketch = {{0}};

	(void)state;
	sketch_add(&sketch, 0);
	assert_int_equal(sketch.rank[0], SKETCH_RANK_MAX);
	sketch_add(&sketch, UINT64_MAX);
	assert_int_equal(sketch.rank[SKETCH_REGISTERS - 1], 1);
	sketch_add(&sketch, 5ull << (64 - SKETCH_BITS) | 1);
	assert_int_equal(sketch.rank[5], SKETCH_RANK_MAX - 1);
}

static void addresses_are_told_apart(void **state)
{
	(void)state;
	assert_true(host_hash4(1) != host_hash4(2));
	assert_true(host_hash4(0x0a000001) == host_hash(0, 0xffff0a000001u));
	assert_true(host_hash(1, 2) != host_hash(2, 1));
	/* The values are in files. */
	assert_true(host_hash4(0xc0000201) == sketch_mix(0xffffc0000201u));
	assert_true(sketch_mix(1) == 0x5692161d100b05e5u);
}

/* --- the section ------------------------------------------------------------------------------ */

static void fill(struct host_sketches *sketches, uint16_t code, unsigned hosts)
{
	struct sketch *src = host_sketch(sketches, sketches->src, code);
	struct sketch *dst =
		host_sketch(sketches, sketches->dst, (uint16_t)(COUNTRY_CODES - 1 - code));

	for (unsigned i = 0; i < hosts; i++) {
		sketch_add(src, next_random());
		sketch_add(dst, next_random());
	}
	sketches->records += hosts;
}

/* Few hosts, so many that either form may be the shorter one, and more. */
static struct host_sketches *some_sketches(void)
{
	struct host_sketches *sketches = host_sketches_new();

	fill(sketches, 0, 1);
	fill(sketches, 1, 700);
	for (unsigned i = 0; i < 30; i++)
		fill(sketches, (uint16_t)(203 + i), 40 * i + 1);
	fill(sketches, 840, 100000);
	sketches->untagged = 3;
	return sketches;
}

static void assert_same(const struct host_sketches *one, const struct host_sketches *other)
{
	assert_int_equal(one->records, other->records);
	assert_int_equal(one->untagged, other->untagged);
	for (unsigned code = 0; code < COUNTRY_CODES; code++) {
		assert_int_equal(!one->src[code], !other->src[code]);
		assert_int_equal(!one->dst[code], !other->dst[code]);
		if (one->src[code])
			assert_memory_equal(one->src[code], other->src[code],
					    sizeof(struct sketch));
		if (one->dst[code])
			assert_memory_equal(one->dst[code], other->dst[code],
					    sizeof(struct sketch));
	}
}

static void section_round_trip(void **state)
{
	struct host_sketches *sketches = some_sketches(), *again = host_sketches_new();
	struct geo_stream stream = {0};
	uint64_t records[2];
	const uint8_t *bytes;
	size_t len;

	(void)state;
	geo_put_sketches(&stream, sketches);
	assert_false(stream.failed);
	len = bytes_get32(stream.bytes + 4);
	bytes = stream.bytes + GEO_SECTION_HEADER_BYTES;
	assert_true(len < 64 * 1536); /* none takes more than the packed form */
	assert_int_equal(geo_get_sketches(bytes, len, NULL, records), NFGEO_OK);
	assert_int_equal(records[0], sketches->records);
	assert_int_equal(records[1], sketches->records + 3);
	assert_int_equal(geo_get_sketches(bytes, len, again, records), NFGEO_OK);
	assert_same(sketches, again);
	for (size_t cut = 0; cut < len; cut += 1 + cut / 64)
		assert_int_equal(geo_get_sketches(bytes, cut, NULL, records), NFGEO_ECORRUPT);
	host_sketches_free(again);
	host_sketches_free(sketches);
	geo_stream_fini(&stream);
}

/* A flipped bit is refused, or gives sketches: never a rank that is none. */
static void section_with_bits_flipped(void **state)
{
	struct host_sketches *sketches = some_sketches();
	struct geo_stream stream = {0};
	uint64_t records[2];
	size_t len;

	(void)state;
	geo_put_sketches(&stream, sketches);
	len = bytes_get32(stream.bytes + 4);
	for (unsigned i = 0; i < 3000; i++) {
		uint8_t *at = stream.bytes + GEO_SECTION_HEADER_BYTES + next_random() % len;
		uint8_t bit = (uint8_t)(1u << next_random() % 8);
		struct host_sketches *got = host_sketches_new();

		*at ^= bit;
		if (geo_get_sketches(stream.bytes + GEO_SECTION_HEADER_BYTES, len, NULL, records) ==
		    NFGEO_OK)
			assert_int_equal(geo_get_sketches(stream.bytes + GEO_SECTION_HEADER_BYTES,
							  len, got, records),
					 NFGEO_OK);
		for (unsigned code = 0; code < COUNTRY_CODES; code++)
			for (unsigned k = 0; got->src[code] && k < SKETCH_REGISTERS; k++)
				assert_true(got->src[code]->rank[k] <= SKETCH_RANK_MAX);
		*at ^= bit;
		host_sketches_free(got);
	}
	host_sketches_free(sketches);
	geo_stream_fini(&stream);
}

static void parts_merge_into_the_whole(void **state)
{
	struct host_sketches *whole = host_sketches_new(), *part[3], *merged = host_sketches_new();

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		part[i] = host_sketches_new();
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t hash = next_random();
		uint16_t code = (uint16_t)(next_random() % 5 * 100);
		struct host_sketches *one = part[next_random() % 3];

		sketch_add(host_sketch(whole, whole->src, code), hash);
		sketch_add(host_sketch(one, one->src, code), hash);
		whole->records++;
		one->records++;
	}
	for (unsigned i = 0; i < 3; i++) {
		host_sketches_merge(merged, part[i]);
		host_sketches_free(part[i]);
	}
	assert_same(merged, whole);
	assert_true(fabs((double)host_sketches_all(whole->src) - 20000) < 2000);
	assert_int_equal(host_sketches_all(whole->dst), 0);
	assert_int_equal(host_sketches_count(whole->src, 77), 0);
	host_sketches_free(merged);
	host_sketches_free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_zero),
		cmocka_unit_test(estimates_are_near),
		cmocka_unit_test(full_sketch),
		cmocka_unit_test(ranks),
		cmocka_unit_test(addresses_are_told_apart),
		cmocka_unit_test(section_round_trip),
		cmocka_unit_test(section_with_bits_flipped),
		cmocka_unit_test(parts_merge_into_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
