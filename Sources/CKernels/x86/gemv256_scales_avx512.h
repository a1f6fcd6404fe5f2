// What blocks of 256 have beside their codes, decoded for four rows at a time: for the matrix times vector kernels.
#ifndef KITE_GEMV256_SCALES_AVX512_H
#define KITE_GEMV256_SCALES_AVX512_H

#include "gemv_avx512.h"
#include "quant_codes_avx512.h"

/// What four blocks have beside their codes, a block per quarter.
struct gemv_header256 {
    __m512i scale[2];  ///< int16: 8 scales for each of the two packed registers
    __m512i minimum;   ///< partial sums of minimum * (sum of codes)
    __m256 d;          ///< d of the four blocks, then dmin
};

/// Words 0...7 of each quarter from the bytes given.
#define GEMV_WORDS(a, b, c, d, e, f, g, h)                                                                          \
    _mm512_broadcast_i32x4(_mm_setr_epi8(a, -1, b, -1, c, -1, d, -1, e, -1, f, -1, g, -1, h, -1))
#define GEMV_REPEAT16(a, b)                                                                                         \
    _mm512_broadcast_i32x4(_mm_setr_epi16(a, a, a, a, b, b, b, b))

/// d and dmin of four blocks, from the dwords that hold both.
KITE_INLINE __m256 gemv_halves(__m128i x) {
    x = _mm_shuffle_epi8(x, _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15));
    return _mm256_cvtph_ps(x);
}

/// The first dword of each quarter.
KITE_INLINE __m128i gemv_firsts(__m512i x) {
    const __m512i firsts = _mm512_setr_epi32(0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    return _mm512_castsi512_si128(_mm512_permutexvar_epi32(firsts, x));
}

KITE_INLINE __m128i gemv_load32x4(const uint8_t *const row[4], size_t at) {
    return _mm_setr_epi32((int)kite_load32(row[0] + at), (int)kite_load32(row[1] + at), (int)kite_load32(row[2] + at),
                          (int)kite_load32(row[3] + at));
}

KITE_INLINE __m256 gemv_load16x4(const uint8_t *const row[4], size_t at) {
    return _mm256_zextps128_ps256(
        _mm_cvtph_ps(_mm_setr_epi16((short)kite_load16(row[0] + at), (short)kite_load16(row[1] + at),
                                    (short)kite_load16(row[2] + at), (short)kite_load16(row[3] + at), 0, 0, 0, 0)));
}

KITE_INLINE void gemv_header_q2(const uint8_t *const row[4], const struct kite_record *x, struct gemv_header256 *o) {
    const __m512i low4 = _mm512_set1_epi8(15), zero = _mm512_setzero_si512();
    __m512i bytes = gemv_quarters(row, 0), min = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), low4);
    // Times 16 for the fields in place, which the other two have by themselves.
    __m512i first = _mm512_shuffle_epi8(bytes, GEMV_WORDS(0, 1, 2, 3, 8, 9, 10, 11));
    o->scale[0] = _mm512_and_si512(_mm512_slli_epi16(first, 4), _mm512_set1_epi16(0xf0));
    o->scale[1] = _mm512_and_si512(_mm512_shuffle_epi8(bytes, GEMV_WORDS(4, 5, 6, 7, 12, 13, 14, 15)), low4);
    o->minimum = _mm512_dpwssd_epi32(_mm512_madd_epi16(_mm512_unpacklo_epi8(min, zero), gemv_repeat(x->q256.sum16)),
                                     _mm512_unpackhi_epi8(min, zero), gemv_repeat(x->q256.sum16 + 8));
    o->d = gemv_halves(gemv_load32x4(row, 80));
}

