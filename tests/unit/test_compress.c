/* SPDX-License-Identifier: BSD-3-Clause */
#include "nffile/compress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <bzlib.h>
#include <cmocka.h>

#include "flow/block.h"

static const struct {
	const char *text;
	int codec, level; /* codec < 0: refused */
	const char *says; /* part of the message */
} parse_case[] = {
	{"none", CODEC_NONE, 0, NULL},
	{"LZO", CODEC_LZO, 0, NULL},
	{"bz2", CODEC_BZ2, 0, NULL},
	{"bzip2:1", CODEC_BZ2, 1, NULL},
	{"lz4", CODEC_LZ4, 0, NULL},
	{"lz4:20", CODEC_LZ4, 20, NULL},
	{"zstd:22", CODEC_ZSTD, 22, NULL},
	{"", -1, 0, "use none, lzo"},
	{"gzip", -1, 0, "'gzip'"},
	{"lz", -1, 0, "'lz'"},
	{"lz4:", -1, 0, "from 1 to 100"},
	{"lz4:0", -1, 0, "from 1 to 100"},
	{"zstd:23", -1, 0, "from 1 to 22"},
	{"zstd:3x", -1, 0, "from 1 to 22"},
	{"lzo:3", -1, 0, "no levels"},
	{"none:1", -1, 0, "no levels"},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(parse_case) / sizeof(parse_case[0]); i++) {
		struct error error = {0};
		enum codec codec = CODEC_COUNT;
		int level = -1, status = codec_parse(parse_case[i].text, &codec, &level, &error);

		if (parse_case[i].codec < 0) {
			assert_int_equal(status, NFGEO_EINVAL);
			assert_non_null(strstr(error.text, parse_case[i].says));
			continue;
		}
		assert_int_equal(status, NFGEO_OK);
		assert_int_equal(codec, parse_case[i].codec);
		assert_int_equal(level, parse_case[i].level);
	}
}

/* Payloads: what compresses well, badly and not at all. */
static void fill(uint8_t *bytes, size_t len, int kind)
{
	uint32_t random = 1;

	for (size_t i = 0; i < len; i++) {
		random = random * 1103515245 + 12345;
		bytes[i] = kind == 0   ? 0
			   : kind == 1 ? (uint8_t)(i % 104 < 60 ? i % 104 : random >> 28)
				       : (uint8_t)(random >> 24);
	}
}

static const size_t length_case[] = {1, 4, 13, 104, 65536, 1048576, BLOCK_READ_MAX_BYTES};

static void test_there_and_back(void **state)
{
	uint8_t *in = malloc(BLOCK_READ_MAX_BYTES), *out = malloc(BLOCK_READ_MAX_BYTES);

	(void)state;
	for (int codec = 0; codec < CODEC_COUNT; codec++)
		for (size_t i = 0; i < sizeof(length_case) / sizeof(length_case[0]); i++)
			for (int kind = 0; kind < 3; kind++) {
				size_t len = length_case[i], stored = 0, back = 0;
				size_t bound = codec_bound((enum codec)codec, len);
				uint8_t *coded = malloc(bound);

				fill(in, len, kind);
				assert_int_equal(codec_compress((enum codec)codec, 0, in, len,
								coded, bound, &stored),
						 NFGEO_OK);
				assert_true(stored <= bound);
				assert_int_equal(codec_decompress((enum codec)codec, coded, stored,
								  out, BLOCK_READ_MAX_BYTES, &back),
						 NFGEO_OK);
				assert_int_equal(back, len);
				assert_memory_equal(in, out, len);
				free(coded);
			}
	free(in);
	free(out);
}

/* One byte less room than needed: an error, and nothing behind the room is touched. */
static void test_no_room(void **state)
{
	enum { LEN = 5000 };
	uint8_t in[LEN], *coded = malloc(2 * LEN);

	(void)state;
	fill(in, LEN, 1);
	for (int codec = 0; codec < CODEC_COUNT; codec++) {
		size_t stored = 0, back = 0;
		uint8_t *out = malloc(LEN - 1); /* the sanitizers watch its end */

		assert_int_equal(codec_compress((enum codec)codec, 0, in, LEN, coded, 2 * LEN,
						&stored),
				 NFGEO_OK);
		assert_int_equal(codec_decompress((enum codec)codec, coded, stored, out, LEN - 1,
						  &back),
				 NFGEO_ECORRUPT);
		assert_int_not_equal(codec_compress((enum codec)codec, 0, in, LEN, coded, 8, &back),
				     NFGEO_OK);
		free(out);
	}
	free(coded);
}

/* Every cut and many flips of a good payload: refused or decoded, never a crash. Cuts of a
 * compressed payload never pass for the whole. */
static void test_damage(void **state)
{
	enum { LEN = 3000 };
	uint8_t in[LEN], coded[2 * LEN], out[2 * LEN];

	(void)state;
	fill(in, LEN, 1);
	for (int codec = CODEC_LZO; codec < CODEC_COUNT; codec++) {
		size_t stored = 0, back = 0;

		assert_int_equal(codec_compress((enum codec)codec, 0, in, LEN, coded, sizeof(coded),
						&stored),
				 NFGEO_OK);
		for (size_t cut = 0; cut < stored; cut++)
			if (codec_decompress((enum codec)codec, coded, cut, out, sizeof(out),
					     &back) == NFGEO_OK)
				assert_int_not_equal(back, LEN);
		for (size_t bit = 0; bit < 8 * stored; bit += 3) {
			coded[bit / 8] ^= (uint8_t)(1 << bit % 8);
			(void)codec_decompress((enum codec)codec, coded, stored, out, sizeof(out),
					       &back);
			coded[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

/* 100 MB of zeros in a few bytes: the decoder stops at the room it was given. */
static void test_bomb(void **state)
{
	enum { LEN = 100 << 20 };
	uint8_t *in = calloc(1, LEN), coded[4096], *out = malloc(BLOCK_READ_MAX_BYTES);
	unsigned stored = sizeof(coded);
	size_t back;

	(void)state;
	assert_int_equal(BZ2_bzBuffToBuffCompress((char *)coded, &stored, (char *)in, LEN, 9, 0, 0),
			 BZ_OK);
	assert_int_equal(codec_decompress(CODEC_BZ2, coded, stored, out, BLOCK_READ_MAX_BYTES, &back),
			 NFGEO_ECORRUPT);
	free(in);
	free(out);
}

/* The level is used: more acceleration, a bigger payload. */
static void test_levels(void **state)
{
	enum { LEN = 200000 };
	uint8_t *in = malloc(LEN), *coded = malloc(2 * LEN);
	size_t slow = 0, fast = 0;

	(void)state;
	fill(in, LEN, 1);
	codec_compress(CODEC_LZ4, 1, in, LEN, coded, 2 * LEN, &slow);
	codec_compress(CODEC_LZ4, 50, in, LEN, coded, 2 * LEN, &fast);
	assert_true(fast > slow);
	codec_compress(CODEC_ZSTD, 1, in, LEN, coded, 2 * LEN, &fast);
	codec_compress(CODEC_ZSTD, 19, in, LEN, coded, 2 * LEN, &slow);
	assert_true(fast > slow);
	free(in);
	free(coded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),	cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_no_room), cmocka_unit_test(test_damage),
		cmocka_unit_test(test_bomb),	cmocka_unit_test(test_levels),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
