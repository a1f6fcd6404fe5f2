// Products with few columns: a row is unpacked into registers, multiplied along k and summed across. Four rows run
// together, so that four streams of weights are under way and the sums across are shared.
#ifndef KITE_MATMUL_VECTOR_AVX512_H
#define KITE_MATMUL_VECTOR_AVX512_H

#include "quant_unpack_avx512.h"

/// Most columns of a call to vector_rows.
#define VECTOR_COLUMNS 3

/// Asks for the bytes of a block early; a prefetch beyond the weights does no harm.
KITE_INLINE void prefetch_block(const uint8_t *p, size_t bytes) {
    for (size_t at = 0; at < bytes; at += 64) _mm_prefetch((const char *)p + at, _MM_HINT_T0);
}

/// Signed activation codes 64 j to 64 j + 63 of a record.
KITE_INLINE __m512i signed_codes(const struct kite_record *x, int j) {
    return _mm512_xor_si512(_mm512_load_si512(x->code + 64 * j), _mm512_set1_epi8(-128));
}

/// -offset * (sum of 4 codes) in each lane: what turns a product of unsigned codes into one of signed codes.
KITE_INLINE __m512i offset_product(enum kite_type type, __m512i codes) {
    if (offset_of(type) == 0) return _mm512_setzero_si512();
    __m512i zero = _mm512_setzero_si512();
    return _mm512_sub_epi32(zero, _mm512_dpbusd_epi32(zero, _mm512_set1_epi8((char)offset_of(type)), codes));
}

/// The sums of the lanes of four registers.
KITE_INLINE __m128i sum_across(const __m512i x[4]) {
    __m256i y[4];
    for (int i = 0; i < 4; i++) y[i] = _mm256_add_epi32(_mm512_castsi512_si256(x[i]), _mm512_extracti64x4_epi64(x[i], 1));
    __m256i a = _mm256_hadd_epi32(_mm256_hadd_epi32(y[0], y[1]), _mm256_hadd_epi32(y[2], y[3]));
    return _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
}

KITE_INLINE __m128i sum_across256(const __m256i x[4]) {
    __m256i a = _mm256_hadd_epi32(_mm256_hadd_epi32(x[0], x[1]), _mm256_hadd_epi32(x[2], x[3]));
    return _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
}

/// Rows row[0...3], `columns` (a constant) columns from `column` on.
KITE_INLINE void vector_rows256(enum kite_type type, const struct kite_product *p, const uint8_t *const row[4],
                                size_t column, int columns, __m128 sum[VECTOR_COLUMNS]) {
    const size_t bytes = kite_block_bytes(type), ahead = 4 * p->row_bytes;
    __m512i lane_group[4];
    for (int j = 0; j < 4; j++)
        lane_group[j] = _mm512_add_epi32(_mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3),
                                         _mm512_set1_epi32(4 * j));
    for (int c = 0; c < columns; c++) sum[c] = _mm_setzero_ps();
    for (size_t slab = 0; slab < p->k / 256; slab++) {
        const struct kite_record *x = kite_records(p, slab) + column;
        __m512i product[VECTOR_COLUMNS][4];
        __m256i minimum[VECTOR_COLUMNS][4];
        float d[4], dmin[4];
        for (int r = 0; r < 4; r++) {
            const uint8_t *block = row[r] + slab * bytes;
            struct unpacked256 w;
            prefetch_block(block + ahead, bytes);
            unpack256(type, block, &w);
            d[r] = scale_of(type, block);
            __m512i scale = _mm512_cvtepi8_epi32(w.scale), scales[4];
            for (int j = 0; j < 4; j++) scales[j] = _mm512_permutexvar_epi32(lane_group[j], scale);
            for (int c = 0; c < columns; c++) {
                __m512i total[4];
                for (int j = 0; j < 4; j++) {
                    __m512i codes = signed_codes(x + c, j);
                    __m512i dot = _mm512_dpbusd_epi32(offset_product(type, codes), w.code[j], codes);
                    total[j] = _mm512_mullo_epi32(dot, scales[j]);
                }
                product[c][r] = _mm512_add_epi32(_mm512_add_epi32(total[0], total[1]),
                                                 _mm512_add_epi32(total[2], total[3]));
            }
            if (kite_has_min(type)) {
                dmin[r] = min_of(type, block);
                __m256i min = _mm256_cvtepu8_epi16(w.min);
                for (int c = 0; c < columns; c++)
                    minimum[c][r] = _mm256_madd_epi16(min, _mm256_load_si256((const __m256i *)x[c].q256.sum16));
            }
        }
        for (int c = 0; c < columns; c++) {
            __m128 a = _mm_set1_ps(x[c].q256.scale);
            sum[c] = _mm_fmadd_ps(_mm_cvtepi32_ps(sum_across(product[c])), _mm_mul_ps(_mm_loadu_ps(d), a), sum[c]);
            if (kite_has_min(type))
                sum[c] = _mm_fnmadd_ps(_mm_cvtepi32_ps(sum_across256(minimum[c])), _mm_mul_ps(_mm_loadu_ps(dmin), a),
                                       sum[c]);
        }
    }
}

