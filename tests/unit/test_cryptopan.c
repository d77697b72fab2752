/* SPDX-License-Identifier: BSD-3-Clause */
/* The published sample of Crypto-PAn (its key, and three of its address pairs), and its property. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/address.h"
#include "base/cryptopan.h"
#include "include/nfgeo.h"

static const uint8_t sample_key[CRYPTOPAN_KEY_BYTES] = {
	21,  34,  23,  141, 51,	 164, 207, 128, 19,  10, 91, 22, 73, 144, 125, 16,
	216, 152, 143, 131, 121, 121, 101, 39,	98,  87, 76, 45, 42, 132, 34,  2};

static void published_sample(void **state)
{
	struct cryptopan pan;

	(void)state;
	assert_int_equal(cryptopan_init(&pan, sample_key), NFGEO_OK);
	/* 128.11.68.132 becomes 135.242.180.132 */
	assert_int_equal(cryptopan_ip4(&pan, 0x800b4484), 0x87f2b484);
	/* 129.118.74.4 becomes 134.136.186.123 */
	assert_int_equal(cryptopan_ip4(&pan, 0x81764a04), 0x8688ba7b);
	/* 130.132.252.244 becomes 133.68.164.234 */
	assert_int_equal(cryptopan_ip4(&pan, 0x8284fcf4), 0x8544a4ea);
	/* and again, from the table */
	assert_int_equal(cryptopan_ip4(&pan, 0x800b4484), 0x87f2b484);
	cryptopan_fini(&pan);
}

static unsigned common4(uint32_t a, uint32_t b)
{
	return a == b ? 32 : (unsigned)__builtin_clz(a ^ b);
}

static unsigned common6(const uint64_t *a, const uint64_t *b)
{
	if (a[0] != b[0])
		return (unsigned)__builtin_clzll(a[0] ^ b[0]);
	return a[1] == b[1] ? 128 : 64 + (unsigned)__builtin_clzll(a[1] ^ b[1]);
}

static void prefixes_stay(void **state)
{
	struct cryptopan pan;

	(void)state;
	assert_int_equal(cryptopan_init(&pan, sample_key), NFGEO_OK);
	for (unsigned bit = 0; bit < 32; bit++) {
		uint32_t a = 0xc0000221, b = a ^ (0x80000000u >> bit);

		assert_int_equal(common4(cryptopan_ip4(&pan, a), cryptopan_ip4(&pan, b)), bit);
	}
	for (unsigned bit = 0; bit < 128; bit++) {
		uint64_t a[2] = {0x20010db800010002, 0x0003000400050006}, b[2] = {a[0], a[1]};

		b[bit / 64] ^= UINT64_C(1) << (63 - bit % 64);
		cryptopan_ip6(&pan, &a[0], &a[1]);
		cryptopan_ip6(&pan, &b[0], &b[1]);
		assert_int_equal(common6(a, b), bit);
	}
	cryptopan_fini(&pan);
}

static void keys(void **state)
{
	uint8_t a[CRYPTOPAN_KEY_BYTES], b[CRYPTOPAN_KEY_BYTES];
	struct error error;

	(void)state;
	assert_int_equal(cryptopan_key("0123456789abcdef0123456789ABCDEF", a, &error), NFGEO_OK);
	assert_int_equal(cryptopan_key("0x3031323334353637383961626364656630313233343536373839414243"
				       "444546", b, &error), NFGEO_OK);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(cryptopan_key("short", a, &error), NFGEO_EINVAL);
	assert_int_equal(cryptopan_key("0x303132333435363738396162636465663031323334353637383941424344"
				       "45zz", a, &error), NFGEO_EINVAL);
	assert_non_null(strstr(error.text, "place 65"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_sample),
		cmocka_unit_test(prefixes_stay),
		cmocka_unit_test(keys),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
