// Scalar twin of float_vector.h: the same numbers in the same order, one at a time, as plainly as possible. It is the
// oracle of the tests and the fallback of unknown processors.
#include "scalar/float_scalar.h"

// ---- f16 ----

static void halves_to_floats(const uint16_t *x, float *y, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = half_to_float(x[i]);
}

static void floats_to_halves(const float *x, uint16_t *y, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = float_to_half(x[i]);
}

// ---- rows ----

static void layer_norm(const float *x, const float *weight, const float *bias, float *y, size_t count,
                       float epsilon) {
    float sums[64] = {0}, squares[64] = {0};
    for (size_t i = 0; i < count; i++) sums[i % 64] += x[i];
    float mean = sum_accumulators(sums) / (float)count;
    for (size_t i = 0; i < count; i++) {
        float d = x[i] - mean;
        squares[i % 64] = fma32(d, d, squares[i % 64]);
    }
    float scale = 1 / sqrtf(sum_accumulators(squares) / (float)count + epsilon);
    for (size_t i = 0; i < count; i++) {
        float normal = (x[i] - mean) * scale;
        y[i] = bias ? fma32(normal, weight[i], bias[i]) : normal * weight[i];
    }
}

static void rms_norm(const float *x, const float *weight, float *y, size_t count, float epsilon) {
    float squares[64] = {0};
    for (size_t i = 0; i < count; i++) squares[i % 64] = fma32(x[i], x[i], squares[i % 64]);
    float scale = 1 / sqrtf(sum_accumulators(squares) / (float)count + epsilon);
    for (size_t i = 0; i < count; i++) y[i] = x[i] * scale * weight[i];
}

static void rotate(float *a, float *b, float cosine, float sine) {
    float x = *a, y = *b;
    *a = fma32(x, cosine, -(y * sine));
    *b = fma32(y, cosine, x * sine);
}

static void rotate_halves(float *x, const float *cosines, const float *sines, size_t pairs) {
    for (size_t i = 0; i < pairs; i++) rotate(&x[i], &x[i + pairs], cosines[i], sines[i]);
}

static void rotate_adjacent(float *x, const float *cosines, const float *sines, size_t pairs) {
    for (size_t i = 0; i < pairs; i++) rotate(&x[2 * i], &x[2 * i + 1], cosines[i], sines[i]);
}

static void swiglu(const float *gate, const float *up, float *y, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = gate[i] / (1 + exp_of(-gate[i])) * up[i];
}

static void add(float *x, const float *y, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] += y[i];
}

static void exponentials(const float *x, float *y, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = exp_of(x[i]);
}

static float max(const float *x, size_t count) {
    float lanes[16];
    for (int i = 0; i < 16; i++) lanes[i] = -INFINITY;
    for (size_t i = 0; i < count; i++) lanes[i % 16] = larger(lanes[i % 16], x[i]);
    return max_lanes(lanes);
}

/// Sum of exp(x - shift); stores the exponentials in y unless it is NULL.
static double exp_sum(const float *x, float shift, float *y, size_t count) {
    double lanes[16] = {0};
    for (size_t i = 0; i < count; i++) {
        float e = exp_of(x[i] - shift);
        lanes[i % 16] += e;
        if (y) y[i] = e;
    }
    for (int width = 8; width >= 1; width /= 2)
        for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
    return lanes[0];
}

static float min(const float *x, size_t count) {
    float lanes[16];
    for (int i = 0; i < 16; i++) lanes[i] = INFINITY;
    for (size_t i = 0; i < count; i++) lanes[i % 16] = x[i] < lanes[i % 16] ? x[i] : lanes[i % 16];
    for (int width = 8; width >= 1; width /= 2)
        for (int i = 0; i < width; i++) lanes[i] = lanes[i + width] < lanes[i] ? lanes[i + width] : lanes[i];
    return lanes[0];
}

static void encode_codes(const float *x, float lowest, float inverse, uint16_t *codes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        float shifted = (x[i] - lowest) * inverse + KITE_ROUNDER;
        codes[i] = x[i] > lowest ? (uint16_t)(bits_of(shifted) - bits_of(KITE_ROUNDER)) : 0;
    }
}

static double divergence(const float *x, double log_sum, const uint16_t *codes, float scale, float lowest,
                         size_t count) {
    double lanes[16] = {0};
    for (size_t i = 0; i < count; i++) {
        float log_p = fma32((float)codes[i], scale, lowest);
        double difference = (double)log_p - ((double)x[i] - log_sum);
        lanes[i % 16] += log_p > KITE_LOWEST_LOG_PROBABILITY ? (double)exp_of(log_p) * difference : 0;
    }
    for (int width = 8; width >= 1; width /= 2)
        for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
    return lanes[0];
}

static void multiply(float *x, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] *= factor;
}

/// The weight of one row at one rank.
static float low_rank_weight(const struct kite_low_rank *p, size_t row, size_t k) {
    const size_t at = (row / 32 * p->rank + k) * 32 + row % 32;
    if (p->type == KITE_F32) return ((const float *)p->weights)[at];
    const uint16_t half = ((const uint16_t *)p->weights)[at];
    return p->type == KITE_F16 ? half_to_float(half) : float_of((uint32_t)half << 16);
}

static void low_rank_add(const struct kite_low_rank *p, size_t begin, size_t end, float *out, size_t out_stride) {
    for (size_t row = begin; row < end; row++)
        for (size_t c = 0; c < p->columns; c++) {
            float sum = 0;
            for (size_t k = 0; k < p->rank; k++) sum = fma32(low_rank_weight(p, row, k), p->x[c * p->x_stride + k], sum);
            out[c * out_stride + (row - begin)] += sum;
        }
}

const struct kite_float_table kite_float_scalar = {
    layer_norm, rms_norm, rotate_halves, rotate_adjacent,  swiglu,           add,         exponentials,
    max,        min,      exp_sum,       encode_codes,     divergence,       multiply,    halves_to_floats,
    floats_to_halves,     kite_scalar_cache_store,         kite_scalar_attend,            kite_scalar_merge_spans,
    low_rank_add,
};
