// Products of BF16 weights with BF16 activations. Lane i sums the pairs of numbers with k / 2 % 16 = i. VDPBF16PS is
// two fused multiply-adds, the odd number of the pair first, which take and leave zero for subnormal numbers; without
// it two multiply-adds do the same. KITE_NATIVE_BF16 says which.
#ifndef KITE_MATMUL_BF16_AVX512_H
#define KITE_MATMUL_BF16_AVX512_H

#include <immintrin.h>

#include "gemv_avx512.h"

/// Register tile: rows by columns.
#define BF16_ROWS 4
#define BF16_COLUMNS 6
/// Slabs of 256 of BF16_COLUMNS columns that stay in the L1 cache while rows pass by.
#define BF16_SLABS 5
/// Rows that stay in the L2 cache while columns pass by, at most, and bytes of them.
#define BF16_BLOCK_ROWS 64
#define BF16_BLOCK_BYTES (512 * 1024)

typedef __m512 bf16_sums[BF16_ROWS][BF16_COLUMNS];
struct bf16_scratch {
    bf16_sums kept[BF16_BLOCK_ROWS / BF16_ROWS];
    uint16_t x[BF16_SLABS * BF16_COLUMNS * 256];
};
_Static_assert(sizeof(struct bf16_scratch) <= KITE_TILE_SCRATCH, "fits the scratch memory");

#ifdef KITE_NATIVE_BF16
KITE_INLINE __m512 add_products(__m512 sum, __m512i w, __m512i x) {
    return _mm512_dpbf16_ps(sum, (__m512bh)w, (__m512bh)x);
}
KITE_INLINE unsigned flush_subnormals(void) { return 0; }
KITE_INLINE void restore_subnormals(unsigned state) { (void)state; }
#define PIN(x) (void)(x)
#else
KITE_INLINE __m512 add_products(__m512 sum, __m512i w, __m512i x) {
    const __m512i odd = _mm512_set1_epi32((int)0xffff0000);
    sum = _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_and_si512(w, odd)), _mm512_castsi512_ps(_mm512_and_si512(x, odd)),
                          sum);
    return _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_slli_epi32(w, 16)),
                           _mm512_castsi512_ps(_mm512_slli_epi32(x, 16)), sum);
}
/// Takes and leaves zero for subnormal numbers until `restore_subnormals`.
KITE_INLINE unsigned flush_subnormals(void) {
    unsigned state = _mm_getcsr();
    _mm_setcsr(state | _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON);
    return state;
}
KITE_INLINE void restore_subnormals(unsigned state) { _mm_setcsr(state); }
/// Keeps the operations on `x` before it and after it apart.
#define PIN(x) __asm__ volatile("" : "+v"(x))
#endif

/// Adds slabs [begin, end) of four rows by `columns` (a constant) columns. The slabs of `x` are `stride` apart. Weights
/// from `ahead` on are asked for meanwhile, as many as are used; nowhere where it is NULL.
KITE_INLINE void bf16_step(const struct kite_product *p, const uint8_t *const row[BF16_ROWS], const uint8_t *ahead,
                           const uint16_t *x, size_t stride, int columns, size_t begin, size_t end, bf16_sums sum) {
    for (size_t slab = begin; slab < end; slab++, x += stride) {
        const size_t left = p->k - slab * 256, count = left < 256 ? left : 256;
        size_t i = 0;
        for (; i + 32 <= count; i += 32) {
            __m512i w[BF16_ROWS];
            if (ahead) gemv_prefetch(ahead + 2 * BF16_ROWS * (slab * 256 + i), 64 * BF16_ROWS);
            for (int r = 0; r < BF16_ROWS; r++) w[r] = _mm512_loadu_si512(row[r] + 2 * (slab * 256 + i));
            for (int c = 0; c < columns; c++) {
                __m512i y = _mm512_loadu_si512(x + 256 * c + i);
                for (int r = 0; r < BF16_ROWS; r++) sum[r][c] = add_products(sum[r][c], w[r], y);
            }
        }
        if (i == count) continue;
        const __mmask32 last = (1u << (count - i)) - 1;
        for (int r = 0; r < BF16_ROWS; r++) {
            __m512i w = _mm512_maskz_loadu_epi16(last, row[r] + 2 * (slab * 256 + i));
            for (int c = 0; c < columns; c++)
                sum[r][c] = add_products(sum[r][c], w, _mm512_loadu_si512(x + 256 * c + i));
        }
    }
}

