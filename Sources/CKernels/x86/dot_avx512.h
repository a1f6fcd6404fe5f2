// Dot products of four bytes in each of 16 lanes, for attention over 8-bit codes: AVX-512 VNNI.
#include <immintrin.h>

/// What a sum over keys starts with: they are multiplied with 128 added, which this takes off again.
INLINE i32x16 dot_start(int32_t query_sum) { return (i32x16)(-128 * query_sum); }

/// sums + keys . query. Keys are unsigned, with 128 added; `query` is four signed codes.
INLINE i32x16 dot_keys(i32x16 sums, u8x64 keys, int32_t query) {
    return (i32x16)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)keys, _mm512_set1_epi32(query));
}

/// sums + digits . values. `digits` is four numbers from 0 to 127; values are signed.
INLINE i32x16 dot_values(i32x16 sums, int32_t digits, u8x64 values) {
    return (i32x16)_mm512_dpbusd_epi32((__m512i)sums, _mm512_set1_epi32(digits), (__m512i)values);
}
