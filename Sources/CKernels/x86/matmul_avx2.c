// Matrix products for AVX2. Blocks are taken apart by the portable code, which the compiler vectorises; a block is then
// multiplied by all columns. Magnitudes of weights times activations with the weight's sign: pairs stay below 2^15,
// the limit of VPMADDUBSW, for every type.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2"))), apply_to = function)

#include "quant_x86.h"

#include "../matmul_table.h"
#include "matmul_bf16_avx2.h"
#include "../quant_dequantize.h"

static void dequantize(enum kite_type type, const uint8_t *blocks, size_t count, float *out) {
    kite_dequantize_inline(type, blocks, count, out);
}

static void write_q32(const float *x, size_t k, size_t columns, struct kite_record *record) {
    kite_write_q32(x, k, columns, record);
}

static void write_q256(const float *x, size_t k, size_t columns, struct kite_record *record) {
    kite_write_q256(x, k, columns, record);
}

KITE_INLINE int32_t sum_across(__m256i x) {
    __m128i y = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    y = _mm_add_epi32(y, _mm_unpackhi_epi64(y, y));
    return _mm_cvtsi128_si32(y) + _mm_extract_epi32(y, 1);
}

/// Sums of pairs of products in int16, of the 32 codes from 32 j on.
KITE_INLINE __m256i pair_products(const int8_t *code, const struct kite_record *x, int j) {
    __m256i w = _mm256_load_si256((const __m256i *)code + j);
    __m256i a = _mm256_xor_si256(_mm256_load_si256((const __m256i *)x->code + j), _mm256_set1_epi8(-128));
    return _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(a, w));
}

KITE_INLINE void rows_q256(enum kite_type type, const struct kite_product *p, size_t begin, size_t end) {
    struct kite_block256 block;
    for (size_t row = begin; row < end; row++) {
        float *out = p->out + row;
        for (size_t c = 0; c < p->columns; c++) out[c * p->out_stride] = 0;
        for (size_t slab = 0; slab < p->k / 256; slab++) {
            const uint8_t *b = kite_row(p, row) + slab * kite_block_bytes(type);
            for (size_t at = 0; at < kite_block_bytes(type); at += 64)
                _mm_prefetch((const char *)b + p->row_bytes + at, _MM_HINT_T0);
            kite_unpack256(type, b, &block);
            // Each scale as often as its group has pairs.
            __m256i scale[8], min = _mm256_setzero_si256();
            for (int j = 0; j < 8; j++)
                scale[j] = _mm256_setr_m128i(_mm_set1_epi16(block.scale[2 * j]), _mm_set1_epi16(block.scale[2 * j + 1]));
            if (kite_has_min(type)) min = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)block.min));
            const struct kite_record *x = kite_records(p, slab);
            for (size_t c = 0; c < p->columns; c++, x++) {
                __m256i product = _mm256_setzero_si256();
                for (int j = 0; j < 8; j++)
                    product = _mm256_add_epi32(product, _mm256_madd_epi16(pair_products(block.code, x, j), scale[j]));
                __m128 sum = _mm_set_ss(out[c * p->out_stride]), a = _mm_set_ss(x->q256.scale);
                sum = _mm_fmadd_ss(_mm_set_ss((float)sum_across(product)), _mm_mul_ss(_mm_set_ss(block.d), a), sum);
                if (kite_has_min(type)) {
                    __m256i minimum = _mm256_madd_epi16(min, _mm256_load_si256((const __m256i *)x->q256.sum16));
                    sum = _mm_fnmadd_ss(_mm_set_ss((float)sum_across(minimum)), _mm_mul_ss(_mm_set_ss(block.dmin), a),
                                        sum);
                }
                out[c * p->out_stride] = _mm_cvtss_f32(sum);
            }
        }
    }
}

KITE_INLINE void rows_q32(enum kite_type type, const struct kite_product *p, size_t begin, size_t end) {
    const size_t bytes = kite_block_bytes(type), blocks = p->k / 32;
    const int has_min = kite_has_min(type);
    _Alignas(32) int8_t code[256];
    float d[8], m[8];
    for (size_t row = begin; row < end; row++) {
        float *out = p->out + row;
        for (size_t c = 0; c < p->columns; c++) out[c * p->out_stride] = 0;
        for (size_t slab = 0; slab * 8 < blocks; slab++) {
            const int count = blocks - slab * 8 < 8 ? (int)(blocks - slab * 8) : 8;
            for (int b = 0; b < count; b++) {
                const uint8_t *at = kite_row(p, row) + (slab * 8 + (size_t)b) * bytes;
                struct kite_block32 block;
                _mm_prefetch((const char *)at + p->row_bytes, _MM_HINT_T0);
                kite_unpack32(type, at, &block);
                memcpy(code + 32 * b, block.code, 32);
                d[b] = block.d;
                if (has_min) m[b] = block.m;
            }
            const struct kite_record *x = kite_records(p, slab);
            for (size_t c = 0; c < p->columns; c++, x++) {
                __m128 sum = _mm_set_ss(out[c * p->out_stride]);
                for (int b = 0; b < count; b++) {
                    __m256i product = _mm256_madd_epi16(pair_products(code, x, b), _mm256_set1_epi16(1));
                    sum = _mm_fmadd_ss(_mm_set_ss((float)sum_across(product)), _mm_set_ss(d[b] * x->q32.scale[b]), sum);
                    if (has_min) sum = _mm_fmadd_ss(_mm_set_ss(m[b]), _mm_set_ss(x->q32.sum[b]), sum);
                }
                out[c * p->out_stride] = _mm_cvtss_f32(sum);
            }
        }
    }
}

