// The types with blocks of 32 unpacked for tiles.
#ifndef KITE_MATMUL_PACK32_AVX512_H
#define KITE_MATMUL_PACK32_AVX512_H

#include "matmul_pack_avx512.h"

/// Nibble j of each lane, a bit to bit 4 of each byte.
KITE_INLINE __m512i spread_nibble(__m512i x, int j) {
    __m512i nibble = _mm512_and_si512(_mm512_srli_epi32(x, (unsigned)(4 * j)), _mm512_set1_epi32(15));
    return bytes_and(_mm512_mullo_epi32(nibble, _mm512_set1_epi32(0x00204081 << 4)), 16);
}

/// One block of 32 of each row.
KITE_INLINE void pack_block32(enum kite_type type, struct rows r, size_t at, int b, struct tile *t) {
    const int has_min = kite_has_min(type), has_high = type == KITE_Q5_0 || type == KITE_Q5_1;
    __m512i head[4], x[4], high = _mm512_setzero_si512(), *code = t->code + 8 * b;
    fetch(r, 8 * kite_block_bytes(type), (size_t)(2 * b));
    transpose16(r, at, head);
    t->scale[b] = _mm512_castps_si512(low_half(head[0]));
    if (has_min) t->min[b] = _mm512_castps_si512(high_half(head[0]));
    fetch(r, 8 * kite_block_bytes(type), (size_t)(2 * b + 1));
    if (type == KITE_Q8_0) {
        transpose32(r, at + 2, code);
        t->start[b] = start_of_codes(code);
        return;
    }
    transpose16(r, at + (size_t)(2 + 2 * has_min + 4 * has_high), x);
    if (type == KITE_IQ4_NL) {
        for (int j = 0; j < 4; j++) {
            code[j] = iq4_codes(x[j]);
            code[4 + j] = iq4_codes(_mm512_srli_epi32(x[j], 4));
        }
        t->start[b] = start_of_codes(code);
        return;
    }
    if (has_high)
        high = has_min ? head[1] : _mm512_or_si512(_mm512_srli_epi32(head[0], 16), _mm512_slli_epi32(head[1], 16));
    __m512i sum = _mm512_setzero_si512();
#pragma clang loop unroll(full)
    for (int j = 0; j < 8; j++) {
        __m512i c = bytes_and(j < 4 ? x[j] : _mm512_srli_epi32(x[j - 4], 4), 15);
        if (has_high) c = _mm512_or_si512(c, spread_nibble(high, j));
        sum = _mm512_add_epi8(sum, c);  // eight codes below 32 fit a byte
        code[j] = _mm512_sub_epi8(c, _mm512_set1_epi8((char)offset_of(type)));
    }
    t->start[b] = _mm512_dpbusd_epi32(_mm512_set1_epi32(128 * 32 * offset_of(type)), sum, _mm512_set1_epi8(-128));
}

/// `count` blocks of 32, which lie at the end of the row if there are fewer than eight: the rest is zero.
KITE_INLINE void pack32(enum kite_type type, struct rows r, int count, struct tile *t) {
#pragma clang loop unroll(disable)
    for (int b = 0; b < count; b++) pack_block32(type, r, (size_t)b * kite_block_bytes(type), b, t);
}

#endif
