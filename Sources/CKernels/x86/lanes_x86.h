// What matmul_lanes.h needs, in 256 bits: a lane is a row. Activations are the unsigned operand, code + 128; `start`
// takes 128 * (sum of the weights) off again.
//
// With KITE_VNNI, VPDPBUSD sums four products in 32 bits. Without, VPMADDUBSW adds pairs of products in 16 bits, and as
// many pairs as cannot overflow are added before they are widened: a pair is at most 2 * 255 * (largest code), and
//   codes to 4, Q2_K and Q3_K    2,040   up to 16 pairs, of which a group has 4
//   codes to 8, Q4_0             4,080   8 pairs: 32,640
//   codes to 15 or 16            8,160   4 pairs: 32,640
//   codes to 31 or 32           16,320   2 pairs: 32,640
// all below 2^15. Codes of 8 bits take signed activations: magnitude of the weight times activation with the weight's
// sign, 2 * 128 * 127 = 32,512.
#ifndef KITE_LANES_X86_H
#define KITE_LANES_X86_H

#include "quant_unpack_avx2.h"

#define LANES 8
#define LANE_COLUMNS 1
#define LANE_NUMBERS 4
#define STEP_TILES 2
#define STEP 6

typedef float floats __attribute__((ext_vector_type(8)));
typedef int32_t ints __attribute__((ext_vector_type(8)));
typedef __m256i bytes, partial;
typedef const uint8_t *operand;

struct tile {
    bytes code[64];   ///< 4 consecutive numbers of each row
    ints scale[16];   ///< per group of a block of 256; without VNNI in both halves of 32 bits
    ints min[8];      ///< minima of groups 2 g and 2 g + 1, 16 bits each
    ints start[8];    ///< sums to begin with, for a block of 256 or per block of 32
    floats d, dmin;
    floats d32[8], m32[8];
};

KITE_INLINE floats fused(floats a, floats b, floats c) { return __builtin_elementwise_fma(a, b, c); }

KITE_INLINE ints column_words(const void *p, size_t stride) {
    int word;
    (void)stride;
    memcpy(&word, p, sizeof word);
    return (ints)_mm256_set1_epi32(word);
}

KITE_INLINE ints add_minima(ints sum, ints a, ints b) {
    return sum + (ints)_mm256_madd_epi16((__m256i)a, (__m256i)b);
}

KITE_INLINE partial no_products(void) { return _mm256_setzero_si256(); }

KITE_INLINE operand load_codes(enum kite_type type, const uint8_t *codes, size_t stride, int at, int q) {
    (void)type, (void)stride;
    return (codes + 4 * at) + 4 * q;
}

#ifdef KITE_VNNI
/// Whether codes are multiplied by their scales when they are unpacked: products that fit 8 bits.
KITE_INLINE int is_premultiplied(enum kite_type type) { return type == KITE_Q2_K || type == KITE_Q3_K; }

/// How many registers of codes may be added to a partial sum.
KITE_INLINE int batch_of(enum kite_type type) {
    (void)type;
    return 64;
}

KITE_INLINE partial add_products(enum kite_type type, partial sum, bytes weights, operand codes) {
    (void)type;
    return _mm256_dpbusd_avx_epi32(sum, (__m256i)column_words(codes, 0), weights);
}

KITE_INLINE ints add_sums(ints total, partial sum) { return total + (ints)sum; }

KITE_INLINE ints add_scaled(ints total, partial sum, ints scale) { return total + (ints)sum * scale; }

KITE_INLINE int32_t scale_word(int16_t scale) { return scale; }
KITE_INLINE int step_of(enum kite_type type) {
    (void)type;
    return STEP;
}
#else
KITE_INLINE int is_premultiplied(enum kite_type type) {
    (void)type;
    return 0;
}

/// Codes of 8 bits need registers for magnitudes and constants.
KITE_INLINE int step_of(enum kite_type type) { return is_wide(type) ? 3 : STEP; }

