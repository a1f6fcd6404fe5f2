// Weights of 16 rows unpacked for tiles, where a lane is a row. The packed bytes are transposed first and taken apart
// afterwards, 16 rows at a time: half the shuffles or fewer, and the scales of all rows in the same few operations.
#ifndef KITE_MATMUL_PACK_AVX512_H
#define KITE_MATMUL_PACK_AVX512_H

#include "quant_unpack_avx512.h"

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

/// Part `i` of `parts` of the bytes ahead, for blocks of `bytes`, to the L2 cache. Spread over the work: more lines
/// at once than the core can have in flight would hold it up.
KITE_INLINE void fetch(struct rows r, size_t bytes, size_t i, size_t parts) {
    for (size_t at = i * 16 * bytes / parts / 64; at < ((i + 1) * 16 * bytes / parts + 63) / 64; at++)
        _mm_prefetch((const char *)r.ahead + 64 * at, _MM_HINT_T1);
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

/// Each lane's byte i, in all four bytes of the lane.
KITE_INLINE __m512i spread_byte(__m512i x, int i) {
    return _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(_mm_setr_epi8(
                                      (char)i, (char)i, (char)i, (char)i, (char)(i + 4), (char)(i + 4), (char)(i + 4),
                                      (char)(i + 4), (char)(i + 8), (char)(i + 8), (char)(i + 8), (char)(i + 8),
                                      (char)(i + 12), (char)(i + 12), (char)(i + 12), (char)(i + 12))));
}

/// Bytes 2 i and 2 i + 1 of each lane as two words.
KITE_INLINE __m512i byte_pair(__m512i x, int i) {
    const char a = (char)(2 * i), b = (char)(2 * i + 1);
    return _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(_mm_setr_epi8(a, -1, b, -1, a + 4, -1, b + 4, -1, a + 8, -1,
                                                                       b + 8, -1, a + 12, -1, b + 12, -1)));
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
KITE_INLINE __m512i start_of(__m512i sum) { return _mm512_slli_epi32(_mm512_sub_epi32(_mm512_setzero_si512(), sum), 7); }

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
        fetch(r, kite_block_bytes(type), (size_t)g, 4);
        transpose32(r, (size_t)((five ? 48 : 16) + 32 * g), x);
#pragma clang loop unroll(full)
        for (int j = 0; j < 8; j++) {
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
        fetch(r, 210, (size_t)(2 * half), 4);
        transpose32(r, (size_t)(64 * half + 32), second);
        transpose32(r, (size_t)(128 + 32 * half), high);
        fetch(r, 210, (size_t)(2 * half + 1), 4);
#pragma clang loop unroll(full)
        for (int j = 0; j < 8; j++) {
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
            if (part % 4 == 0) fetch(r, 84, (size_t)(2 * half + part / 4), 4);
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
            if (part % 4 == 0) fetch(r, 110, (size_t)(2 * half + part / 4), 4);
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

KITE_INLINE void pack_iq4_xs(struct rows r, struct tile *t) {
    __m512i head[4], start = _mm512_setzero_si512();
    transpose16(r, 0, head);
    t->d = low_half(head[0]);
    __m512i pairs = _mm512_srli_epi32(head[0], 16);
#pragma clang loop unroll(full)
    for (int g = 0; g < 8; g++) {
        __m512i x[4];
        fetch(r, 136, (size_t)g, 8);
        transpose16(r, (size_t)(8 + 16 * g), x);
        for (int j = 0; j < 4; j++) {
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

/// Nibble j of each lane, a bit to bit 4 of each byte.
KITE_INLINE __m512i spread_nibble(__m512i x, int j) {
    __m512i nibble = _mm512_and_si512(_mm512_srli_epi32(x, (unsigned)(4 * j)), _mm512_set1_epi32(15));
    return bytes_and(_mm512_mullo_epi32(nibble, _mm512_set1_epi32(0x00204081 << 4)), 16);
}

/// One block of 32 of each row.
KITE_INLINE void pack_block32(enum kite_type type, struct rows r, size_t at, int b, struct tile *t) {
    const int has_min = kite_has_min(type), has_high = type == KITE_Q5_0 || type == KITE_Q5_1;
    __m512i head[4], x[4], high = _mm512_setzero_si512(), *code = t->code + 8 * b;
    fetch(r, 8 * kite_block_bytes(type), (size_t)b, 8);
    transpose16(r, at, head);
    t->scale[b] = _mm512_castps_si512(low_half(head[0]));
    if (has_min) t->min[b] = _mm512_castps_si512(high_half(head[0]));
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
