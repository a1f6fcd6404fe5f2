// Matrix times vector for the types with blocks of 32.
//
// Four blocks of a row are taken at a time, one per quarter of a register: the low codes and the high codes of a block
// meet in one sum of four lanes. Sums of four rows then give, per quarter, the products of four rows with one block,
// which is how the floats are summed: block after block, a row per lane.
#ifndef KITE_GEMV32_AVX512_H
#define KITE_GEMV32_AVX512_H

#include "gemv_avx512.h"
#include "quant_codes_avx512.h"

/// 128 activations, a block of 32 per quarter.
struct gemv_part32 {
    __m512i low, high;  ///< signed codes 0...15 and 16...31
    __m512i start;      ///< what the offset of unsigned weights adds too much, with the sign turned
    __m512 scale;
};

#define GEMV_PARTS32 (KITE_TILE_SCRATCH / sizeof(struct gemv_part32) / 2 * 2)

KITE_INLINE void gemv_order32(enum kite_type type, const struct kite_record *x, int part, struct gemv_part32 *o) {
    const uint8_t *unit[4];
    for (int q = 0; q < 4; q++) unit[q] = x->code + 128 * part + 32 * q;
    o->low = _mm512_xor_si512(gemv_quarters(unit, 0), _mm512_set1_epi8(-128));
    o->high = _mm512_xor_si512(gemv_quarters(unit, 16), _mm512_set1_epi8(-128));
    o->start = _mm512_setzero_si512();
    if (offset_of(type))
        o->start = gemv_offset(gemv_offset(o->start, offset_of(type), o->low), offset_of(type), o->high);
    const __m512i quarter = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    o->scale = _mm512_permutexvar_ps(quarter, _mm512_castps128_ps512(_mm_loadu_ps(x->q32.scale + 4 * part)));
}

/// Where a word of four blocks is after two loads: the first 64 bytes, and the last 64.
KITE_INLINE __m512i gemv_word_index(enum kite_type type, __m512i word) {
    const short beyond = (short)(64 - 2 * (int)kite_block_bytes(type));
    return _mm512_mask_add_epi16(word, _mm512_cmpgt_epi16_mask(word, _mm512_set1_epi16(31)), word,
                                 _mm512_set1_epi16(beyond));
}

/// Words from number `from` of each block on, a block per quarter; `period` of them repeat.
KITE_INLINE __m512i gemv_block_words(enum kite_type type, int from, int period) {
    const __m512i quarter = _mm512_srli_epi16(_mm512_set_epi16(31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18,
                                                               17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2,
                                                               1, 0), 3);
    const __m512i within = _mm512_broadcast_i32x4(_mm_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7));
    __m512i word = _mm512_mullo_epi16(quarter, _mm512_set1_epi16((short)(kite_block_bytes(type) / 2)));
    word = _mm512_add_epi16(word, _mm512_and_si512(within, _mm512_set1_epi16((short)(period - 1))));
    return _mm512_add_epi16(word, _mm512_set1_epi16((short)from));
}

/// Four blocks of a row: unsigned codes, and d (or d and m) of block b as word (or dword) 4 b + r of `scales`, r the
/// row's number; the other words are zero.
KITE_INLINE void gemv_unpack32(enum kite_type type, const uint8_t *b, int r, __m512i *low, __m512i *high,
                               __m512i *scales) {
    const int has_min = kite_has_min(type), has_high = type == KITE_Q5_0 || type == KITE_Q5_1;
    const int bytes = (int)kite_block_bytes(type);
    const __m512i low4 = _mm512_set1_epi8(15);
    __m512i first = _mm512_loadu_si512(b), last = _mm512_loadu_si512(b + 4 * bytes - 64);
    if (type == KITE_Q8_0) {
        __m512i second = _mm512_loadu_si512(b + 64), index = gemv_block_words(type, 1, 8);
        __m512i next = _mm512_add_epi16(index, _mm512_set1_epi16(4));
        *low = _mm512_permutex2var_epi16(first, index, second);
        *high = _mm512_permutex2var_epi16(_mm512_loadu_si512(b + 8), next, last);
        *low = _mm512_xor_si512(*low, _mm512_set1_epi8(-128));
        *high = _mm512_xor_si512(*high, _mm512_set1_epi8(-128));
        const __m512i scale =
            _mm512_setr_epi64(0, 0x0011001100110011, 0x0022002200220022, 0x0033003300330033, 0, 0, 0, 0);
        *scales = _mm512_maskz_permutex2var_epi16(0x1111u << r, first, scale, second);
        return;
    }
    const __m512i index = gemv_word_index(type, gemv_block_words(type, 1 + has_min + 2 * has_high, 8));
    __m512i x = _mm512_permutex2var_epi16(first, index, last);
    *low = _mm512_and_si512(x, low4);
    *high = _mm512_and_si512(_mm512_srli_epi16(x, 4), low4);
    if (type == KITE_IQ4_NL) {
        *low = iq4_values(*low);
        *high = iq4_values(*high);
    }
    if (has_high) {
        const __m512i pair = gemv_word_index(type, gemv_block_words(type, 1 + has_min, 2));
        __m512i bits = _mm512_permutex2var_epi16(first, pair, last);
        const __m512i bit = _mm512_set1_epi64((long long)0x8040201008040201ull), sixteen = _mm512_set1_epi8(16);
        const __m512i spread = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
        __m512i low_bits = _mm512_shuffle_epi8(bits, spread);
        __m512i high_bits = _mm512_shuffle_epi8(bits, _mm512_add_epi8(spread, _mm512_set1_epi8(2)));
        *low = _mm512_mask_add_epi8(*low, _mm512_test_epi8_mask(low_bits, bit), *low, sixteen);
        *high = _mm512_mask_add_epi8(*high, _mm512_test_epi8_mask(high_bits, bit), *high, sixteen);
    }
    if (has_min) {
        // The first dwords of the four blocks; those beyond the first 16 are in `last`.
        const int w = bytes / 4, y = 2 * w > 15 ? 32 - 2 * w : 2 * w, z = 3 * w > 15 ? 32 - w : 3 * w;
        const __m512i scale = _mm512_setr_epi32(0, 0, 0, 0, w, w, w, w, y, y, y, y, z, z, z, z);
        *scales = _mm512_maskz_permutex2var_epi32((__mmask16)(0x1111 << r), first, scale, last);
    } else {
        __m512i words = _mm512_setr_epi64(0, 0x0001000100010001, 0x0002000200020002, 0x0003000300030003, 0, 0, 0, 0);
        words = gemv_word_index(type, _mm512_mullo_epi16(words, _mm512_set1_epi16((short)(bytes / 2))));
        *scales = _mm512_maskz_permutex2var_epi16(0x1111u << r, first, words, last);
    }
}

