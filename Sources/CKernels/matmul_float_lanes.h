// Products with f32 activations, in clang's portable vectors of 16 floats: float weights, and decoded weights in the
// exact mode. Lane i sums the numbers with k % 16 = i, one fused multiply-add after the other.
#ifndef KITE_MATMUL_FLOAT_LANES_H
#define KITE_MATMUL_FLOAT_LANES_H

#include "matmul_table.h"
#include "quant_dequantize.h"

#pragma clang diagnostic ignored "-Wpsabi"

typedef float f32x16 __attribute__((ext_vector_type(16)));
typedef float f32x8 __attribute__((ext_vector_type(8)));
typedef float f32x4 __attribute__((ext_vector_type(4)));
typedef int32_t i32x16 __attribute__((ext_vector_type(16)));
typedef uint32_t u32x16 __attribute__((ext_vector_type(16)));
typedef uint16_t u16x16 __attribute__((ext_vector_type(16)));
typedef _Float16 f16x16 __attribute__((ext_vector_type(16)));

/// Register tile: rows by columns, and rows of a single column.
enum { FLOAT_ROWS = 2, FLOAT_COLUMNS = 3, FLOAT_STREAMS = 4 };

/// 16 weights from number k on; `count` < 16 of them past the last whole vector, then zeros.
KITE_INLINE f32x16 load_weights(enum kite_type type, const uint8_t *row, size_t k, size_t count) {
    if (type == KITE_F32) {
        f32x16 x = 0;
        memcpy(&x, row + 4 * k, count * 4);
        return x;
    }
    u16x16 x = 0;
    memcpy(&x, row + 2 * k, count * 2);
    if (type == KITE_F16) return __builtin_convertvector((f16x16)x, f32x16);
    return (f32x16)(__builtin_convertvector(x, u32x16) << 16);
}

KITE_INLINE float sum_lanes16(f32x16 v) {
    f32x8 a = v.lo + v.hi;
    f32x4 b = a.lo + a.hi;
    return (b[0] + b[2]) + (b[1] + b[3]);
}

/// `rows` rows, of which `stored` are stored, by `columns`; both constants.
KITE_INLINE void float_step(enum kite_type type, const uint8_t *const *row, int rows, size_t stored, const float *x,
                            size_t x_stride, size_t k, int columns, float *out, size_t out_stride) {
    f32x16 sum[FLOAT_STREAMS][FLOAT_COLUMNS], y;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) sum[r][c] = 0;
    size_t i = 0;
    for (; i + 16 <= k; i += 16) {
        f32x16 w[FLOAT_STREAMS];
        for (int r = 0; r < rows; r++) {
            w[r] = load_weights(type, row[r], i, 16);
            if (columns == 1 && i % 32 == 0) __builtin_prefetch(row[r] + 2 * i + 2048);
            if (columns == 1 && type == KITE_F32) __builtin_prefetch(row[r] + 4 * i + 2048);
        }
        for (int c = 0; c < columns; c++) {
            memcpy(&y, x + (size_t)c * x_stride + i, sizeof y);
            for (int r = 0; r < rows; r++) sum[r][c] = __builtin_elementwise_fma(w[r], y, sum[r][c]);
        }
    }
    if (i < k) {
        // Other lanes keep their sums, the sign of a zero included.
        const i32x16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
        const i32x16 within = lane < (i32x16)(int32_t)(k - i);
        for (int c = 0; c < columns; c++) {
            y = 0;
            memcpy(&y, x + (size_t)c * x_stride + i, (k - i) * sizeof(float));
            for (int r = 0; r < rows; r++) {
                f32x16 next = __builtin_elementwise_fma(load_weights(type, row[r], i, k - i), y, sum[r][c]);
                sum[r][c] = (f32x16)(((i32x16)next & within) | ((i32x16)sum[r][c] & ~within));
            }
        }
    }
    for (int c = 0; c < columns; c++)
        for (int r = 0; r < rows; r++)
            if ((size_t)r < stored) out[(size_t)c * out_stride + (size_t)r] = sum_lanes16(sum[r][c]);
}

/// Rows [begin, end) at `weights`, all columns; groups of columns outermost, so that their activations stay in cache.
KITE_INLINE void float_rows(enum kite_type type, const struct kite_product *p, const uint8_t *weights, size_t row_bytes,
                            size_t begin, size_t end) {
    const size_t step = p->columns == 1 ? FLOAT_STREAMS : FLOAT_ROWS, stride = p->panel_stride;
    for (size_t c = 0; c < p->columns; c += FLOAT_COLUMNS) {
        const float *x = (const float *)p->panel + c * stride;
        for (size_t r = begin; r < end; r += step) {
            const size_t rows = end - r < step ? end - r : step;
            const uint8_t *row[FLOAT_STREAMS];
            float *out = p->out + c * p->out_stride + r;
            for (size_t i = 0; i < step; i++) row[i] = weights + (r - begin + (i < rows ? i : rows - 1)) * row_bytes;
            if (p->columns == 1)
                float_step(type, row, FLOAT_STREAMS, rows, x, stride, p->k, 1, out, p->out_stride);
            else if (p->columns - c == 1)
                float_step(type, row, FLOAT_ROWS, rows, x, stride, p->k, 1, out, p->out_stride);
            else if (p->columns - c == 2)
                float_step(type, row, FLOAT_ROWS, rows, x, stride, p->k, 2, out, p->out_stride);
            else
                float_step(type, row, FLOAT_ROWS, rows, x, stride, p->k, FLOAT_COLUMNS, out, p->out_stride);
        }
    }
}

static void multiply_f32(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    // Few rows at a time stay in cache while all columns pass by.
    const size_t stride = (p->k + 15) / 16 * 16;
    for (size_t r = begin; r < end; r += KITE_FLOAT_ROWS) {
        const size_t rows = end - r < KITE_FLOAT_ROWS ? end - r : KITE_FLOAT_ROWS;
        switch (p->type) {
        case KITE_F32: float_rows(KITE_F32, p, kite_row(p, r), p->row_bytes, r, r + rows); break;
        case KITE_F16: float_rows(KITE_F16, p, kite_row(p, r), p->row_bytes, r, r + rows); break;
        case KITE_BF16: float_rows(KITE_BF16, p, kite_row(p, r), p->row_bytes, r, r + rows); break;
        default:
            for (size_t i = 0; i < rows; i++)
                kite_dequantize_inline(p->type, kite_row(p, r + i), p->k, (float *)scratch + i * stride);
            float_rows(KITE_F32, p, scratch, stride * sizeof(float), r, r + rows);
        }
    }
}

#endif
