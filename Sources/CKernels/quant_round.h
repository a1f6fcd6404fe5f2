// Rounding floats to 8-bit codes, for activations and for the KV cache. Compiled once per CPU level.
#ifndef KITE_QUANT_ROUND_H
#define KITE_QUANT_ROUND_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define KITE_ROUND static inline __attribute__((always_inline, unused))

/// The scale of `count` numbers, number = scale * code: their largest magnitude / 127; NaN when one is not finite.
/// `*inverse` is what numbers are multiplied with, 0 where all codes are to be zero.
KITE_ROUND float kite_code_scale(const float *x, size_t count, float *inverse) {
    // As integers, magnitudes compare like the floats they are, and NaN is above infinity.
    uint32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bits &= 0x7fffffff;
        largest = bits > largest ? bits : largest;
    }
    // Below 2^-100 the inverse would overflow: such a block counts as zero.
    *inverse = 0;
    if (largest < 0x0d800000) return 0;
    if (largest >= 0x7f800000) return __builtin_nanf("");
    float magnitude;
    memcpy(&magnitude, &largest, sizeof magnitude);
    *inverse = 127.0f / magnitude;
    return magnitude / 127.0f;
}

/// The codes of `count` numbers, half to even, with 128 added.
KITE_ROUND void kite_codes(const float *x, size_t count, float inverse, uint8_t *code) {
    if (inverse == 0) {
        memset(code, 128, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        // 1.5 * 2^23 + 128: the sum is rounded to an integer, which its low bits hold.
        float shifted = x[i] * inverse + 0x1.8001p+23f;
        uint32_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        code[i] = (uint8_t)bits;
    }
}

/// Both: fastest for multiples of 16.
KITE_ROUND float kite_round_codes(const float *x, size_t count, uint8_t *code) {
    float inverse, scale = kite_code_scale(x, count, &inverse);
    kite_codes(x, count, inverse, code);
    return scale;
}

#undef KITE_ROUND
#endif
