// Products with few columns: rows are unpacked into registers, multiplied along k and summed across. Four rows run
// together, so that four streams of weights are under way and the sums across are shared.
//
// Weights are the unsigned operand of VPMADDUBSW: codes to 63 times 127, two of them, stay below 2^15. Codes of 8 bits:
// magnitude of the weight times activation with the weight's sign.
#ifndef KITE_MATMUL_VECTOR_AVX2_H
#define KITE_MATMUL_VECTOR_AVX2_H

#include "lanes_x86.h"

/// Most columns of a call to vector_rows.
#define VECTOR_COLUMNS 4

/// Signed activations, column after column, and offset_of(type) * (sum of codes) per block of 32.
struct vector_operand {
    const int8_t *codes;
    const int32_t *offsets;
    size_t slabs;
};

KITE_INLINE size_t vector_scratch(const struct kite_product *p) { return (p->k + 255) / 256 * (256 + 32) * p->columns; }

KITE_INLINE struct vector_operand vector_prepare(enum kite_type type, const struct kite_product *p, void *scratch) {
    const size_t slabs = (p->k + 255) / 256;
    int8_t *codes = scratch;
    int32_t *offsets = (int32_t *)(codes + slabs * 256 * p->columns);
    for (size_t i = 0; i < slabs * p->columns && !p->is_prepared; i++) {
        const struct kite_record *record = (const struct kite_record *)p->panel + i;
        const size_t place = i % p->columns * slabs + i / p->columns;
        for (size_t j = 0; j < 8; j++) {
            __m256i x = _mm256_xor_si256(load32(record->code + 32 * j), _mm256_set1_epi8(-128));
            _mm256_store_si256((__m256i *)(codes + 256 * place) + j, x);
            if (kite_is_by_256(type) || offset_of(type) == 0) continue;
            __m256i sum = _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(1), x), _mm256_set1_epi16(1));
            offsets[8 * place + j] = offset_of(type) * sum_lanes8(sum);
        }
    }
    return (struct vector_operand){codes, offsets, slabs};
}

KITE_INLINE __m256i load_signed(struct vector_operand v, size_t slab, size_t column, int j) {
    return _mm256_load_si256((const __m256i *)(v.codes + 256 * (column * v.slabs + slab)) + j);
}

/// Sums of pairs of products, in 16 bits.
KITE_INLINE __m256i pair_products(enum kite_type type, __m256i weights, __m256i x) {
    if (is_wide(type)) return _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_sign_epi8(x, weights));
    return _mm256_maddubs_epi16(weights, x);
}

/// Sums of four products, in 32 bits.
KITE_INLINE __m256i word_products(enum kite_type type, __m256i weights, __m256i x) {
#ifdef KITE_VNNI
    if (is_wide(type)) {
        x = _mm256_sign_epi8(x, weights);
        weights = _mm256_abs_epi8(weights);
    }
    return _mm256_dpbusd_avx_epi32(_mm256_setzero_si256(), weights, x);
#else
    return _mm256_madd_epi16(pair_products(type, weights, x), _mm256_set1_epi16(1));
#endif
}

/// The sums of the lanes of four registers.
KITE_INLINE __m128i sum_across(const __m256i x[4]) {
    __m256i a = _mm256_hadd_epi32(_mm256_hadd_epi32(x[0], x[1]), _mm256_hadd_epi32(x[2], x[3]));
    return _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
}

KITE_INLINE __m128 four_halves(const uint8_t *const at[4]) {
    __m128i x = _mm_cvtsi32_si128(kite_load16(at[0]));
    x = _mm_insert_epi16(x, kite_load16(at[1]), 1);
    x = _mm_insert_epi16(x, kite_load16(at[2]), 2);
    return _mm_cvtph_ps(_mm_insert_epi16(x, kite_load16(at[3]), 3));
}

