/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/table_impl.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,popcnt")))

AVX512 static inline unsigned below4(const uint32_t *node, uint32_t address)
{
	__mmask16 below =
		_mm512_cmplt_epu32_mask(_mm512_load_si512(node), _mm512_set1_epi32((int)address));

	return (unsigned)__builtin_popcount(below);
}

AVX512 static inline unsigned below6(const uint64_t *node, uint64_t high)
{
	__mmask8 below = _mm512_cmplt_epu64_mask(_mm512_load_si512(node),
						 _mm512_set1_epi64((long long)high));

	return (unsigned)__builtin_popcount(below);
}

WALK_FUNCTIONS(AVX512)

static bool usable(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("popcnt");
}

const struct lookup_variant lookup_avx512 = {"avx512", usable, group4, one4, group6, one6};
#endif