KITE_INLINE void gemv_header_q3(const uint8_t *const row[4], struct gemv_header256 *o) {
    // The scales are bytes 2 to 13, d bytes 14 and 15.
    __m512i bytes = gemv_quarters(row, 94);
    __m512i high = _mm512_shuffle_epi8(bytes, GEMV_WORDS(10, 11, 12, 13, 10, 11, 12, 13));
    __m512i low[2] = {_mm512_shuffle_epi8(bytes, GEMV_WORDS(2, 3, 4, 5, 2, 3, 4, 5)),
                      _mm512_shuffle_epi8(bytes, GEMV_WORDS(6, 7, 8, 9, 6, 7, 8, 9))};
    for (int i = 0; i < 2; i++) {
        // The scale in the upper byte: times 256.
        __m512i nibble = _mm512_sllv_epi16(low[i], GEMV_REPEAT16(8, 4));
        __m512i pair = _mm512_sllv_epi16(high, i ? GEMV_REPEAT16(10, 6) : GEMV_REPEAT16(12, 8));
        o->scale[i] = _mm512_and_si512(select_bits(_mm512_set1_epi16(0x0f00), nibble, pair), _mm512_set1_epi16(0x3f00));
        o->scale[i] = _mm512_sub_epi16(o->scale[i], _mm512_set1_epi16(0x2000));
    }
    // The second register's products are 16 times too large by themselves.
    o->scale[1] = _mm512_srai_epi16(o->scale[1], 4);
    const __m512i last = _mm512_castsi128_si512(_mm_setr_epi16(7, 15, 23, 31, 0, 0, 0, 0));
    o->d = _mm256_zextps128_ps256(_mm_cvtph_ps(_mm512_castsi512_si128(_mm512_permutexvar_epi16(last, bytes))));
}

KITE_INLINE void gemv_header_k4(const uint8_t *const row[4], const struct kite_record *x, struct gemv_header256 *o) {
    // d, dmin, then 12 bytes: the low 6 bits of the first four scales, then of the first four minima, then nibbles of
    // the last four of both, whose bits 4 and 5 are on top of the first four.
    const __m512i low = GEMV_REPEAT16(63, 15), top = _mm512_set1_epi16(0x30);
    __m512i bytes = gemv_quarters(row, 0);
    __m512i scale = _mm512_shuffle_epi8(bytes, GEMV_WORDS(4, 5, 6, 7, 12, 13, 14, 15));
    __m512i scale_top = _mm512_shuffle_epi8(bytes, GEMV_WORDS(-1, -1, -1, -1, 4, 5, 6, 7));
    __m512i min = _mm512_shuffle_epi8(bytes, GEMV_WORDS(8, 9, 10, 11, 12, 13, 14, 15));
    __m512i min_top = _mm512_shuffle_epi8(bytes, GEMV_WORDS(-1, -1, -1, -1, 8, 9, 10, 11));
    min = _mm512_srlv_epi16(min, GEMV_REPEAT16(0, 4));
    scale_top = _mm512_and_si512(_mm512_srli_epi16(scale_top, 2), top);
    min_top = _mm512_and_si512(_mm512_srli_epi16(min_top, 2), top);
    o->scale[0] = gemv_and_or(scale, low, scale_top);
    o->scale[1] = _mm512_bsrli_epi128(o->scale[0], 8);
    o->minimum = _mm512_madd_epi16(gemv_and_or(min, low, min_top), gemv_repeat(x->q256.sum32));
    o->d = gemv_halves(gemv_firsts(bytes));
}

KITE_INLINE void gemv_header_q6(const uint8_t *const row[4], struct gemv_header256 *o) {
    __m512i bytes = gemv_quarters(row, 192), zero = _mm512_setzero_si512();
    o->scale[0] = _mm512_srai_epi16(_mm512_unpacklo_epi8(zero, bytes), 8);
    o->scale[1] = _mm512_srai_epi16(_mm512_unpackhi_epi8(zero, bytes), 8);
    o->d = gemv_load16x4(row, 208);
}

/// The scales as int32: eight of a row, then eight of the next.
KITE_INLINE void gemv_header_iq4(const uint8_t *const row[4], struct gemv_header256 *o) {
    // d, 8 pairs of high bits, 8 nibbles of low bits.
    __m512i bytes = gemv_quarters(row, 0);
    __m512i low = _mm512_shuffle_epi8(bytes, GEMV_WORDS(4, 4, 5, 5, 6, 6, 7, 7));
    __m512i high = _mm512_shuffle_epi8(bytes, _mm512_set1_epi16(0x0302));
    low = _mm512_srlv_epi16(low, _mm512_set1_epi32(0x00040000));
    high = _mm512_srlv_epi16(high, _mm512_broadcast_i32x4(_mm_setr_epi16(0, 2, 4, 6, 8, 10, 12, 14)));
    high = _mm512_slli_epi16(_mm512_and_si512(high, _mm512_set1_epi16(3)), 4);
    low = _mm512_sub_epi16(gemv_and_or(low, _mm512_set1_epi16(15), high), _mm512_set1_epi16(32));
    o->scale[0] = _mm512_cvtepi16_epi32(_mm512_castsi512_si256(low));
    o->scale[1] = _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(low, 1));
    o->d = gemv_halves(gemv_firsts(bytes));
}

#endif
