/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bytes.h - numbers at unaligned places in the file's byte order (little-endian).
 *
 * Records are not aligned (file format section 7), so every access goes through memcpy, which
 * the compiler turns into one load.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "nfdump-geo reads and writes little-endian files; this host is big-endian"
#endif

#define BYTES_ACCESS(bits)                                                                         \
	static inline uint##bits##_t bytes_get##bits(const void *at)                               \
	{                                                                                          \
		uint##bits##_t value;                                                              \
		memcpy(&value, at, sizeof(value));                                                 \
		return value;                                                                      \
	}                                                                                          \
	static inline void bytes_put##bits(void *at, uint##bits##_t value)                         \
	{                                                                                          \
		memcpy(at, &value, sizeof(value));                                                 \
	}

BYTES_ACCESS(16)
BYTES_ACCESS(32)
BYTES_ACCESS(64)
#undef BYTES_ACCESS

/** A number in network order. */
static inline uint32_t bytes_get_net32(const void *at)
{
	return __builtin_bswap32(bytes_get32(at));
}

#endif
