// Products of BF16 weights with BF16 activations: the 16 lanes of kite_matmul.h in two registers.
#ifndef KITE_MATMUL_BF16_AVX2_H
#define KITE_MATMUL_BF16_AVX2_H

#include <immintrin.h>

#include "../matmul_table.h"

/// Keeps the operations on `x` before it and after it apart.
#define PIN(x) __asm__ volatile("" : "+x"(x))

/// Eight lanes: the odd number of each pair first.
KITE_INLINE __m256 add_pairs(__m256 sum, const void *weights, const void *numbers) {
    const __m256i odd = _mm256_set1_epi32((int)0xffff0000);
    __m256i w = _mm256_loadu_si256(weights), x = _mm256_loadu_si256(numbers);
    sum = _mm256_fmadd_ps(_mm256_castsi256_ps(_mm256_and_si256(w, odd)), _mm256_castsi256_ps(_mm256_and_si256(x, odd)),
                          sum);
    return _mm256_fmadd_ps(_mm256_castsi256_ps(_mm256_slli_epi32(w, 16)),
                           _mm256_castsi256_ps(_mm256_slli_epi32(x, 16)), sum);
}

/// One row by `columns` (a constant, at most 4) columns.
KITE_INLINE void bf16_row(const struct kite_product *p, const uint8_t *row, size_t column, int columns, float *out) {
    __m256 low[4], high[4];
    uint16_t last[32] = {0};
    const unsigned state = _mm_getcsr();
    // Subnormal numbers count as zero, as in VDPBF16PS.
    _mm_setcsr(state | _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON);
    for (int c = 0; c < columns; c++) {
        low[c] = high[c] = _mm256_setzero_ps();
        PIN(low[c]);
        PIN(high[c]);
    }
    for (size_t k = 0; k < p->k; k += 32) {
        const uint16_t *x = (const uint16_t *)p->panel + (k / 256 * p->columns + column) * 256 + k % 256;
        const uint8_t *w = row + 2 * k;
        if (p->k - k < 32) w = memcpy(last, w, 2 * (p->k - k));
        for (int c = 0; c < columns; c++) {
            low[c] = add_pairs(low[c], w, x + 256 * c);
            high[c] = add_pairs(high[c], w + 32, x + 256 * c + 16);
        }
    }
    for (int c = 0; c < columns; c++) {
        PIN(low[c]);
        PIN(high[c]);
    }
    _mm_setcsr(state);
    for (int c = 0; c < columns; c++) {
        PIN(low[c]);
        PIN(high[c]);
        __m256 eight = _mm256_add_ps(low[c], high[c]);
        __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
        four = _mm_add_ps(four, _mm_movehl_ps(four, four));
        out[(column + (size_t)c) * p->out_stride] = _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
    }
}

static void multiply_bf16(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    (void)scratch;
    size_t c = 0;
    for (; c + 4 <= p->columns; c += 4)
        for (size_t r = begin; r < end; r++) bf16_row(p, kite_row(p, r), c, 4, p->out + r);
    for (; c < p->columns; c++)
        for (size_t r = begin; r < end; r++) bf16_row(p, kite_row(p, r), c, 1, p->out + r);
}

#undef PIN
#endif
