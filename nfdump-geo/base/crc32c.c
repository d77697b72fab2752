/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/crc32c.h"

#include <string.h>

enum { NIBBLES = 16 };

/* Remainders of the four low bits for the reflected polynomial 0x82f63b78. */
static const uint32_t remainder_of[NIBBLES] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
	0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
	0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t crc32c_portable(uint32_t seed, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint32_t crc = ~seed;

	for (; len > 0; len--) {
		crc ^= *at++;
		crc = crc >> 4 ^ remainder_of[crc % NIBBLES];
		crc = crc >> 4 ^ remainder_of[crc % NIBBLES];
	}
	return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t seed, const void *bytes,
							       size_t len)
{
	const uint8_t *at = bytes;
	uint64_t crc = (uint32_t)~seed;

	for (; len >= 8; len -= 8, at += 8) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		crc = __builtin_ia32_crc32di(crc, word);
	}
	for (; len > 0; len--)
		crc = __builtin_ia32_crc32qi((uint32_t)crc, *at++);
	return ~(uint32_t)crc;
}

uint32_t crc32c(uint32_t seed, const void *bytes, size_t len)
{
	if (__builtin_cpu_supports("sse4.2"))
		return crc32c_sse42(seed, bytes, len);
	return crc32c_portable(seed, bytes, len);
}
#else
uint32_t crc32c(uint32_t seed, const void *bytes, size_t len)
{
	return crc32c_portable(seed, bytes, len);
}
#endif
