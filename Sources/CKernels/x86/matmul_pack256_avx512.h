// The types with blocks of 256 unpacked for tiles.
#ifndef KITE_MATMUL_PACK256_AVX512_H
#define KITE_MATMUL_PACK256_AVX512_H

#include "matmul_pack_avx512.h"

KITE_INLINE void pack_q4_k(enum kite_type type, struct rows r, struct tile *t) {
    const int five = type == KITE_Q5_K;
    __m512i head[4], high[8], scale[2], min[2], sum = _mm512_setzero_si512();
    transpose16(r, 0, head);
    t->d = low_half(head[0]);
    t->dmin = high_half(head[0]);
    scale[0] = bytes_and(head[1], 63);
    scale[1] = join_bits(head[3], 15, _mm512_srli_epi32(head[1], 2), 63);
    min[0] = bytes_and(head[2], 63);
    min[1] = join_bits(_mm512_srli_epi32(head[3], 4), 15, _mm512_srli_epi32(head[2], 2), 63);
    for (int i = 0; i < 4; i++) t->min[i] = byte_pair(min[i / 2], i % 2);
    if (five) transpose32(r, 16, high);
#pragma clang loop unroll(full)
    for (int g = 0; g < 4; g++) {
        __m512i x[8], low_sum = _mm512_setzero_si512(), high_sum = low_sum;
        transpose32(r, (size_t)((five ? 48 : 16) + 32 * g), x);
#pragma clang loop unroll(full)
        for (int j = 0; j < 8; j++) {
            if (j % 2 == 0) fetch(r, kite_block_bytes(type), (size_t)(4 * g + j / 2));
            __m512i low, up = _mm512_srli_epi32(x[j], 4);
            if (five) {
                low = join_bits(x[j], 15, rotate(high[j], 4 - 2 * g), 31);
                up = join_bits(up, 15, rotate(high[j], 3 - 2 * g), 31);
            } else {
                low = bytes_and(x[j], 15);
                up = bytes_and(up, 15);
            }
            t->code[16 * g + j] = low;
            t->code[16 * g + 8 + j] = up;
            // Eight codes below 32 fit a byte.
            low_sum = _mm512_add_epi8(low_sum, low);
            high_sum = _mm512_add_epi8(high_sum, up);
        }
        sum = _mm512_dpbusd_epi32(sum, low_sum, spread_byte(scale[g / 2], g % 2 * 2));
        sum = _mm512_dpbusd_epi32(sum, high_sum, spread_byte(scale[g / 2], g % 2 * 2 + 1));
        t->scale[2 * g] = signed_byte(scale[g / 2], g % 2 * 2);
        t->scale[2 * g + 1] = signed_byte(scale[g / 2], g % 2 * 2 + 1);
    }
    t->start[0] = start_of(sum);
}

KITE_INLINE void pack_q6_k(struct rows r, struct tile *t) {
    __m512i scale[4], end[4], sum = _mm512_setzero_si512(), offset = sum;
    transpose16(r, 192, scale);
    transpose16(r, 194, end);
    t->d = high_half(end[3]);
    for (int i = 0; i < 4; i++) offset = _mm512_dpbusd_epi32(offset, _mm512_set1_epi8(4), scale[i]);
#pragma clang loop unroll(full)
    for (int half = 0; half < 2; half++) {
        __m512i first[8], second[8], high[8], code[4], total[4];
        transpose32(r, (size_t)(64 * half), first);
        transpose32(r, (size_t)(64 * half + 32), second);
        transpose32(r, (size_t)(128 + 32 * half), high);
#pragma clang loop unroll(full)
        for (int j = 0; j < 8; j++) {
            fetch(r, 210, (size_t)(8 * half + j));
            code[0] = join_bits(first[j], 15, rotate(high[j], 4), 63);
            code[1] = join_bits(second[j], 15, rotate(high[j], 2), 63);
            code[2] = join_bits(_mm512_srli_epi32(first[j], 4), 15, high[j], 63);
            code[3] = join_bits(_mm512_srli_epi32(second[j], 4), 15, rotate(high[j], -2), 63);
            for (int m = 0; m < 4; m++) {
                // Four codes below 64 fit a byte.
                total[m] = j % 4 ? _mm512_add_epi8(total[m], code[m]) : code[m];
                t->code[32 * half + 8 * m + j] = _mm512_sub_epi8(code[m], _mm512_set1_epi8(32));
                if (j % 4 < 3) continue;
                const int g = 8 * half + 2 * m + j / 4;
                sum = _mm512_dpbusd_epi32(sum, total[m], spread_byte(scale[g / 4], g % 4));
                t->scale[g] = signed_byte(scale[g / 4], g % 4);
            }
        }
    }
    // 16 codes of a group have 32 too much each: 512, 128 times the 4 above.
    t->start[0] = start_of(_mm512_sub_epi32(sum, _mm512_slli_epi32(offset, 7)));
}