KITE_INLINE int batch_of(enum kite_type type) {
    if (is_wide(type)) return 1;
    if (type == KITE_Q5_1 || type == KITE_Q5_K || type == KITE_Q6_K) return 2;
    return type == KITE_Q4_0 ? 8 : 4;
}

KITE_INLINE partial add_products(enum kite_type type, partial sum, bytes weights, operand codes) {
    __m256i x = (__m256i)column_words(codes, 0);
    if (is_wide(type)) {
        x = _mm256_xor_si256(x, _mm256_set1_epi8(-128));
        return _mm256_add_epi16(sum, _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_sign_epi8(x, weights)));
    }
    return _mm256_add_epi16(sum, _mm256_maddubs_epi16(x, weights));
}

/// Keeps sums in the order of the source: rearranged ones need more registers than there are.
KITE_INLINE ints in_order(ints sum) {
    __asm__("" : "+x"(sum));
    return sum;
}

KITE_INLINE ints add_sums(ints total, partial sum) {
    return in_order(total + (ints)_mm256_madd_epi16(sum, _mm256_set1_epi16(1)));
}

KITE_INLINE ints add_scaled(ints total, partial sum, ints scale) {
    return in_order(total + (ints)_mm256_madd_epi16(sum, (__m256i)scale));
}

KITE_INLINE int32_t scale_word(int16_t scale) { return (int32_t)((uint16_t)scale * 0x10001u); }
#endif

/// Whether `start` has to make up for unsigned activations.
KITE_INLINE int has_start(enum kite_type type) {
#ifdef KITE_VNNI
    (void)type;
    return 1;
#else
    return !is_wide(type);
#endif
}

KITE_INLINE int32_t sum_lanes8(__m256i x) {
    __m128i y = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    y = _mm_add_epi32(y, _mm_unpackhi_epi64(y, y));
    return _mm_cvtsi128_si32(y) + _mm_extract_epi32(y, 1);
}

/// Signed codes 32 j to 32 j + 31 of a row to scratch, and sums of four of them times `scale` to `sum`.
KITE_INLINE void put_codes(__m256i codes, __m256i scale, uint32_t *out, __m256i *sum) {
    _mm256_store_si256((__m256i *)out, codes);
    __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), codes);
    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, scale));
}

/// 8 rows of 8 words at `word` (64 words apart) to 8 registers that hold a word of each row.
KITE_INLINE void transpose8(const uint32_t *word, bytes *out) {
    __m256i a[8], b[8];
    for (int r = 0; r < 8; r++) a[r] = _mm256_load_si256((const __m256i *)(word + 64 * r));
    for (int r = 0; r < 8; r += 2) {
        b[r] = _mm256_unpacklo_epi32(a[r], a[r + 1]);
        b[r + 1] = _mm256_unpackhi_epi32(a[r], a[r + 1]);
    }
    for (int h = 0; h < 2; h++) {
        a[4 * h] = _mm256_unpacklo_epi64(b[4 * h], b[4 * h + 2]);
        a[4 * h + 1] = _mm256_unpackhi_epi64(b[4 * h], b[4 * h + 2]);
        a[4 * h + 2] = _mm256_unpacklo_epi64(b[4 * h + 1], b[4 * h + 3]);
        a[4 * h + 3] = _mm256_unpackhi_epi64(b[4 * h + 1], b[4 * h + 3]);
    }
    for (int q = 0; q < 4; q++) {
        out[q] = _mm256_permute2x128_si256(a[q], a[4 + q], 0x20);
        out[4 + q] = _mm256_permute2x128_si256(a[q], a[4 + q], 0x31);
    }
}

/// 16 scales widened, once per pair of numbers: register j for numbers 32 j on.
KITE_INLINE void spread_scales(__m128i scale, __m256i out[8]) {
    __m256i wide = _mm256_cvtepi8_epi16(scale);
    __m256i half[2] = {_mm256_permute2x128_si256(wide, wide, 0x00), _mm256_permute2x128_si256(wide, wide, 0x11)};
    for (int j = 0; j < 8; j++) {
        const char first = (char)(j % 4 * 4), second = (char)(first + 2);
        __m256i pick = _mm256_setr_m128i(_mm_set1_epi16((short)(first | (first + 1) << 8)),
                                         _mm_set1_epi16((short)(second | (second + 1) << 8)));
        out[j] = _mm256_shuffle_epi8(half[j / 4], pick);
    }
}

