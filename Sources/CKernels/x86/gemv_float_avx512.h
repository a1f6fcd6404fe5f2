// Matrix times vector for F32, F16 and BF16 weights: lane i sums the numbers with k % 16 = i.
#ifndef KITE_GEMV_FLOAT_AVX512_H
#define KITE_GEMV_FLOAT_AVX512_H

#include "gemv_avx512.h"
#include "matmul_float_avx512.h"

/// Four rows times one vector.
KITE_INLINE __m128 gemv_rows_float(enum kite_type type, const struct kite_product *p, const uint8_t *const row[4]) {
    const size_t bytes = kite_block_bytes(type);
    const float *x = p->panel;
    const uint8_t *ahead = row[0] + gemv_ahead(p);
    const __mmask16 last = (__mmask16)((1u << p->k % 16) - 1);
    __m512 sum[4];
    for (int r = 0; r < 4; r++) sum[r] = _mm512_setzero_ps();
    size_t i = 0;
    for (; i + 32 <= p->k; i += 32, ahead += 128 * bytes) {
        gemv_prefetch(ahead, 128 * bytes);
        for (size_t at = i; at < i + 32; at += 16)
            for (int r = 0; r < 4; r++)
                sum[r] = _mm512_fmadd_ps(load_weights(type, row[r], at, 0xffff), _mm512_loadu_ps(x + at), sum[r]);
    }
    if (i + 16 <= p->k) {
        for (int r = 0; r < 4; r++)
            sum[r] = _mm512_fmadd_ps(load_weights(type, row[r], i, 0xffff), _mm512_loadu_ps(x + i), sum[r]);
        i += 16;
    }
    if (last)
        for (int r = 0; r < 4; r++)
            sum[r] = _mm512_mask3_fmadd_ps(load_weights(type, row[r], i, last), _mm512_maskz_loadu_ps(last, x + i),
                                           sum[r], last);
    return _mm_setr_ps(sum_lanes(sum[0]), sum_lanes(sum[1]), sum_lanes(sum[2]), sum_lanes(sum[3]));
}

/// Rows [begin, end) of a product with one column.
KITE_INLINE void gemv_float(enum kite_type type, const struct kite_product *p, size_t begin, size_t end) {
    for (size_t r = begin; r < end; r += 4) {
        const uint8_t *row[4];
        const __mmask8 mask = gemv_four_rows(p, r, end, row);
        _mm_mask_storeu_ps(p->out + r, mask, gemv_rows_float(type, p, row));
    }
}

#endif
