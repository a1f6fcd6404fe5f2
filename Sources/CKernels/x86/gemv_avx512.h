// What the kernels for a single column (matrix times vector) share.
//
// One column reads every weight once, so memory is the limit and the arithmetic has to stay below it. Four adjacent
// rows run together: they share the loads of activations, the decoding of their scales and the sums across. The
// activations are brought into the order in which codes come out of the blocks, once per call, so that the fields of
// a block need no shuffling.
#ifndef KITE_GEMV_AVX512_H
#define KITE_GEMV_AVX512_H

#include <immintrin.h>

#include "../matmul_table.h"

/// How far ahead of the first of four rows weights are asked for: somewhat beyond the fourth row. All four rows are
/// asked for in the order of memory, which is what the prefetchers of the CPU follow best.
KITE_INLINE size_t gemv_ahead(const struct kite_product *p) { return 3 * p->row_bytes + 2048; }

/// Asks for `bytes` (a constant) bytes, and for as many further on to come as near as the L2 cache: memory is asked
/// early enough to hide its latency, and few lines of the L1 cache wait. Beyond the weights this does no harm.
KITE_INLINE void gemv_prefetch(const uint8_t *p, size_t bytes) {
    for (size_t at = 0; at < bytes; at += 64) _mm_prefetch((const char *)p + at, _MM_HINT_T0);
    for (size_t at = 0; at < bytes; at += 64) _mm_prefetch((const char *)p + at + 8192, _MM_HINT_T1);
}

/// The four rows from `r` on; past the last one it repeats. Returns which there are.
KITE_INLINE __mmask8 gemv_four_rows(const struct kite_product *p, size_t r, size_t end, const uint8_t *row[4]) {
    const size_t rows = end - r < 4 ? end - r : 4;
    for (size_t i = 0; i < 4; i++) row[i] = kite_row(p, r + (i < rows ? i : rows - 1));
    return (__mmask8)((1 << rows) - 1);
}

/// 16 bytes at `offset` of four rows, one row per quarter.
KITE_INLINE __m512i gemv_quarters(const uint8_t *const row[4], size_t offset) {
    __m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(row[0] + offset)));
    x = _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)(row[1] + offset)), 1);
    x = _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)(row[2] + offset)), 2);
    return _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)(row[3] + offset)), 3);
}

/// 16 bytes in all quarters.
KITE_INLINE __m512i gemv_repeat(const void *p) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)p));
}

/// Quarter q of the result: the sums of quarter q of the four registers.
KITE_INLINE __m512i gemv_sum_quarters(const __m512i x[4]) {
    __m512i a = _mm512_add_epi32(_mm512_unpacklo_epi32(x[0], x[1]), _mm512_unpackhi_epi32(x[0], x[1]));
    __m512i b = _mm512_add_epi32(_mm512_unpacklo_epi32(x[2], x[3]), _mm512_unpackhi_epi32(x[2], x[3]));
    return _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

/// (x & mask) | y
KITE_INLINE __m512i gemv_and_or(__m512i x, __m512i mask, __m512i y) {
    return _mm512_ternarylogic_epi64(x, mask, y, 0xea);
}

/// -offset * (sum of 4 codes) per lane, on top of `start`: turns a product of unsigned weights into one of signed ones.
KITE_INLINE __m512i gemv_offset(__m512i start, int offset, __m512i codes) {
    __m512i zero = _mm512_setzero_si512();
    return _mm512_sub_epi32(start, _mm512_dpbusd_epi32(zero, _mm512_set1_epi8((char)offset), codes));
}

#endif
