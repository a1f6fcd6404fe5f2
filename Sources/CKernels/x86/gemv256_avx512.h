// Matrix times vector for the types with blocks of 256.
//
// A register of dot products holds sums of 4 numbers, small enough for int16. Two registers are packed into one and
// multiplied by the scales as int16 pairs (VPDPWSSD), which sums the whole block in int32.
#ifndef KITE_GEMV256_AVX512_H
#define KITE_GEMV256_AVX512_H

#include "gemv256_scales_avx512.h"

/// 256 activations in the order of a type's codes.
struct gemv_slab256 {
    __m512i code[4];   ///< signed
    __m512i start[4];  ///< what the offset of unsigned weights adds too much, with the sign turned
};

#define GEMV_SLABS256 (KITE_TILE_SCRATCH / sizeof(struct gemv_slab256))

/// Which 16 activations meet quarter `quarter` of register `i`.
KITE_INLINE int gemv_place256(enum kite_type type, int i, int quarter) {
    switch (type) {
    case KITE_Q2_K:
    case KITE_Q3_K: return 2 * i + quarter % 2 + quarter / 2 * 8;
    case KITE_Q4_K:
    case KITE_Q5_K: return i / 2 * 8 + i % 2 * 2 + quarter % 2 + quarter / 2 * 4;
    case KITE_Q6_K: return 4 * i + quarter;
    default: return i / 2 * 8 + 2 * quarter + i % 2;
    }
}

KITE_INLINE void gemv_order256(enum kite_type type, const struct kite_record *x, struct gemv_slab256 *o) {
    const __m512i zero = _mm512_setzero_si512();
    for (int i = 0; i < 4; i++) {
        const uint8_t *unit[4];
        for (int q = 0; q < 4; q++) unit[q] = x->code + 16 * gemv_place256(type, i, q);
        o->code[i] = _mm512_xor_si512(gemv_quarters(unit, 0), _mm512_set1_epi8(-128));
    }
    if (type == KITE_IQ4_XS) {
        for (int j = 0; j < 2; j++)
            o->start[j] = gemv_offset(gemv_offset(zero, 127, o->code[2 * j]), 127, o->code[2 * j + 1]);
    } else if (offset_of(type)) {
        // Registers 2 and 3 of Q3_K are 16 times too large.
        for (int i = 0; i < 4; i++)
            o->start[i] = gemv_offset(zero, offset_of(type) * (type == KITE_Q3_K && i > 1 ? 16 : 1), o->code[i]);
    }
}

/// The scales of row `r` of four, 8 for 8 words: `places` says which of them quarter q's two halves want.
KITE_INLINE __m512i gemv_scales(enum kite_type type, __m512i scale, int r) {
    int p[8];
    for (int q = 0; q < 4; q++) {
        // Types with groups of 32: two quarters share a scale, a register holds groups 2 i and 2 i + 2.
        int is32 = type == KITE_Q4_K || type == KITE_Q5_K, q6 = type == KITE_Q6_K;
        p[2 * q] = 8 * r + (is32 ? q / 2 * 2 : q6 ? q : q % 2 + q / 2 * 4);
        p[2 * q + 1] = p[2 * q] + (is32 ? 1 : q6 ? 4 : 2);
    }
    __m512i index = _mm512_setr_epi64(0x0001000100010001ll * p[0], 0x0001000100010001ll * p[1],
                                      0x0001000100010001ll * p[2], 0x0001000100010001ll * p[3],
                                      0x0001000100010001ll * p[4], 0x0001000100010001ll * p[5],
                                      0x0001000100010001ll * p[6], 0x0001000100010001ll * p[7]);
    return _mm512_permutexvar_epi16(index, scale);
}

KITE_INLINE __m512i gemv_load(const uint8_t *b) { return _mm512_loadu_si512(b); }

KITE_INLINE __m512i gemv_field(__m512i x, int mask) { return _mm512_and_si512(x, _mm512_set1_epi8((char)mask)); }

