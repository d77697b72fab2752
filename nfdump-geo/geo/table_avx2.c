/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/table_impl.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,popcnt")))

/* There is no unsigned compare: a key is not below the address if it is the larger of the two. */
AVX2 static inline unsigned below4(const uint32_t *node, uint32_t address)
{
	__m256i x = _mm256_set1_epi32((int)address);
	__m256i a = _mm256_load_si256((const __m256i *)node);
	__m256i b = _mm256_load_si256((const __m256i *)node + 1);
	__m256i not_a = _mm256_cmpeq_epi32(_mm256_max_epu32(a, x), a);
	__m256i not_b = _mm256_cmpeq_epi32(_mm256_max_epu32(b, x), b);
	int not_below = _mm256_movemask_epi8(_mm256_packs_epi32(not_a, not_b));

	return KEYS4 - (unsigned)__builtin_popcount((unsigned)not_below) / 2;
}

/* Signed order with the top bit flipped is unsigned order. */
AVX2 static inline unsigned below6(const uint64_t *node, uint64_t high)
{
	__m256i flip = _mm256_set1_epi64x(INT64_MIN);
	__m256i x = _mm256_xor_si256(_mm256_set1_epi64x((long long)high), flip);
	__m256i a = _mm256_xor_si256(_mm256_load_si256((const __m256i *)node), flip);
	__m256i b = _mm256_xor_si256(_mm256_load_si256((const __m256i *)node + 1), flip);
	__m256i below_a = _mm256_cmpgt_epi64(x, a), below_b = _mm256_cmpgt_epi64(x, b);
	int below = _mm256_movemask_epi8(_mm256_packs_epi32(below_a, below_b));

	return (unsigned)__builtin_popcount((unsigned)below) / 4;
}

WALK_FUNCTIONS(AVX2)

static bool usable(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
}

const struct lookup_variant lookup_avx2 = {"avx2", usable, group4, one4, group6, one6};
#endif
