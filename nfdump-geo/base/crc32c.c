/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/crc32c.h"

#include <pthread.h>
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
/*
 * The instruction takes one word a cycle, but gives its result three cycles later. So three lanes
 * are summed side by side and joined: the sum of what lies before LANE_BYTES more bytes is that
 * sum multiplied by x^(8 * LANE_BYTES) modulo the polynomial, which is linear in its bits, hence
 * four look-ups in a table of its bytes.
 */
enum { LANE_BYTES = 1024, LANES = 3 };

static uint32_t lane_shift[4][256]; /* [i][byte] = (byte << 8 * i) * x^(8 * LANE_BYTES) */
static pthread_once_t lane_once = PTHREAD_ONCE_INIT;

/* One byte of zeros appended to what `crc` sums, without the inversions at begin and end. */
static uint32_t append_zero(uint32_t crc)
{
	crc = crc >> 4 ^ remainder_of[crc % NIBBLES];
	return crc >> 4 ^ remainder_of[crc % NIBBLES];
}

static void make_lane_shift(void)
{
	uint32_t of_bit[32];

	for (unsigned bit = 0; bit < 32; bit++) {
		of_bit[bit] = UINT32_C(1) << bit;
		for (unsigned i = 0; i < LANE_BYTES; i++)
			of_bit[bit] = append_zero(of_bit[bit]);
	}
	for (unsigned i = 0; i < 4; i++)
		for (unsigned byte = 0; byte < 256; byte++)
			for (unsigned bit = 0; bit < 8; bit++)
				if (byte >> bit & 1)
					lane_shift[i][byte] ^= of_bit[8 * i + bit];
}

static uint32_t shift_lane(uint32_t crc)
{
	return lane_shift[0][crc & 0xff] ^ lane_shift[1][crc >> 8 & 0xff] ^
	       lane_shift[2][crc >> 16 & 0xff] ^ lane_shift[3][crc >> 24];
}

static inline uint64_t word_at(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

__attribute__((target("sse4.2"))) static uint32_t sum_lanes(uint32_t crc, const uint8_t *at)
{
	uint64_t a = crc, b = 0, c = 0;

	for (const uint8_t *end = at + LANE_BYTES; at < end; at += 8) {
		a = __builtin_ia32_crc32di(a, word_at(at));
		b = __builtin_ia32_crc32di(b, word_at(at + LANE_BYTES));
		c = __builtin_ia32_crc32di(c, word_at(at + 2 * LANE_BYTES));
	}
	return shift_lane(shift_lane((uint32_t)a) ^ (uint32_t)b) ^ (uint32_t)c;
}

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t seed, const void *bytes,
							       size_t len)
{
	const uint8_t *at = bytes;
	uint64_t crc = (uint32_t)~seed;

	if (len >= LANES * LANE_BYTES)
		pthread_once(&lane_once, make_lane_shift);
	for (; len >= LANES * LANE_BYTES; len -= LANES * LANE_BYTES, at += LANES * LANE_BYTES)
		crc = sum_lanes((uint32_t)crc, at);
	for (; len >= 8; len -= 8, at += 8)
		crc = __builtin_ia32_crc32di(crc, word_at(at));
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