/// The codes of a block, unsigned, in four registers.
KITE_INLINE void gemv_codes256(enum kite_type type, const uint8_t *b, __m512i code[4]) {
    const __m512i low4 = _mm512_set1_epi8(15);
    if (type == KITE_Q2_K) {
        __m512i x = gemv_load(b + 16), y = _mm512_srli_epi16(x, 2);
        code[0] = gemv_field(x, 0x03);
        code[1] = gemv_field(y, 0x03);
        code[2] = gemv_field(x, 0x30);
        code[3] = gemv_field(y, 0x30);
    } else if (type == KITE_Q3_K) {
        __m512i x = gemv_load(b + 32), y = _mm512_srli_epi16(x, 2);
        // Four high bits a byte, of the fields 0...3: to bits 2 and 6, above the fields in place.
        __m512i high = gemv_field(shift_halves(twice32(b), 0, 4), 15);
        const __m512i evens =
            _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 0, 4, 64, 68, 64, 68, 0, 4, 0, 4, 64, 68, 64, 68));
        const __m512i odds =
            _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 4, 4, 0, 0, 4, 4, 64, 64, 68, 68, 64, 64, 68, 68));
        x = gemv_and_or(x, _mm512_set1_epi8(0x33), _mm512_shuffle_epi8(evens, high));
        y = gemv_and_or(y, _mm512_set1_epi8(0x33), _mm512_shuffle_epi8(odds, high));
        code[0] = gemv_field(x, 0x07);
        code[1] = gemv_field(y, 0x07);
        code[2] = gemv_field(x, 0x70);
        code[3] = gemv_field(y, 0x70);
    } else if (type == KITE_Q4_K) {
        for (int j = 0; j < 2; j++) {
            __m512i x = gemv_load(b + 16 + 64 * j);
            code[2 * j] = gemv_field(x, 15);
            code[2 * j + 1] = gemv_field(_mm512_srli_epi16(x, 4), 15);
        }
    } else if (type == KITE_Q5_K) {
        // Bits 0, 1, 4 and 5 of either half are now those of the four registers.
        __m512i high = shift_halves(twice32(b + 16), 0, 2);
        for (int j = 0; j < 2; j++) {
            __m512i x = gemv_load(b + 48 + 64 * j);
            __m512i first = j ? high : _mm512_slli_epi16(high, 4);
            __m512i second = j ? _mm512_srli_epi16(high, 1) : _mm512_slli_epi16(high, 3);
            code[2 * j] = gemv_field(select_bits(low4, x, first), 31);
            code[2 * j + 1] = gemv_field(select_bits(low4, _mm512_srli_epi16(x, 4), second), 31);
        }
    } else if (type == KITE_Q6_K) {
        for (int h = 0; h < 2; h++) {
            __m512i low = gemv_load(b + 64 * h), high = twice32(b + 128 + 32 * h);
            // The pairs to bits 4 and 5: left by 4 and 2, then by 0 and right by 2.
            __m512i first = _mm512_sllv_epi64(high, _mm512_setr_epi64(4, 4, 4, 4, 2, 2, 2, 2));
            code[2 * h] = gemv_field(select_bits(low4, low, first), 63);
            code[2 * h + 1] = gemv_field(select_bits(low4, _mm512_srli_epi16(low, 4), shift_halves(high, 0, 2)), 63);
        }
    } else {
        for (int j = 0; j < 2; j++) {
            __m512i x = gemv_load(b + 8 + 64 * j);
            code[2 * j] = iq4_values(gemv_field(x, 15));
            code[2 * j + 1] = iq4_values(gemv_field(_mm512_srli_epi16(x, 4), 15));
        }
    }
}

/// 16 partial sums of scale * (product of the codes) of row `r` of four, times gemv_factor256.
KITE_INLINE __m512i gemv_dot256(enum kite_type type, const uint8_t *b, int r, const struct gemv_header256 *h,
                                const struct gemv_slab256 *x) {
    const int has_start = offset_of(type) != 0;
    __m512i code[4], dot[4], zero = _mm512_setzero_si512();
    gemv_codes256(type, b, code);
    if (type == KITE_IQ4_XS) {
        // Sums of 8 that are too large for int16; the 16 groups of them have a scale per quarter.
        __m512i sum[2];
        for (int j = 0; j < 2; j++) {
            __m512i dot = _mm512_dpbusd_epi32(x->start[j], code[2 * j], x->code[2 * j]);
            dot = _mm512_dpbusd_epi32(dot, code[2 * j + 1], x->code[2 * j + 1]);
            const int at = r % 2 * 8 + 4 * j;
            const __m512i index = _mm512_setr_epi32(at, at, at, at, at + 1, at + 1, at + 1, at + 1, at + 2, at + 2,
                                                    at + 2, at + 2, at + 3, at + 3, at + 3, at + 3);
            sum[j] = _mm512_mullo_epi32(dot, _mm512_permutexvar_epi32(index, h->scale[r / 2]));
        }
        return _mm512_add_epi32(sum[0], sum[1]);
    }
    for (int i = 0; i < 4; i++) dot[i] = _mm512_dpbusd_epi32(has_start ? x->start[i] : zero, code[i], x->code[i]);
    __m512i first = _mm512_packs_epi32(dot[0], dot[1]), second = _mm512_packs_epi32(dot[2], dot[3]);
    __m512i sum = _mm512_madd_epi16(first, gemv_scales(type, h->scale[0], r));
    return _mm512_dpwssd_epi32(sum, second, gemv_scales(type, h->scale[1], r));
}

