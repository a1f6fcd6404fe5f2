// Dot products of four bytes in each of 16 lanes, for attention over 8-bit codes: AVX2, in two halves. VPMADDUBSW adds
// pairs of products in 16 bits: magnitudes of at most 127 on both sides keep them below 2^15.
#include <immintrin.h>

INLINE i32x16 dot_join(__m256i low, __m256i high) {
    return __builtin_shufflevector((i32x8)low, (i32x8)high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

INLINE __m256i dot_pairs(__m256i sums, __m256i magnitudes, __m256i codes) {
    __m256i pairs = _mm256_maddubs_epi16(magnitudes, codes);
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/// What a sum over keys starts with.
INLINE i32x16 dot_start(int32_t query_sum) {
    (void)query_sum;
    return (i32x16)0;
}

/// sums + keys . query. Keys have 128 added; `query` is four signed codes.
INLINE i32x16 dot_keys(i32x16 sums, u8x64 keys, int32_t query) {
    __m256i q = _mm256_set1_epi32(query), bias = _mm256_set1_epi8((char)0x80);
    __m256i low = _mm256_xor_si256((__m256i)keys.lo, bias), high = _mm256_xor_si256((__m256i)keys.hi, bias);
    return dot_join(dot_pairs((__m256i)sums.lo, _mm256_abs_epi8(low), _mm256_sign_epi8(q, low)),
                    dot_pairs((__m256i)sums.hi, _mm256_abs_epi8(high), _mm256_sign_epi8(q, high)));
}

/// sums + digits . values. `digits` is four numbers from 0 to 127; values are signed.
INLINE i32x16 dot_values(i32x16 sums, int32_t digits, u8x64 values) {
    __m256i p = _mm256_set1_epi32(digits);
    return dot_join(dot_pairs((__m256i)sums.lo, p, (__m256i)values.lo),
                    dot_pairs((__m256i)sums.hi, p, (__m256i)values.hi));
}
