// Rounding of activations to the format Q32, eight blocks at a time. The operations are those of quant_panel.h.
#ifndef KITE_QUANT_PANEL_AVX512_H
#define KITE_QUANT_PANEL_AVX512_H

#include <immintrin.h>

#include "../quant_panel.h"

/// One record from `blocks` (1 to 8) blocks of 32 numbers.
KITE_INLINE void write_q32_record(const float *x, int blocks, struct kite_record *record) {
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    const __m256i smallest = _mm256_set1_epi32(0x0d800000), infinite = _mm256_set1_epi32(0x7f800000);
    uint32_t bits[8] = {0};
    for (int b = 0; b < blocks; b++) {
        __m512i first = _mm512_and_si512(magnitude, _mm512_loadu_si512(x + 32 * b));
        __m512i second = _mm512_and_si512(magnitude, _mm512_loadu_si512(x + 32 * b + 16));
        bits[b] = _mm512_reduce_max_epu32(_mm512_max_epu32(first, second));
    }
    __m256i largest = _mm256_loadu_si256((const __m256i *)bits);
    const __mmask8 tiny = _mm256_cmplt_epu32_mask(largest, smallest);
    const __mmask8 endless = _mm256_cmpge_epu32_mask(largest, infinite);
    __m256 most = _mm256_castsi256_ps(largest), limit = _mm256_set1_ps(127.0f);
    __m256 scale = _mm256_mask_blend_ps(tiny, _mm256_div_ps(most, limit), _mm256_setzero_ps());
    scale = _mm256_mask_blend_ps(endless, scale, _mm256_set1_ps(__builtin_nanf("")));
    float inverse[8];
    _mm256_storeu_ps(inverse, _mm256_div_ps(limit, most));
    __m256i sums = _mm256_setzero_si256();
    for (int b = 0; b < 8; b++) {
        __m256i *code = (__m256i *)(record->code + 32 * b);
        if ((tiny | endless) >> b & 1) {
            _mm256_store_si256(code, _mm256_set1_epi8(-128));
            continue;
        }
        const __m512 factor = _mm512_set1_ps(inverse[b]), shift = _mm512_set1_ps(0x1.8001p+23f);
        __m512 first = _mm512_add_ps(_mm512_mul_ps(_mm512_loadu_ps(x + 32 * b), factor), shift);
        __m512 second = _mm512_add_ps(_mm512_mul_ps(_mm512_loadu_ps(x + 32 * b + 16), factor), shift);
        __m128i low = _mm512_cvtepi32_epi8(_mm512_castps_si512(first));
        __m128i high = _mm512_cvtepi32_epi8(_mm512_castps_si512(second));
        __m256i codes = _mm256_set_m128i(high, low);
        _mm256_store_si256(code, codes);
        // The sum of the signed codes, in lane b.
        __m256i bytes = _mm256_xor_si256(codes, _mm256_set1_epi8(-128));
        __m256i ones = _mm256_dpbusd_epi32(_mm256_setzero_si256(), _mm256_set1_epi8(1), bytes);
        __m128i half = _mm_add_epi32(_mm256_castsi256_si128(ones), _mm256_extracti128_si256(ones, 1));
        half = _mm_add_epi32(half, _mm_srli_si128(half, 8));
        half = _mm_add_epi32(half, _mm_srli_si128(half, 4));
        sums = _mm256_mask_broadcastd_epi32(sums, (__mmask8)(1 << b), half);
    }
    _mm256_storeu_ps(record->q32.scale, scale);
    _mm256_storeu_ps(record->q32.sum, _mm256_mul_ps(scale, _mm256_cvtepi32_ps(sums)));
}

KITE_INLINE void write_q32_avx512(const float *x, size_t k, size_t columns, struct kite_record *record) {
    for (size_t at = 0; at < k; at += 256, record += columns)
        write_q32_record(x + at, k - at < 256 ? (int)((k - at) / 32) : 8, record);
}

#endif
