// The float kernels in clang's portable vectors of 16 floats. Each float_<level>.c includes this file once, with the
// level's instruction set switched on and
//   KITE_FLOAT_TABLE    the name of its table,
//   KITE_BLOCK_VECTORS  how many vectors wide a register tile of 4 rows may be,
//   KITE_DOT            the file with its dot products of bytes.
// None changes a result: lanes never mix except in sum_lanes and max_lanes.
#include <math.h>
#include <string.h>

#include "float_table.h"
#include "quant_round.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))

typedef float f32x16 __attribute__((ext_vector_type(16)));
typedef float f32x8 __attribute__((ext_vector_type(8)));
typedef float f32x4 __attribute__((ext_vector_type(4)));
typedef double f64x16 __attribute__((ext_vector_type(16)));
typedef double f64x8 __attribute__((ext_vector_type(8)));
typedef double f64x4 __attribute__((ext_vector_type(4)));
typedef int32_t i32x16 __attribute__((ext_vector_type(16)));
typedef int32_t i32x8 __attribute__((ext_vector_type(8)));
typedef uint16_t u16x16 __attribute__((ext_vector_type(16)));
typedef uint8_t u8x64 __attribute__((ext_vector_type(64)));
typedef uint8_t u8x16 __attribute__((ext_vector_type(16)));
typedef _Float16 f16x16 __attribute__((ext_vector_type(16)));
// The same at any address.
typedef f32x16 f32x16u __attribute__((aligned(4)));
typedef f16x16 f16x16u __attribute__((aligned(2)));
typedef u16x16 u16x16u __attribute__((aligned(2)));
typedef u8x64 u8x64u __attribute__((aligned(1)));
typedef u8x16 u8x16u __attribute__((aligned(1)));

INLINE f32x16 load(const float *p) { return *(const f32x16u *)p; }
INLINE void store(float *p, f32x16 v) { *(f32x16u *)p = v; }
INLINE f32x16 fma16(f32x16 a, f32x16 b, f32x16 c) { return __builtin_elementwise_fma(a, b, c); }

/// The first `count` < 16 numbers, `fill` in the other lanes.
INLINE f32x16 load_part(const float *p, size_t count, float fill) {
    f32x16 v = fill;
    memcpy(&v, p, count * sizeof(float));
    return v;
}

INLINE void store_part(float *p, f32x16 v, size_t count) { memcpy(p, &v, count * sizeof(float)); }

INLINE float sum_lanes(f32x16 v) {
    f32x8 a = v.lo + v.hi;
    f32x4 b = a.lo + a.hi;
    return (b[0] + b[2]) + (b[1] + b[3]);
}

INLINE f32x16 larger(f32x16 a, f32x16 b) { return b > a ? b : a; }

INLINE float max_lanes(f32x16 v) {
    f32x8 a = v.hi > v.lo ? v.hi : v.lo;
    f32x4 b = a.hi > a.lo ? a.hi : a.lo;
    float even = b[2] > b[0] ? b[2] : b[0], odd = b[3] > b[1] ? b[3] : b[1];
    return odd > even ? odd : even;
}

// A cast between vectors of one size keeps the bits.
INLINE i32x16 bits_of(f32x16 v) { return (i32x16)v; }
INLINE f32x16 float_of(i32x16 v) { return (f32x16)v; }

INLINE f32x16 exp16(f32x16 x) {
    x = x < KITE_EXP_LOWEST ? (f32x16)KITE_EXP_LOWEST : x;
    x = x > KITE_EXP_HIGHEST ? (f32x16)KITE_EXP_HIGHEST : x;
    f32x16 shifted = fma16(x, (f32x16)KITE_LOG2_E, (f32x16)KITE_ROUNDER);
    f32x16 n = shifted - KITE_ROUNDER;
    i32x16 exponent = bits_of(shifted) - bits_of((f32x16)KITE_ROUNDER);
    f32x16 r = fma16(n, (f32x16)-KITE_LN2_LOW, fma16(n, (f32x16)-KITE_LN2_HIGH, x));
    f32x16 q = fma16(r, (f32x16)KITE_EXP_Q4, (f32x16)KITE_EXP_Q3);
    q = fma16(q, r, (f32x16)KITE_EXP_Q2);
    q = fma16(q, r, (f32x16)KITE_EXP_Q1);
    q = fma16(q, r, (f32x16)KITE_EXP_Q0);
    f32x16 y = fma16(q, r * r, r) + 1.0f;
    i32x16 half = exponent >> 1;
    return y * float_of((half + 127) << 23) * float_of((exponent - half + 127) << 23);
}

#include KITE_DOT

#include "float_vector_rows.h"
#include "float_vector_low_rank.h"
#include "float_vector_divergence.h"
#include "float_vector_store.h"
#include "float_vector_attention.h"

const struct kite_float_table KITE_FLOAT_TABLE = {
    layer_norm, rms_norm, rotate_halves, rotate_adjacent,  swiglu,           add,         exponentials,
    max,        min,      exp_sum,       encode_codes,     divergence,       multiply,    halves_to_floats,
    floats_to_halves,     cache_store,   attend,           merge_spans, low_rank_add,
};