/// Adds the first `count` of four blocks to the sums of four rows.
KITE_INLINE __m128 gemv_part(enum kite_type type, const uint8_t *const row[4], const struct gemv_part32 *x,
                             const float *x_sum, int count, __m128 sum) {
    const int has_min = kite_has_min(type);
    __m512i dot[4], scales[4];
    for (int r = 0; r < 4; r++) {
        __m512i low, high;
        gemv_unpack32(type, row[r], r, &low, &high, &scales[r]);
        dot[r] = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(x->start, low, x->low), high, x->high);
    }
    __m512 product = _mm512_cvtepi32_ps(gemv_sum_quarters(dot)), m = _mm512_setzero_ps();
    __m512i all = _mm512_ternarylogic_epi64(_mm512_or_si512(scales[0], scales[1]), scales[2], scales[3], 0xfe);
    if (has_min) {
        // 0, 2, 4 ... 30, 1, 3, 5 ... 31
        const __m512i evens_then_odds =
            _mm512_set_epi16(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1, 30, 28, 26, 24, 22, 20, 18, 16,
                             14, 12, 10, 8, 6, 4, 2, 0);
        all = _mm512_permutexvar_epi16(evens_then_odds, all);
        m = _mm512_cvtph_ps(_mm512_extracti64x4_epi64(all, 1));
    }
    __m512 scale = _mm512_mul_ps(_mm512_cvtph_ps(_mm512_castsi512_si256(all)), x->scale);
#define GEMV_ADD(b)                                                                                                  \
    if (b < count) {                                                                                                 \
        sum = _mm_fmadd_ps(_mm512_extractf32x4_ps(product, b), _mm512_extractf32x4_ps(scale, b), sum);              \
        if (has_min) sum = _mm_fmadd_ps(_mm512_extractf32x4_ps(m, b), _mm_set1_ps(x_sum[b]), sum);                   \
    }
    GEMV_ADD(0)
    GEMV_ADD(1)
    GEMV_ADD(2)
    GEMV_ADD(3)
#undef GEMV_ADD
    return sum;
}

/// Parts [begin, end) of four rows; `parts` holds their activations.
KITE_INLINE __m128 gemv_rows32(enum kite_type type, const struct kite_product *p, const uint8_t *const row[4],
                               const struct gemv_part32 *parts, size_t begin, size_t end, __m128 sum) {
    const size_t bytes = 4 * kite_block_bytes(type);
    const uint8_t *ahead = row[0] + begin * bytes + gemv_ahead(p);
    for (size_t part = begin; part < end; part++, parts++, ahead += 4 * bytes) {
        const float *x_sum = kite_records(p, part / 2)->q32.sum + part % 2 * 4;
        const size_t left = p->k / 32 - 4 * part;
        const uint8_t *block[4];
        for (int r = 0; r < 4; r++) block[r] = row[r] + part * bytes;
        if (left >= 4) {
            gemv_prefetch(ahead, 4 * bytes);
            sum = gemv_part(type, block, parts, x_sum, 4, sum);
        } else {
            uint8_t padded[4][4 * 34];
            for (int r = 0; r < 4; r++) {
                memset(padded[r], 0, sizeof padded[r]);
                memcpy(padded[r], block[r], left * kite_block_bytes(type));
                block[r] = padded[r];
            }
            sum = gemv_part(type, block, parts, x_sum, (int)left, sum);
        }
    }
    return sum;
}

/// Rows [begin, end) of a product with one column.
KITE_INLINE void gemv32(enum kite_type type, const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    struct gemv_part32 *parts = scratch;
    const size_t count = (p->k + 127) / 128;
    // All of it at a time, unless rows are longer than the scratch memory has room for.
    for (size_t first = 0; first < count; first += GEMV_PARTS32) {
        const size_t last = count - first < GEMV_PARTS32 ? count : first + GEMV_PARTS32;
        if (!p->is_prepared || count > GEMV_PARTS32)
            for (size_t part = first; part < last; part++)
                gemv_order32(type, kite_records(p, part / 2), part % 2, parts + part - first);
        for (size_t r = begin; r < end; r += 4) {
            const uint8_t *row[4];
            const __mmask8 mask = gemv_four_rows(p, r, end, row);
            __m128 sum = first ? _mm_maskz_loadu_ps(mask, p->out + r) : _mm_setzero_ps();
            sum = gemv_rows32(type, p, row, parts, first, last, sum);
            _mm_mask_storeu_ps(p->out + r, mask, sum);
        }
    }
}

#endif