/// Four rows from `row` on; `begin` and `end` are the slabs whose activations `slabs` holds.
KITE_INLINE __m128 gemv_rows256(enum kite_type type, const struct kite_product *p, const uint8_t *const row[4],
                                const struct gemv_slab256 *slabs, size_t begin, size_t end, __m128 sum) {
    const size_t bytes = kite_block_bytes(type);
    const int shift = type == KITE_Q2_K ? 4 : type == KITE_Q3_K ? 8 : 0;
    const uint8_t *ahead = row[0] + begin * bytes + gemv_ahead(p);
    for (size_t slab = begin; slab < end; slab++, slabs++, ahead += 4 * bytes) {
        const struct kite_record *x = kite_records(p, slab);
        const uint8_t *block[4];
        for (int r = 0; r < 4; r++) block[r] = row[r] + slab * bytes;
        gemv_prefetch(ahead, 4 * bytes);
        struct gemv_header256 h;
        switch (type) {
        case KITE_Q2_K: gemv_header_q2(block, x, &h); break;
        case KITE_Q3_K: gemv_header_q3(block, &h); break;
        case KITE_Q6_K: gemv_header_q6(block, &h); break;
        case KITE_IQ4_XS: gemv_header_iq4(block, &h); break;
        default: gemv_header_k4(block, x, &h); break;
        }
        __m512i dot[4];
        for (int r = 0; r < 4; r++) dot[r] = gemv_dot256(type, block[r], r, &h, slabs);
        __m512i quarters = gemv_sum_quarters(dot);
        __m256i halves = _mm256_add_epi32(_mm512_castsi512_si256(quarters), _mm512_extracti64x4_epi64(quarters, 1));
        __m128i product = _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
        product = _mm_srai_epi32(product, shift);
        __m256 d = _mm256_mul_ps(h.d, _mm256_set1_ps(x->q256.scale));
        sum = _mm_fmadd_ps(_mm_cvtepi32_ps(product), _mm256_castps256_ps128(d), sum);
        if (kite_has_min(type)) {
            __m512i minimum = _mm512_add_epi32(h.minimum, _mm512_shuffle_epi32(h.minimum, 0x4e));
            minimum = _mm512_add_epi32(minimum, _mm512_shuffle_epi32(minimum, 0xb1));
            sum = _mm_fnmadd_ps(_mm_cvtepi32_ps(gemv_firsts(minimum)), _mm256_extractf128_ps(d, 1), sum);
        }
    }
    return sum;
}

/// Rows [begin, end) of a product with one column.
KITE_INLINE void gemv256(enum kite_type type, const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    struct gemv_slab256 *slabs = scratch;
    const size_t count = p->k / 256;
    // All of it at a time, unless rows are longer than the scratch memory has room for.
    for (size_t first = 0; first < count; first += GEMV_SLABS256) {
        const size_t last = count - first < GEMV_SLABS256 ? count : first + GEMV_SLABS256;
        if (!p->is_prepared || count > GEMV_SLABS256)
            for (size_t slab = first; slab < last; slab++)
                gemv_order256(type, kite_records(p, slab), slabs + slab - first);
        for (size_t r = begin; r < end; r += 4) {
            const uint8_t *row[4];
            const __mmask8 mask = gemv_four_rows(p, r, end, row);
            __m128 sum = first ? _mm_maskz_loadu_ps(mask, p->out + r) : _mm_setzero_ps();
            sum = gemv_rows256(type, p, row, slabs, first, last, sum);
            _mm_mask_storeu_ps(p->out + r, mask, sum);
        }
    }
}

#endif
