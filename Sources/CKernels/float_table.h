// The float kernels of one CPU level, and what the levels share.
#ifndef KITE_FLOAT_TABLE_H
#define KITE_FLOAT_TABLE_H

#include "kite_float.h"

struct kite_float_table {
    void (*layer_norm)(const float *, const float *, const float *, float *, size_t, float);
    void (*rms_norm)(const float *, const float *, float *, size_t, float);
    void (*rotate_halves)(float *, const float *, const float *, size_t);
    void (*rotate_adjacent)(float *, const float *, const float *, size_t);
    void (*swiglu)(const float *, const float *, float *, size_t);
    void (*add)(float *, const float *, size_t);
    void (*exp)(const float *, float *, size_t);
    float (*max)(const float *, size_t);
    float (*min)(const float *, size_t);
    double (*exp_sum)(const float *, float, float *, size_t);
    void (*encode_codes)(const float *, float, float, uint16_t *, size_t);
    double (*divergence)(const float *, double, const uint16_t *, float, float, size_t);
    void (*multiply)(float *, float, size_t);
    void (*half_to_float)(const uint16_t *, float *, size_t);
    void (*float_to_half)(const float *, uint16_t *, size_t);
    void (*cache_store)(enum kite_cache_type, const float *, const float *, size_t, size_t, size_t, size_t, void *,
                        void *);
    void (*attend)(const struct kite_attention *, float *);
    void (*merge_spans)(const struct kite_attention *, float *);
    void (*low_rank_add)(const struct kite_low_rank *, size_t, size_t, float *, size_t);
};

extern const struct kite_float_table kite_float_scalar;
#if defined(__x86_64__)
extern const struct kite_float_table kite_float_avx2, kite_float_avxvnni, kite_float_avx512;
#elif defined(__aarch64__)
extern const struct kite_float_table kite_float_neon, kite_float_neon_dotprod;
#endif

// exp(x) = 2^n * exp(r), n = round(x / ln 2), |r| <= ln 2 / 2, with ln 2 in two parts.
// exp(r) = 1 + (r + r^2 * q(r)); q is a degree-4 minimax fit (relative error of exp(r) below 2^-27).
#define KITE_EXP_LOWEST -104.0f  // exp rounds to 0 below
#define KITE_EXP_HIGHEST 89.0f   // and overflows above
#define KITE_LOG2_E 0x1.715476p+0f
#define KITE_LN2_HIGH 0x1.62e4p-1f
#define KITE_LN2_LOW 0x1.7f7d1cp-20f
#define KITE_ROUNDER 0x1.8p+23f  // adding it rounds to an integer, which the low bits of the sum then hold
#define KITE_EXP_Q0 0x1.fffffcp-2f
#define KITE_EXP_Q1 0x1.555490p-3f
#define KITE_EXP_Q2 0x1.5558f4p-5f
#define KITE_EXP_Q3 0x1.123a6cp-7f
#define KITE_EXP_Q4 0x1.6a2352p-10f
/// Log-probabilities that a divergence leaves out, and the range that codes cover.
#define KITE_LOWEST_LOG_PROBABILITY -16.0f
/// Weights of attention, exp(x) for x <= 0, stop falling here: 2^n stays a normal number, one addition to the exponent.
#define KITE_WEIGHT_LOWEST -86.0f

/// The keys a query at `position` sees: positions [low, position].
static inline size_t kite_lowest_key(size_t position, size_t window) {
    return window && position + 1 > window ? position + 1 - window : 0;
}

/// Bytes of a head's codes per key: the head size in whole groups of four.
static inline size_t kite_padded_to_4(size_t dim) { return (dim + 3) / 4 * 4; }

/// Where the partial result of `row`, counted over the call's heads, for `span` is: the mix, padded to whole vectors of
/// 16; the highest score; the sum of the weights.
static inline float *kite_attention_partial(const struct kite_attention *a, size_t row, size_t span) {
    return a->partials + (row * a->partial_spans + span - a->partial_first) * ((a->dim + 15) / 16 * 16 + 16);
}

/// How the weights of a page, the largest of which has the bits `largest`, become integers of 14 bits and back.
struct kite_weight_digits {
    float factor, inverse;
};

static inline struct kite_weight_digits kite_weight_digits(int32_t largest) {
    // Below 2^-100 the inverse would overflow: such a page counts as zero.
    if (largest < 0x0d800000) return (struct kite_weight_digits){0, 0};
    if (largest >= 0x7f800000) return (struct kite_weight_digits){__builtin_nanf(""), 0};
    float weight;
    __builtin_memcpy(&weight, &largest, sizeof weight);
    return (struct kite_weight_digits){weight / 16383, 16383 / weight};
}

#endif