static void multiply_q32(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    (void)scratch;
    switch (p->type) {
    case KITE_Q4_0: rows_q32(KITE_Q4_0, p, begin, end); break;
    case KITE_Q4_1: rows_q32(KITE_Q4_1, p, begin, end); break;
    case KITE_Q5_0: rows_q32(KITE_Q5_0, p, begin, end); break;
    case KITE_Q5_1: rows_q32(KITE_Q5_1, p, begin, end); break;
    case KITE_Q8_0: rows_q32(KITE_Q8_0, p, begin, end); break;
    default: rows_q32(KITE_IQ4_NL, p, begin, end); break;
    }
}

static void multiply_q256(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    (void)scratch;
    switch (p->type) {
    case KITE_Q2_K: rows_q256(KITE_Q2_K, p, begin, end); break;
    case KITE_Q3_K: rows_q256(KITE_Q3_K, p, begin, end); break;
    case KITE_Q4_K: rows_q256(KITE_Q4_K, p, begin, end); break;
    case KITE_Q5_K: rows_q256(KITE_Q5_K, p, begin, end); break;
    case KITE_Q6_K: rows_q256(KITE_Q6_K, p, begin, end); break;
    default: rows_q256(KITE_IQ4_XS, p, begin, end); break;
    }
}

/// One row of f32 weights by `columns` (a constant, at most 4) columns: 16 lanes in two registers.
KITE_INLINE void float_row(const float *w, const struct kite_product *p, size_t column, int columns, float *out) {
    const float *x = (const float *)p->panel + column * p->panel_stride;
    __m256 low[4], high[4];
    for (int c = 0; c < columns; c++) low[c] = high[c] = _mm256_setzero_ps();
    size_t k = 0;
    for (; k + 16 <= p->k; k += 16)
        for (int c = 0; c < columns; c++) {
            const float *y = x + (size_t)c * p->panel_stride + k;
            low[c] = _mm256_fmadd_ps(_mm256_loadu_ps(w + k), _mm256_loadu_ps(y), low[c]);
            high[c] = _mm256_fmadd_ps(_mm256_loadu_ps(w + k + 8), _mm256_loadu_ps(y + 8), high[c]);
        }
    for (int c = 0; c < columns; c++) {
        float lanes[16];
        _mm256_storeu_ps(lanes, low[c]);
        _mm256_storeu_ps(lanes + 8, high[c]);
        for (size_t i = k; i < p->k; i++) {
            __m128 sum = _mm_fmadd_ss(_mm_set_ss(w[i]), _mm_set_ss(x[(size_t)c * p->panel_stride + i]),
                                      _mm_set_ss(lanes[i % 16]));
            lanes[i % 16] = _mm_cvtss_f32(sum);
        }
        for (int width = 8; width > 0; width /= 2)
            for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
        out[(column + (size_t)c) * p->out_stride] = lanes[0];
    }
}

static void multiply_f32(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    const size_t stride = (p->k + 15) / 16 * 16;
    float *weights = scratch;
    for (size_t r = begin; r < end; r += KITE_FLOAT_ROWS) {
        const size_t rows = end - r < KITE_FLOAT_ROWS ? end - r : KITE_FLOAT_ROWS;
        for (size_t i = 0; i < rows; i++) dequantize(p->type, kite_row(p, r + i), p->k, weights + i * stride);
        size_t c = 0;
        for (; c + 4 <= p->columns; c += 4)
            for (size_t i = 0; i < rows; i++) float_row(weights + i * stride, p, c, 4, p->out + r + i);
        for (; c < p->columns; c++)
            for (size_t i = 0; i < rows; i++) float_row(weights + i * stride, p, c, 1, p->out + r + i);
    }
}

const struct kite_matmul_table kite_matmul_avx2 = {
    dequantize, write_q32, write_q256, {multiply_f32, multiply_q32, multiply_q256, multiply_bf16},
};
#pragma clang attribute pop
#endif