/// Four rows by `columns` (a constant) columns.
KITE_INLINE void vector_rows256(enum kite_type type, const struct kite_product *p, const uint8_t *const row[4],
                                struct vector_operand v, int columns, __m128 sum[VECTOR_COLUMNS]) {
    const size_t bytes = kite_block_bytes(type);
    for (size_t slab = 0; slab < p->k / 256; slab++) {
        const struct kite_record *x = kite_records(p, slab);
        __m256i product[VECTOR_COLUMNS][4], minimum[VECTOR_COLUMNS][4];
        const uint8_t *scale[4], *min[4];
        for (int r = 0; r < 4; r++) {
            const uint8_t *block = row[r] + slab * bytes;
            struct unpacked256 w;
            __m256i scales[8];
            for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch(block + 4 * p->row_bytes + at);
            unpack256(type, block, &w);
            spread_scales(w.scale, scales);
            scale[r] = scale_at(type, block);
            min[r] = min_at(type, block);
            for (int c = 0; c < columns; c++) {
                __m256i total = _mm256_setzero_si256();
                for (int j = 0; j < 8; j++) {
                    __m256i pairs = pair_products(type, w.code[j], load_signed(v, slab, (size_t)c, j));
                    total = _mm256_add_epi32(total, _mm256_madd_epi16(pairs, scales[j]));
                }
                __m256i sums = _mm256_load_si256((const __m256i *)x[c].q256.sum16);
                if (offset_of(type)) {
                    __m256i offset = _mm256_madd_epi16(_mm256_cvtepi8_epi16(w.scale), sums);
                    const int shift = __builtin_ctz((unsigned)offset_of(type));
                    total = _mm256_sub_epi32(total, _mm256_slli_epi32(offset, shift));
                }
                product[c][r] = total;
                if (kite_has_min(type)) minimum[c][r] = _mm256_madd_epi16(_mm256_cvtepu8_epi16(w.min), sums);
            }
        }
        __m128 d = four_halves(scale), dmin = kite_has_min(type) ? four_halves(min) : d;
        for (int c = 0; c < columns; c++) {
            __m128 a = _mm_set1_ps(x[c].q256.scale);
            sum[c] = _mm_fmadd_ps(_mm_cvtepi32_ps(sum_across(product[c])), _mm_mul_ps(d, a), sum[c]);
            if (kite_has_min(type))
                sum[c] = _mm_fnmadd_ps(_mm_cvtepi32_ps(sum_across(minimum[c])), _mm_mul_ps(dmin, a), sum[c]);
        }
    }
}

KITE_INLINE void vector_rows32(enum kite_type type, const struct kite_product *p, const uint8_t *const row[4],
                               struct vector_operand v, int columns, __m128 sum[VECTOR_COLUMNS]) {
    const size_t bytes = kite_block_bytes(type);
    for (size_t b = 0; b < p->k / 32; b++) {
        const struct kite_record *x = kite_records(p, b / 8);
        const int part = (int)(b % 8);
        const uint8_t *block[4], *min[4];
        __m256i product[VECTOR_COLUMNS][4];
        for (int r = 0; r < 4; r++) {
            block[r] = row[r] + b * bytes;
            min[r] = block[r] + 2;
            // Every other block: two together are less than a cache line, but for Q8_0.
            if (b % 2 == 0 || type == KITE_Q8_0) __builtin_prefetch(block[r] + 4 * p->row_bytes);
            __m256i w = unpack32(type, block[r]);
            for (int c = 0; c < columns; c++)
                product[c][r] = word_products(type, w, load_signed(v, b / 8, (size_t)c, part));
        }
        __m128 d = four_halves(block), m = kite_has_min(type) ? four_halves(min) : d;
        for (int c = 0; c < columns; c++) {
            __m128i i = sum_across(product[c]);
            if (offset_of(type))
                i = _mm_sub_epi32(i, _mm_set1_epi32(v.offsets[8 * ((size_t)c * v.slabs + b / 8) + (size_t)part]));
            sum[c] = _mm_fmadd_ps(_mm_cvtepi32_ps(i), _mm_mul_ps(d, _mm_set1_ps(x[c].q32.scale[part])), sum[c]);
            if (kite_has_min(type)) sum[c] = _mm_fmadd_ps(m, _mm_set1_ps(x[c].q32.sum[part]), sum[c]);
        }
    }
}

/// Rows [begin, end), `columns` (a constant) columns: all of the product's.
KITE_INLINE void vector_rows(enum kite_type type, const struct kite_product *p, size_t begin, size_t end, int columns,
                             struct vector_operand v) {
    for (size_t r = begin; r < end; r += 4) {
        const size_t rows = end - r < 4 ? end - r : 4;
        const uint8_t *row[4];
        __m128 sum[VECTOR_COLUMNS];
        for (size_t i = 0; i < 4; i++) row[i] = kite_row(p, r + (i < rows ? i : rows - 1));
        for (int c = 0; c < columns; c++) sum[c] = _mm_setzero_ps();
        if (kite_is_by_256(type))
            vector_rows256(type, p, row, v, columns, sum);
        else
            vector_rows32(type, p, row, v, columns, sum);
        for (int c = 0; c < columns; c++) memcpy(p->out + (size_t)c * p->out_stride + r, &sum[c], rows * sizeof(float));
    }
}

#endif
