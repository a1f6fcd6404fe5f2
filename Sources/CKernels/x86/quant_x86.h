// The parts of the block formats that compilers do not vectorise by themselves. Needs AVX2 and F16C.
#ifndef KITE_QUANT_X86_H
#define KITE_QUANT_X86_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define KITE_HAS_SIMD_UNPACK 1

/// IEEE half to single.
static inline __attribute__((always_inline, unused)) float kite_half(uint16_t half) { return _cvtsh_ss(half); }

/// 16 bytes of nibbles to the 32 numbers of IQ4_NL.
static inline __attribute__((always_inline, unused)) void kite_unpack_iq4(const uint8_t *b, int8_t *code) {
    const __m128i values = _mm_setr_epi8(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
    const __m128i x = _mm_loadu_si128((const __m128i *)b), low = _mm_set1_epi8(15);
    _mm_storeu_si128((__m128i *)code, _mm_shuffle_epi8(values, _mm_and_si128(x, low)));
    _mm_storeu_si128((__m128i *)(code + 16), _mm_shuffle_epi8(values, _mm_and_si128(_mm_srli_epi16(x, 4), low)));
}

/// Eight halves at a time; returns how many numbers it converted.
static inline __attribute__((always_inline, unused)) size_t kite_convert_halves(const uint8_t *b, size_t count,
                                                                                float *out) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(b + 2 * i))));
    return i;
}

#endif
