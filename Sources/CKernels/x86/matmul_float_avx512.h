// Products with f32 activations: float weights, and decoded weights in the exact mode. Lane i sums the numbers with
// k % 16 = i, one fused multiply-add after the other.
#ifndef KITE_MATMUL_FLOAT_AVX512_H
#define KITE_MATMUL_FLOAT_AVX512_H

#include <immintrin.h>

#include "../matmul_table.h"
#include "../quant_dequantize.h"

/// Register tile: rows by columns.
#define FLOAT_ROWS 4
#define FLOAT_COLUMNS 6

/// 16 weights from number k on; lanes outside `mask` are zero and not read.
KITE_INLINE __m512 load_weights(enum kite_type type, const uint8_t *row, size_t k, __mmask16 mask) {
    switch (type) {
    case KITE_F16: return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, row + 2 * k));
    case KITE_BF16:
        return _mm512_castsi512_ps(
            _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, row + 2 * k)), 16));
    default: return _mm512_maskz_loadu_ps(mask, row + 4 * k);
    }
}

/// Halves 16 lanes until one sum is left: the tree that kite_matmul.h defines.
KITE_INLINE float sum_lanes(__m512 x) {
    __m256 y = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
    __m128 z = _mm_add_ps(_mm256_castps256_ps128(y), _mm256_extractf128_ps(y, 1));
    z = _mm_add_ps(z, _mm_movehl_ps(z, z));
    return _mm_cvtss_f32(_mm_add_ss(z, _mm_movehdup_ps(z)));
}

/// FLOAT_ROWS rows, of which `rows` are stored, by `columns` (a constant) columns.
KITE_INLINE void float_step(enum kite_type type, const uint8_t *const row[FLOAT_ROWS], size_t rows, const float *x,
                            size_t x_stride, size_t k, int columns, float *out, size_t out_stride) {
    __m512 sum[FLOAT_ROWS][FLOAT_COLUMNS];
    for (int r = 0; r < FLOAT_ROWS; r++)
        for (int c = 0; c < columns; c++) sum[r][c] = _mm512_setzero_ps();
    const __mmask16 last = (__mmask16)((1u << k % 16) - 1);
    for (size_t i = 0; i + 16 <= k; i += 16) {
        __m512 w[FLOAT_ROWS];
        for (int r = 0; r < FLOAT_ROWS; r++) w[r] = load_weights(type, row[r], i, 0xffff);
        for (int c = 0; c < columns; c++) {
            __m512 y = _mm512_loadu_ps(x + (size_t)c * x_stride + i);
            for (int r = 0; r < FLOAT_ROWS; r++) sum[r][c] = _mm512_fmadd_ps(w[r], y, sum[r][c]);
        }
    }
    if (last) {
        const size_t i = k / 16 * 16;
        for (int c = 0; c < columns; c++) {
            __m512 y = _mm512_maskz_loadu_ps(last, x + (size_t)c * x_stride + i);
            for (int r = 0; r < FLOAT_ROWS; r++)
                sum[r][c] = _mm512_mask3_fmadd_ps(load_weights(type, row[r], i, last), y, sum[r][c], last);
        }
    }
    for (int r = 0; r < FLOAT_ROWS; r++)
        for (int c = 0; c < columns; c++)
            if ((size_t)r < rows) out[(size_t)c * out_stride + (size_t)r] = sum_lanes(sum[r][c]);
}

KITE_INLINE void float_columns(enum kite_type type, const uint8_t *const row[FLOAT_ROWS], size_t rows, const float *x,
                               const struct kite_product *p, size_t columns, float *out) {
    switch (columns) {
    case 1: float_step(type, row, rows, x, p->panel_stride, p->k, 1, out, p->out_stride); break;
    case 2: float_step(type, row, rows, x, p->panel_stride, p->k, 2, out, p->out_stride); break;
    case 3: float_step(type, row, rows, x, p->panel_stride, p->k, 3, out, p->out_stride); break;
    case 4: float_step(type, row, rows, x, p->panel_stride, p->k, 4, out, p->out_stride); break;
    case 5: float_step(type, row, rows, x, p->panel_stride, p->k, 5, out, p->out_stride); break;
    default: float_step(type, row, rows, x, p->panel_stride, p->k, 6, out, p->out_stride); break;
    }
}

/// Rows [begin, end) at `weights`, all columns; groups of columns outermost, so that their activations stay in cache.
KITE_INLINE void float_rows(enum kite_type type, const struct kite_product *p, const uint8_t *weights, size_t row_bytes,
                            size_t begin, size_t end) {
    for (size_t c = 0; c < p->columns; c += FLOAT_COLUMNS) {
        const float *x = (const float *)p->panel + c * p->panel_stride;
        for (size_t r = begin; r < end; r += FLOAT_ROWS) {
            const size_t rows = end - r < FLOAT_ROWS ? end - r : FLOAT_ROWS;
            const uint8_t *row[FLOAT_ROWS];
            for (size_t i = 0; i < FLOAT_ROWS; i++)
                row[i] = weights + (r - begin + (i < rows ? i : rows - 1)) * row_bytes;
            float_columns(type, row, rows, x, p, p->columns - c, p->out + c * p->out_stride + r);
        }
    }
}

static void multiply_f32(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    // Few rows at a time stay in cache while all columns pass by.
    const size_t step = p->columns <= FLOAT_COLUMNS ? end - begin : KITE_FLOAT_ROWS;
    const size_t stride = (p->k + 15) / 16 * 16;
    for (size_t r = begin; r < end; r += step) {
        const size_t stop = end - r < step ? end : r + step;
        switch (p->type) {
        case KITE_F32: float_rows(KITE_F32, p, kite_row(p, r), p->row_bytes, r, stop); break;
        case KITE_F16: float_rows(KITE_F16, p, kite_row(p, r), p->row_bytes, r, stop); break;
        case KITE_BF16: float_rows(KITE_BF16, p, kite_row(p, r), p->row_bytes, r, stop); break;
        default:
            for (size_t from = r; from < stop; from += KITE_FLOAT_ROWS) {
                const size_t rows = stop - from < KITE_FLOAT_ROWS ? stop - from : KITE_FLOAT_ROWS;
                for (size_t i = 0; i < rows; i++)
                    kite_dequantize_inline(p->type, kite_row(p, from + i), p->k, (float *)scratch + i * stride);
                float_rows(KITE_F32, p, scratch, stride * sizeof(float), from, from + rows);
            }
        }
    }
}

#endif