/// Sums of the eight blocks of 32 in four registers, in the order of blocks 0 2 4 6 1 3 5 7.
KITE_INLINE __m256i sum_blocks(const __m512i x[4]) {
    __m512i a = _mm512_add_epi32(_mm512_unpacklo_epi32(x[0], x[1]), _mm512_unpackhi_epi32(x[0], x[1]));
    __m512i b = _mm512_add_epi32(_mm512_unpacklo_epi32(x[2], x[3]), _mm512_unpackhi_epi32(x[2], x[3]));
    __m512i c = _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    c = _mm512_add_epi32(c, _mm512_shuffle_i64x2(c, c, 0xb1));
    return _mm512_castsi512_si256(_mm512_shuffle_i64x2(c, c, 0x08));
}

/// Rows become columns in each half.
KITE_INLINE void transpose_halves(__m256 x[4]) {
    __m256 a = _mm256_unpacklo_ps(x[0], x[1]), b = _mm256_unpackhi_ps(x[0], x[1]);
    __m256 c = _mm256_unpacklo_ps(x[2], x[3]), d = _mm256_unpackhi_ps(x[2], x[3]);
    x[0] = _mm256_shuffle_ps(a, c, 0x44);
    x[1] = _mm256_shuffle_ps(a, c, 0xee);
    x[2] = _mm256_shuffle_ps(b, d, 0x44);
    x[3] = _mm256_shuffle_ps(b, d, 0xee);
}

/// Block `b` of the four rows, from four registers in the order of blocks 0 2 4 6 1 3 5 7, transposed.
KITE_INLINE __m128 block_of(const __m256 x[4], int b) {
    return b % 2 ? _mm256_extractf128_ps(x[b / 2], 1) : _mm256_castps256_ps128(x[b / 2]);
}

KITE_INLINE __m256 evens_first(const float *x) {
    return _mm256_permutevar8x32_ps(_mm256_loadu_ps(x), _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7));
}

KITE_INLINE void vector_rows32(enum kite_type type, const struct kite_product *p, const uint8_t *const row[4],
                               size_t column, int columns, __m128 sum[VECTOR_COLUMNS]) {
    const size_t bytes = kite_block_bytes(type), ahead = 4 * p->row_bytes, blocks = p->k / 32;
    const int has_min = kite_has_min(type);
    _Alignas(64) uint8_t padded[4][8 * 34];
    for (int c = 0; c < columns; c++) sum[c] = _mm_setzero_ps();
    for (size_t slab = 0; slab * 8 < blocks; slab++) {
        const struct kite_record *x = kite_records(p, slab) + column;
        const int count = blocks - slab * 8 < 8 ? (int)(blocks - slab * 8) : 8;
        __m256 product[VECTOR_COLUMNS][4], scale[VECTOR_COLUMNS][4], min[4];
        for (int r = 0; r < 4; r++) {
            const uint8_t *block = row[r] + slab * 8 * bytes;
            prefetch_block(block + ahead, 8 * bytes);
            if (count < 8) {
                memset(padded[r], 0, sizeof padded[r]);
                memcpy(padded[r], block, (size_t)count * bytes);
                block = padded[r];
            }
            struct unpacked32 w;
            unpack32(type, block, &w);
            if (has_min) min[r] = w.m;
            for (int c = 0; c < columns; c++) {
                __m512i dot[4];
                for (int j = 0; j < 4; j++) {
                    __m512i codes = signed_codes(x + c, j);
                    dot[j] = _mm512_dpbusd_epi32(offset_product(type, codes), w.code[j], codes);
                }
                product[c][r] = _mm256_cvtepi32_ps(sum_blocks(dot));
                scale[c][r] = _mm256_mul_ps(w.d, evens_first(x[c].q32.scale));
            }
        }
        if (has_min) transpose_halves(min);
        for (int c = 0; c < columns; c++) {
            transpose_halves(product[c]);
            transpose_halves(scale[c]);
#pragma clang loop unroll(full)
            for (int b = 0; b < 8; b++) {
                if (b >= count) break;
                sum[c] = _mm_fmadd_ps(block_of(product[c], b), block_of(scale[c], b), sum[c]);
                if (has_min) sum[c] = _mm_fmadd_ps(block_of(min, b), _mm_set1_ps(x[c].q32.sum[b]), sum[c]);
            }
        }
    }
}

/// All columns of rows [begin, end), `columns` (a constant) at a time.
KITE_INLINE void vector_rows(enum kite_type type, const struct kite_product *p, size_t begin, size_t end, int columns) {
    for (size_t r = begin; r < end; r += 4) {
        const int rows = end - r < 4 ? (int)(end - r) : 4;
        const uint8_t *row[4];
        for (int i = 0; i < 4; i++) row[i] = kite_row(p, r + (size_t)(i < rows ? i : rows - 1));
        __m128 sum[VECTOR_COLUMNS];
        if (kite_is_by_256(type))
            vector_rows256(type, p, row, 0, columns, sum);
        else
            vector_rows32(type, p, row, 0, columns, sum);
        for (int c = 0; c < columns; c++)
            _mm_mask_storeu_ps(p->out + (size_t)c * p->out_stride + r, (__mmask8)((1 << rows) - 1), sum[c]);
    }
}

#endif
