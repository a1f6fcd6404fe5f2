// The searches of scalar/quantize_fit.h for sixteen groups at once, one in each lane: the operations of a lane are
// those of the scalar twin in their order. Each quantize_<level>.c includes this file once, with the level's
// instruction set switched on and
//   KITE_ENCODE           the name of its encoder,
//   KITE_NEAREST_VALUES   optional: a file with nearest_values in the level's own instructions.
#include "quantize_encode.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline, unused))

typedef float f32x16 __attribute__((ext_vector_type(16)));
typedef int32_t i32x16 __attribute__((ext_vector_type(16)));
// The same at any address.
typedef f32x16 f32x16u __attribute__((aligned(4)));
typedef i32x16 i32x16u __attribute__((aligned(4)));

INLINE f32x16 load(const float *p) { return *(const f32x16u *)p; }
INLINE void store(float *p, f32x16 v) { *(f32x16u *)p = v; }
INLINE f32x16 magnitude_of(f32x16 v) { return __builtin_elementwise_abs(v); }
INLINE f32x16 floats_of(i32x16 v) { return __builtin_convertvector(v, f32x16); }
INLINE int is_all(i32x16 mask) { return __builtin_reduce_and(mask) != 0; }
INLINE int is_any(i32x16 mask) { return __builtin_reduce_or(mask) != 0; }

/// a[i][j] = a[j][i]. One step interleaves row i with row i + 8, which rotates the bits of an element's number by one.
INLINE void transpose(f32x16 *a) {
    f32x16 b[16];
    for (int step = 0; step < 4; step++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < 8; i++) {
            b[2 * i] = __builtin_shufflevector(a[i], a[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            b[2 * i + 1] =
                __builtin_shufflevector(a[i], a[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) a[i] = b[i];
    }
}

/// lanes[i] = number i of each of 16 rows.
INLINE void load_lanes(const float *const *rows, int size, f32x16 *lanes) {
    for (int at = 0; at < size; at += 16) {
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) lanes[at + i] = load(rows[i] + at);
        transpose(lanes + at);
    }
}

/// Sets of `count` values, 8 or 16.
INLINE void load_few(const float *const *rows, int count, f32x16 *lanes) {
    _Alignas(64) float values[16][16];
    for (int i = 0; i < count; i++)
        for (int lane = 0; lane < 16; lane++) values[i][lane] = rows[lane][i];
    for (int i = 0; i < count; i++) lanes[i] = load(values[i]);
}

/// kite_nearest in lanes, then low...high.
INLINE f32x16 nearest_within(f32x16 v, int32_t low, int32_t high) {
    v += 0x1.8p23f;
    i32x16 code = (*(i32x16 *)&v & 0x7fffff) - 0x400000;
    code = __builtin_elementwise_min(code, (i32x16)high);
    return floats_of(__builtin_elementwise_max(code, (i32x16)low));
}

/// The same for |v| < 2^22: rounding leaves the number itself.
INLINE f32x16 nearest_of_small(f32x16 v, float low, float high) {
    f32x16 least = low + 0x1.8p23f, most = high + 0x1.8p23f;
    v += 0x1.8p23f;
    v = v > least ? v : least;
    v = v < most ? v : most;
    return v - 0x1.8p23f;
}

INLINE void weights_of(const struct kite_groups *groups, size_t first, int size, enum kite_fit_weight rule,
                       const f32x16 *x, f32x16 *w) {
    switch (rule) {
    case KITE_WEIGHT_SQUARE:
        for (int i = 0; i < size; i++) w[i] = x[i] * x[i];
        break;
    case KITE_WEIGHT_MAGNITUDE:
        for (int i = 0; i < size; i++) w[i] = magnitude_of(x[i]);
        break;
    case KITE_WEIGHT_LIFTED: {
        f32x16 lift = 0;
        for (int i = 0; i < size; i++) lift += x[i] * x[i];
        lift = __builtin_elementwise_sqrt(lift / (float)size);
        for (int i = 0; i < size; i++) w[i] = lift + magnitude_of(x[i]);
        break;
    }
    case KITE_WEIGHT_GIVEN: load_lanes(groups->importance + first, size, w); break;
    case KITE_WEIGHT_IMPORTANCE: {
        f32x16 energy = load(groups->energy + first);
        load_lanes(groups->importance + first, size, w);
        for (int i = 0; i < size; i++) w[i] *= __builtin_elementwise_sqrt(energy + x[i] * x[i]);
        break;
    }
    }
}

/// The first number of largest magnitude; 1 in the lanes where all are tiny, which `flat` then tells.
INLINE f32x16 peaks_of(const f32x16 *x, int size, i32x16 *flat) {
    f32x16 peak = 0, most = 0;
    for (int i = 0; i < size; i++) {
        f32x16 magnitude = magnitude_of(x[i]);
        peak = magnitude > most ? x[i] : peak;
        most = magnitude > most ? magnitude : most;
    }
    *flat = most < KITE_FIT_TINY;
    return *flat ? (f32x16)1 : peak;
}

static void squares(const float *const *x, size_t count, float *sums) {
    f32x16 sum = 0, lanes[16];
    const float *at[16];
    for (size_t k = 0; k < count / 16 * 16; k += 16) {
        for (int i = 0; i < 16; i++) at[i] = x[i] + k;
        load_lanes(at, 16, lanes);
        for (int i = 0; i < 16; i++) sum += lanes[i] * lanes[i];
    }
    store(sums, sum);
}

static void ranges(const struct kite_groups *groups, size_t first, struct kite_fits *fits) {
    f32x16 x[32];
    load_lanes(groups->x + first, 32, x);
    f32x16 low = x[0], high = x[0], peak = 0, most = 0;
    for (int i = 0; i < 32; i++) {
        f32x16 magnitude = magnitude_of(x[i]);
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
        peak = magnitude > most ? x[i] : peak;
        most = magnitude > most ? magnitude : most;
    }
    store(fits->scale + first, peak);
    store(fits->min + first, low);
    store(fits->base + first, high);
}

#include "quantize_lanes_affine.h"
#include "quantize_lanes_signed.h"

void KITE_ENCODE(enum kite_type type, const float *x, size_t rows, size_t columns, const float *importance,
                 uint8_t *out) {
    static const struct kite_fitters fitters = {squares, ranges,   affine,  symmetric,
                                                descend, codebook, positive};
    encode_rows(&fitters, type, x, rows, columns, importance, out);
}
