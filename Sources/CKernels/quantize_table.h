// What a CPU level has to give for quantizing, and what the levels share.
//
// A group is 16 or 32 numbers with one scale. Finding that scale is nearly all of the work: some twenty candidates,
// each judged by sums over the group that must run in the order of its numbers. Groups are therefore handled sixteen at
// a time, one in each lane of a vector: the order within a group stays, and no lane waits for another.
#ifndef KITE_QUANTIZE_TABLE_H
#define KITE_QUANTIZE_TABLE_H

#include <stdint.h>
#include <string.h>

#include "kite_quantize.h"

#define KITE_FIT_LANES 16
#define KITE_FIT_GROUPS 256
/// Groups whose largest magnitude is below this count as zero.
#define KITE_FIT_TINY 1e-15f

#define KITE_QUANTIZE_INLINE static inline __attribute__((always_inline, unused))

/// How much the loss of a number x counts in the choice of a scale; q is its importance.
enum kite_fit_weight {
    KITE_WEIGHT_SQUARE,     ///< x^2
    KITE_WEIGHT_MAGNITUDE,  ///< |x|
    KITE_WEIGHT_LIFTED,     ///< |x| + the root of the group's mean square
    KITE_WEIGHT_GIVEN,      ///< q
    KITE_WEIGHT_IMPORTANCE, ///< q * sqrt(energy + x^2)
};

/// Groups to find scales for. The arrays are filled up to a multiple of 16 entries with copies of the last.
struct kite_groups {
    size_t count;
    const float *x[KITE_FIT_GROUPS];
    const float *importance[KITE_FIT_GROUPS];
    float energy[KITE_FIT_GROUPS];
};

/// What was found for each of these groups.
struct kite_fits {
    float scale[KITE_FIT_GROUPS], min[KITE_FIT_GROUPS];
    float weight[KITE_FIT_GROUPS];  ///< sum of the weights
    /// The codes that gave scale and min: x, less base, times step, rounded; all zero where the group is flat.
    float step[KITE_FIT_GROUPS], base[KITE_FIT_GROUPS];
    int32_t flat[KITE_FIT_GROUPS];
};

/// Candidates for number = scale * code - min, code 0...top: top + first + stride * i codes in the range, i to last.
struct kite_affine_rule {
    int size, top;
    float first, stride;
    int last, is_absolute;  ///< the loss is |difference|, not its square
    enum kite_fit_weight weight;
};

/// For number = scale * code, code -top...top - 1.
struct kite_signed_rule {
    int size, top;
    enum kite_fit_weight weight;
};

/// The 16 values of IQ4_NL and IQ4_XS, and halfway between neighbours, where the upper one begins.
static const float kite_iq4_floats[16] __attribute__((unused)) = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                                  1,    13,   25,  38,  53,  69,  89,  113};
static const float kite_iq4_bounds[15] __attribute__((unused)) = {-115.5f, -93.5f, -74, -57, -42,   -28.5f, -16, -4.5f,
                                                                  7,       19,     31.5f, 45.5f, 61, 79, 101};

/// Each function but the first handles the 16 groups from `first` on.
struct kite_fitters {
    /// sums[i] = the sum of the squares of x[i][0...count), in order, for 16 rows.
    void (*squares)(const float *const *x, size_t count, float *sums);
    /// Of groups of 32: the first number of largest magnitude in `scale`, the lowest in `min`, the highest in `base`.
    void (*ranges)(const struct kite_groups *, size_t first, struct kite_fits *);
    void (*affine)(const struct kite_groups *, const struct kite_affine_rule *, size_t first, struct kite_fits *);
    void (*symmetric)(const struct kite_groups *, const struct kite_signed_rule *, size_t first, struct kite_fits *);
    /// Codes -4...3 of 16 numbers, bettered one at a time; only `scale` is set. For the 64 groups from `first` on.
    void (*descend)(const struct kite_groups *, size_t first, struct kite_fits *);
    /// Codes of kite_iq4_floats for groups of 32; only `scale` is set.
    void (*codebook)(const struct kite_groups *, enum kite_fit_weight, size_t first, struct kite_fits *);
    /// value = scale * code, code 0...top, for 16 sets of `count` (8 or 16) values and their weights. The code of value
    /// i goes to codes[16 * set + i].
    void (*positive)(const float *const *values, const float *const *weights, int count, int top, uint8_t *codes,
                     float *scales);
};

typedef void kite_encode_rows(enum kite_type, const float *, size_t, size_t, const float *, uint8_t *);

kite_encode_rows kite_encode_scalar;
#if defined(__x86_64__)
kite_encode_rows kite_encode_avx2, kite_encode_avx512;
#elif defined(__aarch64__)
kite_encode_rows kite_encode_neon;
#endif

/// To the nearest integer, half to even, from the low bits of a sum; what is beyond 22 bits wraps.
KITE_QUANTIZE_INLINE int32_t kite_nearest(float x) {
    float shifted = x + 0x1.8p23f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return (int32_t)(bits & 0x7fffff) - 0x400000;
}

KITE_QUANTIZE_INLINE int32_t kite_within(int32_t x, int32_t low, int32_t high) {
    x = x < high ? x : high;
    return x > low ? x : low;
}

#endif