/// The sums of the lanes of four registers: lanes are halved, 8, 4, 2, 1.
KITE_INLINE __m128 sum_four(const __m512 a, const __m512 b, const __m512 c, const __m512 d) {
    __m256 p = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m256 q = _mm256_add_ps(_mm512_castps512_ps256(b), _mm512_extractf32x8_ps(b, 1));
    __m256 r = _mm256_add_ps(_mm512_castps512_ps256(c), _mm512_extractf32x8_ps(c, 1));
    __m256 s = _mm256_add_ps(_mm512_castps512_ps256(d), _mm512_extractf32x8_ps(d, 1));
    __m256 pq = _mm256_add_ps(_mm256_permute2f128_ps(p, q, 0x20), _mm256_permute2f128_ps(p, q, 0x31));
    __m256 rs = _mm256_add_ps(_mm256_permute2f128_ps(r, s, 0x20), _mm256_permute2f128_ps(r, s, 0x31));
    __m256 low = _mm256_shuffle_ps(pq, rs, 0x44), high = _mm256_shuffle_ps(pq, rs, 0xee);
    low = _mm256_add_ps(low, high);
    low = _mm256_add_ps(low, _mm256_movehdup_ps(low));
    return _mm256_castps256_ps128(_mm256_permutevar8x32_ps(low, _mm256_setr_epi32(0, 4, 2, 6, 0, 0, 0, 0)));
}

/// Rows [begin, end), at most BF16_BLOCK_ROWS, by `columns` (a constant) columns.
KITE_INLINE void bf16_columns(const struct kite_product *p, size_t begin, size_t end, size_t column, int columns,
                              struct bf16_scratch *s) {
    // Few columns: every weight is used once, and read in the order of memory.
    const int once = p->columns <= BF16_COLUMNS;
    const size_t slabs = (p->k + 255) / 256, most = once ? slabs : BF16_SLABS;
    for (size_t slab = 0; slab < slabs; slab += most) {
        const size_t stop = slabs - slab < most ? slabs : slab + most;
        const uint16_t *x = (const uint16_t *)p->panel + (slab * p->columns + column) * 256;
        size_t stride = p->columns * 256;
        // Slabs of many columns lie at distances that share few sets of the caches: brought together.
        if (p->columns > 4 * BF16_COLUMNS && end - begin > 4 * BF16_ROWS) {
            const size_t packed = (size_t)columns * 256;
            for (size_t i = 0; i < stop - slab; i++) memcpy(s->x + i * packed, x + i * stride, 2 * packed);
            x = s->x;
            stride = packed;
        }
        for (size_t r = begin; r < end; r += BF16_ROWS) {
            bf16_sums *place = s->kept + (r - begin) / BF16_ROWS;
            const uint8_t *row[BF16_ROWS];
            for (size_t i = 0; i < BF16_ROWS; i++) row[i] = kite_row(p, r + i < end ? r + i : end - 1);
            bf16_sums sum;
            unsigned state = flush_subnormals();
            for (int i = 0; i < BF16_ROWS; i++)
                for (int c = 0; c < columns; c++) {
                    sum[i][c] = slab == 0 ? _mm512_setzero_ps() : (*place)[i][c];
                    PIN(sum[i][c]);
                }
            bf16_step(p, row, once ? row[0] + gemv_ahead(p) : NULL, x, stride, columns, slab, stop, sum);
            for (int i = 0; i < BF16_ROWS; i++)
                for (int c = 0; c < columns; c++) PIN(sum[i][c]);
            restore_subnormals(state);
            for (int c = 0; c < columns; c++) {
                for (int i = 0; i < BF16_ROWS; i++) {
                    PIN(sum[i][c]);
                    if (stop < slabs) (*place)[i][c] = sum[i][c];
                }
                if (stop < slabs) continue;
                const __mmask8 rows = (__mmask8)(end - r < BF16_ROWS ? (1 << (end - r)) - 1 : 15);
                _mm_mask_storeu_ps(p->out + (column + (size_t)c) * p->out_stride + r, rows,
                                   sum_four(sum[0][c], sum[1][c], sum[2][c], sum[3][c]));
            }
        }
    }
}

static void multiply_bf16(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    size_t most = BF16_BLOCK_BYTES / (2 * p->k + 1) / BF16_ROWS * BF16_ROWS;
    most = most < BF16_ROWS ? BF16_ROWS : most > BF16_BLOCK_ROWS ? BF16_BLOCK_ROWS : most;
    for (size_t r = begin; r < end; r += most) {
        const size_t stop = end - r < most ? end : r + most;
        for (size_t c = 0, width; c < p->columns; c += width) {
            const size_t left = p->columns - c;
            width = (left - 1) / ((left + BF16_COLUMNS - 1) / BF16_COLUMNS) + 1;
            switch (width) {
            case 1: bf16_columns(p, r, stop, c, 1, scratch); break;
            case 2: bf16_columns(p, r, stop, c, 2, scratch); break;
            case 3: bf16_columns(p, r, stop, c, 3, scratch); break;
            case 4: bf16_columns(p, r, stop, c, 4, scratch); break;
            case 5: bf16_columns(p, r, stop, c, 5, scratch); break;
            default: bf16_columns(p, r, stop, c, BF16_COLUMNS, scratch); break;
            }
        }
    }
}

#endif
