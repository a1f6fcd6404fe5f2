// From rows to blocks: cuts them into groups, has scales found for many groups at once, rounds those to what the block
// stores, and then codes the numbers with the rounded scales. Compiled once per CPU level.
#ifndef KITE_QUANTIZE_ENCODE_H
#define KITE_QUANTIZE_ENCODE_H

#include "kite_float.h"
#include "quant_blocks.h"
#include "quantize_pack.h"
#include "scalar/quantize_fit.h"

#define KITE_CHUNK 16  // blocks of 256 handled together

/// The rows to encode, and where their blocks lie.
struct kite_rows {
    enum kite_type type;
    const float *x;
    size_t columns;
    const float *importance;
    uint8_t *out;
};

/// Scales of numbers whose squares overflow can be NaN: stored as x86-64 makes it, negative, on every CPU.
KITE_QUANTIZE_INLINE uint8_t *store_half(uint8_t *out, float x) {
    uint16_t half;
#ifdef KITE_HAS_SIMD_UNPACK
    half = _cvtss_sh(x, 0);
#else
    kite_float_to_half(&x, &half, 1);
#endif
    if (x != x) half = 0xfe00;
    memcpy(out, &half, sizeof half);
    return out + 2;
}

/// What x is after being stored as a half.
KITE_QUANTIZE_INLINE float through_half(float x) {
    uint8_t bytes[2];
    store_half(bytes, x);
    return kite_half(kite_load16(bytes));
}

KITE_QUANTIZE_INLINE const float *importance_at(const struct kite_rows *rows, size_t number) {
    return rows->importance ? rows->importance + number % rows->columns : NULL;
}

/// Groups of `size` from number `at` on.
static inline void cut(const struct kite_rows *rows, size_t at, size_t size, size_t count, struct kite_groups *groups) {
    groups->count = count;
    size_t filled = (count + KITE_FIT_LANES - 1) / KITE_FIT_LANES * KITE_FIT_LANES;
    for (size_t g = 0; g < filled; g++) {
        size_t number = at + (g < count ? g : count - 1) * size;
        groups->x[g] = rows->x + number;
        groups->importance[g] = importance_at(rows, number);
    }
}

/// The sums of squares of up to 16 stretches of `count` numbers, `stride` apart.
static inline void energies(const struct kite_fitters *fitters, const float *x, size_t stride, size_t stretches,
                            size_t count, float *sums) {
    const float *starts[KITE_FIT_LANES];
    for (size_t i = 0; i < KITE_FIT_LANES; i++) starts[i] = x + (i < stretches ? i : stretches - 1) * stride;
    fitters->squares(starts, count, sums);
}

// ---- coding with given scales ----

/// codes = (x + offset) / scale, rounded, low...high, less low.
KITE_QUANTIZE_INLINE void code_group(const float *x, int size, float offset, float scale, int low, int high,
                                     uint8_t *codes) {
    for (int i = 0; i < size; i++)
        codes[i] = (uint8_t)(kite_within(kite_nearest((x[i] + offset) / scale), low, high) - low);
}

/// The codes that a search kept, for a group whose scale became zero.
KITE_QUANTIZE_INLINE void code_as_found(const float *x, int size, const struct kite_fits *fits, size_t g, int low,
                                        int high, uint8_t *codes) {
    if (fits->flat[g]) {
        memset(codes, 0, (size_t)size);
        return;
    }
    for (int i = 0; i < size; i++)
        codes[i] = (uint8_t)(kite_within(kite_nearest(fits->step[g] * (x[i] - fits->base[g])), low, high) - low);
}

KITE_QUANTIZE_INLINE void code_values(const float *x, int size, float inverse, uint8_t *codes) {
    for (int i = 0; i < size; i++) codes[i] = (uint8_t)fit_nearest_value(inverse * x[i]);
}

/// The integer below, as a byte; 0 for what no code comes near, NaN included.
KITE_QUANTIZE_INLINE uint8_t truncated(float x) { return (uint8_t)(x > -1 && x < 128 ? (int)x : 0); }

/// To the nearest integer, half away from zero; 0 for what no code comes near, NaN included.
KITE_QUANTIZE_INLINE uint8_t round_away(float x) {
    float magnitude = fabsf(x);
    magnitude = magnitude < 129 ? magnitude : 0;
    int whole = (int)magnitude;
    whole += magnitude - (float)whole >= 0.5f;
    return (uint8_t)(x < 0 ? -whole : whole);
}

#include "quantize_encode_32.h"
#include "quantize_encode_256.h"

KITE_QUANTIZE_INLINE void encode_rows(const struct kite_fitters *fitters, enum kite_type type, const float *x,
                                      size_t rows, size_t columns, const float *importance, uint8_t *out) {
    struct kite_rows all = {type, x, columns, importance, out};
    if (kite_is_by_256(type)) {
        encode_by_256(fitters, &all, rows * columns / 256);
    } else {
        encode_by_32(fitters, &all, rows);
    }
}

#endif
