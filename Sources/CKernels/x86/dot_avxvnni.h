// Dot products of four bytes in each of 16 lanes, for attention over 8-bit codes: AVX-VNNI, in two halves.
#include <immintrin.h>

INLINE i32x16 dot_join(__m256i low, __m256i high) {
    return __builtin_shufflevector((i32x8)low, (i32x8)high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/// What a sum over keys starts with: they are multiplied with 128 added, which this takes off again.
INLINE i32x16 dot_start(int32_t query_sum) { return (i32x16)(-128 * query_sum); }

/// sums + keys . query. Keys are unsigned, with 128 added; `query` is four signed codes.
INLINE i32x16 dot_keys(i32x16 sums, u8x64 keys, int32_t query) {
    __m256i q = _mm256_set1_epi32(query);
    return dot_join(_mm256_dpbusd_avx_epi32((__m256i)sums.lo, (__m256i)keys.lo, q),
                    _mm256_dpbusd_avx_epi32((__m256i)sums.hi, (__m256i)keys.hi, q));
}

/// sums + digits . values. `digits` is four numbers from 0 to 127; values are signed.
INLINE i32x16 dot_values(i32x16 sums, int32_t digits, u8x64 values) {
    __m256i p = _mm256_set1_epi32(digits);
    return dot_join(_mm256_dpbusd_avx_epi32((__m256i)sums.lo, p, (__m256i)values.lo),
                    _mm256_dpbusd_avx_epi32((__m256i)sums.hi, p, (__m256i)values.hi));
}
