/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/sha256.h"

/* One bit at a time, straight from the definition. */
static uint32_t crc_by_bits(const uint8_t *bytes, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

/* RFC 3720 appendix B.4, whose byte order is the wire's, and the usual check string. */
static void known_answers(void **state)
{
	uint8_t bytes[32] = {0};

	(void)state;
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x62a8ab43);
	assert_int_equal(crc32c(0, bytes, 0), 0);
}

static void all_variants_agree(void **state)
{
	uint8_t bytes[300];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167 + i / 7);
	for (size_t len = 0; len <= sizeof(bytes) - 8; len++) {
		const uint8_t *at = bytes + len % 8;
		uint32_t want = crc_by_bits(at, len);

		assert_int_equal(crc32c(0, at, len), want);
		assert_int_equal(crc32c_portable(0, at, len), want);
		assert_int_equal(crc32c(crc32c(0, at, len / 3), at + len / 3, len - len / 3), want);
	}
}

/* Long enough for the lanes that are summed side by side, and around their ends. */
static void long_input(void **state)
{
	static const size_t lens[] = {3064, 3071, 3072, 3073, 3080, 6143, 6144, 6145, 9999, 20000};
	static uint8_t bytes[20008];
	uint32_t random = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		random = random * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(random >> 24);
	}
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		const uint8_t *at = bytes + i % 8;
		uint32_t want = crc_by_bits(at, lens[i]);

		assert_int_equal(crc32c(0, at, lens[i]), want);
		assert_int_equal(crc32c_portable(0, at, lens[i]), want);
		assert_int_equal(crc32c(crc32c(0, at, 5), at + 5, lens[i] - 5), want);
	}
}

static void sha256_known_answer(void **state)
{
	uint8_t hash[SHA256_HASH_BYTES];
	char text[SHA256_TEXT];

	(void)state;
	sha256("abc", 3, hash);
	sha256_print(hash, text);
	assert_string_equal(text,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(all_variants_agree),
		cmocka_unit_test(long_input),
		cmocka_unit_test(sha256_known_answer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
