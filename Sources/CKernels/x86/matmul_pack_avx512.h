// Weights of 16 rows unpacked for tiles, where a lane is a row. The packed bytes are transposed first and taken apart
// afterwards, 16 rows at a time: half the shuffles or fewer, and the scales of all rows in the same few operations.
#ifndef KITE_MATMUL_PACK_AVX512_H
#define KITE_MATMUL_PACK_AVX512_H

#include "quant_codes_avx512.h"

/// 16 rows of 256 weights. A register of codes holds 4 consecutive k of each row. Codes are signed here: the unsigned
/// operand is the activations, which have 128 added, and `start` is what that adds too much, with the sign turned.
struct tile {
    __m512i code[64];   ///< [k / 4]. Q2_K: times scale. Q3_K: times scale, with the sign turned
    __m512i scale[16];  ///< blocks of 256: int32 per group. Blocks of 32: f32 per block
    __m512i min[8];     ///< blocks of 256: int16 pairs of minima. Blocks of 32: f32 per block
    __m512i start[8];   ///< blocks of 256: one. Blocks of 32: one per block
    __m512 d, dmin;
};

/// Whether the product of code and scale fits a byte, so that a block needs no scales.
KITE_INLINE int is_premultiplied(enum kite_type type) { return type == KITE_Q2_K || type == KITE_Q3_K; }

/// Where a block lies in 16 rows.
struct rows {
    const uint8_t *first;
    size_t stride;
    const uint8_t *ahead;  ///< as many bytes that will be wanted later, in the order of memory
};

/// The part `i` of 16 of the bytes ahead, for blocks of `bytes`, to the L2 cache. Spread over the work: more lines at
/// once than the core can have in flight hold it up, measured as half the bandwidth with 14 at a time.
KITE_INLINE void fetch(struct rows r, size_t bytes, size_t i) {
    // The same number of lines each time, so that no branch is mispredicted; a line may come twice.
    for (size_t line = 0; line < (bytes + 63) / 64; line++)
        _mm_prefetch((const char *)r.ahead + 64 * (i * bytes / 64 + line), _MM_HINT_T1);
}

/// Rows of 4 dwords become columns, in each quarter.
KITE_INLINE void transpose_quarters(__m512i x[4]) {
    __m512i a = _mm512_unpacklo_epi32(x[0], x[1]), b = _mm512_unpackhi_epi32(x[0], x[1]);
    __m512i c = _mm512_unpacklo_epi32(x[2], x[3]), d = _mm512_unpackhi_epi32(x[2], x[3]);
    x[0] = _mm512_unpacklo_epi64(a, c);
    x[1] = _mm512_unpackhi_epi64(a, c);
    x[2] = _mm512_unpacklo_epi64(b, d);
    x[3] = _mm512_unpackhi_epi64(b, d);
}

/// 16 bytes of each row: out[j] holds bytes 4 j to 4 j + 3.
KITE_INLINE void transpose16(struct rows r, size_t at, __m512i out[4]) {
    const uint8_t *a = r.first + at, *b = a + 4 * r.stride, *c = b + 4 * r.stride, *d = c + 4 * r.stride;
    for (size_t i = 0; i < 4; i++) {
        __m256i low = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(a + i * r.stride)));
        __m256i high = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(c + i * r.stride)));
        low = _mm256_inserti128_si256(low, _mm_loadu_si128((const __m128i *)(b + i * r.stride)), 1);
        high = _mm256_inserti128_si256(high, _mm_loadu_si128((const __m128i *)(d + i * r.stride)), 1);
        out[i] = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    }
    transpose_quarters(out);
}

/// 32 bytes of each row: out[j] holds bytes 4 j to 4 j + 3.
KITE_INLINE void transpose32(struct rows r, size_t at, __m512i out[8]) {
    const uint8_t *a = r.first + at, *b = a + 4 * r.stride, *c = b + 4 * r.stride, *d = c + 4 * r.stride;
    __m512i x[4], y[4];
    for (size_t i = 0; i < 4; i++) {
        x[i] = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(a + i * r.stride)));
        x[i] = _mm512_inserti64x4(x[i], _mm256_loadu_si256((const __m256i *)(b + i * r.stride)), 1);
        y[i] = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(c + i * r.stride)));
        y[i] = _mm512_inserti64x4(y[i], _mm256_loadu_si256((const __m256i *)(d + i * r.stride)), 1);
    }
    transpose_quarters(x);
    transpose_quarters(y);
    for (int i = 0; i < 4; i++) {
        out[i] = _mm512_shuffle_i32x4(x[i], y[i], 0x88);
        out[i + 4] = _mm512_shuffle_i32x4(x[i], y[i], 0xdd);
    }
}

/// Bytes of each quarter in the order of `of_zero`, with `i` added to each.
KITE_INLINE __m512i pick_bytes(__m512i x, __m128i of_zero, int i) {
    return _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(_mm_add_epi8(of_zero, _mm_set1_epi8((char)i))));
}

/// Each lane's byte i, in all four bytes of the lane.
KITE_INLINE __m512i spread_byte(__m512i x, int i) {
    return pick_bytes(x, _mm_setr_epi8(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12), i);
}

/// Bytes 2 i and 2 i + 1 of each lane as two words.
KITE_INLINE __m512i byte_pair(__m512i x, int i) {
    return pick_bytes(x, _mm_setr_epi8(0, -8, 1, -8, 4, -8, 5, -8, 8, -8, 9, -8, 12, -8, 13, -8), 2 * i);
}

/// Byte i of each lane as a signed number.
KITE_INLINE __m512i signed_byte(__m512i x, int i) {
    return _mm512_srai_epi32(_mm512_slli_epi32(x, (unsigned)(24 - 8 * i)), 24);
}

/// The half in the low word of each lane.
KITE_INLINE __m512 low_half(__m512i x) { return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(x)); }
KITE_INLINE __m512 high_half(__m512i x) { return low_half(_mm512_srli_epi32(x, 16)); }

KITE_INLINE __m512i bytes_and(__m512i x, int mask) { return _mm512_and_si512(x, _mm512_set1_epi8((char)mask)); }
/// Moves bits to the left or, with negative counts, to the right. Masks take off what comes in from other bytes.
KITE_INLINE __m512i rotate(__m512i x, int left) { return _mm512_rolv_epi32(x, _mm512_set1_epi32(left & 31)); }

/// The low bits of `x` that `mask` has, the other bits of `y`, cut to the bits of `all`.
KITE_INLINE __m512i join_bits(__m512i x, int mask, __m512i y, int all) {
    return bytes_and(select_bits(_mm512_set1_epi8((char)mask), x, y), all);
}

/// `start` from the sum over k of scale * code.
KITE_INLINE __m512i start_of(__m512i sum) {
    return _mm512_slli_epi32(_mm512_sub_epi32(_mm512_setzero_si512(), sum), 7);
}

/// -128 times the sum of eight registers of codes.
KITE_INLINE __m512i start_of_codes(const __m512i code[8]) {
    __m512i sum = _mm512_setzero_si512();
    for (int i = 0; i < 8; i++) sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(1), code[i]);
    return start_of(sum);
}

KITE_INLINE __m512i iq4_codes(__m512i nibbles) {
    __m128i table = _mm_loadu_si128((const __m128i *)kite_iq4_values);
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), bytes_and(nibbles, 15));
}

#endif
