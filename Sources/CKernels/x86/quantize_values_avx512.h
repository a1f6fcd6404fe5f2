// Part of quantize_lanes.h: the nearest value of IQ4_NL by halving a table of bounds, which a register holds.
#include <immintrin.h>

/// The nearest of kite_iq4_floats: the upper one in the middle, the last for NaN.
INLINE f32x16 nearest_values(f32x16 v) {
    // Entry i: the bound to ask for when the answer lies in i...i + 7, i...i + 3 and i...i + 1.
    const f32x16 eight = {-57, 0, 0, 0, 0, 0, 0, 0, 45.5f, 0, 0, 0, 0, 0, 0, 0};
    const f32x16 four = {-93.5f, 0, 0, 0, -28.5f, 0, 0, 0, 19, 0, 0, 0, 79, 0, 0, 0};
    const f32x16 two = {-115.5f, 0, -74, 0, -42, 0, -16, 0, 7, 0, 31.5f, 0, 61, 0, 101, 0};
    const __m512 x = (__m512)v;
    __m512i at = _mm512_maskz_set1_epi32(_mm512_cmp_ps_mask(x, _mm512_set1_ps(-4.5f), _CMP_NLT_UQ), 8);
    at = _mm512_mask_add_epi32(at, _mm512_cmp_ps_mask(x, _mm512_permutexvar_ps(at, (__m512)eight), _CMP_NLT_UQ), at,
                               _mm512_set1_epi32(4));
    at = _mm512_mask_add_epi32(at, _mm512_cmp_ps_mask(x, _mm512_permutexvar_ps(at, (__m512)four), _CMP_NLT_UQ), at,
                               _mm512_set1_epi32(2));
    at = _mm512_mask_add_epi32(at, _mm512_cmp_ps_mask(x, _mm512_permutexvar_ps(at, (__m512)two), _CMP_NLT_UQ), at,
                               _mm512_set1_epi32(1));
    return (f32x16)_mm512_permutexvar_ps(at, _mm512_loadu_ps(kite_iq4_floats));
}