/// Codes multiplied by their scales, modulo 256; `scale` has a 16-bit integer per pair of codes.
KITE_INLINE __m256i multiply_codes(__m256i codes, __m256i scale) {
    __m256i even = _mm256_mullo_epi16(codes, scale), low = _mm256_set1_epi16(255);
    __m256i odd = _mm256_mullo_epi16(_mm256_srli_epi16(codes, 8), scale);
    return _mm256_or_si256(_mm256_and_si256(even, low), _mm256_slli_epi16(odd, 8));
}

KITE_INLINE void pack256(enum kite_type type, const uint8_t *const row[8], struct tile *t) {
    _Alignas(32) uint32_t word[8][64];
    _Alignas(16) int8_t scale[8][16];
    _Alignas(16) uint8_t min[8][16];
    for (int r = 0; r < 8; r++) {
        struct unpacked256 w;
        __m256i scales[8], sum = _mm256_setzero_si256();
        unpack256(type, row[r], &w);
        spread_scales(w.scale, scales);
        for (int j = 0; j < 8; j++) {
            __m256i codes = _mm256_sub_epi8(w.code[j], _mm256_set1_epi8((char)offset_of(type)));
            if (is_premultiplied(type)) {
                // The highest product of Q3_K is 128 = -32 * -4: with the sign turned it fits.
                __m256i factor = type == KITE_Q3_K ? _mm256_sub_epi16(_mm256_setzero_si256(), scales[j]) : scales[j];
                put_codes(multiply_codes(codes, factor), _mm256_set1_epi16(1), word[r] + 8 * j, &sum);
            } else {
                put_codes(codes, scales[j], word[r] + 8 * j, &sum);
            }
        }
        t->start[0][r] = has_start(type) ? -128 * sum_lanes8(sum) : 0;
        _mm_store_si128((__m128i *)scale[r], w.scale);
        if (kite_has_min(type)) _mm_store_si128((__m128i *)min[r], w.min);
        t->d[r] = kite_half(kite_load16(scale_at(type, row[r])));
        if (is_premultiplied(type) && type == KITE_Q3_K) t->d[r] = -t->d[r];
        if (kite_has_min(type)) t->dmin[r] = kite_half(kite_load16(min_at(type, row[r])));
    }
    for (int q = 0; q < 64; q += 8) transpose8(word[0] + q, t->code + q);
    const int group = group_of(type), each = group / 16;
    for (int g = 0; g < 256 / group && !is_premultiplied(type); g++)
        for (int r = 0; r < 8; r++) t->scale[g][r] = scale_word(scale[r][each * g]);
    for (int g = 0; g < 128 / group && kite_has_min(type); g++)
        for (int r = 0; r < 8; r++) t->min[g][r] = min[r][2 * each * g] | min[r][2 * each * g + each] << 16;
}

KITE_INLINE void pack32(enum kite_type type, const uint8_t *const row[8], int blocks, struct tile *t) {
    _Alignas(32) uint32_t word[8][64];
    for (int b = 0; b < blocks; b++) {
        for (int r = 0; r < 8; r++) {
            const uint8_t *block = row[r] + (size_t)b * kite_block_bytes(type);
            __m256i codes = _mm256_sub_epi8(unpack32(type, block), _mm256_set1_epi8((char)offset_of(type)));
            __m256i sum = _mm256_setzero_si256();
            put_codes(codes, _mm256_set1_epi16(1), word[r] + 8 * b, &sum);
            t->start[b][r] = has_start(type) ? -128 * sum_lanes8(sum) : 0;
            t->d32[b][r] = kite_half(kite_load16(block));
            if (kite_has_min(type)) t->m32[b][r] = kite_half(kite_load16(block + 2));
        }
        transpose8(word[0] + 8 * b, t->code + 8 * b);
    }
}

#endif
