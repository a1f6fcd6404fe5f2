// What the files of the scalar twins share.
#ifndef KITE_FLOAT_SCALAR_H
#define KITE_FLOAT_SCALAR_H

#include <math.h>
#include <string.h>

#include "../float_table.h"

static inline float fma32(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

static inline uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// ---- f16 ----

static inline float half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
    if (exponent == 31) return float_of(sign | 0x7f800000 | fraction << 13 | (fraction ? 1u << 22 : 0));
    if (exponent == 0) {
        float magnitude = (float)fraction * 0x1p-24f;
        return float_of(sign | bits_of(magnitude));
    }
    return float_of(sign | (exponent + 112) << 23 | fraction << 13);
}

static inline uint16_t float_to_half(float x) {
    uint32_t bits = bits_of(x), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 1023));
    if (magnitude >= 0x47800000) return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x38800000) {
        // Below the smallest normal half: adding 0.5 leaves the half's fraction, rounded, in the low bits.
        return (uint16_t)(sign | (bits_of(float_of(magnitude) + 0.5f) - bits_of(0.5f)));
    }
    return (uint16_t)(sign | ((magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1)) >> 13));
}

// ---- reductions in lanes ----

/// Halves a row of 16 lanes until one sum is left.
static inline float sum_lanes(float *lanes) {
    for (int width = 8; width >= 1; width /= 2)
        for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
    return lanes[0];
}

/// Four accumulators of 16 lanes.
static inline float sum_accumulators(const float *sums) {
    float lanes[16];
    for (int i = 0; i < 16; i++) lanes[i] = (sums[i] + sums[16 + i]) + (sums[32 + i] + sums[48 + i]);
    return sum_lanes(lanes);
}

static inline float larger(float a, float b) { return b > a ? b : a; }

static inline float max_lanes(float *lanes) {
    for (int width = 8; width >= 1; width /= 2)
        for (int i = 0; i < width; i++) lanes[i] = larger(lanes[i], lanes[i + width]);
    return lanes[0];
}

static inline float exp_of(float x) {
    x = x < KITE_EXP_LOWEST ? KITE_EXP_LOWEST : x;
    x = x > KITE_EXP_HIGHEST ? KITE_EXP_HIGHEST : x;
    float shifted = fma32(x, KITE_LOG2_E, KITE_ROUNDER);
    float n = shifted - KITE_ROUNDER;
    int32_t exponent = (int32_t)(bits_of(shifted) - bits_of(KITE_ROUNDER));
    float r = fma32(n, -KITE_LN2_LOW, fma32(n, -KITE_LN2_HIGH, x));
    float q = fma32(r, KITE_EXP_Q4, KITE_EXP_Q3);
    q = fma32(q, r, KITE_EXP_Q2);
    q = fma32(q, r, KITE_EXP_Q1);
    q = fma32(q, r, KITE_EXP_Q0);
    float y = fma32(q, r * r, r) + 1;
    // 2^n in two factors: one alone would leave the range of normal numbers.
    int32_t half = exponent >> 1;
    return y * float_of((uint32_t)(half + 127) << 23) * float_of((uint32_t)(exponent - half + 127) << 23);
}

void kite_scalar_cache_store(enum kite_cache_type type, const float *k, const float *v, size_t stride, size_t tokens,
                             size_t dim, size_t slot, void *keys, void *values);
void kite_scalar_attend(const struct kite_attention *a, float *scratch);
void kite_scalar_merge_spans(const struct kite_attention *a, float *scratch);

#endif