KITE_INLINE void pack_q2_k(struct rows r, struct tile *t) {
    __m512i scale[4], end[4], sum = _mm512_setzero_si512();
    transpose16(r, 68, end);
    t->d = low_half(end[3]);
    t->dmin = high_half(end[3]);
    transpose16(r, 0, scale);
    for (int i = 0; i < 4; i++) {
        __m512i min = bytes_and(_mm512_srli_epi32(scale[i], 4), 15);
        t->min[2 * i] = byte_pair(min, 0);
        t->min[2 * i + 1] = byte_pair(min, 1);
        scale[i] = bytes_and(scale[i], 15);
    }
#pragma clang loop unroll(full)
    for (int half = 0; half < 2; half++) {
        __m512i x[8];
        transpose32(r, (size_t)(16 + 32 * half), x);
#pragma clang loop unroll(full)
        for (int part = 0; part < 8; part++) {
            const int m = part / 2, at = part % 2 * 4, g = 8 * half + part;
            fetch(r, 84, (size_t)g);
            __m512i times = _mm512_and_si512(spread_byte(scale[g / 4], g % 4), _mm512_set1_epi16(255));
            __m512i total = _mm512_setzero_si512();
            for (int j = 0; j < 4; j++) {
                // Two products below 46 at once: nothing carries from byte to byte.
                __m512i code = _mm512_mullo_epi16(bytes_and(_mm512_srli_epi32(x[at + j], (unsigned)(2 * m)), 3), times);
                t->code[32 * half + 8 * m + at + j] = code;
                total = _mm512_add_epi8(total, code);
            }
            sum = _mm512_dpbusd_epi32(sum, total, _mm512_set1_epi8(1));
        }
    }
    t->start[0] = start_of(sum);
}

KITE_INLINE void pack_q3_k(struct rows r, struct tile *t) {
    __m512i end[4], word[3], scale[4], high[8], sum = _mm512_setzero_si512(), offset = sum;
    transpose16(r, 94, end);
    t->d = high_half(end[3]);
    for (int i = 0; i < 3; i++)
        word[i] = _mm512_or_si512(_mm512_srli_epi32(end[i], 16), _mm512_slli_epi32(end[i + 1], 16));
    scale[0] = join_bits(word[0], 15, rotate(word[2], 4), 63);
    scale[1] = join_bits(word[1], 15, rotate(word[2], 2), 63);
    scale[2] = join_bits(_mm512_srli_epi32(word[0], 4), 15, word[2], 63);
    scale[3] = join_bits(_mm512_srli_epi32(word[1], 4), 15, rotate(word[2], -2), 63);
    for (int i = 0; i < 4; i++) {
        scale[i] = _mm512_sub_epi8(scale[i], _mm512_set1_epi8(32));
        offset = _mm512_dpbusd_epi32(offset, _mm512_set1_epi8(64), scale[i]);
    }
    transpose32(r, 0, high);
#pragma clang loop unroll(full)
    for (int half = 0; half < 2; half++) {
        __m512i x[8];
        transpose32(r, (size_t)(32 + 32 * half), x);
#pragma clang loop unroll(full)
        for (int part = 0; part < 8; part++) {
            const int m = part / 2, at = part % 2 * 4, g = 8 * half + part;
            fetch(r, 110, (size_t)g);
            __m512i bytes = spread_byte(scale[g / 4], g % 4), times = _mm512_srai_epi16(_mm512_slli_epi16(bytes, 8), 8);
            __m512i total = _mm512_setzero_si512();
#pragma clang loop unroll(full)
            for (int j = 0; j < 4; j++) {
                __m512i code = join_bits(rotate(x[at + j], -2 * m), 3, rotate(high[at + j], 2 - 4 * half - m), 7);
                total = _mm512_add_epi8(total, code);
                // (4 - code) * scale is -128...124. Two at once: 128 keeps the low one from borrowing.
                code = _mm512_mullo_epi16(_mm512_sub_epi16(_mm512_set1_epi16(0x0404), code), times);
                code = _mm512_xor_si512(_mm512_add_epi16(code, _mm512_set1_epi16(128)), _mm512_set1_epi16(128));
                t->code[32 * half + 8 * m + at + j] = code;
            }
            sum = _mm512_dpbusd_epi32(sum, total, bytes);
        }
    }
    // The 4s of a group's 16 codes are the 64 above.
    t->start[0] = start_of(_mm512_sub_epi32(offset, sum));
}

KITE_INLINE void pack_iq4_xs(struct rows r, struct tile *t) {
    __m512i head[4], start = _mm512_setzero_si512();
    transpose16(r, 0, head);
    t->d = low_half(head[0]);
    __m512i pairs = _mm512_srli_epi32(head[0], 16);
#pragma clang loop unroll(full)
    for (int g = 0; g < 8; g++) {
        __m512i x[4];
        transpose16(r, (size_t)(8 + 16 * g), x);
        for (int j = 0; j < 4; j++) {
            if (j % 2 == 0) fetch(r, 136, (size_t)(2 * g + j / 2));
            t->code[8 * g + j] = iq4_codes(x[j]);
            t->code[8 * g + 4 + j] = iq4_codes(_mm512_srli_epi32(x[j], 4));
        }
        __m512i high = _mm512_and_si512(_mm512_srli_epi32(pairs, (unsigned)(2 * g)), _mm512_set1_epi32(3));
        __m512i low = _mm512_and_si512(_mm512_srli_epi32(head[1], (unsigned)(4 * g)), _mm512_set1_epi32(15));
        t->scale[g] = _mm512_sub_epi32(_mm512_or_si512(low, _mm512_slli_epi32(high, 4)), _mm512_set1_epi32(32));
        start = _mm512_add_epi32(start, _mm512_mullo_epi32(start_of_codes(t->code + 8 * g), t->scale[g]));
    }
    t->start[0] = start;
}

KITE_INLINE void pack256(enum kite_type type, struct rows r, struct tile *t) {
    switch (type) {
    case KITE_Q2_K: pack_q2_k(r, t); break;
    case KITE_Q3_K: pack_q3_k(r, t); break;
    case KITE_Q6_K: pack_q6_k(r, t); break;
    case KITE_IQ4_XS: pack_iq4_xs(r, t); break;
    default: pack_q4_k(type, r, t); break;
    }
}

#endif
